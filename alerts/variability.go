package alerts

import (
	"time"

	"vigil/vitals"
	"vigil/vitals/ecg"
)

const (
	// variabilityWindow is what SDNN and RMSSD of a short recording are measured over (Task Force of the ESC and
	// NASPE, Circulation 1996;93:1043). Windows begin at whole multiples of it, so that two engines, or one that
	// starts anew, chart the same.
	variabilityWindow = 5 * time.Minute
	// leastIntervals is how many a window must hold to speak for its five minutes: half of those at 40/min.
	leastIntervals = 100
	// leastJudged is how much of a window must have been fit for analysis for its burden to speak for it: half.
	leastJudged = variabilityWindow / 2
	// beatsKnown is how long after it a beat may be told at the latest: the detector's cap is 3.5 s.
	beatsKnown = 4 * time.Second
)

// variability measures a channel's windows: how much normal intervals vary, and for how much of the time that
// could be judged atrial fibrillation stood. The detector tells of fibrillation up to a minute late, when it
// begins and when it ends.
type variability struct {
	end       time.Time // of the window in progress; zero before its first beat or second
	intervals ecg.Variability
	burden    ecg.Burden
}

// windowValue is one value of a window.
type windowValue struct {
	kind  vitals.Kind
	value float64
}

// beat takes a beat, and gives what the window that it ends has shown.
func (v *variability) beat(at time.Time, class ecg.Beat) (end time.Time, values []windowValue) {
	end, values = v.reach(at)
	v.intervals.Push(at.UnixMilli(), class)
	return end, values
}

// second takes the judgement of the second before at, and gives what a window has shown whose last beat is
// known by now.
func (v *variability) second(at time.Time, quality ecg.Quality, fibrillates bool) (end time.Time, values []windowValue) {
	end, values = v.reach(at.Add(-beatsKnown))
	if quality != ecg.NoAnalysis {
		v.burden.Add(time.Second, fibrillates)
	}
	return end, values
}

// reach ends the window in progress where it is over at the time.
func (v *variability) reach(at time.Time) (end time.Time, values []windowValue) {
	if at.Before(v.end) {
		return time.Time{}, nil
	}
	end, values = v.end, v.values()
	v.end = at.Truncate(variabilityWindow).Add(variabilityWindow)
	v.intervals.Clear()
	v.burden = ecg.Burden{}
	return end, values
}

// values are what the window has shown. Where atrial fibrillation stood in it, no interval is a normal one.
func (v *variability) values() (values []windowValue) {
	percent, ok := v.burden.Percent()
	if ok && v.burden.Judged() >= leastJudged {
		values = append(values, windowValue{vitals.AFBurden, percent})
	}
	if percent > 0 || v.intervals.Beats() < leastIntervals {
		return values
	}
	if sdnn, ok := v.intervals.SDNN(); ok {
		values = append(values, windowValue{vitals.SDNN, sdnn})
	}
	if rmssd, ok := v.intervals.RMSSD(); ok {
		values = append(values, windowValue{vitals.RMSSD, rmssd})
	}
	return values
}

// noteVariability takes the second of the channel that just ended into its window.
func (e *Engine) noteVariability(dev *device, l *lead) {
	fibrillates := l.analyser != nil && l.analyser.Standing(ecg.AtrialFibrillation)
	end, values := l.varies.second(l.second, l.quality(), fibrillates)
	if l == dev.lead && e.leading == dev.id {
		e.chartWindow(dev, end, values)
	}
}

// chartWindow charts what a window of the leading channel has shown, at its end.
func (e *Engine) chartWindow(dev *device, end time.Time, values []windowValue) {
	for _, v := range values {
		e.derive(dev, vitals.Reading{Kind: v.kind, Time: end, Value: vitals.Round(v.value, v.kind.Info().Decimals)})
	}
}
