package ecg

// The pulse of a pacemaker lasts 0.1 to 2 ms (IEC 60601-2-27, 201.12.1.101.13): one sample or two of an
// ECG, where the sharpest QRS complex takes twice as many. It must not look like a beat, least of all where
// no beat answers it. Spikes are taken out at the device's own rate, as interpolation would widen them.
const (
	spikeDelay  = 2   // samples that one is held back, to see whether the signal returns
	spikeLeast  = 400 // µV: smaller ones vanish in the low-pass
	spikeReturn = 4   // it returns to within a quarter of its height, and no more moved before it
	spikeQuiet  = 5   // samples: in mains of 50 or 60 Hz the line does not rest for so long
	spikeRecoil = 3   // samples in which an amplifier swings back, by less than half of the height
	doubleFrom  = 200 // samples per second from which on a spike may take two: below, two are as long as a sharp QRS
)

// spikes takes out what leaves a quiet line for one or two samples and returns to it. Mains and muscle
// leave it all the time, so that they pass, and are judged as what they are.
type spikes struct {
	held   [spikeDelay + 1]sample // the newest last
	before [spikeQuiet]int32      // what left last, without spikes; the newest last
	level  int32                  // µV of the line before the last spike
	height int32                  // of that, µV
	recoil int                    // samples left
	double bool                   // a spike may take two samples
}

func newSpikes(rateHz float64) spikes {
	s := spikes{double: rateHz >= doubleFrom}
	for i := range s.held {
		s.held[i].missing = true // nothing came before the first sample
	}
	return s
}

// push takes a sample and gives the one that came two before, as it is without a spike.
func (p *spikes) push(s sample) sample {
	h := &p.held
	h[0], h[1], h[2] = h[1], h[2], s
	out := h[0]
	if h[0].missing || h[1].missing || h[2].missing {
		p.recoil = 0
		return out
	}
	if height := p.leaves(); height > 0 {
		p.level, p.height, p.recoil = p.before[spikeQuiet-1], height, spikeDelay+spikeRecoil
	}
	if p.recoil > 0 {
		p.recoil--
		if p.recoil >= spikeRecoil || apart(out.microvolts, p.level) < p.height/2 {
			out.microvolts = p.level
		}
	}
	copy(p.before[:], p.before[1:])
	p.before[spikeQuiet-1] = out.microvolts
	return out
}

// leaves is how high a spike is that begins with the oldest sample held; 0 where none does.
func (p *spikes) leaves() int32 {
	h := &p.held
	line := p.before[spikeQuiet-1]
	height := apart(h[0].microvolts, line)
	if height < spikeLeast {
		return 0
	}
	near := func(v int32) bool { return apart(v, line) <= height/spikeReturn }
	for _, v := range p.before {
		if !near(v) {
			return 0
		}
	}
	same := (h[1].microvolts > line) == (h[0].microvolts > line)
	if near(h[1].microvolts) || p.double && near(h[2].microvolts) && same {
		return height
	}
	return 0
}

// apart is the distance of two values, as far as it can be told.
func apart(a, b int32) int32 {
	return magnitude(min(max(a, -inputLimit), inputLimit) - min(max(b, -inputLimit), inputLimit))
}
