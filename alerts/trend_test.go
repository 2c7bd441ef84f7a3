package alerts_test

import (
	"errors"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/samber/lo"
	"pgregory.net/rapid"

	"vigil/alerts"
	"vigil/vitals"
)

// pace is how far the values of the long courses lie apart: an engine keeps one for each ten seconds.
const pace = 10 * time.Second

// long is a patient who is followed for hours and days.
type long struct {
	t      *testing.T
	engine *alerts.Engine
	now    time.Time
	told   []alerts.Transition
	kept   []byte
	lost   bool // nothing arrives
	recent []vitals.Charted
}

func newLong(t *testing.T) *long {
	t.Helper()
	l := &long{t: t, engine: alerts.NewEngine(patient), now: start}
	l.engine.Bind([]vitals.DeviceID{oximeter, strap, scale}, start)
	return l
}

func (l *long) take(o alerts.Outcome) {
	l.told = append(l.told, o.Transitions...)
	if o.Trends != nil {
		l.kept = o.Trends
	}
}

// course is what a vital is after so many hours.
type course func(hours float64) float64

func flat(v float64) course { return func(float64) float64 { return v } }

// falling is a vital that falls by so much an hour.
func falling(from, by float64) course { return func(h float64) float64 { return from - h*by } }

// runs lets the hours pass.
func (l *long) runs(hours float64, all map[vitals.Kind]course) {
	kinds := slices.Sorted(func(yield func(vitals.Kind) bool) {
		for k := range all {
			if !yield(k) {
				return
			}
		}
	})
	from := l.now
	for l.now.Sub(from) < time.Duration(hours*float64(time.Hour)) {
		l.now = l.now.Add(pace)
		for _, k := range kinds {
			if !l.lost {
				l.measure(k, vitals.Round(all[k](l.now.Sub(from).Hours()), 0))
			}
		}
		l.take(l.engine.Tick(l.now))
	}
}

// measure is one value, now.
func (l *long) measure(k vitals.Kind, v vitals.Decimal) {
	device := map[vitals.Kind]vitals.DeviceID{vitals.HeartRate: strap, vitals.SpO2: oximeter, vitals.RespirationRate: oximeter}[k]
	device = lo.CoalesceOrEmpty(device, scale)
	r := vitals.Reading{Kind: k, Time: l.now, Value: v}
	l.recent = append(l.recent, vitals.Charted{Patient: patient, Device: device, Reading: r})
	l.recent = l.recent[max(0, len(l.recent)-600):]
	l.take(l.engine.Observe(streamedBy(l.recent[len(l.recent)-1])))
}

// streamedBy is the delivery of a value that came as it was measured.
func streamedBy(c vitals.Charted) vitals.Delivery {
	return vitals.Delivery{
		Patient: patient, Stream: vitals.Stream{Hub: home}, Received: c.Time, Batch: vitals.Batch{Device: c.Device, Readings: []vitals.Reading{c.Reading}},
	}
}

// restarts lets another engine go on with what is stored.
func (l *long) restarts() {
	stored := map[alerts.AlarmID]alerts.Alarm{}
	for _, x := range l.told {
		stored[x.Alarm.ID] = x.Alarm
	}
	l.engine = alerts.NewEngine(patient)
	l.engine.Bind([]vitals.DeviceID{oximeter, strap, scale}, l.now)
	l.engine.Restore(lo.Values(stored))
	if l.kept != nil {
		if err := l.engine.RestoreTrends(l.kept); err != nil {
			l.t.Fatal(err)
		}
	}
	since := l.now.Add(-alerts.RecallStreams)
	l.engine.Recall(lo.Filter(l.recent, func(c vitals.Charted, _ int) bool { return c.Time.After(since) }), since, l.now)
	for _, c := range l.recent { // the journal gives the last of it again
		if l.now.Sub(c.Time) < replay {
			l.take(l.engine.Observe(streamedBy(c)))
		}
	}
}

