package main

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"vigil/vitals/ecg/model"
)

// grown is what train -folds writes for a folder with one record: both folds hold the program's
// own forests, but one calls every beat supraventricular that it is asked about.
func grown(t *testing.T, rows string) string {
	t.Helper()
	root := t.TempDir()
	save(t, root, "folds.csv", []byte("database,record,fold\n"+rows))
	for _, fold := range []string{"0", "1"} {
		forests := *model.Embedded()
		if fold == "1" {
			forests.Beats = model.Quantise(forests.Beats.Features, forests.Beats.Outputs, 1, []model.Split{0}, []float64{0, 9, 0, 0, 9, 0})
		}
		for name, forest := range forests.Files() {
			save(t, filepath.Join(root, fold), name, (*forest).Encode())
		}
	}
	return root
}

func TestAPatientIsJudgedByForestsThatDoNotKnowThem(t *testing.T) {
	for _, row := range []struct {
		story, folds string
		early        bool // beats are called supraventricular
	}{
		{"their fold's", "made,stops,1\n", true},
		{"not another fold's", "made,other,1\nmade,stops,0\n", false},
		{"the program's, where they were not there when forests were grown", "made,other,1\n", false},
	} {
		t.Run(row.story, func(t *testing.T) {
			out := t.TempDir()
			var printed strings.Builder
			args := []string{"-data", folder(t), "-out", out, "-unseen", grown(t, row.folds)}
			if err := run(context.Background(), args, &printed, io.Discard); err != nil {
				t.Fatal(err)
			}
			beats, err := os.ReadFile(filepath.Join(out, "made/stops.beats.csv"))
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(string(beats), ",S,") != row.early {
				t.Errorf("the beats are called:\n%.300s", beats)
			}
			if !strings.Contains(printed.String(), "forests grown without the patient") {
				t.Error("the report does not say who judged")
			}
		})
	}
}

func TestAFolderThatIsNotOfFoldsIsRefused(t *testing.T) {
	data := folder(t)
	for _, row := range []struct {
		story, folder string
		want          error
	}{
		{"nothing is there", t.TempDir(), fs.ErrNotExist},
		{"a fold is no number", grown(t, "made,stops,../0\n"), errFolds},
		{"a fold has no forests", grown(t, "made,stops,4\n"), fs.ErrNotExist},
	} {
		err := run(context.Background(), []string{"-data", data, "-out", t.TempDir(), "-unseen", row.folder}, io.Discard, io.Discard)
		if !errors.Is(err, row.want) {
			t.Errorf("%s: error %v, want %v", row.story, err, row.want)
		}
	}
}
