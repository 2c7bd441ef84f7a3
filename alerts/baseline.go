package alerts

import (
	"fmt"
	"math"
	"slices"
	"time"

	"vigil/vitals"
)

// What is usual for the patient: the median of the hours of the last seven days, and how far the hours lie from it
// (the median of their distances, MAD). A value that lies 3.5 of those away, scaled to a standard deviation, is an
// outlier by the modified z-score (Iglewicz and Hoaglin, How to Detect and Handle Outliers, ASQC 1993). It is a hint
// only where the distance is one that makes an alarm worse, too: a quiet patient's rate lies outliers away when they
// get up. It must last for three quarters of an hour, longer than a walk. Streams are held against it by their median of 15
// minutes, single values as they are.
//
// A day of hours, or ten single values, are the least that say what is usual, so that a night is among them. The
// numbers are Vigil's own.
var offBaseline = rule{
	condition: OffBaseline, describe: func(f fact) string { return f.cause },
	Spec: Spec{Label: "UNUSUAL FOR PATIENT", Type: Physiological, Priority: Info},
}

const (
	outlier     = 3.5
	madToSigma  = 1.4826 // of normally distributed values
	leastHours  = 24
	leastSingle = 10
	// usualAgain is how much of the distance must be left for it to go on: a hint does not come and go around it.
	usualAgain = 0.7
	// usualAfter is for how many judgements it must be unusual before it is told.
	usualAfter = int32(45 * time.Minute / trendStep)
)

// usual is what is usual for the patient of one vital, in tenths.
type usual struct {
	median, far float64 // far is the distance from it that is unusual
	from, to    int16   // eight of ten hours lie between them
}

// usualOf is what was usual in the week before an hour; false where too little is known.
func (e *Engine) usualOf(v vital, hour int32) (usual, bool) {
	var kept [trendHours]int16
	n := 0
	for h := hour - trendHours; h < hour; h++ {
		if value, ok := e.trends.hours[v].at(h); ok {
			kept[n] = value
			n++
		}
	}
	least := leastHours
	if int(v) >= followedStreams {
		least = leastSingle
	}
	if n < least {
		return usual{}, false
	}
	values := kept[:n]
	u := usual{median: float64(middle(values)), from: values[n/10], to: values[n-1-n/10]}
	for i, value := range values {
		values[i] = int16(math.Abs(float64(value) - u.median))
	}
	slices.Sort(values)
	u.far = max(outlier*madToSigma*float64(middle(values)), 10*followed[v].step)
	return u, true
}

// judgeBaseline holds what is measured now against what is usual.
func (e *Engine) judgeBaseline(v vital, now time.Time) {
	value, at, known := e.present(v, now)
	u, told := e.usualOf(v, hourOf(at))
	if !known || !told {
		e.tell(OffBaseline, v, fact{}, now)
		return
	}
	f := fact{truth: False, onset: at, value: value}
	far := u.far
	if e.stands(key{OffBaseline, v.site()}) {
		far *= usualAgain
	}
	switch away := 10*value.Float() - u.median; {
	case away <= -far:
		f.truth, f.limit = True, ofTenths(v, u.median-u.far)
	case away >= far && !followed[v].falls:
		f.truth, f.limit = True, ofTenths(v, u.median+u.far)
	}
	if h := &e.trends.hints[unusual][v]; !e.lasts(h, f.truth, now) && !e.stands(key{OffBaseline, v.site()}) {
		return
	}
	f.cause = fmt.Sprintf("%s %s, usually %s to %s %s", followed[v].kind.Info().Label, value,
		ofTenths(v, float64(u.from)), ofTenths(v, float64(u.to)), followed[v].unit)
	e.tell(OffBaseline, v, f, now)
}

// lasts reports whether it has been unusual for long enough.
func (e *Engine) lasts(h *hint, truth Truth, now time.Time) bool {
	step := trendStepOf(now)
	switch {
	case truth != True:
		h.mark = 0
	case h.mark == 0:
		h.mark = step
	}
	return h.mark != 0 && step-h.mark >= usualAfter
}

// present is the value that counts now: of a stream the median of 15 minutes, of what is measured once the newest,
// as long as it stands.
func (e *Engine) present(v vital, now time.Time) (value vitals.Decimal, at time.Time, known bool) {
	if w := e.windowOf(v); w != nil {
		m := w.median(now)
		return m.Value, now, m.Known
	}
	s, known := e.spots.newest[followed[v].kind]
	return s.value, s.at.Time(), known && now.Sub(s.at.Time()) <= followed[v].stands
}

// windowOf is where the stream's last minutes are; nil for what does not stream.
func (e *Engine) windowOf(v vital) *window {
	switch v {
	case heartTrend:
		return &e.warning.pulse
	case oxygenTrend:
		return &e.warning.oxygen
	case breathTrend:
		return &e.warning.rate
	default:
		return nil
	}
}

// ofTenths is a value in tenths as people read it.
func ofTenths(v vital, tenths float64) vitals.Decimal {
	return vitals.Round(tenths/10, followed[v].kind.Info().Decimals)
}
