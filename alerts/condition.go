package alerts

import (
	"math"
	"time"

	"github.com/samber/lo"

	"vigil/vitals"
	"vigil/vitals/ecg"
)

// Condition is what can be true of a patient, a device or a hub.
type Condition string

// The conditions, most urgent first within their family.
const (
	VF             Condition = "VF"
	Asystole       Condition = "ASYSTOLE"
	VT             Condition = "VT"
	ExtremeTachy   Condition = "EXTREME_TACHY"
	ExtremeBrady   Condition = "EXTREME_BRADY"
	HRHigh         Condition = "HR_HIGH"
	HRLow          Condition = "HR_LOW"
	SpO2RapidDesat Condition = "SPO2_RAPID_DESAT"
	SpO2Low        Condition = "SPO2_LOW"
	Apnea          Condition = "APNEA"
	RRHigh         Condition = "RR_HIGH"
	RRLow          Condition = "RR_LOW"
	GlucoseVeryLow Condition = "GLUCOSE_VERY_LOW"
	GlucoseLow     Condition = "GLUCOSE_LOW"
	GlucoseHigh    Condition = "GLUCOSE_HIGH"
	BPHigh         Condition = "BP_HIGH"
	BPLow          Condition = "BP_LOW"
	TempHigh       Condition = "TEMP_HIGH"
	TempLow        Condition = "TEMP_LOW"
	WeightGain     Condition = "WEIGHT_GAIN"
	AFOnset        Condition = "AF_ONSET"
	VentricularRun Condition = "VENTRICULAR_RUN"
	Couplet        Condition = "COUPLET"
	PVCFrequent    Condition = "PVC_FREQUENT"
	NEWS2High      Condition = "NEWS2_HIGH"
	NEWS2Medium    Condition = "NEWS2_MEDIUM"
	MissedReading  Condition = "MISSED_READING"
	OffBaseline    Condition = "OFF_BASELINE"
	Forecast       Condition = "FORECAST"
	SOS            Condition = "SOS"
	Fall           Condition = "FALL"
	HubOffline     Condition = "HUB_OFFLINE"
	NoData         Condition = "NO_DATA"
	LeadsOff       Condition = "LEADS_OFF"
	PoorSignal     Condition = "POOR_SIGNAL"
	ECGDisputed    Condition = "ECG_DISPUTED"
	BatteryLow     Condition = "BATTERY_LOW"
	HubClockSkew   Condition = "HUB_CLOCK_SKEW"
	ClockSkew      Condition = "CLOCK_SKEW"
	SiteOutage     Condition = "SITE_OUTAGE"
	JournalAway    Condition = "JOURNAL_AWAY"
	DetectorLag    Condition = "DETECTOR_LAG"
	IngestLag      Condition = "INGEST_LAG"
	AlarmsUnproven Condition = "ALARMS_UNPROVEN"
	DatabaseAway   Condition = "DATABASE_AWAY"
	StationSilent  Condition = "STATION_SILENT"
)

// Spec is what Vigil does about a condition: the defaults for adults. Limits may say other delays.
type Spec struct {
	Label    string // for people
	Type     Type
	Priority Priority
	OnDelay  time.Duration // true for so long, by the time of the samples, before anybody is told
	OffDelay time.Duration // false for so long before the episode is over
	Lethal   bool          // kills within minutes: nobody can switch it off
	Spot     bool          // rests on single readings: can be put off
	Latching bool          // stays until acknowledged, even when the condition has gone
	Rearm    time.Duration // acknowledged, but true for so long: tell again; zero never
	// InhibitedBy are the conditions that explain this one, the most urgent first: it is not raised while one of
	// them stands. When it is open already it is silent then; but no technical condition silences a
	// physiological one. What an outage of the site explains is raised, and silent from the start.
	InhibitedBy []Condition
}

// rule is a condition's row: its Spec and how an episode speaks about itself.
type rule struct {
	condition Condition
	Spec
	on, off  Setting                  // that say OnDelay and OffDelay; zero where they are fixed
	describe func(fact) string        // the alarm's Detail
	within   func(fact) time.Duration // no longer than this on-delay, as the fact asks for; nil: OnDelay
	step     vitals.Decimal           // by which a value must worsen for an acknowledged alarm to be told again
}

// worse reports whether a value is worse than another one by a step at least.
func (r *rule) worse(than, value vitals.Decimal) bool {
	step, by := r.step.Float(), value.Float()-than.Float()
	return step > 0 && by >= step || step < 0 && by <= step
}