// hints are what was told of a condition: "raised spo2 SpO₂ may reach …".
func (l *long) hints(c alerts.Condition) (all []string) {
	for _, x := range l.told {
		if x.Alarm.Condition == c {
			all = append(all, strings.Join([]string{string(x.Change), x.Alarm.Site, x.Alarm.Detail}, " "))
		}
	}
	return all
}

// at is when the first change of a condition was told; zero where none was.
func (l *long) at(c alerts.Condition, change alerts.Change) time.Time {
	for _, x := range l.told {
		if x.Alarm.Condition == c && x.Change == change {
			return x.At
		}
	}
	return time.Time{}
}

// TestHintsNeverTouchAnAlarm plays the same random hours to an engine that follows trends and to one that does not. What
// else they tell must be the same to the microsecond: a hint silences, delays and ends nothing.
func TestHintsNeverTouchAnAlarm(t *testing.T) {
	hinted := 0
	rapid.Check(t, func(t *rapid.T) {
		with, without := alerts.NewEngine(patient), alerts.NewEngine(patient)
		without.WithoutTrends()
		var told, bare []alerts.Transition
		hint := func(x alerts.Transition, _ int) bool {
			return x.Alarm.Condition == alerts.Forecast || x.Alarm.Condition == alerts.OffBaseline
		}
		both := func(do func(e *alerts.Engine) alerts.Outcome) {
			a, b := do(with), do(without)
			told, bare = append(told, a.Transitions...), append(bare, b.Transitions...)
			if diff := cmp.Diff(a.Derived, b.Derived); diff != "" {
				t.Fatal("what is derived differs:", diff)
			}
		}
		now := start
		for range rapid.IntRange(2, 8).Draw(t, "courses") {
			values := map[vitals.Kind][2]float64{}
			for _, k := range []vitals.Kind{vitals.HeartRate, vitals.SpO2, vitals.RespirationRate} {
				span := map[vitals.Kind][2]int{vitals.HeartRate: {35, 150}, vitals.SpO2: {80, 99}, vitals.RespirationRate: {5, 35}}[k]
				values[k] = [2]float64{
					float64(rapid.IntRange(span[0], span[1]).Draw(t, "from")), float64(rapid.IntRange(span[0], span[1]).Draw(t, "to")),
				}
			}
			minutes := rapid.IntRange(30, 240).Draw(t, "minutes")
			ack := rapid.Bool().Draw(t, "acknowledged")
			for i := range minutes * 6 {
				now = now.Add(pace)
				var b vitals.Batch
				b.Device = oximeter
				for k, v := range values {
					share := float64(i) / float64(minutes*6)
					b.Readings = append(b.Readings, vitals.Reading{Kind: k, Time: now, Value: vitals.Round(v[0]+share*(v[1]-v[0]), 0)})
				}
				slices.SortFunc(b.Readings, func(a, b vitals.Reading) int { return int(a.Kind) - int(b.Kind) })
				both(func(e *alerts.Engine) alerts.Outcome {
					return e.Observe(vitals.Delivery{Patient: patient, Stream: vitals.Stream{Hub: home}, Received: now, Batch: b})
				})
				both(func(e *alerts.Engine) alerts.Outcome { return e.Tick(now) })
				if ack && i%60 == 0 {
					for _, a := range without.Open() {
						both(func(e *alerts.Engine) alerts.Outcome {
							o, _, _ := e.Command(seen(a, string(a.ID)+now.String()), now)
							return o
						})
					}
				}
			}
		}
		hinted += lo.CountBy(told, func(x alerts.Transition) bool { return hint(x, 0) })
		if diff := cmp.Diff(lo.Reject(told, hint), bare); diff != "" {
			t.Fatal("a hint changed what else is told:", diff)
		}
		for _, x := range lo.Filter(told, hint) {
			if x.Alarm.Priority != alerts.Info || alerts.ClassOf(alerts.Physiological, x.Alarm.Priority) != "" {
				t.Fatalf("a hint calls people: %v", x.Alarm)
			}
		}
	})
	if hinted == 0 {
		t.Fatal("nothing was hinted, so nothing was shown")
	}
}

