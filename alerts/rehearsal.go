package alerts

import (
	"slices"
	"time"

	"github.com/samber/lo"

	"vigil/vitals"
)

// Rehearsal plays what was charted to two engines, one with the limits in force and one with others, and says
// what each would have told: how many alarms fewer, and which episodes would have been missed. The engines are
// the real ones; what they judge are values, so the rhythms of an ECG, on which no limit bears, are left out.
// Nobody acknowledges in it.
type Rehearsal struct {
	before, after performance
	batch         []vitals.Charted // of one device and time, not yet played
	heart         time.Time        // of the newest heart rate: beside one no pulse rate counts
	now           time.Time        // up to which the clock has ticked
}

// Episode is a stretch of time for which an alarm would have been told.
type Episode struct {
	Condition Condition
	Priority  Priority
	From, To  time.Time // To is zero where it goes on
	Detail    string    // as it was told
}

// performance is one engine with what it told.
type performance struct {
	engine   *Engine
	episodes []Episode
	open     map[AlarmID]int // index of the episode that goes on
}

// NewRehearsal rehearses from a time on. Both limits must be valid.
func NewRehearsal(before, after Limits, from time.Time) (*Rehearsal, error) {
	r := &Rehearsal{now: from}
	for p, l := range map[*performance]Limits{&r.before: before, &r.after: after} {
		p.engine, p.open = NewEngine(""), map[AlarmID]int{}
		if err := p.engine.SetLimits(l); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// Recall tells both engines of the single values before the rehearsal.
func (r *Rehearsal) Recall(readings []vitals.Charted) {
	for _, p := range []*performance{&r.before, &r.after} {
		p.engine.Recall(readings, time.Time{}, r.now)
	}
}

// Play takes the readings that follow, in the order of time. The clock ticks each second between them.
func (r *Rehearsal) Play(readings []vitals.Charted) {
	for i := range readings {
		c := &readings[i]
		if len(r.batch) > 0 && (!r.batch[0].Time.Equal(c.Time) || r.batch[0].Device != c.Device) {
			r.flush()
		}
		r.batch = append(r.batch, *c)
	}
}

// flush plays the values of one time, behind the clock.
func (r *Rehearsal) flush() {
	at := r.batch[0].Time
	r.tick(at)
	b := vitals.Batch{Device: r.batch[0].Device}
	for _, c := range r.batch {
		if c.Kind == vitals.HeartRate {
			r.heart = at
		}
		if c.Kind != vitals.PulseRate || at.Sub(r.heart) > staleAfter {
			b.Readings = append(b.Readings, c.Reading)
		}
	}
	r.batch = r.batch[:0]
	for _, p := range []*performance{&r.before, &r.after} {
		p.take(p.engine.Observe(vitals.Delivery{Received: at, Batch: b}))
	}
}

// tick lets the clock go to a time.
func (r *Rehearsal) tick(to time.Time) {
	for ; !r.now.After(to); r.now = r.now.Add(time.Second) {
		for _, p := range []*performance{&r.before, &r.after} {
			p.take(p.engine.Tick(r.now))
		}
	}
}

// take notes the episodes of physiological alarms; information is none.
func (p *performance) take(o Outcome) {
	for i := range o.Transitions {
		t := &o.Transitions[i]
		a := &t.Alarm
		if a.Condition.Spec().Type != Physiological || a.Priority == Info {
			continue
		}
		switch t.Change {
		case Raised, Recurred:
			from := a.Onset
			if t.Change == Recurred {
				from = a.Evidence
			}
			p.open[a.ID] = len(p.episodes)
			p.episodes = append(p.episodes, Episode{Condition: a.Condition, Priority: a.Priority, From: from, Detail: a.Detail})
		case Latched, Ceased:
			if i, goesOn := p.open[a.ID]; goesOn {
				p.episodes[i].To = a.Ended
				delete(p.open, a.ID)
			}
		default: // it goes on
		}
	}
}

// Verdict is what came of a rehearsal.
type Verdict struct {
	Before, After []Episode // in the order in which they were told
	Missed        []Episode // of Before, during which the other limits would have told nothing of the kind
	Added         []Episode // of After, the other way round
}

// End lets the clock go on to a time and says what came of it.
func (r *Rehearsal) End(at time.Time) Verdict {
	if len(r.batch) > 0 {
		r.flush()
	}
	r.tick(at)
	without := func(all, others []Episode) []Episode {
		return lo.Reject(all, func(e Episode, _ int) bool {
			return slices.ContainsFunc(others, func(o Episode) bool { return e.covers(o) })
		})
	}
	v := Verdict{Before: r.before.episodes, After: r.after.episodes}
	v.Missed, v.Added = without(v.Before, v.After), without(v.After, v.Before)
	return v
}

// covers reports whether two episodes tell of the same thing at the same time: of one condition, or of two of
// which one explains the other.
func (e Episode) covers(o Episode) bool {
	same := e.Condition == o.Condition || slices.Contains(e.Condition.Spec().InhibitedBy, o.Condition) ||
		slices.Contains(o.Condition.Spec().InhibitedBy, e.Condition)
	return same && (e.To.IsZero() || !o.From.After(e.To)) && (o.To.IsZero() || !e.From.After(o.To))
}
