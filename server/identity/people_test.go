package identity_test

import (
	"context"
	"log/slog"
	"testing"

	"vigil/server/identity"
	"vigil/server/store/storetest"
	"vigil/vitals"
)

func TestAChangedPersonIsSignedOut(t *testing.T) {
	for _, row := range []struct {
		story    string
		change   func(*vitals.Staff)
		password string
		session  error // what becomes of the session that there is
		login    error // with the password of before
	}{
		{"a new name", func(p *vitals.Staff) { p.Name = "N. Ewname" }, "", nil, nil},
		{"the same units in another order", func(p *vitals.Staff) { p.Units = []vitals.UnitID{"unit-a", "unit-a"} }, "", nil, nil},
		{"another role", func(p *vitals.Staff) { p.Role = vitals.Viewer }, "", identity.ErrDenied, nil},
		{"other units", func(p *vitals.Staff) { p.Units = nil }, "", identity.ErrDenied, nil},
		{"another password", func(*vitals.Staff) {}, "another good password", identity.ErrDenied, identity.ErrDenied},
		{"disabled", func(p *vitals.Staff) { p.Disabled = true }, "", identity.ErrDenied, identity.ErrDenied},
	} {
		t.Run(row.story, func(t *testing.T) {
			d, _, person := desk(t, 0)
			ctx := context.Background()
			token, _, err := d.Login(ctx, "nurse", password, dawn)
			must(t, err)
			row.change(&person)
			must(t, d.Change(ctx, person, row.password))
			_, err = d.Session(ctx, token, dawn)
			wantError(t, err, row.session)
			_, _, err = d.Login(ctx, "nurse", password, dawn)
			wantError(t, err, row.login)
		})
	}
}

func TestChangesThatAreRefused(t *testing.T) {
	d, _, person := desk(t, 0)
	ctx := context.Background()
	wantError(t, d.Change(ctx, vitals.Staff{ID: "nobody"}, ""), vitals.ErrNotFound)
	wantError(t, d.Change(ctx, person, "short"), identity.ErrPassword)
	second, err := d.Enrol(ctx, vitals.Staff{Login: "second", Role: vitals.Nurse}, password)
	must(t, err)
	second.Login = "NURSE"
	wantError(t, d.Change(ctx, second, ""), vitals.ErrLoginTaken)
}

func TestTheAdministratorComesBack(t *testing.T) {
	ctx := context.Background()
	s := storetest.SQLite(t)
	d, err := identity.New(identity.Options{Store: s, Log: slog.New(slog.DiscardHandler)})
	must(t, err)
	first, err := d.ResetAdmin(ctx) // nobody there yet
	must(t, err)
	token, admin, err := d.Login(ctx, "admin", first, dawn)
	must(t, err)
	other, err := d.Enrol(ctx, vitals.Staff{Login: "other", Role: vitals.Admin}, password)
	must(t, err)
	admin.Role, admin.Disabled = vitals.Nurse, true
	must(t, d.Change(ctx, admin, ""))
	other.Disabled = true
	wantError(t, d.Change(ctx, other, ""), vitals.ErrLastAdmin)

	second, err := d.ResetAdmin(ctx)
	must(t, err)
	_, err = d.Session(ctx, token, dawn)
	wantError(t, err, identity.ErrDenied)
	_, _, err = d.Login(ctx, "admin", first, dawn)
	wantError(t, err, identity.ErrDenied)
	_, again, err := d.Login(ctx, "admin", second, dawn)
	must(t, err)
	if again.Role != vitals.Admin || again.Disabled || again.ID != admin.ID {
		t.Fatalf("%+v", again)
	}
}
