package alerts

import (
	"slices"
	"strconv"
	"time"

	"vigil/vitals"
)

// What people decide about a whole patient: a moment of silence, a condition that is not alarmed, an absence. The
// bounds are those of the alarm specification; each decision ends by itself.
const (
	// MostPause is how long a patient's alarms may be silent at all stations.
	MostPause = 120 * time.Second
	// MostOff is how long a condition may be switched off.
	MostOff = 24 * time.Hour
	// MostStandby is how long a patient may be away.
	MostStandby = time.Hour
	// backAfter is for how long the signal of a patient who was away must be good for them to count as back.
	backAfter = 180 * time.Second
)

// Care is what people have decided about a patient. Who watches the patient keeps it, and it is never
// changed in place.
type Care struct {
	Patient vitals.PatientID
	Version int // +1 at each change; 0: nobody has decided anything
	Changed time.Time
	Away    Decided // standby; where the patient is
	Paused  Decided // audio pause
	Off     []Off   // in the order in which they were switched off
}

// noCare is what was decided about a patient of whom nobody has decided anything. It never changes.
var noCare Care

// Decided is a decision that ends by itself. The zero Decided is none.
type Decided struct {
	Since, Until time.Time
	By, ByName   string
	Where        string // of an absence
}

// Off is a condition that is not alarmed for a while.
type Off struct {
	Decided
	Condition Condition
	Reason    string
	// Called is when a call for help was made meanwhile, which is told when the condition is alarmed again; zero:
	// none. It is made once, so nothing else would bring it back to whoever watches then.
	Called time.Time `json:",omitzero"`
}

// CareChange is one change of a patient's care.
type CareChange struct {
	Kind                    CommandKind // what was done; what has no actor came by itself, as CallHeld does
	Care                    Care        // as it is then
	At                      time.Time   // server time
	Actor, Command, Station string
	Reason                  string
}

// Lasts reports whether the decision is in force. One that will only be made was made before the clock was set back:
// nobody knows how long it would last by now, and what it keeps from people may not wait for as long as that was.
func (d Decided) Lasts(now time.Time) bool {
	return now.Before(d.Until) && !now.Before(d.Since.Add(-stepBack))
}

// standsOff reports whether the condition is switched off.
func (c Care) standsOff(condition Condition, now time.Time) bool {
	return slices.ContainsFunc(c.Off, func(o Off) bool { return o.Condition == condition && o.Lasts(now) })
}

// RestoreCare continues what people had decided.
func (e *Engine) RestoreCare(c Care) {
	e.care = &c
	for _, off := range c.Off {
		if !off.Called.IsZero() && off.Condition.Call() {
			e.episode(key{condition: off.Condition}).await(off.Called)
		}
	}
}

// Care is what people have decided about the patient.
func (e *Engine) Care() Care { return *e.care }

// muted reports whether people have decided that the condition is not to be raised now. Of a patient who is
// away only what kills is, as soon as there is a signal that shows it, and a call for help: it could not wait
// for the patient to be back, because it is made once, and whoever watches may be another one by then.
func (e *Engine) muted(r *rule, now time.Time) bool {
	return e.care.standsOff(r.condition, now) || e.care.Away.Lasts(now) && !r.Lethal && !r.condition.Call()
}

// commandCare decides what is about the whole patient.
func (e *Engine) commandCare(c Command, now time.Time) error {
	if !May(c.Role, c.Kind, Physiological, false) {
		return &RefusedError{Code: Forbidden}
	}
	next := *e.care
	decided := Decided{Since: now, Until: now.Add(c.For), By: c.Actor, ByName: c.ActorName, Where: c.Where}
	switch c.Kind {
	case PauseAudio:
		if c.For < 0 || c.For > MostPause {
			return unfit("an audio pause lasts up to " + seconds(MostPause))
		}
		next.Paused = Decided{}
		if c.For > 0 {
			next.Paused = decided
		}
	case Standby:
		if c.For <= 0 || c.For > MostStandby || c.Where == "" {
			return unfit("a standby says where the patient is and lasts up to " + seconds(MostStandby))
		}
		next.Away, e.goodSince = decided, time.Time{}
	case Resume:
		next.Away = Decided{}
	case AlarmOff:
		if err := mayBeOff(c); err != nil {
			return err
		}
		next.Off = append(without(next.Off, c.Condition), Off{
			Decided: decided, Condition: c.Condition, Reason: c.Reason, Called: next.called(c.Condition),
		})
	case AlarmOn:
		next.Off = without(next.Off, c.Condition)
	default:
		return unfit("there is no such command")
	}
	e.decide(CareChange{Kind: c.Kind, Care: next, Actor: c.Actor, Command: c.ID, Station: c.Station, Reason: c.Reason}, now)
	switch c.Kind {
	case AlarmOff:
		e.switchOff(c, now)
	case AlarmOn: // what waited for it is recorded with it, or would be lost in between
		e.tickCalls(now)
	default:
	}
	return nil
}

