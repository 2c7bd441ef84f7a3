package main

import (
	"encoding/csv"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"vigil/vitals"
	"vigil/vitals/ecg"
	"vigil/vitals/ecg/model"
	"vigil/vitals/wfdb"
)

// stripRecipe is that of the forest for short recordings.
var stripRecipe = recipe{
	outputs: 4, trees: 800, depth: 3, rate: 0.03, smooth: 5, least: 2, share: 0.6, columns: 0.1, seed: 4,
}

// stripSource is the Challenge 2017: one recording of each patient, with a label for the whole.
const stripSource = "cinc2017"

var stripLabels = map[string]uint8{
	"N": uint8(ecg.StripNormal), "A": uint8(ecg.StripAtrialFibrillation), "O": uint8(ecg.StripOther), "~": uint8(ecg.StripNoisy),
}

// tape is a short recording as a detector saw it.
type tape struct {
	record   record
	features []int16
	is       uint8
}

// readTapes runs a detector over all short recordings.
func readTapes(data string, forests *model.Forests) ([]tape, error) {
	dir := filepath.Join(data, stripSource)
	f, err := os.Open(filepath.Join(dir, "REFERENCE-v3.csv")) //nolint:gosec // G304: the folder is the user's choice
	if err != nil {
		return nil, fmt.Errorf("open labels: %w", err)
	}
	defer func() { _ = f.Close() }()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("read labels: %w", err)
	}
	var out []tape
	for _, row := range rows {
		features, err := readTape(dir, row[0], forests)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", row[0], err)
		}
		out = append(out, tape{record{stripSource, row[0]}, features, stripLabels[row[1]]})
	}
	return out, nil
}

func readTape(dir, name string, forests *model.Forests) ([]int16, error) {
	r, err := wfdb.Open(dir, name)
	if err != nil {
		return nil, fmt.Errorf("open: %w", err)
	}
	signal, err := r.Microvolts(0)
	if err != nil {
		return nil, fmt.Errorf("read signal: %w", err)
	}
	s, err := ecg.NewStrip(r.Rate, forests)
	if err != nil {
		return nil, fmt.Errorf("make a strip: %w", err)
	}
	for _, v := range signal {
		s.Push(int32(v), v == vitals.Missing)
	}
	return s.Evidence(), nil
}

// tapeTable gathers what teaches. Each recording is of another patient and weighs the same.
func tapeTable(tapes []tape, c *course) *table {
	t := &table{}
	for i, s := range tapes {
		if c.teaches(s.record) {
			t.features = len(s.features)
			t.add(s.features, s.is, 1, int32(i))
		}
	}
	return t
}

func growStrips(c *course) (*model.Forest, error) {
	tapes, err := readTapes(c.data, c.forests)
	if err != nil {
		return nil, err
	}
	return grow(tapeTable(tapes, c), stripRecipe), nil
}

// validateStrips asks about each recording the forest that was grown without its fold.
func validateStrips(data string, out io.Writer) error {
	tapes, err := readTapes(data, model.Embedded())
	if err != nil {
		return err
	}
	all, _, err := courses(data)
	if err != nil {
		return err
	}
	var whole stripTally
	var spread []float64
	for _, c := range all {
		own := askTapes(tapes, c)
		for label := range own {
			whole[label].add(own[label])
		}
		spread = append(spread, own.mean())
	}
	_, err = fmt.Fprintf(out, "%s F1: N %.1f, A %.1f, O %.1f, ~ %.1f; mean of N, A, O %.1f; over folds %s\n", stripSource,
		whole[ecg.StripNormal].f1(), whole[ecg.StripAtrialFibrillation].f1(), whole[ecg.StripOther].f1(), whole[ecg.StripNoisy].f1(),
		whole.mean(), quartiles(spread))
	if err != nil {
		return fmt.Errorf("report: %w", err)
	}
	return nil
}

// askTapes counts what a forest says of the recordings that did not teach it.
func askTapes(tapes []tape, c *course) (tally stripTally) {
	forest := grow(tapeTable(tapes, c), stripRecipe)
	for _, s := range tapes {
		if c.teaches(s.record) {
			continue
		}
		scores := forest.Score(s.features)
		said := slices.Index(scores[:], slices.Max(scores[:]))
		for label := range tally {
			tally[label].count(int(s.is) == label, said == label)
		}
	}
	return tally
}

// stripTally counts by label.
type stripTally [model.MaxOutputs]named

// mean is the score of the Challenge 2017.
func (t *stripTally) mean() float64 {
	return (t[ecg.StripNormal].f1() + t[ecg.StripAtrialFibrillation].f1() + t[ecg.StripOther].f1()) / 3
}
