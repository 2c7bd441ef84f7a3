package codec_test

import (
	"errors"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"vigil/vitals"
	"vigil/vitals/codec"
)

// stored is what the block of the wave holds.
func stored(t interface{ Fatal(...any) }, w *codec.Wave) []codec.Segment {
	b := w.Block(patient, chest, vitals.ECG, midnight)
	segments, err := codec.UnpackWave(b.Data)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, s := range segments {
		n += len(s.Samples)
	}
	if n != b.Count {
		t.Fatal("the block counts", b.Count, "samples and holds", n)
	}
	return segments
}

// chunk is a piece of channel, by default at 250 Hz in steps of 1 µV.
func chunk(at time.Duration, first uint64, samples ...int16) vitals.Waveform {
	return vitals.Waveform{Kind: vitals.ECG, Start: midnight.Add(at), Rate: hz250, Scale: vitals.Int(1), First: first, Samples: samples}
}

func segment(at time.Duration, first uint64, samples ...int16) codec.Segment {
	return codec.Segment{Start: midnight.Add(at), Rate: hz250, Scale: vitals.Int(1), First: first, Samples: samples}
}

func TestWaveKeepsEverySampleOnce(t *testing.T) {
	const lost = vitals.Missing
	finer := chunk(4*time.Millisecond, 1, 9)
	finer.Scale = vitals.NewDecimal(1, -1)
	faster := chunk(4*time.Millisecond, 1, 9)
	faster.Rate = vitals.Rate{Num: 500, Den: 1}
	finerSegment, fasterSegment := segment(4*time.Millisecond, 1, 9), segment(4*time.Millisecond, 1, 9)
	finerSegment.Scale, fasterSegment.Rate = finer.Scale, faster.Rate

	tests := map[string]struct {
		chunks []vitals.Waveform
		want   []codec.Segment
	}{
		"nothing came": {},
		"two chunks join": {
			[]vitals.Waveform{chunk(0, 10, 1, 2), chunk(8*time.Millisecond, 12, 3)},
			[]codec.Segment{segment(0, 10, 1, 2, 3)},
		},
		"a chunk that the radio delayed joins at the time its index says": {
			[]vitals.Waveform{chunk(0, 10, 1, 2), chunk(200*time.Millisecond, 12, 3)},
			[]codec.Segment{segment(0, 10, 1, 2, 3)},
		},
		"the newest chunk came first": {
			[]vitals.Waveform{chunk(8*time.Millisecond, 12, 3), chunk(0, 10, 1, 2)},
			[]codec.Segment{segment(0, 10, 1, 2, 3)},
		},
		"a repeat changes nothing": {
			[]vitals.Waveform{chunk(0, 10, 1, 2), chunk(8*time.Millisecond, 12, 3), chunk(0, 10, 1, 2), chunk(8*time.Millisecond, 12, 3)},
			[]codec.Segment{segment(0, 10, 1, 2, 3)},
		},
		"an overlap is taken once": {
			[]vitals.Waveform{chunk(0, 10, 1, 2, 3), chunk(4*time.Millisecond, 11, 2, 3, 4)},
			[]codec.Segment{segment(0, 10, 1, 2, 3, 4)},
		},
		"a chunk around what is there": {
			[]vitals.Waveform{chunk(4*time.Millisecond, 11, 2), chunk(0, 10, 1, 2, 3)},
			[]codec.Segment{segment(0, 10, 1, 2, 3)},
		},
		"a gap stays a gap": {
			[]vitals.Waveform{chunk(0, 10, 1), chunk(8*time.Millisecond, 12, 3)},
			[]codec.Segment{segment(0, 10, 1), segment(8*time.Millisecond, 12, 3)},
		},
		"a late chunk closes the gap": {
			[]vitals.Waveform{chunk(0, 10, 1), chunk(8*time.Millisecond, 12, 3), chunk(4*time.Millisecond, 11, 2)},
			[]codec.Segment{segment(0, 10, 1, 2, 3)},
		},
		"a lost sample is filled in when it arrives after all": {
			[]vitals.Waveform{chunk(0, 10, 1, lost, 3), chunk(4*time.Millisecond, 11, 2)},
			[]codec.Segment{segment(0, 10, 1, 2, 3)},
		},
		"a lost sample does not undo one that arrived": {
			[]vitals.Waveform{chunk(0, 10, 1, 2, 3), chunk(4*time.Millisecond, 11, lost)},
			[]codec.Segment{segment(0, 10, 1, 2, 3)},
		},
		"the device restarted and counts from zero": {
			[]vitals.Waveform{chunk(0, 0, 1, 2), chunk(3*time.Second, 0, 5, 6)},
			[]codec.Segment{segment(0, 0, 1, 2), segment(3*time.Second, 0, 5, 6)},
		},
		"the device does not count at all": {
			[]vitals.Waveform{chunk(0, 0, 1, 2), chunk(8*time.Millisecond, 0, 3, 4), chunk(0, 0, 1, 2)},
			[]codec.Segment{segment(0, 0, 1, 2), segment(8*time.Millisecond, 0, 3, 4)},
		},
		"the hub's clock was set back": {
			[]vitals.Waveform{chunk(5*time.Second, 10, 1, 2), chunk(time.Second, 12, 3, 4)},
			[]codec.Segment{segment(time.Second, 12, 3, 4), segment(5*time.Second, 10, 1, 2)},
		},
		"another scale is another segment": {
			[]vitals.Waveform{chunk(0, 0, 1), finer}, []codec.Segment{segment(0, 0, 1), finerSegment},
		},
		"another rate is another segment": {
			[]vitals.Waveform{chunk(0, 0, 1), faster}, []codec.Segment{segment(0, 0, 1), fasterSegment},
		},
		"the device's counter overflows": {
			[]vitals.Waveform{chunk(4*time.Millisecond, 0, 3), chunk(0, math.MaxUint64, 2)},
			[]codec.Segment{segment(0, math.MaxUint64, 2, 3)},
		},
		"what lies beyond the ten seconds is not taken": {
			[]vitals.Waveform{chunk(9992*time.Millisecond, 0, 1, 2, 3, 4), chunk(10*time.Second, 2, 3, 4)},
			[]codec.Segment{segment(9992*time.Millisecond, 0, 1, 2)},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var w codec.Wave
			reopened := &codec.Wave{}
			for _, c := range test.chunks {
				before := slices.Clone(c.Samples)
				err := errors.Join(w.Add(c), reopened.Add(c))
				if err != nil {
					t.Fatal(err)
				}
				if !slices.Equal(before, c.Samples) {
					t.Fatal("the chunk itself was changed")
				}
				if reopened, err = codec.OpenWave(reopened.Block(patient, chest, vitals.ECG, midnight)); err != nil {
					t.Fatal(err)
				}
			}
			if diff := cmp.Diff(test.want, stored(t, &w), cmp.Comparer(sameEmpty)); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(stored(t, &w), stored(t, reopened)); diff != "" {
				t.Errorf("with a crash after each chunk: %s", diff)
			}
		})
	}
}

