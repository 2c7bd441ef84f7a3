package alerts

import "vigil/vitals"

// Pace tells whether a device sends continuously, so that its silence is news.
//
// What comes through a hub is a stream when it has a waveform, or two values of the kinds that are streamed within the
// time in which a stream is missed. An oximeter that is put on for a check gives one value of each of them, and nothing
// more is expected of it. What comes without a hub may be a recording or a day's values all at once: it streams when
// deliveries have followed each other for a while, each with values that are newer by no more than that time.
type Pace struct {
	newest instant // of the streamed values
	steady bool
	row    uint8   // how many deliveries without a hub have followed each other
	since  instant // receipt of the first of them
}

// rowLeast is how many deliveries without a hub make a stream, in no less than staleAfter.
const rowLeast = 6

// Take takes in what the device sent, and reports whether it streams.
func (p *Pace) Take(d vitals.Delivery) bool {
	newest := newestValue(d.Batch, streamed)
	switch {
	case newest.IsZero():
	case d.Stream.Hub == "":
		p.follow(instantOf(newest), instantOf(d.Received))
	default:
		p.steady = p.steady || len(d.Batch.Waveforms) > 0
		for i := range d.Batch.Readings {
			if r := &d.Batch.Readings[i]; streamed(r.Kind) {
				at := instantOf(r.Time)
				p.steady = p.steady || near(p.newest, at)
				p.newest = max(p.newest, at)
			}
		}
	}
	p.newest = max(p.newest, instantOf(newest))
	return p.steady
}

// follow takes in a delivery without a hub. One that has nothing newer says nothing.
func (p *Pace) follow(newest, received instant) {
	switch {
	case newest <= p.newest:
	case p.row == 0 || !near(p.newest, newest):
		p.row, p.since = 1, received
	default:
		p.row = min(p.row+1, rowLeast)
		p.steady = p.steady || p.row == rowLeast && received.Time().Sub(p.since.Time()) >= staleAfter
	}
}

// near reports whether two times are different, and within the time in which a stream is missed.
func near(a, b instant) bool {
	apart := b.Time().Sub(a.Time()).Abs()
	return apart > 0 && apart <= staleAfter
}

// streamed says which kinds come continuously.
func streamed(k vitals.Kind) bool { return k.Info().Shape != vitals.Spot }
