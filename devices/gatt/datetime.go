package gatt

import (
	"encoding/binary"
	"fmt"
	"time"

	"vigil/vitals"
)

// DateTime is the value of a Date Time (0x2A08): what the device's clock shows, in a zone that the
// device does not tell. Year, month or day of nought are unknown: such a clock was never set.
type DateTime struct {
	Year                             uint16 // 1582 to 9999
	Month, Day, Hour, Minute, Second uint8
}

// Years that a Date Time can hold (GATT Specification Supplement, Date Time).
const (
	firstYear = 1582
	lastYear  = 9999
)

// DateTimeOf is what a clock in t's zone shows.
func DateTimeOf(t time.Time) DateTime {
	year, month, day := t.Date()
	hour, minute, second := t.Clock()
	return DateTime{
		Year: uint16(year), Month: uint8(month), Day: uint8(day),
		Hour: uint8(hour), Minute: uint8(minute), Second: uint8(second),
	}
}

// Time is the clock's reading as if it stood in UTC; ok is false where the clock was not set or
// shows no time at all, such as 30 February.
func (d DateTime) Time() (t time.Time, ok bool) {
	if d.Year < firstYear || d.Year > lastYear {
		return time.Time{}, false
	}
	t = time.Date(int(d.Year), time.Month(d.Month), int(d.Day), int(d.Hour), int(d.Minute), int(d.Second), 0, time.UTC)
	if DateTimeOf(t) != d { // time.Date carries over what does not exist
		return time.Time{}, false
	}
	return t, true
}

// String is the clock's reading, unknown parts as noughts.
func (d DateTime) String() string {
	return fmt.Sprintf("%04d-%02d-%02dT%02d:%02d:%02d", d.Year, d.Month, d.Day, d.Hour, d.Minute, d.Second)
}

// DecodeDateTime reads a Date Time.
func DecodeDateTime(value []byte) (DateTime, error) {
	f := fieldsOf(value)
	d := f.dateTime("date and time")
	if err := f.done(0); err != nil {
		return DateTime{}, err
	}
	return d, nil
}

// EncodeDateTime writes a Date Time; a hub sets a device's clock with it.
func EncodeDateTime(d DateTime) []byte { return d.append(nil) }

func (d DateTime) append(value []byte) []byte {
	return append(binary.LittleEndian.AppendUint16(value, d.Year), d.Month, d.Day, d.Hour, d.Minute, d.Second)
}

func (f *fields) dateTime(what string) DateTime {
	b := f.take(what, 7)
	return DateTime{
		Year: binary.LittleEndian.Uint16(b), Month: b[2], Day: b[3], Hour: b[4], Minute: b[5], Second: b[6],
	}
}

// timeOf is the device's time; zero where it told none, or none that can be.
func timeOf(d *DateTime) time.Time {
	if d == nil {
		return time.Time{}
	}
	t, _ := d.Time()
	return t
}

// CurrentTime is the value of a Current Time (0x2A2B).
type CurrentTime struct {
	DateTime
	Weekday   uint8 // 1 Monday to 7 Sunday, 0 unknown
	Fractions uint8 // of a second, in 1/256
	Adjust    Adjustment
}

// Adjustment says why a clock was set last, as a set of bits (CTS 1.1, 3.1.1.2).
type Adjustment uint8

// Reasons for setting a clock.
const (
	AdjustedByHand     Adjustment = 1 << 0
	AdjustedByExternal Adjustment = 1 << 1 // to an outer reference
	AdjustedZone       Adjustment = 1 << 2
	AdjustedDST        Adjustment = 1 << 3
)

// CurrentTimeOf is what a clock in t's zone shows, for setting a device's clock.
func CurrentTimeOf(t time.Time, why Adjustment) CurrentTime {
	return CurrentTime{
		DateTime: DateTimeOf(t), Weekday: uint8((int(t.Weekday())+6)%7 + 1),
		Fractions: uint8(t.Nanosecond() * 256 / int(time.Second)), Adjust: why,
	}
}

// Time is the clock's reading as if it stood in UTC; ok is false where the clock was not set.
func (c CurrentTime) Time() (t time.Time, ok bool) {
	t, ok = c.DateTime.Time()
	if !ok {
		return time.Time{}, false
	}
	return t.Add(time.Duration(c.Fractions) * time.Second / 256).Truncate(time.Microsecond), true
}

// DecodeCurrentTime reads a Current Time.
func DecodeCurrentTime(value []byte) (CurrentTime, error) {
	f := fieldsOf(value)
	c := CurrentTime{
		DateTime: f.dateTime("date and time"), Weekday: f.u8("day of week"), Fractions: f.u8("fractions of a second"),
		Adjust: Adjustment(f.u8("adjust reason")),
	}
	if err := f.done(0); err != nil {
		return CurrentTime{}, err
	}
	return c, nil
}

// EncodeCurrentTime writes a Current Time; a hub sets a device's clock with it.
func EncodeCurrentTime(c CurrentTime) []byte {
	return append(c.append(nil), c.Weekday, c.Fractions, byte(c.Adjust))
}

// Zoned moves the stored readings of a device whose clock nobody could read to the hub's zone: a device
// shows local time and does not tell which. In the hour that comes twice when summer time ends, and in
// the one that does not come when it begins, nobody knows when they were true.
func Zoned(b vitals.Batch, zone *time.Location) vitals.Batch {
	readings := make([]vitals.Reading, len(b.Readings))
	for i, r := range b.Readings {
		if r.TimeQuality == vitals.TimeDeviceUnverified && !r.DeviceTime.IsZero() {
			var sure bool
			if r.Time, sure = wall(r.DeviceTime, zone); !sure {
				r.Quality = vitals.Questionable
			}
		}
		readings[i] = r
	}
	b.Readings = readings
	return b
}

// wall is when a clock in the zone shows what t shows in UTC, and whether that is at one time only.
func wall(t time.Time, zone *time.Location) (at time.Time, sure bool) {
	at = time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), zone)
	shows := func(at time.Time) bool { return DateTimeOf(at.In(zone)) == DateTimeOf(t) }
	sure = shows(at)
	for _, shift := range []time.Duration{30 * time.Minute, time.Hour} { // zones shift by either
		sure = sure && !shows(at.Add(shift)) && !shows(at.Add(-shift))
	}
	return at.UTC(), sure
}

// Corrected moves the readings that carry the device's own time to the hub's time line. ahead is how
// far the device's clock stood before the hub's when both were read at the same moment; it also
// absorbs the zone that the device does not tell. The device's own time is kept as it was told.
func Corrected(b vitals.Batch, ahead time.Duration) vitals.Batch {
	readings := make([]vitals.Reading, len(b.Readings))
	for i, r := range b.Readings {
		if !r.DeviceTime.IsZero() {
			r.Time, r.TimeQuality = r.DeviceTime.Add(-ahead).Truncate(time.Microsecond), vitals.TimeDevice
		}
		readings[i] = r
	}
	b.Readings = readings
	return b
}
