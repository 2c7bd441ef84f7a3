package ppg_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"vigil/vitals/ppg"
)

// within reports whether t lies in from..to.
func within(t, from, to float64) bool { return t >= from && t < to }

// motion is the movement of a hand: noise of 0.5 to 6 Hz, larger than the pulses.
func motion(from, to, size float64) func(float64) float64 {
	random := rand.New(rand.NewPCG(11, 12))
	type swing struct{ hz, phase float64 }
	var swings []swing
	for range 40 {
		swings = append(swings, swing{0.5 + 5.5*random.Float64(), 2 * math.Pi * random.Float64()})
	}
	return func(t float64) float64 {
		if !within(t, from, to) {
			return 0
		}
		sum := 0.0
		for _, s := range swings {
			sum += math.Sin(2*math.Pi*s.hz*t + s.phase)
		}
		return sum * size / math.Sqrt(float64(len(swings)))
	}
}

// spoil is what happens to a wave from 30 s on.
type spoil struct {
	name  string
	wave  func(samples []int32) // nil: nothing
	lost  func(t float64) bool
	extra func(t float64) float64
	until float64 // when the trouble ends; then pulses must come again
	want  ppg.Presence
	by    float64 // seconds within which want holds
}

const spoilHz = 125

func hold(from, to int, value int32) func([]int32) {
	return func(samples []int32) {
		for i := from * spoilHz; i < to*spoilHz; i++ {
			samples[i] = value
		}
	}
}

// Whatever hides the pulse: nobody can tell, no pulse is invented, and pulses are found again within
// five seconds of a wave that shows them.
func TestWhereTheWaveIsBadNobodyCanTell(t *testing.T) {
	tests := []spoil{
		{name: "flat line", wave: hold(30, 50, 0), until: 50, want: ppg.CannotTell, by: 3},
		{name: "upper rail", wave: hold(30, 50, 32767), until: 50, want: ppg.CannotTell, by: 3},
		{name: "lower rail", wave: hold(30, 50, -32767), until: 50, want: ppg.CannotTell, by: 3},
		{name: "lost samples", lost: func(t float64) bool { return within(t, 30, 50) }, until: 50, want: ppg.CannotTell, by: 3},
		{name: "a short loss", lost: func(t float64) bool { return within(t, 30, 33) }, until: 33, want: ppg.CannotTell, by: 3},
		{name: "every second sample lost", lost: func(t float64) bool {
			return within(t, 30, 50) && int(t*spoilHz)%2 == 0
		}, until: 50, want: ppg.CannotTell, by: 3},
		{name: "half a minute lost", lost: func(t float64) bool { return within(t, 30, 60) }, until: 60, want: ppg.CannotTell, by: 3},
		{name: "clipped at both ends", wave: func(samples []int32) {
			for i := 30 * spoilHz; i < 50*spoilHz; i++ {
				samples[i] = min(max(samples[i]*20, -2000), 2000)
			}
		}, until: 50, want: ppg.CannotTell, by: 4},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := resting(70)
			f.extra = tt.extra
			samples := f.sample(spoilHz, 70)
			if tt.wave != nil {
				tt.wave(samples)
			}
			o := analyse(t, spoilHz, samples, tt.lost)
			for s := int(30 + tt.by); s < int(tt.until); s++ {
				if o.presence[s-1] != tt.want || o.steady[s-1] {
					t.Errorf("at %d s: %s, steady %v", s, o.presence[s-1], o.steady[s-1])
				}
			}
			for _, p := range o.since(ppg.PulseFound, 30+tt.by) {
				if p.at < tt.until {
					t.Errorf("pulse invented at %.2f s", p.at)
				}
			}
			if again := int(tt.until) + 5; o.presence[again-1] != ppg.Present || o.presence[28] != ppg.Present {
				t.Errorf("at 29 s: %s, 5 s after the trouble: %s", o.presence[28], o.presence[again-1])
			}
		})
	}
}

