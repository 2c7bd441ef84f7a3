package alerts_test

import (
	"math"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/samber/lo"
	"pgregory.net/rapid"

	"vigil/alerts"
	"vigil/vitals"
)

// homes are the patients of a unit as their owners see them: watched so many, and lost, each since so many seconds.
type homes struct {
	*watched

	all    int
	quiet  []time.Time
	unsure int
}

func newHomes(all int) *homes { return &homes{watched: newWatched(), all: all} }

// lose loses patients who were heard last so many seconds ago.
func (h *homes) lose(patients, secondsAgo int) {
	for range patients {
		h.quiet = append(h.quiet, h.now.Add(-time.Duration(secondsAgo)*time.Second))
	}
}

// last lets seconds pass.
func (h *homes) last(seconds int) {
	for range seconds {
		h.health.Sites = map[vitals.UnitID]alerts.Sight{"west": {Patients: h.all, Watched: h.all, Unsure: h.unsure, Quiet: h.quiet}}
		h.lasts(1, func(*alerts.Health) {})
	}
}

func TestAUnitLosesPatients(t *testing.T) {
	lost := func(all, patients int) func(*homes) {
		return func(h *homes) { h.all = all; h.lose(patients, 10); h.last(60) }
	}
	const raised, latched = "SITE_OUTAGEwest raised active_unack", "SITE_OUTAGEwest latched latched_unack"
	for _, row := range []struct {
		story string
		live  func(*homes)
		want  []string
	}{
		{"two of two are no outage", lost(2, 2), nil},
		{"three of three are", lost(3, 3), []string{raised}},
		{"three of ten are", lost(10, 3), []string{raised}},
		{"three of eleven are less than 30 %", lost(11, 3), nil},
		{"five of a ward of 25 are", lost(25, 5), []string{raised}},
		{"five of a thousand homes are an ordinary minute", lost(1000, 5), nil},
		{"thirty-one of a thousand homes are, still", lost(1000, 31), nil},
		{"thirty-two are not", lost(1000, 32), []string{raised}},
		{"patients who are lost over an hour, one each two minutes, are none", func(h *homes) {
			for range 30 {
				h.lose(1, 0)
				h.last(120)
			}
		}, nil},
		{"five within a minute are", func(h *homes) {
			for range 5 {
				h.lose(1, 0)
				h.last(14)
			}
		}, []string{raised}},
		{"a break of ten seconds is no loss", func(h *homes) {
			h.lose(20, 0)
			h.last(10)
			h.quiet = nil
			h.last(60)
		}, nil},
		{"what is back within the group wait is not told", func(h *homes) {
			h.lose(20, 0)
			h.last(13)
			h.quiet = nil
			h.last(60)
		}, nil},
		{"it is told 14 s after the last sign of life: 10 s of silence, and the group wait", func(h *homes) {
			h.lose(20, 0)
			h.last(13)
			h.told = append(h.told, "13 s")
			h.last(1)
		}, []string{"13 s", raised}},
		{"who is missing since yesterday makes no outage with one more", func(h *homes) {
			h.lose(4, 24*3600)
			h.lose(1, 0)
			h.last(60)
		}, nil},
		{"three who have been lost for hours make none when the unit becomes smaller", func(h *homes) {
			h.all = 11
			h.lose(3, 10)
			h.last(3600)
			h.all = 10
			h.last(60)
		}, nil},
		{"half of what made it an outage keep it one", func(h *homes) {
			h.lose(20, 10)
			h.last(60)
			h.quiet = h.quiet[:3]
			h.last(600)
		}, []string{raised}},
		{"fewer do not, after 15 s", func(h *homes) {
			h.lose(20, 10)
			h.last(60)
			h.quiet = h.quiet[:2]
			h.last(15)
			h.told = append(h.told, "15 s")
			h.last(600)
		}, []string{raised, "15 s", latched}},
		{"the same after three hours", func(h *homes) {
			h.lose(20, 10)
			h.last(3 * 3600)
			h.quiet = h.quiet[:2]
			h.last(16)
		}, []string{raised, latched}},
		{"nor does a clock that is set back by an hour", func(h *homes) {
			h.lose(20, 10)
			h.last(60)
			h.now, h.quiet = h.now.Add(-time.Hour), nil
			h.lose(20, 0) // as their owners see it then
			h.last(120)
		}, []string{raised}},
		{"those of whom nobody knows do not end it", func(h *homes) {
			h.lose(20, 10)
			h.last(60)
			h.quiet, h.unsure = nil, 20
			h.last(600)
		}, []string{raised, "SITE_OUTAGEwest input_lost active_unack"}},
		{"they do not begin it either", func(h *homes) {
			h.unsure = 20
			h.last(600)
		}, nil},
		{"two of whom nobody knows are too few to keep it", func(h *homes) {
			h.lose(20, 10)
			h.last(60)
			h.quiet, h.unsure = nil, 2
			h.last(16)
		}, []string{raised, latched}},
		{"the unit's last patient goes home", func(h *homes) {
			h.lose(20, 10)
			h.last(60)
			h.lasts(17, func(v *alerts.Health) { v.Sites = nil })
		}, []string{raised, latched}},
	} {
		t.Run(row.story, func(t *testing.T) {
			h := newHomes(25)
			row.live(h)
			if !slices.Equal(h.told, row.want) {
				t.Errorf("told %q, want %q", h.told, row.want)
			}
		})
	}
}

