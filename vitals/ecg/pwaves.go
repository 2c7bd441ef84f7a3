package ecg

import (
	"math"

	"vigil/vitals/ecg/model"
)

// In sinus rhythm the same P wave comes before each beat, however irregular the beats are; in fibrillation
// of the atria nothing before the QRS repeats, so that little is left in its mean (Slocum et al., Am Heart J
// 1992;123:795). So irregular intervals alone are no fibrillation where P waves are seen. What is not seen
// says nothing: P waves may be too small, or drowned. The limits were set on the Challenge of 2017 and on
// nothing else: with the mean of 16 beats, 7 % of the times in fibrillation have a P wave by them, 79 % of
// those in normal and 75 % in other rhythms.
const (
	pWaveLen    = 28 // from 300 to 84 ms before the fiducial point, at 125 Hz
	pWaveBefore = 75
	pWaveBeats  = 16                 // over which the mean follows
	pWaveParts  = 64                 // of a shape that the mean keeps
	pWaveSeen   = 650                // thousandths left in the mean
	pWaveSmall  = 32                 // thousandths of the QRS: so little is the foot of the QRS, or what the T wave left
	pWaveSpeaks = 20                 // logits that all of the mean weighs
	anyScore    = 1000 * model.Scale // is allowed where no P wave is seen: a thousand logits
)

// pWaves follows how much of the signal before the QRS repeats from beat to beat.
type pWaves struct {
	mean  [pWaveLen]int32 // of shapes that are scaled to one length
	size  int32           // of their length before, in sixteenths of thousandths of the QRS
	beats int32           // that made them
}

// push takes a beat that is not ventricular.
func (p *pWaves) push(f *frontEnd, b *beat) {
	var raw [pWaveLen]int32
	cut(&f.lowPass, b.at-pWaveBefore, raw[:])
	level(raw[:])
	var s [pWaveLen]int16
	size := ratio(normalise(s[:], raw[:]), b.size)
	p.beats++
	weight := min(p.beats, pWaveBeats)
	p.size += (size*16 - p.size) / weight
	for i, v := range s {
		p.mean[i] += (int32(v)*pWaveParts - p.mean[i]) / weight
	}
}

// limit is the highest score of fibrillation that the P waves leave room for.
func (p *pWaves) limit() int32 {
	if p.beats < pWaveBeats {
		return anyScore
	}
	var squares int64
	for _, v := range p.mean {
		squares += int64(v) * int64(v)
	}
	left := int32(math.Sqrt(float64(squares)) * thousand / (shapeLength * pWaveParts))
	if p.size/16*left/thousand < pWaveSmall {
		return anyScore
	}
	return (pWaveSeen - left) * pWaveSpeaks * model.Scale / thousand
}

// level takes off the line that fits values best.
func level(values []int32) {
	var product, squares int64
	last := int64(len(values)) - 1
	for i, v := range values {
		x := 2*int64(i) - last
		product += x * int64(v)
		squares += x * x
	}
	for i := range values {
		values[i] -= int32((2*int64(i) - last) * product / squares)
	}
}
