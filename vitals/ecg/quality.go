package ecg

import "slices"

// Signal quality is judged over slots of 200 ms.
const (
	slotTicks    = internalHz / 5
	slots        = 32 // kept; 25 are 5 s
	flatSlots    = 15 // 3 s: longer than the flat part between two beats at 30/min
	railSlots    = 10
	stillSlots   = 10
	looseSlots   = 30 // 6 s, the length of five slow beats
	looseDead    = 4
	looseLimit   = 12 // µV: in records of mitdb, svdb, nsrdb and vfdb hardly ever four times within 6 s
	mainsSlots   = 10
	missingSlots = 5
	longSlots    = 25
	latelySlots  = 15 // noise that has been over for so long does not keep beats from being counted
	settleSlots  = 4  // that must be better before the judgement is: 0.8 s, so that behind a window of 5 s it resumes in time

	flatLimit     = 30   // µV peak to peak
	deadLimit     = 5    // µV peak to peak: below, not even the noise of an electrode arrives
	slewLimit     = 8000 // µV in one tick, ten times what the tallest and steepest QRS complex takes
	railLevel     = 4000 // µV: no ECG rests so far from zero; a value repeated there is the amplifier's limit
	mainsLeast    = 30   // µV of mean deviation that is worth calling mains
	mainsToPeak   = 16   // strongest candidate against mains: below, no QRS stands out
	mainsPeriod   = 50   // ticks, 200 ms: 10 periods of 50 Hz and 12 of 60 Hz
	hissOfBeat    = 12   // % of the QRS height: shapes cannot be judged
	hissDrowns    = 40   // %: nor beats be counted
	poorMatch     = 0.85 // correlation of a beat with its template that makes it doubtful
	poorShare     = 25   // % of doubtful beats: shapes cannot be judged
	worstShare    = 75   // %: nor beats be counted
	extraPerBeat  = 2    // strong candidates that are not beats, per beat
	unsettledPart = 60   // % of the QRS height, and
	unsettledBy   = 300  // µV at least: a baseline that moves so far without a beat comes from the electrode
	missingToOnly = 8    // % of the last 5 s
	missingToNone = 40
)

// spans are the numbers of slots over which anybody asks for a sum, ascending.
var spans = [...]int64{missingSlots, railSlots, flatSlots, longSlots}

// slot is what 200 ms of signal showed.
type slot struct {
	low, high int32 // µV as they came
	missing   int16 // ticks
	clipped   int16 // ticks that repeat a value at the limit
	hiss      int32 // sum of |signal - low-passed|
	change    int32 // sum of the change of hiss within 200 ms: small where it is periodic
	strongest int32 // strength
	beats     int16
	extras    int16
	poor      int16 // of beats, those that match no template well
	match     int32 // sum over beats, thousandths
}

// judge collects slots and says what the signal is good for.
type judge struct {
	ring    [slots]slot
	sums    [len(spans)]slot // over the last slots, as many as each of spans
	count   int64            // slots completed
	now     slot
	ticks   int
	repeats int32
	last    int32
	height  int32 // usual height of a QRS, quarters of µV
	better  int   // slots in a row that were better than the judgement
	quality Quality
	cause   Cause
}

// push takes the sample of a tick and what the front end made of it, and tells whether a slot is
// complete, which is when the judgement may have changed.
func (j *judge) push(s sample, f *frontEnd) bool {
	if j.ticks == 0 {
		j.now = slot{low: inputLimit, high: -inputLimit}
	}
	j.ticks++
	if s.missing {
		j.now.missing++
	} else {
		j.addValue(s.microvolts)
	}
	n := f.tick - 1
	hiss := f.hiss[n&63]
	j.now.hiss += hiss
	j.now.change += magnitude(hiss - f.hiss[(n-mainsPeriod)&63])
	j.now.strongest = max(j.now.strongest, f.strength[n&ringMask])
	if j.ticks < slotTicks {
		return false
	}
	j.ring[j.count%slots] = j.now
	j.count++
	j.ticks = 0
	j.addUp()
	return true
}

