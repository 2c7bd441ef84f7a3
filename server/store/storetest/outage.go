package storetest

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"syscall"
	"testing"
)

// Database is a PostgreSQL database of one test alone, in a cluster of its own that the test may take
// away and bring back.
type Database struct {
	URL string

	tb      testing.TB
	cluster *cluster
}

// OwnPostgres is such a database. Without PostgreSQL on this machine the test is skipped, or fails
// where CI=true.
func OwnPostgres(tb testing.TB) *Database {
	tb.Helper()
	c, err := start()
	switch {
	case errors.Is(err, errNoPostgres) && os.Getenv("CI") == "true":
		tb.Fatalf("PostgreSQL is required in CI: %v", err)
	case errors.Is(err, errNoPostgres):
		tb.Skipf("no PostgreSQL here: %v", err)
	case err != nil:
		tb.Fatalf("start PostgreSQL: %v", err)
	}
	d := &Database{tb: tb, cluster: c}
	tb.Cleanup(d.cluster.stop)
	if d.URL, err = c.newDatabase(); err != nil {
		tb.Fatalf("make a database: %v", err)
	}
	return d
}

// Stop takes the database away at once, as pg_ctl stop -m immediate does: without a word to those
// who are connected, and without a checkpoint.
func (d *Database) Stop() {
	d.tb.Helper()
	if err := d.cluster.server.Process.Signal(syscall.SIGQUIT); err != nil {
		d.tb.Fatalf("stop PostgreSQL: %v", err)
	}
	<-d.cluster.ended
}

// Start brings it back. It returns when it has recovered and takes connections.
func (d *Database) Start() {
	d.tb.Helper()
	before := d.cluster.server
	again := exec.CommandContext(context.Background(), before.Path, before.Args[1:]...) //nolint:gosec // as it was started before
	again.Dir, again.SysProcAttr = before.Dir, before.SysProcAttr
	d.cluster.server, d.cluster.ended = again, make(chan struct{})
	if err := d.cluster.launch(); err != nil {
		d.tb.Fatalf("start PostgreSQL again: %v", err)
	}
}
