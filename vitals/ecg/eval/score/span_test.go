package score_test

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"vigil/vitals/ecg/eval/score"
)

func TestSpans(t *testing.T) {
	a := []score.Span{{0, 10}, {20, 30}, {40, 50}}
	b := []score.Span{{5, 25}, {28, 29}, {50, 60}}
	tests := []struct {
		name      string
		got, want []score.Span
	}{
		{"joining sorts, joins what touches, drops what is empty", score.Join([]score.Span{{20, 30}, {0, 10}, {10, 15}, {40, 40}, {25, 35}}), []score.Span{{0, 15}, {20, 35}}},
		{"in common", score.Overlap(a, b), []score.Span{{5, 10}, {20, 25}, {28, 29}}},
		{"the one without the other", score.Without(a, b), []score.Span{{0, 5}, {25, 28}, {29, 30}, {40, 50}}},
		{"the long ones", score.AtLeast([]score.Span{{0, 9}, {0, 10}}, 10), []score.Span{{0, 10}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if !slices.Equal(tt.got, tt.want) {
				t.Errorf("got %v, want %v", tt.got, tt.want)
			}
		})
	}
	if !score.Within(a, 29) || score.Within(a, 30) {
		t.Error("a span holds its first sample, and not the one after it")
	}
}

func TestWhatIsInCommonAndWhatIsNotMakeTheWhole(t *testing.T) {
	spans := rapid.Custom(func(t *rapid.T) []score.Span {
		return score.Join(rapid.SliceOfN(rapid.Custom(func(t *rapid.T) score.Span {
			from := rapid.Int64Range(0, 100).Draw(t, "from")
			return score.Span{From: from, To: from + rapid.Int64Range(0, 20).Draw(t, "length")}
		}), 0, 8).Draw(t, "spans"))
	})
	rapid.Check(t, func(t *rapid.T) {
		a, b := spans.Draw(t, "a"), spans.Draw(t, "b")
		both := score.Overlap(a, b)
		if score.Total(both)+score.Total(score.Without(a, b)) != score.Total(a) {
			t.Fatalf("%v and %v: parts do not make the whole", a, b)
		}
		for at := range int64(130) {
			if score.Within(both, at) != (score.Within(a, at) && score.Within(b, at)) {
				t.Fatalf("%v and %v: sample %d", a, b, at)
			}
		}
	})
}

func TestEpisodesAndDuration(t *testing.T) {
	tests := []struct {
		name               string
		reference, found   []score.Span
		least              int64
		episodes, duration score.Agreement
	}{
		{
			name:      "two marked, one met by two findings, one finding beside",
			reference: []score.Span{{0, 100}, {200, 300}}, found: []score.Span{{10, 20}, {90, 110}, {400, 410}},
			episodes: score.Agreement{Reference: score.Share{Part: 1, Whole: 2}, Found: score.Share{Part: 2, Whole: 3}},
			duration: score.Agreement{Reference: score.Share{Part: 20, Whole: 200}, Found: score.Share{Part: 20, Whole: 40}},
		},
		{
			name:      "short ones do not count, but meet others",
			reference: []score.Span{{0, 100}, {200, 210}}, found: []score.Span{{90, 95}, {205, 300}}, least: 50,
			episodes: score.Agreement{Reference: score.Share{Part: 1, Whole: 1}, Found: score.Share{Part: 1, Whole: 1}},
			duration: score.Agreement{Reference: score.Share{Part: 10, Whole: 110}, Found: score.Share{Part: 10, Whole: 100}},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := score.Episodes(tt.reference, tt.found, tt.least); got != tt.episodes {
				t.Errorf("episodes: got %+v, want %+v", got, tt.episodes)
			}
			if got := score.Duration(tt.reference, tt.found); got != tt.duration {
				t.Errorf("duration: got %+v, want %+v", got, tt.duration)
			}
		})
	}
}

// A record of 20 samples, windows of 5 that end at each: 16 of them. Marked is 5 to 12, found 9 to 14.
// Windows wholly in the rhythm end at 10, 11, 12; wholly outside at 5 and at 17 to 20. The rest is left out.
func TestWindows(t *testing.T) {
	c := score.Clock{Samples: 20, Window: 5, Step: 1}
	got := score.Windows([]score.Span{{5, 12}}, nil, []score.Span{{10, 18}}, c)
	if want := (score.Tally{TP: 2, FN: 1, FP: 2, TN: 3}); got != want { // 10 missed; 17 and 18 false
		t.Errorf("got %+v, want %+v", got, want)
	}
	got = score.Windows([]score.Span{{5, 12}}, []score.Span{{19, 20}}, []score.Span{{10, 18}}, c)
	if want := (score.Tally{TP: 2, FN: 1, FP: 2, TN: 2}); got != want {
		t.Errorf("with an unsure end: got %+v, want %+v", got, want)
	}
}

func TestAlarms(t *testing.T) {
	episodes := []score.Span{{100, 200}, {500, 600}, {900, 950}}
	tests := []struct {
		name   string
		alarms []score.Alarm
		late   []float64 // -1: none
		wrong  int
	}{
		{"nothing", nil, []float64{-1, -1, -1}, 0},
		{"raised within", []score.Alarm{{103, 250}}, []float64{3, -1, -1}, 0},
		{"raised shortly before counts as at once", []score.Alarm{{97, 120}}, []float64{0, -1, -1}, 0},
		{"gone 5 before the onset, so not about it", []score.Alarm{{80, 95}}, []float64{-1, -1, -1}, 1},
		{"gone 4 before the onset", []score.Alarm{{80, 96}}, []float64{0, -1, -1}, 0},
		{"raised 10 after the end", []score.Alarm{{210, 220}}, []float64{110, -1, -1}, 0},
		{"raised 11 after the end", []score.Alarm{{211, 220}}, []float64{-1, -1, -1}, 1},
		{"standing through two, and one more for the second", []score.Alarm{{150, 920}, {505, 510}}, []float64{50, 0, 0}, 0},
		{"the earlier of two", []score.Alarm{{508, 600}, {502, 503}}, []float64{-1, 2, -1}, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := score.Latencies(episodes, tt.alarms, 5, 10)
			for i := range got {
				if math.IsNaN(got[i]) {
					got[i] = -1
				}
			}
			if !slices.Equal(got, tt.late) {
				t.Errorf("latencies: got %v, want %v", got, tt.late)
			}
			if wrong := len(score.FalseAlarms(episodes, tt.alarms, 5, 10)); wrong != tt.wrong {
				t.Errorf("false: got %d, want %d", wrong, tt.wrong)
			}
		})
	}
}
