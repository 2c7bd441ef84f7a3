package api

import (
	"context"
	"errors"
	"strconv"

	"github.com/samber/lo"

	"vigil/alerts"
	"vigil/fhir"
	"vigil/vitals"
)

func (s *service) readPatient(ctx context.Context, scope vitals.Scope, id string) (found, error) {
	p, err := s.Records.Patient(ctx, scope, vitals.PatientID(id))
	if err != nil {
		return found{}, err
	}
	return found{body: fhir.AppendPatient(nil, p)}, nil
}

func (s *service) searchPatients(ctx context.Context, scope vitals.Scope, search *fhir.Search) ([]byte, error) {
	var patients []vitals.Patient
	var err error
	if search.IDs != nil {
		patients, err = eachID(search, func(id string) (vitals.Patient, error) {
			return s.Records.Patient(ctx, scope, vitals.PatientID(id))
		})
	} else {
		patients, err = s.Records.Patients(ctx, scope, "")
	}
	if err != nil {
		return nil, err
	}
	matches := lo.Filter(patients, func(p vitals.Patient, _ int) bool { return search.MatchesPatient(p) })
	return bundle(search, matches,
		func(p vitals.Patient) fhir.Cursor { return fhir.Cursor{ID: string(p.ID)} },
		func(p vitals.Patient) []byte { return fhir.AppendPatient(nil, p) }), nil
}

