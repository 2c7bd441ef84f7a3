package alerts

import (
	"math"
	"slices"
	"time"

	"vigil/vitals"
)

// Trends are what an engine keeps of the last hours and days of a patient: the medians of five minutes, from which
// it forecasts (forecast.go), and those of the hours, which say what is usual (baseline.go). What comes of them are
// hints: information that nobody is called for, that silences nothing, and on which no limit rests.
//
// They are less than 3 KB, and are kept every quarter of an hour (Outcome.Trends) for an engine that starts anew:
// nobody has to read a week of values. The minutes in between come back with Recall.
type trends struct {
	due      time.Time // by the server's clock
	minutes  [followedStreams]medians
	hours    [followedVitals]medians
	hints    [hintKinds][followedVitals]hint
	standing []standing // hints that are true, until the next judgement
}

// TrendsSpan is how far back trends reach: what was kept before says nothing any more.
const TrendsSpan = trendHours * time.Hour

// hint is what is remembered of the last hint about a vital.
type hint struct {
	told int32 // number of the five minutes in which it was told; zero never
	mark int32 // when what it foretells is over; since when it is unusual, zero where it is not
}

const (
	trendStep    = 5 * time.Minute
	trendMinutes = 48     // four hours of medians
	trendHours   = 7 * 24 // a week of them
	// trendKept is how many steps pass before what is kept is kept again. What Recall tells of the last minutes
	// bridges most of it.
	trendKept = 3
	// trendSpread spreads the work of many patients over the minute behind each step.
	trendSpread = time.Minute / vitals.Partitions
	// hintEvery is how many steps pass between two hints of one kind about one vital: two hours.
	hintEvery = int32(2 * time.Hour / trendStep)
)

// Kinds of hints.
const (
	unusual = iota
	foretold
	hintKinds
)

// vital is one whose trend is followed.
type vital uint8

// The vitals that are followed. The first of them stream.
const (
	heartTrend vital = iota
	oxygenTrend
	breathTrend
	temperatureTrend
	systolicTrend

	followedStreams = int(breathTrend) + 1
	followedVitals  = int(systolicTrend) + 1
)

// follow is how a vital is followed. The limits are the ones in force; zero where there is none.
type follow struct {
	kind      vitals.Kind
	unit      string
	low, high Setting
	step      float64       // the difference that counts as worse, as for alarms
	falls     bool          // only a low value is of interest
	stands    time.Duration // how old a single value may be
}

var followed = [followedVitals]follow{
	heartTrend:       {vitals.HeartRate, "/min", HRLowLimit, HRHighLimit, rateStep, false, 0},
	oxygenTrend:      {vitals.SpO2, "%", SpO2LowLimit, 0, oxygenStep, true, 0},
	breathTrend:      {vitals.RespirationRate, "/min", RRLowLimit, RRHighLimit, 6, false, 0},
	temperatureTrend: {vitals.Temperature, "°C", TempLowLimit, TempHighLimit, 0.5, false, temperatureStands},
	systolicTrend:    {vitals.Systolic, "mmHg", SystolicLowLimit, SystolicHighLimit, 20, false, pressureStands},
}

// site names the vital in the alarm: there is one hint a vital.
func (v vital) site() string { return followed[v].kind.String() }

// medians are values of one step each, the newest at last, in tenths.
type medians struct {
	last   int32   // number of the newest step, counted since 1970
	values []int16 // by the number of the step; nil while there is none
}

// noMedian is in the place of a step of which too little is known.
const noMedian = math.MinInt16

// put keeps the value of a step, and forgets those that it is too far ahead of.
func (m *medians) put(step int32, value int16, most int) {
	if m.values == nil {
		m.values = slices.Repeat([]int16{noMedian}, most)
		m.last = step
	}
	if step <= m.last-int32(most) {
		return
	}
	for n := max(m.last+1, step-int32(most)+1); n < step; n++ {
		m.values[int(n)%most] = noMedian
	}
	m.last = max(m.last, step)
	m.values[int(step)%most] = value
}

// at is the value of a step, where it is known.
func (m *medians) at(step int32) (int16, bool) {
	n := int32(len(m.values))
	if n == 0 || step > m.last || step <= m.last-n || m.values[step%n] == noMedian {
		return noMedian, false
	}
	return m.values[step%n], true
}

func tenths(v float64) int16 { return int16(math.Round(10 * v)) }

