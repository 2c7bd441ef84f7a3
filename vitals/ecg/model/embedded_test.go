package model_test

import (
	"errors"
	"io/fs"
	"os"
	"testing"
	"testing/fstest"

	"vigil/vitals/ecg/model"
)

func TestForestsOfAFolderMayTakeThePlaceOfTheEmbedded(t *testing.T) {
	own := os.DirFS(".")
	if _, err := model.Read(own); err != nil {
		t.Errorf("what is embedded cannot be read: %v", err)
	}
	altered := func(data []byte) fs.FS {
		folder := fstest.MapFS{}
		names, err := fs.Glob(own, "*.forest")
		if err != nil || len(names) == 0 {
			t.Fatal("no forests", err)
		}
		for _, name := range names {
			content, err := fs.ReadFile(own, name)
			if err != nil {
				t.Fatal(err)
			}
			folder[name] = &fstest.MapFile{Data: content}
		}
		if data == nil {
			delete(folder, "beats.forest")
		} else {
			folder["beats.forest"] = &fstest.MapFile{Data: data}
		}
		return folder
	}
	for _, row := range []struct {
		story string
		data  []byte
		want  error
	}{
		{"one is missing", nil, fs.ErrNotExist},
		{"one is damaged", []byte("VFO1"), model.ErrForest},
		{"one asks for other features than the detector gives", small().Encode(), model.ErrForest},
	} {
		if _, err := model.Read(altered(row.data)); !errors.Is(err, row.want) {
			t.Errorf("%s: error %v, want %v", row.story, err, row.want)
		}
	}
}