// A stopped heart, and what may still move the wave then.
func TestAPulseThatHasGoneIsNeverSteady(t *testing.T) {
	tests := []struct {
		name  string
		after func(f *finger)
		want  ppg.Presence // 4 s on
		until int          // s, until which nothing may be steady
	}{
		{"nothing but the finger's own noise", func(*finger) {}, ppg.Absent, 70},
		{"the ventilator at 15 per minute", func(f *finger) {
			f.extra = func(t float64) float64 {
				if t < 30 {
					return 0
				}
				return 400 * math.Sin(2*math.Pi*0.25*t)
			}
		}, ppg.Absent, 70},
		{"pulses of a sixth: ventricular tachycardia that pumps nothing", func(f *finger) {
			f.pulses(30, 70, 180, usualHeight/6)
		}, ppg.CannotTell, 40}, // then it has lasted for ten seconds, and may be all that is left
		{"chest compressions at 110 per minute", func(f *finger) {
			f.extra = func(t float64) float64 {
				if t < 36 {
					return 0
				}
				return 700 * math.Sin(2*math.Pi*110/60*t)
			}
		}, ppg.Absent, 70},
		{"a tremor of 5 per second", func(f *finger) {
			f.extra = func(t float64) float64 {
				if t < 30 {
					return 0
				}
				return 500 * math.Sin(2*math.Pi*5*t)
			}
		}, ppg.CannotTell, 70},
		{"a hand that moves", func(f *finger) { f.extra = motion(30, 70, 1000) }, ppg.CannotTell, 70},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := &finger{breath: 20, noise: 6}
			f.pulses(0.5, 29, 72, usualHeight)
			tt.after(f)
			o := analyse(t, spoilHz, f.sample(spoilHz, 70), nil)
			if !o.steady[28] {
				t.Fatal("not steady before")
			}
			if got := o.presence[33]; got != tt.want {
				t.Errorf("at 34 s: %s, want %s", got, tt.want)
			}
			for s := 33; s <= tt.until; s++ {
				if o.steady[s-1] {
					t.Errorf("steady at %d s", s)
				}
			}
		})
	}
}

func TestAfterAMovementPulsesAreFoundWithinFiveSeconds(t *testing.T) {
	f := resting(70)
	f.extra = motion(30, 45, 3000)
	o := analyse(t, spoilHz, f.sample(spoilHz, 70), nil)
	for s := 32; s < 45; s++ {
		if o.presence[s-1] == ppg.Present || o.steady[s-1] {
			t.Errorf("%s at %d s, in the movement", o.presence[s-1], s)
		}
	}
	for s := 50; s <= 70; s++ {
		if o.presence[s-1] != ppg.Present {
			t.Errorf("%s at %d s", o.presence[s-1], s)
		}
	}
}

// The weak pulse of an extrasystole is one of the heart, and no reason for doubt.
func TestExtrasystolesDoNotEndAStretch(t *testing.T) {
	f := &finger{breath: 80, noise: 4}
	f.pulses(0.5, 20, 72, usualHeight)
	f.beats = append(f.beats, beat{20.3, usualHeight * 0.4})
	f.pulses(21.5, 40, 72, usualHeight)
	o := analyse(t, spoilHz, f.sample(spoilHz, 40), nil)
	for s := 10; s <= 40; s++ {
		if o.presence[s-1] != ppg.Present {
			t.Errorf("%s at %d s", o.presence[s-1], s)
		}
	}
}

// An oximeter that has found a better gain shows the same pulses, a tenth as high or ten times.
func TestAnotherGainIsLearned(t *testing.T) {
	for _, factor := range []int32{10, 3} {
		for _, smaller := range []bool{true, false} {
			samples := resting(70).sample(spoilHz, 70)
			for i, v := range samples {
				switch {
				case i < 30*spoilHz:
				case smaller:
					samples[i] = v / factor
				default:
					samples[i] = v * factor
				}
			}
			o := analyse(t, spoilHz, samples, nil)
			for s := 50; s <= 70; s++ {
				if o.presence[s-1] != ppg.Present {
					t.Errorf("factor %d, smaller %v: %s at %d s", factor, smaller, o.presence[s-1], s)
				}
			}
		}
	}
}
