package alerts

import (
	"fmt"
	"time"

	"vigil/vitals"
	"vigil/vitals/ecg"
)

// The extreme limits of the heart rate per minute lie so far beyond the limits as their settings say, but
// EXTREME BRADYCARDIA at no less than 30 and EXTREME TACHYCARDIA at no more than 200 (Philips IntelliVue).
const (
	extremeFloor   = 30
	extremeCeiling = 200
)

// The lethal rhythms: no QRS or fibrillation for 4 s (Philips HeartStart, Edan elite V6), five
// ventricular beats at 100/min (Edan, Philips). They have no on-delay, they latch, and what ends
// them must last 5 s.
var (
	ventricularFibrillation = rule{
		condition: VF, describe: describeVF,
		Spec: Spec{
			Label: "VENTRICULAR FIBRILLATION", Type: Physiological, Priority: High, Lethal: true,
			OffDelay: 5 * time.Second, Latching: true, Rearm: rearmHigh,
			InhibitedBy: []Condition{LeadsOff},
		},
	}
	asystole = rule{
		condition: Asystole, describe: describeAsystole,
		Spec: Spec{
			Label: "ASYSTOLE", Type: Physiological, Priority: High, Lethal: true,
			OffDelay: 5 * time.Second, Latching: true, Rearm: rearmHigh,
			InhibitedBy: []Condition{LeadsOff},
		},
	}
	ventricularTachycardia = rule{
		condition: VT, describe: describeVT,
		Spec: Spec{
			Label: "VENTRICULAR TACHYCARDIA", Type: Physiological, Priority: High, Lethal: true,
			OffDelay: 5 * time.Second, Latching: true, Rearm: rearmHigh,
			InhibitedBy: []Condition{VF, LeadsOff},
		},
	}
)

// The heart rate. The delays at the extremes keep within the 10 s that IEC 60601-2-27 allows from the event
// to the alarm: a slow heart takes longer to be measured, so its delay is the shorter one.
var (
	extremeTachy = rule{
		condition: ExtremeTachy, describe: describeHR, on: ExtremeTachyOn, off: ExtremeTachyOff, step: vitals.Int(rateStep),
		Spec: Spec{
			Label: "EXTREME TACHYCARDIA", Type: Physiological, Priority: High,
			Latching: true, Rearm: rearmHigh,
			InhibitedBy: []Condition{VF, VT, LeadsOff},
		},
	}
	extremeBrady = rule{
		condition: ExtremeBrady, describe: describeHR, on: ExtremeBradyOn, off: ExtremeBradyOff, step: vitals.Int(-rateStep),
		Spec: Spec{
			Label: "EXTREME BRADYCARDIA", Type: Physiological, Priority: High,
			Latching: true, Rearm: rearmHigh,
			InhibitedBy: []Condition{Asystole, LeadsOff},
		},
	}
	hrHigh = rule{
		condition: HRHigh, describe: describeHR, on: HRHighOn, off: HRHighOff, step: vitals.Int(rateStep),
		Spec: Spec{
			Label: "HR HIGH", Type: Physiological, Priority: Medium,
			Rearm:       rearmMedium,
			InhibitedBy: []Condition{VF, VT, ExtremeTachy, LeadsOff},
		},
	}
	hrLow = rule{
		condition: HRLow, describe: describeHR, on: HRLowOn, off: HRLowOff, step: vitals.Int(-rateStep),
		Spec: Spec{
			Label: "HR LOW", Type: Physiological, Priority: Medium,
			Rearm:       rearmMedium,
			InhibitedBy: []Condition{Asystole, ExtremeBrady, LeadsOff},
		},
	}
)

// rateStep is by how much a heart rate must worsen to be told again, per minute; Vigil's own.
const rateStep = 15

// rateLimits are judged in this order: an extreme stands before the limit that it inhibits.
var rateLimits = []limit{
	{condition: ExtremeTachy, above: true, at: extremeAbove, hysteresis: ExtremeTachyHysteresis},
	{condition: ExtremeBrady, at: extremeBelow, hysteresis: ExtremeBradyHysteresis},
	{condition: HRHigh, above: true, at: settingOf(HRHighLimit), hysteresis: HRHighHysteresis},
	{condition: HRLow, at: settingOf(HRLowLimit), hysteresis: HRLowHysteresis},
}

func extremeAbove(l Limits) vitals.Decimal {
	return vitals.Int(min(l.whole(HRHighLimit)+l.whole(ExtremeTachyAbove), extremeCeiling))
}

func extremeBelow(l Limits) vitals.Decimal {
	return vitals.Int(max(l.whole(HRLowLimit)-l.whole(ExtremeBradyBelow), extremeFloor))
}

