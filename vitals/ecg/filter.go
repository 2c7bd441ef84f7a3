package ecg

// The rings keep 4.1 s, which covers the longest look back: a search-back over 1.6 slow RR
// intervals and the shape of the beat that it finds.
const (
	ringLen  = 1024
	ringMask = ringLen - 1
)

// Widths of the running sums, in ticks.
const (
	lowPassWidth   = 6  // 24 ms, twice: first zero at 42 Hz, -3 dB at 13 Hz
	highPassWidth  = 31 // 124 ms: what is slower than a QRS is taken away
	slopeDistance  = 3  // 12 ms
	strengthWidth  = 20 // 80 ms, about the length of a normal QRS
	hissWidth      = 50 // 200 ms
	lowPassDelay   = lowPassWidth - 1
	highPassDelay  = highPassWidth / 2
	bandDelay      = lowPassDelay + highPassDelay
	unitsPerMicro  = 4     // lowPass and band count quarters of a microvolt, so that small signals keep their shape
	inputLimit     = 32000 // µV; beyond the ±20 mV of any wearable, within int16 as waveforms are stored
	bridgeableTick = 10    // 40 ms of missing samples are bridged by holding the last value
)

// frontEnd makes from the signal what the rest looks at. Everything is a running sum over
// integers, so it is exact, the same on every processor, and costs a few additions per sample.
//
//	input ─ low-pass (two boxcars) ─┬─ lowPass: shape of the beat, T wave, fibrillation
//	                                └─ minus boxcar ─ band ─ |slope| ─ boxcar ─ strength: how much QRS is here
type frontEnd struct {
	tick int64 // ticks taken

	input    [64]int32 // µV
	firstSum [8]int32
	lowPass  [ringLen]int32 // delayed by lowPassDelay
	band     [ringLen]int32 // delayed by bandDelay
	strength [ringLen]int32 // ends where its boxcar ends
	slope    [32]int32
	hiss     [64]int32 // |input - lowPass|: mains and muscle

	sumFirst, sumSecond, sumBand, sumStrength, sumHiss int32

	gap   lostSamples
	jumps jumps
}

// lostSamples remembers the last loss that was too long to be bridged.
type lostSamples struct {
	run      int64 // ticks missing up to now
	from     int64 // first tick of the last long loss
	until    int64 // first tick behind it
	held     int32 // µV given while samples are missing
	offset   int32 // µV added, so that the signal goes on where it stopped
	started  bool
	everLost bool
}

// push takes the sample of the next tick.
func (f *frontEnd) push(s sample) {
	n := f.tick
	v := f.gap.fill(n, s)
	if f.jumps.far(v) {
		v = f.gap.stay(f.jumps.line())
	}
	f.jumps.follow(v)

	f.sumFirst += v - f.input[(n-lowPassWidth)&63]
	f.input[n&63] = v
	f.sumSecond += f.sumFirst - f.firstSum[(n-lowPassWidth)&7]
	f.firstSum[n&7] = f.sumFirst
	low := f.sumSecond / (lowPassWidth * lowPassWidth / unitsPerMicro)

	f.sumBand += low - f.lowPass[(n-highPassWidth)&ringMask]
	f.lowPass[n&ringMask] = low
	band := f.lowPass[(n-highPassDelay)&ringMask] - f.sumBand/highPassWidth
	f.band[n&ringMask] = band

	hiss := magnitude(f.input[(n-lowPassDelay)&63] - low/unitsPerMicro)
	f.sumHiss += hiss - f.hiss[(n-hissWidth)&63]
	f.hiss[n&63] = hiss

	slope := magnitude(band - f.band[(n-slopeDistance)&ringMask])
	f.sumStrength += slope - f.slope[(n-strengthWidth)&31]
	f.slope[n&31] = slope
	f.strength[n&ringMask] = f.sumStrength
	f.tick = n + 1
}

// fill gives the value to work with: the sample itself, or where it was lost the last one. Behind
// a long loss the signal is shifted to go on where it stopped, because the step would look like
// a beat; the shift fades over seconds, which the high-pass does not see.
func (g *lostSamples) fill(tick int64, s sample) int32 {
	if s.missing {
		g.run++
		if g.run > bridgeableTick {
			g.from, g.until, g.everLost = tick-g.run+1, tick+1, true
		}
		return g.held
	}
	v := min(max(s.microvolts, -inputLimit), inputLimit)
	if !g.started {
		g.offset, g.started = -v, true
	} else if g.run > bridgeableTick {
		g.offset = g.held - v
	}
	g.run = 0
	g.offset -= g.offset / 1024
	g.held = v + g.offset
	return g.held
}

// stay shifts the signal so that it goes on where it was.
func (g *lostSamples) stay(before int32) int32 {
	g.offset -= g.held - before
	g.held = before
	return before
}

// touches reports whether a long loss lies within margin of the ticks from..to.
func (g *lostSamples) touches(from, to, margin int64) bool {
	return g.everLost && from < g.until+margin && to >= g.from-margin
}

func magnitude(v int32) int32 {
	if v < 0 {
		return -v
	}
	return v
}
