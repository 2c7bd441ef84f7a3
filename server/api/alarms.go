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

// Acknowledger carries out what nurses decide, on the node that owns the patient.
type Acknowledger interface {
	// Acknowledge records the acknowledgement and returns the alarm as it is then. A refusal is an
	// *alerts.AckError; any other error means that nothing was recorded for certain.
	Acknowledge(ctx context.Context, p vitals.PatientID, a alerts.Acknowledgement) (alerts.Alarm, error)
}

type alarmsInput struct {
	Unit    vitals.UnitID    `query:"unit" doc:"Only this unit."`
	Patient vitals.PatientID `query:"patient" doc:"Only this patient."`
	State   string           `query:"state" enum:"open,closed,all" default:"open"`
	Limit   int              `query:"limit" minimum:"1" maximum:"1000" default:"200"`
}

type alarmsOutput struct {
	Body struct {
		Alarms []alerts.View `json:"alarms" nullable:"false" doc:"Those that were raised last first."`
	}
}

type acknowledgeInput struct {
	ID   alerts.AlarmID `path:"id" maxLength:"64"`
	Body struct {
		Command      string `json:"cmd_id" minLength:"1" maxLength:"64" doc:"Chosen by the sender; repeating it repeats the answer."`
		SeenVersion  int    `json:"seen_version" minimum:"0" doc:"Version of the alarm that was on the screen."`
		SeenPriority string `json:"seen_priority" enum:"high,medium,low,info"`
		Station      string `json:"station" maxLength:"64" doc:"Where the command comes from."`
	}
}

type alarmOutput struct {
	Body struct {
		Alarm alerts.View `json:"alarm"`
	}
}

func (s *service) registerAlarms() {
	register(s, route{http.MethodGet, "/alarms", "list-alarms", "Alarms of the units that the person sees.", 0, everyone}, s.listAlarms)
	register(s, route{http.MethodPost, "/alarms/{id}/ack", "acknowledge-alarm", "I have seen this and take it.", 0, everyone}, s.acknowledge)
}

func (s *service) listAlarms(ctx context.Context, in *alarmsInput) (*alarmsOutput, error) {
	filter := map[string]vitals.AlarmFilter{"open": vitals.OpenAlarms, "closed": vitals.ClosedAlarms, "all": vitals.AllAlarms}[in.State]
	alarms, err := s.Records.Alarms(ctx, staffOf(ctx).Scope(), vitals.AlarmQuery{
		Unit: in.Unit, Patient: in.Patient, State: filter, Limit: in.Limit,
	})
	if err != nil {
		return nil, err
	}
	shown := lo.Reject(alarms, func(a alerts.Alarm, _ int) bool { return a.State == alerts.Pending })
	out := &alarmsOutput{}
	out.Body.Alarms = lo.Map(shown, func(a alerts.Alarm, _ int) alerts.View { return a.View() })
	return out, nil
}

func (s *service) acknowledge(ctx context.Context, in *acknowledgeInput) (*alarmOutput, error) {
	who := staffOf(ctx)
	alarm, err := s.Records.Alarm(ctx, who.Scope(), in.ID)
	if err != nil {
		return nil, err
	}
	if !alerts.MayAcknowledge(who.Role, alarm.Condition.Spec().Type) {
		return nil, errForbidden
	}
	seen, _ := alerts.PriorityByName(in.Body.SeenPriority) // the enum allows no other
	after, err := s.Alarms.Acknowledge(ctx, alarm.Patient, alerts.Acknowledgement{
		Alarm: in.ID, Command: in.Body.Command, SeenVersion: in.Body.SeenVersion, SeenPriority: seen,
		Actor: string(who.ID), ActorName: who.Name, Station: in.Body.Station,
	})
	if err != nil {
		return nil, err
	}
	out := &alarmOutput{}
	out.Body.Alarm = after.View()
	return out, nil
}
