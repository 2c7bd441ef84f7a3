package ecg

import "math/bits"

// Ventricular fibrillation is judged once a second over the last five seconds, at 50 Hz, which
// keeps everything up to the coarse edges of a QRS.
const (
	fibHz       = 50
	fibEvery    = internalHz / fibHz
	fibWindow   = 5 * fibHz
	fibBaseTime = 4     // log2 of the baseline's time constant in samples: 0.32 s, a high-pass at 0.5 Hz
	phaseCells  = 40    // the phase plane has 40 by 40 cells (Amann et al., BioMed Eng OnLine 2005;4:60, and IEEE TBME 2007;54:174)
	phaseDelay  = 25    // 0.5 s, as there
	leastFib    = 80    // µV peak to peak: below is asystole, not fibrillation
	hissPart    = 5     // hiss of more than a fifth of the range: muscles; in fibrillation it is below a tenth
	isFib       = 12    // of 16 votes: 92 % of the windows in vfdb's fibrillation, none in normal rhythm
	mayBeFib    = 10    // of 16 votes: enough to go on where it stands
	fibLimit    = 30000 // quarters of µV
	halfPiNum   = 355   // π as 355/113, for the leakage filter's half period
	halfPiDen   = 113
)

// fibrillation collects the window and judges it by votes of six features. Their limits lie
// where fibrillation parts best from all else in records of vfdb, cudb, mitdb and svdb: how much of the
// time the signal rests, how much steeper its steepest parts are, how it fills the phase plane,
// how well a narrow band-stop removes it, how it opposes itself half a period later, and how
// badly its beats match any template.
type fibrillation struct {
	ring  [256]int32 // quarters of µV, without baseline
	count int64
	base  int64 // 1/256 of a ring unit
}

// stretch is the five seconds in order, with what the features share.
type stretch struct {
	values  [fibWindow]int32
	low     int32 // the least and the largest value
	high    int32
	steep   int32 // 99th percentile of the slope
	resting int   // slopes below a tenth of steep
	median  int32 // of the slope
}

const fibRingMask = 255

// push takes the low-passed signal of a tick.
func (v *fibrillation) push(f *frontEnd) {
	if f.tick%fibEvery != 0 {
		return
	}
	value := int64(f.lowPass[(f.tick-1)&ringMask])
	v.base += (value<<8 - v.base) >> fibBaseTime
	centred := value - v.base>>8
	v.ring[v.count&fibRingMask] = int32(min(max(centred, -fibLimit), fibLimit))
	v.count++
}

// votes judges the last five seconds, 0 to 16. match is the mean correlation of the beats in
// them with their templates, 0 where there are none; hiss is the mean deviation, in µV, of what is
// faster than any ECG.
func (v *fibrillation) votes(match float32, hiss int32) int {
	if v.count < fibWindow {
		return 0
	}
	var w stretch
	for i := range w.values {
		w.values[i] = v.ring[(v.count-fibWindow+int64(i))&fibRingMask]
	}
	w.measureSlopes()
	span := w.high - w.low
	if w.resting*100 >= 40*fibWindow || span < leastFib*unitsPerMicro || hiss*unitsPerMicro*hissPart > span {
		return 0 // a rhythm with rests between its beats, or nothing of the heart: no need to look closer
	}
	votes := 1 + under(int64(w.resting), fibWindow*30/100, fibWindow*25/100)
	votes += under(int64(w.steep), 7*int64(w.median), 5*int64(w.median))
	votes += over(w.phaseCells(), phaseCells*phaseCells*100/1000, phaseCells*phaseCells*112/1000)
	leak := w.leakage()
	votes += under(leak, 750, 650) + under(leak, 500)
	votes += under(w.opposition(), -300, -450)
	votes += under(int64(match*1000), 950, 900)
	return votes + over(int64(w.crossings()), 17, 24)
}

// under counts how many of the limits a value lies below.
func under(value int64, limits ...int64) (votes int) {
	for _, limit := range limits {
		if value < limit {
			votes++
		}
	}
	return votes
}

