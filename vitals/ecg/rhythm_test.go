package ecg_test

import (
	"math"
	"slices"
	"testing"

	"vigil/vitals/ecg"
)

// fibrillate is a signal like ventricular fibrillation: waves of 4 to 6 Hz that change in size and pace.
func fibrillate(from, to float64) func(t float64) float64 {
	return func(t float64) float64 {
		if t < from || t > to {
			return 0
		}
		phase := 2*math.Pi*4.6*t + 2.1*math.Sin(2*math.Pi*0.37*t) + 1.3*math.Sin(2*math.Pi*0.83*t)
		size := 380 + 170*math.Sin(2*math.Pi*0.29*t+1)
		return size*math.Sin(phase) + 90*math.Sin(1.7*phase+0.5)
	}
}

func TestFibrillationIsReportedWithinTenSeconds(t *testing.T) {
	h := &heart{wander: 80, noise: 8, extra: fibrillate(40.3, 70)}
	h.rhythm(0.5, 40, 80, sinusBeat)
	h.rhythm(71, 110, 80, sinusBeat)
	all := analyse(t, 250, h.sample(250, 110))
	alarms := began(all, ecg.VF)
	if len(alarms) != 1 || alarms[0].known < 40.3 || alarms[0].known > 48 {
		t.Fatalf("fibrillation from 40.3 s on reported as %+v", alarms)
	}
	if ends := ended(all, ecg.VF); len(ends) != 1 || ends[0].known < 70 || ends[0].known > 80 {
		t.Errorf("fibrillation until 70 s ended as %+v", ends)
	}
	for _, b := range ofKind(all, ecg.BeatFound) {
		if b.at > 50 && b.at < 69 {
			t.Errorf("beat at %.1f s within fibrillation", b.at)
		}
	}
}

func TestATachycardiaIsTold(t *testing.T) {
	h := &heart{wander: 80, noise: 8}
	h.rhythm(0.5, 60, 75, sinusBeat)
	h.rhythm(60, 80, 165, ventricularBeat)
	h.rhythm(80.8, 120, 75, sinusBeat)
	d := newDetector(t, 250)
	all := feed(d, 250, h.sample(250, 70), nil)
	alarms := began(all, ecg.VT)
	if len(alarms) != 1 || alarms[0].known > 64 || math.Abs(alarms[0].at-60) > 1 {
		t.Fatalf("tachycardia from 60 s on reported as %+v", alarms)
	}
	if !d.Standing(ecg.VT) || d.Standing(ecg.VF) || d.Standing(ecg.Asystole) {
		t.Error("tachycardia does not stand alone within itself")
	}
	all = analyse(t, 250, h.sample(250, 118))
	if ends := ended(all, ecg.VT); len(ends) != 1 || ends[0].known > 86 {
		t.Errorf("tachycardia until 80 s ended as %+v", ends)
	}
	for _, b := range ofKind(all, ecg.BeatFound) {
		want := ecg.NormalBeat
		if b.at > 59.9 && b.at < 80 {
			want = ecg.VentricularBeat
		}
		if b.Beat != want && b.at < 118 {
			t.Errorf("beat at %.2f s is %v, want %v", b.at, b.Beat, want)
		}
	}
}

func TestATachycardiaFromTheStartIsTold(t *testing.T) {
	h := &heart{noise: 8}
	h.rhythm(0.5, 60, 180, ventricularBeat)
	alarms := append(began(analyse(t, 250, h.sample(250, 40)), ecg.VT), began(analyse(t, 250, h.sample(250, 40)), ecg.VF)...)
	if len(alarms) == 0 || alarms[0].known > 15 {
		t.Errorf("wide tachycardia without any normal beat reported as %+v", alarms)
	}
}

// The beats of the run are a third as high as the patient's own and slow in their slopes, so that the
// QRS decision takes some for T waves.
func TestASmallTachycardiaIsTold(t *testing.T) {
	small := []wave{{0, 700, 0.03}, {0.09, -250, 0.03}}
	tall := []wave{{-0.026, -150, 0.009}, {0, 1900, 0.011}, {0.028, -400, 0.010}, {0.26, 260, 0.045}}
	h := &heart{noise: 6}
	h.rhythm(0.5, 70, 72, tall)
	from := h.beats[len(h.beats)-1].at + 0.6
	h.rhythm(from, from+4, 130, small)
	last := h.beats[len(h.beats)-1].at
	h.rhythm(last+0.9, last+30, 72, tall)
	all := analyse(t, 250, h.sample(250, last+25))
	alarms := began(all, ecg.VT)
	if len(alarms) != 1 || alarms[0].known > from+4 || math.Abs(alarms[0].at-from) > 0.5 || math.Abs(alarms[0].RateBPM-130) > 10 {
		t.Fatalf("a run from %.1f s on reported as %+v", from, alarms)
	}
	if ends := ended(all, ecg.VT); len(ends) != 1 || ends[0].known > last+5 {
		t.Errorf("a run until %.1f s ended as %+v", last, ends)
	}
}

