package alerts

import (
	"math"
	"time"

	"vigil/vitals"
)

// bridgeGap is the longest gap that is fed as missing samples. Behind a longer one the detector
// starts anew: what it knew of the signal's levels is stale.
const bridgeGap = 5 * time.Second

// track is how far a device's channel has been consumed.
type track struct {
	kind  vitals.Kind
	rate  vitals.Rate
	next  uint64    // index of the sample that follows
	until time.Time // its time
	heard time.Time // server time
}

// trackOf is a track on which nothing has been consumed, and the chunk is next.
func trackOf(w *vitals.Waveform) track {
	return track{kind: w.Kind, rate: w.Rate, next: w.First, until: w.Start}
}

// gap is how many samples are missing before the chunk; negative, how many of it are known. The
// index of the samples decides where it can, because the clock that timed them may jitter.
func (t *track) gap(w *vitals.Waveform) int {
	apart := w.Start.Sub(t.until)
	if w.First == t.next && apart.Abs() < time.Second {
		return 0
	}
	return int(math.Round(apart.Seconds() * w.Rate.Hz()))
}

// missing is a chunk of n lost samples behind what was consumed.
func (t *track) missing(n int) *vitals.Waveform {
	samples := make([]int16, n)
	for i := range samples {
		samples[i] = vitals.Missing
	}
	return &vitals.Waveform{Kind: t.kind, Start: t.until, Rate: t.rate, Scale: vitals.Int(1), Samples: samples}
}

// broken reports whether the chunk does not continue what was consumed.
func (t *track) broken(w *vitals.Waveform, gap int) bool {
	return w.Rate != t.rate || w.Rate.Span(gap) > bridgeGap
}

// advance notes that the chunk was consumed.
func (t *track) advance(w *vitals.Waveform) {
	t.next = w.First + uint64(len(w.Samples))
	t.until = w.End()
}

// sane reports whether times can be computed with the rate.
func sane(r vitals.Rate) bool {
	const most = 1 << 16 // fractions of a real rate stay far below
	return r.Num > 0 && r.Den > 0 && r.Num <= most && r.Den <= most
}
