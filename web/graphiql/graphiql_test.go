package graphiql_test

import (
	"bufio"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fieldward/fieldward/web/graphiql"
)

func TestHandlerAnswersByMethodAndPath(t *testing.T) {
	script := assetNamed(t, "page-", ".js")
	tests := map[string]struct {
		method, path string
		want         int
	}{
		"the page":                          {http.MethodGet, "/", http.StatusOK},
		"the page's head":                   {http.MethodHead, "/", http.StatusOK},
		"an asset":                          {http.MethodGet, script, http.StatusOK},
		"an asset's head":                   {http.MethodHead, script, http.StatusOK},
		"a font's head":                     {http.MethodHead, assetNamed(t, "font-", ".woff2"), http.StatusOK},
		"no writing to the page":            {http.MethodPost, "/", http.StatusMethodNotAllowed},
		"no writing to an asset":            {http.MethodPost, script, http.StatusMethodNotAllowed},
		"no OPTIONS":                        {http.MethodOptions, script, http.StatusMethodNotAllowed},
		"another path":                      {http.MethodGet, "/index.html", http.StatusNotFound},
		"the folder":                        {http.MethodGet, "/graphiql/", http.StatusNotFound},
		"an unknown script":                 {http.MethodGet, "/graphiql/page-00000000.js", http.StatusNotFound},
		"an unknown font":                   {http.MethodGet, "/graphiql/font-00000000.woff2", http.StatusNotFound},
		"a stored file by its own name, br": {http.MethodGet, script + ".br", http.StatusNotFound},
		"a stored file by its own name, gz": {http.MethodGet, script + ".gz", http.StatusNotFound},
		"the page beneath the assets":       {http.MethodGet, "/graphiql/index.html", http.StatusNotFound},
		"the sums":                          {http.MethodGet, "/graphiql/SHA256SUMS", http.StatusNotFound},
		"a way out of the folder":           {http.MethodGet, "/graphiql/..%2fgraphiql.js", http.StatusNotFound},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got := ask(test.method, test.path, nil)
			if got.Code != test.want {
				t.Errorf("status %d, want %d", got.Code, test.want)
			}
			if test.want == http.StatusMethodNotAllowed && got.Header().Get("Allow") != "GET, HEAD" {
				t.Errorf("Allow: %q", got.Header().Get("Allow"))
			}
			if test.method == http.MethodHead && got.Body.Len() > 0 {
				t.Error("an answer to HEAD has a body")
			}
		})
	}
}

func TestEveryAnswerCarriesTheSecurityHeaders(t *testing.T) {
	want := map[string]string{
		"Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; " +
			"connect-src 'self'; worker-src 'self'; img-src 'self' data:; font-src 'self'; base-uri 'none'; " +
			"form-action 'none'; frame-ancestors 'none'",
		"X-Content-Type-Options": "nosniff",
		"Referrer-Policy":        "no-referrer",
	}
	for _, address := range []string{"/", assetNamed(t, "worker-graphql-", ".js"), "/graphiql/none.js"} {
		got := ask(http.MethodGet, address, nil)
		for name, value := range want {
			if got.Header().Get(name) != value {
				t.Errorf("%s: %s: %q, want %q", address, name, got.Header().Get(name), value)
			}
		}
	}
}

func TestThePageIsAskedForAnewAndAnsweredBriefly(t *testing.T) {
	first := ask(http.MethodGet, "/", nil)
	etag := first.Header().Get("ETag")
	if etag == "" || first.Header().Get("Cache-Control") != "no-cache" {
		t.Fatalf("ETag: %q, Cache-Control: %q", etag, first.Header().Get("Cache-Control"))
	}
	tests := map[string]struct {
		ifNoneMatch string
		want        int
	}{
		"the same":           {etag, http.StatusNotModified},
		"the same, weakened": {"W/" + etag, http.StatusNotModified},
		"one of several":     {`"another", ` + etag, http.StatusNotModified},
		"anything":           {"*", http.StatusNotModified},
		"another":            {`"another"`, http.StatusOK},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got := ask(http.MethodGet, "/", http.Header{"If-None-Match": {test.ifNoneMatch}})
			if got.Code != test.want {
				t.Errorf("status %d, want %d", got.Code, test.want)
			}
			if got.Header().Get("ETag") != etag {
				t.Errorf("ETag: %q, want %q", got.Header().Get("ETag"), etag)
			}
		})
	}
}