func describeAsystole(f fact) string {
	if f.value.Mantissa == 0 {
		return besidePulse("no QRS", f)
	}
	return besidePulse("no QRS for "+f.value.String()+" s"+trust(f), f)
}

func describeVF(f fact) string {
	if f.value.Mantissa == 0 {
		return f.pulse
	}
	return besidePulse(f.value.String()+" s of fibrillation"+trust(f), f)
}

func describeVT(f fact) string {
	if f.value.Mantissa == 0 {
		return f.pulse
	}
	return besidePulse("run at "+f.value.String()+"/min"+trust(f), f)
}

// trust says how far a rhythm that was found can be trusted.
func trust(f fact) string {
	said := ""
	if f.sure > 0 {
		said = fmt.Sprintf(", %d %% sure", f.sure)
	}
	if f.ecg == ecg.RhythmOnly {
		said += ", poor signal"
	}
	return said
}

func describeHR(f fact) string {
	sign := "<"
	if f.value.Compare(f.limit) > 0 {
		sign = ">"
	}
	return besidePulse(fmt.Sprintf("HR %s %s %s /min", f.value, sign, f.limit), f)
}

// conditionOf is the condition that a rhythm makes true.
func conditionOf(r ecg.Rhythm) Condition {
	switch r {
	case ecg.Asystole:
		return Asystole
	case ecg.VT:
		return VT
	default:
		return VF
	}
}

// rhythmValue is what the alarm says of a rhythm that was just found: beats per minute where there are
// beats, else the seconds that it took to be sure.
func rhythmValue(f *ecg.Finding, rate vitals.Rate) vitals.Decimal {
	if f.Rhythm != ecg.VT {
		return vitals.Round(rate.Span(int(f.Known-f.At)).Seconds(), 0)
	}
	return vitals.Round(f.RateBPM, 0)
}

// rhythms are judged in this order: who inhibits before whom it inhibits.
var rhythms = []ecg.Rhythm{ecg.VF, ecg.Asystole, ecg.VT}

// judgeCardiac judges the leading ECG at a whole second.
func (e *Engine) judgeCardiac(dev *device, quality ecg.Quality, at, now time.Time) {
	l := dev.lead
	rated := quality != ecg.NoAnalysis && at.Sub(l.bpmAt) <= rateHolds
	for _, r := range rhythms {
		truth := l.rhythmTruth(r, quality, at)
		if r == ecg.VT && truth == False && quality != ecg.FullAnalysis && (!rated || l.bpm >= vtRate) {
			truth = Unknown // beats can be counted, but nobody can say whether they are ventricular
		}
		e.judgeRhythm(dev, r, fact{at: at, truth: truth}, now)
	}
	e.judgeFibrillation(dev, quality, at, now)
	e.judgeEctopy(dev, quality, at, now)
	if !rated {
		if !e.pulse.live(now) { // else the pulse is judged instead
			e.judgeRate(fact{at: at, truth: Unknown, by: dev.id}, now)
		}
		return
	}
	e.rateHeard = now
	value := vitals.Round(l.bpm, 0)
	e.judgeRate(fact{at: at, truth: True, value: value, by: dev.id, ecg: quality}, now)
	e.derive(dev, vitals.Reading{Kind: vitals.HeartRate, Time: at, Value: value})
}

// vtRate is the least rate of a ventricular tachycardia, per minute (Edan, Philips).
const vtRate = 100

// rhythmTruth is what the detector knows of a rhythm. Its absence counts only when the signal has
// been fit for analysis for long enough to have shown it.
func (l *lead) rhythmTruth(r ecg.Rhythm, quality ecg.Quality, at time.Time) Truth {
	switch {
	case l.analyser == nil:
		return Unknown
	case l.analyser.Standing(r):
		return True
	case quality == ecg.NoAnalysis || at.Sub(l.clear) < clearAfter:
		return Unknown
	default:
		return False
	}
}

func (e *Engine) judgeRhythm(dev *device, r ecg.Rhythm, f fact, now time.Time) {
	f.by = dev.id
	if f.truth == True {
		f.onset, f.ecg = dev.lead.began[r], dev.lead.analyser.Quality()
	}
	e.apply(key{condition: conditionOf(r)}, f, now)
}

// judgeRate judges a heart rate against each limit. A fact that is not known stays so.
func (e *Engine) judgeRate(f fact, now time.Time) {
	if f.truth == True {
		e.warning.pulse.add(f.at, f.value)
	}
	e.judgeLimits(rateLimits, f, now)
}

// observePulse judges a heart rate that a device counted itself, while no ECG gives a better one.
func (e *Engine) observePulse(dev *device, r *vitals.Reading, now time.Time) {
	if e.pulse.admits(dev.id, r, now) && now.Sub(e.rateHeard) > staleAfter {
		e.judgeRate(factOf(dev, r), now)
	}
}
