package web_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"

	"vigil/web"
)

func built() fstest.MapFS {
	file := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }
	return fstest.MapFS{
		".gitkeep":                file(""),
		"index.html":              file("<!doctype html><div id=app></div>"),
		"favicon.svg":             file("<svg/>"),
		"assets/index-C0FFEE.js":  file("export {}"),
		"assets/index-C0FFEE.css": file("body{}"),
	}
}

func get(t *testing.T, h http.Handler, method, target string) *httptest.ResponseRecorder {
	t.Helper()
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, httptest.NewRequest(method, target, nil))
	return rec
}

func TestServe(t *testing.T) {
	t.Parallel()
	const page = "id=app"
	tests := map[string]struct {
		method, target string
		status         int
		kind, cache    string
		body           string
	}{
		"the page is never stored":                     {"GET", "/", 200, "text/html; charset=utf-8", "no-store", page},
		"the page under its own name is the page":      {"GET", "/index.html", 200, "text/html; charset=utf-8", "no-store", page},
		"a route within the page is the page":          {"GET", "/unit/3-west", 200, "text/html; charset=utf-8", "no-store", page},
		"a hashed script is kept for ever":             {"GET", "/assets/index-C0FFEE.js", 200, "text/javascript; charset=utf-8", "public, max-age=31536000, immutable", "export"},
		"a hashed style is kept for ever":              {"GET", "/assets/index-C0FFEE.css", 200, "text/css; charset=utf-8", "public, max-age=31536000, immutable", "body"},
		"a file with a fixed name is asked for again":  {"GET", "/favicon.svg", 200, "image/svg+xml", "no-cache", "<svg"},
		"a script of an older build is not the page":   {"GET", "/assets/index-DEAD.js", 404, "", "", "not found"},
		"a folder is not listed":                       {"GET", "/assets", 200, "text/html; charset=utf-8", "no-store", page},
		"a hidden file is not served":                  {"GET", "/.gitkeep", 200, "text/html; charset=utf-8", "no-store", page},
		"a path that climbs out stays within":          {"GET", "/../../etc/passwd", 200, "text/html; charset=utf-8", "no-store", page},
		"a question for the header has no body":        {"HEAD", "/", 200, "text/html; charset=utf-8", "no-store", ""},
		"a write is refused with what is allowed here": {"POST", "/", 405, "", "", "Method Not Allowed"},
	}
	h := web.Serve(built())
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rec := get(t, h, tt.method, tt.target)
			if rec.Code != tt.status {
				t.Fatalf("status %d, want %d", rec.Code, tt.status)
			}
			if got := rec.Header().Get("Content-Type"); tt.kind != "" && got != tt.kind {
				t.Errorf("content type %q, want %q", got, tt.kind)
			}
			if got := rec.Header().Get("Cache-Control"); tt.cache != "" && got != tt.cache {
				t.Errorf("cache control %q, want %q", got, tt.cache)
			}
			if body := rec.Body.String(); !strings.Contains(body, tt.body) || (tt.body == "" && body != "") {
				t.Errorf("body %q, want %q", body, tt.body)
			}
		})
	}
}

func TestServeWithoutDashboardSaysHowToBuildIt(t *testing.T) {
	t.Parallel()
	rec := get(t, web.Serve(fstest.MapFS{".gitkeep": &fstest.MapFile{}}), http.MethodGet, "/unit/3-west")
	if rec.Code != http.StatusServiceUnavailable || !strings.Contains(rec.Body.String(), "make web") {
		t.Errorf("%d %q, want 503 and how to build the dashboard", rec.Code, rec.Body)
	}
	if got := rec.Header().Get("Cache-Control"); got != "no-store" {
		t.Errorf("cache control %q, want no-store", got)
	}
}

func TestHandlerServesWhatIsEmbedded(t *testing.T) {
	t.Parallel()
	rec := get(t, web.Handler(), http.MethodGet, "/")
	if rec.Code != http.StatusOK && rec.Code != http.StatusServiceUnavailable {
		t.Errorf("status %d, want the dashboard or the page that says that it is not built", rec.Code)
	}
}
