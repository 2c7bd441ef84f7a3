package fhir

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/samber/lo"

	"vigil/vitals"
)

// Measurement is what an uploaded Observation says.
type Measurement struct {
	Subject Person
	Devices []vitals.DeviceID // what measured; any of them may be the one under which it is known
	Batch   vitals.Batch      // without a device
	Test    bool              // marked as made up
	// Ignored says that nothing of it is charted, and why: a status bit, a clock that was compared.
	Ignored string
	// Unread are the values that cannot be charted, where others can; they are not in the batch.
	Unread []vitals.Flaw

	values map[vitals.List][]int // of the batch: the component of each, itself for the Observation's own
}

type (
	uploadQuantity struct {
		Value  json.Number `json:"value"`
		System string      `json:"system"`
		Code   string      `json:"code"`
	}
	uploadValue struct {
		Code         concept         `json:"code"`
		Quantity     *uploadQuantity `json:"valueQuantity"`
		Sampled      *sampledData    `json:"valueSampledData"`
		AbsentReason *concept        `json:"dataAbsentReason"`
		Interpreted  []concept       `json:"interpretation"`
	}
	uploadObservation struct {
		uploadValue
		Meta      meta          `json:"meta"`
		Status    string        `json:"status"`
		Subject   *reference    `json:"subject"`
		Device    *reference    `json:"device"`
		DateTime  string        `json:"effectiveDateTime"`
		Instant   string        `json:"effectiveInstant"`
		Period    *period       `json:"effectivePeriod"`
		Component []uploadValue `json:"component"`
	}
)

// told are the states of an Observation whose value counts.
var told = []string{"final", "amended", "corrected", "preliminary"}

// readObservation reads an Observation of the HL7 PHD guide: numeric, compound, sampled, or with a code.
func readObservation(raw json.RawMessage, names directory) (m Measurement, fault *Issue) {
	var o uploadObservation
	if err := json.Unmarshal(raw, &o); err != nil {
		return m, faultOf(Invalid, "the Observation cannot be read: %s", jsonFault(err))
	}
	if !slices.Contains(told, o.Status) {
		return m, faultOf(NotSupported, "an Observation that is %.40q is not taken; final, amended, corrected and preliminary ones are", o.Status)
	}
	m.Test = lo.ContainsBy(o.Meta.Security, func(c coded) bool { return c.Code == "HTEST" })
	values := append([]uploadValue{o.uploadValue}, o.Component...)
	if !slices.ContainsFunc(values, charted) {
		m.Ignored = "nothing that is charted here: " + labelOf(o.Code)
		return m, nil
	}
	if fault = m.identify(o, names); fault != nil {
		return m, fault
	}
	start, end, err := o.when()
	if err != nil {
		return m, faultOf(Value, "%s", err)
	}
	m.values = map[vitals.List][]int{}
	for i, v := range values {
		if err := m.add(v, i-1, start, end); err != nil {
			m.Unread = append(m.Unread, vitals.Flaw{
				Item: vitals.Item{List: componentList, Index: i - 1}, Code: "malformed", Reason: fmt.Sprintf("%s: %s", labelOf(v.Code), err),
			})
		}
	}
	if m.Batch.Empty() {
		return m, m.unread()
	}
	return m, nil
}

func faultOf(code IssueCode, format string, args ...any) *Issue {
	return &Issue{Severity: Fault, Code: code, Text: fmt.Sprintf(format, args...)}
}

// identify finds out whom it is about and what measured.
func (m *Measurement) identify(o uploadObservation, names directory) *Issue {
	if o.Subject == nil {
		return faultOf(Required, "subject is missing")
	}
	if o.Device == nil {
		return faultOf(Required, "device is missing")
	}
	var ok bool
	if m.Subject, ok = names.person(*o.Subject); !ok {
		return faultOf(NotFound, "subject %.200q leads to no Patient with an identifier", o.Subject.Reference)
	}
	if m.Devices = names.device(*o.Device); len(m.Devices) == 0 {
		return faultOf(NotFound, "device %.200q leads to no Device with a Bluetooth address or EUI-64", o.Device.Reference)
	}
	return nil
}

// when is the time of the measurement, which has an offset in every Observation of the guide.
func (o uploadObservation) when() (start, end time.Time, err error) {
	first, last := o.DateTime, ""
	switch {
	case o.Instant != "":
		first = o.Instant
	case o.Period != nil:
		first, last = o.Period.Start, o.Period.End
	}
	if start, err = timeWithOffset(first); err != nil {
		return start, end, err
	}
	if last == "" {
		return start, start, nil
	}
	end, err = timeWithOffset(last)
	return start, end, err
}

