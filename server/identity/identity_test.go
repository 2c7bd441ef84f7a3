package identity_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/crypto/argon2"

	"vigil/server/identity"
	"vigil/server/store"
	"vigil/server/store/storetest"
	"vigil/vitals"
)

const password = "correct horse battery"

var (
	dawn  = time.Date(2026, 3, 14, 6, 0, 0, 0, time.UTC)
	nurse = vitals.Staff{Login: "nurse", Name: "N. Urse", Role: vitals.Nurse, Units: []vitals.UnitID{"unit-a"}}
)

// desk is a Desk over a real store with one nurse.
func desk(t *testing.T, idle time.Duration) (*identity.Desk, *store.Store, vitals.Staff) {
	t.Helper()
	s := storetest.SQLite(t)
	must(t, s.SaveUnit(context.Background(), vitals.Unit{ID: "unit-a", Name: "A", Zone: "UTC"}))
	d, err := identity.New(identity.Options{Store: s, Log: slog.New(slog.DiscardHandler), Idle: idle})
	must(t, err)
	enrolled, err := d.Enrol(context.Background(), nurse, password)
	must(t, err)
	return d, s, enrolled
}

func must(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}

func wantError(tb testing.TB, err, want error) {
	tb.Helper()
	if !errors.Is(err, want) {
		tb.Fatalf("error is %v, want %v", err, want)
	}
}

func TestANurseSignsInAndOut(t *testing.T) {
	d, _, enrolled := desk(t, 0)
	ctx := context.Background()
	token, person, err := d.Login(ctx, " NURSE ", password, dawn)
	must(t, err)
	if diff := cmp.Diff(enrolled, person); diff != "" {
		t.Fatal(diff)
	}
	if len(token) != 43 { // 256 bits in base64url
		t.Fatalf("token has %d characters", len(token))
	}
	second, _, err := d.Login(ctx, "nurse", password, dawn)
	must(t, err)
	if second == token {
		t.Fatal("two sign-ins have one token")
	}
	for _, row := range []struct {
		story string
		token string
		at    time.Duration
		want  error
	}{
		{"at once", token, 0, nil},
		{"within the shift", token, 11*time.Hour + 59*time.Minute, nil},
		{"when the shift is over", token, 12 * time.Hour, identity.ErrDenied},
		{"with a made-up token", "made up", 0, identity.ErrDenied},
		{"without a token", "", 0, identity.ErrDenied},
	} {
		if _, err := d.Session(ctx, row.token, dawn.Add(row.at)); !errors.Is(err, row.want) {
			t.Errorf("%s: %v", row.story, err)
		}
	}
	must(t, d.Logout(ctx, token))
	must(t, d.Logout(ctx, token))
	_, err = d.Session(ctx, token, dawn)
	wantError(t, err, identity.ErrDenied)
	_, err = d.Session(ctx, second, dawn)
	must(t, err)
}

func TestAnIdleSessionEnds(t *testing.T) {
	d, _, _ := desk(t, 15*time.Minute)
	ctx := context.Background()
	token, _, err := d.Login(ctx, "nurse", password, dawn)
	must(t, err)
	now := dawn
	for range 10 { // used now and then, it goes on
		now = now.Add(14 * time.Minute)
		_, err := d.Session(ctx, token, now)
		must(t, err)
	}
	_, err = d.Session(ctx, token, now.Add(15*time.Minute))
	wantError(t, err, identity.ErrDenied)
}

func TestARightIsTakenAwayAtOnce(t *testing.T) {
	d, _, enrolled := desk(t, 0)
	ctx := context.Background()
	token, _, err := d.Login(ctx, "nurse", password, dawn)
	must(t, err)
	enrolled.Units = []vitals.UnitID{}
	_, err = d.Enrol(ctx, enrolled, "") // keeps the password
	must(t, err)
	person, err := d.Session(ctx, token, dawn)
	must(t, err)
	if person.Scope().Covers("unit-a") {
		t.Fatal("still sees the unit")
	}
	_, _, err = d.Login(ctx, "nurse", password, dawn)
	must(t, err)
}

func TestWrongPasswordsAndUnknownPeopleLookAlike(t *testing.T) {
	d, s, _ := desk(t, 0)
	ctx := context.Background()
	must(t, s.SaveStaff(ctx, vitals.Staff{ID: "p", Login: "program", Role: vitals.Viewer}, "")) // signs in otherwise
	for _, row := range []struct{ story, user, password string }{
		{"a wrong password", "nurse", "wrong"},
		{"an empty password", "nurse", ""},
		{"an endless password", "nurse", strings.Repeat("x", 1<<20)},
		{"somebody unknown", "nobody", password},
		{"somebody without a password", "program", ""},
		{"an endless login", strings.Repeat("n", 1<<20), password},
		{"no login", "", password},
	} {
		if _, _, err := d.Login(ctx, row.user, row.password, dawn); !errors.Is(err, identity.ErrDenied) {
			t.Errorf("%s: %v", row.story, err)
		}
	}
}

