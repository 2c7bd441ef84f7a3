package alerts

import (
	"cmp"
	"slices"
	"time"

	"github.com/samber/lo"

	"vigil/vitals"
)

// Single values: blood pressure, temperature, weight, glucose. Where a stream's conditions are unknown ten
// seconds after it fell silent, what a single value said stands until the next one, or until it is too old to
// be the patient's present state. How long that is, is Vigil's own, family by family.
//
// For as long it is news, too: a cuff behind a line that was cut tells its crisis when the line is back. What is
// older, and what is not newer than the value before, is charted and changes nothing.
type family struct {
	kinds  []vitals.Kind
	stands time.Duration
	judge  func(*Engine, time.Time)
	each   bool // one value confirms or refutes the one before: of several that come at once not only the newest is judged
}

// spots are the single values of a patient that conditions rest on.
type spots struct {
	newest   map[vitals.Kind]spot
	weights  []spot // of the last days, oldest first
	standing []standing
	recalled bool      // what is judged was known before
	since    time.Time // since when the values are known; zero where that is not known
}

// spot is one single value.
type spot struct {
	at    instant
	value vitals.Decimal
	by    vitals.DeviceID
}

// standing is a true judgement that holds until the next value.
type standing struct {
	key   key
	fact  fact
	until time.Time
}

// observeSpots takes in the single values of a delivery, all of it before any is judged: a pressure has two. What was
// recalled a moment ago comes first.
func (e *Engine) observeSpots(dev *device, readings []vitals.Reading, now time.Time) {
	for i := range families {
		switch f := &families[i]; {
		case f.each:
			for turn, some := range f.inTurn(readings) {
				if turn == 0 {
					e.tickSpots(now)
				}
				if e.addSpots(f, dev, some, now) {
					f.judge(e, now)
				}
			}
		case e.addSpots(f, dev, readings, now):
			e.tickSpots(now)
			f.judge(e, now)
		}
	}
}

// addSpots keeps the family's values and reports whether one is news.
func (e *Engine) addSpots(f *family, dev *device, readings []vitals.Reading, now time.Time) (news bool) {
	for i := range readings {
		r := &readings[i]
		if slices.Contains(f.kinds, r.Kind) {
			news = e.spots.add(r, dev.id) && now.Sub(r.Time) <= f.stands || news
		}
	}
	return news
}

// inTurn parts the family's values by when they were measured, the oldest first.
func (f *family) inTurn(readings []vitals.Reading) [][]vitals.Reading {
	var own []vitals.Reading
	for i := range readings {
		if slices.Contains(f.kinds, readings[i].Kind) {
			own = append(own, readings[i])
		}
	}
	slices.SortStableFunc(own, func(a, b vitals.Reading) int { return a.Time.Compare(b.Time) })
	return lo.PartitionBy(own, func(r vitals.Reading) int64 { return r.Time.UnixMicro() })
}

// add keeps the value and reports whether it is the newest of its kind.
func (s *spots) add(r *vitals.Reading, by vitals.DeviceID) bool {
	v := spot{instantOf(r.Time), r.Value, by}
	switch {
	case usable(r):
	case slices.Contains(glucoseKinds, r.Kind) && beyondMeter(r):
		v.value = meterEnd(r)
	default:
		return false
	}
	if r.Kind == vitals.Weight {
		s.weigh(v)
	}
	if v.at <= s.newest[r.Kind].at {
		return false
	}
	if s.newest == nil {
		s.newest = map[vitals.Kind]spot{}
	}
	s.newest[r.Kind] = v
	return true
}

// RecallSpan is how far back the single values are that Recall has to be told of: the longest span over which
// weights are compared, and the longest patience with a reading that is planned.
const RecallSpan = weightMemory

// RecallEach is how far back every single value is that Recall has to be told of; of what is older the newest
// will do. It is the longest time for which what a value says can be waiting for its delay.
const RecallEach = max(temperatureStands, pressureStands, glucoseStands)

// RecalledKinds are the kinds of single values that Recall has to be told of.
func RecalledKinds() []vitals.Kind {
	return lo.FlatMap(families, func(f family, _ int) []vitals.Kind { return f.kinds })
}

// RecallStreams is how far back the streamed values are that Recall has to be told of: the early warning score is
// made of them.
const RecallStreams = newsStreamed

