package main

import (
	"math"
	"slices"
	"testing"

	"vigil/vitals/ecg/model"
	"vigil/vitals/wfdb"
)

func TestAWindowIsWhatItsEndHasBeenForTwoSeconds(t *testing.T) {
	marks := []wfdb.Annotation{
		{Sample: 0, Code: "+", Aux: "(N"},
		{Sample: 1000, Code: "+", Aux: "(VT\x00"},
		{Sample: 2000, Code: "+", Aux: "(N"},
		{Sample: 3000, Code: "["},
		{Sample: 4000, Code: "]"},
	}
	s := &strip{}
	rhythms := s.readRhythms(marks, &wfdb.Record{Rate: 100, Samples: 6000})
	for _, row := range []struct {
		story  string
		second int
		class  uint8
		pure   bool
	}{
		{"nothing but the ordinary", 10, model.OtherRhythm, true},
		{"tachycardia for a second is not yet one", 11, unknownRhythm, false},
		{"for two it is", 12, model.WideTachycardia, false},
		{"for five there is nothing else", 15, model.WideTachycardia, true},
		{"behind its end it is neither", 22, unknownRhythm, false},
		{"until all of it has left the window", 25, model.OtherRhythm, true},
		{"fibrillation stands in brackets", 35, model.Flutter, true},
	} {
		if class, pure := classAt(rhythms, row.second); class != row.class || pure != row.pure {
			t.Errorf("%s: at %d s class %d, pure %v", row.story, row.second, class, pure)
		}
	}
	if want := []seconds{{30, 40}}; !slices.Equal(s.episodes, want) {
		t.Errorf("fibrillation %v, want %v", s.episodes, want)
	}
	if len(s.lethal) != 2 {
		t.Errorf("lethal %v, want tachycardia and fibrillation", s.lethal)
	}
}

// scored makes a strip whose windows end at 5, 6, 7, ... s and have these logits.
func scoredStrip(logits ...float64) *strip {
	s := &strip{hours: 1}
	var windows []seen
	for i, v := range logits {
		windows = append(windows, seen{at: int64(5 + i), lethal: int32(v * model.Scale)})
	}
	s.versions = [][]seen{windows}
	return s
}

func TestTwoWindowsOfThreeCallAndThreeAreTheEnd(t *testing.T) {
	for _, row := range []struct {
		story  string
		logits []float64
		want   []seconds
	}{
		{"one alone does not", []float64{-9, 3, -9, -9, 3, -9}, nil},
		{"two with one between them do", []float64{-9, 3, -9, 3, -9, -9, -9, -9}, []seconds{{8, 11}}},
		{"what wavers goes on", []float64{3, 3, -9, -9, 0, -9, -9, 3, -9, -9, -9}, []seconds{{6, 15}}},
		{"what stands at the end stands until then", []float64{3, 3}, []seconds{{6, 3600}}},
	} {
		if got := scoredStrip(row.logits...).alarmed(); !slices.Equal(got, row.want) {
			t.Errorf("%s: %v, want %v", row.story, got, row.want)
		}
	}
}

func TestAnAlarmIsLateByTheSecondsSinceTheOnset(t *testing.T) {
	s := scoredStrip(-9, -9, 3, 3, 3)
	s.episodes = []seconds{{3, 20}, {100, 120}, {7, 9}}
	s.lethal = s.episodes
	var tally alarmTally
	tally.add(s)
	if want := []float64{5}; tally.missed != 0 || tally.wrong != 0 || !slices.Equal(tally.late, append(want, 0)) {
		t.Errorf("%+v", tally) // the alarm stands until the end, so the second finds it standing
	}
	s.lethal = nil
	if tally = (alarmTally{}); tally.wrong != 0 {
		t.Fatal("a tally begins with something")
	}
	if tally.add(s); tally.wrong != 1 {
		t.Errorf("an alarm of nothing lethal is not wrong: %+v", tally)
	}
}

func TestTheAreaSaysHowOftenARightWindowScoresHigher(t *testing.T) {
	q := &windowQuestions[0]
	windows := func(is, others []int32) (out []*seen) {
		for _, v := range is {
			out = append(out, &seen{class: model.Flutter, lethal: v})
		}
		for _, v := range others {
			out = append(out, &seen{lethal: v})
		}
		return out
	}
	for _, row := range []struct {
		story      string
		is, others []int32
		want       float64
	}{
		{"all above all", []int32{5, 6}, []int32{1, 2, 3}, 1},
		{"all below all", []int32{0}, []int32{1, 2}, 0},
		{"equal ones count half", []int32{2}, []int32{2, 2}, 0.5},
		{"three pairs of four", []int32{2, 5}, []int32{1, 3}, 0.75},
	} {
		if area, _, n := q.separation(windows(row.is, row.others)); math.Abs(area-row.want) > 1e-9 || n != len(row.is) {
			t.Errorf("%s: area %v, want %v", row.story, area, row.want)
		}
	}
}