func TestFailuresSlowALoginDown(t *testing.T) {
	d, _, _ := desk(t, 0)
	ctx := context.Background()
	for i := range 5 {
		_, _, err := d.Login(ctx, "nurse", fmt.Sprint("guess ", i), dawn)
		wantError(t, err, identity.ErrDenied)
	}
	now := dawn
	for _, seconds := range []int{1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300} {
		_, _, err := d.Login(ctx, "Nurse", password, now)
		slow, ok := errors.AsType[*identity.BackoffError](err)
		wait := time.Duration(seconds) * time.Second
		if !ok || slow.RetryAfter != wait {
			t.Fatalf("after %s: %v, want a wait of %s", now.Sub(dawn), err, wait)
		}
		now = now.Add(slow.RetryAfter)
		_, _, err = d.Login(ctx, "nurse", "another guess", now)
		wantError(t, err, identity.ErrDenied)
	}
	// Others are not slowed down, and the right password after the wait clears it.
	_, _, err := d.Login(ctx, "somebody", "guess", now)
	wantError(t, err, identity.ErrDenied)
	now = now.Add(5 * time.Minute)
	_, _, err = d.Login(ctx, "nurse", password, now)
	must(t, err)
	_, _, err = d.Login(ctx, "nurse", "typing error", now)
	wantError(t, err, identity.ErrDenied)
	_, _, err = d.Login(ctx, "nurse", password, now)
	must(t, err)
}

