package gateway

import (
	"encoding/json"
	"slices"
	"strconv"
	"time"

	"github.com/samber/lo"

	"vigil/devices"
	"vigil/devices/uplink"
	"vigil/vitals"
)

// The JSON twin of a batch: what the hub protocol says in CBOR, with names. Vigil's own tools print it,
// and whoever has no library for anything else posts it as a webhook.
func init() {
	register(Source{Name: "json", About: "batches of Vigil's own, as JSON: one or an array", split: objectOrArray, decode: twinBatch, listed: true})
}

type (
	twin struct {
		Device    string         `json:"device"`
		Readings  []twinReading  `json:"readings,omitempty"`
		Waveforms []twinWaveform `json:"waveforms,omitempty"`
		Events    []twinEvent    `json:"events,omitempty"`
	}
	// twinRead is a twin whose items are not looked into: one that cannot be read costs no other.
	twinRead struct {
		Device    string            `json:"device"`
		Readings  []json.RawMessage `json:"readings"`
		Waveforms []json.RawMessage `json:"waveforms"`
		Events    []json.RawMessage `json:"events"`
	}
	twinReading struct {
		Kind        string      `json:"kind"`
		Value       json.Number `json:"value,omitempty"` // every digit that the device sent
		Unit        string      `json:"unit,omitempty"`  // UCUM
		Absent      string      `json:"absent,omitempty"`
		Time        time.Time   `json:"time"`
		TimeQuality string      `json:"time_quality,omitempty"`
		DeviceTime  *time.Time  `json:"device_time,omitempty"`
		Quality     string      `json:"quality,omitempty"`
		Implausible string      `json:"implausible,omitempty"` // written, not read
	}
	twinWaveform struct {
		Kind    string      `json:"kind"`
		Start   time.Time   `json:"start"`
		Rate    [2]uint32   `json:"rate"` // samples per seconds
		Step    json.Number `json:"step"`
		Unit    string      `json:"unit,omitempty"`
		First   uint64      `json:"first,omitempty"`
		Samples []*int16    `json:"samples"` // null for one that is missing
	}
	twinEvent struct {
		Code   string      `json:"code"`
		Time   time.Time   `json:"time"`
		Value  json.Number `json:"value,omitempty"`
		Detail string      `json:"detail,omitempty"`
	}
)

var (
	twinTimes     = []string{"synced", "unsynced", "device", "device_unverified"}
	twinQualities = []string{"good", "questionable"}
)

// Twin is the batch as JSON, for people and programs.
func Twin(b vitals.Batch) json.RawMessage {
	text, err := json.Marshal(twin{
		Device:    string(b.Device),
		Readings:  lo.Map(b.Readings, func(r vitals.Reading, _ int) twinReading { return toTwinReading(r) }),
		Waveforms: lo.Map(b.Waveforms, func(w vitals.Waveform, _ int) twinWaveform { return toTwinWaveform(w) }),
		Events: lo.Map(b.Events, func(e vitals.Event, _ int) twinEvent {
			return twinEvent{Code: string(e.Code), Time: e.Time, Value: unlessZero(e.Value), Detail: e.Detail}
		}),
	})
	if err != nil { // strings, numbers and times of this century
		return json.RawMessage(strconv.Quote(err.Error()))
	}
	return text
}

func unlessZero(d vitals.Decimal) json.Number {
	if d == (vitals.Decimal{}) {
		return ""
	}
	return json.Number(d.String())
}

func toTwinReading(r vitals.Reading) twinReading {
	t := twinReading{
		Kind: r.Kind.String(), Time: r.Time, Absent: string(r.Absent),
		TimeQuality: twinTimes[r.TimeQuality], Quality: twinQualities[r.Quality],
	}
	if r.Absent == vitals.Present {
		t.Value, t.Unit = json.Number(r.Value.String()), r.Kind.Info().UCUM
	}
	if !r.DeviceTime.IsZero() {
		t.DeviceTime = &r.DeviceTime
	}
	if err := r.Plausible(); err != nil {
		t.Implausible = err.Error()
	}
	return t
}

func toTwinWaveform(w vitals.Waveform) twinWaveform {
	return twinWaveform{
		Kind: w.Kind.String(), Start: w.Start, Rate: [2]uint32{w.Rate.Num, w.Rate.Den},
		Step: json.Number(w.Scale.String()), Unit: w.Kind.Info().UCUM, First: w.First,
		Samples: lo.Map(w.Samples, func(s int16, _ int) *int16 {
			if s == vitals.Missing {
				return nil
			}
			return &s
		}),
	}
}

