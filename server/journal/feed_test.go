package journal_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/fxamacker/cbor/v2"

	"vigil/alerts"
	"vigil/server/journal"
	"vigil/vitals"
)

func transition() alerts.Transition {
	return alerts.Transition{
		Change: alerts.Acknowledged, Before: alerts.ActiveUnack, At: noon, Actor: "nurse-1", Command: "c-1", Station: "desk", Unrecorded: true, Retold: true,
		Ahead: 40 * time.Second,
		Alarm: alerts.Alarm{
			ID: "01JNALARM", Patient: ann, Condition: "VF", Site: "a09e1a000001", Priority: alerts.High,
			State: alerts.ActiveAck, Truth: alerts.True, Version: 3, Onset: noon, Evidence: noon.Add(time.Second),
			Raised: noon.Add(2 * time.Second), Changed: noon.Add(3 * time.Second), Count: 2, Detail: "VF for 4 s",
			Value: vitals.Int(4), Limit: vitals.NewDecimal(35, -1), AckedBy: "nurse-1", AckedName: "N. Urse",
			AckedAt: noon.Add(3 * time.Second), Reason: alerts.ClosedSelf,
			Worst: vitals.NewDecimal(55, -1), Suppressor: "01JNVF", Previous: "01JNBEFORE", Chattering: true,
			SnoozeUntil: noon.Add(time.Hour), Command: "cmd-0",
			Ended: noon.Add(time.Minute), AckReason: alerts.Watching,
		},
	}
}

// TestTheTransitionOfTheTestsHasEverything: what is added to an alarm must not be forgotten on the way to the screens.
func TestTheTransitionOfTheTestsHasEverything(t *testing.T) {
	for _, v := range []reflect.Value{reflect.ValueOf(transition()), reflect.ValueOf(transition().Alarm)} {
		for i := range v.NumField() {
			if v.Field(i).IsZero() {
				t.Errorf("%s.%s is zero", v.Type(), v.Type().Field(i).Name)
			}
		}
	}
}

func TestTheFeedShowsWhatWasPublished(t *testing.T) {
	everywhere(t, func(t *testing.T, j *journal.Journal) {
		t.Helper()
		type seen struct {
			alarm   alerts.Transition
			wave    vitals.Waveform
			of      vitals.PatientID
			by      vitals.DeviceID
			reading vitals.Charted
			stored  []vitals.Position
			care    alerts.Care
			health  journal.Health
			sights  journal.Sights
		}
		var got seen
		done := make(chan struct{}, 8)
		stop, err := j.Subscribe(journal.Handlers{
			Alarm: func(a alerts.Transition) { got.alarm = a; done <- struct{}{} },
			Wave: func(p vitals.PatientID, d vitals.DeviceID, w vitals.Waveform) {
				got.of, got.by, got.wave = p, d, w
				done <- struct{}{}
			},
			Reading:   func(c vitals.Charted) { got.reading = c; done <- struct{}{} },
			Care:      func(c alerts.Care) { got.care = c; done <- struct{}{} },
			Census:    func() { done <- struct{}{} },
			Positions: func(p []vitals.Position) { got.stored = p; done <- struct{}{} },
			Health:    func(h journal.Health) { got.health = h; done <- struct{}{} },
			Sights:    func(s journal.Sights) { got.sights = s; done <- struct{}{} },
		})
		if err != nil {
			t.Fatal(err)
		}
		defer stop()
		d := delivery(ann, 1)
		charted := vitals.Charted{Patient: ann, Device: d.Batch.Device, Reading: d.Batch.Readings[0]}
		j.PublishAlarm(transition())
		j.PublishWave(ann, d.Batch.Device, d.Batch.Waveforms[0])
		j.PublishReading(charted)
		decided := alerts.Decided{Since: noon, Until: noon.Add(time.Hour), By: "n-1", ByName: "N. Urse", Where: "X-ray"}
		care := alerts.Care{
			Patient: ann, Version: 3, Changed: noon, Away: decided, Paused: decided,
			Off: []alerts.Off{{Decided: decided, Condition: "SPO2_LOW", Reason: "palliative"}},
		}
		j.PublishCare(care)
		j.PublishCensus()
		stored := []vitals.Position{{Stream: d.Stream, Upto: 42}, {Stream: vitals.Stream{Hub: "h", Device: "e"}, Upto: 1}}
		j.PublishPositions(nil) // nothing to tell
		j.PublishPositions(stored)
		health := journal.Health{Node: "n-1", Lag: 1500 * time.Millisecond, Waiting: 7 * time.Second, Silent: time.Hour, Parts: 3, Away: time.Minute, Audible: []vitals.UnitID{"west", "east"}}
		j.PublishHealth(health)
		sights := journal.Sights{
			Seen: []journal.Seen{{Partition: 63, Epoch: 4, Units: map[vitals.UnitID]alerts.Sight{
				"west": {Patients: 9, Watched: 7, Unsure: 1, Quiet: []time.Time{noon, noon.Add(time.Microsecond)}},
			}}},
			Ruling: &journal.Ruling{Epoch: 3, Outages: map[vitals.UnitID]alerts.Outage{
				"west": {Alarm: "01JNSITE", Lost: []alerts.Span{{From: noon, To: noon.Add(time.Minute)}}},
			}},
		}
		j.PublishSights(sights)
		for range 8 {
			select {
			case <-done:
			case <-time.After(patience):
				t.Fatal("not everything arrived")
			}
		}
		equal(t, transition(), got.alarm)
		equal(t, care, got.care)
		equal(t, d.Batch.Waveforms[0], got.wave)
		equal(t, ann, got.of)
		equal(t, d.Batch.Device, got.by)
		equal(t, charted, got.reading)
		equal(t, stored, got.stored)
		equal(t, health, got.health)
		equal(t, sights, got.sights)
		equal(t, journal.Stats{}, j.Stats())
	})
}

// While the nodes are replaced one by one, some are of another version than the one that tells of an alarm. Whoever reads the
// log must see that this is why, and not a broken message.
func TestANodeSaysOfWhichVersionAMessageIsThatItCannotRead(t *testing.T) {
	for story, row := range map[string]struct {
		message any
		want    string
	}{
		"an older node, whose transition has less in it": {[]any{1, "raised"}, "version 1"},
		"a newer node, whose transition has more in it":  {append([]any{3, "raised"}, make([]any, 10)...), "version 3"},
		"something else": {"raised", "version unknown"},
		"nothing in it":  {[]any{}, "version unknown"},
	} {
		t.Run(story, func(t *testing.T) {
			data, err := cbor.Marshal(row.message)
			if err != nil {
				t.Fatal(err)
			}
			_, err = journal.DecodeTransition(data)
			if !errors.Is(err, journal.ErrMalformed) || !strings.Contains(err.Error(), row.want) {
				t.Errorf("%v, want %s", err, row.want)
			}
		})
	}
}

func TestAfterStopTheFeedIsSilent(t *testing.T) {
	j := open(t, config(t))
	heard := make(chan struct{}, 8)
	stop, err := j.Subscribe(journal.Handlers{Census: func() { heard <- struct{}{} }})
	if err != nil {
		t.Fatal(err)
	}
	j.PublishCensus()
	<-heard
	stop()
	j.PublishCensus()
	if err := j.Ping(t.Context()); err != nil { // everything sent before has been dealt with
		t.Fatal(err)
	}
	if len(heard) > 0 {
		t.Error("heard after stop")
	}
}
