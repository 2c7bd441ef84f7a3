package main

import (
	"slices"
	"strings"
	"testing"

	"vigil/vitals/ecg/eval/score"
	"vigil/vitals/ecg/model"
	"vigil/vitals/wfdb"
)

// beating is a signal with a beat every so many seconds until five minutes.
func beating(every float64) rhythm {
	r := rhythm{until: challengeAlarmAt - 1, readable: true, steady: true}
	for at := judgedFrom + 0.2; at < r.until; at += every {
		r.at, r.classes = append(r.at, at), append(r.classes, score.Normal)
	}
	return r
}

// stopping is the same without the beats of the last seconds.
func stopping(every, seconds float64) rhythm {
	r := beating(every)
	r.steady = false
	n, _ := slices.BinarySearch(r.at, r.until-seconds)
	r.at, r.classes = r.at[:n], r.classes[:n]
	return r
}

// slowing beats every 1.6 s in the last seconds.
func slowing(seconds float64) rhythm {
	r := stopping(0.8, seconds)
	r.steady = true
	for at := r.at[len(r.at)-1] + 1.6; at < r.until; at += 1.6 {
		r.at, r.classes = append(r.at, at), append(r.classes, score.Normal)
	}
	return r
}

// running ends with a run of ventricular beats, 0.4 s apart.
func running(beats int) rhythm {
	r := stopping(0.8, 0.4*float64(beats))
	for range beats {
		r.at, r.classes = append(r.at, r.at[len(r.at)-1]+0.4), append(r.classes, score.Ventricular)
	}
	return r
}

func telling(r rhythm, label string) rhythm {
	r.says = []string{label}
	return r
}

func unreadable() rhythm { return rhythm{until: challengeAlarmAt - 1} }

func TestWhatAllSignalsSayOfAMonitorsAlarm(t *testing.T) {
	type signals = []rhythm
	tests := []struct {
		name   string
		kind   string
		leads  signals
		pulses signals
		want   bool
	}{
		{"a line without beats, and no pulse", "Asystole", signals{telling(stopping(0.8, 5), asystole)}, signals{stopping(0.8, 5)}, true},
		{"one lead lost its beats, the pulse goes on", "Asystole", signals{telling(stopping(0.8, 5), asystole)}, signals{beating(0.8)}, false},
		{"one lead lost its beats, the other one did not", "Asystole", signals{stopping(0.8, 5), beating(0.8)}, nil, false},
		{"P waves are counted as beats", "Asystole", signals{telling(beating(0.8), asystole)}, signals{unreadable()}, true},
		{"noise in all signals", "Asystole", signals{unreadable()}, signals{unreadable()}, false},
		{"heart and pulse have slowed down", "Bradycardia", signals{slowing(7)}, signals{slowing(7)}, true},
		{"beats of the ECG are missed, none of the pulse", "Bradycardia", signals{slowing(7)}, signals{beating(0.8)}, false},
		{"T waves are counted as beats, the pulse is slow", "Bradycardia", signals{beating(0.8)}, signals{slowing(7)}, true},
		{"nobody can tell how slow the heart is", "Bradycardia", signals{unreadable()}, signals{unreadable()}, true},
		{"a heart that beats fast", "Tachycardia", signals{beating(0.4)}, signals{beating(0.4)}, true},
		{"T waves are counted as beats, the pulse is not fast", "Tachycardia", signals{beating(0.4)}, signals{beating(0.8)}, false},
		{"nobody can tell how fast the heart is", "Tachycardia", signals{unreadable()}, nil, true},
		{"fibrillation without a pulse", "Ventricular_Flutter_Fib", signals{telling(unreadable(), fibrillation)}, signals{stopping(0.8, 5)}, true},
		{"what looks like fibrillation, with a pulse", "Ventricular_Flutter_Fib", signals{telling(unreadable(), fibrillation)}, signals{beating(0.8)}, false},
		{"beats, and no pulse wave", "Ventricular_Flutter_Fib", signals{beating(0.8)}, nil, false},
		{"a run of ventricular beats", "Ventricular_Tachycardia", signals{running(6)}, signals{stopping(0.8, 3)}, true},
		{"a run in one lead, none in the other", "Ventricular_Tachycardia", signals{running(6), beating(0.8)}, nil, false},
		{"a run of noise in the ECG, and the pulse goes on evenly", "Ventricular_Tachycardia", signals{running(6)}, signals{beating(0.8)}, false},
		{"the pulse goes on as fast as the run", "Ventricular_Tachycardia", signals{telling(beating(0.4), tachycardia)}, signals{beating(0.4)}, true},
		{"a fast heart as it was all along", "Ventricular_Tachycardia", signals{beating(0.45)}, signals{beating(0.45)}, false},
		{"an irregular heart with single ventricular beats", "Ventricular_Tachycardia", signals{running(1)}, nil, false},
		{"an irregular heart with a couplet", "Ventricular_Tachycardia", signals{running(2)}, nil, true},
		{"nobody can tell whether there was a run", "Ventricular_Tachycardia", signals{unreadable()}, signals{unreadable()}, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := bedside{leads: tt.leads, fingers: tt.pulses}
			if got := b.believes(tt.kind); got != tt.want {
				t.Errorf("%s is believed: %v", tt.kind, got)
			}
		})
	}
}

// What comes behind five minutes must not count.
func TestABedsideEndsWithTheAlarm(t *testing.T) {
	beats := everySecond(330)
	whole, cut := heart(330, beats), heart(300, beats)
	look := func(samples []int16) *bedside {
		dir := t.TempDir()
		saveRecord(t, dir, "r", samples, nil)
		rec, err := wfdb.Open(dir, "r")
		if err != nil {
			t.Fatal(err)
		}
		b, err := lookAt(rec, model.Embedded())
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	a, b := look(whole), look(cut)
	if len(a.leads) != 1 || len(a.leads[0].at) < 10 || !slices.Equal(a.leads[0].at, b.leads[0].at) {
		t.Errorf("beats at %v with what follows, at %v without", a.leads, b.leads)
	}
}

func TestTheTableOfAllSignalsCountsEachAlarmOnce(t *testing.T) {
	d := &database{name: "cinc2015", alarms: map[string]challengeAlarm{
		"a": {"Asystole", true}, "b": {"Asystole", false}, "v": {"Ventricular_Tachycardia", true},
	}}
	stops := &bedside{leads: []rhythm{telling(stopping(0.8, 5), asystole)}}
	var out strings.Builder
	table := challenge2015Signals(findings{results: []*result{
		{database: d, record: "a", rateHz: 250, bedside: stops},
		{database: d, record: "b", rateHz: 250, bedside: &bedside{leads: []rhythm{beating(0.8)}}},
		{database: d, record: "v", rateHz: 250, bedside: &bedside{leads: []rhythm{beating(0.8)}}},
	}})
	if err := table.write(&out); err != nil {
		t.Fatal(err)
	}
	// One right, one rightly refused, one missed: 2 / (2 + 5).
	if !strings.Contains(out.String(), "28.6") {
		t.Errorf("the table says\n%s", out.String())
	}
}
