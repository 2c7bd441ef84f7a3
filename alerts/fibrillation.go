package alerts

import (
	"time"

	"vigil/vitals"
	"vigil/vitals/ecg"
)

// The onset of atrial fibrillation. Alarms about it are to be limited to onset and termination, because those
// about what is known to go on are answered by nobody (Drew et al., PLoS ONE 2014;9:e110274): it is told once,
// and another one in the 24 hours behind its end is not. The detector tells episodes of half a minute; the
// alarm waits for a whole one.
var afOnset = rule{
	condition: AFOnset, describe: describeFibrillation, on: AFAfter,
	Spec: Spec{
		Label: "AF ONSET", Type: Physiological, Priority: Medium, OffDelay: time.Minute,
		InhibitedBy: []Condition{VF, VT, Asystole, LeadsOff},
	},
}

const (
	// afKnown is for how long after an episode another one is no news.
	afKnown = 24 * time.Hour
	// afClear is how long a signal must have been fit for analysis before the absence of fibrillation means
	// anything: the detector takes up to a minute to tell it.
	afClear = 2 * time.Minute
)

func describeFibrillation(f fact) string {
	return "irregular for " + vitals.Round(f.at.Sub(f.onset).Seconds(), 0).String() + " s, the first in 24 h"
}

// judgeFibrillation judges, at a whole second, whether the leading ECG has begun to fibrillate.
func (e *Engine) judgeFibrillation(dev *device, quality ecg.Quality, at, now time.Time) {
	l := dev.lead
	k := key{condition: AFOnset}
	p := e.find(k)
	f := fact{at: at, by: dev.id, truth: l.rhythmTruth(ecg.AtrialFibrillation, quality, at)}
	switch {
	case f.truth == True:
		f.onset = l.began[ecg.AtrialFibrillation]
		if p != nil && p.alarm.State == 0 && at.Sub(p.closed.Ended) < afKnown {
			f.truth = False
		}
	case at.Sub(l.clear) < afClear:
		f.truth = Unknown
	}
	e.apply(k, f, now)
}
