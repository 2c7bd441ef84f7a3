package ppg

const (
	ring     = 256 // ticks kept, 2 s
	ringMask = ring - 1

	lowPassWidth = 5 // ticks: two boxcars of 40 ms leave what is below 8 Hz, where pulses are, and nothing at 25 and 50 Hz
	lowPassDelay = lowPassWidth - 1
	riseWidth    = 16 // ticks, 128 ms: about as long as an upstroke (Zong 2003)
)

// filter makes of the wave what the detector looks at: the smoothed wave and its rise, which is
// the sum of all that went up within 128 ms (the slope sum function of Zong 2003). The pulse's
// upstroke stands out in it, whatever the baseline does. Running sums over integers only.
type filter struct {
	tick      int64 // of the next sample
	raw       [8]int32
	first     [8]int32
	sumFirst  int32
	sumSecond int32
	low       [ring]int32
	up        [ring]int32 // what went up with the tick
	rise      [ring]int32
	sumRise   int32
}

// push takes the value of a tick.
func (f *filter) push(v int32) {
	n := f.tick
	if n == 0 {
		f.begin(v)
	}
	f.sumFirst += v - f.raw[(n-lowPassWidth)&7]
	f.raw[n&7] = v
	f.sumSecond += f.sumFirst - f.first[(n-lowPassWidth)&7]
	f.first[n&7] = f.sumFirst
	low := f.sumSecond / (lowPassWidth * lowPassWidth)
	up := max(0, low-f.low[(n-1)&ringMask])
	f.sumRise += up - f.up[(n-riseWidth)&ringMask]
	f.low[n&ringMask], f.up[n&ringMask], f.rise[n&ringMask] = low, up, f.sumRise
	f.tick = n + 1
}

// begin behaves as if the first value had been there for ever, else it would be the largest rise.
func (f *filter) begin(v int32) {
	f.sumFirst, f.sumSecond = lowPassWidth*v, lowPassWidth*lowPassWidth*v
	for i := range f.raw {
		f.raw[i], f.first[i] = v, f.sumFirst
	}
	for i := range f.low {
		f.low[i] = v
	}
}

// steepest is the tick of the steepest slope within the rise that ends at the tick.
func (f *filter) steepest(at int64) int64 {
	best := at
	for n := at - riseWidth + 1; n < at; n++ {
		if f.up[n&ringMask] > f.up[best&ringMask] {
			best = n
		}
	}
	return best
}

// onset goes back from the steepest slope to where the wave began to rise: the slope is less than
// a sixteenth of the steepest, 250 ms before at most.
func (f *filter) onset(steepest int64) int64 {
	least := f.up[steepest&ringMask] / 16
	n := steepest
	for n > steepest-ticks(250) && n > 0 && f.up[n&ringMask] > least {
		n--
	}
	return n
}

// top is the tick of the highest value of the wave in the 200 ms behind the steepest slope.
func (f *filter) top(steepest int64) int64 {
	top := steepest
	for n := steepest; n <= steepest+ticks(200); n++ {
		if f.low[n&ringMask] > f.low[top&ringMask] {
			top = n
		}
	}
	return top
}
