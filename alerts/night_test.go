package alerts_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/samber/lo"
	"pgregory.net/rapid"

	"vigil/alerts"
	"vigil/vitals"
)

// A night is everything that an engine is given, in order. Tests draw one, play it to engines and
// compare what they tell.
type step struct {
	delivery vitals.Delivery // where Received is set
	tick     time.Time       // where set
	ack      bool            // at tick: acknowledge every open alarm that waits for it
}

// drawing says what may happen in a night.
type drawing struct {
	hearts  []int // codes of the ECG, -1 for silence
	pulses  []int // codes of the oximeter's wave, -1 for silence; none: it sends none
	oxygens []int // percent, -1 for silence, -2 for questionable
	longest int   // seconds that one of them lasts at most
	clocks  []int // seconds that the devices' clocks are ahead; none: they are right
	servers []int // seconds that the server's clock is ahead; none: it is right
	// oxygenGap is for how many seconds the oximeter is silent at most, zero for as long as longest.
	oxygenGap int
	calls     bool // the patient may call for help
}

var (
	anything = drawing{
		hearts: []int{
			72, 140, 160, 28, 40, scriptVF, scriptStop, scriptVT + 168, scriptNois, scriptFlat, scriptLost, -1,
		},
		oxygens: []int{97, 89, 84, 79, 65, 50, -1, -2},
		longest: 45,
		calls:   true,
	}
	// disputed is a night in which the oximeter sends its wave, and the ECG is often in doubt.
	disputed = drawing{
		hearts: slices.Concat(anything.hearts, []int{
			scriptDoubt + 72, scriptDoubt + 28, scriptDoubt + scriptVF, scriptDoubt + scriptStop, scriptDoubt + scriptVT + 168,
		}),
		pulses:  []int{72, 72, 72, 140, 28, pulseGone, pulseUnsure, -1},
		oxygens: anything.oxygens, longest: 45,
	}
	// shortGaps leaves out the silences of the oximeter that are longer than what is replayed after
	// a crash: what was pending before them is forgotten then.
	shortGaps = drawing{hearts: anything.hearts, oxygens: anything.oxygens, longest: 45, oxygenGap: 10, calls: true}
	// wrongClocks is a night in which somebody sets the clocks.
	wrongClocks = drawing{
		hearts: anything.hearts, oxygens: anything.oxygens, longest: 45, oxygenGap: 10, clocks: []int{0, 60, 240}, calls: true,
	}
	// setClocks is a night in which somebody sets every clock back and forth, the server's, too.
	setClocks = drawing{
		hearts: anything.hearts, oxygens: anything.oxygens, longest: 45, clocks: []int{0, -40, 40}, servers: []int{0, -40, 40, -3600}, calls: true,
	}
	// steady leaves out what makes input unknown.
	steady = drawing{
		hearts:  []int{72, 140, 160, 28, 40, scriptVF, scriptStop, scriptVT + 168},
		oxygens: []int{97, 89, 84, 79, 65, 50},
		longest: 45,
	}
)

// codes draws what one device measures in each second of the night.
func (d drawing) codes(t *rapid.T, name string, from []int, gap, seconds int) []int {
	var all []int
	for len(all) < seconds {
		code := rapid.SampledFrom(from).Draw(t, name)
		longest := d.longest
		if code == -1 && gap > 0 {
			longest = gap
			if len(all) > 0 && all[len(all)-1] == -1 {
				continue
			}
		}
		n := rapid.IntRange(1, longest).Draw(t, name+" seconds")
		all = append(all, slices.Repeat([]int{code}, n)...)
	}
	return all[:seconds]
}

