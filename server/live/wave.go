package live

import (
	"encoding/binary"
	"maps"
	"slices"
	"time"

	"vigil/vitals"
)

// Layout of a binary wave frame, little-endian; see docs/dashboard-protocol.md.
const (
	waveVersion     = 1
	waveType        = 1
	waveHeaderSize  = 16
	waveChannelSize = 12
	flagGap         = 1
	maxPieceSamples = 1<<16 - 1
)

// appendWaves adds one frame with all pieces of all channels, in the order of the channel index
// and, within a channel, of time.
func appendWaves(dst []byte, batch uint32, now time.Time, waves map[uint16][]vitals.Waveform, gaps map[uint16]bool) []byte {
	dst = append(dst, waveVersion, waveType, 0, 0)
	dst = binary.LittleEndian.AppendUint32(dst, batch)
	dst = binary.LittleEndian.AppendUint64(dst, uint64(now.UnixMilli()))
	for _, index := range slices.Sorted(maps.Keys(waves)) {
		pieces := waves[index]
		slices.SortStableFunc(pieces, func(a, b vitals.Waveform) int { return a.Start.Compare(b.Start) })
		for i, w := range pieces {
			dst = appendPiece(dst, index, now, w, i == 0 && gaps[index])
		}
	}
	return dst
}

func appendPiece(dst []byte, index uint16, now time.Time, w vitals.Waveform, gap bool) []byte {
	samples := w.Samples[:min(len(w.Samples), maxPieceSamples)]
	var flags uint16
	if gap {
		flags |= flagGap
	}
	dst = binary.LittleEndian.AppendUint16(dst, index)
	dst = binary.LittleEndian.AppendUint16(dst, uint16(len(samples)))
	dst = binary.LittleEndian.AppendUint32(dst, uint32(int32(w.Start.Sub(now).Milliseconds())))
	dst = binary.LittleEndian.AppendUint16(dst, flags)
	dst = append(dst, 0, 0)
	for _, s := range samples {
		dst = binary.LittleEndian.AppendUint16(dst, uint16(s))
	}
	return dst
}
