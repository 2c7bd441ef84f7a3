package journal

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/fxamacker/cbor/v2"
	"github.com/samber/lo"

	"vigil/vitals"
)

// errMalformed is wrapped by every error about bytes that are not a message of ours.
var errMalformed = errors.New("malformed journal message")

// The version is the first element of every message, and changes with what follows it. A node of another version
// passes the message over and says so: what it misses of the alarms, it reads in the database. Deliveries wait in the
// journal for the node that comes next, so theirs must not change.
const (
	wireVersion       = 1
	transitionVersion = 3 // since it says by which clock its samples are charted
	healthVersion     = 2 // since it says what has not come through
)

var (
	encoding = lo.Must(cbor.EncOptions{Sort: cbor.SortNone}.EncMode())
	decoding = lo.Must(cbor.DecOptions{
		IndefLength:      cbor.IndefLengthForbidden,
		TagsMd:           cbor.TagsForbidden,
		UTF8:             cbor.UTF8RejectInvalid,
		MaxNestedLevels:  8,
		MaxArrayElements: 131072,
		MaxMapPairs:      16, // there are no maps in a message
	}.DecMode())
)

type (
	wireDelivery struct {
		_        struct{} `cbor:",toarray"`
		Version  uint8
		Patient  string
		Hub      string
		Device   string // of the stream
		Epoch    uint32
		Seq      uint64
		Received int64
		Source   string // device of the batch
		Readings []wireReading
		Waves    []wireWave
		Events   []wireEvent
	}
	wireReading struct {
		_           struct{} `cbor:",toarray"`
		Kind        string
		Time        int64
		Mantissa    int64
		Exp         int8
		Absent      string
		Quality     uint8
		DeviceTime  int64
		TimeQuality uint8
	}
	wireWave struct {
		_        struct{} `cbor:",toarray"`
		Kind     string
		Start    int64
		Num, Den uint32
		Mantissa int64
		Exp      int8
		First    uint64
		Samples  []byte // int16, little-endian
	}
	wireEvent struct {
		_        struct{} `cbor:",toarray"`
		Code     string
		Time     int64
		Mantissa int64
		Exp      int8
		Detail   string
	}
)

// noTime stands for the zero time, which has no place among microseconds since 1970.
const noTime = math.MinInt64

func toMicros(t time.Time) int64 {
	if t.IsZero() {
		return noTime
	}
	return t.UnixMicro()
}

func fromMicros(us int64) time.Time {
	if us == noTime {
		return time.Time{}
	}
	return time.UnixMicro(us).UTC()
}

func encodeDelivery(d vitals.Delivery) ([]byte, error) {
	data, err := encoding.Marshal(wireDelivery{
		Version: wireVersion, Patient: string(d.Patient),
		Hub: string(d.Stream.Hub), Device: string(d.Stream.Device), Epoch: d.Stream.Epoch, Seq: d.Seq,
		Received: toMicros(d.Received), Source: string(d.Batch.Device),
		Readings: lo.Map(d.Batch.Readings, func(r vitals.Reading, _ int) wireReading { return toWireReading(r) }),
		Waves:    lo.Map(d.Batch.Waveforms, func(w vitals.Waveform, _ int) wireWave { return toWireWave(w) }),
		Events: lo.Map(d.Batch.Events, func(e vitals.Event, _ int) wireEvent {
			return wireEvent{
				Code: string(e.Code), Time: toMicros(e.Time),
				Mantissa: e.Value.Mantissa, Exp: e.Value.Exp, Detail: e.Detail,
			}
		}),
	})
	if err != nil {
		return nil, fmt.Errorf("encode a delivery: %w", err)
	}
	return data, nil
}

func decodeDelivery(data []byte) (vitals.Delivery, error) {
	var w wireDelivery
	if err := decode(data, &w); err != nil {
		return vitals.Delivery{}, err
	}
	if w.Version != wireVersion || w.Patient == "" {
		return vitals.Delivery{}, fmt.Errorf("version %d or no patient: %w", w.Version, errMalformed)
	}
	batch := vitals.Batch{Device: vitals.DeviceID(w.Source)}
	var err error
	if batch.Readings, err = mapTry(w.Readings, wireReading.reading); err != nil {
		return vitals.Delivery{}, err
	}
	if batch.Waveforms, err = mapTry(w.Waves, wireWave.waveform); err != nil {
		return vitals.Delivery{}, err
	}
	if batch.Events, err = mapTry(w.Events, wireEvent.event); err != nil {
		return vitals.Delivery{}, err
	}
	return vitals.Delivery{
		Patient:  vitals.PatientID(w.Patient),
		Stream:   vitals.Stream{Hub: vitals.HubID(w.Hub), Device: vitals.DeviceID(w.Device), Epoch: w.Epoch},
		Seq:      w.Seq,
		Received: fromMicros(w.Received),
		Batch:    batch,
	}, nil
}

