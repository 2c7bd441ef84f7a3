package gateway

import (
	"fmt"
	"math"
	"time"

	"vigil/vitals"
)

// Between is a span of time, from inclusive to inclusive.
type Between struct{ From, To time.Time }

// stamped is what the readings of one part have in common.
type stamped struct {
	at      time.Time
	quality vitals.Quality
	trust   vitals.TimeQuality
}

func (s stamped) reading(kind vitals.Kind, value vitals.Decimal) vitals.Reading {
	r := vitals.Reading{Kind: kind, Time: s.at, Value: value, Quality: s.quality, TimeQuality: s.trust}
	if s.trust == vitals.TimeDevice || s.trust == vitals.TimeDeviceUnverified {
		r.DeviceTime = s.at
	}
	return r
}

func (s stamped) absent(kind vitals.Kind, why vitals.Absence) vitals.Reading {
	r := s.reading(kind, vitals.Decimal{})
	r.Absent = why
	return r
}

// pressures charts a blood pressure. A systolic that does not exceed the diastolic is none, whatever
// each of them is.
func (s stamped) pressures(systolic, diastolic vitals.Decimal) ([]vitals.Reading, []vitals.Event) {
	if systolic.Compare(diastolic) > 0 {
		return []vitals.Reading{s.reading(vitals.Systolic, systolic), s.reading(vitals.Diastolic, diastolic)}, nil
	}
	return []vitals.Reading{s.absent(vitals.Systolic, vitals.DeviceError), s.absent(vitals.Diastolic, vitals.DeviceError)},
		[]vitals.Event{{
			Code: vitals.DecodeFault, Time: s.at, Detail: fmt.Sprintf("systolic %s does not exceed diastolic %s", systolic, diastolic),
		}}
}

func battery(at time.Time, percent vitals.Decimal) ([]vitals.Event, error) {
	if percent.Compare(vitals.Int(0)) < 0 || percent.Compare(vitals.Int(100)) > 0 {
		return nil, malformed("battery of %s %%", percent)
	}
	return []vitals.Event{{Code: vitals.BatteryLevel, Time: at, Value: percent}}, nil
}

// Bounds of what a source may call a time; a year of five digits is a mistake in the unit.
var earliest, latest = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)

func moment(t time.Time) (time.Time, error) {
	t = t.UTC().Truncate(time.Microsecond)
	if t.Before(earliest) || !t.Before(latest) {
		return time.Time{}, malformed("time %s cannot be", t.Format(time.RFC3339))
	}
	return t, nil
}

// timeIn reads a time that names its zone or offset; one that does not could be any.
func timeIn(layout, text string) (time.Time, error) {
	t, err := time.Parse(layout, text)
	if err != nil {
		return time.Time{}, malformed("%.40q is not a time with its date and offset", text)
	}
	return moment(t)
}

func epochSeconds(s int64) (time.Time, error) {
	if s < 0 || s > latest.Unix() {
		return time.Time{}, malformed("time %d cannot be", s)
	}
	return moment(time.Unix(s, 0))
}

// maxStep is the largest sample of a waveform; the one below it marks a sample that is missing.
const maxStep = math.MaxInt16

// microvolts packs a recorded ECG with the finest step that holds its largest sample: a tenth, hundredth
// or thousandth of a microvolt where that fits.
func microvolts(samples []vitals.Decimal) (steps []int16, step vitals.Decimal) {
	largest := 0.0
	for _, s := range samples {
		largest = max(largest, math.Abs(s.Float()))
	}
	finer := int8(0)
	for finer < 3 && largest*math.Pow10(int(finer)+1) <= maxStep {
		finer++
	}
	steps = make([]int16, len(samples))
	for i, s := range samples {
		steps[i] = vitals.Missing
		if n := vitals.Round(s.Float(), finer).Mantissa; n >= -maxStep && n <= maxStep {
			steps[i] = int16(n)
		}
	}
	return steps, vitals.NewDecimal(1, -finer)
}

// Bounds of a sampling rate.
const maxRate = 100_000

// rateOf is a sampling rate as a fraction.
func rateOf(hz vitals.Decimal) (vitals.Rate, error) {
	if hz.Exp < -4 || hz.Exp > 0 || hz.Compare(vitals.Int(1)) < 0 || hz.Compare(vitals.Int(maxRate)) > 0 {
		return vitals.Rate{}, malformed("sampling rate of %s Hz", hz)
	}
	den := uint32(1)
	for range -hz.Exp {
		den *= 10
	}
	return vitals.Rate{Num: uint32(hz.Mantissa), Den: den}, nil
}
