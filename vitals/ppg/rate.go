package ppg

import "slices"

// The pulse rate is the median of the last intervals: eight of them for a steady figure, but none
// older than six seconds, and never fewer than two; as the heart rate in package ecg, with which a
// nurse compares it.
const (
	rateBeats  = 8
	rateSpan   = 6 * internalHz
	rateFewest = 2
	rateStale  = 4 * internalHz // behind that a pause is no rate
)

// rateMeter keeps the intervals of the last pulses.
type rateMeter struct {
	at    [rateBeats]int64 // tick of the pulse that ended the interval
	ticks [rateBeats]int64
	count int64
	last  int64 // tick of the last pulse, 0 where nothing may be measured from it
}

// push takes the onset of a pulse; one that is none interrupts.
func (r *rateMeter) push(onset int64, q Quality) {
	apart := onset - r.last
	r.last = 0
	if q == NoAnalysis {
		return
	}
	if apart < onset && apart <= rateStale {
		r.at[r.count%rateBeats], r.ticks[r.count%rateBeats] = onset, apart
		r.count++
	}
	r.last = onset
}

// bpm is the rate at a tick, if there is one.
func (r *rateMeter) bpm(tick int64) (float64, bool) {
	if r.count < rateFewest || tick-r.at[(r.count-1)%rateBeats] > rateStale {
		return 0, false
	}
	var lengths [rateBeats]int64
	n := 0
	for back := range min(r.count, rateBeats) {
		i := (r.count - 1 - back) % rateBeats
		if n >= rateFewest && tick-r.at[i] > rateSpan {
			break
		}
		lengths[n] = r.ticks[i]
		n++
	}
	slices.Sort(lengths[:n])
	return float64(2*60*internalHz) / float64(lengths[n/2]+lengths[(n-1)/2]), true
}

// sorted are the last intervals that began at or behind a tick, the shortest first.
func (r *rateMeter) sorted(since int64) (lengths [rateBeats]int64, n int64) {
	for back := range min(r.count, rateBeats) {
		i := (r.count - 1 - back) % rateBeats
		if r.at[i] <= since {
			break
		}
		lengths[n] = r.ticks[i]
		n++
	}
	slices.Sort(lengths[:n])
	return lengths, n
}

// even reports whether the intervals since a tick are what a heart can do: the longest is no more than
// 2.2 times the shortest (Orphanidou et al., IEEE JBHI 2015;19:832).
func (r *rateMeter) even(since int64) bool {
	lengths, n := r.sorted(since)
	return n >= rateFewest && lengths[n-1]*10 <= lengths[0]*22
}

// regular reports whether they lie within a quarter of their median. Breath moves those of a resting
// heart by less; those of atrial fibrillation or of noise vary by more.
func (r *rateMeter) regular(since int64) bool {
	lengths, n := r.sorted(since)
	if n < rateFewest {
		return false
	}
	median := (lengths[n/2] + lengths[(n-1)/2]) / 2
	return (lengths[n-1]-median)*4 <= median && (median-lengths[0])*4 <= median
}
