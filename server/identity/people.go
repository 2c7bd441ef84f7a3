package identity

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"unicode/utf8"

	"vigil/vitals"
)

// adminLogin is that of the first administrator.
const adminLogin = "admin"

// Enrol writes a person, new or changed. A person without an id is new and gets one. Without a
// password, one who is known keeps the one there is.
func (d *Desk) Enrol(ctx context.Context, person vitals.Staff, password string) (vitals.Staff, error) {
	if person.ID == "" {
		person.ID = vitals.StaffID(rand.Text())
	}
	hash, err := d.newHash(ctx, password)
	if err != nil {
		return vitals.Staff{}, err
	}
	if err := d.store.SaveStaff(ctx, person, hash); err != nil {
		return vitals.Staff{}, fmt.Errorf("enrol person: %w", err)
	}
	return person, nil
}

// Change writes a person who is known as they are to be. Without a password they keep the one there
// is. Whoever is disabled, or has another role, other units or another password, is signed out.
func (d *Desk) Change(ctx context.Context, person vitals.Staff, password string) error {
	before, err := d.store.StaffByID(ctx, person.ID)
	if err != nil {
		return fmt.Errorf("find person: %w", err)
	}
	hash, err := d.newHash(ctx, password)
	if err != nil {
		return err
	}
	save := d.store.SaveStaff
	if person.Disabled || hash != "" || person.Role != before.Role || !sameUnits(person.Units, before.Units) {
		save = d.store.ReplaceStaff
	}
	if err := save(ctx, person, hash); err != nil {
		return fmt.Errorf("change person: %w", err)
	}
	return nil
}

func sameUnits(a, b []vitals.UnitID) bool {
	return slices.Equal(slices.Compact(slices.Sorted(slices.Values(a))), slices.Compact(slices.Sorted(slices.Values(b))))
}

// newHash is the hash of a new password that will do; empty where none is given.
func (d *Desk) newHash(ctx context.Context, password string) (string, error) {
	if password == "" {
		return "", nil
	}
	if !LongEnough(password) || len(password) > maxPassword {
		return "", ErrPassword
	}
	return d.hash(ctx, password)
}

// LongEnough reports whether a password has as many characters as one must have.
func LongEnough(password string) bool { return utf8.RuneCountInString(password) >= minPassword }

// EnsureAdmin makes the first administrator, with the login "admin", where nobody is known yet. Without
// a password one is generated and returned, to be shown once; otherwise it returns nothing.
func (d *Desk) EnsureAdmin(ctx context.Context, password string) (generated string, err error) {
	n, err := d.store.CountStaff(ctx)
	if err != nil {
		return "", fmt.Errorf("count staff: %w", err)
	}
	if n > 0 {
		return "", d.warnUnused(ctx, password)
	}
	if password == "" {
		generated = rand.Text()
		password = generated
	}
	hash, err := d.newHash(ctx, password)
	if err != nil {
		return "", err
	}
	err = d.store.SaveStaff(ctx, firstAdmin(), hash)
	if errors.Is(err, vitals.ErrConflict) { // another node made the first one meanwhile
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("make first administrator: %w", err)
	}
	return generated, nil
}

func firstAdmin() vitals.Staff {
	return vitals.Staff{ID: vitals.StaffID(rand.Text()), Login: adminLogin, Name: "Administrator", Role: vitals.Admin}
}

// warnUnused says that the password which the operator gave is not the administrator's: that of the
// first start is.
func (d *Desk) warnUnused(ctx context.Context, password string) error {
	if password == "" {
		return nil
	}
	_, err := d.check(ctx, adminLogin, password)
	if errors.Is(err, ErrDenied) {
		d.log.WarnContext(ctx, "the administrator's password that was given is not used: there is an administrator already; "+
			"vigil reset-admin gives a new password", "login", adminLogin)
		return nil
	}
	return err
}

// ResetAdmin gives the person with the login "admin" a new password, which is returned to be shown once,
// and lets them sign in as administrator, whatever they were before.
func (d *Desk) ResetAdmin(ctx context.Context) (password string, err error) {
	person, _, err := d.store.StaffByLogin(ctx, adminLogin)
	if errors.Is(err, vitals.ErrNotFound) {
		person, err = firstAdmin(), nil
	}
	if err != nil {
		return "", fmt.Errorf("find the administrator: %w", err)
	}
	person.Role, person.Disabled = vitals.Admin, false
	password = rand.Text()
	hash, err := d.hash(ctx, password)
	if err != nil {
		return "", err
	}
	if err := d.store.ReplaceStaff(ctx, person, hash); err != nil {
		return "", fmt.Errorf("give the administrator a new password: %w", err)
	}
	return password, nil
}
