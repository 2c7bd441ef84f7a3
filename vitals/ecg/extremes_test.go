package ecg_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"vigil/vitals/ecg"
)

func TestASlowHeartIsToldByFiveBeats(t *testing.T) {
	for _, row := range []struct {
		story string
		bpm   float64
		want  bool
	}{
		{"36/min", 36, true},
		{"44/min is slow enough for an athlete", 44, false},
		{"60/min", 60, false},
	} {
		h := &heart{wander: 60, noise: 8}
		h.rhythm(0.5, 30, 75, sinusBeat)
		from := h.beats[len(h.beats)-1].at
		h.rhythm(from+60/row.bpm, 60, row.bpm, sinusBeat)
		last := h.beats[len(h.beats)-1].at
		h.rhythm(last+0.8, 90, 75, sinusBeat)
		all := analyse(t, 250, h.sample(250, 88))
		begins := began(all, ecg.Bradycardia)
		if !row.want {
			if len(begins) != 0 {
				t.Errorf("%s: reported as %+v", row.story, begins)
			}
			continue
		}
		if len(begins) != 1 || begins[0].known > from+4*60/row.bpm+1.5 || math.Abs(begins[0].RateBPM-row.bpm) > 8 {
			t.Fatalf("%s from %.1f s on reported as %+v", row.story, from, begins)
		}
		if ends := ended(all, ecg.Bradycardia); len(ends) != 1 || ends[0].known > last+5 {
			t.Errorf("%s until %.1f s ended as %+v", row.story, last, ends)
		}
	}
}

// An electrode that makes contact for moments only lets beats vanish: what is left is no slow heart.
func TestALooseContactIsNoSlowHeart(t *testing.T) {
	h := &heart{wander: 60, noise: 8}
	h.rhythm(0.5, 60, 75, sinusBeat)
	samples := h.sample(250, 60)
	for i := range samples {
		if t := float64(i) / 250; t > 30 && math.Mod(t, 1.6) > 0.75 { // every second beat arrives
			samples[i] = 0
		}
	}
	all := analyse(t, 250, samples)
	for _, rhythm := range []ecg.Rhythm{ecg.Bradycardia, ecg.Pause, ecg.Asystole} {
		if begins := began(all, rhythm); len(begins) != 0 {
			t.Errorf("%v reported as %+v", rhythm, begins)
		}
	}
}

// A block above the ventricles: P waves go on at their pace, and few beats follow.
func TestPWavesWithoutBeatsAreNoHeartRate(t *testing.T) {
	h := &heart{wander: 40, noise: 6}
	h.rhythm(0.5, 200, 75, sinusBeat)
	from := h.beats[len(h.beats)-1].at
	for i := range 40 {
		h.beats = append(h.beats, placed{from + 0.75*float64(i+1), []wave{{0, 500, 0.03}}})
	}
	h.rhythm(from+2, from+30, 32, ventricularBeat)
	all := analyse(t, 250, h.sample(250, from+29))
	begins := began(all, ecg.Bradycardia)
	if len(begins) != 1 || begins[0].known > from+10.5 {
		t.Fatalf("a block from %.1f s on reported as %+v", from, begins)
	}
	for _, f := range ofKind(all, ecg.RateMeasured) {
		if f.known > begins[0].known+1 && f.RateBPM > 40 {
			t.Errorf("rate %.0f/min at %.1f s, where P waves come at 80/min and beats at 32/min", f.RateBPM, f.known)
		}
	}
}

// A pacemaker stops capturing in a heart whose P waves are rounded like its beats, and a fifth as high: what goes
// on at 86/min is no life.
func TestPWavesThatResembleTheBeatsDoNotHideAStandstill(t *testing.T) {
	p := wave{at: -0.17, microvolts: 220, width: 0.04}
	h := &heart{wander: 40, noise: 3}
	h.rhythm(0.5, 60, 75, []wave{p, {0, 1100, 0.028}, {0.3, 200, 0.06}})
	last := h.beats[len(h.beats)-1].at
	for i := range 14 {
		h.beats = append(h.beats, placed{last + 0.7*float64(i+1), []wave{p}})
	}
	begins := began(analyse(t, 250, h.sample(250, last+9)), ecg.Asystole)
	if len(begins) != 1 || begins[0].known > last+5.5 {
		t.Errorf("the last beat at %.1f s, asystole reported as %+v", last, begins)
	}
}