func twinBatch(frame devices.Frame) (vitals.Batch, error) {
	var t twinRead
	if err := object(frame.Bytes, &t); err != nil {
		return vitals.Batch{}, err
	}
	b := vitals.Batch{Device: frame.Device}
	if t.Device != "" {
		id, err := vitals.ParseDeviceID(t.Device)
		if err != nil {
			return vitals.Batch{}, malformed("%v", err)
		}
		b.Device = id
	}
	if len(t.Readings)+len(t.Waveforms)+len(t.Events) == 0 {
		return vitals.Batch{}, malformed("there are no readings, waveforms or events")
	}
	var faults []devices.Fault
	b.Readings = eachOf(&faults, vitals.ReadingList, t.Readings, twinReading.reading)
	b.Waveforms = eachOf(&faults, vitals.WaveformList, t.Waveforms, twinWaveform.waveform)
	b.Events = eachOf(&faults, vitals.EventList, t.Events, twinEvent.event)
	return b, unlessFault(faults)
}

// eachOf reads the items of a list, and notes those that it cannot.
func eachOf[W, V any](faults *[]devices.Fault, list vitals.List, from []json.RawMessage, read func(W) (V, error)) (all []V) {
	for i, text := range from {
		var w W
		err := object(text, &w)
		if err == nil {
			var v V
			if v, err = read(w); err == nil {
				all = append(all, v)
				continue
			}
		}
		*faults = append(*faults, devices.Fault{Item: vitals.Item{List: list, Index: i}, Err: err})
	}
	return all
}

func (t twinReading) reading() (r vitals.Reading, err error) {
	kind, known := vitals.KindByName(t.Kind)
	if !known || kind.Info().Shape == vitals.Sampled {
		return r, malformed("%.40q is not a kind of reading", t.Kind)
	}
	quality, known := nameIn(twinQualities, t.Quality)
	trust, knownTime := nameIn(twinTimes, t.TimeQuality)
	if !known || !knownTime {
		return r, malformed("quality %.20q or time_quality %.20q is unknown", t.Quality, t.TimeQuality)
	}
	r = vitals.Reading{Kind: kind, Quality: vitals.Quality(quality), TimeQuality: vitals.TimeQuality(trust), Absent: vitals.Absence(t.Absent)}
	if r.Time, err = moment(t.Time); err != nil {
		return r, err
	}
	if t.DeviceTime != nil {
		r.DeviceTime = t.DeviceTime.UTC().Truncate(time.Microsecond)
	}
	absences := []vitals.Absence{vitals.NotANumber, vitals.PositiveInfinity, vitals.NegativeInfinity, vitals.DeviceError}
	switch {
	case r.Absent != vitals.Present && (t.Value != "" || !slices.Contains(absences, r.Absent)):
		return r, malformed("absent %.40q has a value or is unknown", t.Absent)
	case r.Absent != vitals.Present:
		return r, nil
	}
	value, err := decimalOf(t.Value.String())
	if err != nil {
		return r, err
	}
	r.Value, err = inUnit(kind, value, t.Unit)
	return r, err
}

// nameIn finds a name's place; left out is the first.
func nameIn(names []string, name string) (int, bool) {
	i := slices.Index(names, name)
	return max(i, 0), i >= 0 || name == ""
}

func (t twinWaveform) waveform() (w vitals.Waveform, err error) {
	kind, known := vitals.KindByName(t.Kind)
	if !known || kind.Info().Shape != vitals.Sampled {
		return w, malformed("%.40q is not a kind of waveform", t.Kind)
	}
	if t.Unit != "" && t.Unit != kind.Info().UCUM {
		return w, malformed("%s in %.20q, not %s", kind, t.Unit, kind.Info().UCUM)
	}
	if t.Rate[0] == 0 || t.Rate[1] == 0 || t.Rate[0] > maxRate || t.Rate[1] > maxRate || len(t.Samples) == 0 {
		return w, malformed("a waveform of %d samples at %d/%d Hz", len(t.Samples), t.Rate[0], t.Rate[1])
	}
	w = vitals.Waveform{Kind: kind, Rate: vitals.Rate{Num: t.Rate[0], Den: t.Rate[1]}, First: t.First}
	if w.Start, err = moment(t.Start); err != nil {
		return w, err
	}
	if w.Scale, err = decimalOf(t.Step.String()); err != nil {
		return w, err
	}
	w.Samples = lo.Map(t.Samples, func(s *int16, _ int) int16 {
		if s == nil {
			return vitals.Missing
		}
		return *s
	})
	return w, uplink.CheckWaveform(w)
}

func (t twinEvent) event() (e vitals.Event, err error) {
	if !slices.Contains(vitals.EventCodes, vitals.EventCode(t.Code)) {
		return e, malformed("event %.40q is unknown", t.Code)
	}
	const maxDetail = 256 // as the hub protocol has it
	if len(t.Detail) > maxDetail {
		return e, malformed("detail of %d bytes is longer than %d", len(t.Detail), maxDetail)
	}
	e = vitals.Event{Code: vitals.EventCode(t.Code), Detail: t.Detail}
	if t.Value != "" {
		if e.Value, err = decimalOf(t.Value.String()); err != nil {
			return e, err
		}
	}
	e.Time, err = moment(t.Time)
	return e, err
}
