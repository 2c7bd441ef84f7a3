package synthetic

import (
	"math"
	"slices"
	"time"

	"vigil/alerts"
	"vigil/vitals"
	"vigil/vitals/ecg"
	"vigil/vitals/ecg/model"
)

// Heard is what was said of a signal. Times are seconds since its first sample.
type Heard struct {
	signal   *Signal
	findings []finding
	alarms   []alarm
}

type finding struct {
	ecg.Finding
	at, known float64
}

// alarm is one call at a nurse's desk.
type alarm struct {
	condition alerts.Condition
	at, until float64
}

// Packet is a delivery of consecutive samples: what a device sent at once.
type Packet struct {
	Start      time.Time // by the device's clock
	First      uint64    // index of the first sample since the device began
	Rate       vitals.Rate
	Microvolts []int16
	Received   float64 // seconds after the beginning, by the server's clock
}

var begin = time.Date(2020, time.January, 1, 0, 0, 0, 0, time.UTC)

// after is a time of the device, as long as its clock is right.
func after(seconds float64) time.Time {
	return begin.Add(time.Duration(math.Round(seconds * float64(time.Second))))
}

// packets cuts the signal into deliveries of a second. A sample that was lost is not in any.
func (s *Signal) packets() []Packet {
	var out []Packet
	second := s.index(1)
	for first := 0; first < len(s.Microvolts); first += second {
		piece := s.Microvolts[first:min(first+second, len(s.Microvolts))]
		for from := 0; from < len(piece); {
			if piece[from] == vitals.Missing {
				from++
				continue
			}
			to := from
			for to < len(piece) && piece[to] != vitals.Missing {
				to++
			}
			out = append(out, Packet{
				after(s.seconds(first + from)), uint64(first + from), rateOf(s.Hz), slices.Clone(piece[from:to]),
				s.seconds(first + len(piece)),
			})
			from = to
		}
	}
	return out
}

func rateOf(hz float64) vitals.Rate { return vitals.Rate{Num: uint32(math.Round(hz * 100)), Den: 100} }

// listen puts the signal before a detector, and the packets before the alarm engine.
func listen(s *Signal, packets []Packet, forests *model.Forests) (*Heard, error) {
	h := &Heard{signal: s}
	d, err := ecg.NewWith(s.Hz, forests)
	if err != nil {
		return nil, err
	}
	for _, v := range s.Microvolts {
		for _, f := range d.Push(int32(v), v == vitals.Missing) {
			h.findings = append(h.findings, finding{f, float64(f.At) / s.Hz, float64(f.Known) / s.Hz})
		}
	}
	h.ward(packets, forests)
	return h, nil
}

const (
	patient = vitals.PatientID("trial")
	device  = vitals.DeviceID("000000000001")
)

// ward lets the alarm engine hear the packets, with a tick each second. Nobody acknowledges.
func (h *Heard) ward(packets []Packet, forests *model.Forests) {
	engine := alerts.NewEngineWith(patient, forests)
	engine.Bind([]vitals.DeviceID{device}, begin)
	standing := map[alerts.AlarmID]int{}
	hear := func(o alerts.Outcome, at float64) {
		for i := range o.Transitions {
			t := &o.Transitions[i]
			switch n, stands := standing[t.Alarm.ID]; {
			case t.Change == alerts.Raised || t.Change == alerts.Recurred:
				standing[t.Alarm.ID] = len(h.alarms)
				h.alarms = append(h.alarms, alarm{t.Alarm.Condition, at, math.Inf(1)})
			case stands && (t.Change == alerts.Ceased || t.Change == alerts.Latched):
				h.alarms[n].until = at
				delete(standing, t.Alarm.ID)
			}
		}
	}
	next := 0
	for t := 1.0; t <= math.Ceil(h.signal.Seconds()); t++ {
		for ; next < len(packets) && packets[next].Received <= t; next++ {
			p := &packets[next]
			hear(engine.Observe(vitals.Delivery{
				Patient: patient, Stream: vitals.Stream{Hub: "hub", Device: device}, Seq: uint64(next + 1), Received: after(p.Received),
				Batch: vitals.Batch{Device: device, Waveforms: []vitals.Waveform{{
					Kind: vitals.ECG, Start: p.Start, Rate: p.Rate, Scale: vitals.Int(1), First: p.First, Samples: p.Microvolts,
				}}},
			}), p.Received)
		}
		hear(engine.Tick(after(t)), t)
	}
}

