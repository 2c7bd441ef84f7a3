package main_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vigil/alerts"
	"vigil/alerts/nights"
	hub "vigil/devices/hub"
	"vigil/vitals"
)

var updateNights = flag.Bool("update-nights", false, "write what the home hears of the recorded nights")

// bedroom plays a night to the engine of the home hub. Nobody can command anything there.
type bedroom struct{ hub.Watch }

func (bedroom) Do(nights.Act, time.Time) {}

// TestTheHomeHearsRecordedNights plays the nights of package alerts, with the same real detectors: what is
// urgent sounds at home, and it is the same that the server tells of.
func TestTheHomeHearsRecordedNights(t *testing.T) {
	const shelf = "../../alerts/testdata/"
	all, err := filepath.Glob(shelf + "*.jsonl")
	if err != nil || len(all) < 10 {
		t.Fatalf("%d nights: %v", len(all), err)
	}
	for _, path := range all {
		name := strings.TrimSuffix(filepath.Base(path), ".jsonl")
		t.Run(name, func(t *testing.T) {
			file, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			n, err := nights.Read(file)
			if err != nil {
				t.Fatal(err)
			}
			var heard []string
			var first []string // of each episode
			known := map[alerts.AlarmID]bool{}
			now := noon
			w := bedroom{hub.NewWatch(nights.Devices(), func(a alerts.Alarm) {
				heard = append(heard, fmt.Sprintf("%ds %s %s", int(now.Sub(noon).Seconds()), a.Condition, a.Detail))
				if !known[a.ID] {
					known[a.ID] = true
					first = append(first, fmt.Sprintf("%ds %s raised: %s", int(now.Sub(noon).Seconds()), a.Condition, a.Detail))
				}
			}, noon)}
			n.Play(noon, clocked{w, &now})
			told, err := os.ReadFile(shelf + name + ".told")
			if err != nil {
				t.Fatal(err)
			}
			for _, line := range first {
				if !strings.Contains("\n"+string(told), "\n"+line+"\n") {
					t.Errorf("the server did not tell %q", line)
				}
			}
			golden := shelf + name + ".home"
			if *updateNights {
				if err := os.WriteFile(golden, []byte(strings.Join(append(heard, ""), "\n")), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(strings.Split(string(want), "\n"), append(heard, "")); diff != "" {
				t.Errorf("what the home hears (-want +got):\n%s", diff)
			}
		})
	}
}

// clocked notes the time for whoever hears the alarms.
type clocked struct {
	bedroom

	now *time.Time
}

func (c clocked) Observe(b vitals.Batch, now time.Time) { *c.now = now; c.bedroom.Observe(b, now) }
func (c clocked) Tick(now time.Time)                    { *c.now = now; c.bedroom.Tick(now) }