func TestAnAssetIsKeptForAYear(t *testing.T) {
	types := map[string]string{
		".css":   "text/css; charset=utf-8",
		".js":    "text/javascript; charset=utf-8",
		".ttf":   "font/ttf",
		".txt":   "text/plain; charset=utf-8",
		".woff":  "font/woff",
		".woff2": "font/woff2",
	}
	for _, name := range built(t) {
		if name == "index.html" {
			continue
		}
		got := ask(http.MethodGet, "/graphiql/"+name, http.Header{"Accept-Encoding": {"br"}})
		if cache := got.Header().Get("Cache-Control"); cache != "public, max-age=31536000, immutable" {
			t.Errorf("%s: Cache-Control: %q", name, cache)
		}
		if want := types[path.Ext(name)]; got.Header().Get("Content-Type") != want {
			t.Errorf("%s: Content-Type: %q, want %q", name, got.Header().Get("Content-Type"), want)
		}
	}
}

func TestAnAssetComesInTheCodingThatTheClientWeighsHighest(t *testing.T) {
	tests := map[string]struct {
		acceptEncoding []string
		want           string
	}{
		"nothing said":                         {nil, ""},
		"an empty header":                      {[]string{""}, ""},
		"a browser's":                          {[]string{"gzip, deflate, br, zstd"}, "br"},
		"gzip only":                            {[]string{"gzip"}, "gzip"},
		"gzip by its old name":                 {[]string{"x-gzip"}, "gzip"},
		"in capitals":                          {[]string{"GZIP;Q=1"}, "gzip"},
		"two headers":                          {[]string{"gzip;q=0.5", "br;q=0.6"}, "br"},
		"gzip above br":                        {[]string{"br;q=0.5, gzip;q=0.8"}, "gzip"},
		"spaces and tabs":                      {[]string{"br ;\tq=0.1 , gzip ; q=0.2"}, "gzip"},
		"a thousandth":                         {[]string{"br;q=0.001"}, "br"},
		"br refused":                           {[]string{"br;q=0, gzip"}, "gzip"},
		"refused with all its zeros":           {[]string{"br;q=0.000, gzip;q=0."}, ""},
		"anything":                             {[]string{"*"}, "br"},
		"anything but br":                      {[]string{"*, br;q=0"}, "gzip"},
		"nothing but identity":                 {[]string{"identity, *;q=0"}, ""},
		"identity above the rest":              {[]string{"identity, br;q=0.5"}, ""},
		"identity as good as the rest":         {[]string{"identity, gzip"}, "gzip"},
		"nothing at all, which is disregarded": {[]string{"*;q=0"}, ""},
		"only what is not stored":              {[]string{"deflate, zstd"}, ""},
		"a weight above one":                   {[]string{"br;q=1.001, gzip;q=0.1"}, "gzip"},
		"a weight of four decimals":            {[]string{"br;q=0.1234, gzip;q=0.1"}, "gzip"},
		"a weight that is no number":           {[]string{"br;q=high, gzip;q=+1"}, ""},
		"an exponent":                          {[]string{"br;q=1e0"}, ""},
		"a parameter that is no weight":        {[]string{"br;level=1"}, ""},
	}
	style := assetNamed(t, "style-", ".css")
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got := ask(http.MethodGet, style, http.Header{"Accept-Encoding": test.acceptEncoding})
			if coding := got.Header().Get("Content-Encoding"); coding != test.want {
				t.Errorf("Content-Encoding: %q, want %q", coding, test.want)
			}
			if got.Header().Get("Vary") != "Accept-Encoding" {
				t.Errorf("Vary: %q", got.Header().Get("Vary"))
			}
		})
	}
}