func sameEmpty(a, b []codec.Segment) bool {
	return slices.EqualFunc(a, b, func(a, b codec.Segment) bool { return cmp.Equal(a, b) })
}

// TestWaveIsTheUnionOfItsChunks cuts one signal into chunks, stamps each a little wrong, loses
// some, and delivers the rest in any order, some twice, with crashes between.
func TestWaveIsTheUnionOfItsChunks(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		first := rapid.Uint64().Draw(t, "first")
		signal := ramp(midnight.Add(time.Second), hz130, first, 900)
		var chunks []vitals.Waveform
		arrived := make([]bool, len(signal.Samples))
		for from := 0; from < len(signal.Samples); {
			to := min(from+rapid.IntRange(1, 120).Draw(t, "length"), len(signal.Samples))
			c := signal
			c.First += uint64(from)
			jitter := time.Duration(rapid.IntRange(0, 100).Draw(t, "jitter")) * time.Millisecond
			c.Start = signal.Start.Add(signal.Rate.Span(from) + jitter).Truncate(time.Microsecond)
			c.Samples = signal.Samples[from:to]
			for range rapid.IntRange(0, 2).Draw(t, "copies") {
				chunks = append(chunks, c)
				for i := from; i < to; i++ {
					arrived[i] = true
				}
			}
			from = to
		}
		w := &codec.Wave{}
		for _, c := range rapid.Permutation(chunks).Draw(t, "order") {
			if err := w.Add(c); err != nil {
				t.Fatal(err)
			}
			if rapid.IntRange(0, 9).Draw(t, "crash") == 0 {
				var err error
				if w, err = codec.OpenWave(w.Block(patient, chest, vitals.ECG, midnight)); err != nil {
					t.Fatal(err)
				}
			}
		}
		there := make([]bool, len(arrived))
		segments := stored(t, w)
		slices.SortFunc(segments, func(a, b codec.Segment) int { return int(a.First-first) - int(b.First-first) })
		for i, s := range segments {
			from := int(s.First - first)
			if i > 0 && from <= int(segments[i-1].First-first)+len(segments[i-1].Samples) {
				t.Fatalf("segments %d and %d overlap or touch", i-1, i)
			}
			for j, v := range s.Samples {
				if v != signal.Samples[from+j] {
					t.Fatalf("sample %d is %d", from+j, v)
				}
				there[from+j] = true
			}
		}
		if !slices.Equal(arrived, there) {
			t.Fatal("what is there is not what arrived")
		}
	})
}

