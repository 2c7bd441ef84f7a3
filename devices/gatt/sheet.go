package gatt

import "vigil/vitals"

// sheet is a batch to which so many readings will be added.
func sheet(device vitals.DeviceID, readings int) vitals.Batch {
	return vitals.Batch{Device: device, Readings: make([]vitals.Reading, 0, readings)}
}

// A contact sheet has room for readings and for the state of the contact in one piece of memory.
type contactSheetOf[R any] struct {
	readings R
	contact  [1]vitals.Event
}

// contactSheet is a batch to which so many readings will be added, and the state of the contact.
func contactSheet(device vitals.DeviceID, readings int) vitals.Batch {
	b := vitals.Batch{Device: device}
	switch readings {
	case 1:
		s := new(contactSheetOf[[1]vitals.Reading])
		b.Readings, b.Events = s.readings[:0], s.contact[:0]
	case 2:
		s := new(contactSheetOf[[2]vitals.Reading])
		b.Readings, b.Events = s.readings[:0], s.contact[:0]
	case 3:
		s := new(contactSheetOf[[3]vitals.Reading])
		b.Readings, b.Events = s.readings[:0], s.contact[:0]
	default:
		s := new(contactSheetOf[[mostIntervals + 1]vitals.Reading])
		b.Readings, b.Events = s.readings[:0], s.contact[:0]
	}
	return b
}

// strip is a batch of one waveform, with room for its samples.
type stripOf[S any] struct {
	samples S
	wave    [1]vitals.Waveform
	events  [1]vitals.Event
}

// strip is a batch of a waveform of n samples, and where they belong.
func strip(device vitals.DeviceID, n int) (b vitals.Batch, samples []int16) {
	b.Device = device
	switch {
	case n <= MovesenseSamples:
		s := new(stripOf[[MovesenseSamples]int16])
		b.Waveforms, b.Events, samples = s.wave[:], s.events[:0], s.samples[:n]
	case n <= PMDSamples:
		s := new(stripOf[[PMDSamples]int16])
		b.Waveforms, b.Events, samples = s.wave[:], s.events[:0], s.samples[:n]
	default:
		b.Waveforms, samples = make([]vitals.Waveform, 1), make([]int16, n)
	}
	return b, samples
}