func TestEveryAssetIsWhatTheBuildMade(t *testing.T) {
	want := sums(t)
	plain, zipped := map[string]string{}, map[string]string{}
	for name := range want {
		address := "/graphiql/" + name
		if name == "index.html" {
			address = "/"
		}
		plain[name] = sum(ask(http.MethodGet, address, nil).Body.Bytes())
		zipped[name] = sum(unzipped(t, ask(http.MethodGet, address, http.Header{"Accept-Encoding": {"gzip"}})))
	}
	if diff := cmp.Diff(want, plain); diff != "" {
		t.Errorf("uncompressed (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(want, zipped); diff != "" {
		t.Errorf("unzipped here (-want +got):\n%s", diff)
	}
}

func TestThePageLoadsFromItsOwnOriginOnly(t *testing.T) {
	page := ask(http.MethodGet, "/", nil).Body.String()
	page = strings.ReplaceAll(page, "http://www.w3.org/2000/svg", "") // the name of a namespace
	foreign := regexp.MustCompile(`(?i)https?:|="//|<style|\sstyle=|\son\w+=|<script>`)
	if found := foreign.FindAllString(page, -1); len(found) > 0 {
		t.Errorf("the page holds %q", found)
	}
}

// FuzzAcceptEncoding holds that no header makes the handler fail, or send a coding that the header does not name.
func FuzzAcceptEncoding(f *testing.F) {
	for _, seed := range []string{"", "br", "gzip;q=0.5,br;q=0", "*;q=0", "identity;q=0, x-gzip", ";;,=,q", "br;q=1.0000"} {
		f.Add(seed)
	}
	text := assetNamed(f, "licenses-", ".txt")
	f.Fuzz(func(t *testing.T, header string) {
		got := ask(http.MethodHead, text, http.Header{"Accept-Encoding": {header}})
		if got.Code != http.StatusOK {
			t.Fatalf("status %d", got.Code)
		}
		coding := got.Header().Get("Content-Encoding")
		named := strings.Contains(strings.ToLower(header), coding) || strings.Contains(header, "*")
		if !named {
			t.Errorf("%q gets %q", header, coding)
		}
	})
}

func ask(method, address string, header http.Header) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, address, nil)
	for name, values := range header {
		r.Header[name] = values
	}
	w := httptest.NewRecorder()
	graphiql.Handler().ServeHTTP(w, r)
	return w
}

func unzipped(t *testing.T, w *httptest.ResponseRecorder) []byte {
	t.Helper()
	if w.Header().Get("Content-Encoding") != "gzip" {
		return w.Body.Bytes()
	}
	z, err := gzip.NewReader(w.Body)
	if err != nil {
		t.Fatal(err)
	}
	content, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func sum(content []byte) string {
	s := sha256.Sum256(content)
	return hex.EncodeToString(s[:])
}

// sums reads what the build wrote of itself: the hash of each file's content, by its name.
func sums(t testing.TB) map[string]string {
	t.Helper()
	file, err := os.Open("dist/SHA256SUMS")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close() //nolint:errcheck // it was only read
	all := map[string]string{}
	for lines := bufio.NewScanner(file); lines.Scan(); {
		sum, name, _ := strings.Cut(lines.Text(), "  ")
		all[name] = sum
	}
	return all
}

func built(t testing.TB) []string {
	t.Helper()
	var names []string
	for name := range sums(t) {
		names = append(names, name)
	}
	return names
}

// assetNamed finds the address of an asset whose name holds a hash.
func assetNamed(t testing.TB, start, extension string) string {
	t.Helper()
	for _, name := range built(t) {
		if strings.HasPrefix(name, start) && strings.HasSuffix(name, extension) {
			return "/graphiql/" + name
		}
	}
	t.Fatalf("the build made no %s…%s", start, extension)
	return ""
}
