package alerts

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"vigil/alerts/news2"
	"vigil/vitals"
)

// The National Early Warning Score 2 of what is known (package news2; Royal College of Physicians 2017). Seven
// and more asks for an emergency response, five or six, or three points of one parameter, for an urgent one
// within the hour. What is streamed counts by its median of 15 minutes, what is measured or observed once by its
// value of the last 12 hours (windows are Vigil's own; the RCP asks for a set every twelve hours at the least). What
// is older is missing. A score of which something is missing is the least that it can be: it may raise, and
// only a complete one ends.
var (
	newsHigh = rule{
		condition: NEWS2High, describe: func(f fact) string { return f.cause }, step: vitals.Int(2),
		Spec: Spec{Label: "NEWS2 HIGH", Type: Physiological, Priority: Medium, Latching: true, Rearm: rearmMedium},
	}
	newsMedium = rule{
		condition: NEWS2Medium, describe: func(f fact) string { return f.cause }, step: vitals.Int(2),
		Spec: Spec{
			Label: "NEWS2 MEDIUM", Type: Physiological, Priority: Low, Rearm: time.Hour,
			InhibitedBy: []Condition{NEWS2High},
		},
	}
)

const (
	newsEvery    = 10 * time.Second
	newsStreamed = 15 * time.Minute
	newsOnce     = 12 * time.Hour
	// newsBack is how far the score must come down for NEWS2 HIGH to be over.
	newsBack = 2
)

// warning is what the score needs beside the single values.
type warning struct {
	due                 time.Time // by the server's clock
	pulse, oxygen, rate window
	shifted             instant // server time of the newest delivery of a device whose clock is wrong; zero where none counts
	kept                instant // server time at which the windows were last kept because of it
}

// assessment is what staff observe. It stands for 12 hours.
var assessment = family{
	kinds: []vitals.Kind{vitals.Consciousness, vitals.InhaledOxygen}, stands: newsOnce,
	judge: func(*Engine, time.Time) {}, // by the score, at the next tick
}

// window keeps a value for each ten seconds of the 15 minutes up to the newest.
type window struct {
	newest int32               // its ten seconds, counted since 1970
	values [windowValues]int16 // and one more, so that zero is none
}

const (
	windowStep   = 10 * time.Second
	windowValues = int32(newsStreamed / windowStep)
	windowLeast  = int32(5 * time.Minute / windowStep)
	windowAlone  = int32(time.Minute / windowStep)
)

func stepOf(at time.Time) int32 { return int32(at.UnixMilli() / windowStep.Milliseconds()) }

// add takes the first value of each step.
func (w *window) add(at time.Time, v vitals.Decimal) {
	step := stepOf(at)
	if step <= w.newest-windowValues {
		return
	}
	for w.newest = max(w.newest, step-windowValues); w.newest < step; {
		w.newest++
		w.values[w.newest%windowValues] = 0
	}
	if i := step % windowValues; w.values[i] == 0 {
		w.values[i] = int16(vitals.Round(v.Float(), 0).Mantissa) + 1
	}
}

// value is what came in the step, if anything did.
func (w *window) value(step int32) (v int16, known bool) {
	if step > w.newest || step <= w.newest-windowValues {
		return 0, false
	}
	v = w.values[step%windowValues]
	return v - 1, v != 0
}

// take takes a reading that is good.
func (w *window) take(r *vitals.Reading) {
	if usable(r) {
		w.add(r.Time, r.Value)
	}
}

// windows are of what is streamed, in the order in which they are kept.
func (w *warning) windows() [3]*window { return [...]*window{&w.pulse, &w.oxygen, &w.rate} }

// recall takes a streamed value that is known from before. The rates are in the order in which the heart's counts
// for more than the pulse's.
func (w *warning) recall(r *vitals.Reading) {
	switch r.Kind {
	case vitals.HeartRate, vitals.PulseRate:
		w.pulse.take(r)
	case vitals.SpO2:
		w.oxygen.take(r)
	case vitals.RespirationRate:
		w.rate.take(r)
	default: // single values are kept by spots
	}
}

// median is the middle of the values of the window at a time. It is missing until five minutes of a stream
// have come, so that what passes within an alarm's delay makes no score; values that came alone count when a
// minute has shown that they do (both are Vigil's own).
func (w *window) median(now time.Time) news2.Measure { return w.middle(now, false) }

