package alerts_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/samber/lo"
	"pgregory.net/rapid"

	"vigil/alerts"
	"vigil/vitals"
)

const outageID = alerts.AlarmID("01SITE")

// since is an outage of whoever was last heard from so many seconds behind the start on, for a minute.
func since(seconds int) alerts.Outage {
	from := start.Add(time.Duration(seconds) * time.Second)
	return alerts.Outage{Alarm: outageID, Lost: []alerts.Span{{From: from, To: from.Add(time.Minute)}}}
}

// suspected is the same before anybody is told.
func suspected(seconds int) alerts.Outage {
	o := since(seconds)
	o.Alarm = ""
	return o
}

// tells lets seconds pass in which the engine is told of the outage.
func (r *room) tells(seconds int, o alerts.Outage, all ...measured) {
	for range seconds {
		r.take(r.engine.Site(o, r.now.Add(time.Second)))
		r.last(1, all...)
	}
}

// again is an engine that starts anew, with what is stored and the last of the journal.
func (r *room) again(past ...vitals.Delivery) {
	var stored []alerts.Alarm
	for _, t := range r.told {
		stored = slices.DeleteFunc(stored, func(a alerts.Alarm) bool { return a.ID == t.Alarm.ID })
		stored = append(stored, t.Alarm)
	}
	r.engine = alerts.NewEngine(patient)
	r.engine.Bind([]vitals.DeviceID{oximeter}, r.now)
	r.engine.Streamed(oximeter)
	r.engine.Restore(stored)
	for _, d := range past {
		r.take(r.engine.Observe(d))
	}
}

var none alerts.Outage

