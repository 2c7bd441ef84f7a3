package pcd

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"vigil/vitals"
)

// Coding systems of HL7 v2 (table 0396).
const (
	systemMDC   = "MDC"
	systemLOINC = "LN"
	systemUCUM  = "UCUM"
)

// observe charts one OBX segment, or says why not. Rows that only describe the device, and values that
// have no place here, are passed over.
func (r *reader) observe(s segment) {
	kind, known := kindOf(s.components(3))
	battery := codeIn(s.components(3), systemMDC) == strconv.Itoa(vitals.MDCBattery)
	if !known && !battery || s.text(11) == "X" || kind.Valid() && kind.Info().Shape == vitals.Sampled {
		r.Ignored++
		return
	}
	if err := r.chart(s, kind, battery); err != nil {
		r.Refused = append(r.Refused, Refusal{OBX: s.number, Reason: err.Error()})
	}
}

// results are the states of a result that is one (OBX-11, HL7 table 0085): raw, final, preliminary, corrected.
var results = []string{"R", "F", "P", "C", ""}

func (r *reader) chart(s segment, kind vitals.Kind, battery bool) error {
	if state := s.text(11); !slices.Contains(results, state) {
		return malformed("result status %.10q takes a value back; what is charted stays", state)
	}
	device, ok := r.deviceOf(s.text(4))
	if !ok {
		return malformed("no EUI-64 of a device at or above %.40q (OBX-18, OBR-3)", s.text(4))
	}
	when := s.text(14)
	if when == "" {
		when = r.request.text(7)
	}
	t, err := timeOf(when, r.zone)
	if err != nil {
		return err
	}
	if battery {
		charge, err := numberOf(s.text(5))
		if err != nil {
			return err
		}
		b := r.batch(device, vitals.EventList, s.number)
		b.Events = append(b.Events, vitals.Event{Code: vitals.BatteryLevel, Time: t.UTC(), Value: charge})
		return nil
	}
	reading, err := readingOf(s, kind)
	if err != nil {
		return err
	}
	reading.Time = t.UTC()
	b := r.batch(device, vitals.ReadingList, s.number)
	b.Readings = append(b.Readings, reading)
	return nil
}

// batch is the one that takes what the device says in a row.
func (r *reader) batch(device vitals.DeviceID, list vitals.List, row int) *vitals.Batch {
	b := r.batches[device]
	if b == nil {
		b = &vitals.Batch{Device: device}
		r.batches[device] = b
		r.rows[device] = map[vitals.List][]int{}
		r.order = append(r.order, device)
	}
	r.rows[device][list] = append(r.rows[device][list], row)
	return b
}

// Validity of a value (OBX-8, IHE Devices TF-2, appendix B.8): what makes it doubtful, what means that
// there is none, and what is nobody's value at all, as with an oximeter's status bits.
var (
	doubtful = []string{"QUES", "EARLY", "CAL"}
	missing  = []string{"NAV", "OFF", "INV"}
	nobodys  = []string{"TEST", "DEMO"}
)

func readingOf(s segment, kind vitals.Kind) (vitals.Reading, error) {
	reading := vitals.Reading{Kind: kind, TimeQuality: vitals.TimeDeviceUnverified}
	for _, flag := range s.repetitions(8) {
		switch {
		case slices.Contains(nobodys, at(flag, 1)):
			return reading, malformed("demonstration or test data is nobody's value (OBX-8)")
		case slices.Contains(missing, at(flag, 1)):
			reading.Absent = vitals.DeviceError
		case slices.Contains(doubtful, at(flag, 1)):
			reading.Quality = vitals.Questionable
		}
	}
	if s.raw(5) == "" {
		reading.Absent = vitals.DeviceError
	}
	if reading.Absent != vitals.Present {
		return reading, nil
	}
	if kind := s.text(2); kind != "NM" {
		return reading, malformed("type %.10q is not NM, a number", kind)
	}
	v, err := numberOf(s.text(5))
	if err != nil {
		return reading, err
	}
	reading.Value, err = inUnit(kind, v, s.components(6))
	return reading, err
}

// numberOf reads an NM; a leading plus sign is allowed.
func numberOf(text string) (vitals.Decimal, error) {
	v, err := vitals.ParseDecimal(strings.TrimPrefix(strings.TrimSpace(text), "+"))
	if err != nil {
		return v, malformed("%.40q is no number", text)
	}
	return v, nil
}

