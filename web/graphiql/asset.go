package graphiql

import (
	"compress/gzip"
	"embed"
	"io"
	"io/fs"
	"path"
)

// Scripts, style sheets and texts are stored compressed only, twice; fonts, compressed by their format, as they are.
//
//go:embed dist/*.br dist/*.gz dist/*.woff dist/*.woff2
var dist embed.FS

// mediaTypes says what is served beneath /graphiql/, by the extension of its name. The system's own table may say
// something else.
var mediaTypes = map[string]string{
	".css":   "text/css; charset=utf-8",
	".js":    "text/javascript; charset=utf-8",
	".ttf":   "font/ttf",
	".txt":   "text/plain; charset=utf-8",
	".woff":  "font/woff",
	".woff2": "font/woff2",
}

// asset is a stored file and how to send it.
type asset struct {
	file fs.File
	size int64
	// mediaType is that of the content, whatever its coding.
	mediaType string
	coding    string
	// negotiated says that another Accept-Encoding would get another answer.
	negotiated bool
	// unzip says that the file is compressed and the client takes nothing that is.
	unzip bool
}

// openAsset finds the file that suits the client best.
func openAsset(name string, acceptEncoding []string) (asset, bool) {
	mediaType, known := mediaTypes[path.Ext(name)]
	if !known {
		return asset{}, false
	}
	a := asset{mediaType: mediaType, coding: identity}
	if a.open(name) {
		return a, true
	}
	a.negotiated = true
	a.coding = negotiate(acceptEncoding)
	a.unzip = a.coding == identity
	suffix := ".gz"
	if a.coding == brotli {
		suffix = ".br"
	}
	return a, a.open(name + suffix)
}

// open reports whether the file is there; embed.FS refuses names that leave dist/.
func (a *asset) open(name string) bool {
	file, err := dist.Open("dist/" + name)
	if err != nil {
		return false
	}
	info, err := file.Stat()
	if err != nil {
		return false
	}
	a.file, a.size = file, info.Size()
	return true
}

// send writes the file as the client takes it. What fails here is the client, which has gone.
func (a *asset) send(w io.Writer) {
	content := io.Reader(a.file)
	if a.unzip {
		plain, err := gzip.NewReader(a.file)
		if err != nil {
			return // the build wrote a header, and the tests read it
		}
		content = plain
	}
	_, _ = io.Copy(w, content)
}
