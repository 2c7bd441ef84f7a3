package store_test

import (
	"context"
	"testing"

	"vigil/server/store"
	"vigil/server/store/storetest"
	"vigil/vitals"
)

func TestSQLiteFlushesEveryCommit(t *testing.T) {
	s := storetest.SQLite(t)
	for pragma, want := range map[string]string{"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1", "busy_timeout": "10000"} {
		same(t, got[[2]string](t)(s.Pragma(pragma)), [2]string{want, want})
	}
	same(t, got[[2]string](t)(s.Pragma("query_only")), [2]string{"0", "1"})
}

func TestAPostgresThatForgetsIsRefused(t *testing.T) {
	address := storetest.PostgresURL(t) + "&options=-csynchronous_commit%3Doff"
	_, err := store.Open(context.Background(), store.Config{URL: address})
	wantError(t, err, store.ErrUnsafe)
}

func TestPostgresKeepsBlocksByDayAsTheyAre(t *testing.T) {
	c := store.Config{URL: storetest.PostgresURL(t)}
	s := storetest.Open(t, c)
	commit(t, s, func(tx *store.Tx) error { return tx.SaveBlocks([]vitals.Block{wave(anna, strap, vitals.ECG, noon)}) })
	var storage string
	var rows int
	db := openRaw(t, c)
	must(t, db.QueryRow("SELECT attstorage FROM pg_attribute WHERE attrelid = 'wave_block_20260314'::regclass AND attname = 'data'").Scan(&storage))
	must(t, db.QueryRow("SELECT COUNT(*) FROM wave_block_20260314").Scan(&rows))
	same(t, storage, "e") // out of line, not compressed again
	same(t, rows, 1)
}
