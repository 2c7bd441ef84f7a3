package alerts_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"vigil/vitals"
)

// leadI and leadII are the channels of a patch with three electrodes.
func leadI(code int) measured  { return heartOf(patch, vitals.ECGI, code) }
func leadII(code int) measured { return heartOf(patch, vitals.ECGII, code) }

func TestTheOtherChannelIsJudgedWhereTheFirstShowsNothing(t *testing.T) {
	check(t, []story{
		{
			name: "an electrode of the first channel comes off: the heart rate goes on from the other",
			tell: func(r *room) {
				r.last(20, leadI(72), leadII(72))
				r.last(40, leadI(scriptFlat), leadII(72))
				r.last(30, leadI(scriptFlat), leadII(140))
			},
			want: []string{"76s HR_HIGH raised: HR 140 > 130 /min"},
		},
		{
			name: "fibrillation begins while the first channel is off",
			tell: func(r *room) {
				r.last(20, leadI(72), leadII(72))
				r.last(20, leadI(scriptFlat), leadII(72))
				r.last(6, leadI(scriptFlat), leadII(scriptVF))
			},
			want: []string{"44s VF raised: 4 s of fibrillation, 97 % sure"},
		},
		{
			name: "fibrillation stands when an electrode comes off: the other channel shows it, and it stands",
			tell: func(r *room) {
				r.last(20, leadI(72), leadII(72))
				r.last(10, leadI(scriptVF), leadII(scriptVF))
				r.last(60, leadI(scriptFlat), leadII(scriptVF))
			},
			want: []string{"24s VF raised: 4 s of fibrillation, 97 % sure"},
		},
		{
			name: "fibrillation and the first channel off at once: the other one tells",
			tell: func(r *room) {
				r.last(20, leadI(72), leadII(72))
				r.last(30, leadI(scriptFlat), leadII(scriptVF))
			},
			want: []string{"24s VF raised: 4 s of fibrillation, 97 % sure"},
		},
		{
			name: "a standstill, and then the first channel off: what noise in the other looks like ends nothing",
			tell: func(r *room) {
				r.last(20, leadI(72), leadII(scriptDoubt+72))
				r.last(6, leadI(scriptStop), leadII(scriptDoubt+72))
				r.last(60, leadI(scriptFlat), leadII(scriptDoubt+72))
			},
			want: []string{"24s ASYSTOLE raised: no QRS for 4 s", "32s LEADS_OFF raised: check electrodes: flat line", "57s ASYSTOLE input_lost"},
		},
		{
			name: "both are off",
			tell: func(r *room) {
				r.last(20, leadI(72), leadII(72))
				r.last(10, leadI(scriptFlat), leadII(scriptFlat))
			},
			want: []string{"26s LEADS_OFF raised: check electrodes: flat line"},
		},
		{
			name: "the first channel is no longer sent",
			tell: func(r *room) {
				r.last(20, leadI(72), leadII(72))
				r.last(30, leadII(72))
				r.last(6, leadII(scriptVF))
			},
			want: []string{"54s VF raised: 4 s of fibrillation, 97 % sure"},
		},
	})
}

// beside adds to each channel another that shows the same.
func beside(night []step) []step {
	twice := slices.Clone(night)
	for i := range twice {
		b := &twice[i].delivery.Batch
		waves := slices.Clone(b.Waveforms)
		for _, w := range b.Waveforms {
			if w.Kind.IsECG() {
				w.Kind = vitals.ECGIII
				waves = append(waves, w)
			}
		}
		b.Waveforms = waves
	}
	return twice
}

// Whatever happened in the night: another channel that shows the same changes nothing.
func TestAnotherChannelThatShowsTheSameChangesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		night := anything.draw(t, 160)
		alone, both := playAll(newEngine(start), night), playAll(newEngine(start), beside(night))
		if diff := cmp.Diff(alone, both); diff != "" {
			t.Fatalf("with another channel (-alone +both):\n%s", diff)
		}
	})
}

// Whatever the other channel shows: while the first can be judged, only the first is.
func TestTheOtherChannelIsSilentWhileTheFirstIsFit(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		r, alone := newRoom(t), newRoom(t)
		r.last(20, leadI(72), leadII(72))
		alone.last(20, leadI(72))
		for range rapid.IntRange(1, 40).Draw(rt, "seconds") {
			code := rapid.SampledFrom([]int{72, 140, scriptVF, scriptStop, scriptFlat, scriptNois, scriptVT + 168}).Draw(rt, "other")
			r.last(1, leadI(72), leadII(code))
			alone.last(1, leadI(72))
		}
		if diff := cmp.Diff(alone.told, r.told); diff != "" {
			rt.Fatalf("with the other channel (-alone +both):\n%s", diff)
		}
	})
}
