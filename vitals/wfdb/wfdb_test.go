package wfdb_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"vigil/vitals"
	"vigil/vitals/wfdb"
)

// files writes a folder with the named files.
func files(tb testing.TB, contents map[string]string) string {
	tb.Helper()
	dir := tb.TempDir()
	for name, content := range contents {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			tb.Fatal(err)
		}
	}
	return dir
}

func open(t *testing.T, dir string) *wfdb.Record {
	t.Helper()
	r, err := wfdb.Open(dir, "r")
	if err != nil {
		t.Fatal(err)
	}
	return r
}

const lost = wfdb.Invalid

func TestReadUnpacksEachFormat(t *testing.T) {
	tests := map[string]struct {
		header string
		files  map[string]string
		want   [][]int32
	}{
		"format 16, two signals in turn": {
			"r 2 250 2\nr.dat 16\nr.dat 16\n",
			map[string]string{"r.dat": "\x01\x00\xfe\xff\x00\x80\xff\x7f"},
			[][]int32{{1, lost}, {-2, 32767}},
		},
		"format 24 reaches beyond 16 bits": {
			"r 1 250 3\nr.dat 24\n",
			map[string]string{"r.dat": "\x00\x00\x01\xff\xff\xff\x00\x00\x80"},
			[][]int32{{65536, -1, lost}},
		},
		"format 212 shares the middle byte": {
			"r 1 250 4\nr.dat 212\n",
			map[string]string{"r.dat": "\x34\x12\xcd" + "\xff\x8f\x00"},
			[][]int32{{0x234, 0x1cd, -1, lost}},
		},
		"format 212 with an odd number of samples": {
			"r 1 250 3\nr.dat 212\n",
			map[string]string{"r.dat": "\x01\x00\x02" + "\x03\x00"},
			[][]int32{{1, 2, 3}},
		},
		"samples behind the head of a MATLAB file": {
			"r 1 300 2\nr.mat 16+24 1000/mV 16 0 5 0 0 ECG\n",
			map[string]string{"r.mat": strings.Repeat("h", 24) + "\x05\x00\x06\x00"},
			[][]int32{{5, 6}},
		},
		"the file goes on after what the header promises": {
			"r 1 250 1\nr.dat 16\n",
			map[string]string{"r.dat": "\x01\x00\x02\x00"},
			[][]int32{{1}},
		},
		"the header promises no length": {
			"r 1\nr.dat 16\n",
			map[string]string{"r.dat": "\x01\x00\x02\x00\x03"},
			[][]int32{{1, 2}},
		},
		"the header promises more than there is": {
			"r 1 250 4000000000000\nr.dat 16\n",
			map[string]string{"r.dat": "\x01\x00"},
			[][]int32{{1}},
		},
		"one of two files ends early": {
			"r 2 250 2\na.dat 16\nb.dat 16\n",
			map[string]string{"a.dat": "\x01\x00", "b.dat": "\x02\x00\x03\x00"},
			[][]int32{{1, lost}, {2, 3}},
		},
		"annotations only": {"r 0 250 0\n", nil, [][]int32{}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			dir := files(t, test.files)
			if err := os.WriteFile(filepath.Join(dir, "r.hea"), []byte(test.header), 0o600); err != nil {
				t.Fatal(err)
			}
			got, err := open(t, dir).Read()
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// pack is the inverse of what the package reads.
func pack(format string, samples []int32) []byte {
	var data []byte
	for i, v := range samples {
		switch format {
		case "16":
			data = append(data, byte(v), byte(v>>8))
		case "24":
			data = append(data, byte(v), byte(v>>8), byte(v>>16))
		case "212":
			if i%2 == 0 {
				data = append(data, byte(v), byte(v>>8)&0x0f)
			} else {
				data[len(data)-1] |= byte(v>>8) << 4
				data = append(data, byte(v))
			}
		}
	}
	return data
}

func TestReadReturnsWhatWasPacked(t *testing.T) {
	dir := t.TempDir()
	bits := map[string]int{"16": 16, "24": 24, "212": 12}
	rapid.Check(t, func(t *rapid.T) {
		format := rapid.SampledFrom([]string{"16", "24", "212"}).Draw(t, "format")
		width := rapid.IntRange(1, 3).Draw(t, "signals")
		top := int32(1)<<(bits[format]-1) - 1
		frames := rapid.SliceOf(rapid.SliceOfN(rapid.Int32Range(-top, top), width, width)).Draw(t, "frames")

		var inTurn []int32
		want := make([][]int32, width)
		for i := range want {
			want[i] = []int32{}
		}
		for _, frame := range frames {
			inTurn = append(inTurn, frame...)
			for i, v := range frame {
				want[i] = append(want[i], v)
			}
		}
		header := "r " + string(rune('0'+width)) + "\n" + strings.Repeat("r.dat "+format+"\n", width)
		if err := errors.Join(
			os.WriteFile(filepath.Join(dir, "r.hea"), []byte(header), 0o600),
			os.WriteFile(filepath.Join(dir, "r.dat"), pack(format, inTurn), 0o600),
		); err != nil {
			t.Fatal(err)
		}
		r, err := wfdb.Open(dir, "r")
		if err != nil {
			t.Fatal(err)
		}
		got, err := r.Read()
		if err != nil {
			t.Fatal(err)
		}
		for i := range got { // 12-bit samples of odd number leave room for half a sample, never for one
			if diff := cmp.Diff(want[i], got[i]); diff != "" {
				t.Fatal(diff)
			}
		}
	})
}

func TestReadStaysInItsFolder(t *testing.T) {
	outer := files(t, map[string]string{"secret": "\x01\x00"})
	dir := filepath.Join(outer, "db")
	if err := errors.Join(os.Mkdir(dir, 0o700), os.WriteFile(filepath.Join(dir, "r.hea"), []byte("r 1\n../secret 16\n"), 0o600)); err != nil {
		t.Fatal(err)
	}
	r := open(t, dir)
	if samples, err := r.Read(); err == nil {
		t.Errorf("read %v from outside", samples)
	}
	if uv, err := r.Microvolts(0); err == nil {
		t.Errorf("read %v from outside", uv)
	}
}

func TestReadNamesWhatIsMissing(t *testing.T) {
	r := open(t, files(t, map[string]string{"r.hea": "r 1\nr.dat 16\n"}))
	if _, err := r.Read(); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a missing signal file: %v", err)
	}
	r = open(t, files(t, map[string]string{"r.hea": "r 1\nr.dat 16+24\n", "r.dat": "short"}))
	if _, err := r.Read(); !errors.Is(err, wfdb.ErrMalformed) {
		t.Errorf("a file that ends before its samples begin: %v", err)
	}
	if _, err := wfdb.Open(t.TempDir(), "r"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a missing header: %v", err)
	}
}

func TestMicrovoltsFollowGainAndBaseline(t *testing.T) {
	tests := map[string]struct {
		signal string
		adu    []int32
		want   []int16
	}{
		"200 steps per millivolt around 1024": {"212 200(1024)/mV", []int32{1024, 1025, 824, -2048}, []int16{0, 5, -1000, vitals.Missing}},
		"rounded to the nearest":              {"16 3/mV", []int32{1, -1, 2}, []int16{333, -333, 667}},
		"in microvolts":                       {"16 2/uV", []int32{10}, []int16{5}},
		"in volts":                            {"16 1000/V", []int32{1}, []int16{1000}},
		"beyond what fits":                    {"16 1/mV", []int32{100, -100}, []int16{32767, -32767}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			format, _, _ := strings.Cut(test.signal, " ")
			r := open(t, files(t, map[string]string{
				"r.hea": "r 2\nother.dat 16 200/NU\nr.dat " + test.signal + "\n",
				"r.dat": string(pack(format, test.adu)),
			}))
			got, err := r.Microvolts(1)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestMicrovoltsTakeTheSignalOutOfItsFile(t *testing.T) {
	r := open(t, files(t, map[string]string{
		"r.hea": "r 3\nr.dat 16 1/uV\nr.dat 16 1/uV\nr.dat 16 1/uV\n",
		"r.dat": string(pack("16", []int32{1, 2, 3, 4, 5, 6})),
	}))
	for signal, want := range [][]int16{{1, 4}, {2, 5}, {3, 6}} {
		got, err := r.Microvolts(signal)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	}
}

func TestMicrovoltsRefuseWhatIsNoVoltage(t *testing.T) {
	r := open(t, files(t, map[string]string{"r.hea": "r 1\nr.mat 16+24 8043/NU 16 0 0 0 0 PLETH\n"}))
	if _, err := r.Microvolts(0); !errors.Is(err, wfdb.ErrUnsupported) {
		t.Errorf("a plethysmogram: %v", err)
	}
	if _, err := r.Microvolts(1); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a signal that the record does not have: %v", err)
	}
}

func TestVerifyNoticesADamagedFile(t *testing.T) {
	const header = "r 1 250 3\nr.dat 16 200 16 0 7 -32762 0\n" // 7 + -1 + lost (-32768)
	tests := map[string]struct {
		samples []int32
		header  string
		want    error
	}{
		"as recorded":                          {[]int32{7, -1, -32768}, header, nil},
		"one bit flipped":                      {[]int32{7, -3, -32768}, header, wfdb.ErrChecksum},
		"two samples swapped, the first among": {[]int32{-1, 7, -32768}, header, wfdb.ErrChecksum},
		"the header keeps no checksum":         {[]int32{1, 2, 3}, "r 1 250 3\nr.dat 16 200 16 0 7 0 0\n", nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			r := open(t, files(t, map[string]string{"r.hea": test.header, "r.dat": string(pack("16", test.samples))}))
			samples, err := r.Read()
			if err != nil {
				t.Fatal(err)
			}
			if err := r.Verify(samples); !errors.Is(err, test.want) {
				t.Errorf("got %v, want %v", err, test.want)
			}
		})
	}
}

func TestRecordsComeFromTheListOrTheHeaders(t *testing.T) {
	headers := map[string]string{"b.hea": "b 0\n", "a.hea": "a 0\n", "a.dat": ""}
	got, err := wfdb.Records(files(t, headers))
	if diff := cmp.Diff([]string{"a", "b"}, got); diff != "" || err != nil {
		t.Error(diff, err)
	}
	headers["RECORDS"] = "b\nc\n"
	got, err = wfdb.Records(files(t, headers))
	if diff := cmp.Diff([]string{"b", "c"}, got); diff != "" || err != nil {
		t.Error(diff, err)
	}
}

// FuzzRead proves that no header and no signal file makes the reader panic or invent samples.
func FuzzRead(f *testing.F) {
	f.Add("r 2 360 3\nr.dat 212 200(1024)/mV 11 1024 955 29832 0 MLII\nr.dat 212 200 11 1024 992 19589 0 V1\n", []byte("\x34\x12\xcd\xff\x8f\x00\x01\x02\x03"))
	f.Add("r 1 300 2\nr.mat 16+24 1000/mV 16 0 72 0 0 ECG\n", []byte(strings.Repeat("h", 28)))
	f.Add("r 1 1e3 5\nr.dat 24\n", []byte("123456789"))
	f.Add("r 3\nr.dat 16\nother.dat 16\nr.dat 16\n", []byte("12"))
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, header string, data []byte) {
		for name, content := range map[string][]byte{"r.hea": []byte(header), "r.dat": data, "r.mat": data} {
			if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		r, err := wfdb.Open(dir, "r")
		if err != nil {
			return
		}
		samples, err := r.Read()
		if err != nil {
			return
		}
		_ = r.Verify(samples) // any answer will do
		for i, s := range samples {
			if len(s) > 8*len(data)/12+1 {
				t.Fatalf("%d samples from %d bytes", len(s), len(data))
			}
			if uv, err := r.Microvolts(i); err == nil && len(uv) > len(s) {
				t.Fatalf("%d microvolts from %d samples", len(uv), len(s))
			}
		}
	})
}
