package heart_test

import (
	"errors"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vigil/devices/sim/heart"
	"vigil/vitals"
)

const hz = 250

var grown = heart.Patient{Seed: 1, Rate: 72, SpO2: 97, Gain: 1}

func scripted(t *testing.T, text string) *heart.Heart {
	t.Helper()
	script, err := heart.ParseScript(text)
	if err != nil {
		t.Fatal(err)
	}
	return heart.New(grown, script, hz)
}

func TestScripts(t *testing.T) {
	got, err := heart.ParseScript("sinus 20s, af@110 1m30s,leads-off 2s")
	want := heart.Script{
		{Rhythm: heart.Sinus, For: 20 * time.Second},
		{Rhythm: heart.AF, Rate: 110, For: 90 * time.Second},
		{Rhythm: heart.LeadsOff, For: 2 * time.Second},
	}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v %s", err, diff)
	}
	for _, text := range []string{
		"", "sinus", "tango 5s", "sinus@ 5s", "sinus@900 5s", "sinus@NaN 5s", "sinus -5s", "sinus 0s", "sinus 5", "sinus 5s,", "sinus 48h", "a b c",
	} {
		if s, err := heart.ParseScript(text); !errors.Is(err, heart.ErrScript) {
			t.Errorf("%q became %v, %v", text, s, err)
		}
	}
}

func TestSameSeedSameHeart(t *testing.T) {
	const text = "sinus 3s, pvc 4s, vt 3s, vf 3s, af 4s"
	first, second := scripted(t, text), scripted(t, text)
	whole := first.ECG(20 * hz)
	var pieces []int16
	for range 200 {
		pieces = append(pieces, second.ECG(hz/10)...)
	}
	if !slices.Equal(whole, pieces) {
		t.Error("the pieces in which samples are asked for change them")
	}
	if first.Rate() != second.Rate() || first.SpO2() != second.SpO2() {
		t.Error("rate or saturation differ")
	}
}

// peaks are the samples that stand out above the level within a third of a second.
func peaks(ecg []int16, level int16) []int {
	var found []int
	for i, v := range ecg {
		near := ecg[max(0, i-hz/6):min(len(ecg), i+hz/6)]
		if v > level && v == slices.Max(near) && (len(found) == 0 || i-found[len(found)-1] > hz/6) {
			found = append(found, i)
		}
	}
	return found
}

func TestSinusRhythmBeatsAtItsRate(t *testing.T) {
	for _, rate := range []string{"sinus@45", "sinus@72", "sinus@130", "vt@180"} {
		h := scripted(t, rate+" 1h")
		h.ECG(5 * hz)
		want, _ := heart.ParseScript(rate + " 1s")
		got := float64(len(peaks(h.ECG(60*hz), 700)))
		if math.Abs(got-want[0].Rate) > 3 {
			t.Errorf("%s: %v beats in a minute", rate, got)
		}
		if math.Abs(h.Rate()-want[0].Rate) > 8 {
			t.Errorf("%s: rate %v", rate, h.Rate())
		}
	}
}

func TestAFIsIrregularAndSinusIsNot(t *testing.T) {
	spread := func(text string) float64 {
		h := scripted(t, text)
		h.ECG(120 * hz)
		rrs := h.Intervals()
		mean, sum := 0.0, 0.0
		for _, rr := range rrs {
			mean += rr / float64(len(rrs))
		}
		for _, rr := range rrs {
			sum += (rr - mean) * (rr - mean)
		}
		return math.Sqrt(sum/float64(len(rrs))) / mean
	}
	if af, sinus := spread("af 1h"), spread("sinus 1h"); af < 0.15 || sinus > 0.08 {
		t.Errorf("coefficient of variation: AF %.2f, sinus %.2f", af, sinus)
	}
}

func TestExtrasystolesComeEarlyAndAPauseFollows(t *testing.T) {
	h := scripted(t, "pvc 1h")
	h.ECG(120 * hz)
	rrs := h.Intervals()
	early := 0
	for i, rr := range rrs[:len(rrs)-1] {
		if rr < 0.62*60/grown.Rate {
			early++
			if rrs[i+1] < 1.3*60/grown.Rate {
				t.Errorf("after an interval of %.2f s follows %.2f s", rr, rrs[i+1])
			}
		}
	}
	if early < 10 || early > 50 {
		t.Errorf("%d extrasystoles in two minutes", early)
	}
}

func TestFibrillationIsFourToSixHertzWithoutBeats(t *testing.T) {
	h := scripted(t, "vf 1h")
	h.ECG(3 * hz)
	ecg := h.ECG(30 * hz)
	crossings := 0
	for i := 1; i < len(ecg); i++ {
		if (ecg[i-1] < 0) != (ecg[i] < 0) {
			crossings++
		}
	}
	if f := float64(crossings) / 2 / 30; f < 3.5 || f > 8 {
		t.Errorf("%.1f Hz by zero crossings", f)
	}
	if high := slices.Max(ecg); high < 300 || high > 1500 {
		t.Errorf("highest at %d µV", high)
	}
	if h.Rate() != 0 || len(h.Intervals()) > 1 {
		t.Errorf("rate %v", h.Rate())
	}
}

func TestAsystoleIsNearlyFlat(t *testing.T) {
	h := scripted(t, "sinus 5s, asystole 1h")
	h.ECG(10 * hz)
	ecg := h.ECG(20 * hz)
	if low, high := slices.Min(ecg), slices.Max(ecg); low < -200 || high > 200 || low == high {
		t.Errorf("%d to %d µV", low, high)
	}
	if h.SpO2() > grown.SpO2-5 {
		t.Errorf("saturation is still %.0f %%", h.SpO2())
	}
}

func TestRhythmReturnsAfterAnArrest(t *testing.T) {
	h := scripted(t, "sinus 5s, asystole 10s, sinus 1h")
	h.ECG(17 * hz)
	if n := len(peaks(h.ECG(10*hz), 700)); n < 10 || n > 14 {
		t.Errorf("%d beats in ten seconds", n)
	}
}

func TestLooseElectrodesSeeNothing(t *testing.T) {
	h := scripted(t, "leads-off 1s, sinus 1h")
	if ecg := h.ECG(hz); slices.Max(ecg) != vitals.Missing {
		t.Error("something was seen")
	}
	if slices.Contains(h.ECG(10*hz), vitals.Missing) {
		t.Error("samples are missing with the electrodes on")
	}
}

func TestSaturationFallsAndRecovers(t *testing.T) {
	h := scripted(t, "desat 40s, sinus 1h")
	h.ECG(40 * hz)
	if h.SpO2() > 85 {
		t.Errorf("%.0f %%", h.SpO2())
	}
	h.ECG(60 * hz)
	if h.SpO2() < 96 {
		t.Errorf("%.0f %%", h.SpO2())
	}
}

func BenchmarkOneSecond(b *testing.B) {
	h := heart.New(grown, heart.Script{{Rhythm: heart.Sinus, For: time.Hour}}, hz)
	b.ReportAllocs()
	for b.Loop() {
		h.ECG(hz)
	}
}
