package main

import (
	"encoding/csv"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"vigil/vitals/ecg/model"
)

// experts says which forests judge a record. The nil one asks those of the program, which have
// learned from some of the records that they are judged on.
type experts struct {
	forests map[string]*model.Forests // by fold that was left out
	fold    map[[2]string]string      // by database and record
}

var errFolds = errors.New("not a folder that train -folds wrote")

// readExperts reads what train -folds wrote.
func readExperts(folder string) (*experts, error) {
	text, err := os.Open(filepath.Join(folder, "folds.csv")) //nolint:gosec // G304: the folder is the user's choice
	if err != nil {
		return nil, fmt.Errorf("read folds: %w", err)
	}
	rows, err := csv.NewReader(text).ReadAll()
	if err = errors.Join(err, text.Close()); err != nil {
		return nil, fmt.Errorf("read folds: %w", err)
	}
	e := &experts{forests: map[string]*model.Forests{}, fold: map[[2]string]string{}}
	for _, row := range rows[min(1, len(rows)):] {
		fold := row[len(row)-1]
		if _, err := strconv.ParseUint(fold, 10, 8); err != nil || len(row) != 3 {
			return nil, fmt.Errorf("read fold %q of %d cells: %w", fold, len(row), errFolds)
		}
		e.fold[[2]string{row[0], row[1]}] = fold
		if e.forests[fold] != nil {
			continue
		}
		if e.forests[fold], err = model.Read(os.DirFS(filepath.Join(folder, fold))); err != nil {
			return nil, fmt.Errorf("read forests of fold %s: %w", fold, err)
		}
	}
	return e, nil
}

// of are the forests that have not learned from the record's patient.
func (e *experts) of(database, record string) *model.Forests {
	if e == nil {
		return model.Embedded()
	}
	if fold, ok := e.fold[[2]string{database, record}]; ok {
		return e.forests[fold]
	}
	return model.Embedded() // it was not there when forests were grown
}
