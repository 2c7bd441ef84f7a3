package codec

import (
	"encoding/binary"
	"fmt"
	"time"

	"vigil/vitals"
)

// Segment is an unbroken run of evenly spaced samples of one channel.
type Segment struct {
	Start   time.Time      // time of the first sample
	First   uint64         // index of the first sample since the device began
	Rate    vitals.Rate    // of the samples
	Scale   vitals.Decimal // kind's unit per step
	Samples []int16        // vitals.Missing marks a lost one
}

// minSegmentLen is the least that the description of a segment takes: six varints and an exponent.
const minSegmentLen = 7

// maxFrame bounds what zstd makes of n bytes that do not compress (RFC 8878: a header of at most
// 18 bytes, and 3 for each block of up to 128 KiB).
func maxFrame(n int) int { return n + 18 + 3*(n>>17+1) }

// PackWave packs segments of one channel without loss. More than MaxSamples or MaxSegments are a
// fault of the program: it panics.
//
// The descriptions of the segments come first. The samples follow, all together, as zig-zag
// differences split into a plane of low bytes and a plane of high bytes, compressed with zstd: high
// bytes of a signal are nearly all zero, and low bytes alone are no longer disturbed by them.
func PackWave(segments []Segment) []byte {
	total := 0
	for _, s := range segments {
		total += len(s.Samples)
	}
	if total > MaxSamples || len(segments) > MaxSegments {
		panic(fmt.Sprintf("codec: pack %d samples in %d segments into one block", total, len(segments)))
	}
	buf := scratch.Get().(*[]byte)
	defer scratch.Put(buf)
	planes := grown(*buf, 2*total)
	*buf = planes
	splitPlanes(planes, segments)

	block := make([]byte, headerLen, headerLen+binary.MaxVarintLen32+len(segments)*6*binary.MaxVarintLen64+maxFrame(total)+crcLen)
	block[0], block[1] = waveTag, version
	block = appendSegments(block, segments)
	if total > 0 {
		block = compressor.EncodeAll(planes, block)
	}
	return seal(block)
}

// grown is buf with length n, and unspecified contents.
func grown(buf []byte, n int) []byte {
	if cap(buf) < n {
		return make([]byte, n)
	}
	return buf[:n]
}

func appendSegments(dst []byte, segments []Segment) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(segments)))
	start, first := int64(0), uint64(0)
	for _, s := range segments {
		at := micros(s.Start)
		dst = appendVarint(dst, at-start)
		dst = appendVarint(dst, int64(s.First-first)) // of the expected index: zero where nothing is lost
		dst = binary.AppendUvarint(dst, uint64(s.Rate.Num))
		dst = binary.AppendUvarint(dst, uint64(s.Rate.Den))
		dst = appendVarint(dst, s.Scale.Mantissa)
		dst = append(dst, byte(s.Scale.Exp))
		dst = binary.AppendUvarint(dst, uint64(len(s.Samples)))
		start, first = at, s.First+uint64(len(s.Samples))
	}
	return dst
}

// splitPlanes writes the differences of all samples: low bytes in the first half of planes, high
// bytes in the second. Differences wrap at 16 bits, which loses nothing.
func splitPlanes(planes []byte, segments []Segment) {
	low, high := planes[:len(planes)/2], planes[len(planes)/2:]
	i, last := 0, int16(0)
	for _, s := range segments {
		for _, v := range s.Samples {
			d := v - last
			z := uint16(d)<<1 ^ uint16(d>>15)
			low[i], high[i] = byte(z), byte(z>>8)
			last = v
			i++
		}
	}
}

func joinPlanes(samples []int16, planes []byte) {
	low, high := planes[:len(samples)], planes[len(samples):]
	last := int16(0)
	for i := range samples {
		z := uint16(low[i]) | uint16(high[i])<<8
		last += int16(z>>1) ^ -int16(z&1)
		samples[i] = last
	}
}

// UnpackWave is the inverse of PackWave.
func UnpackWave(block []byte) ([]Segment, error) {
	contents, err := unseal(block, waveTag)
	if err != nil {
		return nil, fmt.Errorf("unpack wave: %w", err)
	}
	r := &reader{rest: contents}
	segments, lengths, err := readSegments(r)
	if err != nil {
		return nil, fmt.Errorf("unpack wave: %w", err)
	}
	samples, err := readSamples(r, lengths)
	if err != nil {
		return nil, fmt.Errorf("unpack wave: %w", err)
	}
	for i := range segments {
		n := lengths[i]
		segments[i].Samples, samples = samples[:n:n], samples[n:] // capped: appending to one leaves the next alone
	}
	return segments, nil
}

func readSegments(r *reader) (segments []Segment, lengths []int, err error) {
	count := r.count(MaxSegments, minSegmentLen)
	segments, lengths = make([]Segment, count), make([]int, count)
	start, first, total := int64(0), uint64(0), 0
	for i := range segments {
		start += r.varint()
		first += uint64(r.varint())
		num, den := r.uvarint(), r.uvarint()
		scale := vitals.Decimal{Mantissa: r.varint(), Exp: int8(r.byte())}
		n := r.uvarint()
		if r.bad || n > uint64(MaxSamples-total) || max(num, den) > 1<<32-1 {
			return nil, nil, fmt.Errorf("read segment %d of %d: %w", i, count, ErrCorrupt)
		}
		segments[i] = Segment{
			Start: fromMicros(start), First: first, Scale: scale,
			Rate: vitals.Rate{Num: uint32(num), Den: uint32(den)},
		}
		lengths[i] = int(n)
		total += int(n)
		first += n
	}
	if r.bad {
		return nil, nil, fmt.Errorf("read the number of segments: %w", ErrCorrupt)
	}
	return segments, lengths, nil
}

// readSamples reads as many samples as the lengths add up to; r holds nothing else.
func readSamples(r *reader, lengths []int) ([]int16, error) {
	total := 0
	for _, n := range lengths {
		total += n
	}
	if total == 0 {
		if len(r.rest) != 0 {
			return nil, fmt.Errorf("read no samples from %d bytes: %w", len(r.rest), ErrCorrupt)
		}
		return nil, nil
	}
	buf := scratch.Get().(*[]byte)
	defer scratch.Put(buf)
	planes, err := expand(r.rest, buf, 2*total)
	if err != nil {
		return nil, err
	}
	samples := make([]int16, total)
	joinPlanes(samples, planes)
	return samples, nil
}
