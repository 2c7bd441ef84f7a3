package api

import (
	"context"
	"errors"
	"net/http"

	"github.com/samber/lo"

	"vigil/fhir"
	"vigil/vitals"
)

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
		return t.answers, t.keepUnread(ctx)
	}
	done, err := s.Intake.Deposit(ctx, deposits, u.All)
	if err != nil {
		return nil, err
	}
	receipts := t.settle(deposits, done)
	if u.All && len(refusals(t.answers)) > 0 {
		return t.answers, nil
	}
	for _, keep := range []func(context.Context) error{t.keepNamed, t.keepUnread} {
		if err := keep(ctx); err != nil {
			return nil, err
		}
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
	d := &vitals.Deposit{
		Source: t.source, Batch: m.Batch, Payload: e.Raw, Unread: m.Unread, Place: m.At,
		Patient: m.Subject.ID, Records: m.Subject.Records, Test: m.Test,
	}
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

// keepUnread keeps the entries that nobody can read.
func (t *trip) keepUnread(ctx context.Context) error {
	for _, e := range t.Entries {
		if e.Fault == nil {
			continue
		}
		if err := t.Intake.Refuse(ctx, t.source, e.Raw, errors.New(e.Fault.Text)); err != nil {
			return err
		}
	}
	return nil
}

// settle answers the entries that were deposited. It returns the answers by the sender's own names.
func (t *trip) settle(deposits []vitals.Deposit, done []vitals.Deposited) map[string]string {
	receipts := map[string]string{}
	for n, result := range done {
		i, e := t.brought[n], t.Entries[t.brought[n]]
		switch {
		case result.Code != "" && !result.Kept:
			t.answers[i] = refusedEntry(i, fhir.BusinessRule, result.Reason)
		case !result.Kept:
			t.answers[i] = noted("not kept, because another entry was refused")
		default:
			t.answers[i] = charted(e.Measurement.Place(result.Patient, deposits[n].Batch.Device, result.Flaws...))
			if result.Code != "" {
				t.answers[i].Issue = &fhir.Issue{
					Severity: fhir.Warning, Code: fhir.BusinessRule, Text: "charted, but for " + result.Reason, Expression: fhir.EntryPath(i),
				}
			}
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
