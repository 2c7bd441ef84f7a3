package alerts_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"vigil/alerts"
	"vigil/alerts/nights"
	"vigil/vitals"
)

// bedside plays a night to the engine that the server has of a patient, with the real detectors.
type bedside struct {
	t       rapid.TB
	patient vitals.PatientID
	engine  *alerts.Engine
	seq     map[vitals.DeviceID]uint64
	past    []vitals.Delivery
	told    []alerts.Transition
	book    *book
	care    []string
}

func newBedside(t rapid.TB) *bedside { return newBedsideOf(t, patient) }

func newBedsideOf(t rapid.TB, p vitals.PatientID) *bedside {
	b := &bedside{t: t, patient: p, engine: alerts.NewEngine(p), seq: map[vitals.DeviceID]uint64{}, book: newBook()}
	b.engine.Bind(nights.Devices(), start)
	return b
}

func (b *bedside) take(o alerts.Outcome) {
	for _, x := range o.Transitions {
		if known, ok := b.book.alarms[x.Alarm.ID]; ok && x.Alarm.Version <= known.Version {
			continue // told again after a restart
		}
		b.book.enter(b.t, x)
		b.told = append(b.told, x)
	}
	for _, c := range o.Care {
		b.care = append(b.care, fmt.Sprintf("%ds patient %s", int(c.At.Sub(start).Seconds()), c.Kind))
	}
}

func (b *bedside) Observe(batch vitals.Batch, now time.Time) {
	b.seq[batch.Device]++
	d := vitals.Delivery{
		Patient: b.patient, Stream: vitals.Stream{Hub: home, Device: batch.Device}, Seq: b.seq[batch.Device], Received: now, Batch: batch,
	}
	b.past = append(b.past, d)
	b.take(b.engine.Observe(d))
}

func (b *bedside) Tick(now time.Time) { b.take(b.engine.Tick(now)) }

func (b *bedside) Do(a nights.Act, now time.Time) {
	b.t.Helper()
	switch a.Do {
	case "hub_away", "hub_back":
		b.take(b.engine.Hub(a.Do == "hub_back", string(home), now))
	case "restart": // what is stored, and the last of the journal
		b.engine = alerts.NewEngine(b.patient)
		b.engine.Bind(nights.Devices(), now)
		for device := range b.seq {
			b.engine.Streamed(device)
		}
		b.engine.Restore(b.book.list())
		for _, d := range b.past {
			if d.Received.After(now.Add(-replay)) {
				b.take(b.engine.Observe(d))
			}
		}
	default:
		c := alerts.Command{
			Kind: alerts.CommandKind(a.Do), ID: a.Do + now.String(), For: time.Duration(a.Seconds) * time.Second,
			Condition: alerts.Condition(a.Condition), Where: "bathroom", Reason: "as agreed",
			Actor: "s-7", ActorName: "K. Lee", Role: vitals.Charge, Station: "desk-1",
		}
		for _, open := range b.engine.Open() {
			if string(open.Condition) == a.Condition {
				c.Alarm, c.SeenVersion, c.SeenPriority = open.ID, open.Version, open.Priority
			}
		}
		out, _, err := b.engine.Command(c, now)
		if err != nil {
			b.t.Fatalf("%s %s at %s: %v", a.Do, a.Condition, now.Sub(start), err)
		}
		b.take(out)
	}
}

// transcript is what was told, a line each.
func (b *bedside) transcript() string {
	lines := (&room{told: b.told}).transcript()
	for i, x := range b.told {
		if x.Change != alerts.Raised {
			continue
		}
		if x.Alarm.State == alerts.ActiveAck {
			lines[i] += ", continued for " + x.Alarm.AckedName
		}
		if x.Alarm.Chattering {
			lines[i] += ", comes and goes"
		}
	}
	return strings.Join(append(lines, b.care...), "\n") + "\n"
}

func TestRecordedNights(t *testing.T) {
	paths, err := filepath.Glob("testdata/*.jsonl")
	if err != nil || len(paths) < 10 {
		t.Fatalf("%d nights: %v", len(paths), err)
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".jsonl"), func(t *testing.T) {
			file, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			n, err := nights.Read(file)
			if err != nil {
				t.Fatal(err)
			}
			if len(n.Story) < 100 {
				t.Errorf("the story is told in %d letters", len(n.Story))
			}
			b := newBedside(t)
			n.Play(start, b)
			again := newBedside(t)
			n.Play(start, again)
			if diff := cmp.Diff(b.told, again.told); diff != "" {
				t.Errorf("the second time (-first +second):\n%s", diff)
			}
			golden(t, strings.TrimSuffix(path, ".jsonl")+".told", b.transcript())
		})
	}
}

// golden holds what was told against the file.
func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}

func TestANightThatCannotBeReadSaysWhere(t *testing.T) {
	for text, want := range map[string]string{
		"# a story\n{": "line 2", `{"for":1,"tide":3}`: "line 1", `{"ecg":"72"}`: "line 1", `{"for":1,"do":"ack"}`: "line 1",
	} {
		if _, err := nights.Read([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", text, err)
		}
	}
	if n, err := nights.Read([]byte("# one\n# two\n{\"for\":1}")); err != nil || n.Story != "one\ntwo\n" {
		t.Errorf("%q %v", n.Story, err)
	}
}
