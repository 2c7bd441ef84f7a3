package ecg

// history is the last eight values of a quantity.
type history struct {
	values [8]int32
	next   uint8
}

func (h *history) fill(v int32) {
	for i := range h.values {
		h.values[i] = v
	}
}

func (h *history) add(v int32) {
	h.values[h.next&7] = v
	h.next++
}

// replaceNewest undoes the last add.
func (h *history) replaceNewest(v int32) { h.values[(h.next-1)&7] = v }

func (h *history) mean() int32 {
	var sum int64
	for _, v := range h.values {
		sum += int64(v)
	}
	return int32(sum / int64(len(h.values)))
}

func (h *history) median() int32 {
	sorted := h.values
	for i := 1; i < len(sorted); i++ {
		for j := i; j > 0 && sorted[j-1] > sorted[j]; j-- {
			sorted[j-1], sorted[j] = sorted[j], sorted[j-1]
		}
	}
	return sorted[3] + (sorted[4]-sorted[3])/2
}

// levels are what a QRS and what the rest of the signal measured lately (Hamilton and Tompkins,
// IEEE Trans Biomed Eng 1986;33:1157: mean and median of the last eight as estimators).
type levels struct {
	beats, noises, slopes, heights history
	intervals                      history // RR in ticks
	beat, noise, slope, height     int32
	interval                       int32 // median RR in ticks
	unevenness                     int32 // mean deviation from it, in thousandths
	lead                           int32 // mean share of beats that points up, less a half, in thousandths
}

// leadFade is over how many beats the usual direction follows.
const leadFade = 16

// begin sets the levels from what the learning time showed.
func (l *levels) begin(beat, slope, height int32) {
	l.beats.fill(beat)
	l.noises.fill(beat / 10)
	l.slopes.fill(slope)
	l.heights.fill(height)
	l.intervals.fill(firstInterval)
	l.beat, l.noise, l.slope, l.height = beat, beat/10, slope, height
	l.interval, l.unevenness = firstInterval, 0
}

// threshold lies 5/16 of the way from noise to beats (0.3125, Hamilton 2002).
func (l *levels) threshold() int32 { return l.noise + (l.beat-l.noise)*5/16 }

func (l *levels) addBeat(c *candidate) {
	l.beats.add(min(c.strength, 3*l.beat)) // one artefact must not lift the level out of reach
	l.slopes.add(c.slope)
	l.heights.add(c.height)
	lead := c.toward - thousand/2
	if !c.up {
		lead = -lead
	}
	l.lead += (lead - l.lead) / leadFade
	l.beat = l.beats.mean()/2 + l.beats.median()/2
	l.slope, l.height = l.slopes.median(), l.heights.median()
}

func (l *levels) addInterval(ticks int64) {
	l.intervals.add(int32(ticks))
	l.interval = l.intervals.median()
	sum := int32(0)
	for _, v := range l.intervals.values {
		sum += magnitude(v - l.interval)
	}
	l.unevenness = ratio(sum/int32(len(l.intervals.values)), l.interval)
}

// addNoise takes what was not a beat; what is as large as a beat counts for less, because it may
// have been one.
func (l *levels) addNoise(strength int32) {
	if strength > l.beat*3/5 {
		strength = l.beat * 3 / 10
	}
	l.noises.add(strength)
	l.noise = l.noises.mean()
}

// forget takes back the newest beat.
func (l *levels) forget() { l.beats.replaceNewest(l.beat); l.beats.next-- }

// fade lowers the level of beats after a time without any.
func (l *levels) fade() {
	l.beat = int32(int64(l.beat) * 93 / 100)
	l.beats.add(l.beat)
}
