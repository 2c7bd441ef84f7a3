package ecg

import "math/bits"

// A run of ventricular beats is tachycardia from five beats at 100/min on (five beats at more
// than 100/min: PhysioNet/CinC Challenge 2015, Clifford et al., Physiol Meas 2016;37:E5).
const (
	runBeats     = 5
	recentBeats  = 8
	mostlyRecent = 7  // ventricular of the last eight: a run in which the classifier wavered
	fewRecent    = 2  // and no more than that: the run is over
	endBeats     = 4  // as is one with so many other beats in a row
	alwaysWide   = 32 // ticks, 128 ms: wide even where no normal beat is known
	alwaysFast   = internalHz * 60 / 140
	alwaysBeats  = 12
	runPause     = 7 * internalHz / 2 // without a beat a run is over; a flat line is told before
	clearMatch   = 0.85               // with a template: a beat, and not a piece of noise
	clearInRun   = 3                  // of the five beats of a run
)

// tachycardia watches the latest beats for ventricular runs.
type tachycardia struct {
	at       [recentBeats]int64 // ticks of the latest beats
	wide     uint8              // bit per beat, newest lowest: ventricular
	clear    uint8              // the same: looks like a beat seen before
	beats    int64
	inRow    int
	otherRow int
	wideRow  int // beats in a row that were wide, fast and regular by absolute measure
	began    int64
	blind    int64 // last tick at which beats could not be seen
}

// push takes a beat and tells whether a run stands behind it.
func (t *tachycardia) push(b *beat, class Beat, standing bool) bool {
	if b.interval == 0 { // the first of all, or the first behind a loss
		*t = tachycardia{began: t.began, blind: t.blind}
	}
	t.wideRow = t.countWide(b)
	t.at[t.beats%recentBeats] = b.at
	t.beats++
	t.wide, t.clear = t.wide<<1, t.clear<<1
	if b.match > clearMatch {
		t.clear |= 1
	}
	if class == VentricularBeat {
		t.wide |= 1
		t.inRow, t.otherRow = t.inRow+1, 0
	} else {
		t.inRow, t.otherRow = 0, t.otherRow+1
	}
	if standing {
		return t.goesOn()
	}
	switch {
	case bits.OnesCount8(t.clear&(1<<runBeats-1)) < clearInRun:
		return false
	case t.inRow >= runBeats && t.fast(runBeats):
		t.began = t.beat(runBeats - 1)
	case t.ventricular() >= mostlyRecent && t.fast(recentBeats), t.wideRow >= alwaysBeats:
		t.began = t.beat(recentBeats - 1)
	default:
		return false
	}
	return true
}

// goesOn reports whether a run that stands is not yet over. Behind a loss it stands until enough
// beats have come to judge.
func (t *tachycardia) goesOn() bool {
	switch {
	case t.wideRow >= alwaysBeats:
		return true
	case t.otherRow >= endBeats:
		return false
	case t.beats < recentBeats:
		return true
	}
	return t.ventricular() > fewRecent && t.fast(recentBeats)
}

// countWide counts beats that would be called ventricular by anybody who saw nothing else.
func (t *tachycardia) countWide(b *beat) int {
	if t.beats < 2 || b.width < alwaysWide || b.interval == 0 || b.interval > alwaysFast {
		return 0
	}
	before := t.beat(0) - t.beat(1)
	if difference := b.interval - before; difference*8 > before || -difference*8 > before {
		return 0
	}
	return t.wideRow + 1
}

// beat is the tick of the beat so many before the newest.
func (t *tachycardia) beat(back int64) int64 { return t.at[(t.beats-1-back+recentBeats)%recentBeats] }

// fast reports whether the last beats came at 100/min or more.
func (t *tachycardia) fast(beats int64) bool {
	return t.beats >= beats && t.beat(0)-t.beat(beats-1) <= (beats-1)*fastInterval
}

// ventricular counts the ventricular of the last eight beats.
func (t *tachycardia) ventricular() int { return bits.OnesCount8(t.wide) }

// paused reports whether no beat has come for so long that a run is over.
func (t *tachycardia) paused(tick int64) bool {
	return t.beats == 0 || tick-max(t.beat(0), t.blind) > runPause
}

// ones counts the lowest bits that are set.
func ones(set uint8, of int) int { return bits.OnesCount8(set & (1<<of - 1)) }

// clearBeats counts the last eight beats that resemble one seen before.
func (t *tachycardia) clearBeats() int { return bits.OnesCount8(t.clear) }

// confidence is the share of the last beats that are ventricular, in percent.
func (t *tachycardia) confidence() uint8 {
	return uint8(100 * t.ventricular() / int(min(t.beats, recentBeats)))
}

// bpm is the rate of the last five beats.
func (t *tachycardia) bpm() float64 {
	n := min(t.beats, runBeats) - 1
	return float64(n*60*internalHz) / float64(max(1, t.beat(0)-t.beat(n)))
}
