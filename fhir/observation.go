package fhir

import (
	"cmp"
	"slices"

	"vigil/vitals"
)

// Observation is what one FHIR Observation is made from: one reading, the parts of one blood
// pressure, or the waveforms of one device in one stored block.
type Observation struct {
	Patient  vitals.PatientID
	Test     bool       // the patient is made up: marked HTEST
	Key      vitals.Key // the place; Kind is the leading kind
	Readings []vitals.Charted
	Waves    []vitals.Waveform
}

// ID is the resource's id.
func (o *Observation) ID() string { return ObservationID(o.Patient, o.Key) }

// Group turns readings of one patient into Observations. Readings of one instant must be together,
// in either order of time, and complete: blood pressure readings of one device and instant become
// one panel. The Observations follow the order of their keys, descending when asked.
func Group(readings []vitals.Charted, descending bool) []Observation {
	all := make([]Observation, 0, len(readings))
	slices.SortStableFunc(readings, func(a, b vitals.Charted) int {
		order := cmp.Or(placeOf(a).Compare(placeOf(b)), cmp.Compare(a.Kind, b.Kind))
		if descending {
			return -order
		}
		return order
	})
	for i := 0; i < len(readings); {
		place, end := placeOf(readings[i]), i+1
		for end < len(readings) && placeOf(readings[end]).Compare(place) == 0 {
			end++
		}
		all = append(all, Observation{Patient: readings[i].Patient, Key: place, Readings: readings[i:end:end]})
		i = end
	}
	return all
}

// placeOf is the key of the Observation that shows the reading.
func placeOf(c vitals.Charted) vitals.Key {
	return vitals.Key{Time: c.Time, Kind: Leading(c.Kind), Device: c.Device}
}

// AppendObservation adds the resource as JSON. It allocates nothing beyond dst.
func AppendObservation(dst []byte, o *Observation) []byte {
	var id [2 * maxIDLength]byte
	return appendObservation(dst, o, appendObservationID(id[:0], o.Patient, o.Key))
}

// appendObservation adds the resource with its id, which is encoded already.
func appendObservation(dst []byte, o *Observation, id []byte) []byte {
	dst = append(dst, `{"resourceType":"Observation","id":"`...)
	dst = append(append(dst, id...), '"')
	if o.Test {
		dst = append(append(dst, `,"meta":`...), testMeta...)
	}
	switch {
	case len(o.Waves) > 0:
		return appendStudy(dst, o)
	case o.Key.Kind == vitals.Systolic:
		return appendPanel(dst, o)
	default:
		r := &o.Readings[0].Reading
		dst = append(dst, fragments[r.Kind].head...)
		dst = appendWhoAndWhen(dst, o)
		dst = appendValue(dst, r)
		dst = appendTimeNote(dst, r)
		return append(dst, '}')
	}
}

// testMeta marks data of made-up patients.
const testMeta = `{"security":[{"system":"` + systemActReason + `","code":"HTEST","display":"test health data"}]}`

func appendWhoAndWhen(dst []byte, o *Observation) []byte {
	dst = appendSubject(dst, o)
	return appendTime(append(dst, `,"effectiveDateTime":`...), o.Key.Time)
}

func appendSubject(dst []byte, o *Observation) []byte {
	dst = appendEscaped(append(dst, `,"subject":{"reference":"Patient/`...), string(o.Patient))
	dst = appendEscaped(append(dst, `"},"device":{"reference":"Device/`...), string(o.Key.Device))
	return append(dst, `"}`...)
}

// appendValue adds the value or why there is none, and how far it may be trusted.
func appendValue(dst []byte, r *vitals.Reading) []byte {
	if r.Absent != vitals.Present {
		return appendAbsent(dst, string(r.Absent))
	}
	dst = r.Value.Append(append(dst, `,"valueQuantity":{"value":`...))
	dst = append(dst, fragments[r.Kind].unit...)
	if r.Quality == vitals.Questionable {
		dst = append(dst, questionable...)
	}
	return dst
}

// questionable follows the HL7 PHD guide, table of measurement status bits.
const questionable = `,"interpretation":[{"coding":[{"system":"` + systemMeasurementStatus + `","code":"questionable"}]}]`

func appendAbsent(dst []byte, reason string) []byte {
	dst = append(dst, `,"dataAbsentReason":{"coding":[`...)
	dst = appendCoding(dst, systemAbsent, reason, "")
	return append(dst, `]}`...)
}

// appendTimeNote tells the reader that the time of the value could not be checked.
func appendTimeNote(dst []byte, r *vitals.Reading) []byte {
	switch r.TimeQuality {
	case vitals.TimeUnsynced:
		return append(dst, `,"note":[{"text":"The hub's clock was not synchronised when this was measured."}]`...)
	case vitals.TimeDeviceUnverified:
		return append(dst, `,"note":[{"text":"The time is that of the device's own clock, which could not be checked."}]`...)
	default:
		return dst
	}
}

// absentUnknown is why a part of a blood pressure that the cuff did not report has no value.
const absentUnknown = "unknown"

// appendPanel adds a blood pressure: the R4 profile wants exactly one systolic and one diastolic
// component, with a value or the reason why there is none; the mean is added where it was measured.
func appendPanel(dst []byte, o *Observation) []byte {
	dst = append(dst, panel...)
	dst = appendWhoAndWhen(dst, o)
	dst = append(dst, `,"component":[`...)
	for kind := vitals.Systolic; kind <= vitals.MeanPressure; kind++ {
		r := o.part(kind)
		if r == nil && kind == vitals.MeanPressure {
			break
		}
		if kind != vitals.Systolic {
			dst = append(dst, ',')
		}
		dst = append(dst, fragments[kind].component...)
		if r == nil {
			dst = appendAbsent(dst, absentUnknown)
		} else {
			dst = appendValue(dst, r)
		}
		dst = append(dst, '}')
	}
	dst = append(dst, ']')
	dst = appendTimeNote(dst, &o.Readings[0].Reading)
	return append(dst, '}')
}

// part is the panel's reading of the kind, nil where there is none.
func (o *Observation) part(k vitals.Kind) *vitals.Reading {
	for i := range o.Readings {
		if o.Readings[i].Kind == k {
			return &o.Readings[i].Reading
		}
	}
	return nil
}
