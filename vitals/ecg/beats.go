package ecg

// The form of a beat is cut from the low-passed signal, which keeps the width of a QRS, from
// 100 ms before to 140 ms behind the fiducial point at 125 Hz.
const (
	formBefore  = internalHz / 10
	formLen     = 31
	formLags    = 5 // compared at lags of up to ±16 ms
	forms       = 8 // as many forms are told apart
	sameForm    = 0.88
	widthSlope  = 15 // % of the steepest slope: below is outside the QRS
	widthQuiet  = 4  // ticks, 16 ms, of which end it
	widestHalf  = 50 // ticks, 200 ms
	weightShift = 7  // a form's weight fades over 128 beats
	newWeight   = 256
	timedBeats  = 12 // over which the times of a form's beats follow
)

// beat is a QRS with what its class is decided by.
type beat struct {
	at       int64 // tick of the fiducial point in the low-passed signal
	interval int64 // ticks since the beat before, 0 where unknown
	shape    [formLen]int16
	size     int32   // length of the form before it was scaled: its energy
	width    int32   // of the QRS in ticks
	height   int32   // of the QRS from peak to peak, quarters of µV
	toMain   float32 // correlation with the dominant form
	match    float32 // correlation with the template that fits best
	toForm   float32 // correlation with its own form
	form     int8
	votes    int          // for a ventricular beat, by the rules
	looks    [looks]int32 // see describe
	before   [3]int32     // likeness to the beat before, its likeness to the dominant form, and its votes
}

// form is a cluster of beats that look alike.
type form struct {
	shape  [formLen]int16
	size   int32 // mean
	width  int32 // mean, 1/16 tick
	weight int32 // how common it has been
	beats  int32 // that made it, 0 for none
	early  int32 // mean interval before its beats against the slow pace, in thousandths
	late   int32 // the same behind them
	timed  int32 // beats that made these two
}

// classifier tells ventricular beats from the patient's own.
type classifier struct {
	forms    [forms]form
	dominant int8    // index of the patient's usual form, -1 until known
	normals  history // intervals that ended in a normal beat
	unlike   unlikeness
	last     int64 // tick of the beat before
	slowRun  int32 // ventricular beats in a row that were not fast
}

func newClassifier() classifier {
	c := classifier{dominant: -1, last: never}
	c.normals.fill(firstInterval)
	for range strangers {
		c.unlike.add(strangerUsual)
	}
	return c
}

// classify measures the beat of a candidate and decides its class.
func (k *classifier) classify(f *frontEnd, c *candidate) (beat, Beat) {
	b := beat{at: c.fiducial - highPassDelay, match: c.match}
	if gap := b.at - k.last; gap < longestRR && !f.gap.touches(k.last-lowPassDelay, b.at, 0) {
		b.interval = gap
	}
	k.last = b.at
	b.width = width(f, b.at)
	k.compare(f, &b)
	class := k.decide(&b)
	k.describe(&b, c)
	k.learn(&b, class)
	return b, class
}

// describe notes how the beat differs from the patient's usual form, before it is learned itself.
func (k *classifier) describe(b *beat, c *candidate) {
	own, main := &k.forms[b.form], &k.forms[max(k.dominant, 0)]
	stranger := thousand - int32(b.toMain*thousand)
	b.looks = [looks]int32{
		int32(b.toMain * thousand), stranger - k.unlike.upperQuartile(), int32(b.match * thousand), int32(b.toForm * thousand),
		min(own.beats, 200), ratio(own.weight, main.weight), int32(b.form - k.dominant),
		b.width, b.width - main.width/16, own.width - main.width, ratio(b.size, main.size), int32(b.votes),
		ratio(c.strength, c.beatLevel), ratio(c.slope, c.slopeLevel), c.width, c.toward, c.crossings,
		share(b.shape[:10]), share(b.shape[10:16]),
	}
}

// share is how much of a shape's energy lies in a part of it, in thousandths.
func share(part []int16) int32 {
	var sum int64
	for _, v := range part {
		sum += int64(v) * int64(v)
	}
	return int32(sum * thousand / (shapeLength * shapeLength))
}

// time lets a form learn when its beats come, whatever they are called. A gap that is not known teaches nothing.
func (k *classifier) time(b *beat, early, late int32) {
	own := &k.forms[b.form]
	if own.beats == 0 || early == 0 || late == 0 {
		return
	}
	own.timed++
	weight := min(own.timed, timedBeats)
	own.early += (min(early, 2*thousand) - own.early) / weight
	own.late += (min(late, 2*thousand) - own.late) / weight
}

// compare finds the beat's form and how it resembles the dominant one.
func (k *classifier) compare(f *frontEnd, b *beat) {
	var values [formLen + formLags - 1]int32
	var length [formLags]float64
	cut(&f.lowPass, b.at-formBefore-(formLags-1), values[:])
	var raw [formLen]int32
	copy(raw[:], values[(formLags-1)/2:])
	b.size = normalise(b.shape[:], raw[:])
	w := window{values: values[:], length: length[:]}
	w.prepare()
	best := float32(-1)
	b.form = -1
	for i := range k.forms {
		if k.forms[i].beats == 0 {
			continue
		}
		r := w.correlate(k.forms[i].shape[:])
		if int8(i) == k.dominant {
			b.toMain = r
		}
		if b.size > 2*k.forms[i].size || 2*b.size < k.forms[i].size {
			r -= 0.1
		}
		if r > best {
			best, b.form = r, int8(i)
		}
	}
	b.toForm = best
	if best < sameForm {
		b.form = k.replaceRarest()
	}
}

// replaceRarest makes room for a new form.
func (k *classifier) replaceRarest() int8 {
	rarest := int8(-1)
	for i := range k.forms {
		if int8(i) != k.dominant && (rarest < 0 || k.forms[i].weight < k.forms[rarest].weight) {
			rarest = int8(i)
		}
	}
	k.forms[rarest] = form{}
	return rarest
}

// width is the length of the QRS in ticks: from the fiducial point to either side until the
// slope stays low.
func width(f *frontEnd, at int64) int32 {
	slope := func(n int64) int32 {
		return magnitude(f.lowPass[n&ringMask] - f.lowPass[(n-slopeDistance)&ringMask])
	}
	var steepest int32
	for n := at - formBefore; n <= at+35; n++ {
		steepest = max(steepest, slope(n))
	}
	limit := steepest * widthSlope / 100
	return reach(limit, func(n int64) int32 { return slope(at - n) }) +
		reach(limit, func(n int64) int32 { return slope(at + n + slopeDistance) })
}

// reach is the last of widestHalf slopes that is not followed by widthQuiet low ones.
func reach(limit int32, slope func(int64) int32) int32 {
	last, quiet := int32(0), 0
	for n := range int64(widestHalf) {
		if slope(n) >= limit {
			last, quiet = int32(n), 0
			continue
		}
		if quiet++; quiet >= widthQuiet {
			break
		}
	}
	return last
}
