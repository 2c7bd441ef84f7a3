package alerts

import (
	"fmt"
	"time"

	"vigil/vitals"
)

// Temperature. The limits are the outer bands of NEWS2 (Royal College of Physicians 2017): 39.1 °C scores two
// points, 35.0 °C three. A single value waits for its delay, in which a second one can refute it: a thermometer
// that is not yet warm, or was in the sun. It stands for four hours, the longest that NEWS2 leaves somebody with
// a point unmeasured (1 to 4: four to six hours).
var (
	tempHigh = rule{
		condition: TempHigh, describe: func(f fact) string { return fmt.Sprintf("temperature %s ≥ %s °C", f.value, f.limit) }, on: TempHighOn, step: vitals.NewDecimal(5, -1),
		Spec: Spec{Label: "TEMP HIGH", Type: Physiological, Priority: Low},
	}
	tempLow = rule{
		condition: TempLow, describe: func(f fact) string { return fmt.Sprintf("temperature %s ≤ %s °C", f.value, f.limit) }, on: TempLowOn, step: vitals.NewDecimal(-5, -1),
		Spec: Spec{Label: "TEMP LOW", Type: Physiological, Priority: Low},
	}
)

var temperatureLimits = []limit{
	{condition: TempHigh, above: true, inclusive: true, at: settingOf(TempHighLimit), hysteresis: TempHighHysteresis},
	{condition: TempLow, inclusive: true, at: settingOf(TempLowLimit), hysteresis: TempLowHysteresis},
}

const temperatureStands = 4 * time.Hour

var temperature = family{
	kinds: []vitals.Kind{vitals.Temperature}, stands: temperatureStands,
	judge: func(e *Engine, now time.Time) {
		e.judgeSpotLimits(temperatureLimits, e.spots.newest[vitals.Temperature], temperatureStands, now)
	},
}