// Somebody takes an outage of five. Three minutes later the batteries of twenty more homes are empty: whoever has it
// was told of five.
func TestAnOutageThatGrowsIsToldAgain(t *testing.T) {
	h := newHomes(40)
	h.lose(7, 10)
	h.last(60)
	a := h.engine.Open()[0]
	if a.Detail != "7 patients" || a.Priority != alerts.High || a.Site != "west" || a.Patient != alerts.Nobody {
		t.Errorf("%+v", a)
	}
	if _, err := acknowledge(h.engine, seen(a, "c-1"), h.now); err != nil {
		t.Fatal(err)
	}
	h.told = nil
	h.last(60)
	h.lose(20, 10)
	h.last(10)
	if want := []string{"SITE_OUTAGEwest worsened active_unack"}; !slices.Equal(h.told, want) {
		t.Errorf("told %q, want %q", h.told, want)
	}
	if a := h.engine.Open()[0]; a.Detail != "27 patients" || a.View().Worst != "27" {
		t.Errorf("%+v", a)
	}
}

// What the patients' engines are told: who it may concern before it is told, whom it concerns while it stands, and
// nothing of what nobody knows any more or has begun anew.
func TestWhatThePatientsHaveToKnowOfAnOutage(t *testing.T) {
	h := newHomes(25)
	noon := h.now
	lost := []alerts.Span{{From: noon.Add(-time.Minute), To: noon.Add(-time.Minute)}, {From: noon, To: noon.Add(2 * time.Second)}}
	step := func(story string, seconds int, wantAlarm bool, want []alerts.Span) {
		t.Helper()
		h.last(seconds)
		o := h.engine.Watch(h.health, h.now).Outages["west"]
		if diff := cmp.Diff(want, o.Lost); diff != "" || (o.Alarm != "") != wantAlarm {
			t.Fatalf("%s: alarm %q, spans (-want +got):\n%s", story, o.Alarm, diff)
		}
	}
	h.quiet = slices.Repeat([]time.Time{noon, noon.Add(2 * time.Second)}, 3)
	h.quiet = append(h.quiet, noon.Add(-90*time.Second)) // somebody else
	step("six are quiet", 7, false, lost[1:])
	step("they are lost", 9, true, lost[1:])
	h.quiet = h.quiet[3:]
	step("three are back", 60, true, lost[1:])
	h.unsure, h.quiet = 9, nil
	step("nobody knows", 40, false, nil)
	h.unsure = 0
	h.quiet = slices.Repeat([]time.Time{noon}, 6)
	step("somebody knows again", 2, true, []alerts.Span{{From: noon, To: noon}})
	h.quiet = nil
	step("all are back", 20, false, nil)
}