// RecallStep is how finely the streamed values have to be told: the first of each such time is enough.
const RecallStep = windowStep

// RecalledStreams are the kinds of streamed values that Recall has to be told of.
func RecalledStreams() []vitals.Kind {
	return []vitals.Kind{vitals.HeartRate, vitals.PulseRate, vitals.SpO2, vitals.RespirationRate}
}

// Recalls reports whether Recall has to be told of the reading: a single value that can be judged.
func Recalls(r *vitals.Reading) bool {
	return slices.Contains(RecalledKinds(), r.Kind) && (usable(r) || slices.Contains(glucoseKinds, r.Kind) && beyondMeter(r))
}

// Recall tells of the single values of the last days and the streamed ones of the last minutes, so that a new
// engine knows what they said: it holds what is true of single ones, and tells it where nobody was told. It ends
// nothing. Since is from when on they are all that there are. Values from clocks that run ahead count as measured now.
func (e *Engine) Recall(readings []vitals.Charted, since, now time.Time) {
	e.spots.since = since
	readings = slices.Clone(readings)
	slices.SortStableFunc(readings, func(a, b vitals.Charted) int { // of one time the heart rate before the pulse rate
		return cmp.Or(a.Time.Compare(b.Time), cmp.Compare(a.Kind, b.Kind))
	})
	e.spots.recalled = true
	for i := range readings {
		r := &readings[i].Reading
		if e.warning.shifted == 0 { // else the windows are kept, as the times of the chart are of wrong clocks
			e.warning.recall(r)
		}
		if r.Time.After(now) {
			r.Time = now
		}
		e.spots.add(r, readings[i].Device)
		if whole := i+1 == len(readings) || readings[i+1].Time.After(r.Time); whole { // a pressure has two values
			e.recallOnset(r, now)
		}
	}
	for i := range families {
		families[i].judge(e, now)
	}
	e.spots.recalled = false
}

// recallOnset judges what the values up to the reading said, so that what has been true since one of them is
// known to have been.
func (e *Engine) recallOnset(r *vitals.Reading, now time.Time) {
	for i := range families {
		if f := &families[i]; slices.Contains(f.kinds, r.Kind) && now.Sub(r.Time) <= f.stands {
			f.judge(e, r.Time)
		}
	}
}

// judgeSpot takes one judgement of a family's newest value. A true one stands until then, and has stood since the
// first of those that say the same one behind the other.
func (e *Engine) judgeSpot(k key, f fact, stands time.Duration, now time.Time) {
	until := f.at.Add(stands)
	f.onset, f.read = f.at, f.at
	e.spots.standing = slices.DeleteFunc(e.spots.standing, func(s standing) bool {
		if s.key == k && !f.at.After(s.until) {
			f.onset = s.fact.onset
		}
		return s.key == k
	})
	if f.truth == True && !now.After(until) {
		e.spots.standing = append(e.spots.standing, standing{k, f, until})
	}
	if !e.spots.recalled {
		e.applyLater(k, f, now)
	}
}

// applyLater applies a fact about a time that the clock may have judged already.
func (e *Engine) applyLater(k key, f fact, now time.Time) {
	if p := e.find(k); p != nil && !f.at.After(p.last.Time()) {
		f.at = p.last.Time().Add(time.Microsecond)
	}
	e.apply(k, f, now)
}

// tickSpots holds what stands.
func (e *Engine) tickSpots(now time.Time) {
	e.spots.standing = slices.DeleteFunc(e.spots.standing, func(s standing) bool { return now.After(s.until) })
	for _, s := range e.spots.standing {
		s.fact.at, s.fact.confirmed = later(s.fact.at, now), false
		e.applyLater(s.key, s.fact, now)
	}
}

// judgeSpotLimits holds a single value against each limit.
func (e *Engine) judgeSpotLimits(limits []limit, v spot, stands time.Duration, now time.Time) {
	if v.at == 0 {
		return
	}
	for i := range limits {
		k := key{condition: limits[i].condition}
		f := fact{at: v.at.Time(), value: v.value, by: v.by}
		f.truth, f.limit = e.against(&limits[i], v.value, e.find(k))
		e.judgeSpot(k, f, stands, now)
	}
}

var families = []family{temperature, pressure, weight, glucose, assessment}