// draw makes a night of whole seconds, with a tick after each of them.
func (d drawing) draw(t *rapid.T, seconds int) []step {
	hearts := d.codes(t, "heart", d.hearts, 0, seconds)
	oxygens := d.codes(t, "oxygen", d.oxygens, d.oxygenGap, seconds)
	pulses := slices.Repeat([]int{-1}, seconds)
	if len(d.pulses) > 0 {
		pulses = d.codes(t, "pulse", d.pulses, 0, seconds)
	}
	clocks := make([]int, seconds)
	if len(d.clocks) > 0 {
		clocks = d.codes(t, "clock", d.clocks, 0, seconds)
	}
	servers := make([]int, seconds)
	if len(d.servers) > 0 {
		servers = d.codes(t, "server", d.servers, 0, seconds)
	}
	calls := map[int]vitals.EventCode{} // of the button, by second
	for range rapid.IntRange(0, lo.Ternary(d.calls, 6, 0)).Draw(t, "calls") {
		calls[rapid.IntRange(0, seconds-1).Draw(t, "second")] = rapid.SampledFrom([]vitals.EventCode{vitals.SOS, vitals.Fall, vitals.FallCancelled}).Draw(t, "call")
	}
	round := rapid.IntRange(3, 60).Draw(t, "seconds between the nurse's looks")
	var night []step
	for i := range seconds {
		at := start.Add(time.Duration(i) * time.Second)
		received := at.Add(time.Duration(1+servers[i]) * time.Second)
		if len(d.servers) > 0 {
			received = received.Add(time.Duration(i) * time.Microsecond) // no clock shows the same time twice
		}
		at = at.Add(time.Duration(clocks[i]) * time.Second)
		if hearts[i] != -1 {
			night = append(night, step{delivery: numbered(i, received, vitals.Batch{
				Device: patch, Waveforms: []vitals.Waveform{
					scriptedWave(vitals.ECG, at, uint64(i*scriptHz), hearts[i], scriptHz),
				},
			})})
		}
		if pulses[i] != -1 {
			night = append(night, step{delivery: numbered(i, received, vitals.Batch{
				Device: finger, Waveforms: []vitals.Waveform{
					scriptedWave(vitals.Pleth, at, uint64(i*scriptHz), pulses[i], scriptHz),
				},
			})})
		}
		if o := oxygens[i]; o != -1 {
			r := vitals.Reading{Kind: vitals.SpO2, Time: at, Value: vitals.Int(int64(o))}
			if o == -2 {
				r.Value, r.Quality = vitals.Int(50), vitals.Questionable
			}
			night = append(night, step{delivery: numbered(i, received, vitals.Batch{
				Device: oximeter, Readings: []vitals.Reading{r},
			})})
		}
		if call, made := calls[i]; made {
			night = append(night, step{delivery: numbered(i, received, vitals.Batch{
				Device: button, Events: []vitals.Event{{Code: call, Time: received.Add(-time.Second)}}, // by the hub's clock
			})})
		}
		night = append(night, step{tick: received, ack: i%round == 0})
	}
	return night
}

func delivered(at time.Time, b vitals.Batch) vitals.Delivery {
	return vitals.Delivery{Patient: patient, Stream: vitals.Stream{Hub: home}, Received: at, Batch: b}
}

// numbered is the delivery of the second i, as a hub counts them.
func numbered(i int, at time.Time, b vitals.Batch) vitals.Delivery {
	d := delivered(at, b)
	d.Stream.Device, d.Seq = b.Device, uint64(i+1)
	return d
}

func newEngine(now time.Time) *alerts.Engine {
	e := alerts.NewEngine(patient)
	e.Analyse(newScripted)
	e.FindPulses(newScriptedPulses)
	e.Bind([]vitals.DeviceID{patch, oximeter, finger}, now)
	return e
}

// play gives one step to the engine and returns what it tells.
func play(e *alerts.Engine, s step) []alerts.Transition {
	told, _ := playKept(e, s)
	return told
}

// playKept is play with what else the engine brings about, which is charted and kept.
func playKept(e *alerts.Engine, s step) (told []alerts.Transition, out alerts.Outcome) {
	if !s.delivery.Received.IsZero() {
		out = e.Observe(s.delivery)
		return out.Transitions, out
	}
	out = e.Tick(s.tick)
	told = out.Transitions
	if !s.ack {
		return told, out
	}
	for _, a := range e.Open() {
		if a.State == alerts.ActiveAck {
			continue
		}
		taken, _, _ := e.Command(seen(a, fmt.Sprint(s.tick, a.ID, a.Version)), s.tick) // one that is refused tells nothing
		told = append(told, taken.Transitions...)
	}
	return told, out
}

func playAll(e *alerts.Engine, night []step) []alerts.Transition {
	var told []alerts.Transition
	for _, s := range night {
		told = append(told, play(e, s)...)
	}
	return told
}

