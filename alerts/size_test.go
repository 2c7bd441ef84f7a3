package alerts_test

import (
	"runtime"
	"strconv"
	"sync"
	"testing"
	"time"

	"vigil/alerts"
	"vigil/vitals"
)

// mostState is what an engine may hold beside its detectors, in bytes: a thousand patients take 20 MB.
const mostState = 20_000

// aWeek is what is kept of the trends of a patient who was followed for the week before start, and the single values of
// it: each vital has its hours, each stream its five minutes.
var aWeek = sync.OnceValues(func() (trends []byte, single []vitals.Charted) {
	e := alerts.NewEngine(patient)
	e.Bind([]vitals.DeviceID{oximeter, strap, scale}, start.Add(-alerts.TrendsSpan))
	for at := start.Add(-alerts.TrendsSpan); !at.After(start); at = at.Add(time.Minute) {
		measured := map[vitals.DeviceID][]vitals.Reading{
			strap:    {{Kind: vitals.HeartRate, Time: at, Value: vitals.Int(72)}},
			oximeter: {{Kind: vitals.SpO2, Time: at, Value: vitals.Int(97)}, {Kind: vitals.RespirationRate, Time: at, Value: vitals.Int(15)}},
		}
		if at.Truncate(time.Hour).Equal(at) {
			once := onceMeasured(at)
			measured[scale] = once
			for _, r := range once {
				if r.Kind != vitals.Weight || at.Hour()%12 == 0 {
					single = append(single, vitals.Charted{Patient: patient, Device: scale, Reading: r})
				}
			}
		}
		for _, d := range []vitals.DeviceID{strap, oximeter, scale} {
			e.Observe(delivered(at, vitals.Batch{Device: d, Readings: measured[d]}))
		}
		if kept := e.Tick(at).Trends; kept != nil {
			trends = kept
		}
	}
	return trends, single
})

// onceMeasured is a value of each kind that is measured or observed once, as it should be.
func onceMeasured(at time.Time) (all []vitals.Reading) {
	for kind, v := range map[vitals.Kind]vitals.Decimal{
		vitals.Systolic: vitals.Int(120), vitals.Diastolic: vitals.Int(80), vitals.Temperature: vitals.Int(37), vitals.Weight: vitals.Int(80),
		vitals.Glucose: vitals.Int(100), vitals.Consciousness: vitals.Int(0), vitals.InhaledOxygen: vitals.Int(0),
	} {
		all = append(all, vitals.Reading{Kind: kind, Time: at, Value: v})
	}
	return all
}

// everything is the engine of a patient on whom everything has happened: a week of trends and single values is known,
// seven alarms are open, two are pending, some are over, limits are their own, and people have commanded what is
// remembered.
func everything(t testing.TB) *alerts.Engine {
	t.Helper()
	e := alerts.NewEngine(patient)
	e.Analyse(func(float64) (alerts.Analyser, error) { return &deaf{}, nil })
	e.FindPulses(newScriptedPulses)
	e.Bind([]vitals.DeviceID{patch, oximeter, strap, scale, button}, start)
	if err := e.SetLimits(alerts.LimitsOf(nil, alerts.Changes{alerts.HRHighLimit: vitals.Int(125), alerts.HRHighOn: vitals.Int(10)})); err != nil {
		t.Fatal(err)
	}
	trends, single := aWeek()
	if err := e.RestoreTrends(trends); err != nil {
		t.Fatal(err)
	}
	e.Recall(single, start.Add(-alerts.RecallSpan), start)
	saying := func(d vitals.DeviceID, kind vitals.Kind, at time.Time, v int64) {
		e.Observe(delivered(at, vitals.Batch{Device: d, Readings: []vitals.Reading{{Kind: kind, Time: at, Value: vitals.Int(v)}}}))
	}
	for i := range 120 {
		at := start.Add(time.Duration(i) * time.Second)
		pulse, percent := int64(160), int64(85) // alarms that are over before the others begin
		if i >= 30 {
			pulse, percent = 72, 97
		}
		if i >= 60 {
			pulse, percent = 200, 70
			e.Observe(delivered(at, vitals.Batch{Device: button, Events: []vitals.Event{{Code: vitals.SOS, Time: at}, {Code: vitals.Fall, Time: at}}}))
		}
		saying(oximeter, vitals.SpO2, at, percent)
		saying(strap, vitals.HeartRate, at, pulse)
		e.Observe(delivered(at, vitals.Batch{Device: oximeter, Waveforms: []vitals.Waveform{{
			Kind: vitals.Pleth, Start: at, Rate: vitals.Rate{Num: 100, Den: 1}, Scale: vitals.Int(1), First: uint64(i * 100), Samples: make([]int16, 100),
		}}}))
		e.Tick(at)
	}
	e.Observe(batches(1)[0])
	now := start.Add(5 * time.Minute)
	e.Tick(now)
	for i, a := range e.Open() {
		_, _, _ = e.Command(seen(a, strconv.Itoa(i)), now)
	}
	return e
}

// stateSize is how many bytes such an engine holds, and how many alarms of it are open.
func stateSize(t testing.TB, patients int) (bytes float64, open int) {
	t.Helper()
	var before, after runtime.MemStats
	all := make([]*alerts.Engine, patients)
	runtime.GC()
	runtime.ReadMemStats(&before)
	for i := range all {
		all[i] = everything(t)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	open = len(all[0].Open())
	runtime.KeepAlive(all)
	return float64(after.HeapAlloc-before.HeapAlloc) / float64(patients), open
}

func TestTheStateOfAnEngineIsSmall(t *testing.T) {
	everything(t) // what is made once
	bytes, open := stateSize(t, 100)
	if open < 7 || bytes > mostState {
		t.Errorf("%.0f bytes with %d alarms open; may be %d with seven", bytes, open, mostState)
	}
}

// BenchmarkEngineStateSize reports the bytes that one patient holds beside the detectors' own.
func BenchmarkEngineStateSize(b *testing.B) {
	var bytes float64
	var open int
	for b.Loop() {
		bytes, open = stateSize(b, 200)
	}
	b.ReportMetric(float64(open), "alarms")
	b.ReportMetric(bytes, "B/patient")
	if bytes > mostState {
		b.Errorf("an engine may hold %d bytes", mostState)
	}
}
