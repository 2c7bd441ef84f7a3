package alerts

import (
	"slices"
	"time"

	"vigil/vitals"
)

// limit is a threshold of a condition, with hysteresis: an episode that stands ends only so far on
// the other side of it.
type limit struct {
	condition  Condition
	above      bool // true above the limit, else below it
	inclusive  bool // the limit itself counts
	at         func(Limits) vitals.Decimal
	hysteresis Setting
}

// settingOf is a limit that is a setting itself.
func settingOf(s Setting) func(Limits) vitals.Decimal {
	return func(l Limits) vitals.Decimal { return l.values[s] }
}

// holds judges a value against the limit at, with the hysteresis back where the condition stands.
func (l *limit) holds(value, at, back float64, standing bool) Truth {
	beyond := milli(at) - milli(value)
	if l.above {
		beyond = -beyond
	}
	if beyond > 0 || (l.inclusive && beyond == 0) || (standing && beyond > -milli(back)) {
		return True
	}
	return False
}

// judgeLimits holds a value against each limit. A fact whose truth is Unknown stays unknown.
func (e *Engine) judgeLimits(limits []limit, f fact, now time.Time) {
	known := f.truth != Unknown
	for i := range limits {
		k := key{condition: limits[i].condition}
		if known {
			f.truth, f.limit = e.against(&limits[i], f.value, e.find(k))
		}
		e.apply(k, f, now)
	}
}

// against holds a value against the limit in force, told the episode of the condition.
func (e *Engine) against(l *limit, value vitals.Decimal, p *episode) (Truth, vitals.Decimal) {
	at := l.at(e.limits)
	return l.holds(value.Float(), at.Float(), e.limits.values[l.hysteresis].Float(), p != nil && p.standing()), at
}

// SetLimits puts other limits into force, from the next judgement on: what is open is neither closed nor
// changed by this. Limits that will not do are refused with ErrLimits, and those in force stay.
func (e *Engine) SetLimits(l Limits) error {
	if err := l.Validate(); err != nil {
		return err
	}
	if l.Same(e.limits) {
		return nil
	}
	e.limits = l
	for _, p := range e.episodes {
		p.rule = ruleWith(l, slices.Index(Conditions(), p.rule.condition))
	}
	return nil
}

// Limits are those in force.
func (e *Engine) Limits() Limits { return e.limits }

// factOf is what a reading says: nothing, unless it is there and good.
func factOf(dev *device, r *vitals.Reading) fact {
	f := fact{at: r.Time, value: r.Value, by: dev.id}
	if usable(r) {
		f.truth = True
	}
	return f
}

func usable(r *vitals.Reading) bool { return r.Absent == vitals.Present && r.Quality == vitals.Good }

// source is the one device and kind that feeds a vital's conditions: the first that is live. When
// it gives nothing usable for too long, another one takes over.
type source struct {
	device vitals.DeviceID
	kind   vitals.Kind
	newest time.Time // sample time
	heard  time.Time // server time of the newest usable reading
}

// live reports whether the source gives usable readings.
func (s *source) live(now time.Time) bool { return s.device != "" && now.Sub(s.heard) <= staleAfter }

// admits reports whether the reading is news from the source, and lets it become the source where
// there is no other.
func (s *source) admits(id vitals.DeviceID, r *vitals.Reading, now time.Time) bool {
	same := s.device == id && s.kind == r.Kind
	if same && !r.Time.After(s.newest) || !same && (s.live(now) || !usable(r)) {
		return false
	}
	s.device, s.kind, s.newest = id, r.Kind, r.Time
	if usable(r) {
		s.heard = now
	}
	return true
}

// observeReading judges a reading that is news.
func (e *Engine) observeReading(dev *device, r *vitals.Reading, now time.Time) {
	if late(r.Time, now) {
		return
	}
	switch r.Kind {
	case vitals.HeartRate, vitals.PulseRate:
		e.observePulse(dev, r, now)
	case vitals.SpO2:
		if e.oximeter.admits(dev.id, r, now) {
			e.warning.oxygen.take(r)
			e.judgeLimits(oxygenLimits, factOf(dev, r), now)
		}
	case vitals.RespirationRate:
		if usable(r) {
			e.breathHeard = now
		}
		if e.breather.admits(dev.id, r, now) {
			e.warning.rate.take(r)
			e.judgeLimits(breathLimits, factOf(dev, r), now)
		}
	default:
		// single values are judged together, and on the others no condition rests
	}
}
