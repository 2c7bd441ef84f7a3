package codec

import (
	"math/bits"
	"time"

	"vigil/vitals"
)

// SplitWave cuts a waveform where a new block begins, so that each part lies within one block.
// Which sample is the first of a block is computed from its index, exactly, so that cutting a
// part again, or cutting a longer piece of the same signal, gives the same border. The parts share
// the samples of w. A waveform without samples, without a rate or longer than a century has no parts.
func SplitWave(w vitals.Waveform) []vitals.Waveform {
	g := grid{start: micros(w.Start), num: uint64(w.Rate.Num), den: uint64(w.Rate.Den) * uint64(time.Second/time.Microsecond)}
	if g.num == 0 || g.den == 0 || w.Duration() > longest {
		return nil
	}
	parts := make([]vitals.Waveform, 0, 2) // a chunk of a second or so crosses one border at most
	for i := 0; i < len(w.Samples); {
		part := w
		part.Start = fromMicros(g.at(i))
		part.First += uint64(i)
		next := g.index(micros(part.Start.Truncate(vitals.WaveBlock).Add(vitals.WaveBlock)))
		next = min(next, len(w.Samples))
		part.Samples = w.Samples[i:next:next]
		parts = append(parts, part)
		i = next
	}
	return parts
}

// longest bounds a waveform so that its times stay within 64 bits.
const longest = 100 * 365 * 24 * time.Hour

// grid is where the samples of a waveform lie: sample i at start + i×den/num microseconds.
type grid struct {
	start    int64
	num, den uint64
}

// at is the time of sample i, rounded down to the microsecond. Borders are whole microseconds, so
// rounding down never moves a sample across one.
func (g grid) at(i int) int64 {
	hi, lo := bits.Mul64(uint64(i), g.den)
	us, _ := bits.Div64(hi, lo, g.num)
	return g.start + int64(us)
}

// index is the first sample that is not before the time, which is not before start.
func (g grid) index(us int64) int {
	hi, lo := bits.Mul64(uint64(us-g.start), g.num)
	i, rest := bits.Div64(hi, lo, g.den)
	if rest > 0 {
		i++
	}
	return int(i)
}
