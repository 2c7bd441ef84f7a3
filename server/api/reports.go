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
	// Period gathers what happened within the query's time.
	Period(ctx context.Context, scope vitals.Scope, q vitals.AlarmQuery) (alerts.Period, error)
}

// longestReport bounds how much one report reads: a quarter.
const longestReport = 92 * 24 * time.Hour

type reportInput struct {
	From time.Time       `query:"from" required:"true" doc:"Raised at that time or later."`
	To   time.Time       `query:"to" required:"true" doc:"Raised before; at most 92 days later."`
	Unit vitals.UnitID   `query:"unit" doc:"Only this unit."`
	By   alerts.ReportBy `query:"by" enum:"bed,unit,shift,condition,patient" default:"unit" doc:"A shift is early from 6:00, late from 14:00, night from 22:00 by the unit's clock, and named by the day on which it began."`
}

type reportOutput struct {
	Body struct {
		Total    reportGroupView   `json:"total"`
		Groups   []reportGroupView `json:"groups" nullable:"false"`
		Patients int               `json:"patients" doc:"Who had any alarm."`
		TopShare float64           `json:"top_share" doc:"Share of the alarms that came from the tenth of these patients with the most."`
		Targets  []targetView      `json:"targets" nullable:"false" doc:"What a ward should keep to, and what it does."`
	}
}

type reportGroupView struct {
	Key         string                   `json:"key"`
	Raised      int                      `json:"raised" doc:"Without what is for information only."`
	Sounded     int                      `json:"sounded" doc:"At one station at least."`
	Notified    int                      `json:"notifications" doc:"Calls to people."`
	Escalated   int                      `json:"escalated" doc:"Alarms that came to step 2 of their escalation, or further: neither the nurse nor the buddy took them."`
	Dropped     int                      `json:"dropped_by_delay" doc:"How often a condition was over before its delay was, so that nobody was told. The audit hears of them by the hour."`
	BedDays     float64                  `json:"bed_days" doc:"That patients were under care; of a condition, all of them."`
	Silent      float64                  `json:"silent_minutes" doc:"In which no station of a unit could be heard; by unit and shift."`
	Reasons     map[string]int           `json:"reasons" nullable:"false" doc:"What alarms turned out to be, as those said who acknowledged them."`
	Actionable  *float64                 `json:"actionable" doc:"Share of these that something had to be done about; null where nobody has said anything."`
	Acked       float64                  `json:"acked" doc:"Share that somebody acknowledged."`
	SelfCleared float64                  `json:"self_cleared" doc:"Share that was over before anybody did."`
	Again       int                      `json:"again" doc:"How often one asked for attention again: re-alarmed, recurred or worsened."`
	AckSeconds  map[string]ackDelaysView `json:"ack_seconds" nullable:"false" doc:"From being raised to the first acknowledgement, by priority; of those that were acknowledged."`
}

type ackDelaysView struct {
	Acked int     `json:"acked"`
	P50   float64 `json:"p50"`
	P90   float64 `json:"p90"`
	P95   float64 `json:"p95"`
	P99   float64 `json:"p99"`
}

type targetView struct {
	Name   string   `json:"name" enum:"notifications_per_bed_day,high_ack_p50_seconds,high_ack_p95_seconds,last_step_per_week"`
	AtMost float64  `json:"at_most"`
	Is     *float64 `json:"is" doc:"null where there is nothing to judge by."`
	Met    *bool    `json:"met"`
}

func (s *service) registerReports() {
	register(s, route{http.MethodGet, "/reports/alarms", "report-alarms", "How many alarms there were, how they went, and how long they waited for somebody.", 0, everyone}, s.reportAlarms)
}

func (s *service) reportAlarms(ctx context.Context, in *reportInput) (*reportOutput, error) {
	if length := in.To.Sub(in.From); length <= 0 || length > longestReport {
		return nil, fmt.Errorf("%w: to is not behind from, or more than 92 days later", ErrInvalid)
	}
	period, err := s.Records.Period(ctx, staffOf(ctx).Scope(), vitals.AlarmQuery{Unit: in.Unit, From: in.From, To: in.To})
	if err != nil {
		return nil, err
	}
	r := alerts.Report(period, in.By)
	out := &reportOutput{}
	out.Body.Total, out.Body.Patients, out.Body.TopShare = viewGroup(r.Total), r.Patients, r.TopShare
	out.Body.Groups = lo.Map(r.Groups, func(g alerts.ReportGroup, _ int) reportGroupView { return viewGroup(g) })
	out.Body.Targets = lo.Map(r.Targets(), func(t alerts.Target, _ int) targetView { return viewTarget(t) })
	return out, nil
}

func viewTarget(t alerts.Target) targetView {
	v := targetView{Name: t.Name, AtMost: t.AtMost}
	if t.Known {
		v.Is, v.Met = &t.Is, new(t.Is <= t.AtMost)
	}
	return v
}

func viewGroup(g alerts.ReportGroup) reportGroupView {
	of := float64(max(1, g.Raised))
	var actionable *float64
	if n := g.Explained(); n > 0 {
		actionable = new(float64(g.Reasons[alerts.Actioned]) / float64(n))
	}
	return reportGroupView{
		Key: g.Key, Sounded: g.Sounded, Notified: g.Notified, Escalated: g.Escalated, Dropped: g.Dropped,
		BedDays: g.BedDays, Silent: g.Silent.Minutes(), Actionable: actionable,
		Reasons: lo.MapKeys(g.Reasons, func(_ int, r alerts.AckReason) string { return string(r) }),
		Raised:  g.Raised, Acked: float64(g.Acked) / of, SelfCleared: float64(g.SelfCleared) / of, Again: g.Again,
		AckSeconds: lo.MapEntries(g.Delays, func(p alerts.Priority, d alerts.AckDelays) (string, ackDelaysView) {
			return p.String(), ackDelaysView{d.Acked, d.P50.Seconds(), d.P90.Seconds(), d.P95.Seconds(), d.P99.Seconds()}
		}),
	}
}
