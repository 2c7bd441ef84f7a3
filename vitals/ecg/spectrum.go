package ecg

import "math"

// The spectrum of a stretch comes from its autocorrelation (Blackman and Tukey 1958): 0.5 to 15 Hz in steps
// of a quarter of a hertz. The lag window of 1.2 s blurs it to about 1 Hz, which is as fine as the
// pitch of fibrillation is steady.
const (
	echoLags   = 60 // 1.2 s
	leastLag   = 3  // 60 ms
	leastEcho  = 6  // 120 ms: 500/min
	firstPitch = 2  // quarters of a hertz
	lastPitch  = 60
	cosines    = 4 * fibHz // one turn in steps that a lag at a quarter of a hertz makes
	unitCosine = 1 << 12
)

var (
	cosine    = makeCosine()
	lagWindow = makeLagWindow()
)

func makeCosine() (table [cosines]int32) {
	for i := range table {
		table[i] = int32(math.Round(unitCosine * math.Cos(2*math.Pi*float64(i)/cosines)))
	}
	return table
}

// makeLagWindow is that of Hann.
func makeLagWindow() (table [echoLags + 1]int32) {
	for i := range table {
		table[i] = int32(math.Round(unitCosine / 2 * (1 + math.Cos(math.Pi*float64(i)/(echoLags+1)))))
	}
	return table
}

// correlate fills in the autocorrelation.
func (w *stretch) correlate() {
	for lag := range w.products {
		w.products[lag] = product(w.values[:], lag)
	}
}

// similarity is the autocorrelation at a lag in thousandths, made up for the shorter overlap.
func (w *stretch) similarity(lag int) int64 {
	return int64(w.products[lag]) * thousand * fibWindow / (max(w.energy, 1) * int64(fibWindow-lag))
}

// describeEchoes measures how the signal opposes itself half a wave later and repeats itself
// a wave later.
func (w *stretch) describeEchoes(put func(int, int64)) {
	w.correlate()
	deepest, deepestLag := int64(thousand), leastLag
	for lag := leastLag; lag <= echoLags; lag++ {
		if s := w.similarity(lag); s < deepest {
			deepest, deepestLag = s, lag
		}
	}
	highest, highestLag := int64(-thousand), leastEcho
	positive := false // the maximum at lag zero is over
	for lag := leastLag; lag <= echoLags; lag++ {
		s := w.similarity(lag)
		positive = positive || s < w.similarity(lag-1) && s < thousand/2
		if positive && lag >= leastEcho && s > highest {
			highest, highestLag = s, lag
		}
	}
	put(opposition, deepest)
	put(oppositionLag, int64(deepestLag))
	put(echo, highest)
	put(echoLag, int64(highestLag))
	put(echoTwice, w.similarity(min(2*highestLag, echoLags)))
}

// describeSpectrum measures where the power lies.
func (w *stretch) describeSpectrum(put func(int, int64)) {
	var weighted [echoLags + 1]int64
	for lag := range weighted {
		weighted[lag] = int64(w.products[lag]) * int64(lagWindow[lag]) / unitCosine
	}
	var power [lastPitch + 1]int64
	var all, moment int64
	peak := firstPitch
	for pitch := firstPitch; pitch <= lastPitch; pitch++ {
		sum := weighted[0] * unitCosine / 2
		phase := 0
		for _, r := range weighted[1:] {
			if phase += pitch; phase >= cosines {
				phase -= cosines
			}
			sum += r * int64(cosine[phase])
		}
		power[pitch] = max(sum/unitCosine, 0)
		all += power[pitch]
		moment += power[pitch] * int64(pitch)
		if power[pitch] > power[peak] {
			peak = pitch
		}
	}
	all = max(all, 1)
	share := func(from, to int) int64 {
		var sum int64
		for pitch := max(from, firstPitch); pitch <= min(to, lastPitch); pitch++ {
			sum += power[pitch]
		}
		return sum * thousand / all
	}
	put(peakPitch, int64(peak))
	put(peakShare, share(peak-2, peak+2))
	put(powerBelow, share(firstPitch, peak/2))
	put(powerAround, share(peak*7/10, peak*14/10))
	put(powerMoment, moment*thousand/(all*int64(peak)))
	put(powerMiddle, share(10, 30))
	put(powerHigh, share(31, lastPitch))
}
