package api

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/samber/lo"

	"vigil/alerts"
	"vigil/vitals"
)

// Sent is what every command carries.
type Sent struct {
	Command string `json:"cmd_id" minLength:"1" maxLength:"64" doc:"Chosen by the sender; repeating it repeats the answer."`
	Station string `json:"station" maxLength:"64" doc:"Where the command comes from."`
}

// SeenAlarm is what was on the screen of whoever commands something about an alarm.
type SeenAlarm struct {
	Sent

	SeenVersion  int    `json:"seen_version" minimum:"0" doc:"Version of the alarm that was on the screen."`
	SeenPriority string `json:"seen_priority" enum:"high,medium,low,info"`
}

type alarmCommandInput struct {
	ID   alerts.AlarmID `path:"id" maxLength:"64"`
	Body SeenAlarm
}

type acknowledgeInput struct {
	ID   alerts.AlarmID `path:"id" maxLength:"64"`
	Body struct {
		SeenAlarm

		AckReason alerts.AckReason `json:"ack_reason,omitempty" enum:"actioned,watching,artefact,wrong_limit" doc:"What it turned out to be, where that is known already."`
	}
}

type explainInput struct {
	ID   alerts.AlarmID `path:"id" maxLength:"64"`
	Body struct {
		SeenAlarm

		AckReason alerts.AckReason `json:"ack_reason" enum:"actioned,watching,artefact,wrong_limit" doc:"Something had to be done; it is so and is being watched; it was not so; it is usual for this patient."`
	}
}

type snoozeInput struct {
	ID   alerts.AlarmID `path:"id" maxLength:"64"`
	Body struct {
		SeenAlarm

		Seconds int `json:"seconds" enum:"0,900,3600" doc:"0: until the next reading."`
	}
}

type patientCommandInput struct {
	ID   vitals.PatientID `path:"id" maxLength:"64"`
	Body Sent
}

type ackLowInput struct {
	ID   vitals.PatientID `path:"id" maxLength:"64"`
	Body struct {
		Sent

		Seen []seenVersion `json:"seen" minItems:"1" maxItems:"64" nullable:"false" doc:"The alarms, each as it was on the screen."`
	}
}

type seenVersion struct {
	Alarm   alerts.AlarmID `json:"alarm" maxLength:"64"`
	Version int            `json:"version" minimum:"0"`
}

type eachOutput struct {
	Body struct {
		Each []alerts.EachView `json:"each" nullable:"false" doc:"What became of each, in the same order."`
	}
}

type pauseInput struct {
	ID   vitals.PatientID `path:"id" maxLength:"64"`
	Body struct {
		Sent

		Seconds int `json:"seconds" minimum:"0" doc:"Up to 120; 0: the pause is over."`
	}
}

type standbyInput struct {
	ID   vitals.PatientID `path:"id" maxLength:"64"`
	Body struct {
		Sent

		Seconds int    `json:"seconds" minimum:"1" doc:"Up to 3600."`
		Where   string `json:"where" maxLength:"200" doc:"Where the patient is."`
	}
}

type alarmOffInput struct {
	ID   vitals.PatientID `path:"id" maxLength:"64"`
	Body struct {
		Sent

		Condition alerts.Condition `json:"condition" maxLength:"64"`
		Seconds   int              `json:"seconds" minimum:"1" doc:"Up to 86400."`
		Reason    string           `json:"reason" maxLength:"500"`
	}
}

type alarmOnInput struct {
	ID   vitals.PatientID `path:"id" maxLength:"64"`
	Body struct {
		Sent

		Condition alerts.Condition `json:"condition" maxLength:"64"`
	}
}

type careOutput struct {
	Body struct {
		Care alerts.CareView `json:"care"`
	}
}

func (s *service) registerCommands() {
	post := func(path, id, summary string) route {
		return route{http.MethodPost, path, id, summary, 0, everyone} // who may is decided with the alarm
	}
	register(s, post("/alarms/{id}/ack", "acknowledge-alarm", "I have seen this and take it."), s.acknowledge)
	register(s, post("/alarms/{id}/explain", "explain-alarm", "Say what an alarm was that was acknowledged, also when it is over."), s.explain)
	register(s, post("/alarms/{id}/unack", "unacknowledge-alarm", "I cannot go: let it call again."), s.unacknowledge)
	register(s, post("/alarms/{id}/snooze", "snooze-alarm", "Put off an alarm of a single reading."), s.snooze)
	register(s, post("/patients/{id}/ack-low", "acknowledge-low", "I have seen these alarms of low priority and take them. What is more urgent is taken one at a time."), s.acknowledgeLow)
	register(s, post("/patients/{id}/audio-pause", "pause-audio", "Silence the patient's alarms at all stations for a moment."), s.pauseAudio)
	register(s, post("/patients/{id}/standby", "begin-standby", "The patient is away."), s.standby)
	register(s, post("/patients/{id}/resume", "end-standby", "The patient is back."), s.resume)
	register(s, post("/patients/{id}/alarm-off", "switch-alarm-off", "Switch a condition off for a while; never a lethal one."), s.alarmOff)
	register(s, post("/patients/{id}/alarm-on", "switch-alarm-on", "Switch a condition on again."), s.alarmOn)
}