// middle is the median; of an even count the lower or the upper of the two in the middle.
func (w *window) middle(now time.Time, lower bool) news2.Measure {
	var kept [windowValues]int16
	n, last, alone := int32(0), int32(0), true
	for step := stepOf(now) - windowValues + 1; step <= stepOf(now); step++ {
		v, known := w.value(step)
		if !known {
			continue
		}
		alone = alone && step-last > windowAlone
		last = step
		kept[n] = v
		n++
	}
	alone = alone && stepOf(now)-last > windowAlone
	if n == 0 || n < windowLeast && !alone {
		return news2.Measure{}
	}
	slices.Sort(kept[:n])
	if lower {
		n--
	}
	return news2.Of(vitals.Int(int64(kept[n/2])))
}

// latest is a single value that is no older than 12 hours, else missing.
func (s *spots) latest(k vitals.Kind, now time.Time) news2.Measure {
	v, known := s.newest[k]
	if !known || now.Sub(v.at.Time()) > newsOnce {
		return news2.Measure{}
	}
	return news2.Of(v.value)
}

// scored are the single values in the score.
var scored = []vitals.Kind{vitals.Systolic, vitals.Temperature, vitals.Consciousness, vitals.InhaledOxygen}

// levels are the values of vitals.Consciousness.
var levels = []news2.Level{news2.Alert, news2.Confusion, news2.Voice, news2.Pain, news2.Unresponsive}

// warningInputs are what is known at a time.
func (e *Engine) warningInputs(now time.Time) news2.Inputs {
	in := news2.Inputs{
		Respiration: e.warning.rate.median(now), SpO2: e.warning.oxygen.middle(now, true), Pulse: e.warning.pulse.median(now),
		Systolic: e.spots.latest(vitals.Systolic, now), Temperature: e.spots.latest(vitals.Temperature, now),
		Scale2: e.limits.whole(NEWS2Scale) == 2,
	}
	if level := e.spots.latest(vitals.Consciousness, now); level.Known {
		if i := level.Value.Float(); i >= 0 && int(i) < len(levels) {
			in.Consciousness = levels[int(i)]
		}
	}
	if oxygen := e.spots.latest(vitals.InhaledOxygen, now); oxygen.Known {
		in.Supply = news2.RoomAir
		if oxygen.Value.Mantissa > 0 {
			in.Supply = news2.SupplementalOxygen
		}
	}
	return in
}

// newestInput is when the newest value was measured that the score rests on.
func (e *Engine) newestInput(now time.Time) time.Time {
	var newest time.Time
	for _, kind := range scored {
		newest = later(newest, e.spots.newest[kind].at.Time())
	}
	for _, w := range e.warning.windows() {
		newest = later(newest, time.Unix(int64(w.newest)*int64(windowStep/time.Second), 0).UTC())
	}
	if newest.After(now) {
		return now
	}
	return newest
}

// tickWarning scores every ten seconds.
func (e *Engine) tickWarning(now time.Time) {
	if now.Before(e.warning.due) {
		return
	}
	e.warning.due = now.Truncate(newsEvery).Add(newsEvery) // so that an engine that starts anew scores when the old one would
	s := e.warningInputs(now).Score()
	f := fact{at: now, onset: e.newestInput(now), value: vitals.Int(int64(s.Total())), cause: describeScore(s)}
	e.applyScore(NEWS2High, f, e.answer(s) == 2,
		s.Complete() && s.Total() <= int(e.limits.whole(NEWS2HighLimit))-newsBack, now)
	e.applyScore(NEWS2Medium, f, e.answer(s) >= 1, s.Complete(), now)
}

// applyScore applies a score that raises, ends, or does neither.
func (e *Engine) applyScore(c Condition, f fact, raises, ends bool, now time.Time) {
	switch {
	case raises:
		f.truth = True
	case ends:
		f.truth = False
	}
	f.limit = e.limits.values[cmp.Or(map[Condition]Setting{NEWS2High: NEWS2HighLimit}[c], NEWS2MediumLimit)]
	e.apply(key{condition: c}, f, now)
}

// describeScore says what the score is made of: "NEWS2 ≥ 7 (5/7): respiration 3, pulse 2, temperature 2".
func describeScore(s news2.Score) string {
	var parts []string
	for p, points := range s.Points {
		if points > 0 {
			parts = append(parts, fmt.Sprintf("%s %d", news2.Parameter(p), points))
		}
	}
	if len(parts) == 0 {
		return s.String()
	}
	return s.String() + ": " + strings.Join(parts, ", ")
}