// inUnit is the value in the kind's unit. The unit stands as MDC or as UCUM, either of them first.
func inUnit(kind vitals.Kind, v vitals.Decimal, unit []string) (vitals.Decimal, error) {
	if code := codeIn(unit, systemMDC); code != "" {
		if n, err := strconv.ParseUint(code, 10, 32); err == nil {
			return tried(kind.FromMDC(v, uint32(n)))
		}
	}
	if code := codeIn(unit, systemUCUM); code != "" {
		return tried(kind.FromUCUM(v, code))
	}
	return v, malformed("%s without a unit of MDC or UCUM (OBX-6)", kind)
}

func tried(v vitals.Decimal, err error) (vitals.Decimal, error) {
	if err != nil {
		return v, malformed("%s", err)
	}
	return v, nil
}

// codeIn finds the code of a system in a coded element, where it stands first or as the alternative.
func codeIn(ce []string, system string) string {
	for _, first := range []int{1, 4} {
		if at(ce, first+2) == system {
			return strings.TrimSpace(at(ce, first))
		}
	}
	return ""
}

// kindOf finds the kind that is measured: by its MDC code, else by LOINC.
func kindOf(ce []string) (vitals.Kind, bool) {
	if code := codeIn(ce, systemMDC); code != "" {
		n, err := strconv.ParseUint(code, 10, 32)
		if err != nil {
			return 0, false
		}
		return vitals.KindOfMDC(uint32(n))
	}
	return vitals.KindOfLOINC(codeIn(ce, systemLOINC))
}

// timeOf reads a time of HL7, YYYYMMDDHHMM[SS[.SSSS]][+ZZZZ], to the minute at least. One without an
// offset is in the zone of the message's own time (HL7 v2.6, 2.A.22); where that has none either, it could
// be anywhere.
func timeOf(text string, zone *time.Location) (time.Time, error) {
	digits, offset := text, ""
	if i := strings.IndexAny(text, "+-"); i >= 0 {
		digits, offset = text[:i], text[i:]
	}
	whole, fraction, _ := strings.Cut(digits, ".")
	layout := map[int]string{len("200601021504"): "200601021504", len("20060102150405"): "20060102150405"}[len(whole)]
	if layout == "" {
		return time.Time{}, malformed("%.40q is no time to the minute or second", text)
	}
	if fraction != "" {
		layout += "." + strings.Repeat("0", len(fraction))
	}
	if offset != "" {
		t, err := time.Parse(layout+"-0700", digits+offset)
		if err != nil {
			return t, malformed("%.40q is no time", text)
		}
		return t.Truncate(time.Microsecond), nil
	}
	if zone == nil {
		return time.Time{}, malformed("%.40q has no offset, and the message's own time (MSH-7) has none", text)
	}
	t, err := time.ParseInLocation(layout, digits, zone)
	if err != nil {
		return t, malformed("%.40q is no time", text)
	}
	return t.Truncate(time.Microsecond), nil
}

// Code is an acknowledgement code (HL7 table 0008).
type Code string

// What a sender is told: it is stored; it will never be, so do not send it again; it is not stored, send it
// again.
const (
	Accepted Code = "AA"
	Rejected Code = "AR"
	Failed   Code = "AE"
)

// Trouble is one ERR segment of an answer.
type Trouble struct {
	OBX      int    // the segment that it is about; 0: the whole message
	Error    string // HL7 table 0357, such as "207"
	Severity string // E, or W where the rest was taken
	Reason   string
}

// Errors of HL7 table 0357 in use.
const (
	ErrorType     = "102" // data type error
	ErrorKind     = "200" // unsupported message type
	ErrorKey      = "204" // unknown key identifier
	ErrorInternal = "207" // application internal error
)

// Answer is the message ACK^R01 to the message of the header. Its own number is the time.
func Answer(h Header, code Code, now time.Time, troubles ...Trouble) []byte {
	stamp := now.UTC().Format("20060102150405.000") + "+0000"
	var b strings.Builder
	fmt.Fprintf(&b, "MSH|^~\\&|VIGIL|%s|%s|%s|%s||ACK^R01^ACK|%d|P|2.6||||||UNICODE UTF-8\r",
		plain(h.Receiver), plain(h.Application), plain(h.Facility), stamp, now.UnixMicro())
	fmt.Fprintf(&b, "MSA|%s|%s\r", code, escape(h.Control))
	for _, t := range troubles {
		location := ""
		if t.OBX > 0 {
			location = fmt.Sprintf("OBX^%d", t.OBX)
		}
		fmt.Fprintf(&b, "ERR||%s|%s^^HL70357|%s||||%s\r", location, t.Error, t.Severity, escape(t.Reason))
	}
	return []byte(b.String())
}

// plain hands back a field of the sender's, where its delimiters are the usual ones.
func plain(raw string) string {
	if strings.ContainsAny(raw, "|\r\n") {
		return ""
	}
	return raw
}
