// Package wfdb reads the records and annotations of PhysioNet (WaveForm DataBase format): the
// recordings that the detector is trained and judged on, and that the simulator replays.
//
// It reads signals in formats 16, 24 and 212, also behind the prefix of a MATLAB file, and
// annotations in MIT format. It knows nothing of Vigil but the mark for a missing sample.
// Layout: https://physionet.org/physiotools/wag/header-5.htm, signal-5.htm and annot-5.htm.
package wfdb

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/samber/lo"

	"vigil/vitals"
)

// ErrMalformed is wrapped by every error about files that do not follow their layout.
var ErrMalformed = errors.New("malformed record")

// ErrUnsupported is wrapped by errors about layouts that exist but are not read here.
var ErrUnsupported = errors.New("unsupported record")

// ErrChecksum is wrapped by the error of Record.Verify.
var ErrChecksum = errors.New("samples are not those that the header was written for")

// Invalid marks a lost sample among those that Read returns.
const Invalid int32 = math.MinInt32

// Record is one recording: its header, and on demand its samples.
type Record struct {
	Name    string
	Rate    float64 // samples per second
	Samples int     // per signal, as the header says; 0 where it does not
	Signals []Signal

	dir string
}

// Signal is one channel of a record. A sample's physical value is (adu - Baseline) / Gain.
type Signal struct {
	Name     string
	Gain     float64 // steps of the converter (adu) per Unit
	Baseline int     // adu at which the physical value is zero
	Unit     string

	file     string
	format   format
	offset   int   // bytes before the first sample of the file
	initial  int32 // first sample
	checksum int16 // sum of all samples; programs that do not compute it write 0
}

// Open reads the header of a record. Its signal files need not be there until they are read.
func Open(dir, record string) (*Record, error) {
	text, err := readFile(dir, record+".hea")
	if err != nil {
		return nil, fmt.Errorf("open record %s: %w", record, err)
	}
	r, err := parseHeader(text)
	if err != nil {
		return nil, fmt.Errorf("read header of record %s: %w", record, err)
	}
	r.Name, r.dir = record, dir
	return r, nil
}

// Records lists the records of a database: those in its RECORDS file, or else every header.
func Records(dir string) ([]string, error) {
	list, err := readFile(dir, "RECORDS")
	if err == nil {
		return strings.Fields(string(list)), nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("list records: %w", err)
	}
	headers, err := filepath.Glob(filepath.Join(dir, "*.hea"))
	if err != nil {
		return nil, fmt.Errorf("list headers: %w", err)
	}
	return lo.Map(headers, func(path string, _ int) string {
		return strings.TrimSuffix(filepath.Base(path), ".hea")
	}), nil
}

// readFile reads a file of the folder. A header names its signal files, and a hostile one must
// not reach outside.
func readFile(dir, name string) (content []byte, err error) {
	f, err := os.OpenInRoot(dir, filepath.FromSlash(name))
	if err != nil {
		return nil, fmt.Errorf("open file: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	content, err = io.ReadAll(f)
	if err != nil {
		return nil, fmt.Errorf("read file: %w", err)
	}
	return content, nil
}

// lines are the lines of a header that carry something.
func lines(text []byte) []string {
	all := lo.Map(strings.Split(string(text), "\n"), func(line string, _ int) string { return strings.TrimSpace(line) })
	return lo.Filter(all, func(line string, _ int) bool { return line != "" && !strings.HasPrefix(line, "#") })
}

// Read returns the samples of all signals in adu, all of the same length. Where a file ends
// before the others or before what the header says, the record is as long as the longest file,
// and what is missing is Invalid.
func (r *Record) Read() ([][]int32, error) {
	samples := make([][]int32, len(r.Signals))
	longest := 0
	for first := 0; first < len(r.Signals); {
		g := r.group(first)
		data, err := g.read(r.dir)
		if err != nil {
			return nil, fmt.Errorf("read signals of record %s: %w", r.Name, err)
		}
		n := g.frames(data, r.Samples)
		for i := range g.width {
			samples[first+i] = g.channel(data, i, n)
		}
		longest = max(longest, n)
		first += g.width
	}
	for i, s := range samples {
		missing := slices.Repeat([]int32{Invalid}, longest-len(s))
		samples[i] = append(s, missing...)
	}
	return samples, nil
}

// Microvolts returns the samples of one signal in µV, to the nearest, with vitals.Missing for
// lost ones. Values beyond ±32.767 mV become the nearest that fits.
func (r *Record) Microvolts(signal int) ([]int16, error) {
	if signal < 0 || signal >= len(r.Signals) {
		return nil, fmt.Errorf("read signal %d of %d of record %s: %w", signal, len(r.Signals), r.Name, fs.ErrNotExist)
	}
	s := r.Signals[signal]
	perUnit, ok := microvolts[strings.ToLower(s.Unit)]
	if !ok {
		return nil, fmt.Errorf("read signal %s of record %s in %q as a voltage: %w", s.Name, r.Name, s.Unit, ErrUnsupported)
	}
	g := r.groupOf(signal)
	data, err := g.read(r.dir)
	if err != nil {
		return nil, fmt.Errorf("read signal %s of record %s: %w", s.Name, r.Name, err)
	}
	adu := g.channel(data, signal-g.first, g.frames(data, r.Samples))
	return lo.Map(adu, func(v int32, _ int) int16 {
		if v == Invalid {
			return vitals.Missing
		}
		uv := (float64(v) - float64(s.Baseline)) / s.Gain * perUnit
		return int16(math.Round(min(max(uv, -math.MaxInt16), math.MaxInt16)))
	}), nil
}

// microvolts is how many microvolts a unit has.
var microvolts = map[string]float64{"uv": 1, "µv": 1, "mv": 1000, "v": 1e6}

// Verify compares what Read returned with the first sample and the checksum that the header keeps
// of each signal. Records in the wild sometimes carry a stale checksum, so Read does not insist.
func (r *Record) Verify(samples [][]int32) error {
	for i, s := range r.Signals {
		if s.checksum == 0 || i >= len(samples) || len(samples[i]) == 0 {
			continue
		}
		sum := int16(0)
		for _, v := range samples[i] {
			sum += int16(s.format.raw(v))
		}
		if first := s.format.raw(samples[i][0]); first != s.initial || sum != s.checksum {
			return fmt.Errorf("verify signal %s of record %s: first %d, checksum %d, header says %d, %d: %w",
				s.Name, r.Name, first, sum, s.initial, s.checksum, ErrChecksum)
		}
	}
	return nil
}