func TestASingleVentricularBeatIsNoTachycardia(t *testing.T) {
	h := &heart{wander: 80, noise: 8}
	for i := range 100 {
		at := 0.5 + 0.8*float64(i)
		if i%10 == 9 {
			h.beats = append(h.beats, placed{at - 0.3, ventricularBeat})
			continue
		}
		h.beats = append(h.beats, placed{at, sinusBeat})
	}
	all := analyse(t, 250, h.sample(250, 80))
	noRhythm(t, all)
	count := 0
	for _, b := range ofKind(all, ecg.BeatFound) {
		if b.Beat == ecg.VentricularBeat {
			count++
		}
	}
	if count < 8 || count > 10 {
		t.Errorf("%d ventricular beats found of 10", count)
	}
}

func TestAsystoleIsToldWithinFiveAndAHalfSeconds(t *testing.T) {
	for _, row := range []struct {
		story string
		bpm   float64
		extra func(t float64) float64
	}{
		{"a baseline with noise remains", 80, nil},
		{"P waves go on without beats", 70, func(t float64) float64 {
			z := (math.Mod(t, 0.75) - 0.3) / 0.022
			return 100 * math.Exp(-z*z/2)
		}},
		{"a slow heart stops", 42, nil},
	} {
		t.Run(row.story, func(t *testing.T) {
			h := &heart{wander: 60, noise: 10, extra: row.extra}
			h.rhythm(0.5, 40, row.bpm, sinusBeat)
			last := h.beats[len(h.beats)-1].at
			h.rhythm(last+15, last+40, row.bpm, sinusBeat)
			all := analyse(t, 250, h.sample(250, last+35))
			alarms := began(all, ecg.Asystole)
			if len(alarms) != 1 || alarms[0].known < last+4 || alarms[0].known > last+5.5 || math.Abs(alarms[0].at-last) > 0.3 {
				t.Fatalf("asystole from %.1f s on reported as %+v", last, alarms)
			}
			if ends := ended(all, ecg.Asystole); len(ends) != 1 || ends[0].known > last+19 {
				t.Errorf("asystole until %.1f s ended as %+v", last+15, ends)
			}
			for _, b := range ofKind(all, ecg.RateMeasured) {
				if b.known > last+5.5 && b.known < last+15 {
					t.Errorf("heart rate %.0f at %.1f s within asystole", b.RateBPM, b.known)
				}
			}
		})
	}
}

func TestAHeartThatStandsStillFromTheStartIsTold(t *testing.T) {
	h := &heart{wander: 60, noise: 10}
	all := analyse(t, 250, h.sample(250, 20))
	if alarms := began(all, ecg.Asystole); len(alarms) != 1 || alarms[0].known > 10 {
		t.Errorf("asystole from the start reported as %+v", alarms)
	}
	if beats := ofKind(all, ecg.BeatFound); len(beats) > 0 {
		t.Errorf("beat invented at %.1f s", beats[0].at)
	}
}

func TestAPauseOfThreeSecondsIsNoAsystole(t *testing.T) {
	h := &heart{wander: 60, noise: 10}
	h.rhythm(0.5, 30, 70, sinusBeat)
	h.rhythm(h.beats[len(h.beats)-1].at+3.4, 60, 70, sinusBeat)
	noRhythm(t, analyse(t, 250, h.sample(250, 60)))
}

func TestNothingIsRaisedWhileLearning(t *testing.T) {
	for name, waves := range map[string][]wave{"narrow": sinusBeat, "wide": ventricularBeat} {
		for _, bpm := range []float64{35, 60, 100} {
			h := &heart{wander: 300, noise: 15}
			h.rhythm(0.2, 30, bpm, waves)
			all := analyse(t, 250, h.sample(250, 20))
			if len(ofKind(all, ecg.BeatFound)) == 0 {
				t.Errorf("no beat found in a %s rhythm at %.0f/min", name, bpm)
			}
			noRhythm(t, all)
		}
	}
}

func TestRhythmsThatDoNotExistDoNotStand(t *testing.T) {
	d := newDetector(t, 250)
	if slices.ContainsFunc([]ecg.Rhythm{0, ecg.Asystole, ecg.VT, ecg.VF, 200}, d.Standing) {
		t.Error("a rhythm stands before the first sample")
	}
}
