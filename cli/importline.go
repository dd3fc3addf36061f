package cli

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"github.com/fieldward/fieldward/auth/account"
)

// record is a line of an import: a newcomer, or what is wrong with it.
type record struct {
	line     int
	newcomer account.Newcomer
	err      error
}

const (
	maxLine = 64 << 10 // bytes
	// batchSize makes one transaction of many users: each costs a write to the disk, during which nobody else writes.
	batchSize     = 500
	byteOrderMark = "\ufeff" // Windows writes it in front of a file
)

// readRecords sends the records of r, some hundreds at a time. Blank lines are passed over.
func readRecords(ctx context.Context, r io.Reader, out chan<- []record) error {
	lines := bufio.NewReaderSize(r, maxLine+len("\r\n"))
	var batch []record
	send := func() error {
		if len(batch) == 0 {
			return nil
		}
		select {
		case out <- batch:
			batch = nil
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	for number, more := 1, true; more; number++ {
		text, err := nextLine(lines)
		if more = err == nil || errors.Is(err, errTooLong); !more && !errors.Is(err, io.EOF) {
			return errors.Join(send(), fmt.Errorf("read the users: %w", err))
		}
		if number == 1 {
			text = bytes.TrimPrefix(text, []byte(byteOrderMark))
		}
		next := record{line: number, err: errTooLong}
		switch {
		case errors.Is(err, errTooLong):
		case len(bytes.TrimSpace(text)) == 0:
			continue
		default:
			next.newcomer, next.err = parseNewcomer(text)
		}
		if batch = append(batch, next); len(batch) == batchSize {
			if err := send(); err != nil {
				return err
			}
		}
	}
	return send()
}

var errTooLong = fmt.Errorf("it is longer than %d KiB", maxLine>>10)

// nextLine reads a line, without its end. With the last one comes io.EOF; one that is too long is skipped.
func nextLine(lines *bufio.Reader) ([]byte, error) {
	text, err := lines.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		for errors.Is(err, bufio.ErrBufferFull) {
			_, err = lines.ReadSlice('\n')
		}
		if err == nil || errors.Is(err, io.EOF) {
			return nil, errTooLong // the end of the file comes again
		}
	}
	text = bytes.TrimSuffix(bytes.TrimSuffix(text, []byte("\n")), []byte("\r"))
	if len(text) > maxLine {
		return nil, errTooLong
	}
	return text, err
}

// parseNewcomer reads a line strictly: each member once, in its own letters, and none that is not known, so that
// nothing is lost for a slip of the pen. What it says is wrong holds no value.
func parseNewcomer(line []byte) (account.Newcomer, error) {
	if !utf8.Valid(line) {
		return account.Newcomer{}, errors.New("it is not UTF-8")
	}
	var n account.Newcomer
	members := map[string]member{
		"email":         {&n.Email, "a string"},
		"name":          {&n.Name, "a string"},
		"passwordHash":  {&n.PasswordHash, "a string"},
		"roles":         {&n.Roles, "a list of strings"},
		"emailVerified": {&n.EmailVerified, "true or false"},
		"createdAt":     {&n.CreatedAt, "a time such as 2021-03-04T05:06:07Z"},
		"disabled":      {&n.Disabled, "true or false"},
	}
	d := json.NewDecoder(bytes.NewReader(line))
	if start, err := d.Token(); err != nil || start != json.Delim('{') {
		return account.Newcomer{}, errNoObject
	}
	seen := map[string]bool{}
	for d.More() {
		if err := readMember(d, members, seen); err != nil {
			return account.Newcomer{}, err
		}
	}
	if _, err := d.Token(); err != nil {
		return account.Newcomer{}, errNoObject
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return account.Newcomer{}, errors.New("something stands behind its JSON object")
	}
	return n, nil
}

var errNoObject = errors.New("it is not a JSON object")

// member is where the value of a member goes, and what it has to be.
type member struct {
	into any
	what string
}

func readMember(d *json.Decoder, members map[string]member, seen map[string]bool) error {
	token, err := d.Token()
	name, ok := token.(string)
	if err != nil || !ok {
		return errNoObject
	}
	m, known := members[name]
	switch {
	case !known:
		return fmt.Errorf("there is no member %.40q", name)
	case seen[name]:
		return fmt.Errorf("the member %q stands there twice", name)
	}
	seen[name] = true
	err = d.Decode(m.into)
	if _, broken := errors.AsType[*json.SyntaxError](err); broken || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		return errNoObject
	}
	if err != nil {
		return fmt.Errorf("the member %q is not %s", name, m.what)
	}
	return nil
}
