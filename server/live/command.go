package live

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/samber/lo"

	"vigil/alerts"
	"vigil/vitals"
)

// subject is what a command is about.
type subject int

const (
	anAlarm   subject = iota // it is named, with what was on the screen
	aPatient                 // is named
	theScreen                // that says it
)

// ops are the words for what a person may want.
var ops = map[string]struct {
	kind  alerts.CommandKind
	about subject
}{
	"ack": {alerts.Acknowledge, anAlarm}, "unack": {alerts.Unacknowledge, anAlarm}, "snooze": {alerts.Snooze, anAlarm},
	"explain": {alerts.Explain, anAlarm},
	"ack_low": {alerts.AcknowledgeLow, aPatient},
	"pause":   {alerts.PauseAudio, aPatient}, "standby": {alerts.Standby, aPatient}, "resume": {alerts.Resume, aPatient},
	"alarm_off": {alerts.AlarmOff, aPatient}, "alarm_on": {alerts.AlarmOn, aPatient},
	"pause_station": {alerts.PauseAudio, theScreen},
}

// Bounds of what a screen may say in a command.
const (
	maxWords   = 500
	maxSeconds = 7 * 24 * 60 * 60 // beyond what any command allows
)

func refuse(r request, code, message string) result {
	return result{Command: r.Command, Code: code, Message: message}
}

// command carries out what somebody at the screen wants, and answers it.
func (v *viewer) command(ctx context.Context, r request) result {
	op, known := ops[r.Op]
	priority, named := alerts.PriorityByName(r.SeenPriority)
	unreadable := !known || r.Command == "" || (op.about == anAlarm) != named || len(r.Where)+len(r.Reason) > maxWords || r.Seconds < 0 || r.Seconds > maxSeconds
	reasonless := r.AckReason == "" && op.kind != alerts.Explain // which others may be
	if unreadable || !reasonless && !r.AckReason.Valid() {
		return refuse(r, "bad_request", "want a known op with cmd_id, and alarm, seen_version and seen_priority, or patient")
	}
	if op.about == theScreen {
		return v.pause(r)
	}
	patient, about, err := v.subject(ctx, op.about, r)
	switch {
	case errors.Is(err, vitals.ErrNotFound):
		return refuse(r, "unknown", "no such alarm or patient in this unit")
	case err != nil:
		v.log.Warn("alarm of a command could not be looked up", "op", op.kind, "error", err)
		return refuse(r, "unavailable", "not done: try again")
	case !alerts.May(v.staff.Role, op.kind, about.Condition.Spec().Type, about.AckedBy == string(v.staff.ID)):
		return refuse(r, "forbidden", fmt.Sprintf("a %s may not do this", v.staff.Role))
	}
	a, err := v.socket.commands.Command(ctx, patient, alerts.Command{
		Kind: op.kind, ID: r.Command, Alarm: r.Alarm, SeenVersion: r.SeenVersion, SeenPriority: priority,
		Seen:      lo.Map(r.Seen, func(s seenAlarm, _ int) alerts.SeenAlarm { return alerts.SeenAlarm(s) }),
		Condition: r.Condition, For: time.Duration(r.Seconds) * time.Second, Where: r.Where, Reason: r.Reason, AckReason: r.AckReason,
		Actor: string(v.staff.ID), ActorName: v.staff.Name, Role: v.staff.Role, Station: v.station,
	})
	refused, is := errors.AsType[*alerts.RefusedError](err)
	switch {
	case is:
		refused = refused.Known(about)
		res := refuse(r, string(refused.Code), refused.Error())
		if refused.Current.ID != "" {
			res.Alarm = new(refused.Current.View())
		}
		return res
	case err != nil:
		v.log.Warn("command could not be recorded", "op", op.kind, "error", err)
		return refuse(r, "unavailable", "not done: try again")
	default:
		return done(r, op.about, a)
	}
}

// done answers a command that was carried out.
func done(r request, about subject, a alerts.Answer) result {
	res := result{Command: r.Command, OK: true}
	switch {
	case about == anAlarm:
		res.Alarm = new(a.Alarm.View())
	case len(a.Each) > 0:
		res.Each = lo.Map(a.Each, func(x alerts.Each, _ int) alerts.EachView { return x.View() })
	default:
		res.Care = new(a.Care.View())
	}
	return res
}

// subject is the patient of the unit whom the command is about, and the alarm, which may be over. An alarm about
// Vigil itself is of nobody, and everybody's or one unit's. What is not of the unit wraps vitals.ErrNotFound.
func (v *viewer) subject(ctx context.Context, about subject, r request) (vitals.PatientID, alerts.Alarm, error) {
	if about == aPatient {
		return r.Patient, alerts.Alarm{}, v.ofUnit(v.feed.cares(v.unit, r.Patient))
	}
	a, shown := v.feed.alarm(v.unit, r.Alarm)
	if !shown {
		var err error
		if a, err = v.feed.store.AlarmByID(ctx, r.Alarm); err != nil {
			return "", a, fmt.Errorf("look up alarm %s: %w", r.Alarm, err)
		}
	}
	if a.Patient == alerts.Nobody {
		return a.Patient, a, v.ofUnit(a.Site == "" || a.Site == string(v.unit))
	}
	return a.Patient, a, v.ofUnit(v.feed.cares(v.unit, a.Patient))
}

func (v *viewer) ofUnit(is bool) error {
	if !is {
		return fmt.Errorf("in unit %s: %w", v.unit, vitals.ErrNotFound)
	}
	return nil
}

// cares reports whether the patient is one of the unit.
func (f *Feed) cares(unit vitals.UnitID, p vitals.PatientID) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	of, known := f.units[p]
	return known && of == unit
}
