package codec

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"vigil/vitals"
)

// maxJitter is how far the time of a chunk may be from where its index says it belongs and still
// be the same run of samples. Hubs stamp what they receive, and Bluetooth delivers up to a
// supervision interval late; a restarted device or a stepped clock is further off than that.
const maxJitter = 250 * time.Millisecond

// Wave is an open block of a sampled kind: ten seconds of one channel. It belongs to the ten
// seconds in which its first samples lie. The zero Wave is empty and ready for use. It is not safe
// for concurrent use.
type Wave struct {
	slot     time.Time
	segments []Segment // in the order of time; no two can be joined
	total    int       // samples in all segments
}

// OpenWave continues a stored block.
func OpenWave(b vitals.Block) (*Wave, error) {
	segments, err := UnpackWave(b.Data)
	if err != nil {
		return nil, fmt.Errorf("open %s block of %s at %s: %w", b.Kind, b.Device, b.Start.Format(time.RFC3339), err)
	}
	w := &Wave{slot: b.Start.UTC(), segments: segments}
	for _, s := range segments {
		w.total += len(s.Samples)
	}
	return w, nil
}

// Add takes those samples of the waveform that lie within the block's ten seconds. Samples that are
// there already, by their index and value, are dropped, so a repeat changes nothing; samples that
// continue a segment join it, also where they fill a gap. Samples that contradict what is there
// (a restarted device counts from zero again) make a segment of their own: nothing is overwritten.
// The error is ErrFull.
func (w *Wave) Add(waveform vitals.Waveform) error {
	for _, part := range SplitWave(waveform) {
		slot := part.Start.Truncate(vitals.WaveBlock)
		if w.slot.IsZero() {
			w.slot = slot
		}
		if !slot.Equal(w.slot) {
			continue
		}
		if err := w.add(Segment{part.Start, part.First, part.Rate, part.Scale, part.Samples}); err != nil {
			return err
		}
	}
	return nil
}

func (w *Wave) add(s Segment) error {
	i := slices.IndexFunc(w.segments, s.continues)
	fresh := len(s.Samples)
	if i >= 0 {
		fresh -= w.segments[i].overlap(s)
	} else if len(w.segments) == MaxSegments {
		return fmt.Errorf("add a segment to %d: %w", len(w.segments), ErrFull)
	}
	if w.total+fresh > MaxSamples {
		return fmt.Errorf("add %d samples to %d: %w", fresh, w.total, ErrFull)
	}
	owned := false
	for ; i >= 0; i = slices.IndexFunc(w.segments, s.continues) { // joining one may close the gap to another
		there := w.segments[i]
		w.remove(i)
		if !owned && there.leads(s) < 0 {
			s.Samples = slices.Clone(s.Samples)
		}
		s, owned = join(there, s), true
	}
	if !owned {
		s.Samples = slices.Clone(s.Samples)
	}
	w.insert(s)
	return nil
}

func (w *Wave) remove(i int) {
	w.total -= len(w.segments[i].Samples)
	w.segments = slices.Delete(w.segments, i, i+1)
}

func (w *Wave) insert(s Segment) {
	i, _ := slices.BinarySearchFunc(w.segments, s, Segment.compare)
	w.segments = slices.Insert(w.segments, i, s)
	w.total += len(s.Samples)
}

// compare orders segments by time, and by index where the time is the same.
func (s Segment) compare(other Segment) int {
	return cmp.Or(s.Start.Compare(other.Start), cmp.Compare(s.First, other.First))
}

// leads is how many samples s begins before other, by index. The difference of two counters is
// small or nonsense, so it is right even where a counter wraps.
func (s Segment) leads(other Segment) int64 { return int64(other.First - s.First) }

// overlap is how many samples both have, by index.
func (s Segment) overlap(other Segment) int {
	lead := s.leads(other)
	end := min(int64(len(s.Samples)), lead+int64(len(other.Samples)))
	return int(max(0, end-max(0, lead)))
}

// continues reports whether s and other are pieces of one run: touching or overlapping by index,
// at the time that the index says, and with the same values where both have one.
func (s Segment) continues(other Segment) bool {
	lead := s.leads(other)
	if s.Rate != other.Rate || s.Scale != other.Scale ||
		lead > int64(len(s.Samples)) || lead < -int64(len(other.Samples)) {
		return false
	}
	if off := other.Start.Sub(s.Start) - s.Rate.Span(int(lead)); off.Abs() > maxJitter {
		return false
	}
	n := s.overlap(other)
	mine, theirs := s.Samples[max(0, lead):], other.Samples[max(0, -lead):]
	for i := range n {
		if mine[i] != theirs[i] && mine[i] != vitals.Missing && theirs[i] != vitals.Missing {
			return false
		}
	}
	return true
}

// join makes one segment of two that continue each other. The one that begins first is extended;
// a sample that it lost is filled in from the other.
func join(a, b Segment) Segment {
	if a.leads(b) < 0 {
		a, b = b, a
	}
	lead, n := int(a.leads(b)), a.overlap(b)
	for i, v := range b.Samples[:n] {
		if a.Samples[lead+i] == vitals.Missing {
			a.Samples[lead+i] = v
		}
	}
	a.Samples = append(a.Samples, b.Samples[n:]...)
	return a
}

// Block is the wave as it is stored.
func (w *Wave) Block(patient vitals.PatientID, device vitals.DeviceID, kind vitals.Kind, start time.Time) vitals.Block {
	return vitals.Block{
		Patient: patient, Device: device, Kind: kind, Start: start.UTC(),
		Count: w.total, Data: PackWave(w.segments),
	}
}
