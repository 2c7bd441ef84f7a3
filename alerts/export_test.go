package alerts

import "slices"

// Analyser is what the engine needs of an ECG detector.
type Analyser = analyser

// Analyse puts another detector in the place of the real one.
func (e *Engine) Analyse(with func(rateHz float64) (Analyser, error)) { e.newAnalyser = with }

// Pulses is what the engine needs of a detector of pulses.
type Pulses = pulses

// FindPulses puts another detector in the place of the real one.
func (e *Engine) FindPulses(with func(rateHz float64) (Pulses, error)) { e.newPulses = with }

// Spot makes a condition one of single readings.
func (e *Engine) Spot(c Condition) {
	e.rules = slices.Clone(e.rules)
	for i := range e.rules {
		if e.rules[i].condition == c {
			e.rules[i].Spot = true
		}
	}
}
