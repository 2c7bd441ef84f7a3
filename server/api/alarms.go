package api

import (
	"context"
	"net/http"

	"github.com/samber/lo"

	"vigil/alerts"
	"vigil/vitals"
)

// AlarmRecords are the alarms in the database. What the scope does not cover is not found.
type AlarmRecords interface {
	// Alarms lists alarms, those that were raised last first.
	Alarms(ctx context.Context, scope vitals.Scope, q vitals.AlarmQuery) ([]alerts.Alarm, error)
	// Alarm finds an alarm.
	Alarm(ctx context.Context, scope vitals.Scope, id alerts.AlarmID) (alerts.Alarm, error)
}

// Commander carries out what people decide, on the node that owns the patient.
type Commander interface {
	// Command carries it out and returns what became of it once that is recorded. A refusal is an
	// *alerts.RefusedError; any other error means that nothing was recorded for certain.
	Command(ctx context.Context, p vitals.PatientID, c alerts.Command) (alerts.Answer, error)
}

type alarmsInput struct {
	Unit    vitals.UnitID    `query:"unit" doc:"Only this unit."`
	Patient vitals.PatientID `query:"patient" doc:"Only this patient."`
	State   string           `query:"state" enum:"open,closed,all" default:"open"`
	By      string           `query:"suppressed_by" maxLength:"26" doc:"Only those that this alarm explains, as an outage of the site does what is missing of its patients; none: only those that no other one explains."`
	Limit   int              `query:"limit" minimum:"1" maximum:"1000" default:"200"`
}

type alarmsOutput struct {
	Body struct {
		Alarms []alerts.View `json:"alarms" nullable:"false" doc:"Those that were raised last first."`
	}
}

type alarmOutput struct {
	Body struct {
		Alarm alerts.View `json:"alarm"`
	}
}

// conditionView is a condition with what screens offer of it.
type conditionView struct {
	Condition alerts.Condition `json:"condition"`
	Label     string           `json:"label" doc:"For people."`
	Type      string           `json:"type" enum:"physiological,technical,system"`
	Priority  string           `json:"priority" enum:"high,medium,low,info" doc:"An alarm of it may be more urgent."`
	CanBeOff  bool             `json:"can_be_off" doc:"It may be switched off for a while."`
	Single    bool             `json:"single" doc:"It rests on single readings: an alarm of it may be put off."`
}

type conditionsOutput struct {
	Body struct {
		Conditions []conditionView `json:"conditions" nullable:"false" doc:"The most urgent of a family first."`
	}
}

func (s *service) conditions(context.Context, *struct{}) (*conditionsOutput, error) {
	out := &conditionsOutput{}
	out.Body.Conditions = lo.Map(alerts.Conditions(), func(c alerts.Condition, _ int) conditionView {
		spec := c.Spec()
		return conditionView{
			Condition: c, Label: spec.Label, Type: spec.Type.String(), Priority: spec.Priority.String(), CanBeOff: c.CanBeOff(), Single: spec.Spot,
		}
	})
	return out, nil
}

func (s *service) registerAlarms() {
	register(s, route{http.MethodGet, "/alarms", "list-alarms", "Alarms of the units that the person sees.", 0, everyone}, s.listAlarms)
	register(s, route{http.MethodGet, "/conditions", "list-conditions", "What alarms can be about, and what people may decide about it.", 0, everyone}, s.conditions)
	s.registerCommands()
}

func (s *service) listAlarms(ctx context.Context, in *alarmsInput) (*alarmsOutput, error) {
	filter := map[string]vitals.AlarmFilter{"open": vitals.OpenAlarms, "closed": vitals.ClosedAlarms, "all": vitals.AllAlarms}[in.State]
	alarms, err := s.Records.Alarms(ctx, staffOf(ctx).Scope(), vitals.AlarmQuery{
		Unit: in.Unit, Patient: in.Patient, State: filter, Explained: in.By, Limit: in.Limit,
	})
	if err != nil {
		return nil, err
	}
	shown := lo.Reject(alarms, func(a alerts.Alarm, _ int) bool { return a.State == alerts.Pending })
	out := &alarmsOutput{}
	out.Body.Alarms = lo.Map(shown, func(a alerts.Alarm, _ int) alerts.View { return a.View() })
	return out, nil
}
