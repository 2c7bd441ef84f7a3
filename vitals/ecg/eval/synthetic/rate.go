package synthetic

import (
	"math"

	"vigil/vitals"
)

// At is the signal as a device with another sampling rate would have recorded it.
func (s *Signal) At(hz float64) Signal {
	out := Signal{Hz: hz, Microvolts: resample(s.Microvolts, s.Hz, hz), Beats: make([]int, len(s.Beats))}
	for i, b := range s.Beats {
		out.Beats[i] = int(math.Round(float64(b) * hz / s.Hz))
	}
	return out
}

const (
	zeroCrossings = 12  // of the sinc on either side
	phases        = 256 // between two samples, for which weights are kept
)

// resample interpolates with a windowed sinc, band-limited to the lower of both rates, as the filter
// before a converter would.
func resample(in []int16, from, to float64) []int16 {
	band := min(1, to/from)
	reach := int(math.Ceil(zeroCrossings / band))
	weights := kernels(band, reach)
	out := make([]int16, int(float64(len(in))*to/from))
	for i := range out {
		at := float64(i) * from / to
		whole := int(at)
		w := weights[int((at-float64(whole))*phases)]
		sum, weight, total := 0.0, 0.0, 0.0
		for k, part := range w {
			total += part
			if n := whole - reach + 1 + k; n >= 0 && n < len(in) && in[n] != vitals.Missing {
				sum, weight = sum+part*float64(in[n]), weight+part
			}
		}
		if weight < total/2 {
			out[i] = vitals.Missing
			continue
		}
		out[i] = clip(sum / weight)
	}
	return out
}

// kernels are the weights of the samples around a place, for places from one sample to the next.
func kernels(band float64, reach int) [][]float64 {
	out := make([][]float64, phases)
	for p := range out {
		out[p] = make([]float64, 2*reach)
		for k := range out[p] {
			x := float64(k-reach+1) - (float64(p)+0.5)/phases
			if math.Abs(x) < float64(reach) {
				out[p][k] = sinc(x*band) * (0.5 + 0.5*math.Cos(math.Pi*x/float64(reach)))
			}
		}
	}
	return out
}

func sinc(x float64) float64 {
	if x == 0 {
		return 1
	}
	return math.Sin(math.Pi*x) / (math.Pi * x)
}
