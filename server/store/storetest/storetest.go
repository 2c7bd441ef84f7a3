// Package storetest gives tests real stores: SQLite in a folder of the test, and PostgreSQL from a
// private cluster that is started from the binaries on this machine, once per test process, and
// stopped with it. Nothing outside of the test's temporary folders is touched.
//
// Where a package's tests use PostgreSQL more than once, its TestMain should call Main, so that the
// cluster is not started anew for each test.
package storetest

import (
	"context"
	"testing"

	"vigil/server/store"
)

// Each runs the test once on every database.
func Each(t *testing.T, test func(t *testing.T, s *store.Store)) {
	t.Helper()
	t.Run("SQLite", func(t *testing.T) { test(t, SQLite(t)) })
	t.Run("PostgreSQL", func(t *testing.T) { test(t, Postgres(t)) })
}

// EachConfig runs the test once on every database, with where to open it, as often as the test likes.
func EachConfig(t *testing.T, test func(t *testing.T, c store.Config)) {
	t.Helper()
	t.Run("SQLite", func(t *testing.T) { test(t, store.Config{Dir: t.TempDir()}) })
	t.Run("PostgreSQL", func(t *testing.T) { test(t, store.Config{URL: PostgresURL(t)}) })
}

// SQLite is a new store on SQLite.
func SQLite(tb testing.TB) *store.Store {
	tb.Helper()
	return Open(tb, store.Config{Dir: tb.TempDir()})
}

// Postgres is a new store on PostgreSQL. Without PostgreSQL on this machine the test is skipped, or
// fails where CI=true.
func Postgres(tb testing.TB) *store.Store {
	tb.Helper()
	return Open(tb, store.Config{URL: PostgresURL(tb)})
}

// Open opens a store that is closed with the test.
func Open(tb testing.TB, c store.Config) *store.Store {
	tb.Helper()
	s, err := store.Open(context.Background(), c)
	if err != nil {
		tb.Fatalf("open store: %v", err)
	}
	tb.Cleanup(func() {
		if err := s.Close(); err != nil {
			tb.Errorf("close store: %v", err)
		}
	})
	return s
}
