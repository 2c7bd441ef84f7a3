package synthetic

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"vigil/alerts"
	"vigil/vitals"
	"vigil/vitals/ecg"
)

// stops are hearts that stand still.
func (b *bench) stops() []Trial {
	const within = 5.5 // s from the last beat to the alarm
	var out []Trial
	for _, row := range []struct{ seconds, wander float64 }{{4, 60}, {6, 60}, {10, 60}, {10, 20}} {
		signal, last := b.base.stop(starts, row.seconds, row.wander)
		again := last + row.seconds
		out = append(out, Trial{
			Story: fmt.Sprintf("the heart stops for %.0f s, the line wanders by %.0f µV", row.seconds, row.wander), signal: signal,
			checks: append([]check{
				{"s from the last beat to ASYSTOLE of the detector", within, func(h *Heard) float64 { return h.rhythm(ecg.Asystole, last) - last }},
				{"s from the last beat to the alarm", within, func(h *Heard) float64 {
					return h.called(last, again+resumeWithin, alerts.Asystole) - last
				}},
				{"other lethal alarms", 0, func(h *Heard) float64 { return h.cried(h.signal.Seconds()+1, alerts.Asystole) }},
			}, b.finds(again+resumeWithin, settled)...),
		})
	}
	short, last := b.base.stop(starts, 2, 60)
	return append(out, Trial{
		Story: "the heart pauses for 2 s more than usual", signal: short, checks: append(b.finds(last+resumeWithin, settled), calm()),
	})
}

// electrodes are signals that do not come from a heart.
func (b *bench) electrodes() []Trial {
	random := rand.New(rand.NewPCG(5, 5)) //nolint:gosec // G404: reproducible on purpose
	hum := func(hz float64) func(t float64, _ int16) float64 {
		return func(t float64, _ int16) float64 { return 700 * math.Sin(2*math.Pi*hz*t) }
	}
	var out []Trial
	for _, row := range []struct {
		story string
		onset float64 // beats that the moment itself may look like
		value func(t float64, v int16) float64
	}{
		{"the electrode falls off, the line is flat at zero", 0, func(float64, int16) float64 { return 0 }},
		{"the electrode falls off, the line is flat far from zero", 0, func(float64, int16) float64 { return 2500 + float64(random.IntN(3)) }},
		{"the amplifier goes to its limit", 0, func(float64, int16) float64 { return 10000 }},
		{"the loose cable picks up 50 Hz only", 1, hum(50)},
		{"the loose cable picks up 60 Hz only", 1, hum(60)},
	} {
		out = append(out, Trial{
			Story: row.story, signal: b.base.replaced(row.value),
			checks: append([]check{
				{"s until electrodes are to be checked", 5, func(h *Heard) float64 { return h.refused(true) - starts }},
				{"s until LEADS OFF is raised", 12, func(h *Heard) float64 { return h.called(starts, ends+1, alerts.LeadsOff) - starts }},
				{"beats invented before it is back", row.onset, func(h *Heard) float64 { return h.invented(settled, ends) }},
				resumes(ends), calm(),
			}, b.finds(ends+resumeWithin, ends+resumeWithin)...),
		})
	}
	return out
}

