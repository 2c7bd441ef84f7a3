package gatt

import (
	"encoding/binary"
	"fmt"
	"slices"
	"time"

	"vigil/devices"
	"vigil/vitals"
)

// MovesenseFrame is an ECG notification of Movesense's GATT SensorData Protocol (characteristic
// 34800002-7185-4D5D-B431-630E7050E8F0). The notification does not tell its rate; the hub chooses the
// reference under which it subscribes, so Vigil's references are the place of the rate in
// movesenseRates.
type MovesenseFrame struct {
	RateHz uint32
	Clock  uint32  // ms since the sensor began, of the FIRST sample
	Raw    []int32 // steps of the sensor's converter
}

// MovesenseSamples is how many samples each notification holds.
const MovesenseSamples = 16

// movesenseRates are those that a sensor can be asked for; the first has reference 1.
var movesenseRates = []uint32{125, 128, 200, 250, 256, 500, 512}

// Commands and answers (GATT SensorData Protocol).
const (
	gspSubscribe   = 1
	gspUnsubscribe = 2
	gspReply       = 1
	gspData        = 2
	gspMore        = 3 // the rest of data that did not fit; an ECG fits
	gspECG         = "/Meas/ECG/"
)

// A step of the converter is 1 V / 20 / 2^17, 0.38147 µV (the makers' own answer, Stack Overflow
// 68001451): microvolts are steps × 15625 / 40960.
const (
	movesenseNum = 15_625
	movesenseDen = 40_960
)

// EncodeMovesenseStart asks for the ECG at a rate, under the reference from which DecodeMovesense
// knows the rate.
func EncodeMovesenseStart(rateHz uint32) ([]byte, error) {
	ref, err := movesenseRef(rateHz)
	if err != nil {
		return nil, err
	}
	return fmt.Appendf([]byte{gspSubscribe, ref}, "%s%d", gspECG, rateHz), nil
}

// EncodeMovesenseStop ends what EncodeMovesenseStart began.
func EncodeMovesenseStop(rateHz uint32) ([]byte, error) {
	ref, err := movesenseRef(rateHz)
	if err != nil {
		return nil, err
	}
	return []byte{gspUnsubscribe, ref}, nil
}

func movesenseRef(rateHz uint32) (byte, error) {
	i := slices.Index(movesenseRates, rateHz)
	if i < 0 {
		return 0, malformed("a Movesense sensor has no ECG at %d Hz", rateHz)
	}
	return byte(i + 1), nil
}

// MovesenseReply is what a sensor answers to a command: a status as in HTTP, 200 for success.
type MovesenseReply struct {
	Ref    uint8
	Status uint16
}

// DecodeMovesenseReply reads an answer; data is refused.
func DecodeMovesenseReply(value []byte) (MovesenseReply, error) {
	f := fieldsOf(value)
	if code := f.u8("response code"); f.err == nil && code != gspReply {
		return MovesenseReply{}, malformed("response code %d is no reply", code)
	}
	r := MovesenseReply{Ref: f.u8("reference"), Status: f.u16("status")}
	if f.err != nil { // a reply may carry what was asked for behind its status
		return MovesenseReply{}, f.err
	}
	return r, nil
}

// DecodeMovesense reads an ECG notification.
func DecodeMovesense(value []byte) (MovesenseFrame, error) {
	return decodeMovesense(value, make([]int32, MovesenseSamples))
}

func decodeMovesense(value []byte, raw []int32) (MovesenseFrame, error) {
	const header, sample = 6, 4
	f := fieldsOf(value)
	code := f.u8("response code")
	switch {
	case f.err != nil:
		return MovesenseFrame{}, f.err
	case code == gspMore:
		return MovesenseFrame{}, malformed("the second part of data is not supported")
	case code != gspData:
		return MovesenseFrame{}, malformed("response code %d is no data", code)
	}
	ref, clock := int(f.u8("reference")), f.u32("timestamp")
	switch {
	case f.err != nil:
		return MovesenseFrame{}, f.err
	case ref < 1 || ref > len(movesenseRates):
		return MovesenseFrame{}, malformed("reference %d is not that of an ECG", ref)
	case len(f.rest) != MovesenseSamples*sample:
		return MovesenseFrame{}, malformed("%d bytes are not %d samples", len(f.rest), MovesenseSamples)
	}
	m := MovesenseFrame{RateHz: movesenseRates[ref-1], Clock: clock, Raw: raw}
	for i := range m.Raw {
		m.Raw[i] = int32(binary.LittleEndian.Uint32(value[header+sample*i:]))
	}
	return m, nil
}

// EncodeMovesense writes an ECG notification.
func EncodeMovesense(m MovesenseFrame) ([]byte, error) {
	ref, err := movesenseRef(m.RateHz)
	if err != nil {
		return nil, err
	}
	if len(m.Raw) != MovesenseSamples {
		return nil, malformed("%d samples do not make a notification", len(m.Raw))
	}
	value := binary.LittleEndian.AppendUint32([]byte{gspData, ref}, m.Clock)
	for _, raw := range m.Raw {
		value = binary.LittleEndian.AppendUint32(value, uint32(raw))
	}
	return value, nil
}

// Rate is the rate that the sensor was asked for.
func (m MovesenseFrame) Rate() vitals.Rate { return vitals.Rate{Num: m.RateHz, Den: 1} }

// microvolts are the samples, in the memory given where they fit.
func (m MovesenseFrame) microvolts(room []int32) []int32 {
	for _, raw := range m.Raw {
		room = append(room, int32(quotient(int64(raw)*movesenseNum, movesenseDen)))
	}
	return room
}

// samples are microvolts in 16 bits, and how many of them lay outside what an ECG can be and are
// marked missing.
func (m MovesenseFrame) samples() (samples []int16, outside int) {
	samples = make([]int16, len(m.Raw))
	return samples, withinRange(samples, m.microvolts(nil))
}

// Fault is what the chart must tell about samples outside what an ECG can be; ok is false where there
// are none.
func (m MovesenseFrame) Fault(received time.Time) (e vitals.Event, ok bool) {
	_, outside := m.samples()
	return beyondRange(outside, received)
}

// MovesenseClock places the notifications of one connection on the hub's time line; see frameClock.
// The zero MovesenseClock is ready for the first one.
type MovesenseClock struct{ clock frameClock }

// Place is the notification as a waveform on the hub's time line.
func (c *MovesenseClock) Place(m MovesenseFrame, received time.Time) vitals.Waveform {
	samples, _ := m.samples()
	first := time.Duration(m.Clock) * time.Millisecond
	return c.clock.place(m.Rate(), uint64(first+m.Rate().Span(len(samples)-1)), samples, received)
}

// movesenseBatch places a notification by its arrival alone.
func movesenseBatch(frame devices.Frame) (vitals.Batch, error) {
	var raw, microvolts [MovesenseSamples]int32
	m, err := decodeMovesense(frame.Bytes, raw[:])
	if err != nil {
		return vitals.Batch{}, err
	}
	return wave(frame, m.Rate(), m.microvolts(microvolts[:0])), nil
}