func TestGuessesAtOnceDoNotSlipThrough(t *testing.T) {
	d, _, _ := desk(t, 0)
	var wg sync.WaitGroup
	var mu sync.Mutex
	checked := 0
	for i := range 20 {
		wg.Go(func() {
			if _, _, err := d.Login(context.Background(), "nurse", fmt.Sprint("guess ", i), dawn); errors.Is(err, identity.ErrDenied) {
				mu.Lock()
				checked++
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if checked != 5 {
		t.Fatalf("%d guesses were checked", checked)
	}
}

func TestAnOldHashIsRenewedAtLogin(t *testing.T) {
	d, s, enrolled := desk(t, 0)
	ctx := context.Background()
	old := cheapHash(t, password)
	must(t, s.SaveStaff(ctx, enrolled, old))
	_, _, err := d.Login(ctx, "nurse", password, dawn)
	must(t, err)
	_, hash, err := s.StaffByLogin(ctx, "nurse")
	must(t, err)
	if !strings.HasPrefix(hash, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Fatalf("stored hash is still %s", hash)
	}
	_, _, err = d.Login(ctx, "nurse", password, dawn)
	must(t, err)
	_, again, err := s.StaffByLogin(ctx, "nurse")
	must(t, err)
	if again != hash {
		t.Fatal("a present hash was renewed")
	}
}

func TestADamagedHashIsAnErrorAndNoEntry(t *testing.T) {
	d, s, enrolled := desk(t, 0)
	ctx := context.Background()
	for _, hash := range []string{
		"x", "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$", "$argon2i$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0$c2FsdHNhbHRzYWx0c2FsdHNhbHQ",
		"$argon2id$v=19$m=4294967295,t=2,p=1$c2FsdHNhbHRzYWx0$c2FsdHNhbHRzYWx0c2FsdHNhbHQ",
		"$argon2id$v=19$m=19456,t=0,p=0$c2FsdHNhbHRzYWx0$c2FsdHNhbHRzYWx0c2FsdHNhbHQ",
	} {
		must(t, s.SaveStaff(ctx, enrolled, hash))
		_, _, err := d.Login(ctx, "nurse", password, dawn.Add(time.Hour))
		if err == nil || errors.Is(err, identity.ErrDenied) {
			t.Errorf("%s: %v", hash, err)
		}
	}
}

func TestTheFirstAdministrator(t *testing.T) {
	for story, given := range map[string]string{"with a password of the operator": "fifteen letters", "with a generated password": ""} {
		t.Run(story, func(t *testing.T) {
			ctx := context.Background()
			var log strings.Builder
			d, err := identity.New(identity.Options{Store: storetest.SQLite(t), Log: slog.New(slog.NewTextHandler(&log, nil))})
			must(t, err)
			generated, err := d.EnsureAdmin(ctx, given)
			must(t, err)
			if (generated == "") != (given != "") {
				t.Fatalf("generated %q", generated)
			}
			token, admin, err := d.Login(ctx, "admin", given+generated, dawn)
			must(t, err)
			if admin.Role != vitals.Admin || !admin.Scope().All || token == "" {
				t.Fatalf("%+v", admin)
			}
			again, err := d.EnsureAdmin(ctx, "another password")
			must(t, err)
			if again != "" {
				t.Fatal("made a second one")
			}
			if n := strings.Count(log.String(), "is not used"); n != 1 {
				t.Fatalf("the operator is told %d times: %s", n, log.String())
			}
			_, err = d.EnsureAdmin(ctx, given+generated) // the one there is
			must(t, err)
			if n := strings.Count(log.String(), "is not used"); n != 1 || strings.Contains(log.String(), given+generated) {
				t.Fatalf("log: %s", log.String())
			}
			_, _, err = d.Login(ctx, "admin", "another password", dawn)
			wantError(t, err, identity.ErrDenied)
		})
	}
}

func TestPasswordsHaveALength(t *testing.T) {
	d, _, _ := desk(t, 0)
	for _, bad := range []string{"short", "fourteen chars", strings.Repeat("x", 1025)} {
		_, err := d.Enrol(context.Background(), vitals.Staff{Login: "new", Role: vitals.Nurse}, bad)
		wantError(t, err, identity.ErrPassword)
	}
	_, err := d.Enrol(context.Background(), vitals.Staff{Login: "NURSE", Role: vitals.Nurse}, password)
	wantError(t, err, vitals.ErrConflict)
}

func TestAHubIsKnownByItsSecret(t *testing.T) {
	d, s, _ := desk(t, 0)
	ctx := context.Background()
	secret, hash := identity.NewHubSecret()
	other, _ := identity.NewHubSecret()
	must(t, s.SaveHub(ctx, vitals.Hub{ID: "hub-1", Name: "Home"}, hash))
	must(t, s.SaveHub(ctx, vitals.Hub{ID: "hub-2", Name: "Never given a secret"}, nil))
	for _, row := range []struct {
		story  string
		hub    vitals.HubID
		secret string
		want   error
	}{
		{"its own", "hub-1", secret, nil},
		{"another's", "hub-1", other, identity.ErrDenied},
		{"none", "hub-1", "", identity.ErrDenied},
		{"the stored hash", "hub-1", string(hash), identity.ErrDenied},
		{"of an unknown hub", "hub-9", secret, identity.ErrDenied},
		{"of a hub without one", "hub-2", "", identity.ErrDenied},
	} {
		if err := d.CheckHub(ctx, row.hub, row.secret); !errors.Is(err, row.want) {
			t.Errorf("%s: %v", row.story, err)
		}
	}
	rotated, newHash := identity.NewHubSecret()
	must(t, s.SaveHub(ctx, vitals.Hub{ID: "hub-1", Name: "Home"}, newHash))
	wantError(t, d.CheckHub(ctx, "hub-1", secret), identity.ErrDenied)
	must(t, d.CheckHub(ctx, "hub-1", rotated))
}

func TestADatabaseThatIsAwayIsNoDenial(t *testing.T) {
	d, s, _ := desk(t, 0)
	ctx := context.Background()
	token, _, err := d.Login(ctx, "nurse", password, dawn)
	must(t, err)
	must(t, s.Close())
	_, err1 := d.Session(ctx, token, dawn)
	_, _, err2 := d.Login(ctx, "nurse", password, dawn)
	for _, err := range []error{err1, err2, d.CheckHub(ctx, "hub-1", "x")} {
		if err == nil || errors.Is(err, identity.ErrDenied) {
			t.Errorf("error is %v", err)
		}
	}
}

func TestAHubComesBackWhileTheDatabaseIsAway(t *testing.T) {
	d, s, _ := desk(t, 0)
	ctx := context.Background()
	secret, hash := identity.NewHubSecret()
	other, otherHash := identity.NewHubSecret()
	must(t, s.SaveHub(ctx, vitals.Hub{ID: "hub-1", Name: "Home"}, hash))
	must(t, s.SaveHub(ctx, vitals.Hub{ID: "hub-2", Name: "Never seen"}, otherHash))
	must(t, d.CheckHub(ctx, "hub-1", secret))
	must(t, s.Close())
	must(t, d.CheckHub(ctx, "hub-1", secret))
	for hub, wrong := range map[vitals.HubID]string{"hub-1": other, "hub-2": other, "hub-3": secret} {
		if err := d.CheckHub(ctx, hub, wrong); err == nil || errors.Is(err, identity.ErrDenied) {
			t.Errorf("%s: error is %v", hub, err)
		}
	}
}

func BenchmarkLogin(b *testing.B) {
	s := storetest.SQLite(b)
	d, err := identity.New(identity.Options{Store: s, Log: slog.New(slog.DiscardHandler)})
	must(b, err)
	_, err = d.EnsureAdmin(context.Background(), password)
	must(b, err)
	for b.Loop() {
		_, _, err := d.Login(context.Background(), "admin", password, dawn)
		must(b, err)
	}
}

// cheapHash is a PHC string with smaller costs than today's.
func cheapHash(t *testing.T, password string) string {
	t.Helper()
	salt := []byte("saltsaltsaltsalt")
	sum := argon2.IDKey([]byte(password), salt, 1, 8*1024, 1, 32)
	return fmt.Sprintf("$argon2id$v=19$m=8192,t=1,p=1$%s$%s", base64.RawStdEncoding.EncodeToString(salt), base64.RawStdEncoding.EncodeToString(sum))
}