// artefacts are disturbances of a heart that beats on.
func (b *bench) artefacts() []Trial {
	random := rand.New(rand.NewPCG(6, 6)) //nolint:gosec // G404: reproducible on purpose
	muscle := b.base.replaced(func(_ float64, v int16) float64 { return float64(v) + 3*b.height*random.NormFloat64() })
	jumping := b.base.replaced(func(t float64, _ int16) float64 {
		return math.Copysign(math.MaxInt16, math.Sin(math.Pi*t*b.base.Hz+0.1))
	})
	pops, popped := 0.0, 0.0
	popping := b.base.with(starts, 2*ends-starts, func(t float64, v int16) float64 {
		if t >= popped {
			pops, popped = (2+2*random.Float64())*b.height, t+2.5+random.Float64()
			if random.IntN(2) == 0 {
				pops = -pops
			}
		}
		pops *= 1 - 1/(0.3*b.base.Hz) // the electrode settles with a time constant of 0.3 s
		return float64(v) + pops
	})
	swapped := b.base.with(starts, b.base.Seconds(), func(_ float64, v int16) float64 { return -0.7 * float64(v) })
	return []Trial{
		{"muscles drown the heart", muscle, nil, []check{
			{"s until nothing is concluded", 8, func(h *Heard) float64 { return h.refused(false) - starts }},
			resumes(ends), calm(),
			{"beats missed", b.missed, func(h *Heard) float64 { return h.missed(ends+resumeWithin, h.signal.Seconds()-unnamed) }},
			{"beats invented before that", told, func(h *Heard) float64 { return h.invented(starts, ends) }},
		}},
		{"samples jump between both limits", jumping, nil, append(
			b.finds(ends+resumeWithin, settled), resumes(ends), calm(),
			check{"s until nothing is concluded", 5, func(h *Heard) float64 { return h.refused(false) - starts }})},
		{"an electrode pops every three seconds", popping, nil, append(b.finds(2*ends-starts+resumeWithin, settled), calm(),
			check{"beats missed while it pops", told, func(h *Heard) float64 { return h.missed(starts, 2*ends-starts) }})},
		{"electrodes are swapped", swapped, nil, append(b.finds(starts+resumeWithin, settled), resumes(starts), calm())},
	}
}

// otherDevices send the same heart at another gain, polarity or rate.
func (b *bench) otherDevices() []Trial {
	trial := func(story string, s Signal) Trial {
		return Trial{story, s, nil, append(b.finds(settled, settled), calm())}
	}
	var out []Trial
	for _, gain := range []float64{0.25, 4, -1} {
		out = append(out, trial(fmt.Sprintf("the gain is %g", gain),
			b.base.with(0, b.base.Seconds(), func(_ float64, v int16) float64 { return gain * float64(v) })))
	}
	for _, hz := range []float64{100, 125, 128, 200, 256, 300, 360, 500} {
		out = append(out, trial(fmt.Sprintf("the rate is %.0f Hz", hz), b.base.At(hz)))
	}
	return out
}

// losses are packets that never arrive.
func (b *bench) losses() []Trial {
	lose := func(story string, resumes float64, lost func(t float64) bool) Trial {
		s := b.base.with(0, b.base.Seconds(), func(t float64, v int16) float64 {
			if lost(t) {
				return math.NaN()
			}
			return float64(v)
		})
		// What lies in or beside a loss cannot be found, and is not held against anybody.
		before, behind := s.index(0.3), s.index(resumes)
		excused := slices.DeleteFunc(slices.Clone(s.Beats), func(at int) bool {
			return !slices.Contains(s.Microvolts[max(0, at-behind):min(len(s.Microvolts), at+before)], vitals.Missing)
		})
		checks := b.finds(settled, settled)
		checks[0].most += float64(len(excused))
		return Trial{story, s, nil, append(checks, calm())}
	}
	random := rand.New(rand.NewPCG(7, 7)) //nolint:gosec // G404: reproducible on purpose
	single := make([]bool, int(5*b.base.Seconds())+1)
	for i := range single {
		single[i] = random.IntN(35) == 0
	}
	for i := range 20 {
		single[i] = false // while the detector learns
	}
	burst := lose("nothing arrives for 15 s", resumeWithin, func(t float64) bool { return t >= starts && t < ends })
	burst.checks = append(burst.checks, resumes(ends),
		check{"s until nothing is concluded", 5, func(h *Heard) float64 { return h.refused(false) - starts }})
	return []Trial{
		lose("single packets of 200 ms are lost", 1, func(t float64) bool { return single[int(5*t)] }),
		lose("2 s are lost every 15 s", resumeWithin, func(t float64) bool { return t > 15 && math.Mod(t, 15) < 2 }),
		lose("one sample of a hundred is lost", 0, func(t float64) bool { return t > settled && int(t*b.base.Hz)%97 == 0 }),
		burst,
	}
}
