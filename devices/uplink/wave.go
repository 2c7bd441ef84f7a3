package uplink

import (
	"encoding/binary"
	"math"

	"vigil/vitals"
)

// Encodings of a waveform's samples.
const (
	plain uint8 = 0 // int16, little endian
	delta uint8 = 1 // zigzag varint of the difference to the sample before; the first one's to 0
	rice  uint8 = 2 // the same differences in as many bits as they need

	riceSecond uint8 = 3 // the differences of the differences, likewise
)

// Bounds of a waveform's numbers. Together with MaxMessage they keep rate arithmetic in vitals
// within 64 bits.
const (
	maxRatePart = 100_000
	maxFirst    = math.MaxUint64 >> 2
)

// packSamples takes the shortest encoding: differences in bits for an ECG, plain numbers for noise.
func packSamples(samples []int16) (encoding uint8, data octets) {
	if encoding, packed := packRice(samples, 2*len(samples)); packed != nil {
		return encoding, packed
	}
	packed := make(octets, 0, 2*len(samples))
	for _, s := range samples {
		packed = binary.LittleEndian.AppendUint16(packed, uint16(s))
	}
	return plain, packed
}

func unpackSamples(encoding uint8, n int, data []byte) ([]int16, error) {
	switch encoding {
	case plain:
		return unpackPlain(n, data)
	case delta:
		return unpackDelta(n, data)
	case rice, riceSecond:
		return unpackRice(encoding, n, data)
	default:
		return nil, malformed("encoding %d is unknown", encoding)
	}
}

func unpackPlain(n int, data []byte) ([]int16, error) {
	if len(data) != 2*n {
		return nil, malformed("%d samples need %d bytes, not %d", n, 2*n, len(data))
	}
	samples := make([]int16, n)
	for i := range samples {
		samples[i] = int16(binary.LittleEndian.Uint16(data[2*i:]))
	}
	return samples, nil
}

func unpackDelta(n int, data []byte) ([]int16, error) {
	if n > len(data) { // a difference takes at least one byte: nothing is allocated for a lie
		return nil, malformed("%d samples cannot fit in %d bytes", n, len(data))
	}
	samples := make([]int16, n)
	value := int64(0)
	for i := range samples {
		diff, used := binary.Varint(data)
		if used <= 0 || used > binary.MaxVarintLen16 || (used > 1 && data[used-1] == 0) {
			return nil, malformed("sample %d is cut off or no shortest varint", i)
		}
		value += diff
		if value < math.MinInt16 || value > math.MaxInt16 {
			return nil, malformed("sample %d is %d, beyond 16 bits", i, value)
		}
		samples[i], data = int16(value), data[used:]
	}
	if len(data) > 0 {
		return nil, malformed("%d bytes follow the last sample", len(data))
	}
	return samples, nil
}

func (w wireWave) waveform() (vitals.Waveform, error) {
	kind, err := kindOf(w.Code, true)
	if err != nil {
		return vitals.Waveform{}, err
	}
	start, err := timeOf("start", w.Start)
	if err != nil {
		return vitals.Waveform{}, err
	}
	if err := w.complete(); err != nil {
		return vitals.Waveform{}, err
	}
	samples, err := unpackSamples(*w.Encoding, int(*w.Count), w.Data)
	if err != nil {
		return vitals.Waveform{}, err
	}
	v := vitals.Waveform{
		Kind: kind, Start: start, Rate: vitals.Rate{Num: w.Rate.Num, Den: w.Rate.Den},
		Scale: vitals.NewDecimal(w.Scale.Mantissa, w.Scale.Exp), First: *w.First, Samples: samples,
	}
	if err := CheckWaveform(v); err != nil {
		return vitals.Waveform{}, err
	}
	return v, nil
}

// CheckWaveform refuses a waveform beyond what one message may hold, however it arrived.
func CheckWaveform(v vitals.Waveform) error {
	switch {
	case len(v.Samples) == 0 || len(v.Samples) > MaxMessage:
		return malformed("%d samples is outside 1 to %d", len(v.Samples), MaxMessage)
	case v.Scale.Mantissa <= 0:
		return malformed("scale %d is not positive", v.Scale.Mantissa)
	case v.First > maxFirst:
		return malformed("first index %d is too large", v.First)
	case v.Duration() > MaxChunk:
		return malformed("waveform covers %v, more than %v", v.Duration(), MaxChunk)
	}
	return nil
}

// complete checks that every field is there, and that the samples may be made room for.
func (w wireWave) complete() error {
	switch {
	case w.Rate == nil || w.Count == nil || w.Encoding == nil || w.Scale == nil || w.First == nil:
		return malformed("rate, count, encoding, scale or first index is missing")
	case w.Rate.Num == 0 || w.Rate.Den == 0 || w.Rate.Num > maxRatePart || w.Rate.Den > maxRatePart:
		return malformed("rate %d/%d is outside 1 to %d for both parts", w.Rate.Num, w.Rate.Den, maxRatePart)
	case *w.Count > MaxMessage:
		return malformed("%d samples is outside 1 to %d", *w.Count, MaxMessage)
	}
	return nil
}
