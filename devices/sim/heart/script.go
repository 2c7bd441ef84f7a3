// Package heart makes the signals of a made-up patient: an ECG by the dynamical model of McSharry
// et al. (IEEE Trans Biomed Eng 50:289, 2003), and the heart rate and oxygen saturation that go
// with it, following a script of rhythms. The same seed and script give the same samples.
//
// It is for demonstrations and load. It knows no clock: the caller asks for the next samples.
package heart

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Rhythm is what the heart does, or what becomes of its signal.
type Rhythm string

// The rhythms that a script may name.
const (
	Sinus       Rhythm = "sinus"
	Bradycardia Rhythm = "brady"
	Tachycardia Rhythm = "tachy"
	AF          Rhythm = "af"  // atrial fibrillation
	PVCs        Rhythm = "pvc" // sinus rhythm with ventricular extrasystoles
	VT          Rhythm = "vt"  // ventricular tachycardia
	VF          Rhythm = "vf"  // ventricular fibrillation
	Asystole    Rhythm = "asystole"
	Desaturated Rhythm = "desat"     // sinus rhythm with falling oxygen saturation
	LeadsOff    Rhythm = "leads-off" // sinus rhythm that the electrodes do not see
	Offline     Rhythm = "offline"   // sinus rhythm in a home that is cut off
)

// usualRate is the heart rate of a rhythm per minute; zero: the patient's own.
var usualRate = map[Rhythm]float64{
	Sinus: 0, PVCs: 0, Desaturated: 0, LeadsOff: 0, Offline: 0,
	Bradycardia: 34, Tachycardia: 155, AF: 95, VT: 185, VF: 0, Asystole: 0,
}

// Beats reports whether the heart pumps in this rhythm, so that an oximeter sees a pulse.
func (r Rhythm) Beats() bool { return r != VF && r != Asystole }

// Step is one part of a script.
type Step struct {
	Rhythm Rhythm
	Rate   float64 // beats per minute; zero: the usual one
	For    time.Duration
}

// Script is a list of steps that repeats.
type Script []Step

// ErrScript is wrapped by the errors of ParseScript.
var ErrScript = errors.New("script is a list such as \"sinus 20s, af@110 30s, vf 15s\"")

// Bounds of a step.
const (
	minRate, maxRate = 20, 300 // what a heart rate may plausibly be
	maxStepLength    = 24 * time.Hour
)

// ParseScript reads "rhythm[@rate] duration" steps, separated by commas.
func ParseScript(text string) (Script, error) {
	var script Script
	for part := range strings.SplitSeq(text, ",") {
		step, err := parseStep(strings.Fields(part))
		if err != nil {
			return nil, fmt.Errorf("step %q: %w", strings.TrimSpace(part), err)
		}
		script = append(script, step)
	}
	return script, nil
}

func parseStep(words []string) (Step, error) {
	if len(words) != 2 {
		return Step{}, ErrScript
	}
	name, rate, rated := strings.Cut(words[0], "@")
	step := Step{Rhythm: Rhythm(name)}
	if _, known := usualRate[step.Rhythm]; !known {
		return Step{}, fmt.Errorf("rhythm %q is unknown: %w", name, ErrScript)
	}
	if rated {
		bpm, err := strconv.ParseFloat(rate, 64)
		if err != nil || !(bpm >= minRate && bpm <= maxRate) {
			return Step{}, fmt.Errorf("rate %q is not %d to %d: %w", rate, minRate, maxRate, ErrScript)
		}
		step.Rate = bpm
	}
	length, err := time.ParseDuration(words[1])
	if err != nil || length <= 0 || length > maxStepLength {
		return Step{}, fmt.Errorf("duration %q: %w", words[1], ErrScript)
	}
	step.For = length
	return step, nil
}

// at is the step that holds at the time since the beginning.
func (s Script) at(t time.Duration) Step {
	total := time.Duration(0)
	for _, step := range s {
		total += step.For
	}
	if total <= 0 {
		return Step{Rhythm: Sinus}
	}
	for t %= total; ; {
		for _, step := range s {
			if t < step.For {
				return step
			}
			t -= step.For
		}
	}
}
