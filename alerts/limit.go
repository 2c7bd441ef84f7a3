package alerts

import (
	"time"

	"vigil/vitals"
)

// limit is a threshold of a condition, with hysteresis: an episode that stands ends only so far on
// the other side of it.
type limit struct {
	condition      Condition
	above          bool // true above the limit, else below it
	inclusive      bool // the limit itself counts
	at, hysteresis int64
}

// holds judges a value.
func (l limit) holds(value float64, standing bool) Truth {
	beyond := float64(l.at) - value
	if l.above {
		beyond = -beyond
	}
	if beyond > 0 || (l.inclusive && beyond == 0) || (standing && beyond > -float64(l.hysteresis)) {
		return True
	}
	return False
}

// judgeLimits holds a value against each limit. A fact whose truth is Unknown stays unknown.
func (e *Engine) judgeLimits(limits []limit, f fact, now time.Time) {
	known := f.truth != Unknown
	value := f.value.Float()
	for _, l := range limits {
		k := key{condition: l.condition}
		if known {
			p := e.find(k)
			f.truth = l.holds(value, p != nil && p.standing())
			f.limit = vitals.Int(l.at)
		}
		e.apply(k, f, now)
	}
}

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
			e.judgeLimits(oxygenLimits, factOf(dev, r), now)
		}
	case vitals.RespirationRate:
		if usable(r) {
			e.breathHeard = now
		}
	default:
		// no condition rests on it yet
	}
}
