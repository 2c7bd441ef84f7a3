package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"path"
	"strconv"
	"strings"

	"gorm.io/gorm"
)

//go:embed migrations
var migrations embed.FS

// migrationRow is a migration that was applied.
type migrationRow struct {
	Version  int `gorm:"primaryKey;autoIncrement:false"`
	Name     string
	Checksum string
	Applied  int64
}

func (migrationRow) TableName() string { return "migration" }

const createMigrationTable = `CREATE TABLE IF NOT EXISTS migration (
	version bigint NOT NULL PRIMARY KEY, name text NOT NULL, checksum text NOT NULL, applied bigint NOT NULL)`

// migration is one numbered step of the schema.
type migration struct {
	migrationRow
	sql string
}

// ErrChanged says that a migration that was applied is not the one in this program.
var ErrChanged = errors.New("applied migration differs from the program's")

// migrate applies the steps that the database does not have, each in one transaction. Nodes that
// start together wait for each other.
func (s *Store) migrate(ctx context.Context) error {
	steps, err := loadMigrations(s.kind.name())
	if err != nil {
		return err
	}
	err = s.transact(ctx, "create migration table", func(tx *gorm.DB) error {
		if err := s.kind.lockMigrations(tx); err != nil {
			return err
		}
		return tx.Exec(createMigrationTable).Error
	})
	if err != nil {
		return err
	}
	for _, step := range steps {
		step.Applied = micros(s.now())
		err := s.transact(ctx, "apply "+step.Name, func(tx *gorm.DB) error {
			if err := s.kind.lockMigrations(tx); err != nil {
				return err
			}
			return step.apply(tx, len(steps))
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// loadMigrations reads the steps of a dialect, which are numbered from 1 without a gap.
func loadMigrations(dialect string) ([]migration, error) {
	folder := path.Join("migrations", dialect)
	files, err := migrations.ReadDir(folder)
	if err != nil {
		return nil, fmt.Errorf("list migrations: %w", err)
	}
	steps := make([]migration, len(files))
	for i, f := range files { // sorted by name
		text, err := migrations.ReadFile(path.Join(folder, f.Name()))
		if err != nil {
			return nil, fmt.Errorf("read migration: %w", err)
		}
		text = bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n")) // a checkout may have changed line ends
		number, _, _ := strings.Cut(f.Name(), "_")
		if n, err := strconv.Atoi(number); err != nil || n != i+1 {
			return nil, fmt.Errorf("migration %s should be number %d", f.Name(), i+1)
		}
		sum := sha256.Sum256(text)
		steps[i] = migration{migrationRow{Version: i + 1, Name: f.Name(), Checksum: hex.EncodeToString(sum[:])}, string(text)}
	}
	return steps, nil
}

// apply runs the step unless the database has it, and refuses a database that has others.
func (m migration) apply(tx *gorm.DB, newest int) error {
	var applied []migrationRow
	if err := tx.Order("version").Find(&applied).Error; err != nil {
		return err
	}
	if n := len(applied); n > 0 && applied[n-1].Version > newest {
		return fmt.Errorf("migration %s was applied: %w", applied[n-1].Name, ErrNewer)
	}
	for _, row := range applied {
		if row.Version == m.Version {
			if row.Checksum != m.Checksum {
				return fmt.Errorf("%s: %w", m.Name, ErrChanged)
			}
			return nil
		}
	}
	if err := tx.Exec(m.sql).Error; err != nil {
		return err
	}
	return tx.Create(&m.migrationRow).Error
}
