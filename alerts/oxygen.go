package alerts

import (
	"fmt"
	"time"

	"vigil/vitals"
)

// Oxygen saturation. SPO2_LOW: the delays graded by depth are those of Pater 2020 (BMJ Qual Saf 29:717),
// of children in a cardiology ward.
// SPO2_RAPID_DESAT: at once so far below the limit (Masimo).
var (
	rapidDesat = rule{
		condition: SpO2RapidDesat, describe: describeDesat, off: RapidDesatOff, step: vitals.Int(-oxygenStep),
		Spec: Spec{
			Label: "SpO₂ RAPID DESAT", Type: Physiological, Priority: High, Lethal: true,
			Latching: true, Rearm: rearmHigh, InhibitedBy: []Condition{LeadsOff},
		},
	}
	spo2Low = rule{
		condition: SpO2Low, describe: describeOxygenLow, on: SpO2LowOn, off: SpO2LowOff, within: oxygenDelay,
		step: vitals.Int(-oxygenStep),
		Spec: Spec{
			Label: "SpO₂ LOW", Type: Physiological, Priority: Medium,
			Rearm:       rearmMedium,
			InhibitedBy: []Condition{SpO2RapidDesat, LeadsOff},
		},
	}
)

// oxygenStep is by how much a saturation must worsen to be told again, in percent; Vigil's own.
const oxygenStep = 4

var oxygenLimits = []limit{
	{condition: SpO2RapidDesat, inclusive: true, at: desatBelow, hysteresis: RapidDesatHysteresis},
	{condition: SpO2Low, at: settingOf(SpO2LowLimit), hysteresis: SpO2LowHysteresis},
}

func desatBelow(l Limits) vitals.Decimal {
	return vitals.Int(l.whole(SpO2LowLimit) - l.whole(RapidDesatBelow))
}

// oxygenDelay bounds the on-delay the more, the deeper the saturation is: 10 s at 70 to 79 %, 5 s at 60 to
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
		return unhurried
	}
}

func describeDesat(f fact) string { return fmt.Sprintf("SpO₂ %s ≤ %s %%", f.value, f.limit) }

func describeOxygenLow(f fact) string { return fmt.Sprintf("SpO₂ %s < %s %%", f.value, f.limit) }