// TestAnEngineThatStartsAnewGoesOnWithTheTrends stops the engine at each minute of an hour in which a saturation falls:
// the hint comes once, as it would have without.
func TestAnEngineThatStartsAnewGoesOnWithTheTrends(t *testing.T) {
	tell := func(stopAt int) *long {
		l := newLong(t)
		l.runs(3, map[vitals.Kind]course{vitals.SpO2: flat(97)})
		for minute := range 150 {
			if minute == stopAt {
				l.restarts()
			}
			l.runs(1.0/60, map[vitals.Kind]course{vitals.SpO2: falling(97-float64(minute)/60*4, 4)})
		}
		return l
	}
	whole := tell(-1).hints(alerts.Forecast)
	if len(whole) == 0 {
		t.Fatal("an engine that is never stopped hints nothing")
	}
	for stopAt := 0; stopAt < 150; stopAt += 7 {
		if got := tell(stopAt).hints(alerts.Forecast); len(got) == 0 || got[0] != whole[0] {
			t.Errorf("stopped in minute %d it hints %q, and without %q", stopAt, got, whole)
		}
	}
}

func TestTrendsThatCannotBeReadChangeNothing(t *testing.T) {
	l := newLong(t)
	l.runs(3, map[vitals.Kind]course{vitals.SpO2: falling(97, 1), vitals.HeartRate: flat(70)})
	for name, data := range map[string][]byte{
		"none":               nil,
		"of another version": append([]byte{9}, l.kept[1:]...),
		"cut off":            l.kept[:len(l.kept)/2],
		"longer than it is":  append(slices.Clone(l.kept), 0),
	} {
		if err := l.engine.RestoreTrends(data); !errors.Is(err, alerts.ErrTrends) {
			t.Errorf("trends that are %s: %v", name, err)
		}
	}
	if got := len(l.hints(alerts.Forecast)); got != 0 {
		t.Fatal("the course hints already")
	}
}

// FuzzTrends reads anything as what another engine kept.
func FuzzTrends(f *testing.F) {
	f.Add([]byte{})
	f.Add(append([]byte{2}, make([]byte, 8+2*5*8+8)...))
	f.Add(slices.Concat([]byte{2}, make([]byte, 8+2*5*8), []byte{1}, make([]byte, 7+3*(4+2*90))))
	f.Fuzz(func(t *testing.T, data []byte) {
		e := alerts.NewEngine(patient)
		if err := e.RestoreTrends(data); err != nil && !errors.Is(err, alerts.ErrTrends) {
			t.Fatal(err)
		}
		for i := range 60 {
			e.Tick(start.Add(time.Duration(i) * time.Minute))
		}
	})
}

// BenchmarkTrends reports what the trends of a patient take, of whom all is followed for a week, in memory and where
// they are kept, and how long a judgement of them lasts, which comes every five minutes.
func BenchmarkTrends(b *testing.B) {
	data := func() []byte {
		l := newLong(&testing.T{})
		all := map[vitals.Kind]course{vitals.HeartRate: flat(70), vitals.SpO2: falling(97, 0.1), vitals.RespirationRate: flat(14)}
		l.measure(vitals.Temperature, vitals.NewDecimal(368, -1))
		l.measure(vitals.Systolic, vitals.Int(120))
		l.runs(25, all)
		return l.kept
	}()
	const patients = 200
	var before, after runtime.MemStats
	engines, bare := make([]*alerts.Engine, patients), make([]*alerts.Engine, patients)
	heap := func(all []*alerts.Engine, trends bool) uint64 {
		runtime.GC()
		runtime.ReadMemStats(&before)
		for i := range all {
			all[i] = alerts.NewEngine(patient)
			if trends {
				_ = all[i].RestoreTrends(data)
			}
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		return after.HeapAlloc - before.HeapAlloc
	}
	more := heap(engines, true) - heap(bare, false)
	runtime.KeepAlive(engines)
	runtime.KeepAlive(bare)
	now := start.Add(25 * time.Hour)
	for b.Loop() {
		now = now.Add(5 * time.Minute)
		engines[0].Tick(now)
	}
	b.ReportMetric(float64(more)/patients, "B/patient")
	b.ReportMetric(float64(len(data)), "B/kept")
}
