package synthetic

import (
	"fmt"
	"math"
	"time"

	"vigil/alerts"
	"vigil/vitals/ecg"
)

// technical are the conditions that say that the device, and not the patient, needs a look.
var technical = []alerts.Condition{alerts.NoData, alerts.LeadsOff, alerts.PoorSignal}

// clocks are devices whose clock jumps, or whose sampling rate changes, at 30 s; at 55 s the heart stops
// for 10 s. Only the alarm engine sees such a thing.
func (b *bench) clocks() []Trial {
	signal, last := b.base.stop(ends+10, 10, 60)
	called := func(conditions ...alerts.Condition) func(h *Heard) float64 {
		return func(h *Heard) float64 { return h.called(last, last+20, conditions...) - last }
	}
	before := check{"lethal alarms before the heart stops", 0, func(h *Heard) float64 { return h.cried(last) }}
	// A delivery of a second ends up to a second after the moment that counts.
	alarmed := check{"s from the last beat to the alarm", 6.5, called(alerts.Asystole)}
	var out []Trial
	for _, jump := range []time.Duration{time.Second, -time.Second, 3 * time.Second, -3 * time.Second, time.Minute, -time.Minute} {
		packets := signal.packets()
		for i := range packets {
			if packets[i].Received > starts {
				packets[i].Start = packets[i].Start.Add(jump)
			}
		}
		out = append(out, Trial{fmt.Sprintf("the device's clock jumps by %v", jump), signal, packets, []check{before, alarmed}})
	}
	other := signal.At(125)
	packets := signal.packets()
	for i, p := range other.packets() {
		if p.Received > starts {
			packets[i] = p
			packets[i].First = uint64(starts*signal.Hz) + p.First - uint64(starts*other.Hz)
		}
	}
	return append(out, Trial{"the sampling rate becomes 125 Hz", signal, packets, []check{before, alarmed}}, b.unusable(&signal, last))
}

// unusable is a device that goes over to a rate that nobody can analyse: an alarm is never
// silently missing.
func (b *bench) unusable(signal *Signal, last float64) Trial {
	slow := signal.At(50)
	packets := signal.packets()
	for i, p := range slow.packets() {
		if p.Received > starts {
			packets[i] = p
		}
	}
	return Trial{"the sampling rate becomes 50 Hz", *signal, packets, []check{
		{"lethal alarms", 0, func(h *Heard) float64 { return h.cried(last + 30) }},
		{"s until somebody is told that nothing is analysed", 30, func(h *Heard) float64 { return h.called(starts, last, technical...) - starts }},
	}}
}

// pacemaker are spikes of a pacemaker: before each beat, and where no beat answers them.
func (b *bench) pacemaker() []Trial {
	var out []Trial
	for _, microvolts := range []float64{1000, -4000} {
		beats := b.base.clone()
		for _, at := range beats.Beats {
			beats.spike(at-beats.index(0.16), microvolts)
		}
		out = append(out, Trial{
			fmt.Sprintf("a pacemaker's spike of %.0f µV before each P wave", microvolts), beats, nil, append(b.finds(settled, settled), calm()),
		})
		still, last := b.base.stop(starts, 10, 60)
		for at := last + 0.9; at < last+10; at += 0.857 {
			still.spike(still.index(at), microvolts)
		}
		out = append(out, Trial{
			fmt.Sprintf("the heart stops for 10 s and does not answer spikes of %.0f µV", microvolts), still, nil, append([]check{
				{"s from the last beat to ASYSTOLE of the detector", 5.5, func(h *Heard) float64 { return h.rhythm(ecg.Asystole, last) - last }},
				{"s from the last beat to the alarm", 5.5, func(h *Heard) float64 { return h.called(last, last+15, alerts.Asystole) - last }},
			}, b.finds(last+10+resumeWithin, settled)...),
		})
	}
	return out
}

// spike adds a pulse of 2 ms as a converter shows it: one sample, and a little recoil.
func (s *Signal) spike(at int, microvolts float64) {
	for i, part := range []float64{1, -0.2, -0.1} {
		if k := at + i; k >= 0 && k < len(s.Microvolts) {
			s.Microvolts[k] = clip(float64(s.Microvolts[k]) + part*microvolts)
		}
	}
}

// Made are the trials that need a made-up heart: steps of the rate, and a paced one.
func Made() []Trial {
	var out []Trial
	for _, row := range []struct {
		from, to, shown float64
		condition       alerts.Condition // "" where none is due
	}{
		{80, 120, 6, ""},
		{80, 40, 7, ""},
		{40, 180, 7, alerts.ExtremeTachy},
		{80, 180, 7, alerts.ExtremeTachy},
		{80, 30, 9, alerts.ExtremeBrady},
	} {
		signal := Heart(250, Step{40, row.from}, Step{40, row.to})
		left := 0.05 * row.to / math.Abs(row.to-row.from)
		checks := []check{
			{"s until the rate shows it, within 5 %", row.shown, func(h *Heard) float64 { return h.rated(40, row.from, row.to, left) - 40 }},
			calm(),
		}
		if row.condition != "" {
			checks = append(checks, check{"s until the alarm", 10, func(h *Heard) float64 { return h.called(40, 80, row.condition) - 40 }})
		}
		out = append(out, Trial{fmt.Sprintf("the rate steps from %.0f to %.0f", row.from, row.to), signal, nil, checks})
	}
	wide := beating(250, paced, Step{Length, 70})
	for _, at := range wide.Beats {
		wide.spike(at-2, 3000)
	}
	b := bench{}
	return append(out, Trial{"every beat is paced", wide, nil, append(b.finds(settled, settled), calm())})
}

// Bases are the made-up hearts that trials alter.
func Bases() []Signal {
	return []Signal{Heart(250, Step{Length, 72}), Heart(250, Step{Length, 50}), Heart(250, Step{Length, 115})}
}
