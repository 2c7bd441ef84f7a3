package monitor_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/samber/lo"

	"vigil/alerts"
	"vigil/server/monitor"
	"vigil/vitals"
)

// grapevine is how nodes tell each other what they see, once a second.
type grapevine struct {
	lock   sync.Mutex
	nodes  map[string]*monitor.Monitor
	seen   map[int]monitor.Seen
	ruling monitor.Ruling
	ruled  time.Time
}

// tell lets every node that speaks say what it sees and has found.
func (g *grapevine) tell(now time.Time) {
	g.lock.Lock()
	nodes := lo.Values(g.nodes)
	g.lock.Unlock()
	for _, m := range nodes {
		all := m.Seen(now)
		r, found := m.Ruling(now)
		g.lock.Lock()
		for _, s := range all {
			if s.Epoch >= g.seen[s.Partition].Epoch {
				g.seen[s.Partition] = s
			}
		}
		if found && r.Epoch >= g.ruling.Epoch {
			g.ruling, g.ruled = r, now
		}
		g.lock.Unlock()
	}
}

func (g *grapevine) health(time.Time) alerts.Health {
	g.lock.Lock()
	defer g.lock.Unlock()
	var all alerts.Sight
	for _, s := range g.seen {
		all = all.And(s.Units["west"])
	}
	return alerts.Health{Sites: map[vitals.UnitID]alerts.Sight{"west": all}}
}

func (g *grapevine) outages(now time.Time) (map[vitals.UnitID]alerts.Outage, bool) {
	g.lock.Lock()
	defer g.lock.Unlock()
	return g.ruling.Outages, !g.ruled.IsZero() && now.Sub(g.ruled) <= 3*time.Second
}

// town is a ward of ten homes whose patients two nodes share. The first minds the installation.
type town struct {
	*ward
	*grapevine

	homes []vitals.PatientID
	stops map[string]func()
}

func newTown(t *testing.T) *town {
	t.Helper()
	w := &town{ward: newWard(t), grapevine: &grapevine{nodes: map[string]*monitor.Monitor{}, seen: map[int]monitor.Seen{}}, stops: map[string]func(){}}
	mine := map[bool]int{}
	for i := 0; len(w.homes) < 10; i++ {
		p := vitals.PatientID(fmt.Sprintf("p-%d", i))
		if second := vitals.PartitionOf(p)%2 == 1; mine[second] < 5 && vitals.PartitionOf(p) != vitals.PartitionOf(alerts.Nobody) {
			mine[second]++
			w.homes = append(w.homes, p)
		}
	}
	w.db = newDatabase(w.homes...)
	for i := range w.db.admissions {
		w.db.admissions[i].Patient.Unit = "west"
	}
	w.db.parts[vitals.PartitionOf(alerts.Nobody)] = &part{}
	w.db.shares = func(partition int) string {
		if partition%2 == 1 && partition != vitals.PartitionOf(alerts.Nobody) {
			return "node-2"
		}
		return "node-1"
	}
	w.open("node-1")
	w.open("node-2")
	return w
}

func (w *town) open(node string) {
	cfg := w.config(node)
	cfg.NewEngine, cfg.Health, cfg.Outages = nil, w.health, w.outages
	m := w.start(cfg)
	w.lock.Lock()
	defer w.lock.Unlock()
	w.nodes[node], w.stops[node] = m, w.stop
}

// dies lets a node be heard no more, and others own what it did.
func (w *town) dies(node string, shares func(partition int) string) {
	w.lock.Lock()
	delete(w.nodes, node)
	w.lock.Unlock()
	w.db.set(func() { w.db.shares = shares })
}

// lives lets seconds pass in which those homes that there is a line to send the saturation.
func (w *town) lives(seconds int, saturation func(p vitals.PatientID) int64, homes ...vitals.PatientID) {
	for range seconds {
		for _, p := range homes {
			d := w.beat(p, 70)
			d.Batch.Waveforms = nil
			d.Batch.Readings = []vitals.Reading{{Kind: vitals.SpO2, Time: d.Received, Value: vitals.Int(saturation(p))}}
			w.mu.Lock()
			w.sent[len(w.sent)-1] = d
			w.mu.Unlock()
			w.log.publish(d)
		}
		pass(time.Second)
		w.tell(time.Now())
	}
}

func well(vitals.PatientID) int64 { return 97 }

// told counts what was told of alarms that an outage explains: those that asked for somebody, and those that were its
// matter from the start.
func (w *town) told() (asked, silent int) {
	w.screen.mu.Lock()
	defer w.screen.mu.Unlock()
	for _, t := range w.screen.shown {
		if !slices.Contains(t.Alarm.Condition.Spec().InhibitedBy, alerts.SiteOutage) {
			continue
		}
		switch {
		case t.Change.Asks() && t.Alarm.Calls():
			asked++
		case t.Change == alerts.Raised:
			silent++
		}
	}
	return asked, silent
}

// only is the one alarm of a condition on the screens.
func (w *town) only(c alerts.Condition) alerts.Alarm {
	w.t.Helper()
	all := lo.Filter(w.screen.alarms(), func(a alerts.Alarm, _ int) bool { return a.Condition == c })
	if len(all) != 1 {
		w.t.Fatalf("%d alarms %s", len(all), c)
	}
	return all[0]
}

func (w *town) expect(story string, wantAsked, wantSilent int) {
	w.t.Helper()
	if asked, silent := w.told(); asked != wantAsked || silent != wantSilent {
		w.t.Errorf("%s: %d of the patients' alarms asked for somebody, want %d; %d were the outage's, want %d", story, asked, wantAsked, silent, wantSilent)
	}
}

