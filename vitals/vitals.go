// Package vitals holds the nouns of patient monitoring: what is measured (Kind), a value of it
// (Reading), a sampled channel (Waveform), what one device sent at once (Batch), and whom it
// belongs to (Patient, Binding).
//
// Every other package speaks in these words. This package knows no technology: no clock, no
// database, no network and no wire format. Time is always UTC with microseconds.
package vitals

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"math/bits"
	"strings"
	"time"
)

// Identifiers. Each is opaque outside the package that makes it.
type (
	// PatientID names one person under care.
	PatientID string
	// UnitID names a ward or programme that owns patients and staff.
	UnitID string
	// HubID names the gateway in a patient's home.
	HubID string
	// DeviceID is a Bluetooth address or EUI-64 as 12 or 16 lower-case hexadecimal digits.
	DeviceID string
)

// DeriveDeviceID is the id of a device that its maker's cloud names in its own way: always the same for
// the same source and key, and never that of a real device, because it is marked as locally administered
// (IEEE 802, bit 1 of the first octet).
func DeriveDeviceID(source, key string) DeviceID {
	sum := sha256.Sum256([]byte(source + "\x00" + key))
	sum[0] = sum[0]&^1 | 2
	return DeviceID(hex.EncodeToString(sum[:8]))
}

// ErrDeviceID is returned for an address that is not 6 or 8 bytes of hexadecimal.
var ErrDeviceID = errors.New("device id must be 12 or 16 hexadecimal digits")

// ParseDeviceID reads an address such as "A0:9E:1A:00:00:01", with or without separators.
func ParseDeviceID(s string) (DeviceID, error) {
	plain := strings.ToLower(strings.NewReplacer(":", "", "-", "").Replace(s))
	if len(plain) != 12 && len(plain) != 16 {
		return "", fmt.Errorf("%q: %w", s, ErrDeviceID)
	}
	for _, c := range plain {
		if !strings.ContainsRune("0123456789abcdef", c) {
			return "", fmt.Errorf("%q: %w", s, ErrDeviceID)
		}
	}
	return DeviceID(plain), nil
}

// Quality says how far a reading may be trusted.
type Quality uint8

const (
	// Good readings are charted and may raise alarms.
	Good Quality = iota
	// Questionable readings are charted, marked, and never raise an alarm.
	Questionable
)

// Absence is the reason why a reading has no value; the words are FHIR's data-absent-reason codes.
type Absence string

// Reasons for a missing value (IEEE 11073-20601 special values, mapped as in the HL7 PHD guide).
const (
	Present          Absence = ""
	NotANumber       Absence = "not-a-number"
	PositiveInfinity Absence = "positive-infinity"
	NegativeInfinity Absence = "negative-infinity"
	DeviceError      Absence = "error"
)

// TimeQuality says where a reading's time comes from.
type TimeQuality uint8

const (
	// TimeSynced is the hub's synchronised clock.
	TimeSynced TimeQuality = iota
	// TimeUnsynced is a hub clock that has not been set since power-up.
	TimeUnsynced
	// TimeDevice is the device's own clock, corrected by the hub.
	TimeDevice
	// TimeDeviceUnverified is the device's own clock, which nobody could check.
	TimeDeviceUnverified
)

// Reading is one discrete value of one kind at one time, as an exact decimal in the kind's unit.
type Reading struct {
	Kind        Kind
	Time        time.Time // best estimate of when it was true
	Value       Decimal   // meaningless unless Absent is Present
	Absent      Absence
	Quality     Quality
	DeviceTime  time.Time // as the device reported it, zero where it reported none
	TimeQuality TimeQuality
}

// Missing marks a lost sample in a Waveform.
const Missing int16 = -32768

// Waveform is an evenly sampled piece of one channel.
// A sample's value in the kind's unit is Samples[i] × Scale; Missing marks a lost sample.
type Waveform struct {
	Kind    Kind
	Start   time.Time // time of the first sample
	Rate    Rate
	Scale   Decimal // kind's unit per step, for example 1 (µV) for ECG
	First   uint64  // index of the first sample since the device began, for gap detection
	Samples []int16
}

// Duration is the time that the samples cover.
func (w Waveform) Duration() time.Duration { return w.Rate.Span(len(w.Samples)) }

