package store_test

import (
	"context"
	"os"
	"sync"
	"testing"

	"vigil/server/store"
	"vigil/server/store/storetest"
	"vigil/vitals"
)

func TestANewerDatabaseIsRefused(t *testing.T) {
	for story, row := range map[string]struct {
		change string
		want   error
	}{
		"a newer program added a step": {`INSERT INTO migration (version, name, checksum, applied) VALUES (9999, '9999_later.sql', 'x', 0)`, store.ErrNewer},
		"a step differs":               {`UPDATE migration SET checksum = 'other' WHERE version = 1`, store.ErrChanged},
	} {
		t.Run(story, func(t *testing.T) {
			storetest.EachConfig(t, func(t *testing.T, c store.Config) {
				storetest.Open(t, c)
				_, err := openRaw(t, c).Exec(row.change)
				must(t, err)
				_, err = store.Open(context.Background(), c)
				wantError(t, err, row.want)
			})
		})
	}
}

func TestNodesThatStartTogetherMigrateOnce(t *testing.T) {
	storetest.EachConfig(t, func(t *testing.T, c store.Config) {
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				s, err := store.Open(context.Background(), c)
				if err != nil {
					t.Error(err)
					return
				}
				if err := s.Close(); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		same(t, len(claim(t, storetest.Open(t, c), aNode, noon)), vitals.Partitions)
	})
}

func TestRecordsSurviveAReopening(t *testing.T) {
	storetest.EachConfig(t, func(t *testing.T, c store.Config) {
		first, err := store.Open(context.Background(), c)
		must(t, err)
		settle(t, first)
		must(t, first.Ping(context.Background()))
		must(t, first.Close())
		if first.Ping(context.Background()) == nil {
			t.Fatal("a closed database answers")
		}
		second := storetest.Open(t, c)
		same(t, got[vitals.Patient](t)(second.Patient(context.Background(), onlyA, anna)).MRN, "1001")
	})
}

func TestTheDataFolderIsPrivate(t *testing.T) {
	dir := t.TempDir() + "/with space & 100%?"
	storetest.Open(t, store.Config{Dir: dir})
	info, err := os.Stat(dir)
	must(t, err)
	same(t, info.Mode().Perm(), 0o700)
	_, err = os.Stat(dir + "/vigil.db")
	must(t, err)
}

func TestEveryAddressThatCannotBeOpenedIsAnError(t *testing.T) {
	file := t.TempDir() + "/file"
	must(t, os.WriteFile(file, nil, 0o600))
	for story, c := range map[string]store.Config{
		"a file where the folder should be": {Dir: file},
		"no server there":                   {URL: "postgres://nobody@127.0.0.1:1/none?connect_timeout=2"},
		"no address":                        {URL: "postgres://%zz"},
	} {
		if _, err := store.Open(context.Background(), c); err == nil {
			t.Errorf("%s: opened", story)
		}
	}
}
