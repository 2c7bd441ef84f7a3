package alerts

import (
	"fmt"
	"time"
)

// oxygenLow is the unit's default for adults, in percent (Masimo's default, with 15 s).
const oxygenLow = 88

// Oxygen saturation. SPO2_LOW: 88 % and 15 s are Masimo's defaults; the delays graded by depth are
// those of Pater 2020 (BMJ Qual Saf 29:717). SPO2_RAPID_DESAT: at once at 10 % below the limit
// (Masimo).
var (
	rapidDesat = rule{
		condition: SpO2RapidDesat, describe: describeDesat,
		Spec: Spec{
			Label: "SpO₂ RAPID DESAT", Type: Physiological, Priority: High,
			OffDelay: 10 * time.Second, Latching: true, Rearm: rearmHigh,
		},
	}
	spo2Low = rule{
		condition: SpO2Low, describe: describeOxygenLow, delay: oxygenDelay,
		Spec: Spec{
			Label: "SpO₂ LOW", Type: Physiological, Priority: Medium,
			OnDelay: 15 * time.Second, OffDelay: 5 * time.Second, Rearm: rearmMedium,
			InhibitedBy: []Condition{SpO2RapidDesat},
		},
	}
)

var oxygenLimits = []limit{
	{condition: SpO2RapidDesat, inclusive: true, at: oxygenLow - 10, hysteresis: 3},
	{condition: SpO2Low, at: oxygenLow, hysteresis: 2},
}

// oxygenDelay is shorter the deeper the saturation is: 15 s, 10 s at 70 to 79 %, 5 s at 60 to
// 69 %, none below.
func oxygenDelay(f fact) time.Duration {
	switch v := f.value.Float(); {
	case v < 60:
		return 0
	case v < 70:
		return 5 * time.Second
	case v < 80:
		return 10 * time.Second
	default:
		return 15 * time.Second
	}
}

func describeDesat(f fact) string { return fmt.Sprintf("SpO₂ %s ≤ %s %%", f.value, f.limit) }

func describeOxygenLow(f fact) string { return fmt.Sprintf("SpO₂ %s < %s %%", f.value, f.limit) }
