package main_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	natsserver "github.com/nats-io/nats-server/v2/server"

	"vigil/alerts"
	"vigil/server/porttest"
	"vigil/server/store/storetest"
	"vigil/vitals"
)

// untold is how soon people must know that alarms do not come through, whoever has to tell.
const untold = alerts.WatchdogLimit + 30*time.Second

// guardedJournal is a nats-server each of whose users can lose the right to say or hear something while connected.
type guardedJournal struct {
	t      *testing.T
	server *natsserver.Server
	opts   natsserver.Options
}

func newGuardedJournal(t *testing.T, users ...string) *guardedJournal {
	t.Helper()
	g := &guardedJournal{t: t, opts: natsserver.Options{
		ServerName: "journal", Host: "127.0.0.1", Port: int(porttest.New(t).Port()), JetStream: true, StoreDir: t.TempDir(), NoLog: true, NoSigs: true,
	}}
	for _, name := range users {
		g.opts.Users = append(g.opts.Users, &natsserver.User{Username: name, Password: name})
	}
	var err error
	if g.server, err = natsserver.NewServer(g.opts.Clone()); err != nil {
		t.Fatal(err)
	}
	g.server.Start()
	t.Cleanup(func() { g.server.Shutdown(); g.server.WaitForShutdown() })
	if !g.server.ReadyForConnections(readyLimit) {
		t.Fatal("nats-server did not start")
	}
	return g
}

func (g *guardedJournal) address(user string) string {
	return fmt.Sprintf("nats://%s:%s@127.0.0.1:%d", user, user, g.opts.Port)
}

// deny takes away what a user may say and hear; nil gives all of it back.
func (g *guardedJournal) deny(user string, say, hear []string) {
	g.t.Helper()
	opts := g.opts.Clone()
	for _, u := range opts.Users {
		if u.Username == user && len(say)+len(hear) > 0 {
			u.Permissions = &natsserver.Permissions{
				Publish:   &natsserver.SubjectPermission{Allow: []string{">"}, Deny: say},
				Subscribe: &natsserver.SubjectPermission{Allow: []string{">"}, Deny: hear},
			}
		}
	}
	if err := g.server.ReloadOptions(opts); err != nil {
		g.t.Fatal(err)
	}
}

// open finds the one open alarm of a condition about Vigil itself that the screen shows.
func (s *screen) open(c alerts.Condition) (found alerts.View, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, a := range s.alarms {
		if a.Patient == alerts.Nobody && a.Condition == c && a.State != alerts.Closed.String() {
			found = a
			n++
		}
	}
	if n != 1 {
		return found, fmt.Errorf("%d alarms %s are open", n, c)
	}
	return found, nil
}

// rung reports an error until people were called because of the alarm.
func (p *pager) rung(a alerts.AlarmID) func() error {
	return func() error {
		n, err := p.called(a)
		if err == nil && n < 3 { // the demo's nurse, charge nurse and physician
			err = fmt.Errorf("%d people were called", n)
		}
		return err
	}
}