func TestWhatAnOutageOfTheSiteExplains(t *testing.T) {
	check(t, []story{
		{
			name: "what is missing is the outage's from the start, and asks for somebody when it is over",
			tell: func(r *room) {
				r.tells(20, none, oxygen(97))
				r.tells(7, none)
				r.tells(5, suspected(20))
				r.tells(10, since(20))
				r.offline(true)
				r.tells(60, since(20))
				r.tells(1, none)
			},
			want: []string{
				"33s NO_DATA raised: silent for more than 10s, by the outage",
				"42s HUB_OFFLINE raised: home hub not connected, by the outage",
				"103s HUB_OFFLINE released", "103s NO_DATA suppressed", // by the hub's
			},
		},
		{
			name: "what is open becomes the outage's, whoever has it; nobody is told again that it goes on",
			tell: func(r *room) {
				r.last(20, oxygen(97))
				r.offline(true)
				r.last(30)
				r.ack(alerts.HubOffline)
				r.tells(700, since(20))
				r.tells(1, none)
			},
			want: []string{
				"20s HUB_OFFLINE raised: home hub not connected", "50s HUB_OFFLINE acked", "51s HUB_OFFLINE suppressed",
				"751s HUB_OFFLINE released", "751s HUB_OFFLINE rearmed",
			},
		},
		{
			name: "the leads that were off before are not told behind it",
			tell: func(r *room) {
				r.last(20, heart(72), oxygen(97))
				r.last(20, heart(scriptFlat), oxygen(97))
				r.tells(5, none)
				r.tells(40, since(35))
				r.tells(2, none)
			},
			want: []string{
				"26s LEADS_OFF raised: check electrodes: flat line", "46s LEADS_OFF suppressed",
				"51s NO_DATA raised: silent for more than 10s, by the outage",
				"51s NO_DATA raised: silent for more than 10s, by the outage",
				"51s LEADS_OFF input_lost",
				"86s NO_DATA released", "86s NO_DATA released", "86s LEADS_OFF suppressed", // by the former
			},
		},
		{
			name: "it was no outage: what waited is told at once",
			tell: func(r *room) {
				r.tells(20, none, oxygen(97))
				r.tells(7, none)
				r.tells(5, suspected(20))
				r.tells(10, none)
			},
			want: []string{"33s NO_DATA raised: silent for more than 10s"},
		},
		{
			name: "nothing waits for ever for an outage that is suspected",
			tell: func(r *room) {
				r.tells(20, none, oxygen(97))
				r.tells(60, suspected(20))
			},
			want: []string{"41s NO_DATA raised: silent for more than 10s"},
		},
		{
			name: "somebody who was lost before is not its matter, nor somebody who is lost later",
			tell: func(r *room) {
				r.tells(20, none, oxygen(97))
				r.tells(30, since(40))
				r.tells(200, since(40), oxygen(97))
				r.tells(30, since(40))
			},
			want: []string{
				"31s NO_DATA raised: silent for more than 10s", "56s NO_DATA closed self", "261s NO_DATA raised: silent for more than 10s",
			},
		},
		{
			name: "a patient of whom one device is still heard is not lost",
			tell: func(r *room) {
				r.last(20, oxygen(97), heart(72))
				r.tells(40, since(20), heart(72))
			},
			want: []string{"31s NO_DATA raised: silent for more than 10s"},
		},
		{
			name: "whoever is back ends it without a sound while the outage goes on for others",
			tell: func(r *room) {
				r.last(20, oxygen(97))
				r.tells(20, since(20))
				r.offline(true)
				r.tells(20, since(20))
				r.offline(false)
				r.tells(60, since(20), oxygen(97))
			},
			want: []string{
				"31s NO_DATA raised: silent for more than 10s, by the outage", "40s HUB_OFFLINE raised: home hub not connected, by the outage",
				"66s NO_DATA closed self", "71s HUB_OFFLINE closed self",
			},
		},
		{
			name: "a device that stays silent when its patient is back is no longer the outage's matter",
			tell: func(r *room) {
				r.last(20, oxygen(97), heart(72))
				r.tells(40, since(20))
				r.tells(30, since(20), heart(72))
			},
			want: []string{
				"31s NO_DATA raised: silent for more than 10s, by the outage", "31s NO_DATA raised: silent for more than 10s, by the outage",
				"66s NO_DATA closed self", "77s NO_DATA released",
			},
		},
		{
			name: "whoever judges it is not heard any more: what it hid is told within seconds",
			tell: func(r *room) {
				r.last(20, oxygen(97))
				r.tells(40, since(20))
				r.last(20)
			},
			want: []string{"31s NO_DATA raised: silent for more than 10s, by the outage", "71s NO_DATA released"},
		},
		{
			name: "after a restart that knows it, it stays the outage's",
			tell: func(r *room) {
				r.tells(20, none, oxygen(97))
				r.tells(40, since(20))
				r.again()
				r.last(3)
				r.tells(5, alerts.Outage{Alarm: outageID}) // of whom is not known yet
				r.tells(100, since(20))
			},
			want: []string{"31s NO_DATA raised: silent for more than 10s, by the outage"},
		},
		{
			name: "after a restart that does not know it, it is told within seconds",
			tell: func(r *room) {
				r.tells(20, none, oxygen(97))
				r.tells(40, since(20))
				r.again()
				r.last(20)
			},
			want: []string{"31s NO_DATA raised: silent for more than 10s, by the outage", "72s NO_DATA released"},
		},
		{
			name: "after a restart that knows better, it is told at once",
			tell: func(r *room) {
				r.tells(20, none, oxygen(97))
				r.tells(40, since(20))
				r.again()
				r.tells(1, none)
			},
			want: []string{"31s NO_DATA raised: silent for more than 10s, by the outage", "61s NO_DATA released", "61s NO_DATA input_back"},
		},
		{
			name: "whose heart has stopped before goes on calling, and so does whoever presses the button",
			tell: func(r *room) {
				r.last(20, heart(72))
				r.last(6, heart(scriptStop))
				r.tells(30, since(20), event(button, vitals.SOS, 0))
			},
			want: []string{
				"24s ASYSTOLE raised: no QRS for 4 s", "27s SOS raised: patient calls for help",
				"37s NO_DATA raised: silent for more than 10s, by the outage", "37s ASYSTOLE input_lost",
			},
		},
		{
			name: "whoever is discharged takes nothing of it along",
			tell: func(r *room) {
				r.last(20, oxygen(97))
				r.tells(20, since(20))
				r.take(r.engine.Discharge(r.now))
				r.tells(20, since(20))
			},
			want: []string{"31s NO_DATA raised: silent for more than 10s, by the outage", "40s NO_DATA closed discharged"},
		},
	})
}

