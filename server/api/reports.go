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

// ReportRecords are how alarms went. What the scope does not cover is not among them.
type ReportRecords interface {
	// Courses lists the alarms that were raised within the query's time, oldest first.
	Courses(ctx context.Context, scope vitals.Scope, q vitals.AlarmQuery) ([]alerts.Course, error)
}

// longestReport bounds how much one report reads: a quarter.
const longestReport = 92 * 24 * time.Hour

type reportInput struct {
	From time.Time       `query:"from" required:"true" doc:"Raised at that time or later."`
	To   time.Time       `query:"to" required:"true" doc:"Raised before; at most 92 days later."`
	Unit vitals.UnitID   `query:"unit" doc:"Only this unit."`
	By   alerts.ReportBy `query:"by" enum:"bed,unit,shift,condition" default:"unit" doc:"A shift is early from 6:00, late from 14:00, night from 22:00 by the unit's clock, and named by the day on which it began."`
}

type reportOutput struct {
	Body struct {
		Total    reportGroupView   `json:"total"`
		Groups   []reportGroupView `json:"groups" nullable:"false"`
		Patients int               `json:"patients" doc:"Who had any alarm."`
		TopShare float64           `json:"top_share" doc:"Share of the alarms that came from the tenth of these patients with the most."`
	}
}

type reportGroupView struct {
	Key         string                   `json:"key"`
	Raised      int                      `json:"raised"`
	Acked       float64                  `json:"acked" doc:"Share that somebody acknowledged."`
	SelfCleared float64                  `json:"self_cleared" doc:"Share that was over before anybody did."`
	Again       int                      `json:"again" doc:"How often one asked for attention again: re-alarmed, recurred or worsened."`
	AckSeconds  map[string]ackDelaysView `json:"ack_seconds" nullable:"false" doc:"From being raised to the first acknowledgement, by priority; of those that were acknowledged."`
}

type ackDelaysView struct {
	Acked int     `json:"acked"`
	P50   float64 `json:"p50"`
	P90   float64 `json:"p90"`
	P99   float64 `json:"p99"`
}

func (s *service) registerReports() {
	register(s, route{http.MethodGet, "/reports/alarms", "report-alarms", "How many alarms there were, how they went, and how long they waited for somebody.", 0, everyone}, s.reportAlarms)
}

func (s *service) reportAlarms(ctx context.Context, in *reportInput) (*reportOutput, error) {
	if length := in.To.Sub(in.From); length <= 0 || length > longestReport {
		return nil, fmt.Errorf("%w: to is not behind from, or more than 92 days later", ErrInvalid)
	}
	courses, err := s.Records.Courses(ctx, staffOf(ctx).Scope(), vitals.AlarmQuery{Unit: in.Unit, From: in.From, To: in.To})
	if err != nil {
		return nil, err
	}
	r := alerts.Report(courses, in.By)
	out := &reportOutput{}
	out.Body.Total, out.Body.Patients, out.Body.TopShare = viewGroup(r.Total), r.Patients, r.TopShare
	out.Body.Groups = lo.Map(r.Groups, func(g alerts.ReportGroup, _ int) reportGroupView { return viewGroup(g) })
	return out, nil
}

func viewGroup(g alerts.ReportGroup) reportGroupView {
	of := float64(max(1, g.Raised))
	return reportGroupView{
		Key: g.Key, Raised: g.Raised, Acked: float64(g.Acked) / of, SelfCleared: float64(g.SelfCleared) / of, Again: g.Again,
		AckSeconds: lo.MapEntries(g.Delays, func(p alerts.Priority, d alerts.AckDelays) (string, ackDelaysView) {
			return p.String(), ackDelaysView{d.Acked, d.P50.Seconds(), d.P90.Seconds(), d.P99.Seconds()}
		}),
	}
}
