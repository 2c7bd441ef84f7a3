// Package codec packs streamed series and waveforms into the blocks that are stored: a minute of
// numbers, ten seconds of samples. It knows no database and no clock.
//
// A block is a letter for its contents, a version, the contents, and a CRC-32C over all of it, so
// that a bit that rots on a disk is noticed and never shown as a heartbeat. Unpacking arbitrary
// bytes returns an error that wraps ErrCorrupt and takes no more memory than the limits below.
package codec

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"time"

	"github.com/klauspost/compress/zstd"
)

// ErrCorrupt is wrapped by every error about bytes that are not a block.
var ErrCorrupt = errors.New("corrupt block")

// ErrFull is returned when a block already holds as much as a block may hold.
var ErrFull = errors.New("block is full")

// Limits of one block. They are far above what any device sends and exist so that a hostile one
// cannot make a block that nobody can read back.
const (
	MaxPoints   = 1 << 14 // a minute at 273 values per second
	MaxSamples  = 1 << 17 // ten seconds at 13 kHz
	MaxSegments = 1 << 10 // ten seconds with a gap every 10 ms
)

const (
	seriesTag = 'S'
	waveTag   = 'W'
	version   = 1

	headerLen = 2 // tag, version
	crcLen    = crc32.Size
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// maxUnpacked bounds what the decompressor may produce: the larger of a full series and a full wave.
const maxUnpacked = max(2*MaxSamples, MaxPoints*maxPointLen)

// One of each for the whole program: both are safe for use by several goroutines, and the
// concurrency of one keeps their memory to one block's worth.
var (
	compressor = mustZstd(zstd.NewWriter(nil,
		zstd.WithEncoderConcurrency(1),
		zstd.WithEncoderLevel(zstd.SpeedDefault),
		zstd.WithEncoderCRC(false), // the block has its own
		zstd.WithSingleSegment(true),
		zstd.WithLowerEncoderMem(true),
		zstd.WithWindowSize(1<<18), // a full wave
	))
	decompressor = mustZstd(zstd.NewReader(nil,
		zstd.WithDecoderConcurrency(1),
		zstd.WithDecoderLowmem(true),
		zstd.WithDecoderMaxMemory(maxUnpacked),
		zstd.WithDecodeAllCapLimit(true),
	))
)

// mustZstd unwraps a constructor that fails only for options that are wrong in the source.
func mustZstd[T any](coder T, err error) T {
	if err != nil {
		panic(fmt.Sprintf("codec: set up zstd: %v", err))
	}
	return coder
}

// seal appends the checksum.
func seal(block []byte) []byte {
	return binary.LittleEndian.AppendUint32(block, crc32.Checksum(block, castagnoli))
}

// unseal checks what surrounds the contents of a block and returns them.
func unseal(block []byte, tag byte) ([]byte, error) {
	if len(block) < headerLen+crcLen {
		return nil, fmt.Errorf("read %d bytes: %w", len(block), ErrCorrupt)
	}
	sealed, sum := block[:len(block)-crcLen], block[len(block)-crcLen:]
	if crc32.Checksum(sealed, castagnoli) != binary.LittleEndian.Uint32(sum) {
		return nil, fmt.Errorf("check the checksum: %w", ErrCorrupt)
	}
	if sealed[0] != tag || sealed[1] != version {
		return nil, fmt.Errorf("read contents %q of version %d: %w", sealed[0], sealed[1], ErrCorrupt)
	}
	return sealed[headerLen:], nil
}

// expand decompresses packed, which must yield exactly size bytes, into buf, which grows as needed.
func expand(packed []byte, buf *[]byte, size int) ([]byte, error) {
	if cap(*buf) < size {
		*buf = make([]byte, size)
	}
	plain, err := decompressor.DecodeAll(packed, (*buf)[:0:size])
	if err != nil {
		return nil, fmt.Errorf("decompress %d bytes (%w): %w", len(packed), err, ErrCorrupt)
	}
	if len(plain) != size {
		return nil, fmt.Errorf("decompress to %d bytes instead of %d: %w", len(plain), size, ErrCorrupt)
	}
	return plain, nil
}

// reader takes numbers off the front of bytes. After the first fault it yields zeros, and bad is set.
type reader struct {
	rest []byte
	bad  bool
}

func (r *reader) uvarint() uint64 {
	v, n := binary.Uvarint(r.rest)
	if n <= 0 {
		r.bad, r.rest = true, nil
		return 0
	}
	r.rest = r.rest[n:]
	return v
}

func (r *reader) varint() int64 { return unzigzag(r.uvarint()) }

func (r *reader) byte() byte {
	if len(r.rest) == 0 {
		r.bad = true
		return 0
	}
	b := r.rest[0]
	r.rest = r.rest[1:]
	return b
}

// count reads a number of things of which each takes at least size bytes of what follows.
func (r *reader) count(limit, size int) int {
	n := r.uvarint()
	if n > uint64(min(limit, len(r.rest)/size)) {
		r.bad = true
		return 0
	}
	return int(n)
}

func appendVarint(dst []byte, v int64) []byte { return binary.AppendUvarint(dst, zigzag(v)) }

// zigzag puts small numbers of either sign close to zero.
func zigzag(v int64) uint64 { return uint64(v)<<1 ^ uint64(v>>63) }

func unzigzag(u uint64) int64 { return int64(u>>1) ^ -int64(u&1) }

// micros is t in the resolution in which everything is stored.
func micros(t time.Time) int64 { return t.UnixMicro() }

func fromMicros(us int64) time.Time { return time.UnixMicro(us).UTC() }
