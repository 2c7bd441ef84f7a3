package ecg_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"vigil/vitals/ecg"
)

// disturb replaces what happens from 30 to 45 s of a resting heart.
func disturb(t *testing.T, value func(t float64, v int32) int32) []finding {
	t.Helper()
	h := restingHeart(75)
	samples := h.sample(250, 75)
	for i := 30 * 250; i < 45*250; i++ {
		samples[i] = value(float64(i)/250, samples[i])
	}
	return analyse(t, 250, samples)
}

func TestWhatIsNotAnECGIsCalledByItsCause(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for _, row := range []struct {
		story  string
		cause  ecg.Cause
		within float64 // s
		leads  bool
		value  func(t float64, v int32) int32
	}{
		{"the electrode falls off and the input floats at zero", ecg.FlatLine, 4, true, func(float64, int32) int32 { return 0 }},
		{"the input floats far from zero", ecg.FlatLine, 4, true, func(float64, int32) int32 { return 2500 }},
		{"a flat line has nothing but the steps of the converter", ecg.FlatLine, 4, true, func(float64, int32) int32 { return int32(random.IntN(5)) }},
		{"the amplifier goes to its limit", ecg.Rail, 3, true, func(float64, int32) int32 { return 10000 }},
		{"the amplifier goes to its other limit", ecg.Rail, 3, true, func(float64, int32) int32 { return -32768 }},
		{"the loose cable picks up 50 Hz", ecg.Mains, 4, true, func(t float64, _ int32) int32 { return int32(700 * math.Sin(2*math.Pi*50*t)) }},
		{"the loose cable picks up 60 Hz", ecg.Mains, 4, true, func(t float64, _ int32) int32 { return int32(700 * math.Sin(2*math.Pi*60*t)) }},
		{"muscles drown the heart", ecg.Noise, 8, false, func(_ float64, v int32) int32 { return v + int32(3000*random.NormFloat64()) }},
	} {
		t.Run(row.story, func(t *testing.T) {
			all := disturb(t, row.value)
			noRhythm(t, all)
			changes := slices.DeleteFunc(ofKind(all, ecg.QualityChanged), func(f finding) bool { return f.known < 30 || f.Quality != ecg.NoAnalysis })
			if len(changes) == 0 || changes[0].known > 30+row.within || changes[0].Cause != row.cause || changes[0].Cause.LeadsOff() != row.leads {
				t.Fatalf("from 30 s on reported as %+v, want %v", changes, row.cause)
			}
			resumed(t, all, 45)
		})
	}
}

// The line of a heart that stands still may be as flat as that of a loose electrode. Who can tell
// them apart is the nurse, so both are told.
func TestAFlatLineThatIsAliveIsToldAsBoth(t *testing.T) {
	random := rand.New(rand.NewPCG(8, 9))
	for story, value := range map[string]func(t float64) float64{
		"the amplifier's noise remains": func(float64) float64 { return float64(random.IntN(20)) },
		"a slow wander remains":         func(t float64) float64 { return 12 * math.Sin(2*math.Pi*0.2*t) },
	} {
		t.Run(story, func(t *testing.T) {
			all := disturb(t, func(at float64, _ int32) int32 { return int32(value(at)) })
			alarms := began(all, ecg.Asystole)
			if len(alarms) != 1 || alarms[0].known > 35.5 || alarms[0].at < 29 || alarms[0].at > 30.2 {
				t.Errorf("asystole from 30 s on reported as %+v", alarms)
			}
			if ends := ended(all, ecg.Asystole); len(ends) != 1 || ends[0].known < 45 || ends[0].known > 50 {
				t.Errorf("asystole until 45 s ended as %+v", ends)
			}
			if !slices.ContainsFunc(ofKind(all, ecg.QualityChanged), func(f finding) bool { return f.Cause == ecg.FlatLine && f.known < 34 }) {
				t.Error("the electrode was not suspected")
			}
			resumed(t, all, 45)
		})
	}
}

// Putting an electrode back on is no asystole.
func TestAnElectrodeThatWasOffComesBackWithoutAnAlarm(t *testing.T) {
	random := rand.New(rand.NewPCG(8, 9))
	all := disturb(t, func(at float64, _ int32) int32 {
		if at < 43 {
			return 0
		}
		return int32(random.IntN(20))
	})
	noRhythm(t, all)
	resumed(t, all, 45)
}