// trendStepOf and hourOf count the steps since 1970.
func trendStepOf(at time.Time) int32 { return int32(at.Unix() / int64(trendStep/time.Second)) }
func hourOf(at time.Time) int32      { return int32(at.Unix() / int64(time.Hour/time.Second)) }

// tickTrends holds the hints that stand, and every five minutes judges anew.
func (e *Engine) tickTrends(now time.Time) {
	t := &e.trends
	for i := range t.standing {
		s := &t.standing[i]
		s.fact.at = later(s.fact.at, now)
		e.applyLater(s.key, s.fact, now)
	}
	if now.Before(t.due) {
		return
	}
	spread := time.Duration(vitals.PartitionOf(e.patient)) * trendSpread
	t.due = now.Add(-spread).Truncate(trendStep).Add(trendStep + spread)
	e.gatherTrends(now)
	t.standing = t.standing[:0]
	for v := range vital(followedVitals) {
		e.judgeBaseline(v, now)
		if int(v) < followedStreams {
			e.judgeForecast(v, now)
		}
	}
	if trendStepOf(now)%trendKept == 0 && t.any() {
		e.out.Trends = e.keep()
	}
}

// gatherTrends takes in the medians of the steps that are over. The last two are taken anew, because what a hub
// sends behind a short cut of its line belongs to them; the one before where an engine that starts anew lacks it.
func (e *Engine) gatherTrends(now time.Time) {
	step := trendStepOf(now)
	for v, w := range map[vital]*window{heartTrend: &e.warning.pulse, oxygenTrend: &e.warning.oxygen, breathTrend: &e.warning.rate} {
		m := &e.trends.minutes[v]
		for n := step - 3; n < step; n++ {
			if _, known := m.at(n); known && n == step-3 {
				continue // the window no longer holds all of it
			}
			if value, ok := w.medianOf(n); ok {
				m.put(n, value, trendMinutes)
			}
		}
		e.gatherHour(v, hourOf(now)-1)
	}
	for _, v := range []vital{temperatureTrend, systolicTrend} {
		if s, known := e.spots.newest[followed[v].kind]; known && now.Sub(s.at.Time()) < trendHours*time.Hour {
			e.trends.hours[v].put(hourOf(s.at.Time()), tenths(s.value.Float()), trendHours)
		}
	}
}

// leastMinutes is how many of the five minutes must hold a value for their median to count, and leastSteps how many
// medians of an hour: more than half; Vigil's own.
const (
	leastMinutes = 3
	leastSteps   = 7
)

// medianOf is the median of five minutes of the window.
func (w *window) medianOf(step int32) (int16, bool) {
	const each = int32(trendStep / windowStep)
	var values [each]int16
	n, minutes, last := 0, 0, int32(-1)
	for s := step * each; s < (step+1)*each; s++ {
		value, known := w.value(s)
		if !known {
			continue
		}
		values[n] = value
		n++
		if minute := s / windowAlone; minute != last {
			minutes, last = minutes+1, minute
		}
	}
	if minutes < leastMinutes {
		return noMedian, false
	}
	return 10 * middle(values[:n]), true
}

// gatherHour takes in the median of an hour that is over.
func (e *Engine) gatherHour(v vital, hour int32) {
	const each = int32(time.Hour / trendStep)
	var values [each]int16
	n := 0
	for s := hour * each; s < (hour+1)*each; s++ {
		if value, ok := e.trends.minutes[v].at(s); ok {
			values[n] = value
			n++
		}
	}
	if n >= leastSteps {
		e.trends.hours[v].put(hour, middle(values[:n]), trendHours)
	}
}

// middle is the upper median, and sorts the values.
func middle(values []int16) int16 {
	slices.Sort(values)
	return values[len(values)/2]
}

// tell judges a hint. A true one is told no more often than every two hours, and holds until the next judgement.
func (e *Engine) tell(c Condition, v vital, f fact, now time.Time) {
	k := key{c, v.site()}
	h := &e.trends.hints[unusual][v]
	if c == Forecast {
		h = &e.trends.hints[foretold][v]
	}
	before, step := e.stands(k), trendStepOf(now)
	if f.truth == True && !before && h.told != 0 && step-h.told < hintEvery {
		return
	}
	f.at = now
	e.applyLater(k, f, now)
	if f.truth == True {
		e.trends.standing = append(e.trends.standing, standing{key: k, fact: f})
	}
	if !before && e.stands(k) {
		h.told = step
	}
}

// stands reports whether an alarm of the key stands.
func (e *Engine) stands(k key) bool {
	p := e.find(k)
	return p != nil && p.standing()
}
