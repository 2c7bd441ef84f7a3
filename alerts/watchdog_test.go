package alerts_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"vigil/alerts"
	"vigil/vitals"
)

var watchdogStart = time.Date(2026, 3, 14, 12, 0, 0, 123456789, time.UTC)

// comes says what an engine makes of a try: the alarm that comes through.
func comes(t testing.TB, d vitals.Delivery) alerts.Alarm {
	t.Helper()
	out := alerts.NewEngine(d.Patient).Observe(d)
	if len(out.Transitions) != 1 || out.Transitions[0].Change != alerts.Raised || out.Transitions[0].Alarm.Priority != alerts.High {
		t.Fatalf("a try raises %+v, want one HIGH alarm", out.Transitions)
	}
	return out.Transitions[0].Alarm
}

func TestATryRaisesAnAlarmThatProvesItsWay(t *testing.T) {
	w := alerts.NewWatchdog("node", watchdogStart)
	for part := range vitals.Partitions {
		now := watchdogStart.Add(time.Duration(part) * 300 * time.Millisecond)
		d := w.Try(part, now)
		if vitals.PartitionOf(d.Patient) != part || !alerts.Synthetic(d.Patient) {
			t.Fatalf("part %d is tried with %q, who is of part %d", part, d.Patient, vitals.PartitionOf(d.Patient))
		}
		a := comes(t, d)
		if took, proves := w.Came(a.Patient, a.Onset, now.Add(40*time.Millisecond)); took != 40*time.Millisecond || !proves {
			t.Errorf("part %d: %s, %t", part, took, proves)
		}
	}
	if alerts.Synthetic("01KB1Q9V6W3R5T7Y9A1C3E5G7J") || alerts.Synthetic(alerts.Nobody) {
		t.Error("a patient is said to be made up")
	}
}

func TestWhatProvesNothing(t *testing.T) {
	w, other := alerts.NewWatchdog("node", watchdogStart), alerts.NewWatchdog("other", watchdogStart)
	mine := func() alerts.Alarm { return comes(t, w.Try(7, watchdogStart)) }()
	foreign := comes(t, other.Try(7, watchdogStart))
	for story, a := range map[string]struct {
		patient vitals.PatientID
		onset   time.Time
		after   time.Duration
	}{
		"another node's":                 {foreign.Patient, foreign.Onset, time.Second},
		"a patient's":                    {"01KB1Q9V6W3R5T7Y9A1C3E5G7J", mine.Onset, time.Second},
		"nobody's":                       {alerts.Nobody, mine.Onset, time.Second},
		"of a run before":                {mine.Patient, mine.Onset.Add(-time.Hour), time.Second},
		"too late, as what is behind is": {mine.Patient, mine.Onset, time.Minute + time.Millisecond},
	} {
		if _, proves := w.Came(a.patient, a.onset, watchdogStart.Add(a.after)); proves {
			t.Errorf("%s proves something", story)
		}
	}
	if silent, parts := w.Unproven(watchdogStart.Add(time.Minute)); silent != time.Minute || parts != vitals.Partitions {
		t.Errorf("%s without proof, in %d parts", silent, parts)
	}
	if _, proves := w.Came(mine.Patient, mine.Onset, watchdogStart.Add(time.Minute)); !proves {
		t.Error("what comes after a minute proves nothing")
	}
	if silent, parts := w.Unproven(watchdogStart.Add(time.Minute)); silent != time.Minute || parts != vitals.Partitions-1 {
		t.Errorf("%s without proof, in %d parts", silent, parts)
	}
}

// Of three tries in a row each may come late, or twice, or behind the next one, or not at all. However that is, the
// watchdog speaks exactly when a part was without proof for a minute: one part that is silent is not hidden by the 63
// others, and a try that failed is not made good by those of other parts.
func TestTheWatchdogSpeaksWhenAPartIsWithoutProofForAMinute(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := alerts.NewWatchdog("node", watchdogStart)
		proved := map[int]time.Time{}
		part := rapid.IntRange(0, vitals.Partitions-1).Draw(t, "part")
		type coming struct {
			at time.Time
			of vitals.Delivery
		}
		var under []coming
		for second := range 200 {
			now := watchdogStart.Add(time.Duration(second) * time.Second)
			if second%20 == 0 {
				for p := range vitals.Partitions {
					d := w.Try(p, now)
					if p != part {
						w.Came(d.Patient, d.Received, now)
						continue
					}
					for range rapid.IntRange(0, 2).Draw(t, "times") {
						under = append(under, coming{now.Add(time.Duration(rapid.IntRange(0, 90).Draw(t, "late")) * time.Second), d})
					}
				}
			}
			for _, c := range under {
				if c.at.Equal(now) {
					if took, proves := w.Came(c.of.Patient, c.of.Received, now); proves {
						proved[part] = now
						if took > time.Minute {
							t.Fatalf("a try of %s ago proves something", took)
						}
					} else if now.Sub(c.of.Received) < 59*time.Second {
						t.Fatalf("a try of %s ago proves nothing", now.Sub(c.of.Received))
					}
				}
			}
			since := watchdogStart
			if at, ok := proved[part]; ok {
				since = at
			}
			silent, parts := w.Unproven(now)
			if want := now.Sub(since) >= time.Minute; want != (parts == 1) || want && silent != now.Sub(since) {
				t.Fatalf("after %d s: %s without proof, in %d parts; the last proof was at %s", second, silent, parts, since)
			}
		}
	})
}

// BenchmarkWatchdog is what one test costs its sender, its owner's engine and its receiver, without the way between.
func BenchmarkWatchdog(b *testing.B) {
	w := alerts.NewWatchdog("node", watchdogStart)
	b.ReportAllocs()
	now := watchdogStart
	for part := 0; b.Loop(); part = (part + 1) % vitals.Partitions {
		now = now.Add(alerts.WatchdogEvery / vitals.Partitions)
		a := comes(b, w.Try(part, now))
		if _, proves := w.Came(a.Patient, a.Onset, now); !proves {
			b.Fatal("a test proves nothing")
		}
	}
}
