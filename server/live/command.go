package live

import (
	"context"
	"errors"
	"fmt"
	"time"

	"vigil/alerts"
	"vigil/vitals"
)

// ops are the words for what a person may want. Those about an alarm name it, with what was on the screen;
// the others name the patient.
var ops = map[string]struct {
	kind  alerts.CommandKind
	alarm bool
}{
	"ack": {alerts.Acknowledge, true}, "unack": {alerts.Unacknowledge, true}, "snooze": {alerts.Snooze, true},
	"pause": {alerts.PauseAudio, false}, "standby": {alerts.Standby, false}, "resume": {alerts.Resume, false},
	"alarm_off": {alerts.AlarmOff, false}, "alarm_on": {alerts.AlarmOn, false},
}

// Bounds of what a screen may say in a command.
const (
	maxWords   = 500
	maxSeconds = 7 * 24 * 60 * 60 // beyond what any command allows
)

// command carries out what somebody at the screen wants, and answers it.
func (v *viewer) command(ctx context.Context, r request) result {
	refuse := func(code, message string) result {
		return result{Command: r.Command, Code: code, Message: message}
	}
	op, known := ops[r.Op]
	priority, named := alerts.PriorityByName(r.SeenPriority)
	if !known || r.Command == "" || op.alarm != named || len(r.Where)+len(r.Reason) > maxWords || r.Seconds < 0 || r.Seconds > maxSeconds {
		return refuse("bad_request", "want a known op with cmd_id, and alarm, seen_version and seen_priority, or patient")
	}
	patient, about, known := v.subject(ctx, op.alarm, r)
	switch {
	case !known:
		return refuse("unknown", "no such alarm or patient in this unit")
	case !alerts.May(v.staff.Role, op.kind, about.Condition.Spec().Type, about.AckedBy == string(v.staff.ID)):
		return refuse("forbidden", fmt.Sprintf("a %s may not do this", v.staff.Role))
	}
	a, err := v.socket.commands.Command(ctx, patient, alerts.Command{
		Kind: op.kind, ID: r.Command, Alarm: r.Alarm, SeenVersion: r.SeenVersion, SeenPriority: priority,
		Condition: r.Condition, For: time.Duration(r.Seconds) * time.Second, Where: r.Where, Reason: r.Reason,
		Actor: string(v.staff.ID), ActorName: v.staff.Name, Role: v.staff.Role, Station: v.station,
	})
	refused, is := errors.AsType[*alerts.RefusedError](err)
	switch {
	case is:
		res := refuse(string(refused.Code), refused.Error())
		if refused.Current.ID != "" {
			res.Alarm = new(refused.Current.View())
		}
		return res
	case err != nil:
		v.log.Warn("command could not be recorded", "op", op.kind, "error", err)
		return refuse("unavailable", "not done: try again")
	case op.alarm:
		return result{Command: r.Command, OK: true, Alarm: new(a.Alarm.View())}
	default:
		return result{Command: r.Command, OK: true, Care: new(a.Care.View())}
	}
}

// subject is the patient of the unit whom the command is about, and the alarm, which may be over. An alarm about
// Vigil itself is of nobody, and everybody's or one unit's.
func (v *viewer) subject(ctx context.Context, alarm bool, r request) (vitals.PatientID, alerts.Alarm, bool) {
	if !alarm {
		return r.Patient, alerts.Alarm{}, v.feed.cares(v.unit, r.Patient)
	}
	a, shown := v.feed.alarm(v.unit, r.Alarm)
	if !shown {
		var err error
		if a, err = v.feed.store.AlarmByID(ctx, r.Alarm); err != nil {
			return "", a, false
		}
	}
	if a.Patient == alerts.Nobody {
		return a.Patient, a, a.Site == "" || a.Site == string(v.unit)
	}
	return a.Patient, a, v.feed.cares(v.unit, a.Patient)
}

// cares reports whether the patient is one of the unit.
func (f *Feed) cares(unit vitals.UnitID, p vitals.PatientID) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	of, known := f.units[p]
	return known && of == unit
}
