package codec_test

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"hash/crc32"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/klauspost/compress/zstd"
	"pgregory.net/rapid"

	"vigil/vitals"
	"vigil/vitals/codec"
)

// midnight is when the tests take place.
var midnight = time.Date(2026, 3, 29, 0, 0, 0, 0, time.UTC)

// anyTime is a time as the record keeps it, near midnight or wherever 64 bits of microseconds reach.
func anyTime() *rapid.Generator[time.Time] {
	return rapid.OneOf(
		rapid.Map(rapid.Int64Range(0, int64(time.Hour/time.Microsecond)), func(us int64) time.Time {
			return midnight.Add(time.Duration(us) * time.Microsecond)
		}),
		rapid.Map(rapid.Int64(), func(us int64) time.Time { return time.UnixMicro(us).UTC() }),
	)
}

func anyDecimal() *rapid.Generator[vitals.Decimal] {
	return rapid.Custom(func(t *rapid.T) vitals.Decimal {
		return vitals.NewDecimal(
			rapid.OneOf(rapid.Int64Range(0, 300), rapid.Int64()).Draw(t, "mantissa"),
			rapid.OneOf(rapid.Int8Range(-2, 0), rapid.Int8()).Draw(t, "exponent"),
		)
	})
}

func anyPoint() *rapid.Generator[codec.Point] {
	return rapid.Custom(func(t *rapid.T) codec.Point {
		return codec.Point{
			Time:    anyTime().Draw(t, "time"),
			Value:   anyDecimal().Draw(t, "value"),
			Quality: vitals.Quality(rapid.IntRange(0, 1).Draw(t, "quality")),
		}
	})
}

func anySegment() *rapid.Generator[codec.Segment] {
	return rapid.Custom(func(t *rapid.T) codec.Segment {
		return codec.Segment{
			Start:   anyTime().Draw(t, "start"),
			First:   rapid.Uint64().Draw(t, "first"),
			Rate:    vitals.Rate{Num: rapid.Uint32().Draw(t, "num"), Den: rapid.Uint32().Draw(t, "den")},
			Scale:   anyDecimal().Draw(t, "scale"),
			Samples: rapid.SliceOf(rapid.Int16()).Draw(t, "samples"),
		}
	})
}

func TestSeriesComesBackAsItWas(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		start, points := anyTime().Draw(t, "start"), rapid.SliceOf(anyPoint()).Draw(t, "points")
		got, err := codec.UnpackSeries(start, codec.PackSeries(start, points))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(points, got, cmpopts.EquateEmpty()); diff != "" {
			t.Fatal(diff)
		}
	})
}

func TestWaveComesBackAsItWas(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		segments := rapid.SliceOf(anySegment()).Draw(t, "segments")
		got, err := codec.UnpackWave(codec.PackWave(segments))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(segments, got, cmpopts.EquateEmpty()); diff != "" {
			t.Fatal(diff)
		}
	})
}

func TestFullBlocksComeBack(t *testing.T) {
	points := make([]codec.Point, codec.MaxPoints)
	for i := range points {
		points[i] = codec.Point{Time: midnight.Add(time.Duration(i*i) * time.Microsecond), Value: vitals.Int(int64(i) << 40)}
	}
	if got, err := codec.UnpackSeries(midnight, codec.PackSeries(midnight, points)); err != nil || !slices.Equal(got, points) {
		t.Errorf("%d points came back as %d, %v", len(points), len(got), err)
	}
	segments := make([]codec.Segment, codec.MaxSegments)
	for i := range segments {
		segments[i] = codec.Segment{Start: midnight, Samples: make([]int16, codec.MaxSamples/codec.MaxSegments)}
	}
	got, err := codec.UnpackWave(codec.PackWave(segments))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(segments, got); diff != "" {
		t.Error(diff)
	}
}