var unmoved = [][2]alerts.State{
	{alerts.ActiveUnack, alerts.ActiveUnack}, {alerts.ActiveAck, alerts.ActiveAck}, {alerts.LatchedUnack, alerts.LatchedUnack},
}

// legal lists the state changes of the life-cycle.
var legal = map[alerts.Change][][2]alerts.State{
	alerts.Raised:       {{alerts.Pending, alerts.ActiveUnack}, {alerts.Pending, alerts.ActiveAck}},
	alerts.Acknowledged: {{alerts.ActiveUnack, alerts.ActiveAck}},
	alerts.Latched:      {{alerts.ActiveUnack, alerts.LatchedUnack}},
	alerts.Recurred:     {{alerts.LatchedUnack, alerts.ActiveUnack}},
	alerts.Rearmed:      {{alerts.ActiveAck, alerts.ActiveUnack}, {alerts.ActiveUnack, alerts.ActiveUnack}}, // the latter was put off
	alerts.Unacked:      {{alerts.ActiveAck, alerts.ActiveUnack}},
	alerts.Snoozed:      {{alerts.ActiveUnack, alerts.ActiveUnack}},
	alerts.Worsened:     {{alerts.ActiveAck, alerts.ActiveUnack}, {alerts.ActiveUnack, alerts.ActiveUnack}}, // the latter: more urgent
	alerts.Suppressed:   unmoved,
	alerts.Released:     unmoved,
	alerts.Ceased: {
		{alerts.ActiveUnack, alerts.Closed}, {alerts.ActiveAck, alerts.Closed}, {alerts.LatchedUnack, alerts.Closed},
	},
	alerts.InputLost: {{alerts.ActiveUnack, alerts.ActiveUnack}, {alerts.ActiveAck, alerts.ActiveAck}},
	alerts.InputBack: {{alerts.ActiveUnack, alerts.ActiveUnack}, {alerts.ActiveAck, alerts.ActiveAck}},
}

// book checks transitions as they come and keeps each alarm as it is, as the database does.
type book struct {
	alarms map[alerts.AlarmID]alerts.Alarm
	open   map[string]alerts.AlarmID // by condition and site
	order  []alerts.AlarmID
	jumps  bool // somebody sets the server's clock
}

func newBook() *book {
	return &book{alarms: map[alerts.AlarmID]alerts.Alarm{}, open: map[string]alerts.AlarmID{}}
}

func (b *book) enter(t rapid.TB, x alerts.Transition) {
	a := x.Alarm
	before, known := b.alarms[a.ID]
	k := string(a.Condition) + "/" + a.Site
	switch {
	case known != (x.Change != alerts.Raised):
		t.Fatalf("%s of %s, which was raised before: %v", x.Change, k, known)
	case a.Version != before.Version+1:
		t.Fatalf("%s %s goes from version %d to %d", k, x.Change, before.Version, a.Version)
	case known && before.State != x.Before:
		t.Fatalf("%s %s says it was %s, but it was %s", k, x.Change, x.Before, before.State)
	case !slices.Contains(legal[x.Change], [2]alerts.State{x.Before, a.State}):
		t.Fatalf("%s %s goes from %s to %s", k, x.Change, x.Before, a.State)
	case !known && b.open[k] != "":
		t.Fatalf("%s has two open episodes", k)
	case !known && !b.jumps && a.ID != alerts.NewAlarmID(a.Patient, a.Condition, a.Site, a.Onset):
		t.Fatalf("%s is not named after its onset", k)
	case a.Changed != x.At || a.Changed.Before(before.Changed) || a.Evidence.Before(before.Evidence) && !b.jumps:
		t.Fatalf("%s %s goes back in time", k, x.Change)
	}
	if !known {
		b.order = append(b.order, a.ID)
		b.checkFlap(t, a)
	}
	b.checkSuppressor(t, x)
	b.alarms[a.ID] = a
	b.open[k] = a.ID
	if a.State == alerts.Closed {
		delete(b.open, k)
	}
}