// A pacemaker stops capturing, P waves that are hardly like one another go on at 79/min, and an escape beat comes every
// 2.3 s: that they resemble no beat does not make the signal noise, behind which nobody looks for a slow heart.
func TestPWavesOfADyingHeartAreNoNoise(t *testing.T) {
	for seed := range uint64(40) {
		random := rand.New(rand.NewPCG(seed, 3))
		h := &heart{wander: 40, noise: 6}
		h.rhythm(0.5, 60, 75, sinusBeat)
		for at := 60.6; at < 80; at += 0.76 {
			size, width := 150+100*random.Float64(), 0.018+0.02*random.Float64()
			p := []wave{{0, size, width}, {0.05 + 0.03*random.Float64(), -size * (2*random.Float64() - 1), width}}
			h.beats = append(h.beats, placed{at, p})
		}
		for i := range 5 {
			h.beats = append(h.beats, placed{63.2 + 2.3*float64(i), ventricularBeat})
		}
		if begins := began(analyse(t, 250, h.sample(250, 80)), ecg.Bradycardia); len(begins) == 0 {
			t.Errorf("no slow heart in the P waves of seed %d", seed)
		}
	}
}

func TestAFastHeartIsToldByNineBeats(t *testing.T) {
	for _, row := range []struct {
		story string
		bpm   float64
		want  bool
	}{
		{"155/min", 155, true},
		{"125/min is a run for the bus", 125, false},
	} {
		h := &heart{wander: 60, noise: 8}
		h.rhythm(0.5, 30, 75, sinusBeat)
		h.rhythm(30, 60, row.bpm, sinusBeat)
		h.rhythm(60.8, 80, 75, sinusBeat)
		all := analyse(t, 250, h.sample(250, 78))
		begins := began(all, ecg.Tachycardia)
		if !row.want {
			if len(begins) != 0 {
				t.Errorf("%s: reported as %+v", row.story, begins)
			}
			continue
		}
		if len(begins) != 1 || begins[0].known > 30+9*60/row.bpm+1 || math.Abs(begins[0].RateBPM-row.bpm) > 8 {
			t.Fatalf("%s from 30 s on reported as %+v", row.story, begins)
		}
		if ends := ended(all, ecg.Tachycardia); len(ends) != 1 || ends[0].known > 66 {
			t.Errorf("%s until 60 s ended as %+v", row.story, ends)
		}
		noRhythm(t, all)
	}
}

func TestAPauseIsToldWhileItLasts(t *testing.T) {
	for _, row := range []struct {
		story  string
		length float64
		want   bool
	}{
		{"a beat is dropped", 2, false},
		{"three and a half seconds", 3.6, true},
	} {
		h := &heart{wander: 80, noise: 8}
		h.rhythm(0.5, 30, 70, sinusBeat)
		last := h.beats[len(h.beats)-1].at
		h.rhythm(last+row.length, 60, 70, sinusBeat)
		all := analyse(t, 250, h.sample(250, 58))
		begins, ends := began(all, ecg.Pause), ended(all, ecg.Pause)
		switch {
		case !row.want && len(begins) != 0:
			t.Errorf("%s: reported as %+v", row.story, begins)
		case row.want && (len(begins) != 1 || begins[0].known > last+3.4 || math.Abs(begins[0].at-last) > 0.2):
			t.Errorf("%s from %.1f s on reported as %+v", row.story, last, begins)
		case row.want && (len(ends) != 1 || math.Abs(ends[0].at-last-row.length) > 0.2):
			t.Errorf("%s until %.1f s ended as %+v", row.story, last+row.length, ends)
		}
	}
}
