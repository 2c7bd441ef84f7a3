package store

import (
	"fmt"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"vigil/vitals"
)

// Times are stored as microseconds since 1970 UTC in both databases: exact, and compared as
// numbers. A time that may be unknown is NULL then.

func micros(t time.Time) int64 { return t.UnixMicro() }

func moment(us int64) time.Time { return time.UnixMicro(us).UTC() }

func microsOrNull(t time.Time) *int64 {
	if t.IsZero() {
		return nil
	}
	us := t.UnixMicro()
	return &us
}

func momentOrZero(us *int64) time.Time {
	if us == nil {
		return time.Time{}
	}
	return moment(*us)
}

// kindNamed finds the kind that a row names.
func kindNamed(name string) (vitals.Kind, error) {
	k, ok := vitals.KindByName(name)
	if !ok {
		return 0, fmt.Errorf("stored kind %q is unknown to this program", name)
	}
	return k, nil
}

// names are the stored names of a small set of values. Stored by name, the values' order in the
// program is free and the database explains itself.
type names[T comparable] map[T]string

func (n names[T]) of(v T) (string, error) {
	name, ok := n[v]
	if !ok {
		return "", fmt.Errorf("%T(%v) has no name to be stored under", v, v)
	}
	return name, nil
}

func (n names[T]) value(name string) (T, error) {
	for v, known := range n {
		if known == name {
			return v, nil
		}
	}
	var zero T
	return zero, fmt.Errorf("stored %T %q is unknown to this program", zero, name)
}

// ignoreRepeat makes a repeated insert change nothing.
var ignoreRepeat = clause.OnConflict{DoNothing: true}

// forUpdate locks the rows that a query reads until the transaction ends. SQLite needs and has no
// such lock: its one writer already excludes everybody.
var forUpdate = clause.Locking{Strength: "UPDATE"}

// listed is the most values in one IN list, and the most rows read at once where more may follow.
const listed = 256

// chunk is the most rows in one INSERT. SQLite's driver looks for each parameter among all of the
// statement's; PostgreSQL has a round trip per statement.
func chunk(db *gorm.DB) int {
	if db.Name() == (sqliteDialect{}).name() {
		return 32
	}
	return 256
}

// insert writes the rows in statements of a chunk, half of it, a quarter … one row: as few as the
// database needs to be quick, and few different ones, because PostgreSQL keeps a plan for each.
func insert[T any](db *gorm.DB, rows []T) (written int64, err error) {
	db = db.Session(&gorm.Session{}) // each statement starts afresh
	for size := chunk(db); len(rows) > 0; {
		if len(rows) < size {
			size /= 2
			continue
		}
		part := rows[:size]
		result := db.Create(&part)
		if result.Error != nil {
			return written, result.Error
		}
		written += result.RowsAffected
		rows = rows[size:]
	}
	return written, nil
}