// over counts how many of the limits a value lies above.
func over(value int64, limits ...int64) (votes int) {
	for _, limit := range limits {
		if value > limit {
			votes++
		}
	}
	return votes
}

// measureSlopes finds percentiles of the slope with a histogram, which costs less than sorting.
func (w *stretch) measureSlopes() {
	w.low, w.high = w.values[0], w.values[0]
	var steepest int32
	for i := 1; i < fibWindow; i++ {
		w.low, w.high = min(w.low, w.values[i]), max(w.high, w.values[i])
		steepest = max(steepest, magnitude(w.values[i]-w.values[i-1]))
	}
	const bins = 256
	var histogram [bins]uint8
	width := steepest/bins + 1
	for i := 1; i < fibWindow; i++ {
		histogram[magnitude(w.values[i]-w.values[i-1])/width]++
	}
	count := 0
	for bin, n := range histogram {
		if count < fibWindow/2 && count+int(n) >= fibWindow/2 {
			w.median = int32(bin)*width + width/2
		}
		count += int(n)
		if count >= fibWindow*99/100 {
			w.steep = int32(bin)*width + width/2
			break
		}
	}
	for i := 1; i < fibWindow; i++ {
		if magnitude(w.values[i]-w.values[i-1])*10 < w.steep {
			w.resting++
		}
	}
}

// phaseCells counts the cells of the phase plane that the signal visits: a rhythm with rests
// draws the same thin loop again and again, fibrillation fills the plane.
func (w *stretch) phaseCells() int64 {
	var visited [(phaseCells*phaseCells + 63) / 64]uint64
	span := w.high - w.low + 1
	var cells [fibWindow]uint8
	for i, v := range w.values {
		cells[i] = uint8((v - w.low) * (phaseCells - 1) / span)
	}
	for i := phaseDelay; i < fibWindow; i++ {
		cell := int(cells[i])*phaseCells + int(cells[i-phaseDelay])
		visited[cell>>6] |= 1 << (cell & 63)
	}
	count := 0
	for _, word := range visited {
		count += bits.OnesCount64(word)
	}
	return int64(count)
}

// leakage is what a band-stop at the mean period lets through, in thousandths (Kuo and Dillman,
// Computers in Cardiology 1978:347).
func (w *stretch) leakage() int64 {
	mean := w.mean()
	var size, move int64
	for i, v := range w.values {
		size += int64(magnitude(v - mean))
		if i > 0 {
			move += int64(magnitude(v - w.values[i-1]))
		}
	}
	half := fibWindow / 2 // half a period
	if move > 0 {
		half = int(min(max((size*halfPiNum/halfPiDen+move/2)/move, 1), fibWindow/2))
	}
	var passed, all int64
	for i := half; i < fibWindow; i++ {
		a, b := w.values[i]-mean, w.values[i-half]-mean
		passed += int64(magnitude(a + b))
		all += int64(magnitude(a)) + int64(magnitude(b))
	}
	return passed * 1000 / max(all, 1)
}

// opposition is the least autocorrelation at lags of 60 ms to 1.2 s, in thousandths.
func (w *stretch) opposition() int64 {
	mean := w.mean()
	var centred [fibWindow]int64
	var energy int64
	for i, v := range w.values {
		centred[i] = int64(v - mean)
		energy += centred[i] * centred[i]
	}
	least := int64(1000)
	for lag := 3; lag <= 60; lag++ {
		var sum int64
		early, late := centred[:fibWindow-lag], centred[lag:]
		for i, v := range late {
			sum += v * early[i]
		}
		least = min(least, sum*1000/max(energy, 1)*fibWindow/int64(fibWindow-lag))
	}
	return least
}

// crossings counts how often the signal crosses its mean.
func (w *stretch) crossings() (count int) {
	mean := w.mean()
	for i := 1; i < fibWindow; i++ {
		if (w.values[i] > mean) != (w.values[i-1] > mean) {
			count++
		}
	}
	return count
}

func (w *stretch) mean() int32 {
	var sum int64
	for _, v := range w.values {
		sum += int64(v)
	}
	return int32(sum / fibWindow)
}
