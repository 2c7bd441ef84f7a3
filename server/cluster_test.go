package main_test

import (
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	natsserver "github.com/nats-io/nats-server/v2/server"

	"vigil/alerts"
	"vigil/server/store"
	"vigil/server/store/storetest"
	"vigil/vitals"
)

// takenOver is how soon the patients of a dead node must be watched by another.
const takenOver = lease + 10*time.Second

// externalJournal is a nats-server with JetStream on a loopback port.
func externalJournal(t *testing.T) (address string) {
	t.Helper()
	ns, err := natsserver.NewServer(&natsserver.Options{
		ServerName: "journal", Host: "127.0.0.1", Port: natsserver.RANDOM_PORT, JetStream: true,
		StoreDir: t.TempDir(), NoLog: true, NoSigs: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	ns.Start()
	t.Cleanup(func() { ns.Shutdown(); ns.WaitForShutdown() })
	if !ns.ReadyForConnections(readyLimit) {
		t.Fatal("nats-server did not start")
	}
	return ns.ClientURL()
}

// owns is how many partitions the node watches, having read all that was received.
func (s *server) owns() (int, error) {
	n, err := s.metric("vigil_monitor_partitions_live")
	return int(n), err
}

// sharing waits until the nodes watch all partitions together, and each some.
func sharing(t *testing.T, within time.Duration, nodes ...*server) {
	t.Helper()
	began := time.Now()
	var shares []int
	eventually(t, within, "the nodes watch all patients", func() error {
		sum := 0
		shares = nil
		for _, s := range nodes {
			n, err := s.owns()
			if err != nil {
				return err
			}
			if n == 0 {
				return fmt.Errorf("%s watches nobody", s.name)
			}
			shares = append(shares, n)
			sum += n
		}
		if sum != vitals.Partitions {
			return fmt.Errorf("they watch %d partitions", sum)
		}
		return nil
	})
	t.Logf("shared as %v after %s", shares, time.Since(began).Round(100*time.Millisecond))
}

// asystole stops the hearts and waits until each screen shows each alarm in time.
func asystole(t *testing.T, screens []*screen, hearts ...*heart) (raised []alerts.View) {
	t.Helper()
	onsets := make([]time.Time, len(hearts))
	for i, x := range hearts {
		onsets[i] = x.turn()
	}
	for n, x := range hearts {
		var a alerts.View
		for i, s := range screens {
			eventually(t, 3*alarmWithin, fmt.Sprintf("the asystole is on screen %d", i+1), func() (err error) {
				a, err = s.shows(x.patient, alerts.Asystole)
				return err
			})
		}
		took := a.Raised.Sub(onsets[n])
		t.Logf("the alarm took %s", took)
		if took > alarmWithin {
			t.Errorf("the alarm took %s", took)
		}
		raised = append(raised, a)
	}
	return raised
}

// acknowledgeAt acknowledges with one person at several nodes: the second only repeats the command.
func acknowledgeAt(t *testing.T, nurse *client, a alerts.View, nodes ...*server) {
	t.Helper()
	for _, s := range nodes {
		var answer alerts.View
		eventually(t, takenOver, "the acknowledgement at "+s.name+" is answered", func() (err error) {
			answer, err = nurse.at(s).acknowledge(a, "command-"+string(a.ID))
			if no, ok := errors.AsType[*refusal](err); ok && no.Status != http.StatusServiceUnavailable && no.Status != http.StatusNotFound {
				t.Fatalf("acknowledge at %s: %v", s.name, err)
			}
			return err
		})
		if answer.ID != a.ID || answer.State != "active_ack" {
			t.Errorf("%s answers %+v", s.name, answer)
		}
	}
}

func TestTwoNodesShareTheirPatientsAndTakeOver(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a minute")
	}
	t.Parallel()
	database, journal := storetest.PostgresURL(t), externalJournal(t)
	one := newServer(t, "node one", "VIGIL_DATABASE_URL="+database, "VIGIL_NATS_URL="+journal)
	two := newServer(t, "node two", "VIGIL_DATABASE_URL="+database, "VIGIL_NATS_URL="+journal)
	one.start()
	two.start()
	sharing(t, readyLimit, one, two)

	admin := one.admin()
	near := newHub(t, "near", admin.enrolHub("near"), two.mqtt)
	far := newHub(t, "far", admin.enrolHub("far"), one.mqtt, two.mqtt) // its node will die
	var records []*record
	for i, h := range []*hub{near, far, near, far, near, far} { // of both nodes' patients, as likely as not
		enrol := newPast
		if i%4 < 2 {
			enrol = newPresent
		}
		records = append(records, enrol(admin, fmt.Sprintf("record-%d", i), h))
	}
	stop := playAll(t, records, 150*time.Millisecond)
	// Whose hearts are watched have hubs that carry nothing else: those above send one message after the other, and on a
	// busy machine what is measured now would wait there behind what the records send.
	stays := newHub(t, "stays", admin.enrolHub("stays"), two.mqtt)
	moves := newHub(t, "moves", admin.enrolHub("moves"), one.mqtt, two.mqtt)
	hearts := []*heart{newHeart(admin, "x", stays), newHeart(admin, "y", moves), newHeart(admin, "z", stays), newHeart(admin, "w", moves)}
	for _, x := range hearts {
		x.watched(t)
	}
	for _, r := range records {
		eventually(t, storedWithin, "the hub hears of each stream, whichever node watches it", func() error {
			if a := r.acks(); a.wave == 0 || a.numbers == 0 {
				return fmt.Errorf("acked %+v", a)
			}
			return nil
		})
	}

	nurse := two.nurse()
	screens := []*screen{nurse.at(one).screen(), nurse.screen()}
	raised := asystole(t, screens, hearts[:2]...)
	acknowledgeAt(t, nurse, raised[0], one, two)
	acknowledgeAt(t, nurse, raised[1], two, one)

	one.kill()
	sharing(t, takenOver, two)
	later := asystole(t, screens[1:], hearts[2:]...)
	for i, a := range append(raised, later...) {
		standing(t, nurse, hearts[i], a.ID, func(now alerts.View) error {
			if now.Truth != "true" || (i < len(raised)) != (now.State == "active_ack") {
				return fmt.Errorf("it is %s, %s", now.State, now.Truth)
			}
			return nil
		})
	}
	for _, a := range later {
		acknowledgeAt(t, nurse, a, two)
	}

	one.start() // and comes back
	sharing(t, readyLimit, one, two)
	for _, x := range hearts {
		x.turn()
	}
	for i, x := range hearts {
		standing(t, nurse.at(one), x, append(raised, later...)[i].ID, func(a alerts.View) error {
			if a.State != "closed" {
				return fmt.Errorf("it is %s", a.State)
			}
			return nil
		})
	}
	stop()
	for _, h := range []*hub{near, far} {
		eventually(t, storedWithin, "everything is acked", func() error { return settled(records, h) })
	}
	one.kill()
	two.kill()
	left := openStore(t, store.Config{URL: database})
	holdAll(t, records, left)
	for _, a := range append(raised, later...) {
		lifeOf(t, left, a.ID, alerts.Raised, alerts.Acknowledged, alerts.Ceased)
	}
}

// settled reports an error while something of the hub's records is not acked. Hearts never end.
func settled(records []*record, h *hub) error {
	for _, r := range records {
		if a, n := r.acks(), r.steps.Load(); r.hub == h && (a.wave < n || a.numbers < n) {
			return fmt.Errorf("acked %+v of %d", a, n)
		}
	}
	return nil
}

// outage is how long the database is away.
const outage = 20 * time.Second

func TestAlarmsDoNotWaitForTheDatabase(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a minute")
	}
	t.Parallel()
	database := storetest.OwnPostgres(t)
	s := newServer(t, "server", "VIGIL_DATABASE_URL="+database.URL, "VIGIL_NATS_URL="+externalJournal(t))
	s.start()
	s.ready()
	admin := s.admin()
	h := newHub(t, "home", admin.enrolHub("home"), s.mqtt)
	records := []*record{newPast(admin, "a", h), newPresent(admin, "b", h)}
	stop := playAll(t, records, 150*time.Millisecond)
	alone := newHub(t, "alone", admin.enrolHub("alone"), s.mqtt) // in front of whose present nothing waits
	x := newHeart(admin, "x", alone)
	x.watched(t)
	nurse := s.nurse()
	board := nurse.screen()
	eventually(t, readyLimit, "the screen lives", board.alive)

	database.Stop()
	gone := time.Now()
	var acked uint64
	for seen := false; !seen; { // an ack may have been on its way
		acked = h.ackedAll()
		passes(500 * time.Millisecond)
		seen = acked == h.ackedAll()
	}
	alone.cut() // which can happen to a home meanwhile
	h.cut()
	raised := asystole(t, []*screen{board}, x)
	t.Logf("the alarm is on the screen %s into the outage", time.Since(gone).Round(100*time.Millisecond))
	notRecording := func(open bool) func() error {
		return func() error {
			a, err := board.shows(alerts.Nobody, alerts.DatabaseAway)
			if err == nil && open == (a.State == alerts.Closed.String()) {
				err = fmt.Errorf("the alarm is %s", a.State)
			}
			return err
		}
	}
	eventually(t, outage, "the screen says that nothing is recorded", notRecording(true))
	t.Logf("the screen says so %s into the outage", time.Since(gone).Round(100*time.Millisecond))
	for time.Since(gone) < outage {
		if err := board.alive(); err != nil {
			t.Fatalf("%s into the outage: %v", time.Since(gone), err)
		}
		if now := h.ackedAll(); now != acked {
			t.Fatalf("hubs were acked without a database: %d, then %d", acked, now)
		}
		passes(100 * time.Millisecond)
	}
	if _, err := nurse.acknowledge(raised[0], "too early"); err == nil {
		t.Error("an acknowledgement was answered that is not stored")
	}
	database.Start()

	eventually(t, storedWithin, "hubs are acked again", func() error {
		if h.ackedAll() == acked {
			return errors.New("not yet")
		}
		return nil
	})
	t.Logf("hubs are acked again %s after the database went", time.Since(gone).Round(100*time.Millisecond))
	if err := board.alive(); err != nil {
		t.Error(err)
	}
	eventually(t, storedWithin, "the alarm is recorded", func() error {
		a, err := nurse.only(x.patient, alerts.Asystole)
		if err == nil && a.ID != raised[0].ID {
			err = fmt.Errorf("as another: %s", a.ID)
		}
		return err
	})
	eventually(t, storedWithin, "the screen says so no longer", notRecording(false))
	stop()
	eventually(t, storedWithin, "everything is acked", func() error { return settled(records, h) })
	s.kill()
	left := openStore(t, store.Config{URL: database.URL})
	holdAll(t, records, left)
	lifeOf(t, left, raised[0].ID, alerts.Raised)
	audit, err := left.VerifyAudit(t.Context(), store.Witness{})
	if err != nil || !audit.Whole() || audit.Events == 0 {
		t.Errorf("the audit after an outage and a kill: %+v, %v", audit, err)
	}
}
