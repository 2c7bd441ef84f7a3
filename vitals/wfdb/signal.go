package wfdb

import (
	"encoding/binary"
	"fmt"
)

// format is how samples are packed into bytes, signal(5).
type format string

// The formats that are read.
const (
	format16  format = "16"  // 16-bit two's complement, low byte first
	format24  format = "24"  // 24-bit two's complement, low byte first
	format212 format = "212" // two 12-bit samples in three bytes
)

// bits is the size of one sample, 0 for a format that is not read.
func (f format) bits() int {
	switch f {
	case format16:
		return 16
	case format24:
		return 24
	case format212:
		return 12
	default:
		return 0
	}
}

// lowest is the value that marks a lost sample in the file.
func (f format) lowest() int32 { return -1 << (f.bits() - 1) }

// raw is the sample as it stands in the file.
func (f format) raw(v int32) int32 {
	if v == Invalid {
		return f.lowest()
	}
	return v
}

// group is the signals that share a file, sample by sample in turn.
type group struct {
	Signal     // the first of them
	first  int // its place in the record
	width  int // how many there are
}

// group is the group that begins with the signal.
func (r *Record) group(first int) group {
	g := group{Signal: r.Signals[first], first: first, width: 1}
	for first+g.width < len(r.Signals) && r.Signals[first+g.width].file == g.file {
		g.width++
	}
	return g
}

// groupOf is the group that the signal belongs to.
func (r *Record) groupOf(signal int) group {
	first := signal
	for first > 0 && r.Signals[first-1].file == r.Signals[signal].file {
		first--
	}
	return r.group(first)
}

func (g group) read(dir string) ([]byte, error) {
	data, err := readFile(dir, g.file)
	if err != nil {
		return nil, fmt.Errorf("read signal file %s: %w", g.file, err)
	}
	if len(data) < g.offset {
		return nil, fmt.Errorf("read signal file %s of %d bytes from %d on: %w", g.file, len(data), g.offset, ErrMalformed)
	}
	return data[g.offset:], nil
}

// frames is how many samples of each signal are in the data, at most as many as the header
// promises where it does.
func (g group) frames(data []byte, promised int) int {
	n := len(data) * 8 / g.format.bits() / g.width
	if promised > 0 {
		n = min(n, promised)
	}
	return n
}

// channel is the first n samples of one signal of the group.
func (g group) channel(data []byte, signal, n int) []int32 {
	samples := make([]int32, n)
	lost := g.format.lowest()
	for i := range samples {
		v := g.format.sample(data, i*g.width+signal)
		if v == lost {
			v = Invalid
		}
		samples[i] = v
	}
	return samples
}

// sample is the i-th sample in the data, whichever signal it belongs to.
func (f format) sample(data []byte, i int) int32 {
	switch f {
	case format24:
		b := data[3*i : 3*i+3]
		return int32(b[0]) | int32(b[1])<<8 | int32(int8(b[2]))<<16
	case format212:
		b := data[i/2*3:]
		if i%2 == 0 { // low nibble of the middle byte
			return int32(b[0]) | int32(int8(b[1]<<4))<<4
		}
		return int32(b[2]) | int32(int8(b[1]&0xf0))<<4
	default:
		return int32(int16(binary.LittleEndian.Uint16(data[2*i:])))
	}
}