// commandAlarm sends a command about an alarm of the person's units to its owner.
func (s *service) commandAlarm(ctx context.Context, id alerts.AlarmID, seen SeenAlarm, c alerts.Command) (*alarmOutput, error) {
	alarm, err := s.Records.Alarm(ctx, staffOf(ctx).Scope(), id)
	if err != nil {
		return nil, err
	}
	c.Alarm, c.SeenVersion = id, seen.SeenVersion
	c.SeenPriority, _ = alerts.PriorityByName(seen.SeenPriority) // the enum allows no other
	who := staffOf(ctx)
	if !alerts.May(who.Role, c.Kind, alarm.Condition.Spec().Type, alarm.AckedBy == string(who.ID)) {
		return nil, errForbidden
	}
	a, err := s.command(ctx, alarm.Patient, seen.Sent, c)
	if refused, is := errors.AsType[*alerts.RefusedError](err); is {
		err = refused.Known(alarm)
	}
	if err != nil {
		return nil, err
	}
	out := &alarmOutput{}
	out.Body.Alarm = a.Alarm.View()
	return out, nil
}

// commandCare sends a command about a patient of the person's units to their owner.
func (s *service) commandCare(ctx context.Context, id vitals.PatientID, by Sent, c alerts.Command) (*careOutput, error) {
	a, err := s.commandPatient(ctx, id, by, c)
	if err != nil {
		return nil, err
	}
	out := &careOutput{}
	out.Body.Care = a.Care.View()
	return out, nil
}

func (s *service) commandPatient(ctx context.Context, id vitals.PatientID, by Sent, c alerts.Command) (alerts.Answer, error) {
	if _, err := s.Records.Patient(ctx, staffOf(ctx).Scope(), id); err != nil {
		return alerts.Answer{}, err
	}
	if !alerts.May(staffOf(ctx).Role, c.Kind, alerts.Physiological, false) {
		return alerts.Answer{}, errForbidden
	}
	return s.command(ctx, id, by, c)
}

func (s *service) command(ctx context.Context, p vitals.PatientID, by Sent, c alerts.Command) (alerts.Answer, error) {
	who := staffOf(ctx)
	c.ID, c.Station = by.Command, by.Station
	c.Actor, c.ActorName, c.Role = string(who.ID), who.Name, who.Role
	return s.Alarms.Command(ctx, p, c)
}

func (s *service) acknowledge(ctx context.Context, in *acknowledgeInput) (*alarmOutput, error) {
	return s.commandAlarm(ctx, in.ID, in.Body.SeenAlarm, alerts.Command{Kind: alerts.Acknowledge, AckReason: in.Body.AckReason})
}

func (s *service) explain(ctx context.Context, in *explainInput) (*alarmOutput, error) {
	return s.commandAlarm(ctx, in.ID, in.Body.SeenAlarm, alerts.Command{Kind: alerts.Explain, AckReason: in.Body.AckReason})
}

func (s *service) unacknowledge(ctx context.Context, in *alarmCommandInput) (*alarmOutput, error) {
	return s.commandAlarm(ctx, in.ID, in.Body, alerts.Command{Kind: alerts.Unacknowledge})
}

func (s *service) snooze(ctx context.Context, in *snoozeInput) (*alarmOutput, error) {
	return s.commandAlarm(ctx, in.ID, in.Body.SeenAlarm, alerts.Command{Kind: alerts.Snooze, For: lasting(in.Body.Seconds)})
}

func (s *service) acknowledgeLow(ctx context.Context, in *ackLowInput) (*eachOutput, error) {
	a, err := s.commandPatient(ctx, in.ID, in.Body.Sent, alerts.Command{
		Kind: alerts.AcknowledgeLow, Seen: lo.Map(in.Body.Seen, func(v seenVersion, _ int) alerts.SeenAlarm { return alerts.SeenAlarm(v) }),
	})
	if err != nil {
		return nil, err
	}
	out := &eachOutput{}
	out.Body.Each = lo.Map(a.Each, func(x alerts.Each, _ int) alerts.EachView { return x.View() })
	return out, nil
}

func (s *service) pauseAudio(ctx context.Context, in *pauseInput) (*careOutput, error) {
	return s.commandCare(ctx, in.ID, in.Body.Sent, alerts.Command{Kind: alerts.PauseAudio, For: lasting(in.Body.Seconds)})
}

func (s *service) standby(ctx context.Context, in *standbyInput) (*careOutput, error) {
	return s.commandCare(ctx, in.ID, in.Body.Sent, alerts.Command{
		Kind: alerts.Standby, For: lasting(in.Body.Seconds), Where: in.Body.Where,
	})
}

func (s *service) resume(ctx context.Context, in *patientCommandInput) (*careOutput, error) {
	return s.commandCare(ctx, in.ID, in.Body, alerts.Command{Kind: alerts.Resume})
}

func (s *service) alarmOff(ctx context.Context, in *alarmOffInput) (*careOutput, error) {
	return s.commandCare(ctx, in.ID, in.Body.Sent, alerts.Command{
		Kind: alerts.AlarmOff, Condition: in.Body.Condition, For: lasting(in.Body.Seconds), Reason: in.Body.Reason,
	})
}

func (s *service) alarmOn(ctx context.Context, in *alarmOnInput) (*careOutput, error) {
	return s.commandCare(ctx, in.ID, in.Body.Sent, alerts.Command{Kind: alerts.AlarmOn, Condition: in.Body.Condition})
}

// lasting is so many seconds, which are few: what does not fit in a command's bounds is refused with it.
func lasting(seconds int) time.Duration { return time.Duration(min(seconds, maxSeconds)) * time.Second }

const maxSeconds = 7 * 24 * 60 * 60 // beyond what any command allows
