package gateway

import (
	"encoding/json"
	"strings"
	"time"

	"vigil/devices"
	"vigil/vitals"
)

// Health Auto Export: an app that posts what an iPhone's Health app knows, because Apple has no interface
// for servers (help.healthyapps.dev, export format, read 2026-11). The device is the phone, one for each
// patient: the payload does not say whose it is.
func init() {
	register(Source{
		Name: "health-auto-export", About: "Health Auto Export JSON of an iPhone",
		split: healthExportParts, decode: healthExportBatch,
	})
}

// healthTime is yyyy-MM-dd HH:mm:ss Z.
const healthTime = "2006-01-02 15:04:05 -0700"

// healthPoint is one value of a metric, or one ECG.
type healthPoint struct {
	Name      string  `json:"name"`
	Units     string  `json:"units"`
	Date      string  `json:"date"`
	Quantity  *number `json:"qty"`
	Average   *number `json:"Avg"`
	Least     *number `json:"Min"`
	Most      *number `json:"Max"`
	Systolic  *number `json:"systolic"`
	Diastolic *number `json:"diastolic"`

	Start    string  `json:"start"`
	Rate     *number `json:"samplingFrequency"`
	Count    *int    `json:"numberOfVoltageMeasurements"`
	Voltages []struct {
		Voltage *number `json:"voltage"`
		Units   string  `json:"units"`
	} `json:"voltageMeasurements"`
}

// healthExportParts makes a part of each value: a body carries days of them.
func healthExportParts(payload []byte) ([]piece, error) {
	var body struct {
		Data *struct {
			Metrics []json.RawMessage `json:"metrics"`
			ECG     []json.RawMessage `json:"ecg"`
		} `json:"data"`
	}
	if err := object(payload, &body); err != nil {
		return nil, err
	}
	if body.Data == nil {
		return nil, malformed("there is no data object")
	}
	parts := elementsOf("data.ecg", body.Data.ECG)
	for _, metric := range elementsOf("data.metrics", body.Data.Metrics) {
		parts = append(parts, metric.points()...)
	}
	return parts, nil
}

// points are the values of a metric that is charted; the others may have any shape.
func (metric piece) points() []piece {
	var named struct {
		Name  string          `json:"name"`
		Units string          `json:"units"`
		Data  json.RawMessage `json:"data"`
	}
	if err := object(metric.text, &named); err != nil {
		return []piece{metric} // and the decoder says what is wrong with it
	}
	if _, charted := healthKinds[named.Name]; !charted {
		return nil
	}
	var data []json.RawMessage
	if err := json.Unmarshal(named.Data, &data); named.Data != nil && err != nil {
		metric.fault = malformed("the data of %s is no array", named.Name)
		return []piece{metric}
	}
	points := elementsOf(metric.place+".data", data)
	for i, point := range points {
		var fields map[string]json.RawMessage
		if err := object(point.text, &fields); err != nil || fields == nil {
			continue
		}
		fields["name"], _ = json.Marshal(named.Name)   // a string always is JSON
		fields["units"], _ = json.Marshal(named.Units) // likewise
		if text, err := json.Marshal(fields); err == nil {
			points[i].text = text
		}
	}
	return points
}

// healthKinds are the metrics that are charted; there are some hundred others.
var healthKinds = map[string]vitals.Kind{
	"heart_rate": vitals.HeartRate, "blood_pressure": vitals.Systolic, "blood_oxygen_saturation": vitals.SpO2,
	"respiratory_rate": vitals.RespirationRate, "body_temperature": vitals.Temperature, "blood_glucose": vitals.GlucoseBlood,
	"weight_body_mass": vitals.Weight, "height": vitals.Height, "body_mass_index": vitals.BodyMassIndex, "body_fat_percentage": vitals.BodyFat,
}