// decode reads exactly one value and nothing behind it. Where it cannot, the message may be of another version.
func decode(data []byte, into any) error {
	if err := decoding.Unmarshal(data, into); err != nil {
		return fmt.Errorf("message of version %s: %w: %w", versionOf(data), errMalformed, err)
	}
	return nil
}

// versionOf is the version of a message of whatever version.
func versionOf(data []byte) string {
	var elements []cbor.RawMessage
	var version uint8
	if decoding.Unmarshal(data, &elements) != nil || len(elements) == 0 || decoding.Unmarshal(elements[0], &version) != nil {
		return "unknown"
	}
	return strconv.Itoa(int(version))
}

// mapTry converts all or says what is wrong with the first that does not convert; nil stays nil.
func mapTry[W, V any](from []W, convert func(W) (V, error)) ([]V, error) {
	if len(from) == 0 {
		return nil, nil
	}
	to := make([]V, len(from))
	for i, w := range from {
		v, err := convert(w)
		if err != nil {
			return nil, fmt.Errorf("item %d: %w", i, err)
		}
		to[i] = v
	}
	return to, nil
}

func toWireReading(r vitals.Reading) wireReading {
	return wireReading{
		Kind: r.Kind.String(), Time: toMicros(r.Time), Mantissa: r.Value.Mantissa, Exp: r.Value.Exp,
		Absent: string(r.Absent), Quality: uint8(r.Quality),
		DeviceTime: toMicros(r.DeviceTime), TimeQuality: uint8(r.TimeQuality),
	}
}

func (w wireReading) reading() (vitals.Reading, error) {
	kind, known := vitals.KindByName(w.Kind)
	if !known || w.Quality > uint8(vitals.Questionable) || w.TimeQuality > uint8(vitals.TimeDeviceUnverified) {
		return vitals.Reading{}, fmt.Errorf("reading of %q, quality %d, %d: %w", w.Kind, w.Quality, w.TimeQuality, errMalformed)
	}
	return vitals.Reading{
		Kind: kind, Time: fromMicros(w.Time), Value: vitals.NewDecimal(w.Mantissa, w.Exp),
		Absent: vitals.Absence(w.Absent), Quality: vitals.Quality(w.Quality),
		DeviceTime: fromMicros(w.DeviceTime), TimeQuality: vitals.TimeQuality(w.TimeQuality),
	}, nil
}

func toWireWave(w vitals.Waveform) wireWave {
	samples := make([]byte, 0, 2*len(w.Samples))
	for _, s := range w.Samples {
		samples = binary.LittleEndian.AppendUint16(samples, uint16(s))
	}
	return wireWave{
		Kind: w.Kind.String(), Start: toMicros(w.Start), Num: w.Rate.Num, Den: w.Rate.Den,
		Mantissa: w.Scale.Mantissa, Exp: w.Scale.Exp, First: w.First, Samples: samples,
	}
}

func (w wireWave) waveform() (vitals.Waveform, error) {
	kind, known := vitals.KindByName(w.Kind)
	if !known || len(w.Samples)%2 != 0 || w.Num == 0 || w.Den == 0 {
		return vitals.Waveform{}, fmt.Errorf("waveform of %q, %d bytes, rate %d/%d: %w",
			w.Kind, len(w.Samples), w.Num, w.Den, errMalformed)
	}
	samples := make([]int16, len(w.Samples)/2)
	for i := range samples {
		samples[i] = int16(binary.LittleEndian.Uint16(w.Samples[2*i:]))
	}
	return vitals.Waveform{
		Kind: kind, Start: fromMicros(w.Start), Rate: vitals.Rate{Num: w.Num, Den: w.Den},
		Scale: vitals.NewDecimal(w.Mantissa, w.Exp), First: w.First, Samples: samples,
	}, nil
}

func (w wireEvent) event() (vitals.Event, error) {
	return vitals.Event{
		Code: vitals.EventCode(w.Code), Time: fromMicros(w.Time),
		Value: vitals.NewDecimal(w.Mantissa, w.Exp), Detail: w.Detail,
	}, nil
}
