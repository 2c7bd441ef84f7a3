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

// charted is so many seconds of one value a second.
func charted(device vitals.DeviceID, kind vitals.Kind, from, seconds int, v int64) []vitals.Charted {
	return lo.Times(seconds, func(i int) vitals.Charted {
		at := start.Add(time.Duration(from+i) * time.Second)
		return vitals.Charted{Patient: patient, Device: device, Reading: vitals.Reading{Kind: kind, Time: at, Value: vitals.Int(v)}}
	})
}

func rehearse(t rapid.TB, before, after alerts.Changes, readings []vitals.Charted, end time.Time) alerts.Verdict {
	t.Helper()
	r, err := alerts.NewRehearsal(alerts.LimitsOf(nil, before), alerts.LimitsOf(nil, after), start)
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range lo.Chunk(readings, 7) { // however they are read
		r.Play(page)
	}
	return r.End(end)
}

// said is the episodes in seconds since the start.
func said(all []alerts.Episode) []string {
	return lo.Map(all, func(e alerts.Episode, _ int) string {
		to := "…"
		if !e.To.IsZero() {
			to = fmt.Sprint(e.To.Sub(start).Seconds())
		}
		return fmt.Sprintf("%s %g to %s: %s", e.Condition, e.From.Sub(start).Seconds(), to, e.Detail)
	})
}

func TestOtherLimitsAreRehearsedOnWhatWasCharted(t *testing.T) {
	readings := slices.Concat(
		charted(oximeter, vitals.SpO2, 0, 20, 97), charted(oximeter, vitals.SpO2, 20, 40, 86), // a little low
		charted(oximeter, vitals.SpO2, 60, 60, 97), charted(oximeter, vitals.SpO2, 120, 40, 82), // lower
		charted(oximeter, vitals.SpO2, 160, 60, 97),
	)
	v := rehearse(t, nil, alerts.Changes{alerts.SpO2LowLimit: vitals.Int(85)}, readings, start.Add(4*time.Minute))
	little, lower := "SPO2_LOW 20 to 60: SpO₂ 86 < 88 %", "SPO2_LOW 120 to 160: SpO₂ 82 < 88 %"
	for name, row := range map[string]struct {
		got  []alerts.Episode
		want []string
	}{
		"before": {v.Before, []string{little, lower}},
		"after":  {v.After, []string{"SPO2_LOW 120 to 160: SpO₂ 82 < 85 %"}},
		"missed": {v.Missed, []string{little}},
		"added":  {v.Added, []string{}},
	} {
		if diff := cmp.Diff(row.want, said(row.got)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestWhatIsToldAsSomethingWorseIsNotMissed(t *testing.T) {
	readings := charted(strap, vitals.HeartRate, 0, 60, 140)
	v := rehearse(t, nil, alerts.Changes{alerts.HRHighLimit: vitals.Int(110)}, readings, start.Add(time.Minute))
	if len(v.Missed) > 0 || v.Before[0].Condition != alerts.HRHigh || v.After[0].Condition != alerts.ExtremeTachy {
		t.Errorf("missed %v of %v, after %v", said(v.Missed), said(v.Before), said(v.After))
	}
}

func TestAPulseRateIsNotRehearsedBesideAHeartRate(t *testing.T) {
	readings := slices.Concat(charted(oximeter, vitals.PulseRate, 0, 60, 140), charted(strap, vitals.HeartRate, 0, 30, 70))
	slices.SortStableFunc(readings, func(a, b vitals.Charted) int { return a.Key().Compare(b.Key()) })
	v := rehearse(t, nil, nil, readings, start.Add(time.Minute))
	want := []string{"HR_HIGH 40 to …: HR 140 > 130 /min"} // once the heart rate has been gone for ten seconds
	if diff := cmp.Diff(want, said(v.Before)); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

func TestLimitsThatWillNotDoAreNotRehearsed(t *testing.T) {
	if _, err := alerts.NewRehearsal(alerts.DefaultLimits(), alerts.Limits{}, start); err == nil {
		t.Error("rehearsed")
	}
}

// The rehearsal tells what an engine tells of the patient that was given the same values as they came (UI-9.1).
func TestARehearsalEqualsARunOfTheEngine(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const seconds = 600
		night := drawing{oxygens: []int{97, 89, 86, 84, 79, 65, -1}, hearts: []int{72, 120, 140, 160, 28, 40}, longest: 60}
		oxygens, hearts := night.codes(t, "oxygen", night.oxygens, 0, seconds), night.codes(t, "heart", night.hearts, 0, seconds)
		limits := alerts.Changes{
			alerts.SpO2LowLimit: vitals.Int(int64(rapid.IntRange(80, 95).Draw(t, "low"))),
			alerts.HRHighLimit:  vitals.Int(int64(rapid.IntRange(100, 150).Draw(t, "high"))),
		}
		engine := alerts.NewEngine("")
		if err := engine.SetLimits(alerts.LimitsOf(nil, limits)); err != nil {
			t.Fatal(err)
		}
		var readings []vitals.Charted
		told := map[alerts.Condition]int{}
		hear := func(o alerts.Outcome) {
			for _, x := range o.Transitions {
				if x.Alarm.Condition.Spec().Type == alerts.Physiological && (x.Change == alerts.Raised || x.Change == alerts.Recurred) {
					told[x.Alarm.Condition]++
				}
			}
		}
		for i := range seconds {
			at := start.Add(time.Duration(i) * time.Second)
			hear(engine.Tick(at))
			for _, c := range slices.Concat(charted(strap, vitals.HeartRate, i, 1, int64(hearts[i])), charted(oximeter, vitals.SpO2, i, 1, int64(oxygens[i]))) {
				if c.Value.Mantissa < 0 {
					continue
				}
				readings = append(readings, c)
				hear(engine.Observe(vitals.Delivery{Received: at, Batch: vitals.Batch{Device: c.Device, Readings: []vitals.Reading{c.Reading}}}))
			}
		}
		end := start.Add(seconds * time.Second)
		hear(engine.Tick(end))
		v := rehearse(t, limits, nil, readings, end)
		got := lo.CountValuesBy(v.Before, func(e alerts.Episode) alerts.Condition { return e.Condition })
		if diff := cmp.Diff(told, got); diff != "" {
			t.Fatalf("-engine +rehearsal\n%s", diff)
		}
	})
}
