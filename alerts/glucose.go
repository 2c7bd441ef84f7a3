package alerts

import (
	"fmt"
	"time"

	"vigil/vitals"
)

// Glucose, of meters and of sensors. Hypoglycaemia is below 70 mg/dL (level 1), and below 54 mg/dL it needs
// action at once (level 2); hyperglycaemia of level 2 is above 250 mg/dL (Battelino et al., Diabetes Care
// 2019;42:1593; ADA Standards of Care, section 6). Level 1 of it, above 180 mg/dL, is what follows a meal and
// raises nothing. A value stands for 20 minutes: a sensor sends one each five, and whoever treated a low one
// measures again after fifteen (ADA). The hysteresis is Vigil's own.
var (
	glucoseVeryLow = rule{
		condition: GlucoseVeryLow, describe: describeGlucose,
		Spec: Spec{Label: "GLUCOSE VERY LOW", Type: Physiological, Priority: High, Latching: true, Rearm: rearmHigh},
	}
	glucoseLow = rule{
		condition: GlucoseLow, describe: describeGlucose,
		Spec: Spec{
			Label: "GLUCOSE LOW", Type: Physiological, Spot: true, Priority: Medium, Rearm: rearmMedium,
			InhibitedBy: []Condition{GlucoseVeryLow},
		},
	}
	glucoseHigh = rule{
		condition: GlucoseHigh, describe: describeGlucose,
		Spec: Spec{Label: "GLUCOSE HIGH", Type: Physiological, Spot: true, Priority: Medium, Rearm: rearmMedium},
	}
)

var glucoseLimits = []limit{
	{condition: GlucoseVeryLow, at: settingOf(GlucoseVeryLowLimit), hysteresis: GlucoseHysteresis},
	{condition: GlucoseLow, at: settingOf(GlucoseLowLimit), hysteresis: GlucoseHysteresis},
	{condition: GlucoseHigh, above: true, at: settingOf(GlucoseHighLimit), hysteresis: GlucoseHysteresis},
}

func describeGlucose(f fact) string {
	info := vitals.Glucose.Info()
	switch {
	case f.value.Compare(info.Low) <= 0:
		return fmt.Sprintf("glucose lower than the meter can measure, < %s mg/dL", f.limit)
	case f.value.Compare(info.High) >= 0:
		return fmt.Sprintf("glucose higher than the meter can measure, > %s mg/dL", f.limit)
	}
	sign := "<"
	if f.value.Compare(f.limit) > 0 {
		sign = ">"
	}
	return fmt.Sprintf("glucose %s %s %s mg/dL", f.value, sign, f.limit)
}

const glucoseStands = 20 * time.Minute

var glucoseKinds = []vitals.Kind{vitals.Glucose, vitals.GlucoseBlood, vitals.GlucosePlasma, vitals.GlucoseInterstitial}

var glucose = family{kinds: glucoseKinds, stands: glucoseStands, judge: (*Engine).judgeGlucose}

// judgeGlucose judges the newest value, whatever it was measured in.
func (e *Engine) judgeGlucose(now time.Time) {
	var newest spot
	for _, k := range glucoseKinds {
		if v := e.spots.newest[k]; v.at > newest.at {
			newest = v
		}
	}
	e.judgeSpotLimits(glucoseLimits, newest, glucoseStands, now)
}

// beyondMeter reports whether a meter says no more than LO or HI: the value is beyond what it can measure.
func beyondMeter(r *vitals.Reading) bool {
	return r.Quality == vitals.Good && (r.Absent == vitals.NegativeInfinity || r.Absent == vitals.PositiveInfinity)
}

// meterEnd stands for LO and HI: the end of what is plausible, which no meter measures.
func meterEnd(r *vitals.Reading) vitals.Decimal {
	if r.Absent == vitals.NegativeInfinity {
		return r.Kind.Info().Low
	}
	return r.Kind.Info().High
}