// mayBeOff says why a condition may not be switched off.
func mayBeOff(c Command) error {
	switch {
	case c.Condition.Spec().Type != Physiological:
		return unfit("what is not about the patient cannot be switched off")
	case !c.Condition.CanBeOff():
		return unfit(c.Condition.Spec().Label + " can never be switched off")
	case c.Reason == "":
		return unfit("switching an alarm off needs a reason")
	case c.For <= 0 || c.For > MostOff:
		return unfit("an alarm is off for up to " + seconds(MostOff))
	}
	return nil
}

// CanBeOff reports whether the condition may be switched off at all.
func (c Condition) CanBeOff() bool {
	spec := c.Spec()
	return spec.Type == Physiological && !spec.Lethal
}

func seconds(d time.Duration) string { return strconv.Itoa(int(d/time.Second)) + " s" }

func without(off []Off, c Condition) []Off {
	return slices.DeleteFunc(slices.Clone(off), func(o Off) bool { return o.Condition == c })
}

// switchOff ends the alarms of a condition that somebody has switched off.
func (e *Engine) switchOff(c Command, now time.Time) {
	for _, p := range e.episodes {
		if p.rule.condition == c.Condition && p.alarm.State.Open() {
			p.alarm.Command = c.ID
			e.emit(p.close(ClosedOff, now).by(c))
		}
	}
	e.relate(now)
}

// decide makes the change the patient's care. This is the one place where its version grows.
func (e *Engine) decide(c CareChange, now time.Time) {
	c.Care.Patient = e.patient
	c.Care.Version++
	c.Care.Changed = later(e.care.Changed, now)
	c.At = c.Care.Changed
	e.care = new(c.Care)
	e.out.Care = append(e.out.Care, c)
}

// tickCare ends what has lasted long enough, and what the server's clock was set back behind. Whoever was away is back
// when the signal has been good for a while.
func (e *Engine) tickCare(now time.Time) {
	if away := e.care.Away; !away.Until.IsZero() {
		e.noteSignal(now)
		if !away.Lasts(now) || !e.goodSince.IsZero() && now.Sub(e.goodSince) >= backAfter {
			next := *e.care
			next.Away = Decided{}
			e.decide(CareChange{Kind: Resume, Care: next}, now)
		}
	}
	if paused := e.care.Paused; now.Before(paused.Until) && !paused.Lasts(now) { // else screens see that it is over
		next := *e.care
		next.Paused = Decided{}
		e.decide(CareChange{Kind: PauseAudio, Care: next}, now)
	}
	for _, off := range e.care.Off {
		if !off.Lasts(now) {
			next := *e.care
			next.Off = without(next.Off, off.Condition)
			e.decide(CareChange{Kind: AlarmOn, Care: next}, now)
		}
	}
}

// noteSignal notes since when the signal has been good: that of an ECG which can be analysed, or of a device
// whose values can be judged.
func (e *Engine) noteSignal(now time.Time) {
	leader := e.bound(e.leading)
	good := leader != nil && leader.ecgLive(now) && !leader.lead.clear.IsZero() || e.pulse.live(now) || e.oximeter.live(now)
	switch {
	case !good:
		e.goodSince = time.Time{}
	case e.goodSince.IsZero():
		e.goodSince = now
	}
}
