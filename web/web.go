// Package web is the picture: it serves the dashboard that `make web` builds into dist. It knows
// files and nothing of patients; what the page shows it fetches from the server's other addresses.
package web

import (
	"embed"
	"io/fs"
	"net/http"
	"path"
	"strings"
)

//go:embed all:dist
var dist embed.FS

const (
	indexFile = "index.html"
	// Names of assets carry a hash of their content: what was fetched once never changes.
	immutable = "public, max-age=31536000, immutable"
	// Small files with a fixed name, such as the icon, are asked for again each time.
	revalidate = "no-cache"
)

// notBuilt is what a server shows that was built without the dashboard.
const notBuilt = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Vigil</title></head>
<body><h1>The dashboard is not built</h1>
<p>This server runs, but it was built without the dashboard: run <code>make web</code>, then build the server again.</p>
</body></html>
`

// Handler serves the dashboard that is embedded in the program.
func Handler() http.Handler {
	files, err := fs.Sub(dist, "dist")
	if err != nil {
		// The name is a constant that the compiler has embedded.
		panic(err)
	}
	return Serve(files)
}

// Serve serves a built dashboard: its files, and index.html for every other address, because those
// are routes within the page. Files are served with cache headers that fit their names.
func Serve(files fs.FS) http.Handler {
	server := http.FileServerFS(files)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, http.StatusText(http.StatusMethodNotAllowed), http.StatusMethodNotAllowed)
			return
		}
		name := strings.TrimPrefix(path.Clean("/"+r.URL.Path), "/")
		switch {
		case name != indexFile && isFile(files, name):
			w.Header().Set("Cache-Control", cacheControl(name))
			server.ServeHTTP(w, r)
		case strings.HasPrefix(name, "assets/"):
			// An asset of an older build is gone; a page in its place would be read as a script.
			http.NotFound(w, r)
		default:
			serveIndex(w, r, files)
		}
	})
}

func isFile(files fs.FS, name string) bool {
	if name == "" || strings.HasPrefix(path.Base(name), ".") {
		return false
	}
	info, err := fs.Stat(files, name)
	return err == nil && info.Mode().IsRegular()
}

func cacheControl(name string) string {
	if strings.HasPrefix(name, "assets/") {
		return immutable
	}
	return revalidate
}

// serveIndex writes the page itself. It is never stored: a station that opens it gets the dashboard
// of the server that it talks to.
func serveIndex(w http.ResponseWriter, r *http.Request, files fs.FS) {
	status := http.StatusOK
	page, err := fs.ReadFile(files, indexFile)
	if err != nil {
		status, page = http.StatusServiceUnavailable, []byte(notBuilt)
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(page) // a client that left needs no answer
	}
}
