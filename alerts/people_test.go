package alerts_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"vigil/alerts"
	"vigil/vitals"
)

// crowd is people who see old screens and send what they send twice.
type crowd struct {
	t      *rapid.T
	engine *alerts.Engine
	book   *book
	asked  map[alerts.AlarmID]int // version at which the alarm asked for somebody last
	sent   []alerts.Command       // the newest last
	heard  []reply
}

type reply struct {
	out    alerts.Outcome
	answer alerts.Answer
	code   alerts.RefusalCode
}

func (c *crowd) note(all []alerts.Transition) {
	for _, x := range all {
		c.book.enter(c.t, x)
		if x.Change.Asks() && x.Alarm.State == alerts.ActiveUnack {
			c.asked[x.Alarm.ID] = x.Alarm.Version
		}
	}
}

// act lets somebody take an alarm, or give it back, whatever has become of it.
func (c *crowd) act(now time.Time) {
	if len(c.sent) > 0 && rapid.IntRange(0, 3).Draw(c.t, "again") == 0 {
		c.repeat(now)
		return
	}
	a := c.book.alarms[rapid.SampledFrom(c.book.order).Draw(c.t, "alarm")]
	command := alerts.Command{
		Kind: rapid.SampledFrom([]alerts.CommandKind{alerts.Acknowledge, alerts.Acknowledge, alerts.Unacknowledge}).Draw(c.t, "what"),
		ID:   fmt.Sprint("c-", len(c.sent)), Alarm: a.ID, SeenVersion: rapid.IntRange(1, a.Version).Draw(c.t, "seen"), SeenPriority: a.Priority,
		Actor: rapid.SampledFrom([]string{"kim", "ada"}).Draw(c.t, "who"), Role: vitals.Charge,
	}
	heard := c.command(command, now)
	c.sent, c.heard = append(c.sent, command), append(c.heard, heard)
	want := c.verdict(command, a)
	if want == alerts.ClosedAlarm && heard.code == alerts.UnknownAlarm && a.ID != c.newest(a) {
		want = alerts.UnknownAlarm // the engine knows the newest of a key; the records know the others
	}
	if heard.code != want {
		c.t.Fatalf("%s of %s in %s, version %d of %d, asked at %d: %q, want %q",
			command.Kind, a.Condition, a.State, command.SeenVersion, a.Version, c.asked[a.ID], heard.code, want)
	}
	if done := heard.code == ""; done != (len(heard.out.Transitions) > 0) {
		c.t.Fatalf("%s was answered %q, and brought about %+v", command.Kind, heard.code, heard.out.Transitions)
	}
	c.note(heard.out.Transitions)
}

func (c *crowd) command(command alerts.Command, now time.Time) reply {
	out, answer, err := c.engine.Command(command, now)
	return reply{out, answer, codeOf(err)}
}

// verdict is the answer that the specification asks for.
func (c *crowd) verdict(command alerts.Command, a alerts.Alarm) alerts.RefusalCode {
	ack := command.Kind == alerts.Acknowledge
	switch {
	case a.State == alerts.Closed:
		return alerts.ClosedAlarm
	case !ack && a.State != alerts.ActiveAck:
		return alerts.NotAcked
	case ack && a.State == alerts.ActiveAck:
		return alerts.AlreadyAcked
	case ack && command.SeenVersion < c.asked[a.ID]:
		return alerts.Worse
	default:
		return ""
	}
}

// newest is the newest alarm of the same key that is over.
func (c *crowd) newest(a alerts.Alarm) (id alerts.AlarmID) {
	for _, other := range c.book.list() {
		if other.Condition == a.Condition && other.Site == a.Site && other.State == alerts.Closed {
			id = other.ID
		}
	}
	return id
}

// repeat sends one of the last commands again: it is answered as the first time, and changes nothing.
func (c *crowd) repeat(now time.Time) {
	i := len(c.sent) - 1 - rapid.IntRange(0, min(3, len(c.sent)-1)).Draw(c.t, "which")
	before := c.engine.Open()
	again := c.command(c.sent[i], now)
	if len(again.out.Transitions) > 0 && !again.out.Repeated {
		c.t.Fatalf("a repeat is told as news: %+v", again.out.Transitions)
	}
	again.out.Repeated = false
	if diff := cmp.Diff(c.heard[i], again, cmp.AllowUnexported(reply{})); diff != "" {
		c.t.Fatalf("the second time (-first +second):\n%s", diff)
	}
	if diff := cmp.Diff(before, c.engine.Open()); diff != "" {
		c.t.Fatalf("a repeat changed something (-before +after):\n%s", diff)
	}
}

// TestWhateverPeopleDoAnAlarmIsTakenOnceAndOverForGood: each acknowledgement of what somebody has, of what is over, or
// of what has asked for attention since it was seen, is refused with its reason.
func TestWhateverPeopleDoAnAlarmIsTakenOnceAndOverForGood(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := &crowd{t: t, engine: newEngine(start), book: newBook(), asked: map[alerts.AlarmID]int{}}
		for _, s := range anything.draw(t, 160) {
			s.ack = false
			c.note(play(c.engine, s))
			if s.delivery.Received.IsZero() && len(c.book.order) > 0 && rapid.IntRange(0, 4).Draw(t, "somebody acts") == 0 {
				c.act(s.tick)
			}
		}
	})
}

// TestSingleValuesThatGrowOldEndNothing: whatever was measured last, and however long nothing comes after it, what it
// raised stays, as something that nobody knows any more; so does a score that rests on it.
func TestSingleValuesThatGrowOldEndNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e, b := newEngine(start), newBook()
		now := start
		pass := func(d time.Duration) {
			now = now.Add(d)
			for _, x := range e.Tick(now).Transitions {
				b.enter(t, x)
			}
		}
		for range rapid.IntRange(1, 6).Draw(t, "values") {
			m := rapid.SampledFrom([]measured{
				pressureOf(190, 90), pressureOf(85, 50), pressureOf(150, 125), celsius(395), celsius(345), sugar(50), sugar(65), sugar(300),
				value(spare, vitals.Consciousness, 3), value(spare, vitals.InhaledOxygen, 1),
			}).Draw(t, "value")
			for _, x := range e.Observe(delivered(now, m(nil, now))).Transitions {
				b.enter(t, x)
			}
			for range 330 {
				pass(time.Second)
			}
		}
		before := e.Open()
		for range 13 * 60 {
			pass(time.Minute)
		}
		for _, a := range before {
			if after := b.alarms[a.ID]; after.State == alerts.Closed || after.Truth != alerts.Unknown && after.State != alerts.LatchedUnack {
				t.Fatalf("%s was %s, and is %s, %s, when nothing came for half a day", a.Condition, a.Truth, after.State, after.Truth)
			}
		}
	})
}
