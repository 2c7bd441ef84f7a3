package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"

	"vigil/vitals/ecg/model"
	"vigil/vitals/wfdb"
)

// folds is how many parts the patients are divided into, to be judged by forests that were grown
// from the other parts.
const folds = 5

// nobody is the fold that a course leaves out when everybody teaches.
const nobody = -1

// record is one recording.
type record struct{ database, name string }

// patients tells of each recording which fold its patient belongs to.
type patients map[record]int

// dealt are the databases below a folder, with every patient in a fold. Each database deals out
// its records in their order, so that all folds hold of all databases.
func dealt(data string) (patients, []record, error) {
	entries, err := os.ReadDir(data)
	if err != nil {
		return nil, nil, fmt.Errorf("list databases: %w", err)
	}
	all, order := patients{}, []record(nil)
	for _, e := range entries {
		if e.Type().IsRegular() {
			continue
		}
		names, err := wfdb.Records(filepath.Join(data, e.Name()))
		if err != nil {
			return nil, nil, fmt.Errorf("list records of %s: %w", e.Name(), err)
		}
		for i, name := range names {
			r := record{e.Name(), name}
			all[r] = i % folds
			order = append(order, r)
		}
	}
	all.unite(order)
	return all, order, nil
}

// unite puts all recordings of one patient into one fold. The noise stress test and the marked P
// waves are of the arrhythmia database's records, whose number their names begin with, and its
// records 201 and 202 are of one patient (PhysioNet, MIT-BIH Arrhythmia Database Directory).
func (p patients) unite(order []record) {
	for _, r := range order {
		if r.database != "mitdb" && r.database != "nstdb" && r.database != "mitdb-pwave" {
			continue
		}
		number := r.name[:min(3, len(r.name))]
		if number == "202" {
			number = "201"
		}
		if fold, known := p[record{"mitdb", number}]; known {
			p[r] = fold
		}
	}
}

// course is one growing of all forests.
type course struct {
	data     string // folder of databases
	patients patients
	without  int            // fold whose patients do not teach
	forests  *model.Forests // the detector's, and in the place of some of them those grown so far
}

// teaches reports whether the patient of a recording takes part.
func (c *course) teaches(r record) bool {
	return c.without == nobody || c.patients[r] != c.without
}

// courses leave out each fold in turn.
func courses(data string) ([]*course, []record, error) {
	all, order, err := dealt(data)
	if err != nil {
		return nil, nil, err
	}
	out := make([]*course, folds)
	for fold := range out {
		out[fold] = newCourse(data, all, fold)
	}
	return out, order, nil
}

// crossed grows a forest without each fold, and gives the one that has not seen a recording's patient.
func crossed(data string, grown func(c *course) *model.Forest) (unseen func(record) *model.Forest, err error) {
	all, _, err := courses(data)
	if err != nil {
		return nil, err
	}
	forests := make([]*model.Forest, folds)
	err = each(len(all), func(i int) error {
		forests[all[i].without] = grown(all[i])
		return nil
	})
	if err != nil {
		return nil, err
	}
	return func(r record) *model.Forest { return forests[all[0].patients[r]] }, nil
}

func newCourse(data string, all patients, without int) *course {
	forests := *model.Embedded()
	return &course{data: data, patients: all, without: without, forests: &forests}
}

// run grows the forests of the jobs one after the other, as later ones may be asked about what a
// detector with the earlier ones finds, and writes them.
func (c *course) run(jobs []job, out string, text io.Writer) error {
	if err := os.MkdirAll(out, 0o750); err != nil {
		return fmt.Errorf("make folder: %w", err)
	}
	for _, j := range jobs {
		forest, err := j.grow(c)
		if err != nil {
			return fmt.Errorf("work on %s: %w", j.file, err)
		}
		*c.forests.Files()[j.file] = forest
		encoded := forest.Encode()
		path := filepath.Join(out, j.file)
		if err := os.WriteFile(path, encoded, 0o644); err != nil { //nolint:gosec // G306: anybody may read it
			return fmt.Errorf("write forest: %w", err)
		}
		if _, err := fmt.Fprintf(text, "%s: %d bytes\n", path, len(encoded)); err != nil {
			return fmt.Errorf("report: %w", err)
		}
	}
	return nil
}