// worst is the worse of two values; of values that have no worse, there is none.
func (r *rule) worst(a, b vitals.Decimal) vitals.Decimal {
	switch order := b.Compare(a); {
	case r.step.Mantissa == 0:
		return vitals.Decimal{}
	case r.step.Mantissa > 0 == (order > 0):
		return b
	default:
		return a
	}
}

// unhurried is what a fact asks for that may wait as long as the on-delay says.
const unhurried = time.Duration(math.MaxInt64)

// Re-alarm times of an acknowledged condition that goes on: HIGH 2 min, MEDIUM 10 min, LOW never
// (Philips offers 2 or 3 min, Mindray 1 to 10 min).
const (
	rearmHigh   = 2 * time.Minute
	rearmMedium = 10 * time.Minute
)

// rules is the one table of conditions, in the order in which they are judged: who inhibits comes
// before whom it inhibits. Sources stand beside the limits in the file of each family.
var rules = defaultRules([]rule{
	ventricularFibrillation,
	asystole,
	ventricularTachycardia,
	extremeTachy,
	extremeBrady,
	hrHigh,
	hrLow,
	afOnset,
	ventricularRun,
	couplet,
	frequentPVC,
	rapidDesat,
	spo2Low,
	apnea,
	rrHigh,
	rrLow,
	glucoseVeryLow,
	glucoseLow,
	glucoseHigh,
	pressureHigh,
	pressureLow,
	tempHigh,
	tempLow,
	weightGain,
	newsHigh,
	newsMedium,
	missedReading,
	offBaseline,
	forecast,
	sos,
	fall,
	siteOutage,
	hubOffline,
	noData,
	leadsOff,
	poorSignal,
	ecgDisputed,
	batteryLow,
	hubClockSkew,
	clockSkew,
	journalAway,
	detectorLag,
	ingestLag,
	alarmsUnproven,
	databaseAway,
	stationSilent,
})

// defaultRules is the table with the delays that the default limits say.
func defaultRules(table []rule) []rule {
	return lo.Map(table, func(r rule, _ int) rule { return delayed(r, defaultLimits) })
}

// delayed is the rule with the delays that the limits say.
func delayed(r rule, l Limits) rule {
	if r.on != 0 {
		r.OnDelay = l.lasting(r.on)
	}
	if r.off != 0 {
		r.OffDelay = l.lasting(r.off)
	}
	return r
}

// ruleWith is a row of the table under the limits: the table's own where they do not change it, so that patients
// with limits of their own hold no table of their own.
func ruleWith(l Limits, rank int) *rule {
	own := &rules[rank]
	if r := delayed(*own, l); r.OnDelay != own.OnDelay || r.OffDelay != own.OffDelay {
		return &r
	}
	return own
}

// ruleOf finds a condition's row.
func ruleOf(c Condition) (*rule, bool) {
	for i := range rules {
		if rules[i].condition == c {
			return &rules[i], true
		}
	}
	return nil, false
}

// Conditions lists every condition in the order in which they are judged.
func Conditions() []Condition {
	return lo.Map(rules, func(r rule, _ int) Condition { return r.condition })
}

// Valid reports whether c is one of Conditions.
func (c Condition) Valid() bool {
	_, ok := ruleOf(c)
	return ok
}

// Spec is what is done about the condition; the zero Spec for an invalid one.
func (c Condition) Spec() Spec {
	if r, ok := ruleOf(c); ok {
		return r.Spec
	}
	return Spec{}
}

// fact is one judgement of one condition at one time.
type fact struct {
	at    time.Time // time of the samples that it rests on
	truth Truth
	onset time.Time       // when it became true, where that is known to be before at
	read  time.Time       // when the single value was measured that it rests on; zero where it rests on none
	value vitals.Decimal  // what was seen
	limit vitals.Decimal  // what it was held against
	cause string          // why, where a value does not say it
	by    vitals.DeviceID // whose samples
	least Priority        // of the alarm, where it is more urgent than its condition usually is
	ecg   ecg.Quality     // of the ECG that it rests on; zero where it rests on none
	pulse string          // what the pulse says to it, for people; empty where that is unknown
	sure  uint8           // percent; 0 where nobody can say

	confirmed bool // a second value says the same
}

// began is when the fact became true.
func (f fact) began() time.Time {
	if f.onset.IsZero() || f.onset.After(f.at) {
		return f.at
	}
	return f.onset
}
