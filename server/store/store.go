// Package store keeps the records: who is under care, what was measured, which alarms there were,
// how far each hub's stream is stored and which node owns which partition. It is the only package
// that knows gorm and SQL, and the database behind it is the only copy of record: what Commit
// returned without error survives a crash and a power cut.
//
// One schema and one test suite serve two databases: SQLite in the data folder, and PostgreSQL.
// Rows are private; callers see the nouns of vitals and alerts. Whatever staff read goes through a
// vitals.Scope and leaves out what lies outside of it.
package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"

	"vigil/vitals"
)

// What callers decide on; the same values as in vitals, where packages that cannot import this one
// find them.
var (
	ErrNotFound = vitals.ErrNotFound
	ErrConflict = vitals.ErrConflict
	// ErrNewer says that the database was written by a newer version of the program.
	ErrNewer = errors.New("database schema is newer than this program")
	// ErrTampered says that a record does not match its seal.
	ErrTampered = errors.New("record does not match its seal")
)

// Config says where the records are.
type Config struct {
	Dir string           // folder of the SQLite file, used when URL is empty
	URL string           // postgres://…
	Now func() time.Time // nil: the system's clock
	// Program is sealed into every event: the version of the program, of its rules and of its detector.
	Program string
}

// Store is an open database. Its methods may be called from any goroutine.
type Store struct {
	write *gorm.DB // SQLite: the one connection that writes
	read  *gorm.DB // SQLite: a pool that only reads; PostgreSQL: the same pool
	now   func() time.Time
	kind  dialect

	program string
}

// dialect is what differs between the two databases beyond their SQL migrations.
type dialect interface {
	name() string
	// lockMigrations keeps other nodes from migrating until the transaction ends.
	lockMigrations(tx *gorm.DB) error
	// makeRoom prepares a block table for blocks that start in the range.
	makeRoom(tx *gorm.DB, table string, first, last time.Time) error
	// pruneBlocks forgets the blocks of a table that started before.
	pruneBlocks(db *gorm.DB, table string, before time.Time) error
}

// Open connects to the database and brings its schema up to date.
func Open(ctx context.Context, c Config) (*Store, error) {
	open := openSQLite
	if c.URL != "" {
		open = openPostgres
	}
	s, err := open(ctx, c)
	if err != nil {
		return nil, err
	}
	s.now, s.program = c.Now, c.Program
	if s.now == nil {
		s.now = time.Now
	}
	if err := s.prepare(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func (s *Store) prepare(ctx context.Context) error {
	if err := s.migrate(ctx); err != nil {
		return fmt.Errorf("migrate %s: %w", s.kind.name(), err)
	}
	return s.makeRoomAhead(ctx)
}

// Close ends all connections.
func (s *Store) Close() error {
	var errs []error
	for _, db := range []*gorm.DB{s.read, s.write} {
		if db == nil {
			continue
		}
		pool, err := db.DB()
		if err == nil {
			err = pool.Close() // closing twice, where both are one pool, is harmless
		}
		errs = append(errs, err)
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("close database: %w", err)
	}
	return nil
}

// Ping reports whether the database answers.
func (s *Store) Ping(ctx context.Context) error {
	var one int
	if err := s.read.WithContext(ctx).Raw("SELECT 1").Scan(&one).Error; err != nil {
		return fmt.Errorf("ping database: %w", err)
	}
	return nil
}

// transact runs fn in one transaction; task says what was attempted, for the error.
func (s *Store) transact(ctx context.Context, task string, fn func(*gorm.DB) error) error {
	if err := s.write.WithContext(ctx).Transaction(fn); err != nil {
		return fault(task, err)
	}
	return nil
}

// reader is the pool for reading.
func (s *Store) reader(ctx context.Context) *gorm.DB { return s.read.WithContext(ctx) }

// writer writes one statement, which is a transaction of its own.
func (s *Store) writer(ctx context.Context) *gorm.DB { return s.write.WithContext(ctx) }
