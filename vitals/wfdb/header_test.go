package wfdb_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vigil/vitals/wfdb"
)

func TestOpenReadsTheHeader(t *testing.T) {
	tests := map[string]struct {
		header string
		want   wfdb.Record
	}{
		"as MIT-BIH writes it, with what is known of the patient": {
			"101 2 360 650000\n101.dat 212 200 11 1024 955 29832 0 MLII\n101.dat 212 200 11 1024 992 19589 0 V1\n# 75 F\n",
			wfdb.Record{Rate: 360, Samples: 650000, Signals: []wfdb.Signal{
				{Name: "MLII", Gain: 200, Baseline: 1024, Unit: "mV"},
				{Name: "V1", Gain: 200, Baseline: 1024, Unit: "mV"},
			}},
		},
		"a baseline of its own, a unit, a start time, and Windows line ends": {
			"r 1 128/1(0) 9661440 9:30:00 31/01/2003\r\nr.dat 16 166.945(-7)/uV 0 3 -1 -8202 0 lead  one\r\n",
			wfdb.Record{Rate: 128, Samples: 9661440, Signals: []wfdb.Signal{
				{Name: "lead one", Gain: 166.945, Baseline: -7, Unit: "uV"},
			}},
		},
		"never calibrated": {
			"r 1 128 10\nr.dat 212 0 12 0 25 17889 0 ECG1\n",
			wfdb.Record{Rate: 128, Samples: 10, Signals: []wfdb.Signal{{Name: "ECG1", Gain: 200, Unit: "mV"}}},
		},
		"as short as it may be": {
			"# a comment first\n\nr 1\nr.dat 16\n",
			wfdb.Record{Rate: 250, Signals: []wfdb.Signal{{Gain: 200, Unit: "mV"}}},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got := open(t, files(t, map[string]string{"r.hea": test.header}))
			test.want.Name = "r"
			hidden := cmp.FilterPath(func(p cmp.Path) bool {
				f, ok := p.Last().(cmp.StructField)
				return ok && strings.ToLower(f.Name()[:1]) == f.Name()[:1]
			}, cmp.Ignore())
			if diff := cmp.Diff(test.want, *got, hidden); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestOpenRefuses(t *testing.T) {
	tests := map[string]struct {
		header string
		want   error
	}{
		"an empty header":                       {"# nothing\n", wfdb.ErrMalformed},
		"a record line of one word":             {"r\n", wfdb.ErrMalformed},
		"fewer signals than promised":           {"r 2 250 10\nr.dat 16\n", wfdb.ErrMalformed},
		"a negative number of signals":          {"r -1\n", wfdb.ErrMalformed},
		"a rate of nothing":                     {"r 0 0\n", wfdb.ErrMalformed},
		"a rate that is no number":              {"r 0 NaN\n", wfdb.ErrMalformed},
		"a length that is no number":            {"r 0 250 long\n", wfdb.ErrMalformed},
		"a signal without a format":             {"r 1\nr.dat\n", wfdb.ErrMalformed},
		"a gain that is no number":              {"r 1\nr.dat 16 loud\n", wfdb.ErrMalformed},
		"a baseline that is no number":          {"r 1\nr.dat 16 200(low)/mV\n", wfdb.ErrMalformed},
		"a checksum that is no number":          {"r 1\nr.dat 16 200 12 0 0 sum\n", wfdb.ErrMalformed},
		"an offset that is no number":           {"r 1\nr.dat 16+x\n", wfdb.ErrMalformed},
		"one file in two formats":               {"r 2\nr.dat 16\nr.dat 212\n", wfdb.ErrMalformed},
		"a record of several segments":          {"r/3 2 360 1000\n", wfdb.ErrUnsupported},
		"differences of eight bits":             {"r 1\nr.dat 8\n", wfdb.ErrUnsupported},
		"several samples of a signal per frame": {"r 1\nr.dat 16x4\n", wfdb.ErrUnsupported},
		"skewed signals":                        {"r 1\nr.dat 16:5\n", wfdb.ErrUnsupported},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if _, err := wfdb.Open(files(t, map[string]string{"r.hea": test.header}), "r"); !errors.Is(err, test.want) {
				t.Errorf("got %v, want %v", err, test.want)
			}
		})
	}
}
