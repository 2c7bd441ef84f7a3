package store

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"gorm.io/driver/sqlite"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"
	_ "modernc.org/sqlite" // registers the driver "sqlite", SQLite in pure Go
	sqlite3 "modernc.org/sqlite/lib"
)

// sqliteFile is the name of the database in the data folder.
const sqliteFile = "vigil.db"

// Exists reports whether there is a database to open: Open makes one in a folder that has none. Of a server of
// databases Open says it.
func (c Config) Exists() bool {
	_, err := os.Stat(filepath.Join(c.Dir, sqliteFile))
	return c.URL != "" || err == nil
}

// Pragmas of every connection. FULL flushes at each commit: with NORMAL, up to 761 acknowledged
// commits were gone after a power cut.
var sqlitePragmas = []string{
	"busy_timeout(10000)", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)", "journal_size_limit(67108864)",
}

// gormConfig makes gorm quiet, because it would log the values of a failed statement, and lets a
// statement be its own transaction.
func gormConfig() *gorm.Config {
	return &gorm.Config{Logger: logger.Discard, SkipDefaultTransaction: true}
}

func openSQLite(ctx context.Context, c Config) (*Store, error) {
	if err := os.MkdirAll(c.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("make data folder: %w", err)
	}
	file := filepath.Join(c.Dir, sqliteFile)
	write, err := openSQLitePool(ctx, file, 1, url.Values{"_txlock": {"immediate"}, "_pragma": sqlitePragmas})
	if err != nil {
		return nil, err
	}
	readers := max(4, runtime.NumCPU())
	read, err := openSQLitePool(ctx, file, readers, url.Values{"_pragma": append([]string{"query_only(1)"}, sqlitePragmas...)})
	s := &Store{write: write, read: read, kind: sqliteDialect{}}
	if err != nil {
		_ = s.Close() // the error that matters is the first
		return nil, err
	}
	return s, nil
}

// Who opens a new file while another does is refused at once, whatever the pragma says: a journal's mode is changed by one,
// and nobody waits for that.
const (
	sqliteOpening = 10 * time.Second
	sqliteRetry   = 20 * time.Millisecond
)

func openSQLitePool(ctx context.Context, file string, connections int, options url.Values) (*gorm.DB, error) {
	dsn := "file:" + (&url.URL{Path: file}).EscapedPath() + "?" + options.Encode()
	ctx, cancel := context.WithTimeout(ctx, sqliteOpening)
	defer cancel()
	db, err := gorm.Open(sqlite.New(sqlite.Config{DriverName: "sqlite", DSN: dsn}), gormConfig())
	for violates(err, "", sqlite3.SQLITE_BUSY) && ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case <-time.After(sqliteRetry):
			db, err = gorm.Open(sqlite.New(sqlite.Config{DriverName: "sqlite", DSN: dsn}), gormConfig())
		}
	}
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", file, err)
	}
	pool, err := db.DB()
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", file, err)
	}
	pool.SetMaxOpenConns(connections)
	pool.SetMaxIdleConns(connections)
	return db, nil
}

type sqliteDialect struct{}

func (sqliteDialect) name() string { return "sqlite" }

// lockMigrations has nothing to do: a transaction of the writer excludes other writers from its start.
func (sqliteDialect) lockMigrations(*gorm.DB) error { return nil }

func (sqliteDialect) makeRoom(*gorm.DB, string, time.Time, time.Time) error { return nil }

func (sqliteDialect) pruneBlocks(db *gorm.DB, table string, before time.Time) error {
	return deleteInSteps(db, table, "patient, kind, start, device", "start < ?", micros(before))
}
