package alerts

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"time"

	"vigil/vitals"
)

// Trends as they are kept for an engine that starts anew, with what else it could not find out.

// KeptTrends are what is kept of a patient's trends.
type KeptTrends struct {
	Patient vitals.PatientID
	At      time.Time // server time
	Data    []byte    // for RestoreTrends
}

// trendsVersion is the first byte of what is kept.
const trendsVersion = 2

// keep is what is kept now: the trends, and while a device's clock is wrong what the early warning score is made of.
func (e *Engine) keep() []byte { return e.warning.pack(e.trends.pack([]byte{trendsVersion})) }

// pack appends what is kept: of each vital the medians, as little-endian numbers, and what was told last.
func (t *trends) pack(data []byte) []byte {
	for _, m := range t.all() {
		data = append(data, byte(len(m.values)))
		if len(m.values) == 0 {
			continue
		}
		data = binary.LittleEndian.AppendUint32(data, uint32(m.last))
		for _, v := range m.values {
			data = binary.LittleEndian.AppendUint16(data, uint16(v))
		}
	}
	for i := range t.hints {
		for _, h := range t.hints[i] {
			data = binary.LittleEndian.AppendUint32(data, uint32(h.told))
			data = binary.LittleEndian.AppendUint32(data, uint32(h.mark))
		}
	}
	return data
}

// any reports whether anything is followed.
func (t *trends) any() bool {
	return slices.ContainsFunc(t.all(), func(m *medians) bool { return m.values != nil })
}

// all are the medians in the order in which they are kept.
func (t *trends) all() (all []*medians) {
	for i := range t.minutes {
		all = append(all, &t.minutes[i])
	}
	for i := range t.hours {
		all = append(all, &t.hours[i])
	}
	return all
}

// ErrTrends is wrapped by the error about what is none of an engine's trends.
var ErrTrends = errors.New("trends cannot be read")

// RestoreTrends continues what another engine of the patient kept. What cannot be read changes nothing.
func (e *Engine) RestoreTrends(data []byte) error {
	if len(data) == 0 || data[0] != trendsVersion {
		return fmt.Errorf("%w: of another version", ErrTrends)
	}
	var t trends
	w := e.warning
	rest, err := t.unpack(data[1:])
	if err == nil {
		rest, err = w.unpack(rest)
	}
	if err == nil && len(rest) > 0 {
		err = fmt.Errorf("%w: %d bytes behind the end", ErrTrends, len(rest))
	}
	if err == nil {
		e.trends, e.warning = t, w
	}
	return err
}

func (t *trends) unpack(data []byte) (rest []byte, err error) {
	for i, m := range t.all() {
		most := trendHours
		if i < followedStreams {
			most = trendMinutes
		}
		if data, err = m.unpack(data, most); err != nil {
			return nil, err
		}
	}
	for i := range t.hints {
		for j := range t.hints[i] {
			if len(data) < 8 {
				return nil, fmt.Errorf("%w: cut off", ErrTrends)
			}
			t.hints[i][j] = hint{int32(binary.LittleEndian.Uint32(data)), int32(binary.LittleEndian.Uint32(data[4:]))}
			data = data[8:]
		}
	}
	return data, nil
}

// unpack reads as many values as there can be, or none.
func (m *medians) unpack(data []byte, most int) (rest []byte, err error) {
	if len(data) > 0 && data[0] == 0 {
		return data[1:], nil
	}
	if len(data) < 1+4+2*most || int(data[0]) != most {
		return nil, fmt.Errorf("%w: cut off, or of another length", ErrTrends)
	}
	m.last = int32(binary.LittleEndian.Uint32(data[1:]))
	if m.last < 0 {
		return nil, fmt.Errorf("%w: from before 1970", ErrTrends)
	}
	m.values = make([]int16, most)
	for i := range m.values {
		m.values[i] = int16(binary.LittleEndian.Uint16(data[5+2*i:]))
	}
	return data[5+2*most:], nil
}
