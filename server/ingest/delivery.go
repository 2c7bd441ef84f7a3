package ingest

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/samber/lo"

	"vigil/vitals"
)

// deliveries puts together what is of one device and goes into one record, however many deposits it came
// in: a gateway sends each second of an oximeter as a resource of its own.
func deliveries(answers []vitals.Deposited, kept []vitals.Batch, received time.Time) []vitals.Delivery {
	type place struct {
		patient vitals.PatientID
		device  vitals.DeviceID
	}
	merged := map[place]*vitals.Delivery{}
	for i, a := range answers {
		batch := kept[i]
		if !a.Kept || batch.Empty() {
			continue
		}
		at := place{a.Patient, batch.Device}
		d := merged[at]
		if d == nil {
			d = &vitals.Delivery{
				Patient: a.Patient, Stream: vitals.Stream{Device: batch.Device}, Received: received,
				Batch: vitals.Batch{Device: batch.Device},
			}
			merged[at] = d
		}
		d.Batch.Readings = append(d.Batch.Readings, batch.Readings...)
		d.Batch.Waveforms = append(d.Batch.Waveforms, batch.Waveforms...)
		d.Batch.Events = append(d.Batch.Events, batch.Events...)
	}
	whole := slices.Collect(maps.Values(merged))
	slices.SortFunc(whole, func(a, b *vitals.Delivery) int {
		return strings.Compare(string(a.Batch.Device), string(b.Batch.Device))
	})
	return lo.FlatMap(whole, func(d *vitals.Delivery, _ int) []vitals.Delivery {
		sortByTime(d.Batch)
		return pieces(*d)
	})
}

// sortByTime puts a batch into the order in which the device measured: that of a bundle's entries means
// nothing, and engines read forward.
func sortByTime(b vitals.Batch) {
	slices.SortStableFunc(b.Readings, func(a, b vitals.Reading) int { return a.Time.Compare(b.Time) })
	slices.SortStableFunc(b.Waveforms, func(a, b vitals.Waveform) int { return a.Start.Compare(b.Start) })
	slices.SortStableFunc(b.Events, func(a, b vitals.Event) int { return a.Time.Compare(b.Time) })
}

// maxDelivery is how much a delivery may weigh: half of what a message of the journal holds (nats-server's default, 1 MiB).
const maxDelivery = 512 << 10

// perItem is more than an item takes in the journal beside its samples and its words.
const perItem = 96

// pieces cuts a delivery that no message of the journal would hold, which would be sent again for ever.
func pieces(d vitals.Delivery) []vitals.Delivery {
	c := cutter{of: d}
	for _, e := range d.Batch.Events { // a call for help first
		b := c.room(perItem + len(e.Detail))
		b.Events = append(b.Events, e)
	}
	for _, r := range d.Batch.Readings {
		b := c.room(perItem)
		b.Readings = append(b.Readings, r)
	}
	for _, w := range d.Batch.Waveforms {
		b := c.room(perItem + 2*len(w.Samples))
		b.Waveforms = append(b.Waveforms, w)
	}
	return c.cut
}

type cutter struct {
	of     vitals.Delivery
	cut    []vitals.Delivery
	weight int // of the last
}

// room is the batch that has room for something of the weight.
func (c *cutter) room(weight int) *vitals.Batch {
	if len(c.cut) == 0 || c.weight+weight > maxDelivery {
		next := c.of
		next.Batch = vitals.Batch{Device: c.of.Batch.Device}
		c.cut, c.weight = append(c.cut, next), 0
	}
	c.weight += weight
	return &c.cut[len(c.cut)-1].Batch
}
