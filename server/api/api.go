// Package api is everything that Vigil says over HTTP: the REST interface of the dashboard with its
// OpenAPI description, the FHIR facade, health, and the mounting of the handlers that others bring
// (dashboard, sockets, ingest, metrics).
//
// It is the only package that knows gin. It decides who is asking and what they may see; it decides
// nothing about patients. Every question to the records carries the scope of the person who asks, so
// that a patient of another unit is not found rather than forbidden.
package api

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"reflect"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"
	"github.com/gin-gonic/gin"

	"vigil/alerts"
	"vigil/vitals"
)

// Records are everything that is read from and written to the database here.
type Records interface {
	Census
	Staffing
	Equipment
	Response
	LimitRecords
	Charts
}

// Options of the HTTP surface.
type Options struct {
	Records  Records
	Identity Identity
	Alarms   Commander
	Intake   Intake
	Fleet    Fleet
	Reach    Reach
	Now      func() time.Time
	Log      *slog.Logger

	// Told has a hub that is connected told at once what is wanted of it; nil when nobody can.
	Told func(context.Context, vitals.HubID)
	// Note keeps for the audit what people did beside commands. It must not wait. Nil: nobody keeps it.
	Note func(...alerts.Note)
	// Changed is told when the census, a binding or a device was changed; nil when nobody listens.
	Changed func(context.Context)

	PublicURL       string // address by which the installation is known; empty: as the request says
	Secure          bool   // browsers reach us by TLS
	Version         string
	Started         time.Time
	SecurityContact string  // for /.well-known/security.txt, a mailto: or https: address; empty: no such page
	Ready           []Check // what makes this node fit to serve

	// Handlers of others; nil ones are not mounted.
	Dashboard    http.Handler // everything that is nobody else's
	Socket       http.Handler // /ws/v1
	IngestHTTP   http.Handler // /ingest/v1/batches
	IngestSocket http.Handler // /ingest/v1/socket
	IngestHub    http.Handler // /ingest/v1/hub
	IngestSecret http.Handler // /ingest/v1/secret
	// IngestStatus is /ingest/v1/status, IngestResults /ingest/v1/results.
	IngestStatus, IngestResults http.Handler

	Metrics http.Handler // /metrics
	// IngestWebhooks is /ingest/v1/gateways/…
	IngestWebhooks http.Handler
}

// service is the state that handlers share.
type service struct {
	Options
	huma    huma.API
	logins  *limiter
	tries   *limiter // tests of contacts
	origins *http.CrossOriginProtection

	rehearsing chan struct{} // has an element during a rehearsal of limits
}

// New builds the handler for everything.
func New(o Options) http.Handler {
	s, engine := build(o)
	s.mountFHIR(engine)
	s.mountHealth(engine)
	s.mountOthers(engine)
	return engine
}

// OpenAPI is the description of the REST interface as JSON. It needs no database.
func OpenAPI() ([]byte, error) {
	s, _ := build(Options{})
	text, err := s.huma.OpenAPI().MarshalJSON()
	if err != nil {
		return nil, fmt.Errorf("encode OpenAPI: %w", err)
	}
	return text, nil
}

// build makes the engine with the REST interface on it.
func build(o Options) (*service, *gin.Engine) {
	if o.Now == nil {
		o.Now = time.Now
	}
	clock := o.Now
	o.Now = func() time.Time { return clock().UTC().Truncate(time.Microsecond) } // as the records keep it
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Note == nil {
		o.Note = func(...alerts.Note) {}
	}
	if o.Changed == nil {
		o.Changed = func(context.Context) {}
	}
	if o.Told == nil {
		o.Told = func(context.Context, vitals.HubID) {}
	}
	gin.SetMode(gin.ReleaseMode)
	engine := gin.New()
	engine.HandleMethodNotAllowed = true
	engine.RedirectTrailingSlash = false // it would build addresses from headers that anybody can write
	_ = engine.SetTrustedProxies(nil)    // nil cannot be malformed; no header may say who is asking
	s := &service{Options: o, logins: newLimiter(loginEvery, loginBurst), tries: newLimiter(tryEvery, tryBurst), origins: trusted(o.PublicURL), rehearsing: make(chan struct{}, 1)}
	engine.Use(s.requestID, s.accessLog, s.recovery, s.headers, s.sameOrigin, s.limits)
	s.huma = humagin.New(engine, configuration(o.Version))
	s.registerSessions()
	s.registerCensus()
	s.registerAlarms()
	s.registerEvidence()
	s.registerReports()
	s.registerLimits()
	s.registerObserved()
	s.registerEnrolment()
	s.registerBindings()
	s.registerGateways()
	s.registerStaffing()
	s.registerFleet()
	s.registerRoster()
	s.registerEscalation()
	s.registerNotices()
	s.registerContacts()
	return s, engine
}

// prefix of the REST interface.
const prefix = "/api/v1"

func configuration(version string) huma.Config {
	if version == "" {
		version = "1"
	}
	config := huma.DefaultConfig("Vigil", version)
	config.Components.Schemas = huma.NewMapRegistry("#/components/schemas/", nameSchema)
	config.OpenAPIPath = prefix + "/openapi"
	config.DocsPath = ""     // the page would load a script from elsewhere
	config.SchemasPath = ""  // the schemas are in the description
	config.CreateHooks = nil // no $schema members in answers
	config.Formats = map[string]huma.Format{"application/json": jsonFormat, "json": jsonFormat}
	config.Info.Description = "Remote patient monitoring: what the dashboard reads and does."
	config.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"session": {Type: "apiKey", In: "cookie", Name: cookieName},
		"bearer":  {Type: "http", Scheme: "bearer"},
	}
	return config
}

// jsonFormat is JSON whose texts can be stored: PostgreSQL keeps no NUL.
var jsonFormat = huma.Format{
	Marshal: huma.DefaultJSONFormat.Marshal,
	Unmarshal: func(data []byte, into any) error {
		if bytes.Contains(data, []byte(`\u0000`)) {
			return errors.New("a text must not hold a NUL")
		}
		return huma.DefaultJSONFormat.Unmarshal(data, into)
	},
}

// nameSchema names types that other packages or Go's habits named for their own readers.
func nameSchema(t reflect.Type, hint string) string {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch t {
	case reflect.TypeFor[alerts.View]():
		return "Alarm"
	case reflect.TypeFor[ProblemError]():
		return "Problem"
	default:
		return strings.TrimSuffix(huma.DefaultSchemaNamer(t, hint), "View")
	}
}

// route is what is said of an operation besides its types.
type route struct {
	method, path string
	name         string // operation id
	about        string
	status       int   // 0: 200, or 204 without an answer
	allow        allow // who may
}

// register adds an operation. Errors of the handler become problems here and nowhere else.
func register[I, O any](s *service, r route, handle func(context.Context, *I) (*O, error)) {
	operation := huma.Operation{
		Method: r.method, Path: prefix + r.path, OperationID: r.name, Summary: r.about, DefaultStatus: r.status,
		Middlewares:  huma.Middlewares{s.admit(r.allow)},
		MaxBodyBytes: maxBody,
	}
	if !r.allow.anybody {
		operation.Security = []map[string][]string{{"session": {}}, {"bearer": {}}}
	}
	huma.Register(s.huma, operation, func(ctx context.Context, in *I) (*O, error) {
		out, err := handle(ctx, in)
		if err != nil {
			return nil, s.problem(ctx, err)
		}
		return out, nil
	})
}

// empty is the input or answer of an operation that has none.
type empty struct{}