func TestOneMoreThanABlockHoldsPanics(t *testing.T) {
	tests := map[string]func(){
		"points":   func() { codec.PackSeries(midnight, make([]codec.Point, codec.MaxPoints+1)) },
		"samples":  func() { codec.PackWave([]codec.Segment{{Samples: make([]int16, codec.MaxSamples+1)}}) },
		"segments": func() { codec.PackWave(make([]codec.Segment, codec.MaxSegments+1)) },
	}
	for name, pack := range tests {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("packed what nobody could unpack")
				}
			}()
			pack()
		})
	}
}

// unpack tries both kinds of block.
func unpack(block []byte) error {
	_, series := codec.UnpackSeries(midnight, block)
	_, wave := codec.UnpackWave(block)
	if series == nil || wave == nil {
		return nil
	}
	return errors.Join(series, wave)
}

func someBlocks() map[string][]byte {
	beat := make([]codec.Point, 60)
	for i := range beat {
		beat[i] = codec.Point{Time: midnight.Add(time.Duration(i) * time.Second), Value: vitals.Int(int64(60 + i%5))}
	}
	return map[string][]byte{
		"a minute":       codec.PackSeries(midnight, beat),
		"a single value": codec.PackSeries(midnight, beat[:1]),
		"a wave": codec.PackWave([]codec.Segment{{
			Start: midnight, First: 7, Rate: vitals.Rate{Num: 250, Den: 1}, Scale: vitals.Int(1), Samples: make([]int16, 500),
		}}),
	}
}

func TestNoFlippedBitIsShownAsAHeartbeat(t *testing.T) {
	for name, block := range someBlocks() {
		t.Run(name, func(t *testing.T) {
			for bit := range len(block) * 8 {
				damaged := slices.Clone(block)
				damaged[bit/8] ^= 1 << (bit % 8)
				if err := unpack(damaged); !errors.Is(err, codec.ErrCorrupt) {
					t.Fatalf("bit %d: %v", bit, err)
				}
			}
			for n := range block {
				if err := unpack(block[:n]); !errors.Is(err, codec.ErrCorrupt) {
					t.Fatalf("cut off after %d bytes: %v", n, err)
				}
			}
		})
	}
}

// sealed puts a correct checksum behind contents, so that what lies under it is reached.
func sealed(contents []byte) []byte {
	sum := crc32.Checksum(contents, crc32.MakeTable(crc32.Castagnoli))
	return binary.LittleEndian.AppendUint32(slices.Clone(contents), sum)
}

func zstdOf(t *testing.T, plain []byte) []byte {
	t.Helper()
	w, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	return w.EncodeAll(plain, nil)
}

func TestContentsThatLieAreRefused(t *testing.T) {
	bomb := string(zstdOf(t, make([]byte, 64<<20)))
	segment := func(samples string) string { return "W\x01\x01\x00\x00\x01\x01\x00\x00" + samples }
	tests := map[string]string{
		"a version from the future":                       "W\x02\x00",
		"a wave of more segments than bytes":              "W\x01\x7f",
		"a wave without its number of segments":           "W\x01",
		"a segment that is cut off":                       "W\x01\x01\x00\x00\x01\x01\x00",
		"a segment of more samples than a block holds":    segment("\xff\xff\xff\x7f"),
		"a segment of a rate that does not fit":           "W\x01\x01\x00\x00\xff\xff\xff\xff\x7f\x01\x00\x00\x00",
		"a wave of no samples with bytes left":            segment("\x00") + "more",
		"a wave whose samples are missing":                segment("\x05"),
		"a wave that expands to 64 MiB":                   segment("\x05") + bomb,
		"a wave with fewer samples than it says":          segment("\x05") + string(zstdOf(t, make([]byte, 8))),
		"a series of more points than a block holds":      "S\x01\xff\xff\xff\x7f\x00",
		"a series of more points than bytes":              "S\x01\x05\x00\x00\x00\x00\x00",
		"a series packed in a way that nobody knows":      "S\x01\x01\x09\x00\x00\x00\x00",
		"a series that goes on after its last point":      "S\x01\x01\x00\x00\x00\x00\x00\x00",
		"a series that expands to 64 MiB":                 "S\x01\x05\x01\x14" + bomb,
		"a series that says it expands beyond its points": "S\x01\x05\x01\xff\xff\xff\xff\xff\x0f" + bomb,
		"a series whose numbers do not end":               "S\x01\x01\x00\xff\xff\xff\xff",
	}
	for name, contents := range tests {
		t.Run(name, func(t *testing.T) {
			if err := unpack(sealed([]byte(contents))); !errors.Is(err, codec.ErrCorrupt) {
				t.Error(err)
			}
		})
	}
}

