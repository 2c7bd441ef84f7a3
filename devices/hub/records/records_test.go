package records_test

import (
	"encoding/hex"
	"errors"
	"testing"
	"time"

	"vigil/devices/hub/records"
)

var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

// step is something that happens so long after the beginning, and what is then to be written.
type step struct {
	after  time.Duration
	heard  bool   // a record came
	answer string // the control point indicated; empty: time passed
	writes string
}

func TestAskingForRecords(t *testing.T) {
	seventeen := uint16(17)
	for story, tc := range map[string]struct {
		from   *uint16
		asks   string
		steps  []step
		ends   records.State
		failed error
	}{
		"all have come": {nil, "0101", []step{{1 * time.Second, true, "", ""}, {2 * time.Second, false, "06000101", ""}}, records.Complete, nil},
		"none is new":   {&seventeen, "0103011100", []step{{time.Second, false, "06000106", ""}}, records.Complete, nil},
		"the meter cannot ask from a number on, so all are asked for": {
			&seventeen, "0103011100",
			[]step{{time.Second, false, "06000104", "0101"}, {2 * time.Second, false, "06000101", ""}},
			records.Complete, nil,
		},
		"it cannot report at all":     {nil, "0101", []step{{time.Second, false, "06000102", ""}}, records.Failed, records.ErrRefused},
		"it stopped in the middle":    {nil, "0101", []step{{time.Second, true, "", ""}, {2 * time.Second, false, "06000108", ""}}, records.Partial, nil},
		"a count is nobody's answer":  {nil, "0101", []step{{time.Second, false, "05000300", ""}}, records.Asking, nil},
		"what it says is no answer":   {nil, "0101", []step{{time.Second, false, "ff", ""}}, records.Failed, nil},
		"it takes its time, at work":  {nil, "0101", []step{{29 * time.Second, true, "", ""}, {58 * time.Second, false, "", ""}}, records.Asking, nil},
		"it falls silent and stops":   {nil, "0101", []step{{30 * time.Second, false, "", "0300"}, {31 * time.Second, false, "06000301", ""}}, records.Failed, records.ErrSilent},
		"it falls silent for good":    {nil, "0101", []step{{30 * time.Second, false, "", "0300"}, {34 * time.Second, false, "", ""}, {35 * time.Second, false, "", ""}}, records.Failed, records.ErrSilent},
		"it ends while it is aborted": {nil, "0101", []step{{30 * time.Second, false, "", "0300"}, {31 * time.Second, false, "06000101", ""}}, records.Complete, nil},
	} {
		t.Run(story, func(t *testing.T) {
			f, request, err := records.Begin(tc.from, noon)
			if got := hex.EncodeToString(request); err != nil || got != tc.asks {
				t.Fatalf("asks %s, %v", got, err)
			}
			for _, s := range tc.steps {
				now := noon.Add(s.after)
				if s.heard {
					f.Heard(now)
				}
				request = f.Due(now)
				if s.answer != "" {
					value, err := hex.DecodeString(s.answer)
					if err != nil {
						t.Fatal(err)
					}
					request = f.Answer(value, now)
				}
				if got := hex.EncodeToString(request); got != s.writes {
					t.Errorf("after %s it writes %q", s.after, got)
				}
			}
			if f.State() != tc.ends || tc.failed != nil && !errors.Is(f.Err(), tc.failed) || (f.Err() != nil) != (tc.ends == records.Failed) {
				t.Errorf("ends in %d, %v", f.State(), f.Err())
			}
		})
	}
}

func TestHubThatStopsTellsTheDevice(t *testing.T) {
	f, _, err := records.Begin(nil, noon)
	if err != nil {
		t.Fatal(err)
	}
	if got := hex.EncodeToString(f.Abort(noon)); got != "0300" {
		t.Errorf("writes %q", got)
	}
	if got := f.Abort(noon); got != nil {
		t.Errorf("writes %x again", got)
	}
}
