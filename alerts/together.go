package alerts

import (
	"fmt"
	"time"
)

// Alarms of LOW priority of one patient are acknowledged with one press, each as it was on the screen of whoever
// pressed. What is more urgent is taken one at a time: a person looks at each. One that has become more
// urgent, or that somebody else has, is refused by itself and holds up none of the others.

// MostTogether is how many alarms one command may name; more than a patient can have of LOW priority.
const MostTogether = 64

// SeenAlarm is an alarm as it was on a screen.
type SeenAlarm struct {
	Alarm   AlarmID
	Version int
}

// Each is what became of one of the alarms that were to be acknowledged together.
type Each struct {
	ID      AlarmID
	Alarm   Alarm       // as it is then; the zero Alarm where it is not known
	Refused RefusalCode // empty: it is acknowledged
}

// EachView is an Each as browsers and other programs see it.
type EachView struct {
	Alarm AlarmID     `json:"alarm"`
	Code  RefusalCode `json:"code,omitempty" doc:"Why it was refused; absent where it is acknowledged."`
	Now   *View       `json:"now,omitempty" doc:"As it is, where it is known."`
}

// View is what others see.
func (x Each) View() EachView {
	v := EachView{Alarm: x.ID, Code: x.Refused}
	if x.Alarm.ID != "" {
		v.Now = new(x.Alarm.View())
	}
	return v
}

// commandLow acknowledges the alarms of LOW priority that the command names.
func (e *Engine) commandLow(c Command, now time.Time) ([]Each, error) {
	switch {
	case !May(c.Role, c.Kind, Technical, false):
		return nil, &RefusedError{Code: Forbidden}
	case len(c.Seen) == 0 || len(c.Seen) > MostTogether:
		return nil, unfit(fmt.Sprintf("want 1 to %d alarms", MostTogether))
	}
	one := c
	one.Kind, one.SeenPriority, one.Seen = Acknowledge, Low, nil
	all := make([]Each, 0, len(c.Seen))
	for _, seen := range c.Seen {
		one.Alarm, one.SeenVersion = seen.Alarm, seen.Version
		x := Each{ID: seen.Alarm}
		done, err := e.commandAlarm(one, now)
		if done != nil {
			x.Alarm = *done
		}
		if refused, is := err.(*RefusedError); is { //nolint:errorlint // made by the engine, never wrapped
			x.Alarm, x.Refused = refused.Current, refused.Code
		}
		all = append(all, x)
	}
	return all, nil
}
