package ecg_test

import (
	"fmt"
	"slices"
	"testing"

	"vigil/vitals/ecg"
)

// pulse adds a pacemaker's pulse to the samples, as a converter shows it: a sample or two, and a recoil.
func pulse(samples []int32, rateHz, at, microvolts float64) {
	i := int(at * rateHz)
	for k, part := range []float64{1, -0.2, -0.1} {
		if i+k >= 0 && i+k < len(samples) {
			samples[i+k] += int32(part * microvolts)
		}
	}
}

func TestPulsesThatNoBeatAnswersAreNoSignOfLife(t *testing.T) {
	for _, rateHz := range []float64{125, 250, 360, 500} {
		for _, microvolts := range []float64{600, 2000, -8000} {
			t.Run(fmt.Sprintf("%.0f µV at %.0f Hz", microvolts, rateHz), func(t *testing.T) {
				h := &heart{wander: 60, noise: 5}
				h.rhythm(0.5, 30, 70, sinusBeat)
				samples := h.sample(rateHz, 45)
				for at := 31.0; at < 44; at += 0.857 {
					pulse(samples, rateHz, at, microvolts)
				}
				all := analyse(t, rateHz, samples)
				if alarms := began(all, ecg.Asystole); len(alarms) != 1 || alarms[0].known > 35.5 {
					t.Errorf("a heart that stands still from 30 s on is reported as %+v", alarms)
				}
				for _, b := range ofKind(all, ecg.BeatFound) {
					if b.at > 30.2 {
						t.Errorf("beat invented at %.2f s", b.at)
					}
				}
			})
		}
	}
}

func TestAStepOfTheLineIsNoBeat(t *testing.T) {
	for _, microvolts := range []int32{3000, -3000, 20000} {
		h := restingHeart(60)
		samples := h.sample(250, 61)
		for i := int(30.4 * 250); i < len(samples); i++ {
			samples[i] += microvolts
		}
		got := slices.DeleteFunc(ofKind(analyse(t, 250, samples), ecg.BeatFound), func(f finding) bool { return f.at > 32 && f.at < 35 })
		want := slices.DeleteFunc(h.times(), func(at float64) bool { return at > 32 && at < 35 })
		sameTimes(t, got, want, 0.03)
	}
}

// An electrode is moved, and every beat is four times as tall from then on: no step is ever taken out of it.
func TestBeatsThatGrowAreNotTakenForSteps(t *testing.T) {
	h := restingHeart(90)
	samples := h.sample(250, 91)
	for i := 30 * 250; i < len(samples); i++ {
		samples[i] *= 4
	}
	late := slices.DeleteFunc(ofKind(analyse(t, 250, samples), ecg.BeatFound), func(f finding) bool { return f.at < 36 })
	sameTimes(t, late, slices.DeleteFunc(h.times(), func(at float64) bool { return at < 36 }), 0.03)
}
