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
		s.failFHIR(c, err)
		return
	}
	answers, err := s.take(c.Request.Context(), from, u)
	if err != nil {
		s.Log.WarnContext(c.Request.Context(), "upload not taken", "request_id", requestIDOf(c.Request.Context()), "error", err)
		s.failFHIR(c, Unavailable("not known to be stored: send it again"))
		return
	}
	answer(u, answers)
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

// trip is one upload on its way.
type trip struct {
	*service
	sender
	fhir.Upload
	known   map[string]string // answers to what came before, by name
	answers []fhir.Answer
	brought []int                    // the entries whose measurements are deposited
	asked   map[vitals.DeviceID]bool // may the sender speak for it?
	unnamed []vitals.Device          // that become known once all else is stored
}

// take brings an upload in, and says what became of each entry.
func (s *service) take(ctx context.Context, from sender, u fhir.Upload) ([]fhir.Answer, error) {
	t := &trip{service: s, sender: from, Upload: u, answers: make([]fhir.Answer, len(u.Entries)), asked: map[vitals.DeviceID]bool{}}
	wanted := lo.FilterMap(u.Entries, func(e fhir.Entry, _ int) (string, bool) { return e.Wanted, e.Wanted != "" })
	var err error
	if t.known, err = s.Intake.Receipts(ctx, from.source, wanted); err != nil {
		return nil, err
	}
	var deposits []vitals.Deposit
	for i, e := range u.Entries {
		d, err := t.prepare(ctx, i, e)
		if err != nil {
			return nil, err
		}
		if d != nil {
			deposits, t.brought = append(deposits, *d), append(t.brought, i)
		}
	}
	if u.All && len(refusals(t.answers)) > 0 {
		return t.answers, nil
	}
	done, err := s.Intake.Deposit(ctx, deposits, u.All)
	if err != nil {
		return nil, err
	}
	receipts := t.settle(deposits, done)
	if u.All && len(refusals(t.answers)) > 0 {
		return t.answers, nil
	}
	if err := t.keepNamed(ctx); err != nil {
		return nil, err
	}
	return t.answers, s.Intake.SaveReceipts(ctx, from.source, receipts)
}

// prepare answers an entry at once or makes a deposit of it.
func (t *trip) prepare(ctx context.Context, i int, e fhir.Entry) (*vitals.Deposit, error) {
	switch {
	case e.Fault != nil:
		t.answers[i] = fhir.Answer{Status: http.StatusUnprocessableEntity, Issue: e.Fault}
	case e.Type == "Patient":
		t.answers[i] = noted("who is under care is decided by staff; the patient is the one to whom the device is bound")
	case e.Type == "Device" && (e.Device.Gateway || len(e.Device.Addresses) == 0):
		t.answers[i] = noted("no sensor; nothing is kept of it")
	case e.Type == "Device":
		return nil, t.name(ctx, i, e.Device)
	case e.Measurement.Ignored != "":
		t.answers[i] = noted(e.Measurement.Ignored)
	case t.known[e.Wanted] != "":
		t.answers[i] = fhir.Answer{Status: http.StatusOK, Location: t.known[e.Wanted]}
	default:
		return t.deposit(ctx, i, e)
	}
	return nil, nil
}

// noted is the answer to what is in order and changes nothing.
func noted(why string) fhir.Answer {
	return fhir.Answer{Status: http.StatusOK, Issue: &fhir.Issue{Severity: fhir.Information, Code: fhir.Informed, Text: why}}
}

func (t *trip) deposit(ctx context.Context, i int, e fhir.Entry) (*vitals.Deposit, error) {
	m := e.Measurement
	device, found, err := t.find(ctx, m.Devices)
	if err != nil {
		return nil, err
	}
	if !found && !t.scope.All { // what nobody knows is shown to the staff in quarantine; what is another unit's is not
		t.answers[i] = refusedEntry(i, fhir.NotFound, noSuchDevice)
		return nil, nil
	}
	d := &vitals.Deposit{Source: t.source, Batch: m.Batch, Payload: e.Raw, Patient: m.Subject.ID, Records: m.Subject.Records, Test: m.Test}
	d.Batch.Device = device
	return d, nil
}

const noSuchDevice = "there is no such device, or none that you may speak for"

// find is the device among the addresses that is known; the first of them where none is.
func (t *trip) find(ctx context.Context, addresses []vitals.DeviceID) (vitals.DeviceID, bool, error) {
	for _, id := range addresses {
		may, asked := t.asked[id]
		if !asked {
			_, err := t.Records.Device(ctx, t.scope, id)
			if err != nil && !errors.Is(err, vitals.ErrNotFound) {
				return "", false, err
			}
			may = err == nil
			t.asked[id] = may
		}
		if may {
			return id, true, nil
		}
	}
	return addresses[0], false, nil
}

func refusedEntry(i int, code fhir.IssueCode, why string) fhir.Answer {
	return fhir.Answer{Status: http.StatusUnprocessableEntity, Issue: &fhir.Issue{
		Severity: fhir.Fault, Code: code, Text: why, Expression: fhir.EntryPath(i),
	}}
}

// name answers a Device: it is known, or another unit's, or to become known.
func (t *trip) name(ctx context.Context, i int, described fhir.Described) error {
	id, found, err := t.find(ctx, described.Addresses)
	if err != nil {
		return err
	}
	t.answers[i] = fhir.Answer{Status: http.StatusOK, Location: "Device/" + string(id)}
	if found || lo.ContainsBy(t.unnamed, func(d vitals.Device) bool { return d.ID == id }) {
		return nil
	}
	_, err = t.Records.Device(ctx, vitals.Scope{All: true}, id)
	switch {
	case err == nil:
		t.answers[i] = refusedEntry(i, fhir.NotFound, noSuchDevice)
	case errors.Is(err, vitals.ErrNotFound):
		d := described.Device
		d.ID = id
		t.unnamed = append(t.unnamed, d)
		t.answers[i].Status = http.StatusCreated
	default:
		return err
	}
	return nil
}

// keepNamed makes those devices of the upload known that are not, bound to nobody.
func (t *trip) keepNamed(ctx context.Context) error {
	for _, d := range t.unnamed {
		if err := t.Records.SaveDevice(ctx, d); err != nil {
			return err
		}
	}
	if len(t.unnamed) > 0 {
		t.Changed(ctx)
	}
	return nil
}

// settle answers the entries that were deposited. It returns the answers by the sender's own names.
func (t *trip) settle(deposits []vitals.Deposit, done []vitals.Deposited) map[string]string {
	receipts := map[string]string{}
	for n, result := range done {
		i, e := t.brought[n], t.Entries[t.brought[n]]
		switch {
		case result.Code != "":
			t.answers[i] = refusedEntry(i, fhir.BusinessRule, result.Reason)
		case !result.Kept:
			t.answers[i] = noted("not kept, because another entry was refused")
		default:
			t.answers[i] = charted(e.Measurement.Place(result.Patient, deposits[n].Batch.Device))
			for _, name := range append(e.Names, e.Wanted) {
				if name != "" && t.answers[i].Location != "" {
					receipts[name] = t.answers[i].Location
				}
			}
		}
	}
	return receipts
}

// charted is the answer to what is stored; the charge of a battery is stored and is no Observation.
func charted(place string) fhir.Answer {
	if place == "" {
		return noted("kept as an event of the device")
	}
	return fhir.Answer{Status: http.StatusCreated, Location: place}
}
