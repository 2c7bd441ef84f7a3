package alerts

import (
	"encoding/binary"
	"fmt"
	"time"
)

// What the early warning score is made of is charted, and an engine that starts anew is told of it by Recall. Where a
// device's clock is wrong, or was within the quarter of an hour that counts, that is charted at other times than at
// which it was judged. Then the engine keeps it itself, beside its trends.

// warningKept is how often it is kept: what is streamed behind that is read again from the journal.
const warningKept = 30 * time.Second

// shift notes that what comes is charted at another time than at which it is judged.
func (w *warning) shift(now time.Time) { w.shifted = max(w.shifted, instantOf(now)) }

// keepWarning keeps what the score is made of while the chart cannot tell it, and a last time when it can again.
func (e *Engine) keepWarning(now time.Time) {
	w := &e.warning
	if w.shifted == 0 || now.Sub(w.kept.Time()) < warningKept {
		return
	}
	if w.kept = instantOf(now); now.Sub(w.shifted.Time()) > newsStreamed {
		w.shifted, w.kept = 0, 0
	}
	e.out.Trends = e.keep()
}

// windowBytes is the size of a packed window.
const windowBytes = 4 + 2*int(windowValues)

// pack appends what is kept: since when the chart cannot tell it, zero where it can, and then the windows.
func (w *warning) pack(data []byte) []byte {
	data = binary.LittleEndian.AppendUint64(data, uint64(w.shifted))
	if w.shifted == 0 {
		return data
	}
	for _, kept := range w.windows() {
		data = binary.LittleEndian.AppendUint32(data, uint32(kept.newest))
		for _, v := range kept.values {
			data = binary.LittleEndian.AppendUint16(data, uint16(v))
		}
	}
	return data
}

func (w *warning) unpack(data []byte) (rest []byte, err error) {
	if len(data) < 8 {
		return nil, fmt.Errorf("%w: cut off", ErrTrends)
	}
	shifted := instant(binary.LittleEndian.Uint64(data))
	switch data = data[8:]; {
	case shifted == 0:
		return data, nil
	case shifted < 0:
		return nil, fmt.Errorf("%w: from before 1970", ErrTrends)
	case len(data) < len(w.windows())*windowBytes:
		return nil, fmt.Errorf("%w: cut off", ErrTrends)
	}
	w.shifted = shifted
	for _, kept := range w.windows() {
		if kept.newest = int32(binary.LittleEndian.Uint32(data)); kept.newest < 0 {
			return nil, fmt.Errorf("%w: from before 1970", ErrTrends)
		}
		for i := range kept.values {
			kept.values[i] = int16(binary.LittleEndian.Uint16(data[4+2*i:]))
		}
		data = data[windowBytes:]
	}
	return data, nil
}
