package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"runtime"
	"strconv"
	"strings"
	"time"

	"gorm.io/driver/postgres"
	"gorm.io/gorm"
)

// Keys of advisory locks, which are global to a database. The numbers are arbitrary.
const (
	migrationLock = 0x76696769_6c01
	partitionLock = 0x76696769_6c02
)

// ErrUnsafe says that the database would lose what it acknowledged.
var ErrUnsafe = errors.New("PostgreSQL must run with fsync = on and synchronous_commit other than off")

func openPostgres(ctx context.Context, c Config) (*Store, error) {
	connector, err := newTextConnector(c.URL)
	if err != nil {
		return nil, err
	}
	pool := sql.OpenDB(connector)
	db, err := gorm.Open(postgres.New(postgres.Config{Conn: pool}), gormConfig())
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open PostgreSQL: %w", err), pool.Close())
	}
	s := &Store{write: db, read: db, kind: postgresDialect{}}
	connections := max(8, 4*runtime.NumCPU())
	pool.SetMaxOpenConns(connections)
	pool.SetMaxIdleConns(connections)
	pool.SetConnMaxLifetime(time.Hour)
	if err := durable(db.WithContext(ctx)); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// durable refuses a server that answers before the disk has the commit.
func durable(db *gorm.DB) error {
	for setting, unsafe := range map[string]string{"fsync": "off", "synchronous_commit": "off"} {
		var value string
		if err := db.Raw("SELECT current_setting(?)", setting).Scan(&value).Error; err != nil {
			return fmt.Errorf("read setting %s: %w", setting, err)
		}
		if value == unsafe {
			return ErrUnsafe
		}
	}
	return nil
}

type postgresDialect struct{}

func (postgresDialect) name() string { return "postgres" }

func (postgresDialect) lockMigrations(tx *gorm.DB) error {
	return tx.Exec("SELECT pg_advisory_xact_lock(?)", migrationLock).Error
}

const day = 24 * time.Hour

// partitionName is the table for the blocks of the day that holds t.
func partitionName(table string, t time.Time) string {
	return table + "_" + t.UTC().Format("20060102")
}

// makeRoom makes the partitions of the days from first to last that are not there.
func (postgresDialect) makeRoom(tx *gorm.DB, table string, first, last time.Time) error {
	locked := false
	for start := first.UTC().Truncate(day); !start.After(last); start = start.Add(day) {
		there, err := hasTable(tx, partitionName(table, start))
		if err != nil {
			return err
		}
		if there {
			continue
		}
		if !locked { // others may be making the same one
			if err := tx.Exec("SELECT pg_advisory_xact_lock(?)", partitionLock).Error; err != nil {
				return err
			}
			locked = true
		}
		if err := makePartition(tx, table, start); err != nil {
			return err
		}
	}
	return nil
}

// hasTable asks the catalogue itself: to_regclass may answer from what this connection remembers.
func hasTable(tx *gorm.DB, name string) (there bool, err error) {
	err = tx.Raw(`SELECT EXISTS (SELECT 1 FROM pg_class
		WHERE relname = ? AND relnamespace = current_schema()::regnamespace)`, name).Scan(&there).Error
	return there, err
}

// makePartition makes the table first and attaches it then, because attaching, unlike creating a
// partition directly, does not wait for those who read and write the other days.
func makePartition(tx *gorm.DB, table string, start time.Time) error {
	name := partitionName(table, start)
	there, err := hasTable(tx, name)
	if err != nil || there {
		return err
	}
	if err := tx.Exec("CREATE TABLE " + name + " (LIKE " + table + " INCLUDING ALL)").Error; err != nil {
		return err
	}
	from, to := strconv.FormatInt(micros(start), 10), strconv.FormatInt(micros(start.Add(day)), 10)
	return tx.Exec("ALTER TABLE " + table + " ATTACH PARTITION " + name +
		" FOR VALUES FROM (" + from + ") TO (" + to + ")").Error
}

// pruneBlocks drops the days that ended before.
func (postgresDialect) pruneBlocks(db *gorm.DB, table string, before time.Time) error {
	var names []string
	err := db.Raw(`SELECT child.relname FROM pg_inherits
		JOIN pg_class child ON child.oid = inhrelid
		WHERE inhparent = ?::regclass ORDER BY child.relname`, table).Scan(&names).Error
	if err != nil {
		return err
	}
	for _, name := range names {
		start, err := time.Parse("20060102", strings.TrimPrefix(name, table+"_"))
		if err != nil {
			return fmt.Errorf("partition %s is not named after a day: %w", name, err)
		}
		if start.Add(day).After(before) {
			continue
		}
		err = db.Transaction(func(tx *gorm.DB) error {
			// Dropping waits for long readers, and everybody else would wait behind it: give up soon,
			// the next round tries again.
			if err := tx.Exec("SET LOCAL lock_timeout = '2s'").Error; err != nil {
				return err
			}
			return tx.Exec("DROP TABLE IF EXISTS " + name).Error
		})
		if err != nil {
			return fmt.Errorf("drop partition %s: %w", name, err)
		}
	}
	return nil
}
