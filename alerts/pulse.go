package alerts

import (
	"time"

	"vigil/vitals"
	"vigil/vitals/ecg"
	"vigil/vitals/ppg"
)

// An ECG of less than full quality that shows a lethal rhythm is disputed where the oximeter shows
// that the pulse goes on as before: a heart in fibrillation or at a standstill moves no blood, and one
// that beats 25 times a minute makes no 70 pulses. Then the rhythm counts as unknown and a nurse is called
// to the electrodes instead. In intensive care 43 % of the critical ECG alarms are false; arterial pressure
// refutes 60 % of those, and no true one but 9 % of the ventricular tachycardias (Aboukhalil et al.,
// J Biomed Inform 2008;41:442), which is why a pulse of 100/min and more says nothing against one here.
//
// What a pulse may not do: dispute an ECG of full quality; touch an alarm that stands; end anything.
// What cannot be told of it, what is old, and what began behind the rhythm changes nothing.
var ecgDisputed = rule{
	condition: ECGDisputed, describe: func(f fact) string { return f.cause },
	Spec: Spec{
		Label: "ECG DISPUTED BY PULSE", Type: Technical, Priority: Medium,
		OffDelay: 10 * time.Second, Rearm: rearmMedium,
	},
}

const (
	// plethBehind is how far the wave may end before the samples that are judged. Hubs deliver at least
	// once a second, and clocks that are kept by NTP differ by less than the rest.
	plethBehind = 2 * time.Second
	// plethHeard is how long ago, by the server's clock, the wave may have come in.
	plethHeard = 3 * time.Second
	// pulseBehind is how far the last pulse may lie before the samples that are judged: plethBehind and a
	// beat at 60/min.
	pulseBehind = 3 * time.Second
	// pulseGoesOn is how far behind the onset of a rhythm a pulse must lie to be none of the beats before
	// it: the blood takes 0.2 to 0.3 s to the finger, and an oximeter's wave up to 0.5 s more to the server.
	pulseGoesOn = 2 * time.Second
	// bradySpan is over how long a heart rate is measured (package ecg).
	bradySpan = 6 * time.Second
)

// refutable are the conditions that a pulse at a given rate can refute.
var refutable = map[Condition]func(pulseRate float64, l Limits) bool{
	VF:           func(float64, Limits) bool { return true },
	Asystole:     func(float64, Limits) bool { return true },
	VT:           func(pulseRate float64, _ Limits) bool { return pulseRate < vtRate }, // faster, it may be the tachycardia's own
	ExtremeBrady: notSlow,
	HRLow:        notSlow,
}

func notSlow(pulseRate float64, l Limits) bool {
	return pulseRate > float64(l.whole(HRLowLimit)+l.whole(HRLowHysteresis))
}

// pulse is what is known of the patient's pulse at a time.
type pulse struct {
	presence   ppg.Presence
	steady     bool
	from, last time.Time // of the steady pulse
	perMinute  float64
}

// String says it to people; empty where it is unknown.
func (p pulse) String() string {
	switch {
	case p.steady:
		return "pulse " + vitals.Round(p.perMinute, 0).String() + "/min goes on"
	case p.presence == ppg.Absent:
		return "no pulse"
	default:
		return ""
	}
}

// besidePulse adds to a description what the pulse says to it.
func besidePulse(text string, f fact) string {
	if f.pulse == "" {
		return text
	}
	return text + "; " + f.pulse
}

// pulseAt is what is known of the pulse at the time of an ECG's samples. A steady one counts for more
// than one that another finger does not show.
func (e *Engine) pulseAt(at, now time.Time) pulse {
	var seen pulse
	for _, dev := range e.devices {
		p := dev.pleth
		if p == nil || p.pulses == nil || now.Sub(p.heard) > plethHeard || at.Sub(p.until) > plethBehind {
			continue
		}
		if s, ok := p.pulses.Steady(); ok {
			return pulse{ppg.Present, true, p.timeOf(s.From), p.timeOf(s.Last), s.RateBPM}
		}
		if seen.presence == ppg.CannotTell {
			seen.presence = p.pulses.Presence()
		}
	}
	return seen
}

// refutes reports whether the pulse has gone on, as it was, since before the condition began.
func (p pulse) refutes(c Condition, f fact, l Limits) bool {
	since := f.began()
	if c == ExtremeBrady || c == HRLow {
		since = f.at.Add(-bradySpan)
	}
	return p.steady && refutable[c](p.perMinute, l) && !p.from.After(since) &&
		p.last.Sub(since) >= pulseGoesOn && f.at.Sub(p.last) <= pulseBehind
}

// weigh holds what an ECG shows against the pulse. Of an alarm that stands, only what is said of it
// can change.
func (e *Engine) weigh(c Condition, f fact, p *episode, now time.Time) fact {
	if _, can := refutable[c]; !can || f.truth != True || f.ecg == 0 {
		return f
	}
	seen := e.pulseAt(f.at, now)
	f.pulse = seen.String()
	if f.ecg == ecg.FullAnalysis || p != nil && p.standing() || !seen.refutes(c, f, e.limits) {
		return f
	}
	f.truth = Unknown
	if dev := e.bound(f.by); dev != nil && !dev.lead.disputed.at.Equal(f.at) { // the most urgent is judged first
		dev.lead.disputed = dispute{at: f.at, text: c.Spec().Label + " in the ECG, but " + f.pulse}
	}
	return f
}

// dispute is the latest one about an ECG.
type dispute struct {
	at   time.Time // of the samples
	text string
}

// judgeDispute tells, at a whole second of sample time, whether the pulse disputes the device's ECG.
func (e *Engine) judgeDispute(dev *device, quality ecg.Quality, at, now time.Time) {
	f := fact{at: at, truth: False, by: dev.id, cause: dev.lead.disputed.text}
	switch {
	case dev.lead.disputed.at.After(at.Add(-time.Second)):
		f.truth = True
	case quality == ecg.NoAnalysis:
		f.truth = Unknown
	}
	e.apply(key{ECGDisputed, string(dev.id)}, f, now)
}