// eachID looks up every id of the search and leaves out what is not there.
func eachID[T any](search *fhir.Search, find func(id string) (T, error)) ([]T, error) {
	var all []T
	for _, id := range search.IDs {
		one, err := find(id)
		if errors.Is(err, vitals.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, nil
}

// bundle is the page of the matches that the search asks for.
func bundle[T any](search *fhir.Search, matches []T, at func(T) fhir.Cursor, encode func(T) []byte) []byte {
	if search.Nothing {
		matches = nil
	}
	page, next := fhir.Page(search, matches, at)
	return bundled(search, page, next, func(b *fhir.Bundle, match T) { b.Add(at(match).ID, encode(match)) })
}

// bundled is a page as it is answered.
func bundled[T any](search *fhir.Search, page []T, next *fhir.Cursor, add func(*fhir.Bundle, T)) []byte {
	b := fhir.NewBundle(search, nil)
	for _, match := range page {
		add(b, match)
	}
	return b.Finish(next)
}

func (s *service) readDevice(ctx context.Context, scope vitals.Scope, id string) (found, error) {
	d, err := s.Records.Device(ctx, scope, vitals.DeviceID(id))
	if err != nil {
		return found{}, err
	}
	devices, err := s.wearers(ctx, scope, []vitals.Device{d})
	if err != nil {
		return found{}, err
	}
	return found{body: fhir.AppendDevice(nil, fhir.Device(devices[0]))}, nil
}

func (s *service) searchDevices(ctx context.Context, scope vitals.Scope, search *fhir.Search) ([]byte, error) {
	devices, err := s.wornDevices(ctx, scope)
	if err != nil {
		return nil, err
	}
	matches := lo.FilterMap(devices, func(d worn, _ int) (fhir.Device, bool) {
		return fhir.Device(d), search.MatchesDevice(fhir.Device(d))
	})
	return bundle(search, matches,
		func(d fhir.Device) fhir.Cursor { return fhir.Cursor{ID: string(d.ID)} },
		func(d fhir.Device) []byte { return fhir.AppendDevice(nil, d) }), nil
}

func (s *service) readIssue(ctx context.Context, scope vitals.Scope, id string) (found, error) {
	a, err := s.Records.Alarm(ctx, scope, alerts.AlarmID(id))
	if err != nil {
		return found{}, err
	}
	if a.State == alerts.Pending {
		return found{}, errNotFound
	}
	p, err := s.Records.Patient(ctx, scope, a.Patient)
	if err != nil {
		return found{}, err
	}
	strips, err := s.Records.Strips(ctx, []alerts.AlarmID{a.ID})
	if err != nil {
		return found{}, err
	}
	issue := fhir.Episode{Alarm: a, Strips: strips[a.ID], Test: p.Test}
	return found{body: fhir.AppendDetectedIssue(nil, issue), version: strconv.Itoa(a.Version)}, nil
}

func (s *service) searchIssues(ctx context.Context, scope vitals.Scope, search *fhir.Search) ([]byte, error) {
	alarms, err := s.alarmsFor(ctx, scope, search)
	if err != nil {
		return nil, err
	}
	matches := lo.Filter(alarms, func(a alerts.Alarm, _ int) bool { return search.MatchesAlarm(a) })
	people := &patientsSeen{census: s.Records, scope: scope}
	for _, a := range matches {
		if _, err := people.find(ctx, a.Patient); err != nil {
			return nil, err
		}
	}
	if search.Nothing {
		matches = nil
	}
	page, next := fhir.Page(search, matches, func(a alerts.Alarm) fhir.Cursor { return fhir.Cursor{Time: a.Onset, ID: string(a.ID)} })
	strips, err := s.Records.Strips(ctx, lo.Map(page, func(a alerts.Alarm, _ int) alerts.AlarmID { return a.ID }))
	if err != nil {
		return nil, err
	}
	return bundled(search, page, next, func(b *fhir.Bundle, a alerts.Alarm) {
		issue := fhir.Episode{Alarm: a, Strips: strips[a.ID], Test: people.known[a.Patient].Test}
		b.Add(string(a.ID), fhir.AppendDetectedIssue(nil, issue))
	}), nil
}

// patientsSeen remembers the patients that one search has met.
type patientsSeen struct {
	census Census
	scope  vitals.Scope
	known  map[vitals.PatientID]vitals.Patient
}

// find is the patient; vitals.ErrNotFound when the scope does not cover them.
func (p *patientsSeen) find(ctx context.Context, id vitals.PatientID) (vitals.Patient, error) {
	if one, known := p.known[id]; known {
		return one, nil
	}
	one, err := p.census.Patient(ctx, p.scope, id)
	if err == nil {
		if p.known == nil {
			p.known = map[vitals.PatientID]vitals.Patient{}
		}
		p.known[id] = one
	}
	return one, err
}

// Bounds of a search for alarms: the records give them by the time they were raised, FHIR sorts by
// onset, so all of a patient are looked at.
const (
	alarmsAtOnce = 1000
	maxAlarms    = 20_000
)

var errTooManyAlarms = &fhir.Error{Issue: fhir.Issue{
	Severity: fhir.Fault, Code: fhir.TooCostly, Text: "this patient has too many alarms for one search; ask for status=preliminary or by _id",
}}

// alarmsFor lists the alarms of patients that can match: what is about Vigil itself is no patient's record.
func (s *service) alarmsFor(ctx context.Context, scope vitals.Scope, search *fhir.Search) ([]alerts.Alarm, error) {
	all, err := s.alarmsFound(ctx, scope, search)
	return lo.Reject(all, func(a alerts.Alarm, _ int) bool { return a.Patient == alerts.Nobody }), err
}

func (s *service) alarmsFound(ctx context.Context, scope vitals.Scope, search *fhir.Search) ([]alerts.Alarm, error) {
	if search.Nothing {
		return nil, nil
	}
	if search.IDs != nil {
		return eachID(search, func(id string) (alerts.Alarm, error) {
			return s.Records.Alarm(ctx, scope, alerts.AlarmID(id))
		})
	}
	q := vitals.AlarmQuery{Patient: search.Patient, Limit: alarmsAtOnce}
	if search.OpenOnly() {
		q.State = vitals.OpenAlarms
	}
	return s.allAlarms(ctx, scope, q)
}

// allAlarms goes through the alarms of the query from the newest to the oldest. Alarms that were
// raised at the same instant may come twice, at the seam of two pages.
func (s *service) allAlarms(ctx context.Context, scope vitals.Scope, q vitals.AlarmQuery) ([]alerts.Alarm, error) {
	var all []alerts.Alarm
	for {
		page, err := s.Records.Alarms(ctx, scope, q)
		if err != nil {
			return nil, err
		}
		before := len(all)
		all = lo.UniqBy(append(all, page...), func(a alerts.Alarm) alerts.AlarmID { return a.ID })
		switch {
		case len(page) < q.Limit:
			return all, nil
		case len(all) > maxAlarms, len(all) == before: // the latter: one instant fills more than a page
			return nil, errTooManyAlarms
		}
		q.To = page[len(page)-1].Raised.Add(1000) // exclusive: a microsecond behind, to see the instant again
	}
}
