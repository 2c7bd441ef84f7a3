package codec_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"vigil/vitals"
	"vigil/vitals/codec"
)

const (
	patient = vitals.PatientID("01JQ0000000000000000000000")
	chest   = vitals.DeviceID("a09e1a000001")
)

// reopen stores the series and continues from the row, as after a crash.
func reopen(t interface{ Fatal(...any) }, s *codec.Series, kind vitals.Kind) *codec.Series {
	again, err := codec.OpenSeries(s.Block(patient, chest, kind, midnight))
	if err != nil {
		t.Fatal(err)
	}
	return again
}

func add(t interface{ Fatal(...any) }, s *codec.Series, points ...codec.Point) {
	for _, p := range points {
		if err := s.Add(p); err != nil {
			t.Fatal(err)
		}
	}
}

func TestSeriesBlockSumsUpTheMinute(t *testing.T) {
	at := func(s int) time.Time { return midnight.Add(time.Duration(s) * time.Second) }
	tests := map[string]struct {
		points               []codec.Point
		count                int
		min, max, mean, last float64
	}{
		"nothing came": {},
		"one value":    {[]codec.Point{{Time: at(1), Value: vitals.Int(72)}}, 1, 72, 72, 72, 72},
		"three in order": {
			[]codec.Point{{Time: at(1), Value: vitals.Int(70)}, {Time: at(2), Value: vitals.Int(80)}, {Time: at(3), Value: vitals.Int(72)}},
			3, 70, 80, 74, 72,
		},
		"the newest came first": {
			[]codec.Point{{Time: at(9), Value: vitals.Int(50)}, {Time: at(1), Value: vitals.Int(40)}},
			2, 40, 50, 45, 50,
		},
		"a repeat counts once, even with its nanoseconds": {
			[]codec.Point{{Time: at(1), Value: vitals.NewDecimal(366, -1)}, {Time: at(1).Add(999), Value: vitals.NewDecimal(366, -1)}},
			1, 36.6, 36.6, 36.6, 36.6,
		},
		"two values of one time are both kept": {
			[]codec.Point{{Time: at(1), Value: vitals.Int(90)}, {Time: at(1), Value: vitals.Int(60)}},
			2, 60, 90, 75, 90,
		},
		"a questionable value counts": {
			[]codec.Point{{Time: at(1), Value: vitals.Int(97)}, {Time: at(2), Value: vitals.Int(45), Quality: vitals.Questionable}},
			2, 45, 97, 71, 45,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var s codec.Series
			add(t, &s, test.points...)
			got := s.Block(patient, chest, vitals.HeartRate, midnight)
			want := vitals.Block{
				Patient: patient, Device: chest, Kind: vitals.HeartRate, Start: midnight, Data: got.Data,
				Count: test.count, Min: test.min, Max: test.max, Mean: test.mean, Last: test.last,
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestSeriesIsTheSameHoweverItsPointsCome(t *testing.T) {
	point := rapid.Custom(func(t *rapid.T) codec.Point { // few times and values, so that they meet
		return codec.Point{
			Time:  midnight.Add(time.Duration(rapid.IntRange(0, 9).Draw(t, "second")) * time.Second),
			Value: vitals.NewDecimal(rapid.Int64Range(0, 100).Draw(t, "mantissa"), rapid.Int8Range(-1, 1).Draw(t, "exponent")),
		}
	})
	rapid.Check(t, func(t *rapid.T) {
		points := rapid.SliceOf(point).Draw(t, "points")
		var straight codec.Series
		add(t, &straight, points...)
		want := straight.Block(patient, chest, vitals.HeartRate, midnight)

		shuffled := &codec.Series{}
		for _, p := range rapid.Permutation(slices.Concat(points, points)).Draw(t, "order") {
			add(t, shuffled, p)
			if rapid.IntRange(0, 9).Draw(t, "crash") == 0 {
				shuffled = reopen(t, shuffled, vitals.HeartRate)
			}
		}
		if diff := cmp.Diff(want, shuffled.Block(patient, chest, vitals.HeartRate, midnight)); diff != "" {
			t.Fatal(diff)
		}
		stored, err := codec.UnpackSeries(midnight, want.Data)
		if err != nil || !slices.IsSortedFunc(stored, func(a, b codec.Point) int { return a.Time.Compare(b.Time) }) {
			t.Fatalf("stored out of order, %v", err)
		}
		for _, p := range points {
			if !slices.Contains(stored, p) {
				t.Fatalf("%v is lost", p)
			}
		}
	})
}

func TestSeriesRefusesMoreThanItHolds(t *testing.T) {
	var s codec.Series
	for i := range codec.MaxPoints {
		add(t, &s, codec.Point{Time: midnight.Add(time.Duration(i) * time.Microsecond)})
	}
	if err := s.Add(codec.Point{Time: midnight}); err != nil {
		t.Errorf("a repeat: %v", err)
	}
	if err := s.Add(codec.Point{Time: midnight.Add(time.Second)}); !errors.Is(err, codec.ErrFull) {
		t.Errorf("one more: %v", err)
	}
	if b := s.Block(patient, chest, vitals.HeartRate, midnight); b.Count != codec.MaxPoints {
		t.Errorf("%d points", b.Count)
	}
}

func TestOpenRefusesARottenBlock(t *testing.T) {
	b := vitals.Block{Kind: vitals.HeartRate, Device: chest, Start: midnight, Data: []byte("Srotten")}
	if _, err := codec.OpenSeries(b); !errors.Is(err, codec.ErrCorrupt) {
		t.Error(err)
	}
	if _, err := codec.OpenWave(b); !errors.Is(err, codec.ErrCorrupt) {
		t.Error(err)
	}
}
