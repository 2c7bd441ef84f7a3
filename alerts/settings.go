package alerts

import "vigil/vitals"

// Sources of the defaults; docs/alarms.md tells of each.
const (
	ours      = "Vigil's own"
	pater     = "Pater et al., BMJ Qual Saf 2020;29:717"
	masimo    = "Masimo Rad-97"
	philips   = "Philips IntelliVue"
	news      = "NEWS2 (Royal College of Physicians 2017)"
	aha       = "ACC/AHA guideline 2017, Hypertension 2018;71:e13"
	battelino = "Battelino et al., Diabetes Care 2019;42:1593"
	esc       = "European Society of Cardiology, guide for patients (heartfailurematters.org)"
	ahaPlan   = "American Heart Association, self-check plan for heart failure"
	iec       = "IEC 60601-2-27: no more than 10 s from the event to the alarm"
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

	ApneaAfter: row("apnea_after", Apnea, "without a breath for", "s", span{30, 15, 30}).within(nurse{20, 30}).from(masimo),
	ApneaOff:   offOf("apnea_ends_after", Apnea, 10),

	RRHighLimit:      limitOf("rr_high", RRHigh, "/min", span{30, 15, 60}).within(nurse{20, 40}).from(ours),
	RRHighHysteresis: backOf("rr_high_back", RRHigh, "/min", 2, 5),
	RRHighOn:         onOf("rr_high_after", RRHigh, span{30, 0, 30}).within(nurse{10, 30}).from(masimo),
	RRHighOff:        offOf("rr_high_ends_after", RRHigh, 10),
	RRLowLimit:       limitOf("rr_low", RRLow, "/min", span{8, 5, 20}).within(nurse{6, 12}).from(news),
	RRLowHysteresis:  backOf("rr_low_back", RRLow, "/min", 2, 5),
	RRLowOn:          onOf("rr_low_after", RRLow, span{30, 0, 30}).within(nurse{10, 30}).from(masimo),
	RRLowOff:         offOf("rr_low_ends_after", RRLow, 10),

	GlucoseVeryLowLimit: limitOf("glucose_very_low", GlucoseVeryLow, "mg/dL", span{54, 45, 70}).within(nurse{54, 60}).from(battelino),
	GlucoseLowLimit:     limitOf("glucose_low", GlucoseLow, "mg/dL", span{70, 55, 120}).within(nurse{65, 90}).from(battelino),
	GlucoseHighLimit:    limitOf("glucose_high", GlucoseHigh, "mg/dL", span{250, 140, 500}).within(nurse{180, 300}).from(battelino),
	GlucoseHysteresis:   backOf("glucose_back", GlucoseLow, "mg/dL", 5, 20),

	SystolicHighLimit:  row("systolic_high", BPHigh, "systolic limit", "mmHg", span{180, 120, 250}).within(nurse{150, 190}).from(aha),
	DiastolicHighLimit: row("diastolic_high", BPHigh, "diastolic limit", "mmHg", span{120, 80, 150}).within(nurse{95, 125}).from(aha),
	BPHighConfirm:      confirmOf("bp_high_confirm", BPHigh),
	SystolicLowLimit:   row("systolic_low", BPLow, "systolic limit", "mmHg", span{90, 60, 120}).within(nurse{80, 105}).from(news),
	BPLowConfirm:       confirmOf("bp_low_confirm", BPLow),

	TempHighLimit:      limitOf("temp_high", TempHigh, "°C", span{391, 375, 420}).within(nurse{380, 395}).tenths().from(news),
	TempHighHysteresis: backOf("temp_high_back", TempHigh, "°C", 2, 10).tenths(),
	TempHighOn:         onOf("temp_high_after", TempHigh, span{120, 0, 600}).from(ours),
	TempLowLimit:       limitOf("temp_low", TempLow, "°C", span{350, 320, 365}).within(nurse{340, 360}).tenths().from(news),
	TempLowHysteresis:  backOf("temp_low_back", TempLow, "°C", 2, 10).tenths(),
	TempLowOn:          onOf("temp_low_after", TempLow, span{120, 0, 600}).from(ours),

	WeightDay:       gainOf("weight_gain_day", "within 24 h", span{10, 5, 50}).from(ahaPlan),
	WeightThreeDays: gainOf("weight_gain_3_days", "within 3 days", span{20, 5, 80}).from(esc),
	WeightWeek:      gainOf("weight_gain_week", "within 7 days", span{23, 5, 100}).from(ahaPlan),

	AFAfter:      onOf("af_after", AFOnset, span{60, 30, 600}).within(nurse{30, 300}).from(ours),
	PVCPerMinute: row("pvc_per_minute", PVCFrequent, "limit", "/min", span{10, 1, 60}).from(philips),

	NEWS2HighLimit:   row("news2_high", NEWS2High, "limit", "", span{7, 6, 12}).within(nurse{6, 7}).from(news),
	NEWS2MediumLimit: row("news2_medium", NEWS2Medium, "limit", "", span{5, 3, 8}).within(nurse{4, 5}).from(news),
	NEWS2Scale:       row("news2_scale", NEWS2Medium, "saturation scale", "", span{1, 1, 2}).within(nurse{1, 1}).from(news),

	PressureEvery:    everyOf("blood_pressure_every", "blood pressure every"),
	GlucoseEvery:     everyOf("glucose_every", "glucose every"),
	TemperatureEvery: everyOf("temperature_every", "temperature every"),
	WeightEvery:      everyOf("weight_every", "weight every"),
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

// tenths makes a row that was written in whole numbers one of tenths.
func (i SettingInfo) tenths() SettingInfo {
	i.Decimals = 1
	for _, v := range []*vitals.Decimal{&i.Default, &i.Low, &i.High, &i.From, &i.To} {
		v.Exp = -1
	}
	return i
}

// confirmOf is for how many seconds a pressure waits for a second one.
func confirmOf(name string, c Condition) SettingInfo {
	return row(name, c, "waits for a second value", "s", span{300, 0, 300})
}

// gainOf is a gain of weight in tenths of a kilogram.
func gainOf(name, label string, s span) SettingInfo {
	return row(name, WeightGain, label, "kg", s).tenths()
}

// everyOf is the planned interval between readings in hours; zero: none is planned. Four days are the longest,
// so that what is missed lies within the seven days that an engine is told of.
func everyOf(name, label string) SettingInfo {
	return row(name, MissedReading, label, "h", span{0, 0, 96})
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
