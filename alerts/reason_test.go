package alerts_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vigil/alerts"
	"vigil/vitals"
)

// explain says what the alarm is.
func (r *room) explain(a alerts.Alarm, reason alerts.AckReason) error {
	c := seen(a, "explain at "+r.now.String()+string(reason))
	c.Kind, c.AckReason = alerts.Explain, reason
	return r.command(c)
}

// A saturation falls. The nurse takes the alarm and says that she is watching; in her next round she finds the clip
// askew.
func TestWhatAnAlarmWasIsSaidWithTheAcknowledgementOrLater(t *testing.T) {
	r := newRoom(t)
	r.last(20, oxygen(84))
	raised := r.open(alerts.SpO2Low)
	if err := r.explain(raised, alerts.Artefact); codeOf(err) != alerts.NotAcked {
		t.Errorf("explained before anybody went: %v", err)
	}
	c := seen(raised, "taken")
	c.AckReason = "a mistake"
	if _, err := acknowledge(r.engine, c, r.now); codeOf(err) != alerts.Unfit {
		t.Errorf("a reason that is none: %v", err)
	}
	c.ID, c.AckReason = "taken again", alerts.Watching
	if err := r.command(c); err != nil {
		t.Fatal(err)
	}
	taken := r.open(alerts.SpO2Low)
	if taken.State != alerts.ActiveAck || taken.AckReason != alerts.Watching || taken.View().AckReason != alerts.Watching {
		t.Fatalf("taken: %+v", taken)
	}
	r.last(5, oxygen(84))
	if err := r.explain(raised, alerts.Artefact); err != nil { // by what was on the screen before
		t.Fatal(err)
	}
	want := taken
	want.AckReason, want.Version, want.Changed, want.Command = alerts.Artefact, taken.Version+1, r.now, r.open(alerts.SpO2Low).Command
	if diff := cmp.Diff(want, r.open(alerts.SpO2Low)); diff != "" {
		t.Errorf("explaining changes (-want +got):\n%s", diff)
	}
	if last := r.told[len(r.told)-1]; last.Change != alerts.Explained || last.Change.Asks() || last.Actor != "s-7" {
		t.Errorf("told as %+v", last)
	}
	r.last(20, oxygen(97))
	if err := r.explain(taken, alerts.Watching); codeOf(err) != alerts.ClosedAlarm {
		t.Errorf("what is over is for the records to explain: %v", err)
	}
}

// Whoever takes it the second time and says nothing leaves what was said before. An explanation moves no timer.
func TestAnExplanationStaysAndMovesNothing(t *testing.T) {
	tell := func(reasons bool) []string {
		r := newRoom(t)
		r.last(20, oxygen(84))
		r.ack(alerts.SpO2Low)
		if reasons {
			if err := r.explain(r.open(alerts.SpO2Low), alerts.WrongLimit); err != nil {
				t.Fatal(err)
			}
		}
		r.last(660, oxygen(84)) // told again after ten minutes
		r.ack(alerts.SpO2Low)
		if a := r.open(alerts.SpO2Low); reasons && a.AckReason != alerts.WrongLimit {
			t.Errorf("taken again: %+v", a)
		}
		r.last(20, oxygen(97))
		var lines []string
		for _, x := range r.told {
			if x.Change != alerts.Explained {
				lines = append(lines, x.At.Sub(start).Truncate(time.Second).String()+" "+string(x.Change))
			}
		}
		return lines
	}
	if diff := cmp.Diff(tell(false), tell(true)); diff != "" {
		t.Errorf("with a reason it goes another way (-without +with):\n%s", diff)
	}
}

func TestWhoMaySayWhatAnAlarmWas(t *testing.T) {
	for role, want := range map[vitals.Role]string{
		vitals.Viewer: "--", vitals.Nurse: "++", vitals.Charge: "++", vitals.Physician: "++", vitals.Technician: "-+", vitals.Admin: "--",
	} {
		for i, of := range []alerts.Type{alerts.Physiological, alerts.Technical} {
			if got := alerts.May(role, alerts.Explain, of, false); got != (want[i] == '+') {
				t.Errorf("%s may explain what is %s: %v", role, of, got)
			}
		}
	}
}
