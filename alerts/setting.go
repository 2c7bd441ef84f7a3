package alerts

import (
	"github.com/samber/lo"

	"vigil/vitals"
)

// Setting is one number that decides when a condition is told: its limit, how far a value must come back,
// or how long either must last. Numbers are not stored: a Setting is stored by its Name.
type Setting uint8

// The settings. To add one, add it here and give it a row in settings.
const (
	HRHighLimit Setting = iota + 1
	HRHighHysteresis
	HRHighOn
	HRHighOff
	HRLowLimit
	HRLowHysteresis
	HRLowOn
	HRLowOff
	ExtremeTachyAbove
	ExtremeTachyHysteresis
	ExtremeTachyOn
	ExtremeTachyOff
	ExtremeBradyBelow
	ExtremeBradyHysteresis
	ExtremeBradyOn
	ExtremeBradyOff
	SpO2LowLimit
	SpO2LowHysteresis
	SpO2LowOn
	SpO2LowOff
	RapidDesatBelow
	RapidDesatHysteresis
	RapidDesatOff
	ApneaAfter
	ApneaOff
	RRHighLimit
	RRHighHysteresis
	RRHighOn
	RRHighOff
	RRLowLimit
	RRLowHysteresis
	RRLowOn
	RRLowOff
	GlucoseVeryLowLimit
	GlucoseLowLimit
	GlucoseHighLimit
	GlucoseHysteresis
	SystolicHighLimit
	DiastolicHighLimit
	BPHighConfirm
	SystolicLowLimit
	BPLowConfirm
	TempHighLimit
	TempHighHysteresis
	TempHighOn
	TempLowLimit
	TempLowHysteresis
	TempLowOn
	WeightDay
	WeightThreeDays
	WeightWeek
	AFAfter
	PVCPerMinute
	NEWS2HighLimit
	NEWS2MediumLimit
	NEWS2Scale
	PressureEvery
	GlucoseEvery
	TemperatureEvery
	WeightEvery

	lastSetting = WeightEvery
)

// SettingInfo is the row of a setting in the table.
type SettingInfo struct {
	Name      string // stable, lower_snake_case: used in storage and interfaces
	Label     string // for people, behind the condition's label
	Condition Condition
	Unit      string // for people
	Decimals  int8   // the most that a value may have
	Default   vitals.Decimal
	Low, High vitals.Decimal // what it can be at all, inclusive
	From, To  vitals.Decimal // what a nurse may make of it, inclusive: the envelope
	Source    string         // of the default
}

// Settings lists every setting in the order of the table.
func Settings() []Setting {
	return lo.Times(int(lastSetting), func(i int) Setting { return Setting(i + 1) })
}

// Valid reports whether s is one of Settings.
func (s Setting) Valid() bool { return s >= 1 && s <= lastSetting }

// Info is the setting's row; the zero SettingInfo for an invalid setting.
func (s Setting) Info() SettingInfo {
	if !s.Valid() {
		return SettingInfo{}
	}
	return settings[s]
}

// String is the setting's stable name.
func (s Setting) String() string { return s.Info().Name }

// Title says the setting to people: "HR HIGH limit".
func (s Setting) Title() string {
	i := s.Info()
	return i.Condition.Spec().Label + " " + i.Label
}

// SettingByName finds the setting with the stable name.
func SettingByName(name string) (Setting, bool) {
	for s := Setting(1); s <= lastSetting; s++ {
		if settings[s].Name == name {
			return s, true
		}
	}
	return 0, false
}

// show is a value of the setting for people: "130 /min".
func (s Setting) show(v vitals.Decimal) string {
	if unit := s.Info().Unit; unit != "" {
		return v.String() + " " + unit
	}
	return v.String()
}
