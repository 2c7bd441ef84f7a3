package codec_test

import (
	"errors"
	"io/fs"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"vigil/vitals"
	"vigil/vitals/codec"
	"vigil/vitals/wfdb"
)

// heart is n samples of something like an ECG in steps of 5 µV: waves of 72 beats a minute under
// noise of three steps.
func heart(n int) []int16 {
	random := rand.New(rand.NewPCG(1, 2))
	samples := make([]int16, n)
	for i := range samples {
		phase := math.Mod(float64(i)/250*72/60, 1)
		wave := func(at, width, height float64) float64 {
			x := (phase - at) / width
			return height * math.Exp(-x*x)
		}
		samples[i] = int16(wave(0.2, 0.03, 30) + wave(0.4, 0.008, 220) + wave(0.65, 0.05, 60) + 3*random.NormFloat64())
	}
	return samples
}

func tenSeconds(samples []int16) []codec.Segment {
	return []codec.Segment{{Start: midnight, First: 1, Rate: hz250, Scale: vitals.Int(5), Samples: samples}}
}

func BenchmarkPackWave(b *testing.B) {
	segments := tenSeconds(heart(2500))
	size := 2 * len(segments[0].Samples)
	b.SetBytes(int64(size))
	b.ReportAllocs()
	packed := 0
	for b.Loop() {
		packed = len(codec.PackWave(segments))
	}
	b.ReportMetric(float64(size)/float64(packed), "ratio")
}

func BenchmarkUnpackWave(b *testing.B) {
	segments := tenSeconds(heart(2500))
	block := codec.PackWave(segments)
	size := 2 * len(segments[0].Samples)
	b.SetBytes(int64(size))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := codec.UnpackWave(block); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(size)/float64(len(block)), "ratio")
}

// minute is a minute of heart rates, stamped when the radio delivered them. Unpacked, a point is a
// time and a value of eight bytes each.
func minute() (points []codec.Point, size int) {
	random := rand.New(rand.NewPCG(1, 2))
	for i := range 60 {
		at := time.Duration(i)*time.Second + time.Duration(random.IntN(30_000))*time.Microsecond
		points = append(points, codec.Point{Time: midnight.Add(at), Value: vitals.Int(int64(70 + random.IntN(5)))})
	}
	return points, 16 * len(points)
}

func BenchmarkPackSeries(b *testing.B) {
	points, size := minute()
	b.SetBytes(int64(size))
	b.ReportAllocs()
	packed := 0
	for b.Loop() {
		packed = len(codec.PackSeries(midnight, points))
	}
	b.ReportMetric(float64(size)/float64(packed), "ratio")
}

func BenchmarkUnpackSeries(b *testing.B) {
	points, size := minute()
	block := codec.PackSeries(midnight, points)
	b.SetBytes(int64(size))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := codec.UnpackSeries(midnight, block); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(size)/float64(len(block)), "ratio")
}

// BenchmarkWaveAdd is a chunk of a second added to an open block.
func BenchmarkWaveAdd(b *testing.B) {
	samples := heart(2500)
	b.ReportAllocs()
	for b.Loop() {
		var w codec.Wave
		for i := range 10 {
			if err := w.Add(chunk(time.Duration(i)*time.Second, uint64(250*i), samples[250*i:250*(i+1)]...)); err != nil {
				b.Fatal(err)
			}
		}
	}
}

// resampled is a recording of 360 Hz at the 250 Hz of a wearable, by straight lines.
func resampled(adu []int32) []int16 {
	out := make([]int16, (len(adu)-1)*250/360)
	for i := range out {
		at := i * 360 / 250
		part := int32(i * 360 % 250)
		out[i] = int16(adu[at] + (adu[at+1]-adu[at])*part/250)
	}
	return out
}

func TestPhysioNetWavesPackAsSmallAsMeasured(t *testing.T) {
	dir := os.Getenv("VIGIL_PHYSIONET")
	if dir == "" {
		t.Skip("VIGIL_PHYSIONET is not set: no PhysioNet records to pack")
	}
	dir = filepath.Join(dir, "mitdb")
	names, err := wfdb.Records(dir)
	if err != nil {
		t.Fatal(err)
	}
	var raw, packed int
	for _, name := range names {
		r, err := wfdb.Open(dir, name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		signals, err := r.Read()
		if err != nil {
			t.Fatal(err)
		}
		samples := resampled(signals[0])
		blocks, bytes := 0, 0
		for ; len(samples) >= 2500; samples = samples[2500:] {
			blocks++
			bytes += len(codec.PackWave(tenSeconds(samples[:2500])))
		}
		t.Logf("record %s: %d bytes per block, ratio %.2f", name, bytes/blocks, float64(5000*blocks)/float64(bytes))
		raw, packed = raw+5000*blocks, packed+bytes
	}
	ratio := float64(raw) / float64(packed)
	t.Logf("all records: ratio %.2f", ratio)
	if ratio < 2.8 {
		t.Errorf("ratio %.2f is less than the 2.8 that storage is planned with", ratio)
	}
}
