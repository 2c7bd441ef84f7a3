package gateway

import (
	"encoding/json"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"vigil/devices"
	"vigil/vitals"
)

// Withings: a notification (a form) says that an account has something new; it is not signed, so it is
// taken as a hint, and the values are fetched: Measure getmeas and Heart list/get (developer.withings.com,
// read 2026-11). The device is the account: its scale knows whom of the family it weighs.
func init() {
	register(Source{
		Name: "withings", About: "Withings notification, and what getmeas and Heart get answer",
		split: withingsParts, decode: withingsBatch, notify: withingsNotify,
	})
}

// Notification categories (appli) with something to fetch that Vigil charts: weight, temperature, blood
// pressure with heart rate and SpO2, ECG. The others (activity, sleep, bed) are understood.
const (
	WithingsWeight      = "1"
	WithingsTemperature = "2"
	WithingsPressure    = "4"
	WithingsECG         = "54"
)

func withingsNotify(payload []byte) ([]Notification, error) {
	form, err := url.ParseQuery(strings.TrimSpace(string(payload)))
	if err != nil {
		return nil, malformed("not a form: %v", err)
	}
	n := Notification{Account: form.Get("userid"), What: form.Get("appli"), Deleted: form.Get("action") == "delete"}
	if n.Account == "" || n.What == "" {
		return nil, malformed("userid or appli is missing")
	}
	for field, into := range map[string]*time.Time{"startdate": &n.From, "enddate": &n.To} {
		if !form.Has(field) {
			continue // events that are of no span, such as a user who unlinks
		}
		seconds, err := strconv.ParseInt(form.Get(field), 10, 64)
		if err != nil {
			return nil, malformed("%s %.20q is no time", field, form.Get(field))
		}
		if *into, err = epochSeconds(seconds); err != nil {
			return nil, err
		}
	}
	return []Notification{n}, nil
}

// withingsParts takes an answer apart: groups of measures, or one ECG.
func withingsParts(payload []byte) ([]piece, error) {
	var answer struct {
		Status *int64 `json:"status"`
		Body   struct {
			Groups []json.RawMessage `json:"measuregrps"`
		} `json:"body"`
	}
	if err := object(payload, &answer); err != nil {
		return nil, err
	}
	switch {
	case answer.Status == nil:
		return []piece{{text: payload}}, nil // a part already
	case *answer.Status != 0:
		return nil, malformed("Withings answers with status %d", *answer.Status)
	default:
		return elementsOf("body.measuregrps", answer.Body.Groups), nil
	}
}

type withings struct {
	Date     int64             `json:"date"`
	Category int               `json:"category"`
	Attrib   int               `json:"attrib"`
	Measures []json.RawMessage `json:"measures"`
	// An ECG: Heart list tells when it was recorded, Heart get the rest.
	Timestamp *int64  `json:"timestamp"`
	Signal    []int16 `json:"signal"` // µV
	Rate      *number `json:"sampling_frequency"`
}

type withingsMeasure struct {
	Value int64 `json:"value"`
	Type  int   `json:"type"`
	Unit  int8  `json:"unit"` // power of ten
}

// Types of measure (Measure getmeas); the others are read and not charted.
var withingsKinds = map[int]struct {
	kind vitals.Kind
	unit string
}{
	1: {vitals.Weight, "kg"}, 4: {vitals.Height, "m"}, 6: {vitals.BodyFat, "%"}, 9: {vitals.Diastolic, "mmHg"},
	10: {vitals.Systolic, "mmHg"}, 11: {vitals.PulseRate, "/min"}, 12: {vitals.Temperature, "Cel"}, 54: {vitals.SpO2, "%"}, 71: {vitals.Temperature, "Cel"},
}

const (
	withingsGoal = 2 // category of what a user would like to weigh
	// attrib: who may have been measured, or that somebody typed the value in.
	withingsAmbiguous, withingsManual, withingsCreation = 1, 2, 4
)

func withingsBatch(frame devices.Frame) (vitals.Batch, error) {
	var m withings
	if err := object(frame.Bytes, &m); err != nil {
		return vitals.Batch{}, err
	}
	if m.Timestamp != nil {
		return m.ecg(frame.Device)
	}
	b := vitals.Batch{Device: frame.Device}
	if m.Category == withingsGoal {
		return b, nil
	}
	at, err := epochSeconds(m.Date)
	if err != nil {
		return vitals.Batch{}, err
	}
	s := stamped{at: at, trust: vitals.TimeDevice}
	if m.Attrib == withingsAmbiguous || m.Attrib == withingsManual || m.Attrib == withingsCreation {
		s.quality = vitals.Questionable
	}
	b.Readings, b.Events, err = m.group(s)
	return b, err
}

// group charts the measures of one moment.
func (m withings) group(s stamped) ([]vitals.Reading, []vitals.Event, error) {
	found := map[vitals.Kind]vitals.Decimal{}
	var faults []devices.Fault
	for i, text := range m.Measures {
		if err := measured(text, found); err != nil {
			faults = append(faults, devices.Fault{Item: vitals.Item{List: "measure", Index: i}, Err: err})
		}
	}
	var readings []vitals.Reading
	var events []vitals.Event
	systolic, cuff := found[vitals.Systolic]
	if diastolic, both := found[vitals.Diastolic]; cuff && both {
		readings, events = s.pressures(systolic, diastolic)
		delete(found, vitals.Systolic)
		delete(found, vitals.Diastolic)
	}
	for _, kind := range slices.Sorted(maps.Keys(found)) {
		value := found[kind]
		if kind == vitals.PulseRate && cuff {
			kind = vitals.CuffPulseRate
		}
		readings = append(readings, s.reading(kind, value))
	}
	return readings, events, unlessFault(faults)
}

// measured reads one measure, where it is of a kind that is charted.
func measured(text []byte, found map[vitals.Kind]vitals.Decimal) error {
	var m withingsMeasure
	if err := object(text, &m); err != nil {
		return err
	}
	k, charted := withingsKinds[m.Type]
	if !charted {
		return nil
	}
	if m.Unit < -exactDigits || m.Unit > exactDigits/3 {
		return malformed("measure of type %d is %d × 10^%d", m.Type, m.Value, m.Unit)
	}
	value, err := inUnit(k.kind, wholeDigits(vitals.NewDecimal(m.Value, m.Unit)), k.unit)
	if err == nil {
		found[k.kind] = value
	}
	return err
}

// ecg is a recording of a watch or a blood pressure monitor, whose lead is not told.
func (m withings) ecg(device vitals.DeviceID) (vitals.Batch, error) {
	start, err := epochSeconds(*m.Timestamp)
	if err != nil {
		return vitals.Batch{}, err
	}
	if m.Rate == nil || len(m.Signal) == 0 {
		return vitals.Batch{}, malformed("an ECG without samples or without their frequency")
	}
	rate, err := rateOf(m.Rate.Decimal)
	if err != nil {
		return vitals.Batch{}, err
	}
	return vitals.Batch{Device: device, Waveforms: []vitals.Waveform{{
		Kind: vitals.ECG, Start: start, Rate: rate, Scale: vitals.Int(1), Samples: m.Signal,
	}}}, nil
}
