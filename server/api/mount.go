package api

import (
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"
)

// mountOthers gives the handlers that others bring their places.
func (s *service) mountOthers(engine *gin.Engine) {
	for _, m := range []struct {
		method, path string
		handler      http.Handler
	}{
		{http.MethodGet, "/ws/v1", s.Socket},
		{http.MethodPost, "/ingest/v1/batches", s.IngestHTTP},
		{http.MethodGet, "/ingest/v1/socket", s.IngestSocket},
		{http.MethodGet, "/ingest/v1/hub", s.IngestHub},
		{http.MethodPost, "/ingest/v1/secret", s.IngestSecret},
		{http.MethodPost, "/ingest/v1/status", s.IngestStatus},
		{http.MethodPost, "/ingest/v1/results", s.IngestResults},
		{http.MethodPost, "/ingest/v1/gateways/*rest", s.IngestWebhooks},
		{http.MethodGet, "/ingest/v1/gateways/*rest", s.IngestWebhooks},
		{http.MethodHead, "/ingest/v1/gateways/*rest", s.IngestWebhooks},
		{http.MethodGet, "/metrics", s.Metrics},
	} {
		if m.handler != nil {
			engine.Handle(m.method, m.path, gin.WrapH(m.handler))
		}
	}
	engine.NoMethod(func(c *gin.Context) {
		s.refuse(c, newProblem(http.StatusMethodNotAllowed, "this address does not do that"))
	})
	engine.NoRoute(s.elsewhere)
}

// elsewhere is the dashboard's, except below the addresses of programs: a page in place of an
// answer would tell a program nothing.
func (s *service) elsewhere(c *gin.Context) {
	if s.Dashboard == nil || forPrograms(c.Request.URL.Path) {
		s.refuse(c, newProblem(http.StatusNotFound, "there is nothing at this address"))
		return
	}
	c.Status(http.StatusOK) // gin has set 404, which a handler that only writes would send
	s.Dashboard.ServeHTTP(c.Writer, c.Request)
}

func forPrograms(path string) bool {
	for _, folder := range []string{"/api", "/fhir", "/ws", "/ingest", "/metrics", "/healthz", "/readyz", "/.well-known"} {
		if path == folder || strings.HasPrefix(path, folder+"/") {
			return true
		}
	}
	return false
}