func (j *judge) addValue(v int32) {
	v = min(max(v, -inputLimit), inputLimit)
	j.now.low, j.now.high = min(j.now.low, v), max(j.now.high, v)
	switch {
	case magnitude(v-j.last) > slewLimit:
		j.now.clipped++ // it jumps between limits
	case v != j.last, magnitude(v) < railLevel:
		j.repeats = 0
	default:
		if j.repeats++; j.repeats > 5 {
			j.now.clipped++
		}
	}
	j.last = v
}

// addBeat notes an accepted beat.
func (j *judge) addBeat(c *candidate) {
	match := c.match
	if match < 0 { // the first of all, which had nothing to match
		match = 1
	}
	j.now.beats++
	j.now.match += int32(match * 1000)
	if match < poorMatch {
		j.now.poor++
	}
}

// addHeight lets the usual height follow the beats, slowly where they may be pieces of noise: noise is
// judged by that height, and must not raise it.
func (j *judge) addHeight(height int32) {
	switch {
	case j.height == 0:
		j.height = height
	case j.cause == Noise:
		j.height += (min(height, 2*j.height) - j.height) / 32
	default:
		j.height += (height - j.height) / 8
	}
}

// addExtra notes a strong candidate that was not taken for a beat.
func (j *judge) addExtra() { j.now.extras++ }

// addUp sums the last slots. Where there are not so many yet, it sums those that there are.
func (j *judge) addUp() {
	sum := slot{low: inputLimit, high: -inputLimit}
	back := int64(0)
	for i, span := range spans {
		for ; back < min(span, j.count); back++ {
			sum.add(&j.ring[(j.count-1-back)%slots])
		}
		j.sums[i] = sum
	}
}

func (s *slot) add(o *slot) {
	s.low, s.high = min(s.low, o.low), max(s.high, o.high)
	s.missing += o.missing
	s.clipped += o.clipped
	s.hiss += o.hiss
	s.change += o.change
	s.strongest = max(s.strongest, o.strongest)
	s.beats += o.beats
	s.extras += o.extras
	s.poor += o.poor
	s.match += o.match
}

var noSlots = slot{low: inputLimit, high: -inputLimit}

// over is the sum of the last slots, as many as the span says or as there are.
func (j *judge) over(span int64) *slot {
	if j.count == 0 {
		return &noSlots
	}
	return &j.sums[slices.Index(spans[:], span)]
}

// circumstances are what the judgement must know from elsewhere.
type circumstances struct {
	learned      bool // the levels of beats are known
	lifeless     bool // beats have been absent for so long that it is asystole, if not the electrode
	fibrillating bool // the last window may be fibrillation, which no template matches
}

// assess judges anew. What is worse holds at once, what is better when it has lasted for 0.8 s.
func (j *judge) assess(c circumstances) {
	quality, cause := j.look(c)
	if quality <= j.quality {
		j.better = 0
		j.quality, j.cause = quality, cause
		return
	}
	if j.better++; j.better >= settleSlots {
		j.quality, j.cause = quality, cause
	}
}

// look takes the faults in the order of what they hide.
func (j *judge) look(c circumstances) (Quality, Cause) {
	second := j.over(missingSlots)
	long := j.over(longSlots)
	switch {
	case int64(second.missing) > missingSlots*slotTicks*3/4:
		return NoAnalysis, Missing
	case j.count >= railSlots && j.onRail():
		return NoAnalysis, Rail
	case j.count >= flatSlots && j.isFlat():
		return NoAnalysis, FlatLine
	case int64(long.missing)*100 > longSlots*slotTicks*missingToNone:
		return NoAnalysis, Missing
	case j.count >= mainsSlots && j.isMains():
		return NoAnalysis, Mains
	case c.lifeless && j.unsettled():
		return NoAnalysis, Noise
	case !c.learned:
		return NoAnalysis, Learning
	}
	lately := j.over(latelySlots)
	switch q := max(j.noise(long), min(j.noise(lately), RhythmOnly)); {
	case q == NoAnalysis && !c.fibrillating:
		return NoAnalysis, Noise
	case q != FullAnalysis:
		return RhythmOnly, Noise
	}
	if int64(long.missing)*100 > longSlots*slotTicks*missingToOnly {
		return RhythmOnly, Missing
	}
	return FullAnalysis, NoCause
}