func TestLongRecordingFillsBlockAfterBlock(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		signal := ramp(midnight.Add(time.Duration(rapid.IntRange(0, 9_999_999).Draw(t, "µs"))*time.Microsecond), hz130, 0, 130*35)
		blocks := map[time.Time]*codec.Wave{}
		for from := 0; from < len(signal.Samples); from += 73 {
			c := signal
			c.First, c.Start = uint64(from), signal.Start.Add(signal.Rate.Span(from)).Truncate(time.Microsecond)
			c.Samples = signal.Samples[from:min(from+73, len(signal.Samples))]
			for _, part := range codec.SplitWave(c) {
				slot := part.Start.Truncate(vitals.WaveBlock)
				if blocks[slot] == nil {
					blocks[slot] = &codec.Wave{}
				}
				if err := blocks[slot].Add(part); err != nil {
					t.Fatal(err)
				}
			}
		}
		next := uint64(0)
		for slot := midnight; blocks[slot] != nil; slot = slot.Add(vitals.WaveBlock) {
			segments := stored(t, blocks[slot])
			if len(segments) != 1 || segments[0].First != next {
				t.Fatalf("block at %s: %d segments, first sample %d instead of %d", slot, len(segments), segments[0].First, next)
			}
			next += uint64(len(segments[0].Samples))
		}
		if next != uint64(len(signal.Samples)) {
			t.Fatalf("%d of %d samples", next, len(signal.Samples))
		}
	})
}

func TestWaveRefusesMoreThanItHolds(t *testing.T) {
	dense := vitals.Waveform{Start: midnight, Rate: vitals.Rate{Num: 1_000_000, Den: 1}, Samples: make([]int16, codec.MaxSamples)}
	var w codec.Wave
	if err := w.Add(dense); err != nil {
		t.Fatal(err)
	}
	if err := w.Add(dense); err != nil {
		t.Errorf("a repeat: %v", err)
	}
	if err := w.Add(chunk(5*time.Second, 0, 1)); !errors.Is(err, codec.ErrFull) {
		t.Errorf("one sample more: %v", err)
	}

	w = codec.Wave{}
	for i := range codec.MaxSegments {
		if err := w.Add(chunk(time.Duration(i)*8*time.Millisecond, uint64(2*i), 1)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Add(chunk(9*time.Second, 1<<40, 1)); !errors.Is(err, codec.ErrFull) {
		t.Errorf("one segment more: %v", err)
	}
	if err := w.Add(chunk(4*time.Millisecond, 1, 1)); err != nil {
		t.Errorf("a sample between two segments: %v", err)
	}
	if got := len(stored(t, &w)); got != codec.MaxSegments-1 {
		t.Errorf("%d segments", got)
	}
}
