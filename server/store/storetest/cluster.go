package storetest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// startLimit is how long a cluster may take to come up on a busy machine.
const startLimit = 2 * time.Minute

// errNoPostgres says that this machine has no PostgreSQL.
var errNoPostgres = errors.New("initdb is neither on PATH nor in /usr/lib/postgresql/*/bin")

// cluster is a running PostgreSQL of this process.
type cluster struct {
	dir      string // holds the data and the socket
	server   *exec.Cmd
	ended    chan struct{}
	database int // number of the newest database
}

// shared is the one cluster of the process: it lives while somebody holds it.
var shared struct {
	sync.Mutex
	*cluster
	holders int
}

// Main runs the tests of a package with one cluster for all of them; TestMain calls it.
func Main(m *testing.M) int {
	shared.Lock()
	shared.holders++ // keeps the cluster, once a test starts it, until the end
	shared.Unlock()
	defer release()
	return m.Run()
}

// PostgresURL is a new, empty PostgreSQL database. Without PostgreSQL on this machine the test is
// skipped, or fails where CI=true.
func PostgresURL(tb testing.TB) string {
	tb.Helper()
	address, err := acquire()
	switch {
	case errors.Is(err, errNoPostgres) && os.Getenv("CI") == "true":
		tb.Fatalf("PostgreSQL is required in CI: %v", err)
	case errors.Is(err, errNoPostgres):
		tb.Skipf("no PostgreSQL here: %v", err)
	case err != nil:
		tb.Fatalf("start PostgreSQL: %v", err)
	}
	tb.Cleanup(release)
	return address
}

// acquire holds the cluster, starting it if need be, and makes a database in it.
func acquire() (string, error) {
	shared.Lock()
	defer shared.Unlock()
	if shared.cluster == nil {
		c, err := start()
		if err != nil {
			return "", err
		}
		shared.cluster = c
	}
	address, err := shared.newDatabase()
	if err != nil {
		return "", err
	}
	shared.holders++
	return address, nil
}

func release() {
	shared.Lock()
	defer shared.Unlock()
	shared.holders--
	if shared.holders == 0 && shared.cluster != nil {
		shared.stop()
		shared.cluster = nil
	}
}

// binaries is the folder of PostgreSQL's programs.
func binaries() (string, error) {
	if path, err := exec.LookPath("initdb"); err == nil {
		path, err = filepath.EvalSymlinks(path)
		return filepath.Dir(path), err
	}
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err != nil || len(found) == 0 {
		return "", errNoPostgres
	}
	return filepath.Dir(found[len(found)-1]), nil
}

func start() (*cluster, error) {
	bin, err := binaries()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "vigil-pg-") // short: the path of a socket has at most 107 bytes
	if err != nil {
		return nil, fmt.Errorf("make cluster folder: %w", err)
	}
	c := &cluster{dir: dir, ended: make(chan struct{})}
	if err := c.run(bin); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return c, nil
}

func (c *cluster) run(bin string) error {
	user, err := unprivileged(c.dir)
	if err != nil {
		return err
	}
	data := filepath.Join(c.dir, "data")
	ctx, cancel := context.WithTimeout(context.Background(), startLimit)
	defer cancel()
	// --no-sync is about the empty cluster only. The server flushes as in production.
	initdb := exec.CommandContext(ctx, filepath.Join(bin, "initdb"), //nolint:gosec // a program of this machine, arguments of ours
		"--pgdata", data, "--username", "vigil", "--auth", "trust", "--encoding", "UTF8", "--locale", "C", "--no-sync")
	initdb.Dir, initdb.SysProcAttr = c.dir, user
	if out, err := initdb.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w: %s", err, out)
	}
	// Only a socket in a folder that nobody else may enter: trust is safe there.
	c.server = exec.CommandContext(context.Background(), //nolint:gosec // as above; it lives longer than this call
		filepath.Join(bin, "postgres"), "-D", data, "-k", c.dir, "-c", "listen_addresses=")
	c.server.Dir, c.server.SysProcAttr = c.dir, user
	return c.launch()
}

// launch starts the server and returns when it takes connections.
func (c *cluster) launch() error {
	log, err := c.server.StderrPipe()
	if err != nil {
		return fmt.Errorf("start postgres: %w", err)
	}
	if err := startTied(c.server); err != nil {
		return fmt.Errorf("start postgres: %w", err)
	}
	ready := make(chan struct{})
	var said strings.Builder
	go func() {
		defer close(c.ended)
		lines := bufio.NewScanner(log)
		for lines.Scan() {
			if strings.Contains(lines.Text(), "ready to accept connections") {
				close(ready)
				break
			}
			said.WriteString(lines.Text() + "\n")
		}
		_, _ = io.Copy(io.Discard, log) // a full pipe would stop the server
		_ = c.server.Wait()             // ended by a signal, so never without error
	}()
	select {
	case <-ready:
		return nil
	case <-c.ended:
		return fmt.Errorf("postgres ended at once: %s", said.String())
	case <-time.After(startLimit):
		c.stop()
		return fmt.Errorf("postgres did not start within %s", startLimit)
	}
}

// stop ends the server at once and removes everything.
func (c *cluster) stop() {
	_ = c.server.Process.Signal(syscall.SIGQUIT) // immediate shutdown; gone already is as good
	<-c.ended
	_ = os.RemoveAll(c.dir)
}

func (c *cluster) address(database string) string {
	return (&url.URL{
		Scheme: "postgres", User: url.User("vigil"), Path: "/" + database,
		RawQuery: url.Values{"host": {c.dir}}.Encode(),
	}).String()
}

func (c *cluster) newDatabase() (address string, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), startLimit)
	defer cancel()
	conn, err := pgx.Connect(ctx, c.address("postgres"))
	if err != nil {
		return "", fmt.Errorf("connect to cluster: %w", err)
	}
	defer func() { err = errors.Join(err, conn.Close(ctx)) }()
	c.database++
	name := fmt.Sprintf("test%d", c.database)
	if _, err := conn.Exec(ctx, "CREATE DATABASE "+name); err != nil {
		return "", fmt.Errorf("create database: %w", err)
	}
	return c.address(name), nil
}
