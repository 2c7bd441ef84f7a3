package codec

import (
	"encoding/binary"
	"fmt"
	"sync"
	"time"

	"vigil/vitals"
)

// Point is one value of a streamed series.
type Point struct {
	Time    time.Time
	Value   vitals.Decimal
	Quality vitals.Quality
}

// How the columns of a series are written.
const (
	plainColumns = iota
	packedColumns
)

// maxPointLen is the most that one point takes: two 64-bit varints, exponent and quality.
const maxPointLen = 2*binary.MaxVarintLen64 + 2

// scratch lends byte slices for the length of one call.
var scratch = sync.Pool{New: func() any { return new([]byte) }}

// PackSeries packs the points with times relative to start, to the microsecond, and exact values.
// The order of the points is kept. More than MaxPoints of them are a fault of the program: it panics.
func PackSeries(start time.Time, points []Point) []byte {
	if len(points) > MaxPoints {
		panic(fmt.Sprintf("codec: pack %d points into a block of at most %d", len(points), MaxPoints))
	}
	buf := scratch.Get().(*[]byte)
	defer scratch.Put(buf)
	columns := appendColumns((*buf)[:0], micros(start), points)
	*buf = columns

	block := make([]byte, headerLen, headerLen+2*binary.MaxVarintLen32+len(columns)+crcLen+maxFrame(0))
	block[0], block[1] = seriesTag, version
	block = binary.AppendUvarint(block, uint64(len(points)))
	packed := append(block, packedColumns)
	packed = binary.AppendUvarint(packed, uint64(len(columns)))
	packed = compressor.EncodeAll(columns, packed)
	if len(packed) < len(block)+1+len(columns) {
		return seal(packed)
	}
	return seal(append(append(block, plainColumns), columns...))
}

// appendColumns writes all times, then all mantissas, exponents and qualities: like beside like
// compresses best. Times are written as the change of their distance, which is zero for a steady beat.
func appendColumns(dst []byte, start int64, points []Point) []byte {
	at, step := start, int64(0)
	for _, p := range points {
		now := micros(p.Time)
		dst = appendVarint(dst, now-at-step)
		at, step = now, now-at
	}
	mantissa := int64(0)
	for _, p := range points {
		dst = appendVarint(dst, p.Value.Mantissa-mantissa)
		mantissa = p.Value.Mantissa
	}
	for _, p := range points {
		dst = append(dst, byte(p.Value.Exp))
	}
	for _, p := range points {
		dst = append(dst, byte(p.Quality))
	}
	return dst
}

// UnpackSeries is the inverse of PackSeries with the same start.
func UnpackSeries(start time.Time, block []byte) ([]Point, error) {
	contents, err := unseal(block, seriesTag)
	if err != nil {
		return nil, fmt.Errorf("unpack series: %w", err)
	}
	r := &reader{rest: contents}
	n, method := r.uvarint(), r.byte()
	if r.bad || n > MaxPoints {
		return nil, fmt.Errorf("unpack series of %d points: %w", n, ErrCorrupt)
	}
	if method == packedColumns {
		buf := scratch.Get().(*[]byte)
		defer scratch.Put(buf)
		size := r.uvarint()
		if size > n*maxPointLen {
			return nil, fmt.Errorf("unpack series of %d points from %d bytes: %w", n, size, ErrCorrupt)
		}
		if r.rest, err = expand(r.rest, buf, int(size)); err != nil {
			return nil, fmt.Errorf("unpack series: %w", err)
		}
	} else if method != plainColumns {
		return nil, fmt.Errorf("unpack series by method %d: %w", method, ErrCorrupt)
	}
	return readColumns(r, micros(start), int(n))
}

// readColumns reads n points; r is exhausted afterwards.
func readColumns(r *reader, start int64, n int) ([]Point, error) {
	const minPointLen = 4 // two varints, exponent and quality
	if n > len(r.rest)/minPointLen {
		return nil, fmt.Errorf("unpack series of %d points from %d bytes: %w", n, len(r.rest), ErrCorrupt)
	}
	points := make([]Point, n)
	at, step := start, int64(0)
	for i := range points {
		step += r.varint()
		at += step
		points[i].Time = fromMicros(at)
	}
	mantissa := int64(0)
	for i := range points {
		mantissa += r.varint()
		points[i].Value.Mantissa = mantissa
	}
	for i := range points {
		points[i].Value.Exp = int8(r.byte())
	}
	for i := range points {
		points[i].Quality = vitals.Quality(r.byte())
	}
	if r.bad || len(r.rest) != 0 {
		return nil, fmt.Errorf("unpack series of %d points with %d bytes left: %w", n, len(r.rest), ErrCorrupt)
	}
	return points, nil
}
