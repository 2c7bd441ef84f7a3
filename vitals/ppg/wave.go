package ppg

import "math/bits"

// The wave is judged in slots of 200 ms.
const (
	slotTicks   = internalHz / 5
	slots       = 10 // 2 s: longer than the calm part between two beats at 40/min
	flatSteps   = 2  // of the input, from least to largest: nothing that could be a pulse
	flatPart    = 32 // of the usual pulse: even a pulse that has nearly gone is larger
	clipSteps   = 64 // below, a coarse converter repeats values at the foot of each pulse
	clipShare   = 50 // % of the time
	lostShare   = 25 // % of the time
	poorOfEight = 4  // upstrokes of the last eight that are no good pulses: artefact
)

// Heights of a pulse against the usual one. Extrasystoles and breath change it by less than half;
// a hand that moves, by far more.
const (
	goodHeight   = 2
	fairHeight   = 4
	followHeight = 32 // pulses
	firstHeights = 4  // pulses of which the usual height is learned
	newGain      = 8  // pulses in a row of another height, which movement hardly ever makes
)

// slot is what 200 ms of the wave showed.
type slot struct {
	low, high int32 // units
	lost      int16 // ticks
	clipped   int16 // ticks that repeat the largest or least value
}

// wave says what the signal is good for.
type wave struct {
	slots     [slots]slot
	count     int64 // slots completed
	now       slot
	ticks     int
	span      slot // of the last 2 s
	last      int32
	height    int32 // usual height of a pulse, units
	heights   int32 // that made it
	resized   int   // upstrokes in a row that have the form of a pulse, but another height
	newHeight int32 // of the first of them
	poor      uint8 // bit per upstroke, newest lowest: was no good pulse
}

// push takes the value of a tick, and tells whether a slot is complete.
func (w *wave) push(v int32, lost bool) bool {
	if w.ticks == 0 {
		w.now = slot{low: v, high: v}
	}
	w.ticks++
	if lost {
		w.now.lost++
	} else {
		w.now.low, w.now.high = min(w.now.low, v), max(w.now.high, v)
		if v == w.last && (v >= w.span.high || v <= w.span.low) {
			w.now.clipped++
		}
	}
	w.last = v
	if w.ticks < slotTicks {
		return false
	}
	w.slots[w.count%slots] = w.now
	w.count++
	w.ticks = 0
	w.look()
	return true
}

// look adds up the last slots.
func (w *wave) look() {
	w.span = w.now
	w.span.lost, w.span.clipped = 0, 0
	for i := range min(w.count, slots) {
		s := &w.slots[i]
		w.span.low, w.span.high = min(w.span.low, s.low), max(w.span.high, s.high)
		w.span.lost += s.lost
		w.span.clipped += s.clipped
	}
}

// readable reports whether the wave is there, moves, and is not at its limit.
func (w *wave) readable() bool {
	const all = slots * slotTicks
	moved := w.span.high - w.span.low
	switch {
	case w.count < slots, int(w.span.lost)*100 > lostShare*all:
		return false
	case moved <= max(flatSteps*unitsPerStep, w.height/flatPart):
		return false
	default:
		return moved < clipSteps*unitsPerStep || int(w.span.clipped)*100 <= clipShare*all
	}
}

// disturbed reports whether half of the last upstrokes are no good pulses.
func (w *wave) disturbed() bool { return bits.OnesCount8(w.poor) >= poorOfEight }

// grade says what an upstroke with a form that matches so well is good for.
func (w *wave) grade(match, height int32) Quality {
	if w.resize(match, height) {
		w.forget()
	}
	switch {
	case match < fairMatch, !w.within(fairHeight, height):
		return NoAnalysis
	case match < goodMatch, !w.within(goodHeight, height):
		return RateOnly
	default:
		return FullAnalysis
	}
}

// resize reports whether the oximeter has changed its gain: pulse after pulse has the usual form and
// the same height, but not the usual one.
func (w *wave) resize(match, height int32) bool {
	if match < goodMatch || w.within(goodHeight, height) {
		w.resized = 0
		return false
	}
	if w.resized == 0 || height*2 > w.newHeight*3 || w.newHeight*2 > height*3 {
		w.newHeight, w.resized = height, 0
	}
	w.resized++
	return w.resized >= newGain
}

// within reports whether the height is no more than a factor from the usual one.
func (w *wave) within(factor, height int32) bool {
	return w.heights < firstHeights || height >= w.height/factor && height/factor <= w.height
}

// note remembers what an upstroke was good for, and learns the height of good pulses.
func (w *wave) note(q Quality, height int32) {
	w.poor <<= 1
	if q != FullAnalysis {
		w.poor |= 1
		return
	}
	w.heights++
	w.height += (height - w.height) / min(w.heights, followHeight)
}

// forget lets the usual height be learned anew.
func (w *wave) forget() { w.height, w.heights, w.resized, w.poor = 0, 0, 0, 0 }
