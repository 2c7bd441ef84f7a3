package uplink

import (
	"math"
	"math/bits"
)

// The third encoding writes the differences of an ECG in as many bits as they need (Rice, "Some
// practical universal noiseless coding techniques", JPL 79-22, 1979): the first byte is k; then, most
// significant bit first, for each sample u = zigzag(difference to the sample before) as u >> k ones, a
// zero, and the k low bits of u. Where u >> k is riceEscape or more, so many ones stand and the whole u
// behind them, in 17 bits. The last byte is filled up with zeros. The fourth writes the differences of the
// differences, which are smaller where the signal is smooth; its whole u has 18 bits.
const (
	riceEscape = 24
	maxRice    = 15
)

func zigzag(d int32) uint32 { return uint32(d<<1) ^ uint32(d>>31) }

func unzigzag(u uint32) int32 { return int32(u>>1) ^ -int32(u&1) }

// course is the way of a signal from sample to sample.
type course struct {
	second       bool // differences of differences
	before, step int32
}

// whole is how many bits the zigzag of any of its numbers fits in: samples have 16.
func (c *course) whole() uint {
	if c.second {
		return 18
	}
	return 17
}

// leave is the number that leads to the sample.
func (c *course) leave(sample int16) uint32 {
	step := int32(sample) - c.before
	d := step
	if c.second {
		d -= c.step
	}
	c.before, c.step = int32(sample), step
	return zigzag(d)
}

// follow is the value that a number leads to.
func (c *course) follow(u uint32) int32 {
	step := unzigzag(u)
	if c.second {
		step += c.step
	}
	c.before, c.step = c.before+step, step
	return c.before
}

// sumOf is how much the numbers of a signal's course are together.
func sumOf(samples []int16, second bool) (sum uint64) {
	c := course{second: second}
	for _, s := range samples {
		sum += uint64(c.leave(s))
	}
	return sum
}

// packRice takes the smaller differences. It is nothing where the samples need more than most bytes.
func packRice(samples []int16, most int) (encoding uint8, packed octets) {
	encoding, sum := rice, sumOf(samples, false)
	if second := sumOf(samples, true); second < sum {
		encoding, sum = riceSecond, second
	}
	// The logarithm of the mean is within a bit of the best k (Kiely, IPN Progress Report 42-159, 2004).
	k := uint(min(maxRice, bits.Len64(sum/uint64(max(1, len(samples)))*2/3)))
	c := course{second: encoding == riceSecond}
	w := bitWriter{bytes: make(octets, 1, most+int(c.whole()))}
	w.bytes[0] = byte(k)
	for _, s := range samples {
		u := c.leave(s)
		if q := u >> k; q < riceEscape {
			w.write(1<<(q+1)-2, uint(q)+1)
			w.write(u&(1<<k-1), k)
		} else {
			w.write(1<<riceEscape-1, riceEscape)
			w.write(u, c.whole())
		}
		if len(w.bytes) > most {
			return 0, nil
		}
	}
	return encoding, w.done()
}

func unpackRice(encoding uint8, n int, data []byte) ([]int16, error) {
	const bitsOfByte = 8
	if len(data) == 0 || n > bitsOfByte*(len(data)-1) { // a sample takes at least one bit
		return nil, malformed("%d samples cannot fit in %d bytes", n, len(data))
	}
	k := uint(data[0])
	if k > maxRice {
		return nil, malformed("%d low bits, more than %d", k, maxRice)
	}
	r, c := bitReader{bytes: data[1:]}, course{second: encoding == riceSecond}
	samples := make([]int16, n)
	for i := range samples {
		u := r.rice(k, c.whole())
		if u >= 1<<c.whole() {
			return nil, malformed("sample %d is cut off or beyond 16 bits", i)
		}
		value := c.follow(u)
		if value < math.MinInt16 || value > math.MaxInt16 {
			return nil, malformed("sample %d is %d, beyond 16 bits", i, value)
		}
		samples[i] = int16(value)
	}
	if !r.atEnd() {
		return nil, malformed("something follows the last sample")
	}
	return samples, nil
}

// bitWriter writes bits, the most significant first.
type bitWriter struct {
	bytes octets
	held  uint64
	n     uint // bits held, fewer than 8 between writes
}

// write adds the n low bits of v.
func (w *bitWriter) write(v uint32, n uint) {
	w.held, w.n = w.held<<n|uint64(v), w.n+n
	for w.n >= 8 {
		w.n -= 8
		w.bytes = append(w.bytes, byte(w.held>>w.n))
	}
	w.held &= 1<<w.n - 1
}

func (w *bitWriter) done() octets {
	if w.n > 0 {
		w.write(0, 8-w.n)
	}
	return w.bytes
}

// bitReader reads bits; behind the end it notes that it failed.
type bitReader struct {
	bytes  []byte
	held   uint64 // the next bits, at the top
	n      uint   // how many they are
	failed bool
}

func (r *bitReader) fill() {
	const most = 56 // a byte more would not fit
	for r.n <= most && len(r.bytes) > 0 {
		r.held |= uint64(r.bytes[0]) << (most - r.n)
		r.bytes, r.n = r.bytes[1:], r.n+8
	}
}

func (r *bitReader) take(n uint) uint32 {
	if n > r.n {
		r.failed = true
		return 0
	}
	v := uint32(r.held >> (64 - n))
	r.held, r.n = r.held<<n, r.n-n
	return v
}

// rice reads one number; one that is cut off is beyond all that there can be.
func (r *bitReader) rice(k, whole uint) uint32 {
	r.fill()
	var u uint32
	if q := uint(bits.LeadingZeros64(^r.held)); q < riceEscape {
		r.take(q + 1)
		u = uint32(q)<<k | r.take(k)
	} else {
		r.take(riceEscape)
		u = r.take(whole)
	}
	if r.failed {
		return math.MaxUint32
	}
	return u
}

// atEnd reports whether nothing is left but the zeros that fill the last byte.
func (r *bitReader) atEnd() bool { return len(r.bytes) == 0 && r.n < 8 && r.held == 0 }
