package alerts

import (
	"time"

	"vigil/vitals"
	"vigil/vitals/ecg"
)

// The onset of atrial fibrillation. Alarms about it are to be limited to new onset and termination, because what
// is known to go on is among what makes alarms excessive (Drew et al., PLoS ONE 2014;9:e110274): it is told once,
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
	return "irregular for " + vitals.Round(f.at.Sub(f.onset).Seconds(), 0).String() + " s, " + f.cause
}

// judgeFibrillation judges, at a whole second, whether the leading ECG has begun to fibrillate.
func (e *Engine) judgeFibrillation(dev *device, quality ecg.Quality, at, now time.Time) {
	l := dev.lead
	k := key{condition: AFOnset}
	p := e.find(k)
	f := fact{at: at, by: dev.id, truth: l.rhythmTruth(ecg.AtrialFibrillation, quality, at)}
	switch {
	case f.truth == True:
		f.onset, f.cause = l.began[ecg.AtrialFibrillation], "the first in 24 h"
		if recent := p != nil && p.alarm.State <= Pending && at.Sub(p.closed.Ended) < afKnown; !recent {
			break
		}
		if p.closed.Reason == ClosedOff { // it did not end: somebody wanted to hear nothing of it for a while
			f.cause = "and no longer switched off"
		} else {
			f.truth = False
		}
	case at.Sub(l.clear) < afClear:
		f.truth = Unknown
	}
	e.apply(k, f, now)
}
