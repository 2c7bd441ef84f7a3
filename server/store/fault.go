package store

import (
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/pgconn"
	"gorm.io/gorm"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// SQLSTATE codes (PostgreSQL documentation, appendix A).
const (
	foreignKeyViolation = "23503"
	uniqueViolation     = "23505"
)

// fault says what was attempted and translates what a caller can decide on. Text about the values
// in a failed statement stays out of the log: neither driver puts them into its message's first line,
// and PostgreSQL's detail is never printed.
func fault(task string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, gorm.ErrRecordNotFound), violates(err, foreignKeyViolation, sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY):
		return fmt.Errorf("%s: %w", task, ErrNotFound)
	case violates(err, uniqueViolation, sqlite3.SQLITE_CONSTRAINT_UNIQUE),
		violates(err, uniqueViolation, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY):
		return fmt.Errorf("%s: %w", task, ErrConflict)
	default:
		return fmt.Errorf("%s: %w", task, err)
	}
}

// violates reports whether the database refused a row for the reason, which gorm's own
// translation does not see in modernc's errors.
func violates(err error, state string, code int) bool {
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		return pg.Code == state
	}
	lite, ok := errors.AsType[*sqlite.Error](err)
	return ok && lite.Code() == code
}
