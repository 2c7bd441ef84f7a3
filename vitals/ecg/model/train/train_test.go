package main

import (
	"bytes"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"vigil/vitals/ecg/model"
)

// quarters is a table that no single question parts: class 1 lies in two opposite corners.
func quarters() *table {
	random := rand.New(rand.NewPCG(1, 2))
	t := &table{features: 3}
	for i := range 4000 {
		row := []int16{int16(random.IntN(2000) - 1000), int16(random.IntN(2000) - 1000), int16(random.IntN(2000))}
		class := uint8(0)
		if (row[0] > 100) != (row[1] > -200) {
			class = 1
		}
		t.add(row, class, 1, int32(i%10))
	}
	return t
}

var small = recipe{outputs: 1, trees: 30, depth: 3, rate: 0.3, smooth: 1, least: 1, share: 0.7, columns: 1, seed: 5}

func TestAForestLearnsWhatNoSingleQuestionTells(t *testing.T) {
	data := quarters()
	forest := grow(data, small)
	wrong := 0
	for i := range data.rows() {
		if (forest.Score(data.row(i))[0] > 0) != (data.class[i] == 1) {
			wrong++
		}
	}
	if wrong > data.rows()/25 {
		t.Errorf("%d of %d rows are told wrongly", wrong, data.rows())
	}
}

func TestTheSameTableGivesTheSameForest(t *testing.T) {
	if !bytes.Equal(grow(quarters(), small).Encode(), grow(quarters(), small).Encode()) {
		t.Error("two runs gave two forests")
	}
	other := small
	other.seed++
	if bytes.Equal(grow(quarters(), small).Encode(), grow(quarters(), other).Encode()) {
		t.Error("the seed means nothing")
	}
}

func TestPatientsWeighByTheRootOfTheirRows(t *testing.T) {
	data := quarters().pick(func(i int) bool { return i%10 == 0 || i%10 == 1 && i < 1000 })
	data.balance()
	sums := map[int32]float32{}
	for i, w := range data.weight {
		sums[data.patient[i]] += w
	}
	if ratio := sums[0] / sums[1]; ratio < 1.9 || ratio > 2.1 {
		t.Errorf("four times the rows weigh %.2f times as much", ratio)
	}
}

// What is embedded must be what the program makes of the data, byte for byte.
func TestTheEmbeddedForestsAreReproducible(t *testing.T) {
	data := os.Getenv("VIGIL_PHYSIONET")
	if data == "" {
		t.Skip("VIGIL_PHYSIONET names no folder with PhysioNet databases")
	}
	if raceDetector || testing.Short() {
		t.Skip("growing takes minutes under the race detector")
	}
	dir := t.TempDir()
	var out strings.Builder
	if err := run([]string{"-data", data, "-out", dir}, &out); err != nil {
		t.Fatal(err)
	}
	for _, j := range jobs {
		got, err := os.ReadFile(filepath.Join(dir, j.file))
		if err != nil {
			t.Fatal(err)
		}
		want, err := os.ReadFile(filepath.Join("..", j.file))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s differs from what is embedded: run train and review the figures", j.file)
		}
		if _, err := model.Parse(got); err != nil {
			t.Error(err)
		}
	}
}

func TestAPatientIsNeverOnBothSidesOfAValidation(t *testing.T) {
	data := t.TempDir()
	for database, records := range map[string]string{
		"mitdb": "100\n101\n102\n103\n104\n105\n201\n202\n", "nstdb": "118e06\n105e24\nbw\n", "svdb": "800\n801\n802\n803\n804\n805\n", "other": "",
	} {
		if err := os.Mkdir(filepath.Join(data, database), 0o750); err != nil {
			t.Fatal(err)
		}
		if records == "" {
			continue // no database
		}
		if err := os.WriteFile(filepath.Join(data, database, "RECORDS"), []byte(records), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	all, order, err := courses(data)
	if err != nil {
		t.Fatal(err)
	}
	if len(order) != 17 {
		t.Errorf("%d recordings, want 17: %v", len(order), order)
	}
	for _, r := range order {
		var judged []int
		for _, c := range all {
			if !c.teaches(r) {
				judged = append(judged, c.without)
			}
		}
		if len(judged) != 1 {
			t.Errorf("%v is left out by courses %v, want one", r, judged)
		}
		if everybody := newCourse(data, all[0].patients, nobody); !everybody.teaches(r) {
			t.Errorf("%v is left out where everybody teaches", r)
		}
	}
	for a, b := range map[record]record{
		{"mitdb", "201"}:    {"mitdb", "202"},
		{"nstdb", "105e24"}: {"mitdb", "105"},
	} {
		for _, c := range all {
			if c.teaches(a) != c.teaches(b) {
				t.Errorf("%v and %v are one patient and on both sides of fold %d", a, b, c.without)
			}
		}
	}
}
