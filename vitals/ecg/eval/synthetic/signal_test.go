package synthetic_test

import (
	"math"
	"testing"

	"vigil/vitals"
	"vigil/vitals/ecg/eval/synthetic"
)

func sine(hz, frequency, seconds float64) synthetic.Signal {
	s := synthetic.Signal{Hz: hz}
	for i := range int(hz * seconds) {
		s.Microvolts = append(s.Microvolts, int16(math.Round(1000*math.Sin(2*math.Pi*frequency*float64(i)/hz))))
	}
	return s
}

// As the filter before a converter does: what the new rate can carry stays, what it cannot goes.
func TestAnotherRateCarriesWhatItCan(t *testing.T) {
	for _, row := range []struct {
		story             string
		from, to, of, out float64 // Hz, Hz, Hz of the sine, µV that are left
	}{
		{"a slow wave stays", 360, 128, 10, 1000},
		{"a slow wave stays at a higher rate", 250, 500, 10, 1000},
		{"mains beyond half of the rate go", 360, 100, 60, 0},
	} {
		s := sine(row.from, row.of, 4)
		got := s.At(row.to)
		if len(got.Microvolts) != int(4*row.to) {
			t.Errorf("%s: %d samples", row.story, len(got.Microvolts))
		}
		most := int16(0)
		for _, v := range got.Microvolts[len(got.Microvolts)/4 : len(got.Microvolts)*3/4] {
			most = max(most, v)
		}
		if math.Abs(float64(most)-row.out) > 60 {
			t.Errorf("%s: its height is %d µV, want %.0f", row.story, most, row.out)
		}
	}
}

func TestLostSamplesStayLostAtAnotherRate(t *testing.T) {
	s := sine(250, 5, 4)
	for i := 400; i < 600; i++ {
		s.Microvolts[i] = vitals.Missing
	}
	got := s.At(125)
	for i, v := range got.Microvolts {
		if lost := i > 210 && i < 290; lost && v != vitals.Missing {
			t.Fatalf("sample %d is %d, where all around is lost", i, v)
		} else if (i < 190 || i > 310) && v == vitals.Missing {
			t.Fatalf("sample %d is lost, where nothing was", i)
		}
	}
}

func TestAMadeUpHeartBeatsAtItsRate(t *testing.T) {
	s := synthetic.Heart(250, synthetic.Step{Seconds: 30, BPM: 60}, synthetic.Step{Seconds: 30, BPM: 120})
	if n := len(s.Beats); n < 86 || n > 93 {
		t.Errorf("%d beats in half a minute at 60 and another at 120", n)
	}
	for _, b := range s.Beats[1 : len(s.Beats)-1] {
		for i := b - 10; i <= b+10; i++ {
			if s.Microvolts[i] > s.Microvolts[b]+40 {
				t.Fatalf("the beat at %d is not the top: %d µV at %d", b, s.Microvolts[i], i)
			}
		}
	}
}