func timeWithOffset(s string) (time.Time, error) {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return time.Time{}, fmt.Errorf("effective %.40q is no time with an offset: %w", s, errValue)
	}
	return t.UTC().Truncate(time.Microsecond), nil
}

// kindOfConcept finds the kind that is measured: by its MDC code, which the guide demands, else by LOINC.
func kindOfConcept(c concept) (k vitals.Kind, ok bool) {
	for _, coding := range c.Coding {
		if coding.System != systemMDC {
			continue
		}
		if n, err := strconv.ParseUint(coding.Code, 10, 32); err == nil {
			k, ok = vitals.KindOfMDC(uint32(n))
			return k, ok // an MDC code that is not known is not made good by a LOINC code that says less
		}
	}
	for _, coding := range c.Coding {
		if coding.System == systemLOINC {
			if k, ok = vitals.KindOfLOINC(coding.Code); ok {
				return k, true
			}
		}
	}
	return 0, false
}

// isBattery reports whether it is the charge of the device's battery.
func isBattery(c concept) bool { return hasCode(c, strconv.Itoa(vitals.MDCBattery)) }

// charted reports whether there is a place for the value.
func charted(v uploadValue) bool {
	if isBattery(v.Code) {
		return v.Quantity != nil
	}
	_, known := kindOfConcept(v.Code)
	return known && (v.Quantity != nil || v.Sampled != nil || v.AbsentReason != nil)
}

// labelOf names a code for people.
func labelOf(c concept) string {
	for _, coding := range c.Coding {
		if coding.Code != "" {
			return fmt.Sprintf("%.40s", coding.Code)
		}
	}
	return "an Observation without a code"
}

// add charts one value. What has no place is left out; the rest of a compound is charted all the same.
func (m *Measurement) add(v uploadValue, component int, start, end time.Time) error {
	if !charted(v) {
		return nil
	}
	if isBattery(v.Code) {
		return m.addBattery(v, component, end)
	}
	kind, _ := kindOfConcept(v.Code)
	if v.Sampled != nil {
		w, err := v.Sampled.waveform(kind, start)
		if err != nil {
			return err
		}
		m.Batch.Waveforms = append(m.Batch.Waveforms, w)
		m.values[vitals.WaveformList] = append(m.values[vitals.WaveformList], component)
		return nil
	}
	if kind.Info().Shape == vitals.Sampled {
		return fmt.Errorf("sampled values belong into valueSampledData: %w", errValue)
	}
	// TimeDevice: a gateway puts the device's clock right before it sends (HL7 PHD guide, time stamps).
	r := vitals.Reading{Kind: kind, Time: end, TimeQuality: vitals.TimeDevice, Quality: qualityOf(v.Interpreted)}
	if v.Quantity == nil {
		r.Absent = absenceOf(*v.AbsentReason)
	} else {
		var err error
		if r.Value, err = v.Quantity.of(kind); err != nil {
			return err
		}
	}
	m.Batch.Readings = append(m.Batch.Readings, r)
	m.values[vitals.ReadingList] = append(m.values[vitals.ReadingList], component)
	return nil
}

func (m *Measurement) addBattery(v uploadValue, component int, at time.Time) error {
	charge, err := decimalOf(v.Quantity.Value)
	if err != nil {
		return err
	}
	m.Batch.Events = append(m.Batch.Events, vitals.Event{Code: vitals.BatteryLevel, Time: at, Value: charge})
	m.values[vitals.EventList] = append(m.values[vitals.EventList], component)
	return nil
}

// of is the quantity in the kind's unit.
func (q uploadQuantity) of(kind vitals.Kind) (vitals.Decimal, error) {
	if q.System != systemUCUM {
		return vitals.Decimal{}, fmt.Errorf("the unit's system is %.80q, not UCUM: %w", q.System, errValue)
	}
	v, err := decimalOf(q.Value)
	if err != nil {
		return vitals.Decimal{}, err
	}
	return kind.FromUCUM(v, q.Code)
}

// absenceOf is why there is no value. FHIR has more reasons than a device has ways to say so.
func absenceOf(c concept) vitals.Absence {
	for _, reason := range []vitals.Absence{vitals.NotANumber, vitals.PositiveInfinity, vitals.NegativeInfinity} {
		if hasCode(c, string(reason)) {
			return reason
		}
	}
	return vitals.DeviceError
}

// doubtful are the measurement states that speak against a value (HL7 PHD guide, measurement status).
var doubtful = []string{"questionable", "calibration-ongoing", "early-indication", "early-estimate", "invalid"}

func qualityOf(interpretation []concept) vitals.Quality {
	for _, c := range interpretation {
		if slices.ContainsFunc(doubtful, func(state string) bool { return hasCode(c, state) }) {
			return vitals.Questionable
		}
	}
	return vitals.Good
}
