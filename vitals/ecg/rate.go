package ecg

// The heart rate is the median of the last RR intervals: eight of them for a steady figure, but
// none older than six seconds, so that a change shows within seven (a patient monitor needs
// 7 to 8 s from 80 to 120 or 40/min: GE B20 and Mindray uMEC10 manuals), and never fewer than two.
const (
	rateBeats  = 8
	rateSpan   = 6 * internalHz
	rateFewest = 2
	rateStale  = 4 * internalHz // behind that a pause is no rate
)

// rateMeter keeps the intervals of the last beats. They are those of the QRS decision, which are known
// before the second look: a rate must not lag, and the median bears a beat too many or too few.
type rateMeter struct {
	last  int64            // tick of the last beat
	at    [rateBeats]int64 // tick of the beat that ended the interval
	ticks [rateBeats]int64 // its length
	count int64
}

// push takes a beat. One behind a pause or a loss ends no interval that is known.
func (r *rateMeter) push(at int64, gap *lostSamples) {
	last := r.last
	r.last = at
	interval := at - last
	if interval <= 0 || interval >= longestRR || gap.touches(last, at, 0) {
		return
	}
	r.at[r.count%rateBeats], r.ticks[r.count%rateBeats] = at, interval
	r.count++
}

// forget drops the intervals: the signal was interrupted.
func (r *rateMeter) forget() { r.count, r.last = 0, never }

// bpm is the rate at a tick, if there is one.
func (r *rateMeter) bpm(tick int64) (float64, bool) {
	if r.count < rateFewest || tick-r.at[(r.count-1)%rateBeats] > rateStale {
		return 0, false
	}
	var sorted [rateBeats]int64
	n := 0
	for back := range min(r.count, rateBeats) {
		i := (r.count - 1 - back) % rateBeats
		if n >= rateFewest && tick-r.at[i] > rateSpan {
			break
		}
		j := n
		for ; j > 0 && sorted[j-1] > r.ticks[i]; j-- {
			sorted[j] = sorted[j-1]
		}
		sorted[j] = r.ticks[i]
		n++
	}
	median := sorted[n/2] + sorted[(n-1)/2]
	return float64(2*60*internalHz) / float64(median), true
}
