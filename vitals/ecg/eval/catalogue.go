package main

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/samber/lo"

	"vigil/vitals/wfdb"
)

// mode is what there is of a record to run the detector on.
type mode int

const (
	nothing   mode = iota // no signal, no beats: an accompanying folder
	sampled               // samples of an ECG
	intervals             // beats of a .qrs file only
)

// database is a folder of records.
type database struct {
	name    string
	dir     string
	mode    mode
	records []string
	alarms  map[string]challengeAlarm // of the Challenge 2015: by record
	labels  map[string]string         // of the Challenge 2017: by record
}

// challengeAlarm is an alarm that a monitor raised at five minutes, and whether experts agreed.
type challengeAlarm struct {
	kind string
	true bool
}

var errNoDatabase = errors.New("no folder below it holds records")

// findDatabases lists the databases below the folder.
func findDatabases(root string, only []string) ([]*database, error) {
	entries, err := os.ReadDir(root)
	if err != nil {
		return nil, fmt.Errorf("list databases: %w", err)
	}
	var found []*database
	for _, e := range entries {
		dir := filepath.Join(root, e.Name())
		if info, err := os.Stat(dir); err != nil || !info.IsDir() || len(only) > 0 && !slices.Contains(only, e.Name()) {
			continue
		}
		d, err := openDatabase(dir)
		if err != nil {
			return nil, fmt.Errorf("read database %s: %w", e.Name(), err)
		}
		if d.mode != nothing {
			found = append(found, d)
		}
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("list databases in %s: %w", root, errNoDatabase)
	}
	return found, nil
}

func openDatabase(dir string) (*database, error) {
	d := &database{name: filepath.Base(dir), dir: dir}
	files, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("list files: %w", err)
	}
	ends := lo.CountValuesBy(files, func(e fs.DirEntry) string { return filepath.Ext(e.Name()) })
	switch {
	case ends[".dat"]+ends[".mat"] > 0:
		d.mode = sampled
	case ends[".qrs"] > 0:
		d.mode = intervals
	default:
		return d, nil
	}
	if d.records, err = wfdb.Records(dir); err != nil {
		return nil, fmt.Errorf("list its records: %w", err)
	}
	slices.Sort(d.records)
	d.alarms = map[string]challengeAlarm{}
	err = d.table("ALARMS", func(row []string) {
		if len(row) == 3 {
			d.alarms[row[0]] = challengeAlarm{kind: row[1], true: strings.TrimSpace(row[2]) == "1"}
		}
	})
	if err != nil {
		return nil, err
	}
	d.labels = map[string]string{}
	return d, d.table("REFERENCE-v3.csv", func(row []string) {
		if len(row) == 2 {
			d.labels[row[0]] = strings.TrimSpace(row[1])
		}
	})
}

// table reads a file of the database with values separated by commas, where there is one.
func (d *database) table(name string, take func(row []string)) error {
	text, err := os.ReadFile(filepath.Join(d.dir, name)) //nolint:gosec // G304: the folder is the user's choice
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read %s: %w", name, err)
	}
	rows, err := csv.NewReader(strings.NewReader(string(text))).ReadAll()
	if err != nil {
		return fmt.Errorf("read %s: %w", name, err)
	}
	for _, row := range rows {
		take(row)
	}
	return nil
}
