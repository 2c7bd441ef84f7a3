package alerts_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vigil/alerts"
	"vigil/vitals"
	"vigil/vitals/ecg"
)

// recorder notes what reaches the detector.
type recorder struct{ fed []int32 }

func (*recorder) Standing(ecg.Rhythm) bool { return false }
func (*recorder) Quality() ecg.Quality     { return ecg.FullAnalysis }
func (*recorder) Cause() ecg.Cause         { return ecg.NoCause }

func (r *recorder) Push(microvolts int32, missing bool) []ecg.Finding {
	if missing {
		microvolts = -1
	}
	r.fed = append(r.fed, microvolts)
	return nil
}

// chunk is a piece of a count: the sample of index i has the value i.
type chunk struct {
	at    time.Duration // of the first sample
	first int
	n     int
	hz    uint32        // 10 unless told
	delay time.Duration // from its end until it is received
}

func (c chunk) delivery() vitals.Delivery {
	if c.hz == 0 {
		c.hz = 10
	}
	w := vitals.Waveform{
		Kind: vitals.ECG, Start: start.Add(c.at), Rate: vitals.Rate{Num: c.hz, Den: 1},
		Scale: vitals.Int(1), First: uint64(c.first), Samples: make([]int16, c.n),
	}
	for i := range w.Samples {
		w.Samples[i] = int16(c.first + i)
	}
	return vitals.Delivery{
		Patient: patient, Received: w.End().Add(c.delay),
		Batch: vitals.Batch{Device: patch, Waveforms: []vitals.Waveform{w}},
	}
}

// count is the numbers from..to-1, preceded by missing ones.
func count(missing, from, to int) []int32 {
	fed := slices.Repeat([]int32{-1}, missing)
	for i := from; i < to; i++ {
		fed = append(fed, int32(i))
	}
	return fed
}

func TestChunksArePlacedBehindWhatWasConsumed(t *testing.T) {
	tests := []struct {
		name   string
		chunks []chunk
		want   [][]int32 // what each detector was fed
	}{
		{
			name:   "one after the other",
			chunks: []chunk{{n: 10}, {at: time.Second, first: 10, n: 10}},
			want:   [][]int32{count(0, 0, 20)},
		},
		{
			name:   "a repeat changes nothing",
			chunks: []chunk{{n: 10}, {n: 10}, {at: time.Second, first: 10, n: 10}, {n: 10}},
			want:   [][]int32{count(0, 0, 20)},
		},
		{
			name:   "an overlap is fed once",
			chunks: []chunk{{n: 10}, {at: 500 * time.Millisecond, first: 5, n: 10}},
			want:   [][]int32{count(0, 0, 15)},
		},
		{
			name:   "what is older is passed over",
			chunks: []chunk{{at: 2 * time.Second, first: 20, n: 10}, {n: 10}},
			want:   [][]int32{count(0, 20, 30)},
		},
		{
			name:   "a gap is fed as missing samples",
			chunks: []chunk{{n: 10}, {at: 3 * time.Second, first: 30, n: 10}},
			want:   [][]int32{append(count(0, 0, 10), count(20, 30, 40)...)},
		},
		{
			name:   "behind a long gap the detector starts anew",
			chunks: []chunk{{n: 10}, {at: 7 * time.Second, first: 70, n: 10}},
			want:   [][]int32{count(0, 0, 10), count(0, 70, 80)},
		},
		{
			name:   "another rate needs another detector",
			chunks: []chunk{{n: 10}, {at: time.Second, first: 10, n: 20, hz: 20}},
			want:   [][]int32{count(0, 0, 10), count(0, 10, 30)},
		},
		{
			name:   "a late repeat at another rate does not",
			chunks: []chunk{{n: 10}, {n: 20, hz: 20}, {at: time.Second, first: 10, n: 10}},
			want:   [][]int32{count(0, 0, 20)},
		},
		{
			name:   "the index decides where the clock jitters",
			chunks: []chunk{{n: 10}, {at: 1200 * time.Millisecond, first: 10, n: 10}, {at: 1900 * time.Millisecond, first: 20, n: 10}},
			want:   [][]int32{count(0, 0, 30)},
		},
		{
			name:   "the clock decides where the device began to count anew",
			chunks: []chunk{{first: 500, n: 10}, {at: time.Second, n: 10}},
			want:   [][]int32{append(count(0, 500, 510), count(0, 0, 10)...)},
		},
		{
			name:   "more than ten minutes late is not news",
			chunks: []chunk{{n: 10, delay: 11 * time.Minute}},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var made []*recorder
			e := alerts.NewEngine(patient)
			e.Analyse(func(float64) (alerts.Analyser, error) {
				made = append(made, &recorder{})
				return made[len(made)-1], nil
			})
			for _, c := range tt.chunks {
				e.Observe(c.delivery())
			}
			var got [][]int32
			for _, r := range made {
				got = append(got, r.fed)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("fed (-want +got):\n%s", diff)
			}
		})
	}
}

func TestSamplesAreFedInMicrovolts(t *testing.T) {
	r := &recorder{}
	e := alerts.NewEngine(patient)
	e.Analyse(func(float64) (alerts.Analyser, error) { return r, nil })
	d := chunk{n: 4}.delivery()
	d.Batch.Waveforms[0].Scale = vitals.NewDecimal(25, -1)
	d.Batch.Waveforms[0].Samples = []int16{0, 2, -3, vitals.Missing}
	e.Observe(d)
	if diff := cmp.Diff([]int32{0, 5, -8, -1}, r.fed); diff != "" {
		t.Errorf("fed (-want +got):\n%s", diff)
	}
}

func TestARateThatMakesNoSenseIsHarmless(t *testing.T) {
	for _, rate := range []vitals.Rate{{}, {Num: 250}, {Den: 1}, {Num: 1, Den: 1 << 31}, {Num: 1 << 31, Den: 1}} {
		e := alerts.NewEngine(patient)
		d := chunk{n: 100}.delivery()
		d.Batch.Waveforms[0].Rate = rate
		e.Observe(d)
		e.Observe(d)
	}
}
