package gatt_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"pgregory.net/rapid"

	"vigil/devices/gatt"
	"vigil/vitals"
)

// strap is an H10 on a chest: frames of 73 samples at its own rate, its clock in 2019.
type strap struct {
	clock uint64 // ns
	now   time.Time
	hz    float64
}

func newStrap() *strap { return &strap{clock: 599_622_173_000_000_000, now: noon, hz: 130.045} }

// frame is the next one, and when its last sample was taken.
func (s *strap) frame() (gatt.PMDFrame, time.Time) {
	took := time.Duration(gatt.PMDSamples / s.hz * 1e9)
	s.clock += uint64(took)
	s.now = s.now.Add(took)
	return gatt.PMDFrame{Clock: s.clock, Microvolts: make([]int32, gatt.PMDSamples)}, s.now
}

const sample = 7_690_000 * time.Nanosecond

func lastOf(w vitals.Waveform) time.Time { return w.Start.Add(w.Rate.Span(len(w.Samples) - 1)) }

func TestFramesFollowEachOtherThoughTheRadioWavers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		radio := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "radio"), 0))
		s, clock := newStrap(), gatt.PMDClock{}
		s.hz = rapid.Float64Range(130.02, 130.07).Draw(t, "rate")
		var before vitals.Waveform
		for i := range 400 {
			frame, taken := s.frame()
			w := clock.Place(frame, taken.Add(time.Duration(radio.ExpFloat64()*float64(40*time.Millisecond))))
			if i > 0 {
				if w.First != before.First+uint64(len(before.Samples)) {
					t.Fatalf("frame %d begins at sample %d", i, w.First)
				}
				if gap := w.Start.Sub(before.End()); gap.Abs() > sample/4+time.Microsecond {
					t.Fatalf("frame %d begins %v after the end of the one before", i, gap)
				}
			}
			if late := lastOf(w).Sub(taken); i > 200 && late.Abs() > 10*time.Millisecond {
				t.Fatalf("frame %d is placed %v late", i, late)
			}
			before = w
		}
	})
}

func TestLostFramesLeaveAGapOfTheirLength(t *testing.T) {
	s, clock := newStrap(), gatt.PMDClock{}
	var before vitals.Waveform
	for range 20 {
		frame, taken := s.frame()
		before = clock.Place(frame, taken)
	}
	s.frame()
	s.frame()
	frame, taken := s.frame()
	w := clock.Place(frame, taken)
	if lost := w.First - before.First - gatt.PMDSamples; lost != 2*gatt.PMDSamples {
		t.Errorf("%d samples lost, not two frames", lost)
	}
	if off := lastOf(w).Sub(taken); off.Abs() > sample {
		t.Errorf("placed %v off", off)
	}
}

func TestStrapThatForgotItsClockBeginsANewTimeLine(t *testing.T) {
	s, clock := newStrap(), gatt.PMDClock{}
	var before vitals.Waveform
	for range 20 {
		frame, taken := s.frame()
		before = clock.Place(frame, taken)
	}
	s.clock = 599_616_000_000_000_000 // 2019-01-01, off the skin for ten minutes
	s.now = s.now.Add(10 * time.Minute)
	frame, taken := s.frame()
	w := clock.Place(frame, taken)
	if off := lastOf(w).Sub(taken); off.Abs() > sample {
		t.Errorf("placed %v off", off)
	}
	gap := float64(w.First-before.First) / gatt.PMDRate.Hz()
	if want := w.Start.Sub(before.Start).Seconds(); gap < want-0.1 || gap > want+0.1 {
		t.Errorf("samples are counted on by %v s, the gap is %v s", gap, want)
	}
}

func TestHubClockThatWasSetBackIsFollowed(t *testing.T) {
	s, clock := newStrap(), gatt.PMDClock{}
	for range 20 {
		frame, taken := s.frame()
		clock.Place(frame, taken)
	}
	s.now = s.now.Add(-time.Hour)
	frame, taken := s.frame()
	if off := lastOf(clock.Place(frame, taken)).Sub(taken); off.Abs() > sample {
		t.Errorf("placed %v off", off)
	}
}

// Frames go on as if nothing had happened, while one of the two clocks is set between two of them.
func TestFramesStayWhereTheyBelongWhenAClockIsSet(t *testing.T) {
	const minute = 107 // frames
	for name, c := range map[string]struct {
		strap, hub time.Duration
		after      int // frames, until they are back in their places
	}{
		"strap set forward by a second and a half": {strap: 1500 * time.Millisecond},
		"strap set forward by ten seconds":         {strap: 10 * time.Second},
		"strap set forward from 2019 to today":     {strap: 7 * 365 * 24 * time.Hour},
		"strap set back by half a second":          {strap: -500 * time.Millisecond},
		"strap set back to 2019":                   {strap: -7 * 365 * 24 * time.Hour},
		"hub set forward by an hour":               {hub: time.Hour},
		"hub set forward by ten seconds":           {hub: 10 * time.Second, after: minute},
		"hub set back by two seconds":              {hub: -2 * time.Second},
		"hub set back by an hour":                  {hub: -time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			radio := rand.New(rand.NewPCG(7, 0))
			s, clock := newStrap(), gatt.PMDClock{}
			place := func() (vitals.Waveform, time.Duration) {
				frame, taken := s.frame()
				w := clock.Place(frame, taken.Add(time.Duration(radio.ExpFloat64()*float64(20*time.Millisecond))))
				return w, lastOf(w).Sub(taken)
			}
			var before vitals.Waveform
			for range 200 {
				before, _ = place()
			}
			s.clock += uint64(c.strap)
			s.now = s.now.Add(c.hub)
			for i := range 200 {
				w, off := place()
				if i > c.after && off.Abs() > 150*time.Millisecond {
					t.Fatalf("frame %d behind the jump is placed %v off", i, off)
				}
				// A strap's clock that jumps is no gap in what the strap measured.
				lost := int64(w.First) - int64(before.First) - gatt.PMDSamples
				if c.hub == 0 && (lost < 0 || lost > 20) {
					t.Fatalf("frame %d behind the jump begins %d samples behind the one before", i, lost)
				}
				before = w
			}
		})
	}
}

func TestFramesThatWereHeldUpTogetherStayInTheirPlaces(t *testing.T) {
	s, clock := newStrap(), gatt.PMDClock{}
	var before vitals.Waveform
	for range 50 {
		frame, taken := s.frame()
		before = clock.Place(frame, taken)
	}
	var held []gatt.PMDFrame
	var taken []time.Time
	for range 20 { // eleven seconds out of reach
		frame, at := s.frame()
		held, taken = append(held, frame), append(taken, at)
	}
	for i, frame := range held {
		w := clock.Place(frame, s.now)
		if off := lastOf(w).Sub(taken[i]); off.Abs() > sample || w.First != before.First+gatt.PMDSamples {
			t.Fatalf("frame %d is placed %v off, at sample %d behind %d", i, off, w.First, before.First)
		}
		before = w
	}
}
