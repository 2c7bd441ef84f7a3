package fhir

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"vigil/vitals"
)

// ErrID is wrapped by the error about an id that is not one of ours.
var ErrID = errors.New("not an id of this server")

// mdcBloodPressure is MDC_PRESS_BLD_NONINV, the panel that has systolic, diastolic and mean
// pressure as components (HL7 PHD guide).
const mdcBloodPressure = 150020

// Times in ids count microseconds from the year 1, so that none is negative, as 11 digits of base
// 36: enough until the year 4171, and ids of one patient sort by time.
const (
	idBase      = 36
	idTimeWidth = 11
	microsYear1 = 62135596800 * 1_000_000
	maxIDLength = 64 // FHIR R4: id is 1 to 64 of A-Z a-z 0-9 - .
)

// ObservationID is the id of the Observation at the key in the patient's record:
// time, code, device and patient, so that it can be read back by ParseObservationID and every
// projection of the same reading has the same id.
func ObservationID(p vitals.PatientID, k vitals.Key) string {
	dst := appendPlace(make([]byte, 0, maxIDLength), k)
	dst = append(append(dst, k.Device...), '-')
	return string(append(dst, p...))
}

// appendObservationID adds the id as the inside of a JSON string.
func appendObservationID(dst []byte, p vitals.PatientID, k vitals.Key) []byte {
	dst = appendEscaped(appendPlace(dst, k), string(k.Device))
	return appendEscaped(append(dst, '-'), string(p))
}

// appendPlace adds time and code, each with a dash behind it.
func appendPlace(dst []byte, k vitals.Key) []byte {
	var digits [idTimeWidth]byte
	left := uint64(k.Time.UnixMicro() + microsYear1)
	for i := idTimeWidth - 1; i >= 0; i-- {
		digit := byte(left % idBase)
		if digit < 10 {
			digits[i] = '0' + digit
		} else {
			digits[i] = 'a' + digit - 10
		}
		left /= idBase
	}
	dst = append(dst, digits[:]...)
	dst = strconv.AppendUint(append(dst, '-'), uint64(codeOf(k.Kind)), 10)
	return append(dst, '-')
}

// codeOf is the MDC code that stands for a kind's Observation.
func codeOf(k vitals.Kind) uint32 {
	if Leading(k) == vitals.Systolic {
		return mdcBloodPressure
	}
	return Leading(k).Info().MDC
}

// kindOf is the leading kind that the MDC code of an Observation stands for.
func kindOf(code uint32) (vitals.Kind, bool) {
	if code == mdcBloodPressure {
		return vitals.Systolic, true
	}
	k, ok := vitals.KindByMDC(code)
	return k, ok && Leading(k) == k && k != vitals.Systolic
}

// ParseObservationID reads an id back. The key's kind is Systolic for a blood pressure panel and
// ECG for an ECG study. An id that ObservationID would not write is refused.
func ParseObservationID(id string) (vitals.PatientID, vitals.Key, error) {
	refused := fmt.Errorf("observation %.80q: %w", id, ErrID)
	parts := strings.SplitN(id, "-", 4)
	if len(id) > maxIDLength || len(parts) != 4 || len(parts[0]) != idTimeWidth || parts[3] == "" {
		return "", vitals.Key{}, refused
	}
	micros, err := strconv.ParseUint(parts[0], idBase, 64)
	if err != nil {
		return "", vitals.Key{}, refused
	}
	code, err := strconv.ParseUint(parts[1], 10, 32)
	if err != nil {
		return "", vitals.Key{}, refused
	}
	kind, ok := kindOf(uint32(code))
	if !ok {
		return "", vitals.Key{}, refused
	}
	patient := vitals.PatientID(parts[3])
	key := vitals.Key{
		Time:   time.UnixMicro(int64(micros) - microsYear1).UTC(),
		Kind:   kind,
		Device: vitals.DeviceID(parts[2]),
	}
	if ObservationID(patient, key) != id || !ValidID(id) {
		return "", vitals.Key{}, refused
	}
	return patient, key, nil
}

// ValidID reports whether s may be the id of a FHIR resource.
func ValidID(s string) bool {
	if s == "" || len(s) > maxIDLength {
		return false
	}
	return strings.IndexFunc(s, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && r != '-' && r != '.'
	}) < 0
}
