package cli_test

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fieldward/fieldward/auth"
	"github.com/fieldward/fieldward/auth/account"
	"github.com/fieldward/fieldward/cli"
)

func TestALineIsReadStrictly(t *testing.T) {
	created := time.Date(2021, time.March, 4, 5, 6, 7, 0, time.UTC)
	whole := account.Newcomer{
		Email: "ada@example.com", Name: "Ada", PasswordHash: "$2b$12$x", Roles: []auth.Role{"USER", "ADMIN"},
		EmailVerified: true, CreatedAt: &created, Disabled: true,
	}
	good := map[string]struct {
		line string
		want account.Newcomer
	}{
		"every member": {
			`{"email": "ada@example.com", "name": "Ada", "passwordHash": "$2b$12$x", "roles": ["USER", "ADMIN"],
			  "emailVerified": true, "createdAt": "2021-03-04T05:06:07Z", "disabled": true}`, whole,
		},
		"no member": {` {} `, account.Newcomer{}},
		"null for what may be missing": {
			`{"email":"a@b.c","roles":null,"emailVerified":null,"createdAt":null}`, account.Newcomer{Email: "a@b.c"},
		},
		"an escape": {`{"name":"\u0041da\u0000"}`, account.Newcomer{Name: "Ada\x00"}},
	}
	for name, test := range good {
		t.Run(name, func(t *testing.T) {
			got, err := cli.ParseNewcomer([]byte(test.line))
			if diff := cmp.Diff(test.want, got); err != nil || diff != "" {
				t.Errorf("%v: %s", err, diff)
			}
		})
	}
	bad := map[string]struct{ line, want string }{
		"a list":                    {`[{"email":"a@b.c"}]`, "it is not a JSON object"},
		"a string":                  {`"hunter2"`, "it is not a JSON object"},
		"no JSON":                   {`hunter2`, "it is not a JSON object"},
		"cut":                       {`{"email":"hunter2@`, "it is not a JSON object"},
		"cut behind a member":       {`{"email":"a@b.c"`, "it is not a JSON object"},
		"cut behind a name":         {`{"email"`, "it is not a JSON object"},
		"a comma too many":          {`{"email":"a@b.c",}`, "it is not a JSON object"},
		"a comma missing":           {`{"email":"a@b.c" "name":"hunter2"}`, "it is not a JSON object"},
		"two objects":               {`{} {"email":"hunter2"}`, "something stands behind its JSON object"},
		"a bracket too many":        {`{}}`, "something stands behind its JSON object"},
		"an unknown member":         {`{"email":"a@b.c","password":"hunter2"}`, `there is no member "password"`},
		"a member in other letters": {`{"Email":"hunter2"}`, `there is no member "Email"`},
		"a member twice":            {`{"email":"a@b.c","email":"hunter2"}`, `the member "email" stands there twice`},
		"a number for a string":     {`{"name":41212}`, `the member "name" is not a string`},
		"a string for a list":       {`{"roles":"hunter2"}`, `the member "roles" is not a list of strings`},
		"a number for true":         {`{"disabled":1}`, `the member "disabled" is not true or false`},
		"another time":              {`{"createdAt":"hunter2"}`, `the member "createdAt" is not a time such as`},
		"a time without a zone":     {`{"createdAt":"2021-03-04T05:06:07"}`, `the member "createdAt" is not a time such as`},
		"no UTF-8":                  {"{\"name\":\"hunter2\xff\"}", "it is not UTF-8"},
	}
	for name, test := range bad {
		t.Run(name, func(t *testing.T) {
			got, err := cli.ParseNewcomer([]byte(test.line))
			if err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("read %+v, %v; want an error with %q, and no value in it", got, err, test.want)
			}
		})
	}
}

func TestLinesAreNumberedAsTheyStandInTheFile(t *testing.T) {
	long := strings.Repeat("x", 64<<10-len(`{"name":""}`))
	file := strings.Join([]string{
		"\ufeff" + `{"name":"1"}`,
		"",
		`{"name":"3"}` + "\r",
		"  \t ",
		`nonsense`,
		`{"name":"` + long + `"}`,
		`{"name":"` + long + `x"}`,
		`{"name":"` + strings.Repeat(long, 3) + `"}`,
		`{"name":"9"}`,
	}, "\n")
	want := map[int]string{1: "1", 3: "3", 5: "", 6: long, 7: "", 8: "", 9: "9"}
	for name, r := range map[string]io.Reader{
		"with an end":         strings.NewReader(file + "\n"),
		"without an end":      strings.NewReader(file),
		"a byte at a time":    iotest.OneByteReader(strings.NewReader(file)),
		"the end with a byte": iotest.DataErrReader(strings.NewReader(file)),
	} {
		t.Run(name, func(t *testing.T) {
			lines, _, err := cli.ReadLines(t.Context(), r)
			if err != nil {
				t.Fatal(err)
			}
			got := map[int]string{}
			for _, l := range lines {
				got[l.Number] = l.Newcomer.Name
				if bad := slices.Contains([]int{5, 7, 8}, l.Number); bad != (l.Err != nil) {
					t.Errorf("line %d: %v", l.Number, l.Err)
				}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestALastLineThatIsTooLongIsNamedOnce(t *testing.T) {
	lines, _, err := cli.ReadLines(t.Context(), strings.NewReader("{}\n"+strings.Repeat("x", 200<<10)))
	if err != nil || len(lines) != 2 || lines[0].Err != nil || lines[1].Err == nil || lines[1].Number != 2 {
		t.Errorf("%+v, %v", lines, err)
	}
}

func TestWhatWasReadBeforeAFailureCounts(t *testing.T) {
	broken := errors.New("the disk is broken")
	file := strings.Repeat("{}\n", 1234)
	lines, batches, err := cli.ReadLines(t.Context(), io.MultiReader(strings.NewReader(file), iotest.ErrReader(broken)))
	if len(lines) != 1234 || batches != 3 || !errors.Is(err, broken) {
		t.Errorf("%d lines in %d batches, %v", len(lines), batches, err)
	}
}

func FuzzParseNewcomer(f *testing.F) {
	f.Add([]byte(`{"email":"a@b.c","name":"A","passwordHash":"$2b$12$x","roles":["USER"],"emailVerified":true,"createdAt":"2021-03-04T05:06:07Z","disabled":false}`))
	f.Add([]byte(`{"email":"a@b.c","email":"a@b.c"}`))
	f.Add([]byte(`{"createdAt":"9999-12-31T23:59:60+23:59","roles":[null]}`))
	f.Add([]byte(`[[[[`))
	f.Fuzz(func(t *testing.T, line []byte) {
		n, err := cli.ParseNewcomer(line)
		if err != nil && !cmp.Equal(n, account.Newcomer{}) {
			t.Errorf("%q is refused with %v, and read as %+v", line, err, n)
		}
		if printed := fmt.Sprintf("%+v", n); n.PasswordHash != "" && !strings.Contains(printed, "[secret]") {
			t.Errorf("the hash is printed: %s", printed)
		}
	})
}
