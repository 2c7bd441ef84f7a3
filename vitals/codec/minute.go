package codec

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"vigil/vitals"
)

// Series is an open block of a streamed kind. The zero Series is empty and ready for use. It is
// not safe for concurrent use.
//
// Points are kept in the order of time whatever order they come in, so the same points always make
// the same block.
type Series struct {
	points []Point
}

// OpenSeries continues a stored block.
func OpenSeries(b vitals.Block) (*Series, error) {
	points, err := UnpackSeries(b.Start, b.Data)
	if err != nil {
		return nil, fmt.Errorf("open %s block of %s at %s: %w", b.Kind, b.Device, b.Start.Format(time.RFC3339), err)
	}
	if !slices.IsSortedFunc(points, Point.compare) {
		slices.SortFunc(points, Point.compare)
	}
	return &Series{points: points}, nil
}

// compare orders points by time. Points of one time are ordered by value so that the order in
// which they arrived leaves no trace.
func (p Point) compare(other Point) int {
	if c := p.Time.Compare(other.Time); c != 0 {
		return c
	}
	return cmp.Or(p.Value.Compare(other.Value), cmp.Compare(p.Value.Exp, other.Value.Exp))
}

// Add puts the point into the series; a point with the time and value of one that is there already
// changes nothing. The error is ErrFull.
func (s *Series) Add(p Point) error {
	p.Time = fromMicros(micros(p.Time)) // as it is stored, so that it equals itself after a restart
	place := len(s.points)
	if place > 0 && s.points[place-1].compare(p) >= 0 { // nearly all points come in order
		var there bool
		if place, there = slices.BinarySearchFunc(s.points, p, Point.compare); there {
			return nil
		}
	}
	if len(s.points) == MaxPoints {
		return fmt.Errorf("add a point to %d: %w", len(s.points), ErrFull)
	}
	s.points = slices.Insert(s.points, place, p)
	return nil
}

// Block is the series as it is stored. Questionable points count like good ones: the trend shows
// what the record holds.
func (s *Series) Block(patient vitals.PatientID, device vitals.DeviceID, kind vitals.Kind, start time.Time) vitals.Block {
	b := vitals.Block{
		Patient: patient, Device: device, Kind: kind, Start: start.UTC(),
		Count: len(s.points), Data: PackSeries(start, s.points),
	}
	if len(s.points) == 0 {
		return b
	}
	b.Last = s.points[len(s.points)-1].Value.Float()
	b.Min, b.Max = b.Last, b.Last
	sum := 0.0
	for _, p := range s.points {
		v := p.Value.Float()
		b.Min, b.Max = min(b.Min, v), max(b.Max, v)
		sum += v
	}
	b.Mean = sum / float64(len(s.points))
	return b
}
