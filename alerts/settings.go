package alerts

import "vigil/vitals"

// Sources of the defaults; docs/alarms.md tells of each.
const (
	ours    = "Vigil's own"
	pater   = "Pater et al., BMJ Qual Saf 2020;29:717"
	masimo  = "Masimo Rad-97"
	philips = "Philips IntelliVue"
	iec     = "IEC 60601-2-27: no more than 10 s from the event to the alarm"
)

// settings is the one table of the numbers that can be set, for adults. What a value can be is what keeps
// the condition meaningful and its alarm in time; the envelope is narrower, and is Vigil's own.
var settings = [lastSetting + 1]SettingInfo{
	HRHighLimit:      limitOf("hr_high", HRHigh, "/min", span{130, 80, 200}).within(nurse{100, 150}).from(ours),
	HRHighHysteresis: backOf("hr_high_back", HRHigh, "/min", 3, 10),
	HRHighOn:         onOf("hr_high_after", HRHigh, span{15, 0, 30}).within(nurse{5, 20}).from(pater),
	HRHighOff:        offOf("hr_high_ends_after", HRHigh, 5),

	HRLowLimit:      limitOf("hr_low", HRLow, "/min", span{45, 30, 80}).within(nurse{35, 60}).from(ours),
	HRLowHysteresis: backOf("hr_low_back", HRLow, "/min", 3, 10),
	HRLowOn:         onOf("hr_low_after", HRLow, span{15, 0, 30}).within(nurse{5, 20}).from(pater),
	HRLowOff:        offOf("hr_low_ends_after", HRLow, 5),

	ExtremeTachyAbove:      distanceOf("extreme_tachy_above", ExtremeTachy, "above HR HIGH", "/min", span{20, 10, 40}).from(philips),
	ExtremeTachyHysteresis: backOf("extreme_tachy_back", ExtremeTachy, "/min", 5, 10),
	ExtremeTachyOn:         onOf("extreme_tachy_after", ExtremeTachy, span{5, 0, 5}).within(nurse{0, 5}).from(iec),
	ExtremeTachyOff:        offOf("extreme_tachy_ends_after", ExtremeTachy, 10),

	ExtremeBradyBelow:      distanceOf("extreme_brady_below", ExtremeBrady, "below HR LOW", "/min", span{10, 5, 20}).from(philips),
	ExtremeBradyHysteresis: backOf("extreme_brady_back", ExtremeBrady, "/min", 5, 10),
	ExtremeBradyOn:         onOf("extreme_brady_after", ExtremeBrady, span{3, 0, 3}).within(nurse{0, 3}).from(iec),
	ExtremeBradyOff:        offOf("extreme_brady_ends_after", ExtremeBrady, 10),

	SpO2LowLimit:      limitOf("spo2_low", SpO2Low, "%", span{88, 70, 98}).within(nurse{85, 94}).from(masimo),
	SpO2LowHysteresis: backOf("spo2_low_back", SpO2Low, "%", 2, 5),
	SpO2LowOn:         onOf("spo2_low_after", SpO2Low, span{15, 0, 30}).within(nurse{5, 20}).from(masimo),
	SpO2LowOff:        offOf("spo2_low_ends_after", SpO2Low, 5),

	RapidDesatBelow:      distanceOf("rapid_desat_below", SpO2RapidDesat, "below SpO₂ LOW", "%", span{10, 5, 15}).from(masimo),
	RapidDesatHysteresis: backOf("rapid_desat_back", SpO2RapidDesat, "%", 3, 5),
	RapidDesatOff:        offOf("rapid_desat_ends_after", SpO2RapidDesat, 10),
}

// span is a setting's default with the least and the most that it can be.
type span struct{ normal, low, high int64 }

// nurse is the least and the most that a nurse may make of a setting.
type nurse struct{ from, to int64 }

func row(name string, c Condition, label, unit string, s span) SettingInfo {
	return SettingInfo{
		Name: name, Condition: c, Label: label, Unit: unit,
		Default: vitals.Int(s.normal), Low: vitals.Int(s.low), High: vitals.Int(s.high),
		From: vitals.Int(s.low), To: vitals.Int(s.high), Source: ours,
	}
}

func (i SettingInfo) within(n nurse) SettingInfo {
	i.From, i.To = vitals.Int(n.from), vitals.Int(n.to)
	return i
}

func (i SettingInfo) from(source string) SettingInfo {
	i.Source = source
	return i
}

// limitOf is the value beyond which the condition is true.
func limitOf(name string, c Condition, unit string, s span) SettingInfo {
	return row(name, c, "limit", unit, s)
}

// distanceOf is how far the limit lies beyond another one. Nurses leave it alone.
func distanceOf(name string, c Condition, label, unit string, s span) SettingInfo {
	return row(name, c, label, unit, s).within(nurse{s.normal, s.normal})
}

// backOf is the hysteresis: how far a value must come back for the condition to be over.
func backOf(name string, c Condition, unit string, normal, most int64) SettingInfo {
	return row(name, c, "comes back by", unit, span{normal, 0, most})
}

// onOf is the on-delay in seconds.
func onOf(name string, c Condition, s span) SettingInfo {
	return row(name, c, "on-delay", "s", s)
}

// offOf is the off-delay in seconds.
func offOf(name string, c Condition, normal int64) SettingInfo {
	return row(name, c, "off-delay", "s", span{normal, 0, 60}).within(nurse{normal, 30})
}
