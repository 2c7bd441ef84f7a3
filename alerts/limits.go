package alerts

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/samber/lo"

	"vigil/vitals"
)

// Limits are the numbers in force for one patient: the defaults for adults, changed by the patient's unit,
// changed for the patient. They never change; With makes others. The zero Limits are not valid.
type Limits struct {
	values *[lastSetting + 1]vitals.Decimal
}

// Changes are settings that somebody wants otherwise than they would be. What is not named follows what
// lies below: a patient's the unit's, a unit's the defaults.
type Changes map[Setting]vitals.Decimal

// DefaultLimits are the defaults for adults.
func DefaultLimits() Limits { return defaultLimits }

var defaultLimits = func() Limits {
	values := &[lastSetting + 1]vitals.Decimal{}
	for s := Setting(1); s <= lastSetting; s++ {
		values[s] = settings[s].Default
	}
	return Limits{values}
}()

// LimitsOf are the limits of a patient of a unit, each of which may have changed some.
func LimitsOf(unit, patient Changes) Limits { return DefaultLimits().With(unit).With(patient) }

// With is the limits with the changes made.
func (l Limits) With(c Changes) Limits {
	if len(c) == 0 {
		return l
	}
	values := *l.values
	for s, v := range c {
		if s.Valid() {
			values[s] = v
		}
	}
	return Limits{&values}
}

// Same reports whether both are the same limits.
func (l Limits) Same(other Limits) bool {
	return l.values == other.values || l.values != nil && other.values != nil && len(Diff(l, other)) == 0
}

// Value is what a setting is.
func (l Limits) Value(s Setting) vitals.Decimal {
	if !s.Valid() || l.values == nil {
		return vitals.Decimal{}
	}
	return l.values[s]
}

// whole is a setting that has no decimals.
func (l Limits) whole(s Setting) int64 { return int64(math.Round(l.values[s].Float())) }

// lasting is a setting that is a time in seconds.
func (l Limits) lasting(s Setting) time.Duration {
	return time.Duration(l.whole(s)) * time.Second
}

// ErrLimits is wrapped by the error about limits that cannot be.
var ErrLimits = errors.New("limits will not do")

// Validate says everything that is wrong with the limits: a number that its setting cannot be, and two that
// contradict each other.
func (l Limits) Validate() error {
	if l.values == nil {
		return fmt.Errorf("%w: there are none", ErrLimits)
	}
	var wrong []string
	for s := Setting(1); s <= lastSetting; s++ {
		i := &settings[s]
		v := l.values[s]
		switch {
		case v.Exp < -i.Decimals:
			wrong = append(wrong, fmt.Sprintf("%s has more decimals than can be judged: %s", s.Title(), v))
		case v.Compare(i.Low) < 0 || v.Compare(i.High) > 0:
			wrong = append(wrong, fmt.Sprintf("%s can be %s to %s, not %s", s.Title(), i.Low, s.show(i.High), v))
		}
	}
	for _, o := range ordered {
		if below, above := l.milli(o.low)+l.milli(o.lowBack), l.milli(o.high)-l.milli(o.highBack); below >= above {
			wrong = append(wrong, fmt.Sprintf("%s %s must lie below %s %s, by more than both come back",
				o.low.Title(), l.values[o.low], o.high.Title(), o.high.show(l.values[o.high])))
		}
	}
	if len(wrong) > 0 {
		return fmt.Errorf("%w: %s", ErrLimits, strings.Join(wrong, "; "))
	}
	return nil
}

// order is a pair of limits between which a value must be able to lie without anything being true.
type order struct{ low, lowBack, high, highBack Setting }

var ordered = []order{
	{HRLowLimit, HRLowHysteresis, HRHighLimit, HRHighHysteresis},
	{RRLowLimit, RRLowHysteresis, RRHighLimit, RRHighHysteresis},
	{GlucoseVeryLowLimit, 0, GlucoseLowLimit, 0},
	{GlucoseLowLimit, GlucoseHysteresis, GlucoseHighLimit, GlucoseHysteresis},
	{SystolicLowLimit, 0, SystolicHighLimit, 0},
	{NEWS2MediumLimit, 0, NEWS2HighLimit, 0},
	{TempLowLimit, TempLowHysteresis, TempHighLimit, TempHighHysteresis},
}

// milli is a setting in thousandths, so that decimals are compared exactly; zero for no setting.
func (l Limits) milli(s Setting) int64 { return milli(l.values[s].Float()) }

func milli(v float64) int64 { return int64(math.Round(v * 1000)) }

// Difference is a setting that differs between two Limits.
type Difference struct {
	Setting       Setting
	Before, After vitals.Decimal
}

// String says it to people: "HR HIGH limit 130 → 140 /min".
func (d Difference) String() string {
	return fmt.Sprintf("%s %s → %s", d.Setting.Title(), d.Before, d.Setting.show(d.After))
}

// Diff lists what differs, in the order of Settings.
func Diff(before, after Limits) []Difference {
	return lo.FilterMap(Settings(), func(s Setting, _ int) (Difference, bool) {
		b, a := before.values[s], after.values[s]
		return Difference{s, b, a}, b.Compare(a) != 0
	})
}

// Outside lists those of the differences whose new value a nurse may not choose.
func Outside(differences []Difference) []Difference {
	return lo.Filter(differences, func(d Difference, _ int) bool {
		i := d.Setting.Info()
		return d.After.Compare(i.From) < 0 || d.After.Compare(i.To) > 0
	})
}

// MayChangeLimits says whose role lets them make the changes of a patient's limits: nurses within the
// envelope, charge nurses and physicians beyond it, too, with a reason. The scale of NEWS2 for those who are to
// have a low saturation is a physician's to choose (Royal College of Physicians 2017).
func MayChangeLimits(role vitals.Role, differences []Difference) bool {
	switch role {
	case vitals.Physician:
		return true
	case vitals.Charge:
		return !lo.ContainsBy(differences, func(d Difference) bool { return d.Setting == NEWS2Scale })
	case vitals.Nurse:
		return len(Outside(differences)) == 0
	default:
		return false
	}
}

// MayProposeLimits says whose role lets them propose other limits for a whole unit.
func MayProposeLimits(role vitals.Role) bool {
	return role == vitals.Charge || role == vitals.Physician
}

// MayApproveLimits says whose role lets them put into force what another one proposed for a unit.
func MayApproveLimits(role vitals.Role) bool { return MayProposeLimits(role) || role == vitals.Admin }
