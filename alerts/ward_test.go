package alerts_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"vigil/alerts"
	"vigil/alerts/nights"
	"vigil/vitals"
)

// moment is all that happens by a bed in a second, before the clock ticks.
type moment struct {
	now  time.Time
	what []func(*bedside)
}

// tape is a night as it is played, second by second, so that several can be played beside each other.
type tape struct{ seconds []moment }

func (r *tape) note(what func(*bedside)) {
	last := len(r.seconds) - 1
	r.seconds[last].what = append(r.seconds[last].what, what)
}

func (r *tape) Observe(b vitals.Batch, now time.Time) {
	r.note(func(bed *bedside) { bed.Observe(b, now) })
}

func (r *tape) Do(a nights.Act, now time.Time) { r.note(func(bed *bedside) { bed.Do(a, now) }) }

func (r *tape) Tick(now time.Time) {
	r.seconds[len(r.seconds)-1].now = now
	r.seconds = append(r.seconds, moment{})
}

// bed is a bedside with what happens there.
type bed struct {
	*bedside

	name string
	tape tape
	said int // transitions that are in the transcript
}

// unit is a ward whose patients' engines and the one of nobody tell each other what they see, a second later.
type unit struct {
	beds    []*bed
	nobody  *bed
	seen    alerts.Sight
	outages map[vitals.UnitID]alerts.Outage
	lines   []string
}

// readUnit reads the nights of a ward: a file for each bed, or for several with the same night, and one of what is done
// about the alarms of nobody.
func readUnit(t *testing.T, dir string) *unit {
	t.Helper()
	paths, err := filepath.Glob(dir + "/*.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	u := &unit{}
	for _, path := range paths {
		file, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		n, err := nights.Read(file)
		if err != nil || len(n.Story) < 50 {
			t.Fatalf("%s, with a story of %d letters: %v", path, len(n.Story), err)
		}
		name := strings.TrimSuffix(filepath.Base(path), ".jsonl")
		if name == "ward" {
			u.nobody = newBed(t, n, alerts.Nobody, name)
			continue
		}
		var from, to int
		if _, err := fmt.Sscanf(name, "bed_%d-%d", &from, &to); err != nil {
			if _, err := fmt.Sscanf(name, "bed_%d", &from); err != nil {
				t.Fatal(err)
			}
			to = from
		}
		for i := from; i <= to; i++ {
			u.beds = append(u.beds, newBed(t, n, vitals.PatientID(fmt.Sprint("p-", i)), fmt.Sprint("bed ", i)))
		}
	}
	return u
}

func newBed(t *testing.T, n nights.Night, p vitals.PatientID, name string) *bed {
	t.Helper()
	b := &bed{bedside: newBedsideOf(t, p), name: name, tape: tape{seconds: []moment{{}}}}
	n.Play(start, &b.tape)
	return b
}

// pass lets a second pass by the bed.
func (b *bed) pass(i int, tick func(now time.Time)) {
	s := b.tape.seconds[i]
	for _, what := range s.what {
		what(b.bedside)
	}
	if !s.now.IsZero() {
		tick(s.now)
		b.Tick(s.now)
	}
}

func (u *unit) play() {
	for i := range u.beds[0].tape.seconds {
		outages, before := u.outages, u.seen
		u.seen = alerts.Sight{}
		for _, b := range u.beds {
			b.pass(i, func(now time.Time) {
				b.take(b.engine.Site(outages["ward"], now))
				u.seen = u.seen.And(b.engine.Sight(now))
			})
			u.say(b)
		}
		u.nobody.pass(i, func(now time.Time) {
			out := u.nobody.engine.Watch(alerts.Health{Sites: map[vitals.UnitID]alerts.Sight{"ward": before}}, now)
			u.outages = out.Outages
			u.nobody.take(out)
		})
		u.say(u.nobody)
	}
}

// say takes into the transcript what was told by the bed since.
func (u *unit) say(b *bed) {
	for _, line := range (&room{told: b.told[b.said:]}).transcript() {
		at, what, _ := strings.Cut(line, " ")
		u.lines = append(u.lines, at+" "+b.name+": "+what)
	}
	b.said = len(b.told)
}

func TestRecordedWards(t *testing.T) {
	dirs, err := filepath.Glob("testdata/wards/*")
	if err != nil || len(dirs) == 0 {
		t.Fatalf("%d wards: %v", len(dirs), err)
	}
	for _, dir := range dirs {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			u := readUnit(t, dir)
			u.play()
			golden(t, filepath.Join(dir, "told"), strings.Join(u.lines, "\n")+"\n")
			u.nobodyIsCalledToWhatTheSiteExplains(t)
		})
	}
}

// nobodyIsCalledToWhatTheSiteExplains holds against the golden list itself that what asked for somebody while an outage
// stood was none of its matter.
func (u *unit) nobodyIsCalledToWhatTheSiteExplains(t *testing.T) {
	t.Helper()
	for _, b := range u.beds {
		for _, x := range b.told {
			if x.Alarm.Suppressor != "" && x.Alarm.Calls() {
				t.Errorf("%s: %s calls, and is somebody else's matter", b.name, x.Alarm.Condition)
			}
			if x.Alarm.Condition.Spec().Type == alerts.Physiological && u.isOutage(x.Alarm.Suppressor) {
				t.Errorf("%s: %s is hidden", b.name, x.Alarm.Condition)
			}
		}
	}
}

func (u *unit) isOutage(id alerts.AlarmID) bool {
	_, is := u.nobody.book.alarms[id]
	return is
}
