package fhir

import (
	"math"
	"strconv"
	"time"

	"vigil/vitals"
)

// Period is the time that the Observation covers: an instant for readings, first sample to end of
// the last for waveforms.
func (o *Observation) Period() (start, end time.Time) {
	if len(o.Waves) == 0 {
		return o.Key.Time, o.Key.Time
	}
	start, end = o.Waves[0].Start, o.Waves[0].End()
	for _, w := range o.Waves[1:] {
		if w.Start.Before(start) {
			start = w.Start
		}
		if w.End().After(end) {
			end = w.End()
		}
	}
	return start, end
}

// appendStudy adds waveforms: an ECG has a component per lead, another channel stands at the root.
func appendStudy(dst []byte, o *Observation) []byte {
	start, end := o.Period()
	dst = append(dst, fragments[o.Key.Kind].head...)
	dst = appendSubject(dst, o)
	dst = appendTime(append(dst, `,"effectivePeriod":{"start":`...), start)
	dst = appendTime(append(dst, `,"end":`...), end)
	dst = append(dst, '}')
	channels := channelsOf(o.Waves)
	if o.Key.Kind != vitals.ECG && len(channels) == 1 {
		dst = appendSampledData(dst, start, channels[0])
		return append(dst, '}')
	}
	dst = append(dst, `,"component":[`...)
	for i, c := range channels {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, fragments[c[0].Kind].component...)
		dst = append(appendSampledData(dst, start, c), '}')
	}
	return append(dst, `]}`...)
}

// channelsOf puts pieces of the same lead, rate and scale together: they share one grid.
func channelsOf(waves []vitals.Waveform) [][]vitals.Waveform {
	var channels [][]vitals.Waveform
next:
	for _, w := range waves {
		for i, c := range channels {
			if c[0].Kind == w.Kind && c[0].Rate == w.Rate && c[0].Scale == w.Scale {
				channels[i] = append(c, w)
				continue next
			}
		}
		channels = append(channels, []vitals.Waveform{w})
	}
	return channels
}

// maxGrid bounds a component: 30 s at 512 Hz, three times what a stored block can hold.
const maxGrid = 15360

// appendSampledData adds the pieces on one grid that begins at start. Sample i is at
// start + i × period; a place without a sample is E (FHIR R4 SampledData.data).
func appendSampledData(dst []byte, start time.Time, pieces []vitals.Waveform) []byte {
	grid := gridOf(start, pieces)
	first := pieces[0]
	dst = append(dst, `,"valueSampledData":{"origin":{"value":0`...)
	dst = append(dst, fragments[first.Kind].unit...)
	dst = appendPeriod(append(dst, `,"period":`...), first.Rate)
	dst = first.Scale.Append(append(dst, `,"factor":`...))
	dst = append(dst, `,"dimensions":1,"data":"`...)
	for i, sample := range grid {
		if i > 0 {
			dst = append(dst, ' ')
		}
		if sample == vitals.Missing {
			dst = append(dst, 'E')
		} else {
			dst = strconv.AppendInt(dst, int64(sample), 10)
		}
	}
	return append(dst, `"}`...)
}

// gridOf lays the pieces out evenly from start.
func gridOf(start time.Time, pieces []vitals.Waveform) []int16 {
	var grid []int16
	for _, p := range pieces {
		at := int(math.Round(p.Start.Sub(start).Seconds() * p.Rate.Hz()))
		end := min(at+len(p.Samples), maxGrid)
		for len(grid) < end {
			grid = append(grid, vitals.Missing)
		}
		if at < end {
			copy(grid[at:end], p.Samples)
		}
	}
	return grid
}

// periodDecimals keeps the drift over a block of ten seconds at 130 Hz below a nanosecond.
const periodDecimals = 9

// appendPeriod adds the time between samples in milliseconds, exact where a decimal number can be.
func appendPeriod(dst []byte, r vitals.Rate) []byte {
	ms := 1000 * float64(r.Den) / float64(max(r.Num, 1))
	text := strconv.AppendFloat(nil, ms, 'f', periodDecimals, 64)
	for text[len(text)-1] == '0' {
		text = text[:len(text)-1]
	}
	if text[len(text)-1] == '.' {
		text = text[:len(text)-1]
	}
	return append(dst, text...)
}