// What an engine sees of its patient, as the outage is judged by it.
func TestWhatIsSeenOfAPatient(t *testing.T) {
	seen := alerts.Sight{Patients: 1, Watched: 1}
	unsure := alerts.Sight{Patients: 1, Watched: 1, Unsure: 1}
	quiet := func(second int) alerts.Sight {
		return alerts.Sight{Patients: 1, Watched: 1, Quiet: []time.Time{start.Add(time.Duration(second) * time.Second)}}
	}
	for _, row := range []struct {
		story string
		live  func(*room)
		want  alerts.Sight
	}{
		{"who measures the weight once a day is not watched", func(r *room) { r.last(9, value(scale, vitals.Weight, 80)) }, alerts.Sight{Patients: 1}},
		{"a device that was never heard is not lost", func(r *room) { r.engine.Streamed(oximeter); r.last(300) }, alerts.Sight{Patients: 1}},
		{"a device that is heard", func(r *room) { r.last(9, oxygen(97)); r.last(5) }, seen},
		{"a device that is silent", func(r *room) { r.last(9, oxygen(97)); r.last(6) }, quiet(9)},
		{"for long", func(r *room) { r.last(9, oxygen(97)); r.last(3600) }, quiet(9)},
		{"one of two", func(r *room) { r.last(9, oxygen(97), heart(72)); r.last(60, heart(72)) }, seen},
		{"both", func(r *room) { r.last(9, oxygen(97), heart(72)); r.last(3, heart(72)); r.last(9) }, quiet(12)},
		{"a patient who is away", func(r *room) {
			r.last(9, oxygen(97))
			must(r.t, r.command(alerts.Command{Kind: alerts.Standby, For: time.Hour, Where: "X-ray"}))
			r.last(60)
		}, alerts.Sight{Patients: 1}},
		{"a restart", func(r *room) { r.last(9, oxygen(97)); r.last(3); r.again(old9(r)); r.last(50) }, unsure},
		{"a restart after which nothing comes", func(r *room) { r.last(9, oxygen(97)); r.last(3); r.again(old9(r)); r.last(56) }, quiet(12 + 50)},
		{"a restart while it was silent", func(r *room) { r.last(9, oxygen(97)); r.last(30); r.again(); r.last(1) }, quiet(10)},
		{"a restart, and it is heard", func(r *room) { r.last(9, oxygen(97)); r.last(3); r.again(old9(r)); r.last(30); r.last(1, oxygen(97)) }, seen},
		{"nobody", func(r *room) { r.last(9, oxygen(97)); r.take(r.engine.Discharge(r.now)) }, alerts.Sight{}},
	} {
		t.Run(row.story, func(t *testing.T) {
			r := newRoom(t)
			row.live(r)
			if diff := cmp.Diff(row.want, r.engine.Sight(r.now)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// old9 is what the oximeter sent in the ninth second.
func old9(r *room) vitals.Delivery {
	at := start.Add(9 * time.Second)
	return delivered(at, oxygen(97)(r, at.Add(-time.Second)))
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// drawOutage is anything that may be said of an outage.
func drawOutage(t *rapid.T, now time.Time) alerts.Outage {
	from := now.Add(-time.Duration(rapid.IntRange(0, 90).Draw(t, "seconds ago")) * time.Second)
	to := from.Add(time.Duration(rapid.IntRange(0, 90).Draw(t, "lasted")) * time.Second)
	return alerts.Outage{
		Alarm: rapid.SampledFrom([]alerts.AlarmID{"", outageID, "01OTHER"}).Draw(t, "outage"), Lost: []alerts.Span{{From: from, To: to}},
	}
}

// Whatever is said of outages, in whatever night, it changes nothing about the patient; and what it hides is of
// somebody of whom nothing was heard a moment ago.
func TestAnOutageHidesNothingAboutThePatient(t *testing.T) {
	physiological := func(told []alerts.Transition) []alerts.Transition {
		return lo.Filter(told, func(x alerts.Transition, _ int) bool { return x.Alarm.Condition.Spec().Type == alerts.Physiological })
	}
	rapid.Check(t, func(t *rapid.T) {
		night := rapid.SampledFrom([]drawing{anything, disputed}).Draw(t, "night").draw(t, 160)
		b, e := newBook(), newEngine(start)
		heard, quiet := start, start
		var told []alerts.Transition
		for _, s := range night {
			if s.tick.IsZero() && s.delivery.Batch.Device != button {
				heard = s.now()
			}
			if !s.tick.IsZero() && rapid.Bool().Draw(t, "is told") {
				told = append(told, e.Site(drawOutage(t, s.tick), s.tick).Transitions...)
			}
			told = append(told, play(e, s)...)
			if s.now().Sub(heard) > 5*time.Second {
				quiet = s.now()
			}
			for _, a := range e.Open() {
				if hidden := a.Suppressor == outageID || a.Suppressor == "01OTHER"; hidden && s.now().Sub(quiet) > 26*time.Second {
					t.Fatalf("%s is hidden, though the patient has been heard for %s", a.Condition, s.now().Sub(quiet))
				}
			}
		}
		for _, x := range told {
			b.enter(t, x)
		}
		if diff := cmp.Diff(physiological(playAll(newEngine(start), night)), physiological(told)); diff != "" {
			t.Fatalf("without and with outages:\n%s", diff)
		}
	})
}
