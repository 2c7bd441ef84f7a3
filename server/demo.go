package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"vigil/vitals"
)

// demoUnit is where VIGIL_DEMO=1 puts simulated patients.
var demoUnit = vitals.Unit{ID: "demo", Name: "Demo ward", Zone: "UTC"}

// demoStaff work there. Their passwords are made anew at each start, printed, and kept in the data
// folder: there is no default password.
var demoStaff = []vitals.Staff{
	{Login: "nurse", Name: "Kim Lee, RN", Role: vitals.Nurse, Units: []vitals.UnitID{demoUnit.ID}},
	{Login: "charge", Name: "Ada Okafor, RN", Role: vitals.Charge, Units: []vitals.UnitID{demoUnit.ID}},
	{Login: "physician", Name: "Dr. Sofia Reyes", Role: vitals.Physician, Units: []vitals.UnitID{demoUnit.ID}},
	{Login: "viewer", Name: "Wall board", Role: vitals.Viewer, Units: []vitals.UnitID{demoUnit.ID}},
}

// welcome makes the first administrator and, where asked for, the demo unit, and prints the
// passwords that nobody knows yet.
func (a *app) welcome(ctx context.Context, stdout io.Writer) error {
	generated, err := a.desk.EnsureAdmin(ctx, a.cfg.AdminPassword)
	if err != nil {
		return fmt.Errorf("make the first administrator: %w", err)
	}
	if generated != "" {
		_, _ = fmt.Fprintf(stdout, "first administrator: user admin, password %s (shown once)\n", generated)
	}
	if !a.cfg.Demo {
		return nil
	}
	if err := a.store.SaveUnit(ctx, demoUnit); err != nil {
		return fmt.Errorf("make the demo unit: %w", err)
	}
	var passwords strings.Builder
	for _, person := range demoStaff {
		password := rand.Text()
		if err := a.enrolDemo(ctx, person, password); err != nil {
			return err
		}
		_, _ = fmt.Fprintf(&passwords, "demo staff: user %s, password %s\n", person.Login, password)
	}
	_, _ = io.WriteString(stdout, passwords.String())
	return keepPasswords(filepath.Join(a.cfg.DataDir, demoPasswords), passwords.String())
}

// demoPasswords is the file in the data folder that says them again, for when they have scrolled away.
const demoPasswords = "demo-passwords"

// keepPasswords writes a file that only its owner may read, in place of the one of an earlier start.
func keepPasswords(file, text string) error {
	if err := os.Remove(file); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("remove the demo passwords of before: %w", err)
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		return fmt.Errorf("keep the demo passwords: %w", err)
	}
	return nil
}

func (a *app) enrolDemo(ctx context.Context, person vitals.Staff, password string) error {
	known, _, err := a.store.StaffByLogin(ctx, person.Login)
	if err != nil && !errors.Is(err, vitals.ErrNotFound) {
		return fmt.Errorf("find demo staff: %w", err)
	}
	person.ID, person.Disabled = known.ID, known.Disabled
	if _, err := a.desk.Enrol(ctx, person, password); err != nil {
		return fmt.Errorf("enrol demo staff: %w", err)
	}
	return nil
}
