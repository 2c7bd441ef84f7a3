package alerts_test

import (
	"math"
	"testing"
	"time"

	"vigil/alerts"
	"vigil/vitals"
)

// breathing is a made-up ECG of 72/min, or an oximeter's wave, whose height changes with 15 breaths per minute.
func breathing(hz, seconds int, beat func(sincePeak float64) float64) []int16 {
	out := make([]int16, hz*seconds)
	for i := range out {
		t := float64(i) / float64(hz)
		breath := math.Sin(2 * math.Pi * 0.25 * t)
		const apart = 60 / 72.0
		since := math.Mod(t, apart) - 0.3
		out[i] = int16((1+0.15*breath)*beat(since) + 40*breath)
	}
	return out
}

func ecgBeat(s float64) float64   { return 1000 * math.Exp(-s*s/(2*0.012*0.012)) }
func pulseBeat(s float64) float64 { return 1000 * math.Exp(-s*s/(2*0.08*0.08)) }

func TestTheRespirationRateIsDerivedAndMarked(t *testing.T) {
	electrode, light := breathing(250, 60, ecgBeat), breathing(100, 60, pulseBeat)
	tests := []struct {
		name               string
		ecg, pleth, device bool // what is there; a device that measures the breath itself
		by                 vitals.DeviceID
		want               bool
	}{
		{name: "from ECG and pulse, beside the ECG", ecg: true, pleth: true, by: patch, want: true},
		{name: "from the pulse alone, beside it", pleth: true, by: finger, want: true},
		{name: "not where a device measures it", ecg: true, pleth: true, device: true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e := alerts.NewEngine(patient)
			var derived []vitals.Charted
			for s := range 60 {
				if tt.device {
					r := vitals.Reading{Kind: vitals.RespirationRate, Time: start.Add(time.Duration(s) * time.Second), Value: vitals.Int(15)}
					e.Observe(numbered(s, r.Time.Add(time.Second), vitals.Batch{Device: spare, Readings: []vitals.Reading{r}}))
				}
				if tt.pleth {
					derived = append(derived, e.Observe(second(s, finger, vitals.Pleth, 100, light[s*100:(s+1)*100])).Derived...)
				}
				if tt.ecg {
					derived = append(derived, e.Observe(second(s, patch, vitals.ECGII, 250, electrode[s*250:(s+1)*250])).Derived...)
				}
			}
			told := 0
			for _, c := range derived {
				if c.Kind != vitals.RespirationRate {
					continue
				}
				told++
				if c.Device != tt.by || c.Quality != vitals.Questionable || math.Abs(c.Value.Float()-15) > 1 {
					t.Errorf("derived %+v", c)
				}
			}
			if most := 60 / 5; told > most || told > 0 != tt.want || tt.want && told < 3 {
				t.Errorf("told %d times in a minute", told)
			}
		})
	}
}
