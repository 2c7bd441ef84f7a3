package store_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vigil/alerts"
	"vigil/server/store"
	"vigil/server/store/storetest"
	"vigil/vitals"
	"vigil/vitals/codec"
)

func TestMain(m *testing.M) { os.Exit(storetest.Main(m)) }

// Made-up people and things that the tests speak of.
const (
	unitA  = vitals.UnitID("unit-a")
	unitB  = vitals.UnitID("unit-b")
	anna   = vitals.PatientID("anna") // of unit A
	bert   = vitals.PatientID("bert") // of unit B
	strap  = vitals.DeviceID("a09e1a000001")
	clip   = vitals.DeviceID("a09e1a000002")
	cuff   = vitals.DeviceID("a09e1a000003")
	aHub   = vitals.HubID("hub-1")
	aNode  = "node-1"
	bNode  = "node-2"
	aWhile = 15 * time.Second // a lease
)

var (
	everything = vitals.Scope{All: true}
	onlyA      = vitals.Scope{Units: []vitals.UnitID{unitA}}
	onlyB      = vitals.Scope{Units: []vitals.UnitID{unitB}}
	nothing    = vitals.Scope{}
)

// noon is the time at which the tests begin, with microseconds to be kept.
var noon = time.Date(2026, 3, 14, 12, 0, 0, 123456000, time.UTC)

func after(d time.Duration) time.Time { return noon.Add(d) }

// eachStore runs a test on every database with two units and a patient and devices in each.
func eachStore(t *testing.T, test func(*testing.T, *store.Store)) {
	t.Helper()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		settle(t, s)
		test(t, s)
	})
}

func settle(tb testing.TB, s *store.Store) {
	tb.Helper()
	ctx := context.Background()
	for _, u := range []vitals.Unit{{ID: unitA, Name: "Ward A", Zone: "Europe/Berlin"}, {ID: unitB, Name: "Ward B", Zone: "UTC"}} {
		must(tb, s.SaveUnit(ctx, u))
	}
	for _, d := range []vitals.DeviceID{strap, clip, cuff} {
		must(tb, s.SaveDevice(ctx, vitals.Device{ID: d, Manufacturer: "Acme", Model: "One", Serial: string(d), Firmware: "1.0"}))
	}
	must(tb, s.Admit(ctx, vitals.Patient{
		ID: anna, Unit: unitA, MRN: "1001", Family: "Beispiel", Given: "Anna", Birth: time.Date(1949, 5, 23, 0, 0, 0, 0, time.UTC),
		Sex: vitals.Female, Bed: "A1", Test: true, Admitted: noon,
	}))
	must(tb, s.Admit(ctx, vitals.Patient{ID: bert, Unit: unitB, MRN: "1002", Family: "Muster", Given: "Bert", Sex: vitals.Male, Bed: "B1", Admitted: noon}))
}

func must(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}

func got[T any](tb testing.TB) func(T, error) T {
	tb.Helper()
	return func(v T, err error) T {
		tb.Helper()
		must(tb, err)
		return v
	}
}

func same[T any](tb testing.TB, got, want T) {
	tb.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		tb.Fatalf("-want +got\n%s", diff)
	}
}

func wantError(tb testing.TB, err, want error) {
	tb.Helper()
	if !errors.Is(err, want) {
		tb.Fatalf("error is %v, want %v", err, want)
	}
}

func commit(tb testing.TB, s *store.Store, fn func(*store.Tx) error) {
	tb.Helper()
	must(tb, s.Commit(context.Background(), fn))
}

func reading(p vitals.PatientID, d vitals.DeviceID, k vitals.Kind, at time.Time, value int64) vitals.Charted {
	return vitals.Charted{Patient: p, Device: d, Reading: vitals.Reading{Kind: k, Time: at, Value: vitals.Int(value)}}
}

// minute is a packed minute with one value a second.
func minute(tb testing.TB, p vitals.PatientID, d vitals.DeviceID, k vitals.Kind, start time.Time) vitals.Block {
	tb.Helper()
	series := &codec.Series{}
	for i := range 60 {
		must(tb, series.Add(codec.Point{Time: start.Add(time.Duration(i) * time.Second), Value: vitals.Int(int64(60 + i%7))}))
	}
	return series.Block(p, d, k, start)
}

func wave(p vitals.PatientID, d vitals.DeviceID, k vitals.Kind, start time.Time) vitals.Block {
	samples := make([]int16, 2500)
	for i := range samples {
		samples[i] = int16(i%250 - 125)
	}
	data := codec.PackWave([]codec.Segment{{Start: start, Rate: vitals.Rate{Num: 250, Den: 1}, Scale: vitals.Int(1), Samples: samples}})
	return vitals.Block{Patient: p, Device: d, Kind: k, Start: start, Count: len(samples), Data: data}
}

func alarm(p vitals.PatientID, n int) alerts.Alarm {
	return alerts.Alarm{
		ID: alerts.AlarmID(fmt.Sprintf("%s-%d", p, n)), Patient: p, Condition: "ASYSTOLE", Priority: alerts.High,
		State: alerts.ActiveUnack, Truth: alerts.True, Version: 1, Onset: noon, Evidence: noon, Raised: after(time.Second),
		Changed: after(time.Second), Count: 1, Detail: "no beat for 4.0 s", Value: vitals.NewDecimal(40, -1), Limit: vitals.Int(4),
		Worst: vitals.NewDecimal(55, -1), Suppressor: "vf-1", Previous: "asystole-0", Chattering: true,
		SnoozeUntil: after(time.Hour), Command: "cmd-0", AckReason: alerts.Watching,
	}
}

func raised(a alerts.Alarm) alerts.Transition {
	return alerts.Transition{Change: alerts.Raised, Before: alerts.Pending, Alarm: a, At: a.Changed}
}

func acked(a alerts.Alarm) alerts.Transition {
	before := a.State
	a.State, a.Version, a.Changed = alerts.ActiveAck, a.Version+1, a.Changed.Add(time.Minute)
	a.AckedBy, a.AckedName, a.AckedAt = "nurse-1", "N. Urse", a.Changed
	return alerts.Transition{
		Change: alerts.Acknowledged, Before: before, Alarm: a, At: a.Changed, Actor: "nurse-1", Command: "cmd-1", Station: "desk-1",
	}
}

func closed(a alerts.Alarm) alerts.Transition {
	before := a.State
	a.State, a.Truth, a.Version, a.Changed = alerts.Closed, alerts.False, a.Version+1, a.Changed.Add(time.Minute)
	a.Ended, a.Reason = a.Changed, alerts.ClosedResolved
	return alerts.Transition{Change: alerts.Ceased, Before: before, Alarm: a, At: a.Changed}
}
