package api

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/samber/lo"

	"vigil/alerts"
	"vigil/vitals"
)

// What a rehearsal costs is bounded: one at a time, so many values, read in pages.
const (
	simulatePage = 10_000
	simulateMost = 1_000_000 // three days of four values a second
)

// simulatedStreams are the streamed kinds on which limits bear.
var simulatedStreams = []vitals.Kind{vitals.HeartRate, vitals.PulseRate, vitals.SpO2, vitals.RespirationRate}

type simulateInput struct {
	ID   vitals.PatientID `path:"id" maxLength:"64"`
	Body struct {
		Changes map[string]float64 `json:"changes" nullable:"false" doc:"All that would be otherwise than in the unit, by name, as for change-limits."`
		Hours   int                `json:"hours,omitempty" minimum:"1" maximum:"72" default:"24" doc:"How far back."`
	}
}

type episodeView struct {
	Condition alerts.Condition `json:"condition"`
	Label     string           `json:"label"`
	Priority  string           `json:"priority" enum:"high,medium,low,info"`
	From      time.Time        `json:"from"`
	To        *time.Time       `json:"to" doc:"Null where it went on to the end."`
	Detail    string           `json:"detail"`
}

type alarmCountView struct {
	Condition alerts.Condition `json:"condition"`
	Label     string           `json:"label"`
	Before    int              `json:"before"`
	After     int              `json:"after"`
}

type simulateOutput struct {
	Body struct {
		From     time.Time        `json:"from"`
		To       time.Time        `json:"to"`
		Readings int              `json:"readings" doc:"How many values were played."`
		Before   int              `json:"before" doc:"Alarms by the limits in force."`
		After    int              `json:"after" doc:"Alarms by the other ones."`
		Counts   []alarmCountView `json:"counts" nullable:"false"`
		Missed   []episodeView    `json:"missed" nullable:"false" doc:"Episodes of which the other limits would have told nothing."`
		Added    []episodeView    `json:"added" nullable:"false" doc:"Episodes that only the other limits would have told."`
	}
}

func (s *service) simulateLimits(ctx context.Context, in *simulateInput) (*simulateOutput, error) {
	scope := staffOf(ctx).Scope()
	p, err := s.Records.Patient(ctx, scope, in.ID)
	if err != nil {
		return nil, err
	}
	changes, err := readChanges(in.Body.Changes)
	if err != nil {
		return nil, err
	}
	unit, err := s.Records.UnitLimits(ctx, scope, p.Unit)
	if err != nil {
		return nil, err
	}
	present, err := s.Records.PatientLimits(ctx, scope, p.ID)
	if err != nil {
		return nil, err
	}
	below := newestOf(unit).Changes
	out := &simulateOutput{}
	out.Body.To = s.Now()
	out.Body.From = out.Body.To.Add(-time.Duration(in.Body.Hours) * time.Hour)
	r, err := alerts.NewRehearsal(alerts.LimitsOf(below, newestOf(present).Changes), alerts.LimitsOf(below, changes), out.Body.From)
	if err != nil {
		return nil, err
	}
	select {
	case s.rehearsing <- struct{}{}:
		defer func() { <-s.rehearsing }()
	default:
		return nil, Unavailable("somebody else tries limits at this moment; try again")
	}
	if out.Body.Readings, err = s.rehearse(ctx, r, p.ID, out.Body.From, out.Body.To); err != nil {
		return nil, err
	}
	viewVerdict(out, r.End(out.Body.To))
	return out, nil
}

// rehearse plays what was charted in the time.
func (s *service) rehearse(ctx context.Context, r *alerts.Rehearsal, patient vitals.PatientID, from, to time.Time) (played int, err error) {
	scope := staffOf(ctx).Scope()
	singles, err := s.Records.Readings(ctx, scope, vitals.Query{
		Patient: patient, Kinds: alerts.RecalledKinds(), From: from.Add(-alerts.RecallSpan), To: from, Limit: simulatePage,
	})
	if err != nil {
		return 0, err
	}
	r.Recall(singles)
	q := vitals.Query{
		Patient: patient, Kinds: append(alerts.RecalledKinds(), simulatedStreams...), From: from, To: to, Limit: simulatePage,
	}
	for {
		page, err := s.Records.Readings(ctx, scope, q)
		if err != nil {
			return played, err
		}
		r.Play(page)
		played += len(page)
		if len(page) < simulatePage {
			return played, nil
		}
		if played >= simulateMost {
			return played, newProblem(http.StatusUnprocessableEntity, fmt.Sprintf("there are more than %d values; ask for fewer hours", simulateMost))
		}
		after := page[len(page)-1].Key()
		q.After = &after
	}
}

func viewVerdict(out *simulateOutput, v alerts.Verdict) {
	counts := func(all []alerts.Episode) map[alerts.Condition]int {
		return lo.CountValuesBy(all, func(e alerts.Episode) alerts.Condition { return e.Condition })
	}
	before, after := counts(v.Before), counts(v.After)
	out.Body.Before, out.Body.After = len(v.Before), len(v.After)
	out.Body.Counts = lo.FilterMap(alerts.Conditions(), func(c alerts.Condition, _ int) (alarmCountView, bool) {
		return alarmCountView{Condition: c, Label: c.Spec().Label, Before: before[c], After: after[c]}, before[c]+after[c] > 0
	})
	out.Body.Missed = lo.Map(v.Missed, func(e alerts.Episode, _ int) episodeView { return viewEpisode(e) })
	out.Body.Added = lo.Map(v.Added, func(e alerts.Episode, _ int) episodeView { return viewEpisode(e) })
}

func viewEpisode(e alerts.Episode) episodeView {
	view := episodeView{
		Condition: e.Condition, Label: e.Condition.Spec().Label, Priority: e.Priority.String(), From: e.From, Detail: e.Detail,
	}
	if !e.To.IsZero() {
		view.To = &e.To
	}
	return view
}