// What befalls patients one by one is no outage: were each of them lost six times a day, in a unit of any size from
// 25 on that would look like one less than once a year.
func TestChanceMakesNoOutage(t *testing.T) {
	const losses, year = 6, 365
	for _, watched := range []int{25, 30, 50, 100, 300, 1000, 3000} {
		perMinute := float64(watched) * losses / (24 * 60)
		others := alerts.OutageFrom(watched) - 1 // within the minute behind the first
		fewer, p := 0.0, math.Exp(-perMinute)    // Poisson
		for n := range others {
			fewer += p
			p *= perMinute / float64(n+1)
		}
		if often := float64(watched) * losses * year * (1 - fewer); often >= 1 {
			t.Errorf("of %d patients %d are lost within a minute by chance, %.2g times a year", watched, others+1, often)
		}
	}
}

// drawSight lets a second pass in a unit in which patients are lost and come back as they like.
func (h *homes) drawSight(t *rapid.T) {
	left := max(0, h.all-len(h.quiet)-h.unsure)
	switch rapid.IntRange(0, 12).Draw(t, "what") {
	case 0, 1, 2:
		h.lose(rapid.IntRange(0, left).Draw(t, "lost"), rapid.IntRange(0, 70).Draw(t, "seconds ago"))
	case 3:
		h.quiet = h.quiet[:rapid.IntRange(0, len(h.quiet)).Draw(t, "still lost")]
	case 4:
		h.unsure = rapid.IntRange(0, left+h.unsure).Draw(t, "unsure")
	default:
	}
	h.last(1)
}

// Whatever is seen, in whatever order it is told: an outage is raised of three at least, and what the patients are
// told of stands.
func TestAnOutageIsNeverMadeUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := newHomes(rapid.IntRange(0, 60).Draw(t, "patients"))
		other := alerts.NewEngine(alerts.Nobody)
		for range rapid.IntRange(10, 120).Draw(t, "seconds") {
			h.drawSight(t)
			sights := h.health.Sites["west"]
			sights.Quiet = rapid.Permutation(sights.Quiet).Draw(t, "order")
			out := other.Watch(alerts.Health{Sites: map[vitals.UnitID]alerts.Sight{"west": sights}}, h.now)
			other.Tick(h.now)
			if diff := cmp.Diff(h.engine.Open(), other.Open()); diff != "" {
				t.Fatalf("in another order:\n%s", diff)
			}
			if len(h.quiet) < 3 && lo.SomeBy(out.Transitions, func(x alerts.Transition) bool { return x.Change == alerts.Raised }) {
				t.Fatalf("%d are lost: %+v", len(h.quiet), out.Transitions)
			}
			stands := lo.ContainsBy(other.Open(), func(a alerts.Alarm) bool {
				return a.ID == out.Outages["west"].Alarm && a.State != alerts.LatchedUnack
			})
			if told := out.Outages["west"].Alarm; told != "" && !stands {
				t.Fatalf("the patients are told of %s, and open are %+v", told, other.Open())
			}
		}
	})
}

// An outage stands; then nobody knows anything of its patients any more. It stays for as long as that is so.
func TestLostSightEndsNoOutage(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := newHomes(rapid.IntRange(3, 60).Draw(t, "patients"))
		for range rapid.IntRange(10, 120).Draw(t, "seconds") {
			h.drawSight(t)
		}
		before := h.engine.Open()
		h.quiet, h.unsure = nil, h.all
		h.last(120)
		for _, a := range before {
			if a.State != alerts.LatchedUnack && !lo.ContainsBy(h.engine.Open(), func(b alerts.Alarm) bool {
				return b.ID == a.ID && b.State != alerts.LatchedUnack
			}) {
				t.Fatalf("%+v is over", a)
			}
		}
	})
}
