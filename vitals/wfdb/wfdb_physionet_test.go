package wfdb_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"vigil/vitals"
	"vigil/vitals/wfdb"
)

// physionet is the folder of WFDB databases, one folder each.
func physionet(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("VIGIL_PHYSIONET")
	if dir == "" {
		t.Skip("VIGIL_PHYSIONET is not set: no PhysioNet records to read")
	}
	return dir
}

// eachRecord calls check for every record of every database that has a header.
func eachRecord(t *testing.T, check func(t *testing.T, dir, name string)) {
	t.Helper()
	databases, err := filepath.Glob(filepath.Join(physionet(t), "*", "RECORDS"))
	if err != nil || len(databases) == 0 {
		t.Fatalf("no databases found: %v", err)
	}
	for _, list := range databases {
		dir := filepath.Dir(list)
		t.Run(filepath.Base(dir), func(t *testing.T) {
			names, err := wfdb.Records(dir)
			if err != nil {
				t.Fatal(err)
			}
			for _, name := range names {
				check(t, dir, name)
			}
		})
	}
}

func exists(dir, name string) bool {
	_, err := os.Stat(filepath.Join(dir, name))
	return err == nil
}

func TestPhysioNetRecordsMatchTheirHeaders(t *testing.T) {
	read := 0
	eachRecord(t, func(t *testing.T, dir, name string) {
		r, err := wfdb.Open(dir, name)
		if errors.Is(err, fs.ErrNotExist) {
			return // annotations only
		}
		if err != nil {
			t.Error(err)
			return
		}
		if !exists(dir, name+".dat") && !exists(dir, name+".mat") {
			return // annotations only
		}
		samples, err := r.Read()
		if err != nil {
			t.Error(err)
			return
		}
		for _, s := range samples {
			if len(s) != r.Samples {
				t.Errorf("%s: %d samples, header says %d", name, len(s), r.Samples)
			}
		}
		if err := r.Verify(samples); err != nil {
			t.Error(err)
		}
		read++
	})
	t.Logf("%d records with signals", read)
	if read == 0 {
		t.Error("no record had signals")
	}
}

func TestPhysioNetVoltagesAreThoseOfAHeart(t *testing.T) {
	eachRecord(t, func(t *testing.T, dir, name string) {
		if !exists(dir, name+".hea") || (!exists(dir, name+".dat") && !exists(dir, name+".mat")) {
			return
		}
		r, err := wfdb.Open(dir, name)
		if err != nil {
			t.Error(err)
			return
		}
		uv, err := r.Microvolts(0)
		if err != nil {
			t.Error(err)
			return
		}
		beyond := 0
		for _, v := range uv {
			if v != vitals.Missing && (v > 20000 || v < -20000) {
				beyond++
			}
		}
		if len(uv) != r.Samples || beyond > len(uv)/100 {
			t.Errorf("%s: %d of %d samples beyond 20 mV", name, beyond, len(uv))
		}
	})
}

func TestPhysioNetAnnotationsAreSane(t *testing.T) {
	marks := map[string]int{}
	eachRecord(t, func(t *testing.T, dir, name string) {
		for _, ext := range []string{"atr", "qrs", "pwave"} {
			if !exists(dir, name+"."+ext) {
				continue
			}
			found, err := wfdb.Annotations(dir, name, ext)
			if err != nil {
				t.Error(err)
				continue
			}
			if len(found) == 0 {
				t.Errorf("%s.%s holds nothing", name, ext)
			}
			for i, a := range found {
				marks[a.Code]++
				if a.Sample < 0 || i > 0 && a.Sample < found[i-1].Sample {
					t.Errorf("%s.%s: annotation %d at sample %d is out of order", name, ext, i, a.Sample)
				}
			}
			t.Logf("%s.%s: %d annotations, last at %d", name, ext, len(found), found[len(found)-1].Sample)
		}
	})
	t.Log(marks)
}
