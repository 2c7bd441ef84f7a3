package store_test

import (
	"database/sql"
	"path/filepath"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // registers "pgx", for tests that go behind the store's back

	"vigil/server/store"
)

// openRaw opens the database behind the store's back.
func openRaw(t *testing.T, c store.Config) *sql.DB {
	t.Helper()
	driver, address := "sqlite", "file:"+filepath.Join(c.Dir, "vigil.db")
	if c.URL != "" {
		driver, address = "pgx", c.URL
	}
	db, err := sql.Open(driver, address)
	must(t, err)
	t.Cleanup(func() { must(t, db.Close()) })
	return db
}

// dropGuards takes off what keeps alarm events from being changed, as somebody with the rights could.
func dropGuards(t *testing.T, db *sql.DB, c store.Config) {
	t.Helper()
	statements := []string{
		"DROP TRIGGER alarm_event_keep", "DROP TRIGGER alarm_event_hold", "DROP TRIGGER audit_keep", "DROP TRIGGER audit_hold",
		"DROP TRIGGER audit_witness_keep", "DROP TRIGGER audit_witness_hold", "DROP TRIGGER care_keep", "DROP TRIGGER care_hold",
		"DROP TRIGGER limits_keep", "DROP TRIGGER limits_hold",
		"DROP TRIGGER evidence_keep", "DROP TRIGGER evidence_hold", "DROP TRIGGER evidence_wave_hold",
	}
	if c.URL != "" {
		statements = []string{
			"DROP TRIGGER alarm_event_keep ON alarm_event", "DROP TRIGGER audit_keep ON audit",
			"DROP TRIGGER audit_witness_keep ON audit_witness", "DROP TRIGGER care_keep ON care",
			"DROP TRIGGER limits_keep ON limits",
			"DROP TRIGGER evidence_keep ON evidence", "DROP TRIGGER evidence_wave_hold ON evidence_wave",
		}
	}
	for _, statement := range statements {
		_, err := db.Exec(statement)
		must(t, err)
	}
}