// resumed fails where the signal is not trusted again within 5 s, or not with its beats.
func resumed(t *testing.T, all []finding, from float64) {
	t.Helper()
	quality := ecg.NoAnalysis
	for _, f := range ofKind(all, ecg.QualityChanged) {
		if f.known < from+5 {
			quality = f.Quality
		}
	}
	if quality == ecg.NoAnalysis {
		t.Errorf("5 s of good signal are not enough to resume")
	}
	beats := slices.DeleteFunc(ofKind(all, ecg.BeatFound), func(f finding) bool { return f.at < from+5 || f.at > from+25 })
	if len(beats) < 22 || len(beats) > 26 {
		t.Errorf("%d beats in 20 s of good signal at 72/min", len(beats))
	}
}

func TestLostSamplesAreTold(t *testing.T) {
	h := restingHeart(75)
	samples := h.sample(250, 75)
	lost := func(t float64) bool { return t >= 30 && t < 45 }
	d := newDetector(t, 250)
	all := feed(d, 250, samples, lost)
	noRhythm(t, all)
	changes := slices.DeleteFunc(ofKind(all, ecg.QualityChanged), func(f finding) bool { return f.known < 30 || f.Quality != ecg.NoAnalysis })
	if len(changes) == 0 || changes[0].known > 31 || changes[0].Cause != ecg.Missing {
		t.Fatalf("loss from 30 s on reported as %+v", changes)
	}
	for _, b := range ofKind(all, ecg.BeatFound) {
		if lost(b.at) {
			t.Errorf("beat invented at %.2f s, where nothing was received", b.at)
		}
	}
	resumed(t, all, 45)
	if d.Quality() != ecg.FullAnalysis || d.Cause() != ecg.NoCause {
		t.Errorf("quality is %v (%v) in the end", d.Quality(), d.Cause())
	}
}

// What stands when the signal goes is unknown, not over.
func TestLosingTheSignalEndsNoRhythm(t *testing.T) {
	for _, row := range []struct {
		rhythm ecg.Rhythm
		change func(h *heart)
	}{
		{ecg.VF, func(h *heart) { h.extra = fibrillate(30, 200) }},
		{ecg.VT, func(h *heart) { h.rhythm(30, 200, 165, ventricularBeat) }},
		{ecg.Asystole, func(*heart) {}},
	} {
		for name, value := range map[string]func(v int32) (int32, bool){
			"nothing arrives":  func(v int32) (int32, bool) { return v, true },
			"the line is flat": func(int32) (int32, bool) { return 0, false },
		} {
			t.Run(row.rhythm.String()+" while "+name, func(t *testing.T) {
				h := &heart{wander: 60, noise: 8}
				h.rhythm(0.5, 29.8, 75, sinusBeat)
				row.change(h)
				d := newDetector(t, 250)
				var all []finding
				for i, v := range h.sample(250, 70) {
					lost := false
					if i >= 45*250 && i < 60*250 {
						v, lost = value(v)
					}
					all = append(all, feed(d, 250, []int32{v}, func(float64) bool { return lost })...)
				}
				if !d.Standing(row.rhythm) || len(ended(all, row.rhythm)) > 0 {
					t.Error("it went while the signal was away")
				}
			})
		}
	}
}

func TestLostPacketsInventNoBeats(t *testing.T) {
	h := restingHeart(120)
	samples := h.sample(250, 120)
	random := rand.New(rand.NewPCG(5, 6))
	lost := make([]bool, 1200) // per 100 ms
	for i := range lost {
		lost[i] = random.IntN(50) == 0
	}
	all := feed(newDetector(t, 250), 250, samples, func(t float64) bool { return lost[min(int(t*10), len(lost)-1)] })
	noRhythm(t, all)
	times := h.times()
	beats := ofKind(all, ecg.BeatFound)
	for _, b := range beats {
		if !slices.ContainsFunc(times, func(at float64) bool { return math.Abs(at-b.at) < 0.05 }) {
			t.Errorf("beat invented at %.2f s", b.at)
		}
	}
	if len(beats)*100 < len(times)*92 {
		t.Errorf("found %d of %d beats with 2 %% of the packets lost", len(beats), len(times))
	}
}

func TestAnElectrodePopIsNoBeatForLong(t *testing.T) {
	h := restingHeart(75)
	h.extra = func(t float64) float64 {
		if t < 30 {
			return 0
		}
		return 4000 * math.Exp(-(t-30)/0.8)
	}
	all := analyse(t, 250, h.sample(250, 76))
	noRhythm(t, all)
	want := slices.DeleteFunc(h.times(), func(at float64) bool { return at < 34 })
	late := slices.DeleteFunc(ofKind(all, ecg.BeatFound), func(f finding) bool { return f.at < 33.95 })
	sameTimes(t, late, want, 0.03)
}