// checkFlap holds that nobody has an alarm from the start but as the continuation of one that they had.
func (b *book) checkFlap(t rapid.TB, a alerts.Alarm) {
	previous := b.alarms[a.Previous]
	switch {
	case a.State == alerts.ActiveAck && a.Previous == "":
		t.Fatalf("%s was acknowledged before anybody could", a.Condition)
	case a.Previous == "":
	case a.Priority == alerts.High || previous.Condition != a.Condition || previous.Reason != alerts.ClosedResolved:
		t.Fatalf("%s continues %+v", a.Condition, previous)
	case a.State == alerts.ActiveAck && a.AckedBy != previous.AckedBy:
		t.Fatalf("%s is of %q, and was of %q", a.Condition, a.AckedBy, previous.AckedBy)
	}
}

// checkSuppressor holds that only what stands silences others, and nothing technical the patient's. What an alarm of
// nobody silences is never about the patient.
func (b *book) checkSuppressor(t rapid.TB, x alerts.Transition) {
	a := x.Alarm
	matter := slices.Contains(a.Condition.Spec().InhibitedBy, alerts.SiteOutage)
	_, own := b.alarms[a.Suppressor]
	if site := a.Suppressor != "" && !own; site && matter {
		return
	}
	switch x.Change {
	case alerts.Raised, alerts.Released, alerts.Worsened, alerts.Rearmed, alerts.Ceased:
		if a.Suppressor != "" {
			t.Fatalf("%s %s, and is suppressed by %q", a.Condition, x.Change, a.Suppressor)
		}
	default:
	}
	if x.Change != alerts.Suppressed {
		return
	}
	by := b.alarms[a.Suppressor]
	physiological := a.Condition.Spec().Type == alerts.Physiological
	if by.State != alerts.ActiveUnack && by.State != alerts.ActiveAck ||
		physiological && by.Condition.Spec().Type != alerts.Physiological {
		t.Fatalf("%s is suppressed by %s in state %s", a.Condition, by.Condition, by.State)
	}
}

// list is the alarms in the order in which they were raised.
func (b *book) list() []alerts.Alarm {
	var all []alerts.Alarm
	for _, id := range b.order {
		all = append(all, b.alarms[id])
	}
	return all
}

func TestEveryNightKeepsToTheLifecycle(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := newBook()
		e := newEngine(start)
		night := rapid.SampledFrom([]drawing{anything, wrongClocks, disputed, setClocks}).Draw(t, "night")
		b.jumps = len(night.servers) > 0
		for _, s := range night.draw(t, 160) {
			for _, x := range play(e, s) {
				b.enter(t, x)
			}
		}
		open := e.Open()
		if len(open) != len(b.open) {
			t.Fatalf("%d alarms are open, %d were told", len(open), len(b.open))
		}
		for _, a := range open {
			if diff := cmp.Diff(b.alarms[a.ID], a); diff != "" {
				t.Fatalf("the open alarm is not what was told (-told +open):\n%s", diff)
			}
		}
		if alerts.NoAlarm() != (alerts.Alarm{}) || alerts.PendingAlarm() != (alerts.Alarm{State: alerts.Pending}) {
			t.Fatalf("what keys without an alarm to tell of share was changed: %+v, %+v", alerts.NoAlarm(), alerts.PendingAlarm())
		}
	})
}

func TestTheSameNightIsToldTheSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		night := rapid.SampledFrom([]drawing{anything, wrongClocks, disputed, setClocks}).Draw(t, "night").draw(t, 160)
		if diff := cmp.Diff(playAll(newEngine(start), night), playAll(newEngine(start), night)); diff != "" {
			t.Fatalf("the second time (-first +second):\n%s", diff)
		}
	})
}

func TestLostInputNeverEndsAnAlarm(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := newEngine(start)
		night := anything.draw(t, 120)
		playAll(e, night)
		before := e.Open()

		now := start.Add(120 * time.Second)
		noise := rapid.SampledFrom([]int{-1, scriptNois, scriptFlat, scriptLost}).Draw(t, "lost how")
		for i := range 120 {
			at := now
			now = now.Add(time.Second)
			if noise != -1 {
				w := scriptedWave(vitals.ECG, at, uint64((120+i)*scriptHz), noise, scriptHz)
				e.Observe(delivered(now, vitals.Batch{Device: patch, Waveforms: []vitals.Waveform{w}}))
			}
			e.Tick(now)
		}
		open := map[alerts.AlarmID]alerts.Alarm{}
		for _, a := range e.Open() {
			open[a.ID] = a
		}
		for _, a := range before {
			after, still := open[a.ID]
			if a.Condition.Spec().Type != alerts.Physiological {
				continue
			}
			call := a.Condition.Call()
			if !still && (!call || a.State != alerts.ActiveAck) {
				t.Fatalf("%s was %s and is gone", a.Condition, a.State)
			}
			score := a.Condition == alerts.NEWS2High || a.Condition == alerts.NEWS2Medium // looks back a quarter of an hour
			if !call && !score && a.State != alerts.LatchedUnack && after.Truth != alerts.Unknown {
				t.Fatalf("%s is %s without input", a.Condition, after.Truth)
			}
		}
	})
}

func TestAnAcknowledgementSucceedsOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := newEngine(start)
		playAll(e, anything.draw(t, 120))
		now := start.Add(120 * time.Second)
		for _, a := range e.Open() {
			waits := a.State != alerts.ActiveAck
			done := 0
			for i := range 20 {
				if _, err := acknowledge(e, seen(a, fmt.Sprint("nurse ", i)+string(a.ID)), now); err == nil {
					done++
				}
			}
			if (done == 1) != waits || done > 1 {
				t.Fatalf("%s in state %s was acknowledged %d times", a.Condition, a.State, done)
			}
		}
	})
}

// judged is what of a transition does not depend on how the samples were cut into chunks.
func judged(told []alerts.Transition) map[alerts.Condition][]string {
	lines := map[alerts.Condition][]string{}
	for _, t := range told {
		a := t.Alarm
		if a.Condition == alerts.NoData {
			continue
		}
		lines[a.Condition] = append(lines[a.Condition], fmt.Sprint(
			t.Change, a.ID, a.State, a.Truth, a.Version, a.Onset, a.Evidence, a.Ended, a.Count, a.Detail,
		))
	}
	return lines
}

func TestChunkingChangesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const seconds = 120
		hearts := steady.codes(t, "heart", steady.hearts, 0, seconds)
		var samples []int16
		for _, code := range hearts {
			samples = append(samples, slices.Repeat([]int16{int16(code)}, scriptHz)...)
		}
		cut := func(next func() int) ([]alerts.Transition, []vitals.Charted) {
			e := newEngine(start)
			var told []alerts.Transition
			var rates []vitals.Charted
			for i := 0; i < len(samples); {
				n := min(len(samples)-i, next())
				w := vitals.Waveform{
					Kind: vitals.ECG, Rate: vitals.Rate{Num: scriptHz, Den: 1}, Scale: vitals.Int(1),
					First: uint64(i), Samples: samples[i : i+n],
				}
				w.Start = start.Add(w.Rate.Span(i))
				o := e.Observe(delivered(w.End(), vitals.Batch{Device: patch, Waveforms: []vitals.Waveform{w}}))
				told, rates = append(told, o.Transitions...), append(rates, o.Derived...)
				i += n
			}
			return told, rates
		}
		one, oneRates := cut(func() int { return scriptHz })
		other, otherRates := cut(func() int { return rapid.IntRange(1, 5*scriptHz).Draw(t, "chunk") })
		if diff := cmp.Diff(judged(one), judged(other)); diff != "" {
			t.Fatalf("cut otherwise (-seconds +chunks):\n%s", diff)
		}
		if diff := cmp.Diff(oneRates, otherRates); diff != "" {
			t.Fatalf("heart rates, cut otherwise (-seconds +chunks):\n%s", diff)
		}
	})
}

// Repeats and late copies, as any transport may produce them, change nothing.
func TestRepeatsChangeNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		night := rapid.SampledFrom([]drawing{anything, wrongClocks, disputed}).Draw(t, "night").draw(t, 120)
		var again []step
		for i, s := range night {
			again = append(again, s)
			if back := rapid.IntRange(0, 60).Draw(t, "repeat"); back > 40 && i >= back-40 {
				if old := night[i-(back-40)]; !old.delivery.Received.IsZero() {
					old.delivery.Received = again[len(again)-1].now()
					again = append(again, old)
				}
			}
		}
		if diff := cmp.Diff(playAll(newEngine(start), night), playAll(newEngine(start), again)); diff != "" {
			t.Fatalf("with repeats (-without +with):\n%s", diff)
		}
	})
}

// now is the server time of the step.
func (s step) now() time.Time {
	if s.tick.IsZero() {
		return s.delivery.Received
	}
	return s.tick
}
