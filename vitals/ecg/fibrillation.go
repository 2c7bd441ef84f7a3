package ecg

import (
	"slices"

	"vigil/vitals/ecg/model"
)

// Fibrillation and what looks like it is judged once a second over the last five seconds, at 50 Hz,
// which keeps everything up to the coarse edges of a QRS.
const (
	fibHz       = 50
	fibEvery    = internalHz / fibHz
	fibSeconds  = 5
	fibWindow   = fibSeconds * fibHz
	fibBaseTime = 3     // log2 of the baseline's time constant in samples: 0.16 s, a high-pass at 1 Hz
	fibLimit    = 30000 // quarters of µV
	sharpUnit   = 16    // of strength, which is up to twenty times as large as the signal
	leastFib    = 80    // µV peak to peak: below is asystole, not fibrillation
	hissDrown   = 3     // hiss of more than a third of the range: muscles; in fibrillation it is below a tenth
	restsAtMost = 550   // thousandths of the time: a rhythm that rests for longer between its beats is none
	usualWeight = 16    // resting windows over which the patient's usual range follows
)

// fibrillation collects the window and lets a forest judge it.
type fibrillation struct {
	forest   model.Watch
	ring     [256]int16 // quarters of µV, without baseline
	sharp    [256]int16 // strength, how much QRS there is
	count    int64
	base     int64             // 1/256 of a ring unit
	baseLow  [fibSeconds]int16 // of the last seconds, ring units
	baseHigh [fibSeconds]int16
	span     int32 // usual range of a window that rests, and
	steep    int32 // slope of it; 0 where none is known
	traits   [stretchTraits]int16
	judged   bool       // traits are those of the second that just ended
	last     [3]verdict // of the last windows, the newest last
}

// verdict is what the forest makes of a window, in units of 1/model.Scale.
type verdict struct {
	lethal int32 // logit of fibrillation or ventricular tachycardia against all else
	fib    int32 // of fibrillation against tachycardia
}

// harmless is the verdict on a window that is not worth a closer look.
var harmless = verdict{lethal: -8 * model.Scale}

const fibRingMask = 255

// push takes the low-passed signal of every fibEvery-th tick.
func (v *fibrillation) push(f *frontEnd) {
	value := int64(f.lowPass[(f.tick-1)&ringMask])
	v.base += (value<<8 - v.base) >> fibBaseTime
	base := v.base >> 8
	v.ring[v.count&fibRingMask] = int16(min(max(value-base, -fibLimit), fibLimit))
	v.sharp[v.count&fibRingMask] = int16(min(f.strength[(f.tick-1)&ringMask]/sharpUnit, fibLimit))
	second := v.count / fibHz % fibSeconds
	level := int16(min(max(base, -fibLimit), fibLimit))
	if v.count%fibHz == 0 {
		v.baseLow[second], v.baseHigh[second] = level, level
	}
	v.baseLow[second], v.baseHigh[second] = min(v.baseLow[second], level), max(v.baseHigh[second], level)
	v.count++
}

// judge takes a verdict on the last five seconds.
func (v *fibrillation) judge(j *judge) {
	said := harmless
	if v.judged = v.look(j); v.judged {
		scores := v.forest.Score(v.traits[:])
		other, tachy, fib := scores[model.OtherRhythm], scores[model.WideTachycardia], scores[model.Flutter]
		said = verdict{lethal: max(tachy, fib) - other, fib: fib - tachy}
	}
	v.last = [3]verdict{v.last[1], v.last[2], said}
}

// look measures the last five seconds, and reports whether there was anything to measure: a rhythm that
// clearly rests between its beats, as most do, is not worth a closer look.
func (v *fibrillation) look(j *judge) bool {
	if v.count < fibWindow {
		return false
	}
	var w stretch
	v.unroll(&v.ring, &w.raw)
	w.measureSlopes()
	span := w.high - w.low
	hiss := j.steadyHiss() * unitsPerMicro
	if span < leastFib*unitsPerMicro || hiss*hissDrown > span {
		return false
	}
	if w.rests*thousand >= restsAtMost*fibWindow {
		v.follow(span, w.steep)
		return false
	}
	low, high := v.baseLow[0], v.baseHigh[0]
	for i := range v.baseLow {
		low, high = min(low, v.baseLow[i]), max(high, v.baseHigh[i])
	}
	w.moved = int32(high) - int32(low)
	v.unroll(&v.sharp, &w.sharp)
	w.centre()
	v.traits = [stretchTraits]int16{}
	w.describe(&v.traits)
	v.describeSurroundings(&w, j, hiss)
	return true
}

// unroll gives the last five seconds of a ring in order.
func (v *fibrillation) unroll(ring *[256]int16, into *[fibWindow]int32) {
	for i := range into {
		into[i] = int32(ring[(v.count-fibWindow+int64(i))&fibRingMask])
	}
}

// follow learns what is usual from a window that rests.
func (v *fibrillation) follow(span, steep int32) {
	if v.span == 0 {
		v.span, v.steep = span, steep
	}
	v.span += (span - v.span) / usualWeight
	v.steep += (steep - v.steep) / usualWeight
}

// describeSurroundings adds what the window alone does not show.
func (v *fibrillation) describeSurroundings(w *stretch, j *judge, hiss int32) {
	put := func(trait int, value int32) { v.traits[trait] = int16(min(max(value, -maxTrait), maxTrait)) }
	span := w.high - w.low
	put(hissShare, ratio(hiss, span))
	if v.span > 0 {
		put(spanToUsual, ratio(span, v.span))
		put(steepToUsual, ratio(w.steep, v.steep))
	}
	var strongest [longSlots]int32
	for back := range strongest { // five seconds have passed, so there are as many
		strongest[back] = j.ring[(j.count-1-int64(back))%slots].strongest
	}
	slices.Sort(strongest[:])
	most := strongest[longSlots-1]
	put(energyLow, ratio(strongest[longSlots/4], most))
	put(energyMiddle, ratio(strongest[longSlots/2], most))
	put(energyHigh, ratio(strongest[longSlots*3/4], most))
}

// begins reports whether two windows of three are lethal.
func (v *fibrillation) begins() bool {
	count := 0
	for _, said := range v.last {
		if said.lethal > model.LethalBegins {
			count++
		}
	}
	return count >= 2
}

// lasts reports whether the newest window may still be lethal.
func (v *fibrillation) lasts() bool { return v.last[2].lethal > model.LethalEnds }

// over reports whether no window may be lethal any more.
func (v *fibrillation) over() bool {
	return max(v.last[0].lethal, v.last[1].lethal, v.last[2].lethal) <= model.LethalEnds
}

// chaotic reports whether the lethal windows are fibrillation rather than tachycardia, by a margin.
func (v *fibrillation) chaotic(margin int32) bool {
	sum := int32(0)
	for _, said := range v.last {
		if said.lethal > model.LethalEnds {
			sum += said.fib
		}
	}
	return sum > margin
}

// confidence is that of the second most lethal window, which decides.
func (v *fibrillation) confidence() uint8 {
	a, b, c := v.last[0].lethal, v.last[1].lethal, v.last[2].lethal
	return percentOf(max(min(a, b), min(max(a, b), c)))
}
