package score_test

import (
	"slices"
	"testing"

	"vigil/vitals/ecg/eval/score"
)

// beats are beats of one class at these samples.
func beats(class score.Class, at ...int64) []score.Beat {
	out := make([]score.Beat, len(at))
	for i, t := range at {
		out[i] = score.Beat{At: t, Class: class}
	}
	return out
}

// word makes beats 100 samples apart, a letter each.
func word(letters string) []score.Beat {
	out := make([]score.Beat, len(letters))
	for i, c := range []byte(letters) {
		out[i] = score.Beat{At: int64(100 * i), Class: score.Class(c)}
	}
	return out
}

func TestMatch(t *testing.T) {
	tests := []struct {
		name             string
		reference, found []int64
		want             []score.Pair
	}{
		{"nothing on either side", nil, nil, []score.Pair{}},
		{"a beat a little early, one a little late", []int64{100, 200}, []int64{95, 210}, []score.Pair{{0, 0}, {1, 1}}},
		{"just within the window", []int64{100}, []int64{115}, []score.Pair{{0, 0}}},
		{"just outside the window", []int64{100}, []int64{116}, []score.Pair{{0, -1}, {-1, 0}}},
		{"a beat missed between two", []int64{100, 200, 300}, []int64{100, 300}, []score.Pair{{0, 0}, {1, -1}, {2, 1}}},
		{"a beat invented between two", []int64{100, 300}, []int64{100, 200, 300}, []score.Pair{{0, 0}, {-1, 1}, {1, 2}}},
		{"of two for one the nearer counts", []int64{100}, []int64{90, 104}, []score.Pair{{-1, 0}, {0, 1}}},
		{"of two equally near the first counts", []int64{100}, []int64{95, 105}, []score.Pair{{0, 0}, {-1, 1}}},
		{"of two marks for one the nearer counts", []int64{90, 104}, []int64{100}, []score.Pair{{0, -1}, {1, 0}}},
		{
			// 104 is nearer to 100 than 92 is, but nearer still to 106: each gets its own.
			"a nearer beat that belongs to the next", []int64{100, 106}, []int64{92, 104}, []score.Pair{{0, 0}, {1, 1}},
		},
		{"marks only", []int64{1, 2}, nil, []score.Pair{{0, -1}, {1, -1}}},
		{"findings only", nil, []int64{1, 2}, []score.Pair{{-1, 0}, {-1, 1}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := score.Match(beats(score.Normal, tt.reference...), beats(score.Normal, tt.found...), 15)
			if !slices.Equal(got, tt.want) {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

func TestClassOfCodes(t *testing.T) {
	tests := []struct {
		code      string
		ec57, ml  score.Class
		isNotBeat bool
	}{
		{code: "N", ec57: 'N', ml: 'N'},
		{code: "R", ec57: 'N', ml: 'N'},
		{code: "a", ec57: 'S', ml: 'S'},
		{code: "e", ec57: 'S', ml: 'N'},
		{code: "j", ec57: 'S', ml: 'N'},
		{code: "E", ec57: 'V', ml: 'V'},
		{code: "r", ec57: 'V', ml: 'V'},
		{code: "F", ec57: 'F', ml: 'F'},
		{code: "/", ec57: 'Q', ml: 'Q'},
		{code: "~", isNotBeat: true},
		{code: "|", isNotBeat: true},
		{code: "x", isNotBeat: true},
	}
	for _, tt := range tests {
		ec57, ok := score.EC57.Class(tt.code)
		ml, _ := score.ML.Class(tt.code)
		if ok == tt.isNotBeat || !tt.isNotBeat && (ec57 != tt.ec57 || ml != tt.ml) {
			t.Errorf("%q is %c by EC57, %c by ML, a beat: %v", tt.code, ec57, ml, ok)
		}
	}
}

// Counted by hand: rows are the reference's.
//
//	     N   S   V   F   Q   O (missed)
//	N   90   1   3   0   2   4
//	S    2   5   1   0   0   0
//	V    3   0  20   0   1   1
//	F    1   0   2   0   0   0
//	Q    0   1   1   0   3   0
//	O    2   1   2   0   0
func matrix() *score.Matrix {
	rows := map[score.Class][6]int{
		'N': {90, 1, 3, 0, 2, 4}, 'S': {2, 5, 1, 0, 0, 0}, 'V': {3, 0, 20, 0, 1, 1},
		'F': {1, 0, 2, 0, 0, 0}, 'Q': {0, 1, 1, 0, 3, 0}, 'O': {2, 1, 2, 0, 0, 0},
	}
	var m score.Matrix
	for is, row := range rows {
		for i, said := range []score.Class{'N', 'S', 'V', 'F', 'Q', 'O'} {
			for range row[i] {
				m.Count(is, said)
			}
		}
	}
	return &m
}

func TestMatrix(t *testing.T) {
	m := matrix()
	tests := []struct {
		name      string
		got, want score.Tally
	}{
		{"beats: 136 seen, 5 missed, 5 invented", m.Detection(), score.Tally{TP: 136, FN: 5, FP: 5}},
		{
			// False: 3 of N, 1 of S, 2 of nothing; F and Q called V are forgiven.
			// Rightly not V: 97 of N, 7 of S, 1 of F, 4 of Q.
			"ventricular", m.Ventricular(), score.Tally{TP: 20, FN: 5, FP: 6, TN: 109},
		},
		{
			// False: 1 of N, 1 of nothing; Q called S is forgiven. Rightly not S: 99 N, 25 V, 3 F, 4 Q.
			"supraventricular", m.Supraventricular(), score.Tally{TP: 5, FN: 3, FP: 2, TN: 131},
		},
	}
	for _, tt := range tests {
		if tt.got != tt.want {
			t.Errorf("%s: got %+v, want %+v", tt.name, tt.got, tt.want)
		}
	}
	if m.Beats() != 141 || m.At('N', 'V') != 3 {
		t.Errorf("%d beats, %d N called V; want 141 and 3", m.Beats(), m.At('N', 'V'))
	}
	m.Add(matrix())
	if m.At('V', 'V') != 40 {
		t.Errorf("twice the matrix has %d V called V, want 40", m.At('V', 'V'))
	}
}

func TestRuns(t *testing.T) {
	got := score.Runs(word("NVVNVNVVVVVV"), score.Ventricular)
	want := []score.Run{{100, 200, 2}, {600, 1100, 6}}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestCompareRuns(t *testing.T) {
	// Share{met, all} on either side.
	type shares [4]score.Share
	none := score.Share{}
	tests := []struct {
		name             string
		reference, found string
		marked, said     shares
	}{
		{
			name: "a couplet found as it is", reference: "NVVN", found: "NVVN",
			marked: shares{score.Couplet: {1, 1}}, said: shares{score.Couplet: {1, 1}},
		},
		{
			name: "half of a couplet is none", reference: "NVVN", found: "NVNN",
			marked: shares{score.Couplet: {0, 1}}, said: shares{score.Couplet: none},
		},
		{
			name: "a run broken in two is neither met nor right", reference: "NVVVVVVVN", found: "NVVVNVVVN",
			marked: shares{score.Long: {0, 1}}, said: shares{score.Short: {0, 2}},
		},
		{
			name: "three for five is the same class", reference: "NVVVVVN", found: "NVVVNNN",
			marked: shares{score.Short: {1, 1}}, said: shares{score.Short: {1, 1}},
		},
		{
			name: "an invented couplet", reference: "NNNN", found: "NVVN",
			marked: shares{}, said: shares{score.Couplet: {0, 1}},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := score.CompareRuns(score.Runs(word(tt.reference), 'V'), score.Runs(word(tt.found), 'V'), 15)
			for i, a := range got {
				if a.Reference != tt.marked[i] || a.Found != tt.said[i] {
					t.Errorf("length class %d: got %+v, want %+v and %+v", i, a, tt.marked[i], tt.said[i])
				}
			}
		})
	}
}
