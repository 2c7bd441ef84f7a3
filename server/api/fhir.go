package api

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"mime"
	"net/http"
	"net/url"
	"strings"

	"github.com/gin-gonic/gin"

	"vigil/fhir"
	"vigil/vitals"
)

const fhirPrefix = "/fhir/r4"

// found is a resource as it is sent.
type found struct {
	body    []byte
	version string // where the resource is versioned
}

// resourceServer answers the two interactions that the catalog declares for every resource.
type resourceServer struct {
	read   func(ctx context.Context, scope vitals.Scope, id string) (found, error)
	search func(ctx context.Context, scope vitals.Scope, s *fhir.Search) ([]byte, error)
}

// mountFHIR gives every resource of the catalog its routes: what the CapabilityStatement declares
// is what is here.
func (s *service) mountFHIR(engine *gin.Engine) {
	servers := map[*fhir.Resource]resourceServer{
		fhir.Observations:   {s.readObservation, s.searchObservations},
		fhir.Patients:       {s.readPatient, s.searchPatients},
		fhir.Devices:        {s.readDevice, s.searchDevices},
		fhir.DetectedIssues: {s.readIssue, s.searchIssues},
	}
	group := engine.Group(fhirPrefix, s.negotiate)
	group.GET("/metadata", s.metadata)
	group.POST("", s.uploadFHIR)
	group.POST("/Observation", s.createObservation)
	for _, r := range fhir.Catalog() {
		server, known := servers[r]
		if !known {
			panic("api: nobody serves " + r.Type)
		}
		group.GET("/"+r.Type, s.signedIn, s.searchFHIR(r, server))
		group.POST("/"+r.Type+"/_search", s.signedIn, s.searchFHIR(r, server))
		group.GET("/"+r.Type+"/:id", s.signedIn, s.readFHIR(r, server))
	}
}

// negotiate refuses who wants something else than JSON.
func (s *service) negotiate(c *gin.Context) {
	if !fhir.AcceptsJSON(strings.Join(c.Request.Header.Values("Accept"), ","), c.Query("_format")) {
		s.refuse(c, newProblem(http.StatusNotAcceptable, "FHIR is served as application/fhir+json, version "+fhir.Version))
	}
}

// signedIn refuses who is not signed in.
func (s *service) signedIn(c *gin.Context) {
	who, err := s.identify(c.Request)
	if err != nil {
		s.refuse(c, s.problem(c.Request.Context(), err))
		return
	}
	c.Request = c.Request.WithContext(context.WithValue(c.Request.Context(), staffKey, who))
}

// base is the address of the FHIR service.
func (s *service) base(r *http.Request) string {
	if s.PublicURL != "" {
		return strings.TrimSuffix(s.PublicURL, "/") + fhirPrefix
	}
	scheme := "http"
	if s.Secure || r.TLS != nil {
		scheme = "https"
	}
	return (&url.URL{Scheme: scheme, Host: r.Host}).String() + fhirPrefix
}

func (s *service) metadata(c *gin.Context) {
	c.Data(http.StatusOK, fhir.ContentType, fhir.AppendCapability(nil, fhir.Service{
		Base: s.base(c.Request), Version: s.Version, Started: s.Started,
	}))
}

func (s *service) readFHIR(r *fhir.Resource, server resourceServer) gin.HandlerFunc {
	return func(c *gin.Context) {
		ctx := c.Request.Context()
		resource, err := server.read(ctx, staffOf(ctx).Scope(), c.Param("id"))
		if err != nil {
			s.failFHIR(c, err)
			return
		}
		if !r.Versioned {
			resource.version = digest(resource.body)
		}
		tag := `W/"` + resource.version + `"`
		c.Header("ETag", tag)
		if matchesTag(c.Request.Header.Values("If-None-Match"), tag) {
			c.Status(http.StatusNotModified)
			return
		}
		c.Data(http.StatusOK, fhir.ContentType, resource.body)
	}
}

// digest tells contents apart where there is no version.
func digest(body []byte) string {
	h := fnv.New64a()
	_, _ = h.Write(body) // a hash never fails
	return fmt.Sprintf("%016x", h.Sum64())
}

// matchesTag compares weakly, as RFC 9110 has it for If-None-Match.
func matchesTag(headers []string, tag string) bool {
	for candidate := range strings.SplitSeq(strings.Join(headers, ","), ",") {
		candidate = strings.TrimSpace(candidate)
		if candidate == "*" || strings.TrimPrefix(candidate, "W/") == strings.TrimPrefix(tag, "W/") {
			return true
		}
	}
	return false
}

func (s *service) searchFHIR(r *fhir.Resource, server resourceServer) gin.HandlerFunc {
	return func(c *gin.Context) {
		ctx := c.Request.Context()
		values, err := searchValues(c.Request)
		if err != nil {
			s.failFHIR(c, err)
			return
		}
		search, err := fhir.ParseSearch(r, fhir.Request{
			Base: s.base(c.Request), Values: values, Strict: fhir.Strict(c.Request.Header.Values("Prefer")),
		})
		if err != nil {
			s.failFHIR(c, err)
			return
		}
		body, err := server.search(ctx, staffOf(ctx).Scope(), &search)
		if err != nil {
			s.failFHIR(c, err)
			return
		}
		c.Data(http.StatusOK, fhir.ContentType, body)
	}
}

// searchValues are the parameters of the query and, for POST, of the form.
func searchValues(r *http.Request) (url.Values, error) {
	if r.Method == http.MethodPost {
		form, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
		if err != nil || form != "application/x-www-form-urlencoded" {
			return nil, newProblem(http.StatusUnsupportedMediaType, "a search by POST is a form, application/x-www-form-urlencoded")
		}
	}
	if err := r.ParseForm(); err != nil {
		if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
			return nil, newProblem(http.StatusRequestEntityTooLarge, "the form is too large")
		}
		return nil, newProblem(http.StatusBadRequest, "the parameters are not readable")
	}
	return r.Form, nil
}

// failFHIR answers with an OperationOutcome.
func (s *service) failFHIR(c *gin.Context, err error) {
	if refused, ok := errors.AsType[*fhir.Error](err); ok {
		c.Data(http.StatusBadRequest, fhir.ContentType, fhir.AppendOutcome(nil, refused.Issue))
		return
	}
	s.refuse(c, s.problem(c.Request.Context(), err))
}

// writeIssue answers with the OperationOutcome of a problem.
func writeIssue(c *gin.Context, p *ProblemError) {
	c.Data(p.Status, fhir.ContentType, fhir.AppendOutcome(nil, issueOf(p)))
}
