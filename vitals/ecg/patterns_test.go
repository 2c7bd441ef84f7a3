package ecg_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"vigil/vitals/ecg"
)

// spell adds beats after half a minute of rest: N a normal one, V a ventricular one that comes early and is
// followed by a pause. It gives when each of them is.
func (h *heart) spell(names string) []float64 {
	var times []float64
	t := 30.0
	for i, name := range names {
		waves, next := sinusBeat, 0.8
		if name == 'V' {
			waves, next = ventricularBeat, 1.1
		}
		if i+1 < len(names) && names[i+1] == 'V' {
			next = 0.5
		}
		h.beats = append(h.beats, placed{t, waves})
		times = append(times, t)
		t += next
	}
	return times
}

func TestPatternsOfVentricularBeatsAreTold(t *testing.T) {
	for _, row := range []struct {
		story, names string
		want         []string // pattern, and the numbers of the beats from and to which it lasts
	}{
		{"single ones make no pattern", "NNVNNNNVNNNNNNVNNNN", nil},
		{"two in a row", "NNNVVNNNN", []string{"COUPLET 3-4"}},
		{"three in a row are a run, and no couplet", "NNNVVVNNNN", []string{"RUN 3-5"}},
		{"five in a row", "NNNVVVVVNNNN", []string{"RUN 3-7"}},
		{"every second beat, twice only", "NNNVNVNNNN", nil},
		{"every second beat, four times", "NNNVNVNVNVNNNN", []string{"BIGEMINY 2-10"}},
		{"every third beat, four times", "NNVNNVNNVNNVNNNN", []string{"TRIGEMINY 0-13"}},
		{"a couplet ends bigeminy", "NNNVNVNVVNNNN", []string{"BIGEMINY 2-7", "COUPLET 7-8"}},
	} {
		t.Run(row.story, func(t *testing.T) {
			h := &heart{wander: 100, noise: 8}
			h.rhythm(0.5, 29.5, 75, sinusBeat)
			times := h.spell(row.names)
			nearest := func(at float64) int {
				best := 0
				for i, v := range times {
					if math.Abs(v-at) < math.Abs(times[best]-at) {
						best = i
					}
				}
				return best
			}
			all := analyse(t, 250, h.sample(250, times[len(times)-1]+3))
			var got []string
			for _, b := range ofKind(all, ecg.RhythmBegan) {
				if !b.Rhythm.Pattern() {
					continue
				}
				end := slices.IndexFunc(all, func(f finding) bool {
					return f.Kind == ecg.RhythmEnded && f.Rhythm == b.Rhythm && f.Known >= b.Known
				})
				if end < 0 {
					t.Fatalf("%v never ends", b.Rhythm)
				}
				if b.From > b.To || b.To > b.Known {
					t.Errorf("%v rests on %d to %d, known at %d", b.Rhythm, b.From, b.To, b.Known)
				}
				got = append(got, fmt.Sprintf("%v %d-%d", b.Rhythm, nearest(b.at), nearest(all[end].at)))
			}
			if !slices.Equal(got, row.want) {
				var names strings.Builder
				for _, b := range ofKind(all, ecg.BeatFound) {
					if b.at > 29.5 {
						names.WriteString(b.Beat.String())
					}
				}
				t.Errorf("told %q, want %q; beats named %s of %s", got, row.want, names.String(), row.names)
			}
		})
	}
}

// A pattern does not reach over a stretch in which nothing could be seen.
func TestALossEndsAPattern(t *testing.T) {
	h := &heart{wander: 100, noise: 8}
	h.rhythm(0.5, 29.5, 75, sinusBeat)
	times := h.spell("NNNVNVNVNVN")
	gone := times[len(times)-1] + 0.3
	h.rhythm(gone+6.5, gone+20, 75, sinusBeat)
	d := newDetector(t, 250)
	all := feed(d, 250, h.sample(250, gone+20), func(at float64) bool { return at > gone && at < gone+6 })
	begins, ends := began(all, ecg.Bigeminy), ended(all, ecg.Bigeminy)
	if len(begins) != 1 || len(ends) != 1 || ends[0].known > gone+12 || d.Standing(ecg.Bigeminy) {
		t.Errorf("bigeminy began %v, ended %v, the signal was away for 6 s from %.1f s on", begins, ends, gone)
	}
}
