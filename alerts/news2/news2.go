// Package news2 scores the National Early Warning Score 2 of the Royal College of Physicians (RCP 2017,
// Chart 1): seven parameters, nought to three points each. It is pure: it knows
// neither time nor patients. Whether an input is recent enough is the caller's to decide; what it leaves out is
// missing, and a score without it says the least that the score can be.
package news2

import (
	"fmt"

	"vigil/vitals"
)

// Parameter is one row of the chart.
type Parameter uint8

// The parameters, in the order of the chart.
const (
	Respiration Parameter = iota
	Oxygen
	Air // or supplemental oxygen
	Systolic
	Pulse
	Consciousness
	Temperature

	parameters = 7
)

// String is the parameter's name for people.
func (p Parameter) String() string {
	return [parameters]string{
		"respiration", "oxygen saturation", "air or oxygen", "systolic pressure", "pulse", "consciousness", "temperature",
	}[p%parameters]
}

// Measure is a measured value; the zero Measure is missing.
type Measure struct {
	Value vitals.Decimal // in the unit of its kind
	Known bool
}

// Of is a measure that is known.
func Of(v vitals.Decimal) Measure { return Measure{v, true} }

// Level is how conscious somebody is, on the ACVPU scale; the zero Level is missing.
type Level byte

// Levels.
const (
	Alert        Level = 'A'
	Confusion    Level = 'C' // new
	Voice        Level = 'V'
	Pain         Level = 'P'
	Unresponsive Level = 'U'
)

// Valid reports whether the level is one of the scale.
func (l Level) Valid() bool {
	return l == Alert || l == Confusion || l == Voice || l == Pain || l == Unresponsive
}

// Supply is what somebody breathes; the zero Supply is missing.
type Supply uint8

// Supplies.
const (
	RoomAir Supply = iota + 1
	SupplementalOxygen
)

// Inputs are what is known of a patient.
type Inputs struct {
	Respiration   Measure
	SpO2          Measure
	Systolic      Measure
	Pulse         Measure
	Temperature   Measure
	Supply        Supply
	Consciousness Level
	// Scale2 is for those to whom a physician has prescribed a saturation of 88 to 92 %.
	Scale2 bool
}

// Score is what the inputs come to.
type Score struct {
	Points  [parameters]int
	missing [parameters]bool
}

// Score scores the inputs.
func (in Inputs) Score() Score {
	s := Score{}.
		with(Respiration, in.Respiration, 0, respirationBands).
		with(Oxygen, in.SpO2, 0, in.oxygenBands()).
		with(Systolic, in.Systolic, 0, systolicBands).
		with(Pulse, in.Pulse, 0, pulseBands).
		with(Temperature, in.Temperature, 1, temperatureBands)
	switch {
	case !in.Consciousness.Valid():
		s.missing[Consciousness] = true
	case in.Consciousness != Alert:
		s.Points[Consciousness] = 3
	}
	switch in.Supply {
	case SupplementalOxygen:
		s.Points[Air] = 2
	case RoomAir:
	default:
		s.missing[Air] = true
	}
	return s
}

// with is the score with a measure, rounded to the chart's resolution.
func (s Score) with(p Parameter, m Measure, decimals int8, bands []band) Score {
	if !m.Known {
		s.missing[p] = true
		return s
	}
	s.Points[p] = pointsOf(vitals.Round(m.Value.Float(), decimals), bands)
	return s
}

// oxygenBands are those of the saturation. On scale 2 the upper bands are of those who breathe oxygen only;
// where nobody knows what is breathed, they give the least that it can be: none.
func (in Inputs) oxygenBands() []band {
	switch {
	case !in.Scale2:
		return scale1Bands
	case in.Supply == SupplementalOxygen:
		return scale2OxygenBands
	default:
		return scale2AirBands
	}
}

// Total is the score; where something is missing, the least that it can be.
func (s Score) Total() int {
	total := 0
	for _, points := range s.Points {
		total += points
	}
	return total
}

// Three reports whether a single parameter has three points.
func (s Score) Three() bool { return s.Points[s.worst()] == 3 }

// worst is the first parameter with the most points.
func (s Score) worst() Parameter {
	worst := Parameter(0)
	for p := range Parameter(parameters) {
		if s.Points[p] > s.Points[worst] {
			worst = p
		}
	}
	return worst
}

// Missing lists what is missing, in the order of the chart.
func (s Score) Missing() []Parameter {
	var missing []Parameter
	for p := range Parameter(parameters) {
		if s.missing[p] {
			missing = append(missing, p)
		}
	}
	return missing
}

// Complete reports whether nothing is missing.
func (s Score) Complete() bool { return len(s.Missing()) == 0 }

// String says the score to people: "NEWS2 5", "NEWS2 ≥ 4 (5/7)".
func (s Score) String() string {
	if missing := len(s.Missing()); missing > 0 {
		return fmt.Sprintf("NEWS2 ≥ %d (%d/%d)", s.Total(), parameters-missing, parameters)
	}
	return fmt.Sprintf("NEWS2 %d", s.Total())
}