// TestBlocksOfVersionOneStayReadable holds blocks as they lie in databases. They may be packed
// differently in future; they must come back the same for ever.
func TestBlocksOfVersionOneStayReadable(t *testing.T) {
	at := func(s int) time.Time { return midnight.Add(time.Duration(s) * time.Second) }
	steady := make([]codec.Point, 60)
	for i := range steady {
		steady[i] = codec.Point{Time: at(i), Value: vitals.Int(int64(60 + i%2))}
	}
	series := map[string][]codec.Point{
		"530102008092f401d00fd80510ffff00018aec656e": {
			{Time: at(2), Value: vitals.NewDecimal(364, -1)},
			{Time: at(4).Add(time.Millisecond), Value: vitals.NewDecimal(372, -1), Quality: vitals.Questionable},
		},
		"53013c01f20128b52ffd20f2b50000400080897a00780201040005097a871338770e733a2d76b6bdfa": steady,
	}
	for block, want := range series {
		got, err := codec.UnpackSeries(midnight, unhex(t, block))
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Error(diff, err)
		}
	}
	wave, err := codec.UnpackWave(unhex(t, "57010280808fa5cd87a706d00ffa010102000680ade204c40f820101e803fe0128b52ffd200e71000002055ca801f304000002fd00ff00b033794a"))
	oximeter := segment(5*time.Second, 2000, 7)
	oximeter.Rate, oximeter.Scale = hz130, vitals.NewDecimal(244, -2)
	want := []codec.Segment{segment(0, 1000, 1, -2, 300, vitals.Missing, 32767, 5), oximeter}
	if diff := cmp.Diff(want, wave); diff != "" || err != nil {
		t.Error(diff, err)
	}
}

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestBlocksArePackedByManyAtOnce(t *testing.T) {
	want := codec.Segment{Start: midnight, Rate: vitals.Rate{Num: 250, Den: 1}, Scale: vitals.Int(1), Samples: make([]int16, 2500)}
	for i := range want.Samples {
		want.Samples[i] = int16(i * i)
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 50 {
				got, err := codec.UnpackWave(codec.PackWave([]codec.Segment{want}))
				if err != nil || !slices.Equal(got[0].Samples, want.Samples) {
					t.Errorf("a block came back different, %v", err)
					return
				}
			}
		})
	}
	wg.Wait()
}

// FuzzUnpack proves that no bytes, not even under a correct checksum, panic or come back as
// something that cannot be packed again.
func FuzzUnpack(f *testing.F) {
	for _, block := range someBlocks() {
		f.Add(block)
		f.Add(block[:len(block)-crc32.Size])
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, block := range [][]byte{data, sealed(data)} {
			if points, err := codec.UnpackSeries(midnight, block); err == nil {
				again, err := codec.UnpackSeries(midnight, codec.PackSeries(midnight, points))
				if err != nil || !slices.Equal(points, again) {
					t.Fatalf("%d points came back as %d, %v", len(points), len(again), err)
				}
			}
			if segments, err := codec.UnpackWave(block); err == nil {
				again, err := codec.UnpackWave(codec.PackWave(segments))
				if diff := cmp.Diff(segments, again, cmpopts.EquateEmpty()); diff != "" || err != nil {
					t.Fatal(diff, err)
				}
			}
		}
	})
}