// The journal answers every question, and takes nothing any more: no publication fails, none is confirmed. Nothing that
// homes send is judged. The screens say so within seconds; that no alarm comes through is told within a minute and a half,
// also outside. Of the synthetic patients there is no trace.
func TestAJournalThatTakesNothingAndSaysNothing(t *testing.T) {
	if testing.Short() {
		t.Skip("takes two minutes")
	}
	t.Parallel()
	p, journal := newPager(t), newGuardedJournal(t, "server")
	s := newServer(t, "server", append(p.env(), "VIGIL_NATS_URL="+journal.address("server"))...)
	s.start()
	s.watching()
	admin := s.admin()
	x := newHeart(admin, "x", newHub(t, "home", admin.enrolHub("home"), s.mqtt))
	x.watched(t)
	board := s.nurse().screen()
	eventually(t, readyLimit, "the screen lives", board.alive)

	journal.deny("server", []string{"in.>"}, nil)
	gone := time.Now()
	shows := func(c alerts.Condition) func() error {
		return func() error { _, err := board.open(c); return err }
	}
	eventually(t, 20*time.Second, "the screen says that nothing is judged", shows(alerts.IngestLag))
	t.Logf("the screen says so after %s", time.Since(gone).Round(100*time.Millisecond))
	eventually(t, untold, "the screen says that alarms may be missing", shows(alerts.AlarmsUnproven))
	t.Logf("the screen says that alarms may be missing after %s", time.Since(gone).Round(100*time.Millisecond))
	if shows(alerts.JournalAway)() == nil {
		t.Error("the journal counts as away: it is another fault than the one to be tested")
	}
	unproven, _ := board.open(alerts.AlarmsUnproven)
	eventually(t, 10*time.Second, "people are called", p.rung(unproven.ID))

	journal.deny("server", nil, nil)
	back := time.Now()
	if err := board.command("ack", unproven); err != nil {
		t.Fatal(err)
	}
	eventually(t, untold, "the screen says that alarms come through again", func() error {
		if shows(alerts.AlarmsUnproven)() == nil {
			return errors.New("not yet")
		}
		return nil
	})
	t.Logf("the screen says that it is over after %s", time.Since(back).Round(100*time.Millisecond))
	s.kill()
	stored := s.stored()
	all, err := stored.Alarms(t.Context(), vitals.Scope{All: true}, vitals.AlarmQuery{Limit: 1000})
	if err != nil || len(all) < 2 {
		t.Fatalf("%d alarms, %v", len(all), err)
	}
	for _, a := range all {
		if alerts.Synthetic(a.Patient) {
			t.Errorf("recorded: %+v", a)
		}
	}
}

// One of two nodes hears nothing of alarms any more, and nobody hears from it how it is. Its screens are told all the
// same, by itself, once, and people are called; a nurse acknowledges it there.
func TestANodeThatHearsNothingOfAlarmsSaysSoItself(t *testing.T) {
	if testing.Short() {
		t.Skip("takes two minutes")
	}
	t.Parallel()
	p, journal, database := newPager(t), newGuardedJournal(t, "one", "two"), storetest.PostgresURL(t)
	node := func(name string) *server {
		s := newServer(t, "node "+name, append(p.env(), "VIGIL_DATABASE_URL="+database, "VIGIL_NATS_URL="+journal.address(name))...)
		s.start()
		return s
	}
	one, two := node("one"), node("two")
	sharing(t, readyLimit, one, two)
	one.admin().admit("MRN-1")
	board := two.nurse().screen()
	eventually(t, readyLimit, "the screen lives", board.alive)

	journal.deny("two", []string{"feed.health"}, []string{"feed.>"})
	gone := time.Now()
	eventually(t, untold, "the screen of that node says that alarms may be missing", func() error {
		_, err := board.open(alerts.AlarmsUnproven)
		return err
	})
	t.Logf("the screen says so after %s", time.Since(gone).Round(100*time.Millisecond))
	a, _ := board.open(alerts.AlarmsUnproven)
	eventually(t, 10*time.Second, "people are called", p.rung(a.ID))
	if err := board.command("ack", a); err != nil {
		t.Fatal(err)
	}
	is := func(state string) func() error {
		return func() error {
			now, err := board.shows(alerts.Nobody, alerts.AlarmsUnproven)
			if err == nil && (now.ID != a.ID || now.State != state) {
				err = fmt.Errorf("%s is %s", now.ID, now.State)
			}
			return err
		}
	}
	eventually(t, 10*time.Second, "it is acknowledged", is("active_ack"))
	journal.deny("two", nil, nil)
	two.kill() // a right to hear that was taken away is asked for again by a new connection only
	eventually(t, takenOver, "the other node watches all patients", func() error {
		n, err := one.owns()
		if err == nil && n != vitals.Partitions {
			err = fmt.Errorf("%d partitions", n)
		}
		return err
	})
}
