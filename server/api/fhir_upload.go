package api

import (
	"context"
	"errors"
	"io"
	"mime"
	"net/http"

	"github.com/gin-gonic/gin"
	"github.com/samber/lo"

	"vigil/fhir"
	"vigil/vitals"
)

// Intake takes what gateways bring, and remembers it under their own names.
type Intake interface {
	// CheckHub returns nil when the secret is the hub's, and wraps vitals.ErrNotFound when it is not. Any
	// other error says that nobody could look it up.
	CheckHub(ctx context.Context, hub vitals.HubID, secret string) error
	// Deposit returns when what was brought is stored, with what became of each. Where all is set, one
	// that is refused has all refused. After an error all is to be brought again.
	Deposit(ctx context.Context, deposits []vitals.Deposit, all bool) ([]vitals.Deposited, error)
	// Refuse returns when what nobody can read is kept for the staff, with the reason. After an error it is to be
	// brought again.
	Refuse(ctx context.Context, source vitals.HubID, payload []byte, why error) error
	// Enter returns when what staff observed of a patient is stored. After an error it is to be entered again.
	Enter(ctx context.Context, patient vitals.PatientID, b vitals.Batch) error
	// Receipts finds the answers to what the source brought before under those of the names.
	Receipts(ctx context.Context, source vitals.HubID, names []string) (map[string]string, error)
	// SaveReceipts keeps the answers to what the source brought, by name.
	SaveReceipts(ctx context.Context, source vitals.HubID, answers map[string]string) error
}

// sender is who uploads: an enrolled hub, which may speak for any device that is heard through it, or
// staff, who may only for devices of their units.
type sender struct {
	source vitals.HubID
	scope  vitals.Scope
}

// senderOf says who uploads: by the Basic credentials of a hub or the session of a technician.
func (s *service) senderOf(r *http.Request) (sender, error) {
	if id, secret, given := r.BasicAuth(); given {
		switch err := s.Intake.CheckHub(r.Context(), vitals.HubID(id), secret); {
		case errors.Is(err, vitals.ErrNotFound):
			return sender{}, newProblem(http.StatusUnauthorized, "unknown hub or wrong secret")
		case err != nil:
			return sender{}, Unavailable("who you are cannot be looked up: send it again")
		}
		return sender{vitals.HubID(id), vitals.Scope{All: true}}, nil
	}
	who, err := s.identify(r)
	if err == nil && !technicians.covers(who.Role) {
		err = errForbidden
	}
	// A colon keeps the name apart from those of hubs.
	return sender{vitals.HubID("staff:" + string(who.ID)), who.Scope()}, err
}

// uploadFHIR serves POST [base]: a transaction or a batch.
func (s *service) uploadFHIR(c *gin.Context) {
	s.upload(c, func(body []byte) (fhir.Upload, error) { return fhir.ReadUpload(body) }, func(u fhir.Upload, answers []fhir.Answer) {
		if refused := refusals(answers); u.All && len(refused) > 0 {
			c.Data(http.StatusUnprocessableEntity, fhir.ContentType, fhir.AppendOutcome(nil, refused...))
			return
		}
		c.Data(http.StatusOK, fhir.ContentType, fhir.AppendAnswers(nil, u.All, answers))
	})
}

// createObservation serves POST [base]/Observation, where If-None-Exist makes a repeat harmless.
func (s *service) createObservation(c *gin.Context) {
	s.upload(c, func(body []byte) (fhir.Upload, error) {
		return fhir.ReadCreate(body, c.GetHeader("If-None-Exist")), nil
	}, func(_ fhir.Upload, answers []fhir.Answer) {
		a := answers[0]
		if a.Location != "" {
			c.Header("Location", s.base(c.Request)+"/"+a.Location)
		}
		if a.Issue == nil {
			c.Status(a.Status)
			return
		}
		c.Data(a.Status, fhir.ContentType, fhir.AppendOutcome(nil, *a.Issue))
	})
}

func (s *service) upload(c *gin.Context, read func([]byte) (fhir.Upload, error), answer func(fhir.Upload, []fhir.Answer)) {
	from, err := s.senderOf(c.Request)
	if err != nil {
		s.refuse(c, s.problem(c.Request.Context(), err))
		return
	}
	body, err := fhirBody(c.Request)
	if err != nil {
		s.failFHIR(c, err)
		return
	}
	u, err := read(body)
	if err != nil {
		if aside := s.Intake.Refuse(c.Request.Context(), from.source, body, err); aside != nil {
			s.notTaken(c, aside)
			return
		}
		s.failFHIR(c, err)
		return
	}
	answers, err := s.take(c.Request.Context(), from, u)
	if err != nil {
		s.notTaken(c, err)
		return
	}
	answer(u, answers)
}

func (s *service) notTaken(c *gin.Context, cause error) {
	s.Log.WarnContext(c.Request.Context(), "upload not taken", "request_id", requestIDOf(c.Request.Context()), "error", cause)
	s.failFHIR(c, Unavailable("not known to be stored: send it again"))
}

// fhirBody reads a resource in JSON.
func fhirBody(r *http.Request) ([]byte, error) {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "application/fhir+json" && kind != "application/json" {
		return nil, newProblem(http.StatusUnsupportedMediaType, "resources are taken as application/fhir+json")
	}
	body, err := io.ReadAll(r.Body)
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		return nil, newProblem(http.StatusRequestEntityTooLarge, "the body is larger than 1 MiB; send several bundles")
	}
	if err != nil {
		return nil, newProblem(http.StatusBadRequest, "the body was cut short")
	}
	return body, nil
}

// refusals are the issues of the entries that were refused.
func refusals(answers []fhir.Answer) []fhir.Issue {
	return lo.FilterMap(answers, func(a fhir.Answer, _ int) (fhir.Issue, bool) {
		return lo.FromPtr(a.Issue), a.Status >= http.StatusBadRequest
	})
}
