package alerts

import (
	"fmt"

	"vigil/vitals"
)

// Respiration, as a device measures it; a rate that Vigil derives from beats raises nothing. The delay of 30 s
// is Masimo's default. APNEA is no breath for 30 s (Masimo's respiratory pause): a device that measures the rate
// says so by a rate of no more than one breath in that time, which is 2/min, or of none.
var (
	apnea = rule{
		condition: Apnea, describe: describeApnea, off: ApneaOff,
		Spec: Spec{
			Label: "APNEA", Type: Physiological, Priority: High, Lethal: true, Latching: true, Rearm: rearmHigh,
			InhibitedBy: []Condition{LeadsOff},
		},
	}
	rrHigh = rule{
		condition: RRHigh, describe: describeBreaths, on: RRHighOn, off: RRHighOff, step: vitals.Int(6),
		Spec: Spec{
			Label: "RR HIGH", Type: Physiological, Priority: Medium, Rearm: rearmMedium,
			InhibitedBy: []Condition{LeadsOff},
		},
	}
	rrLow = rule{
		condition: RRLow, describe: describeBreaths, on: RRLowOn, off: RRLowOff, step: vitals.Int(-6),
		Spec: Spec{
			Label: "RR LOW", Type: Physiological, Priority: Medium, Rearm: rearmMedium,
			InhibitedBy: []Condition{Apnea, LeadsOff},
		},
	}
)

var breathLimits = []limit{
	{condition: Apnea, inclusive: true, at: apneaRate, hysteresis: RRLowHysteresis},
	{condition: RRHigh, above: true, at: settingOf(RRHighLimit), hysteresis: RRHighHysteresis},
	{condition: RRLow, at: settingOf(RRLowLimit), hysteresis: RRLowHysteresis},
}

// apneaRate is the rate at which a breath is as far from the next as an apnoea lasts.
func apneaRate(l Limits) vitals.Decimal { return vitals.Int(60 / max(1, l.whole(ApneaAfter))) }

func describeApnea(f fact) string {
	if f.value.Mantissa == 0 {
		return "no breath"
	}
	return fmt.Sprintf("RR %s ≤ %s /min", f.value, f.limit)
}

func describeBreaths(f fact) string {
	sign := "<"
	if f.value.Compare(f.limit) > 0 {
		sign = ">"
	}
	return fmt.Sprintf("RR %s %s %s /min", f.value, sign, f.limit)
}