func (j *judge) onRail() bool {
	s := j.over(railSlots)
	still := s.high-s.low < flatLimit && (s.low > railLevel || s.high < -railLevel)
	return still || int64(s.clipped) > railSlots*slotTicks/2
}

func (j *judge) isFlat() bool {
	s := j.over(flatSlots)
	return s.high-s.low < flatLimit
}

// still reports whether the line has been flat for two seconds: an electrode may have come off.
func (j *judge) still() bool {
	s := j.over(stillSlots)
	return j.count >= stillSlots && s.high-s.low < flatLimit
}

// loose reports whether the line has been dead now and then, as where an electrode makes contact for
// moments only: beats may be missing.
func (j *judge) loose() bool {
	dead := 0
	for back := range min(looseSlots, j.count) {
		if s := &j.ring[(j.count-1-back)%slots]; s.high-s.low < looseLimit {
			dead++
		}
	}
	return dead >= looseDead
}

// mayBeStill reports whether a flat line may be that of a heart at rest. A monitor shows asystole as
// a line that is flat but alive: 5 to 30 µV of wander and of the amplifier. Nobody can tell that from
// an electrode that hangs loose, so the nurse is told of both. A line with less, or one at the
// amplifier's limit, comes from the device alone.
func (j *judge) mayBeStill() bool {
	if j.quality != NoAnalysis || j.cause != FlatLine {
		return false
	}
	s := j.over(flatSlots)
	return s.high-s.low >= deadLimit && s.high-s.low < flatLimit
}

// unsettled reports whether the baseline runs as it does after a pull at an electrode. Within three
// seconds without a beat the heart does not move it so far.
func (j *judge) unsettled() bool {
	s := j.over(flatSlots)
	moved := s.high - s.low
	return moved > unsettledBy && moved*unitsPerMicro*100 > j.height*unsettledPart
}

// isMains reports whether nothing but a hum at 50 or 60 Hz arrives, as from an electrode that hangs free.
func (j *judge) isMains() bool {
	s := j.over(mainsSlots)
	hum := s.hiss / (mainsSlots * slotTicks)
	return hum >= mainsLeast && s.hums() && s.strongest < mainsToPeak*hum
}

// hiss is the mean hiss of the last five seconds, in µV.
func (j *judge) hiss() int32 {
	s := j.over(longSlots)
	return s.hiss / (longSlots * slotTicks)
}

// hums reports whether the hiss repeats itself as mains do.
func (s *slot) hums() bool { return s.change*10 < s.hiss*3 }

// noise judges by what is not ECG: hiss against the height of the beats, beats that match no
// template, and strong candidates between the beats.
func (j *judge) noise(s *slot) Quality {
	hiss := int64(s.hiss) * 100 / (longSlots * slotTicks)
	height := int64(j.height) / unitsPerMicro
	poor := int(s.poor) * 100
	switch {
	case height > 0 && hiss > hissDrowns*height, s.beats > 2 && poor > worstShare*int(s.beats):
		return NoAnalysis
	case height > 0 && hiss > hissOfBeat*height, s.beats > 2 && poor > poorShare*int(s.beats),
		s.beats > 0 && s.extras > extraPerBeat*s.beats:
		return RhythmOnly
	}
	return FullAnalysis
}

// steadyHiss is the mean hiss of the last five seconds in µV, 0 where it is mains.
func (j *judge) steadyHiss() int32 {
	s := j.over(longSlots)
	if s.hums() {
		return 0
	}
	return s.hiss / (longSlots * slotTicks)
}
