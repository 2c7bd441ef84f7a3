package alerts

import (
	"time"

	"vigil/vitals"
	"vigil/vitals/breath"
	"vigil/vitals/ppg"
)

// pulses is what the engine needs of a detector of pulses.
type pulses interface {
	Push(value int32, missing bool) []ppg.Finding
	Presence() ppg.Presence
	Steady() (ppg.Stretch, bool)
}

// pleth is the wave of a device's oximeter. No condition rests on it alone; the ECG is held against it.
type pleth struct {
	track
	pulses pulses // nil where the rate is not supported
	fed    int64  // samples
}

// observePleth feeds the samples that are news to the device's detector of pulses.
func (e *Engine) observePleth(dev *device, waves []vitals.Waveform, now time.Time) {
	for i := range waves {
		w := &waves[i]
		if w.Kind != vitals.Pleth || len(w.Samples) == 0 || !sane(w.Rate) || late(w.End(), now) {
			continue
		}
		if dev.pleth == nil {
			dev.pleth = e.newPleth(w)
		}
		gap := dev.pleth.gap(w)
		if gap <= -len(w.Samples) {
			continue
		}
		if dev.pleth.broken(w, gap) {
			dev.pleth = e.newPleth(w)
			gap = 0
		}
		dev.pleth.feed(w, gap, &e.breath)
		dev.pleth.heard = now
		if leader := e.bound(e.leading); leader == nil || !leader.ecgLive(now) {
			e.deriveBreath(dev, dev.pleth.until.Truncate(time.Second), now)
		}
	}
}

func (e *Engine) newPleth(w *vitals.Waveform) *pleth {
	p := &pleth{track: trackOf(w)}
	if detector, err := e.newPulses(w.Rate.Hz()); err == nil { // else its pulse is unknown
		p.pulses = detector
	}
	return p
}

// feed runs the chunk through the detector, behind so many lost samples, and lets the meter see the pulses.
func (p *pleth) feed(w *vitals.Waveform, gap int, meter *breath.Meter) {
	if p.pulses != nil {
		for range max(0, gap) {
			p.pulses.Push(0, true)
		}
		for i, s := range w.Samples[max(0, -gap):] {
			for _, f := range p.pulses.Push(int32(s), s == vitals.Missing) {
				if f.Kind == ppg.PulseFound {
					at := w.Start.Add(w.Rate.Span(i + max(0, -gap) - int(f.Known-f.At)))
					meter.Pulse(at.UnixMilli(), int32(f.Height*perStep), int32(f.Foot*perStep))
				}
			}
		}
	}
	p.fed += int64(len(w.Samples) + gap)
	p.advance(w)
}

// perStep is how finely heights are handed on: a wave of few steps must show its modulation, too.
const perStep = 16

// timeOf is when the sample was taken that was fed as number i.
func (p *pleth) timeOf(i int64) time.Time { return p.until.Add(-p.rate.Span(int(p.fed - i))) }