// The line to eight of ten homes is cut, whose patients two nodes watch. Both tell one alarm, and nothing of the homes
// beside it. A ninth patient, who is heard, desaturates in the middle of it: that is told as ever. When the line is
// back everything ends by itself but the alarm about it, which waits for somebody.
func TestASiteThatTwoNodesShareIsLostOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTown(t)
		w.lives(60, well, w.homes...)
		heard := w.homes[8:]
		w.lives(20, well, heard...)
		if a := w.only(alerts.SiteOutage); a.State != alerts.ActiveUnack || a.Detail != "8 patients" || a.Site != "west" || a.Patient != alerts.Nobody {
			t.Errorf("%+v", a)
		}
		w.lives(60, func(p vitals.PatientID) int64 { return lo.Ternary[int64](p == heard[0], 70, 97) }, heard...)
		if a := w.only(alerts.SpO2RapidDesat); a.State != alerts.ActiveUnack || a.Suppressor != "" {
			t.Errorf("%+v", a)
		}
		w.lives(120, well, heard...) // hubs that nobody saw leave are away after 90 s
		w.expect("cut", 0, 16)
		w.lives(40, well, w.homes...)
		w.expect("and back", 0, 16)
		for _, a := range w.screen.alarms() {
			if a.Condition != alerts.SpO2RapidDesat && a.Condition != alerts.SiteOutage && a.State.Open() {
				t.Errorf("%s is %s", a.Condition, a.State)
			}
		}
		if a := w.only(alerts.SiteOutage); a.State != alerts.LatchedUnack {
			t.Errorf("%+v", a)
		}
		w.close()
	})
}

// loses lets the town be well for a minute, and then lose all homes at once: a minute later one outage is told of, and no home.
func (w *town) loses() {
	w.t.Helper()
	w.lives(60, well, w.homes...)
	w.lives(60, well)
	w.expect("all are lost", 0, 10)
}

// close ends the nodes and holds that each change was recorded once.
func (w *town) close() {
	w.t.Helper()
	for _, stop := range w.stops {
		stop()
	}
	w.oneOfEach()
}

// All homes but one come back: that one is no outage any more, but somebody's to see to.
func TestWhoIsStillLostBehindAnOutageIsToldOneByOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTown(t)
		w.loses()
		w.lives(25, well, w.homes[:9]...)
		w.expect("all but one are back", 1, 10)
		if a := w.only(alerts.SiteOutage); a.State != alerts.LatchedUnack {
			t.Errorf("%+v", a)
		}
		w.close()
	})
}

// The node that judges the sites dies while one is lost. The other one goes on with the same alarm, and nothing of
// the homes is told: they are lost as they were.
func TestAnOutageOutlivesTheNodeThatToldIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTown(t)
		w.loses()
		before := w.only(alerts.SiteOutage)
		w.dies("node-1", func(int) string { return "node-2" })
		w.lives(25, well)
		w.expect("taken over", 0, 10)
		if a := w.only(alerts.SiteOutage); a.ID != before.ID || a.State != alerts.ActiveUnack {
			t.Errorf("%+v", a)
		}
		w.lives(40, well, w.homes...)
		w.expect("and back", 0, 10)
		if a := w.only(alerts.SiteOutage); a.State != alerts.LatchedUnack {
			t.Errorf("%+v", a)
		}
		w.close()
	})
}

// The node that judges the sites dies, and nobody takes that over: within seconds every home is told for itself.
func TestAnOutageOfWhichNobodySpeaksHidesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTown(t)
		w.loses()
		w.dies("node-1", func(partition int) string {
			return lo.Ternary(partition == vitals.PartitionOf(alerts.Nobody), "nobody", "node-2")
		})
		w.lives(15, well)
		w.expect("nobody speaks of it", 10, 10)
		w.close()
	})
}

// The only node is restarted while the site is lost. It knows the outage again before it tells of anybody.
func TestARestartInAnOutageTellsNobodyTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTown(t)
		w.dies("node-2", func(int) string { return "node-1" })
		w.loses()
		w.stops["node-1"]()
		w.lock.Lock()
		w.seen, w.ruling, w.ruled = map[int]monitor.Seen{}, monitor.Ruling{}, time.Time{}
		w.lock.Unlock()
		w.db.set(func() { w.db.shares = nil })
		w.open("node-3")
		w.lives(120, well)
		w.expect("a restart", 0, 10)
		if a := w.only(alerts.SiteOutage); a.State != alerts.ActiveUnack || a.Truth != alerts.True {
			t.Errorf("%+v", a)
		}
		w.close()
	})
}

// An engine that fails whenever it is asked what it sees is one of whose patient nobody knows; the others are lost
// together all the same.
func TestAnEngineThatSeesNothingHidesNobodyElse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTown(t)
		w.dies("node-1", func(int) string { return "" })
		w.dies("node-2", func(int) string { return "node-3" })
		cfg := w.config("node-3")
		cfg.Health, cfg.Outages = w.health, w.outages
		cfg.NewEngine = func(p vitals.PatientID) monitor.Engine {
			if p == w.homes[0] {
				return eyeless{alerts.NewEngine(p)}
			}
			return alerts.NewEngine(p)
		}
		m := w.start(cfg)
		w.lock.Lock()
		w.nodes["node-3"], w.stops["node-3"] = m, w.stop
		w.lock.Unlock()
		w.lives(60, well, w.homes...)
		w.lives(30, well)
		if a := w.only(alerts.SiteOutage); a.Detail != "9 patients" {
			t.Errorf("%+v", a)
		}
		w.close()
	})
}

// eyeless fails when it is asked what it sees.
type eyeless struct{ *alerts.Engine }

func (eyeless) Sight(time.Time) alerts.Sight { panic("sees nothing") }
