package main

import (
	"fmt"
	"log/slog"
	"slices"
	"testing"
	"time"

	"vigil/alerts"
	"vigil/vitals"
)

// guarded is a node whose watchdog lives second by second. Whoever watches Vigil itself is another one.
type guarded struct {
	*watchdog

	now    time.Time
	broken bool // nothing that is sent comes through
	stuck  bool // the feed says no more what the screens show
	open   []alerts.Alarm
	told   []string
}

func newGuarded() *guarded {
	g := &guarded{}
	g.watchdog = newWatchdog("node", func(vitals.Delivery) {}, func(t alerts.Transition) {
		called := "nobody can be called"
		if g.calls(vitals.PartitionOf(alerts.Nobody)) && !g.calls(1) {
			called = "people can be called"
		}
		if !t.Unrecorded {
			called += ", as if it were recorded"
		}
		g.told = append(g.told, fmt.Sprintf("%s %s, %s", t.Change, t.Alarm.State, called))
	}, slog.New(slog.DiscardHandler))
	g.now = time.Now()
	return g
}

// shows is what the screens show from now on.
func (g *guarded) shows(open []alerts.Alarm) { g.open = open }

// lasts lets some seconds pass.
func (g *guarded) lasts(seconds int) {
	for second := range seconds {
		for part := range vitals.Partitions {
			if second%20 != 0 {
				break
			}
			d := g.ledger.Try(part, g.now)
			for _, tr := range alerts.NewEngine(d.Patient).Observe(d).Transitions {
				if !g.broken {
					g.came(tr.Alarm.View(), g.now)
				}
			}
		}
		if !g.stuck {
			g.watchdog.shows(g.open, g.now)
		}
		g.look(g.now)
		g.now = g.now.Add(time.Second)
	}
}

// others is an alarm that somebody else has raised, as the screens show it.
func others(c alerts.Condition) []alerts.Alarm {
	return []alerts.Alarm{{ID: "01OTHERS", Condition: c, State: alerts.ActiveUnack}}
}

func TestANodeTellsByItselfWhatNobodyElseTells(t *testing.T) {
	const raised = "raised active_unack, people can be called"
	for story, row := range map[string]struct {
		live func(g *guarded)
		want []string
	}{
		"all is well for ten minutes": {func(g *guarded) { g.lasts(600) }, nil},
		"nothing comes through, and the others have it told within a minute": {
			func(g *guarded) {
				g.broken = true
				g.lasts(65)
				g.shows(others(alerts.AlarmsUnproven))
				g.lasts(600)
			}, nil,
		},
		"nothing is received, and the screens say so": {
			func(g *guarded) { g.broken = true; g.shows(others(alerts.JournalAway)); g.lasts(600) }, nil,
		},
		"nothing comes through for 70 s": {func(g *guarded) { g.broken = true; g.lasts(70) }, nil},
		"nothing comes through for longer, and nobody says so": {
			func(g *guarded) { g.broken = true; g.lasts(71) }, []string{raised},
		},
		"a database that takes nothing says nothing of that": {
			func(g *guarded) { g.broken = true; g.shows(others(alerts.DatabaseAway)); g.lasts(71) }, []string{raised},
		},
		"what the screens show of this node's own is no other's": {
			func(g *guarded) {
				g.broken = true
				g.lasts(71)
				g.shows(g.own.Open())
				g.lasts(10)
			}, []string{raised},
		},
		"the others tell it later": {
			func(g *guarded) {
				g.broken = true
				g.lasts(80)
				g.shows(others(alerts.AlarmsUnproven))
				g.lasts(60)
			}, []string{raised, "closed closed, people can be called"},
		},
		"the others told it, and think that it is over": {
			func(g *guarded) {
				g.broken = true
				g.lasts(80)
				g.shows(others(alerts.AlarmsUnproven))
				g.lasts(60)
				g.shows(nil)
				g.lasts(1)
			}, []string{raised, "closed closed, people can be called", raised},
		},
		"the journal was away, and then the feed is stuck: nobody knows any more what the screens show": {
			func(g *guarded) {
				g.shows(others(alerts.JournalAway))
				g.lasts(30)
				g.broken, g.stuck = true, true
				g.lasts(81)
			}, []string{raised},
		},
		"the others told it and had it end, nobody has answered, and this node is cut off": {
			func(g *guarded) {
				over := others(alerts.AlarmsUnproven)
				over[0].State = alerts.LatchedUnack
				g.shows(over)
				g.lasts(30)
				g.broken = true
				g.lasts(81)
			}, []string{raised},
		},
		"it comes through again": {
			func(g *guarded) {
				g.broken = true
				g.lasts(80)
				g.broken = false
				g.lasts(20)
			}, []string{raised, "latched latched_unack, people can be called"},
		},
	} {
		t.Run(story, func(t *testing.T) {
			g := newGuarded()
			row.live(g)
			if !slices.Equal(g.told, row.want) {
				t.Errorf("told %q, want %q", g.told, row.want)
			}
			if stands := len(g.own.Open()) > 0; g.calls(vitals.PartitionOf(alerts.Nobody)) != stands {
				t.Errorf("an own alarm stands: %t, people are called: %t", stands, !stands)
			}
		})
	}
}

// A nurse acknowledges the node's own alarm; it reminds after two minutes, and is over when alarms come through.
func TestTheNodesOwnAlarmIsAcknowledged(t *testing.T) {
	g := newGuarded()
	g.broken = true
	g.lasts(80)
	a := g.own.Open()[0]
	ack := alerts.Command{
		Kind: alerts.Acknowledge, ID: "c-1", Alarm: a.ID, SeenVersion: a.Version, SeenPriority: a.Priority,
		Actor: "n-1", ActorName: "N. Urse", Role: vitals.Nurse,
	}
	answer, own, err := g.command(ack, g.now)
	if err != nil || !own || answer.Alarm.State != alerts.ActiveAck {
		t.Fatalf("%+v, %t, %v", answer.Alarm, own, err)
	}
	ack.Alarm = "01OTHERS"
	if _, own, _ := g.command(ack, g.now); own {
		t.Error("another alarm is taken for the node's own")
	}
	g.lasts(121)
	g.broken = false
	g.lasts(20)
	want := []string{
		"raised active_unack, people can be called", "acked active_ack, people can be called",
		"rearmed active_unack, people can be called", "latched latched_unack, people can be called",
	}
	if !slices.Equal(g.told, want) {
		t.Errorf("told %q, want %q", g.told, want)
	}
}

// A feed that is stuck holds up what this node tells of its own alarm. What people decide about the alarms of patients
// does not wait for that.
func TestACommandAboutAPatientDoesNotWaitForAFeedThatIsStuck(t *testing.T) {
	stuck, freed := make(chan struct{}), make(chan struct{})
	g := newGuarded()
	g.broken = true
	g.lasts(70)
	g.tell = func(alerts.Transition) { close(stuck); <-freed }
	told := make(chan struct{})
	go func() {
		defer close(told)
		g.look(g.now.Add(time.Second))
	}()
	<-stuck
	if _, own, err := g.command(alerts.Command{Kind: alerts.Acknowledge, Alarm: "01PATIENTS"}, g.now); own || err != nil {
		t.Errorf("own %t, %v", own, err)
	}
	close(freed)
	<-told
	if !g.calls(vitals.PartitionOf(alerts.Nobody)) {
		t.Error("nobody is called to the alarm that was told")
	}
}
