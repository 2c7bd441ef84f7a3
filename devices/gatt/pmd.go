package gatt

import (
	"encoding/binary"
	"fmt"
	"slices"
	"time"

	"vigil/devices"
	"vigil/vitals"
)

// PMDHeader begins every frame of Polar's measurement data characteristic
// (FB005C82-02E7-F387-1CAD-8ACD2D8DF0C8).
type PMDHeader struct {
	Type       uint8  // 0 ECG, 1 PPG, 2 acceleration, 3 PPI …
	Clock      uint64 // ns since 2000 by the device's clock, of the LAST sample
	FrameType  uint8  // layout of the samples
	Compressed bool   // difference-coded
}

// PMDFrame is an ECG frame of type 0.
type PMDFrame struct {
	Clock      uint64  // ns since 2000 by the device's clock, of the LAST sample
	Microvolts []int32 // 24 bits each
}

const (
	pmdHeader     = 10
	pmdTypeMask   = 0x3F
	pmdCompressed = 0x80
	pmdECG        = 0
	pmdSample     = 3 // bytes
)

// PMDClock places the frames of one connection on the hub's time line; see frameClock. The zero
// PMDClock is ready for the first frame.
type PMDClock struct{ clock frameClock }

// Place is the frame as a waveform on the hub's time line.
func (c *PMDClock) Place(f PMDFrame, received time.Time) vitals.Waveform {
	samples := make([]int16, len(f.Microvolts))
	withinRange(samples, f.Microvolts)
	return c.clock.place(PMDRate, f.Clock, samples, received)
}

// PMDRate is the rate of a Polar H10's ECG. It is sold as 130 Hz; 12,355 consecutive frames of a
// recording of 1.9 h gave 130.045 Hz by the strap's own clock, drifting between 130.02 and 130.07.
var PMDRate = vitals.Rate{Num: 26009, Den: 200}

// PMDSamples is how many samples each of those frames held.
const PMDSamples = 73

// maxMicrovolts is the H10's range, ±20 mV (Polar, "H10 ECG explained").
const maxMicrovolts = 20_000

// DecodePMDHeader reads the beginning of a frame, of any type.
func DecodePMDHeader(value []byte) (PMDHeader, error) {
	f := fieldsOf(value)
	h := PMDHeader{Type: f.u8("measurement type") & pmdTypeMask, Clock: f.u64("timestamp")}
	kind := f.u8("frame type")
	h.FrameType, h.Compressed = kind&^pmdCompressed, kind&pmdCompressed != 0
	if f.err != nil {
		return PMDHeader{}, f.err
	}
	return h, nil
}

// DecodePMD reads an ECG frame of type 0, the only one that an H10 sends.
func DecodePMD(value []byte) (PMDFrame, error) { return decodePMD(value, nil) }

// decodePMD adds the samples to those given, which are none and perhaps have room.
func decodePMD(value []byte, samples []int32) (PMDFrame, error) {
	h, err := DecodePMDHeader(value)
	if err != nil {
		return PMDFrame{}, err
	}
	payload := value[pmdHeader:]
	switch {
	case h.Type != pmdECG:
		return PMDFrame{}, malformed("measurement type %d is not ECG", h.Type)
	case h.FrameType != 0 || h.Compressed:
		return PMDFrame{}, malformed("ECG frame type %d (compressed %t) is not supported", h.FrameType, h.Compressed)
	case len(payload) == 0:
		return PMDFrame{}, malformed("ECG frame holds no samples")
	case len(payload)%pmdSample != 0:
		return PMDFrame{}, malformed("%d bytes of samples are no multiple of %d", len(payload), pmdSample)
	}
	samples = slices.Grow(samples, len(payload)/pmdSample)
	for ; len(payload) > 0; payload = payload[pmdSample:] {
		top := int32(int8(payload[2])) << 16 // carries the sign
		samples = append(samples, top|int32(payload[1])<<8|int32(payload[0]))
	}
	return PMDFrame{Clock: h.Clock, Microvolts: samples}, nil
}

// EncodePMD writes an ECG frame of type 0.
func EncodePMD(f PMDFrame) ([]byte, error) {
	if n := len(f.Microvolts); n == 0 || pmdHeader+n*pmdSample > maxValue {
		return nil, malformed("%d samples do not make a frame", n)
	}
	value := make([]byte, 1, pmdHeader+pmdSample*len(f.Microvolts))
	value = append(binary.LittleEndian.AppendUint64(value, f.Clock), 0)
	for i, uv := range f.Microvolts {
		if uv < -1<<23 || uv >= 1<<23 {
			return nil, malformed("sample %d is %d µV, beyond 24 bits", i, uv)
		}
		value = append(value, byte(uv), byte(uv>>8), byte(uv>>16))
	}
	return value, nil
}

// withinRange writes the microvolts in 16 bits, and says how many of them lay outside what an ECG can
// be and are marked missing.
func withinRange(samples []int16, microvolts []int32) (outside int) {
	for i, uv := range microvolts {
		if uv < -maxMicrovolts || uv > maxMicrovolts {
			samples[i] = vitals.Missing
			outside++
			continue
		}
		samples[i] = int16(uv)
	}
	return outside
}

// Waveform places the frame by its arrival alone: the last sample is as old as its arrival. Arrival
// wavers with the radio; who sees all frames of a connection places them with a PMDClock instead.
func (f PMDFrame) Waveform(received time.Time) vitals.Waveform {
	samples := make([]int16, len(f.Microvolts))
	withinRange(samples, f.Microvolts)
	return arrived(PMDRate, samples, received)
}

// arrived is an ECG whose last sample is as old as its arrival.
func arrived(rate vitals.Rate, samples []int16, received time.Time) vitals.Waveform {
	return vitals.Waveform{
		Kind: vitals.ECG, Rate: rate, Scale: vitals.Int(1), Samples: samples,
		Start: received.Add(-rate.Span(len(samples) - 1)).Truncate(time.Microsecond),
	}
}

// Fault is what the chart must tell about samples outside the strap's range; ok is false where
// there are none.
func (f PMDFrame) Fault(received time.Time) (e vitals.Event, ok bool) {
	outside := 0
	for _, uv := range f.Microvolts {
		if uv < -maxMicrovolts || uv > maxMicrovolts {
			outside++
		}
	}
	return beyondRange(outside, received)
}

func beyondRange(outside int, received time.Time) (e vitals.Event, ok bool) {
	if outside == 0 {
		return vitals.Event{}, false
	}
	return vitals.Event{
		Code: vitals.DecodeFault, Time: received, Value: vitals.Int(int64(outside)),
		Detail: fmt.Sprintf("%d ECG samples beyond ±%d mV", outside, maxMicrovolts/1000),
	}, true
}

func pmdBatch(frame devices.Frame) (vitals.Batch, error) {
	var room [PMDSamples]int32
	f, err := decodePMD(frame.Bytes, room[:0])
	if err != nil {
		return vitals.Batch{}, err
	}
	return wave(frame, PMDRate, f.Microvolts), nil
}

// wave is an ECG by its arrival, with what the chart must be told of it.
func wave(frame devices.Frame, rate vitals.Rate, microvolts []int32) vitals.Batch {
	b, samples := strip(frame.Device, len(microvolts))
	outside := withinRange(samples, microvolts)
	b.Waveforms[0] = arrived(rate, samples, frame.Received)
	if e, ok := beyondRange(outside, frame.Received); ok {
		b.Events = append(b.Events, e)
	}
	return b
}