// End is the time just after the last sample.
func (w Waveform) End() time.Time { return w.Start.Add(w.Duration()) }

// Rate is a sampling rate as an exact fraction: Num samples per Den seconds.
type Rate struct{ Num, Den uint32 }

// Hz is the rate in samples per second, 0 for an invalid rate.
func (r Rate) Hz() float64 {
	if r.Den == 0 {
		return 0
	}
	return float64(r.Num) / float64(r.Den)
}

// Span is the time that n samples cover, to the nanosecond below; the longest Duration where it
// would not fit.
func (r Rate) Span(n int) time.Duration {
	if r.Num == 0 {
		return 0
	}
	// A hostile rate times a hostile count needs more than 64 bits.
	hi, lo := bits.Mul64(magnitude(int64(n)), uint64(r.Den)*uint64(time.Second))
	span := uint64(math.MaxInt64)
	if hi < uint64(r.Num) {
		q, _ := bits.Div64(hi, lo, uint64(r.Num))
		span = min(span, q)
	}
	if n < 0 {
		return -time.Duration(span)
	}
	return time.Duration(span)
}

// EventCode says what happened to a device or hub.
type EventCode string

// What a device or hub can report.
const (
	DeviceConnected EventCode = "device_connected"
	DeviceLost      EventCode = "device_lost"
	BatteryLevel    EventCode = "battery"      // Value is percent
	ContactLost     EventCode = "contact_lost" // electrodes or sensor off
	ContactMade     EventCode = "contact_made"
	DecodeFault     EventCode = "decode_fault"
	ClockStep       EventCode = "clock_step" // Value is seconds
	SpoolHigh       EventCode = "spool_high" // Value is percent
	DataGap         EventCode = "data_gap"

	SOS           EventCode = "sos"            // the patient calls for help
	Fall          EventCode = "fall"           // a fall was detected
	FallCancelled EventCode = "fall_cancelled" // the patient says that no help is needed
)

// EventCodes lists every code that a sender may use.
var EventCodes = []EventCode{
	DeviceConnected, DeviceLost, BatteryLevel, ContactLost, ContactMade,
	DecodeFault, ClockStep, SpoolHigh, DataGap,
	SOS, Fall, FallCancelled,
}

// Call reports whether the event calls for help, or withdraws such a call.
func (c EventCode) Call() bool { return c == SOS || c == Fall || c == FallCancelled }

// Event is something that happened, rather than was measured: to a device or hub, or a call for help.
type Event struct {
	Code   EventCode
	Time   time.Time
	Value  Decimal
	Detail string
}

// Batch is what one device sent at once.
type Batch struct {
	Device    DeviceID
	Readings  []Reading
	Waveforms []Waveform
	Events    []Event
}

// Empty reports whether the batch carries nothing.
func (b Batch) Empty() bool {
	return len(b.Readings) == 0 && len(b.Waveforms) == 0 && len(b.Events) == 0
}

// Delivery is a batch bound to its patient, with its origin: what the journal carries.
//
// A sender without a spool (a webhook, a bundle) has no hub in its stream: what it brings was measured
// once, and its silence says nothing.
type Delivery struct {
	Patient  PatientID
	Stream   Stream
	Seq      uint64    // place in the stream, counted from 1
	Received time.Time // server time; staleness uses this and nothing else
	Batch    Batch
}

// Place is where a delivery is in a journal.
type Place struct {
	Journal string // identity
	Seq     uint64 // counted from 1 over all patients
}

// Charted is a reading in a patient's record.
type Charted struct {
	Patient PatientID
	Device  DeviceID
	Reading
}

// Block is a packed piece of a streamed series (one minute) or of a waveform (ten seconds).
// (Patient, Device, Kind, Start) is its key; writing a block again replaces it whole.
type Block struct {
	Patient  PatientID
	Device   DeviceID
	Kind     Kind
	Start    time.Time // a multiple of SeriesBlock or WaveBlock
	Count    int
	Min, Max float64 // in the kind's unit; zero for a waveform
	Mean     float64
	Last     float64
	Data     []byte // see package codec
}

// Lengths of a block.
const (
	SeriesBlock = time.Minute
	WaveBlock   = 10 * time.Second
)