// beats are the times of the beats that were found.
func (h *Heard) beats() []float64 {
	var out []float64
	for _, f := range h.findings {
		if f.Kind == ecg.BeatFound {
			out = append(out, f.at)
		}
	}
	slices.Sort(out)
	return out
}

// window is how far apart two marks of one beat may be: 150 ms (EC57 4.3.2).
const window = 0.150

// invented counts beats that were found between two times and are none.
func (h *Heard) invented(from, to float64) float64 {
	count := 0
	for _, at := range h.beats() {
		if at >= from && at < to && !near(h.truth(), at) {
			count++
		}
	}
	return float64(count)
}

// missed counts true beats between two times that were not found.
func (h *Heard) missed(from, to float64) float64 {
	count := 0
	for _, at := range h.truth() {
		if at >= from && at < to && !near(h.beats(), at) {
			count++
		}
	}
	return float64(count)
}

func (h *Heard) truth() []float64 {
	out := make([]float64, len(h.signal.Beats))
	for i, b := range h.signal.Beats {
		out[i] = h.signal.seconds(b)
	}
	return out
}

func near(sorted []float64, at float64) bool {
	i, _ := slices.BinarySearch(sorted, at-window)
	return i < len(sorted) && sorted[i] <= at+window
}

// rhythm is when the rhythm was first reported to have begun from a time on; NaN for never.
func (h *Heard) rhythm(r ecg.Rhythm, from float64) float64 {
	for _, f := range h.findings {
		if f.Kind == ecg.RhythmBegan && f.Rhythm == r && f.known >= from {
			return f.known
		}
	}
	return math.NaN()
}

// lethal are the conditions that call everybody.
var lethal = []alerts.Condition{alerts.VF, alerts.VT, alerts.Asystole}

// called is when one of the conditions was first called between two times; NaN for never.
func (h *Heard) called(from, to float64, conditions ...alerts.Condition) float64 {
	for _, a := range h.alarms {
		if a.at >= from && a.at < to && slices.Contains(conditions, a.condition) {
			return a.at
		}
	}
	return math.NaN()
}

// cried counts the lethal alarms up to a time.
func (h *Heard) cried(until float64, except ...alerts.Condition) float64 {
	count := 0
	for _, a := range h.alarms {
		if a.at < until && slices.Contains(lethal, a.condition) && !slices.Contains(except, a.condition) {
			count++
		}
	}
	return float64(count)
}

// refused is when the detector first said, once it was disturbed, that nothing may be concluded; NaN for never.
// With electrodes it must have been for a cause that asks for them to be checked.
func (h *Heard) refused(electrodes bool) float64 {
	for _, f := range h.findings {
		if f.Kind == ecg.QualityChanged && f.Quality == ecg.NoAnalysis && f.known >= starts && (!electrodes || f.Cause.LeadsOff()) {
			return f.known
		}
	}
	return math.NaN()
}

// resumed is when, from a time on, beats were counted again: the first true beat found while the signal was
// trusted; NaN for never.
func (h *Heard) resumed(from float64) float64 {
	quality := ecg.NoAnalysis
	for _, f := range h.findings {
		switch {
		case f.Kind == ecg.QualityChanged:
			quality = f.Quality
		case f.Kind == ecg.BeatFound && f.at >= from && quality != ecg.NoAnalysis && near(h.truth(), f.at):
			return f.at
		}
	}
	return math.NaN()
}

// rated is when the heart rate had gone, from a time on, so far from one value towards another that a
// part of the step was left, and stayed there for a second; NaN for never.
func (h *Heard) rated(from, was, becomes, left float64) float64 {
	for _, f := range h.findings {
		if f.Kind == ecg.RateMeasured && f.known >= from && math.Abs(f.RateBPM-becomes) <= left*math.Abs(becomes-was) {
			return f.known
		}
	}
	return math.NaN()
}
