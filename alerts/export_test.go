package alerts

import "time"

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
	p := e.episode(key{condition: c})
	own := *p.rule
	own.Spot = true
	p.rule = &own
}

// OutageFrom is how many patients of those watched make an outage.
func OutageFrom(watched int) int { return outageFrom(watched) }

// WithoutTrends lets the engine follow no trends, and so hint nothing.
func (e *Engine) WithoutTrends() { e.trends.due = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC) }

// NoAlarm is shared by all keys that have none.
func NoAlarm() Alarm { return noAlarm }

// Held is a time as the engine holds it.
func Held(t time.Time) time.Time { return instantOf(t).Time() }

// PendingAlarm is shared by all keys of which nobody is told yet.
func PendingAlarm() Alarm { return pendingAlarm }
