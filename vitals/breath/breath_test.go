package breath_test

import (
	"math"
	"math/rand/v2"
	"testing"
	"unsafe"

	"pgregory.net/rapid"

	"vigil/vitals/breath"
)

// chest is a made-up patient: beats at a heart rate, and how much breath shows in what, as a share.
type chest struct {
	bpm, breaths                          float64 // per minute
	beatHeight, beatInterval              float64
	pulseHeight, pulseFoot, pulseInterval float64
	noise                                 float64
	silent                                [2]float64 // s without beats or pulses
	irregular                             bool       // atrial fibrillation
}

// after is the meter when the patient has been watched for so many seconds.
func (c chest) after(seconds float64) (*breath.Meter, int64) {
	m := &breath.Meter{}
	random := rand.New(rand.NewPCG(1, 2))
	at := 0.0
	for at < seconds {
		phase := math.Sin(2 * math.Pi * c.breaths / 60 * at)
		jitter := func() float64 { return c.noise * random.NormFloat64() }
		if at < c.silent[0] || at >= c.silent[1] {
			if c.beatHeight+c.beatInterval > 0 {
				m.Beat(int64(at*1000), int32(1000*(1+c.beatHeight*phase+jitter())))
			}
			if c.pulseHeight+c.pulseFoot+c.pulseInterval > 0 {
				late := 250 + 1000*c.pulseInterval*phase/10
				m.Pulse(int64(at*1000+late), int32(500*(1+c.pulseHeight*phase+jitter())), int32(3000+500*(c.pulseFoot*phase+jitter())))
			}
		}
		step := 60 / c.bpm * (1 + c.beatInterval*phase + jitter()/4)
		if c.irregular {
			step *= 0.6 + 0.9*random.Float64()
		}
		at += step
	}
	return m, int64(seconds * 1000)
}

func TestBreathShowsInBeatsAndPulses(t *testing.T) {
	shows := chest{bpm: 80, beatHeight: 0.1, beatInterval: 0.06, pulseHeight: 0.15, pulseFoot: 0.2, noise: 0.01}
	tests := []struct {
		name   string
		change func(*chest)
		want   float64 // 0: it cannot be told
	}{
		{"at rest", func(c *chest) { c.breaths = 14 }, 14},
		{"slow", func(c *chest) { c.breaths = 7 }, 7},
		{"fast", func(c *chest) { c.breaths, c.bpm = 30, 110 }, 30},
		{"from the ECG alone", func(c *chest) { c.breaths, c.pulseHeight, c.pulseFoot = 16, 0, 0 }, 16},
		{"from the oximeter alone", func(c *chest) { c.breaths, c.beatHeight, c.beatInterval = 16, 0, 0 }, 16},
		{"in an irregular heart", func(c *chest) { c.breaths, c.irregular = 14, true }, 14},
		{"nothing shows it", func(c *chest) { *c = chest{bpm: 80, beatHeight: 1e-9, pulseFoot: 1e-9, noise: 0.05, breaths: 14} }, 0},
		{"a pause in the last half minute", func(c *chest) { c.breaths, c.silent = 14, [2]float64{70, 75} }, 0},
		{"a pause before that", func(c *chest) { c.breaths, c.silent = 14, [2]float64{40, 50} }, 14},
		{"the devices fell silent", func(c *chest) { c.breaths, c.silent = 14, [2]float64{80, 90} }, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := shows
			tt.change(&c)
			m, now := c.after(90)
			got, ok := m.Rate(now)
			if ok != (tt.want > 0) || math.Abs(got.PerMinute-tt.want) > 1.5 && ok {
				t.Errorf("%+v, told %v, want %.0f", got, ok, tt.want)
			}
		})
	}
}

func TestHalfAMinuteMustHaveBeenSeen(t *testing.T) {
	c := chest{bpm: 80, breaths: 15, beatHeight: 0.1, beatInterval: 0.05}
	m, now := c.after(30)
	if got, ok := m.Rate(now); ok {
		t.Errorf("after 30 s: %+v", got)
	}
	m, now = c.after(35)
	if _, ok := m.Rate(now); !ok {
		t.Error("unknown after 35 s")
	}
}

func TestBeatsOutOfOrderAreIgnored(t *testing.T) {
	m, now := chest{bpm: 80, breaths: 15, beatHeight: 0.1, pulseHeight: 0.1}.after(60)
	before, _ := m.Rate(now)
	for i := range int64(50) {
		m.Beat(now-40_000+i, 1_000_000)
		m.Pulse(now-40_000+i, 1_000_000, -1_000_000)
	}
	if after, _ := m.Rate(now); after != before {
		t.Errorf("%+v became %+v", before, after)
	}
}

// The unit of heights is the device's own, and so is the begin of time.
func TestUnitsAndTheBeginOfTimeDoNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		gain := rapid.Int32Range(1, 500).Draw(t, "gain")
		begin := rapid.Int64Range(0, 1<<41).Draw(t, "begin")
		var one, other breath.Meter
		for i := range int64(100) {
			at := 1000 + i*700
			height := int32(1000 + 100*math.Sin(float64(at)*2*math.Pi*0.25/1000))
			one.Pulse(at, height, height/2)
			other.Pulse(at+begin, height*gain, height/2*gain)
		}
		a, okA := one.Rate(72_000)
		b, okB := other.Rate(72_000 + begin)
		if !okA || !okB || math.Abs(a.PerMinute-b.PerMinute) > 0.5 {
			t.Fatalf("%+v %v, %+v %v", a, okA, b, okB)
		}
	})
}

func TestNothingIsAllocated(t *testing.T) {
	m, now := chest{bpm: 80, breaths: 15, beatHeight: 0.1, pulseHeight: 0.1, pulseFoot: 0.1}.after(60)
	if n := testing.AllocsPerRun(50, func() {
		m.Beat(now, 1000)
		m.Pulse(now, 1000, 0)
		_, _ = m.Rate(now)
		now += 800
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
	if size := unsafe.Sizeof(*m); size > 2<<10+256 {
		t.Errorf("a meter holds %d bytes", size)
	}
}

func FuzzAnyBeatsMayCome(f *testing.F) {
	f.Add([]byte{1, 200, 3, 90, 255, 0, 17, 80, 44})
	f.Fuzz(func(t *testing.T, data []byte) {
		var m breath.Meter
		at := int64(0)
		for i, b := range data {
			at += int64(b&127) * 16
			m.Beat(at, int32(b)<<(i%20))
			m.Pulse(at+int64(b>>4), -int32(b)<<(i%20), math.MaxInt32-int32(b))
			if e, ok := m.Rate(at + int64(b)); ok && (e.PerMinute < breath.MinPerMinute || e.PerMinute > breath.MaxPerMinute) {
				t.Fatalf("%+v", e)
			}
		}
	})
}

func BenchmarkRate(b *testing.B) {
	m, now := chest{bpm: 80, breaths: 15, beatHeight: 0.1, pulseHeight: 0.1, pulseFoot: 0.1, noise: 0.01}.after(60)
	b.ReportAllocs()
	for b.Loop() {
		_, _ = m.Rate(now)
	}
}