func healthExportBatch(frame devices.Frame) (vitals.Batch, error) {
	var p healthPoint
	if err := object(frame.Bytes, &p); err != nil {
		return vitals.Batch{}, err
	}
	if p.Voltages != nil || p.Rate != nil {
		return p.ecg(frame.Device)
	}
	b := vitals.Batch{Device: frame.Device}
	kind, charted := healthKinds[p.Name]
	if !charted {
		return vitals.Batch{}, malformed("metric %.40q is not one that Vigil reads", p.Name)
	}
	at, err := timeIn(healthTime, p.Date)
	if err != nil {
		return vitals.Batch{}, err
	}
	if b.Readings, b.Events, err = p.measured(kind, stamped{at: at, trust: vitals.TimeDevice}); err != nil {
		return vitals.Batch{}, err
	}
	return b, nil
}

func (p healthPoint) measured(kind vitals.Kind, s stamped) ([]vitals.Reading, []vitals.Event, error) {
	value := p.Quantity
	switch {
	case kind == vitals.Systolic:
		return p.pressure(s)
	case kind == vitals.HeartRate && p.Average != nil:
		value = p.Average
		if p.Least == nil || p.Most == nil || p.Least.Compare(p.Most.Decimal) != 0 {
			s.quality = vitals.Questionable // the mean over a span of unknown length is no rate to alarm for
		}
	}
	if value == nil {
		return nil, nil, malformed("%s has no value", p.Name)
	}
	converted, err := inUnit(kind, value.Decimal, p.Units)
	return []vitals.Reading{s.reading(kind, converted)}, nil, err
}

func (p healthPoint) pressure(s stamped) ([]vitals.Reading, []vitals.Event, error) {
	if p.Systolic == nil || p.Diastolic == nil {
		return nil, nil, malformed("blood_pressure lacks a value")
	}
	systolic, err := inUnit(vitals.Systolic, p.Systolic.Decimal, p.Units)
	if err != nil {
		return nil, nil, err
	}
	diastolic, err := inUnit(vitals.Diastolic, p.Diastolic.Decimal, p.Units)
	if err != nil {
		return nil, nil, err
	}
	readings, events := s.pressures(systolic, diastolic)
	return readings, events, nil
}

// ecg is a recording of the watch: lead I, between the wrist and the finger of the other hand. The unit
// stands with the first sample or with each.
func (p healthPoint) ecg(device vitals.DeviceID) (vitals.Batch, error) {
	start, err := timeIn(healthTime, p.Start)
	if err != nil {
		return vitals.Batch{}, err
	}
	if p.Rate == nil || len(p.Voltages) == 0 {
		return vitals.Batch{}, malformed("an ECG without samples or without their frequency")
	}
	if p.Count == nil || *p.Count != len(p.Voltages) {
		return vitals.Batch{}, malformed("an ECG with %d samples does not have as many as it says", len(p.Voltages))
	}
	rate, err := rateOf(p.Rate.Decimal)
	if err != nil {
		return vitals.Batch{}, err
	}
	samples, err := p.samples()
	if err != nil {
		return vitals.Batch{}, err
	}
	return recording(device, start, rate, samples), nil
}

func (p healthPoint) samples() ([]vitals.Decimal, error) {
	unit := strings.TrimSpace(p.Voltages[0].Units)
	shift, known := voltages[unit]
	if !known {
		return nil, malformed("an ECG in %.20q: not a unit that Vigil reads", unit)
	}
	samples := make([]vitals.Decimal, len(p.Voltages))
	for i, v := range p.Voltages {
		if v.Voltage == nil || v.Units != "" && v.Units != p.Voltages[0].Units {
			return nil, malformed("sample %d of an ECG has no value or another unit", i)
		}
		samples[i] = vitals.NewDecimal(v.Voltage.Mantissa, v.Voltage.Exp+shift)
	}
	return samples, nil
}

// voltages are the powers of ten by which a unit exceeds a microvolt. There are two signs that look like µ.
var voltages = map[string]int8{"mcV": 0, "uV": 0, "µV": 0, "μV": 0, "mV": 3, "V": 6}

// recording is a recorded ECG of lead I.
func recording(device vitals.DeviceID, start time.Time, rate vitals.Rate, samples []vitals.Decimal) vitals.Batch {
	steps, step := microvolts(samples)
	return vitals.Batch{Device: device, Waveforms: []vitals.Waveform{{
		Kind: vitals.ECGI, Start: start, Rate: rate, Scale: step, Samples: steps,
	}}}
}
