package alerts_test

import (
	"testing"
	"time"

	"vigil/alerts"
	"vigil/vitals"
	"vigil/vitals/ecg"
)

// What the scripted ECG says beside the rate of 72: the heart fibrillates in its atria, or there are
// ventricular beats in this second.
const (
	scriptAF      = 3000
	scriptPVC     = 3001
	scriptCouplet = 3002
	scriptRun     = 3003
)

// atrial is a detector of the scripted ECG that tells these, too. Like the real one it needs half a minute for
// fibrillation.
type atrial struct {
	*scripted

	n, since int64
	code     int
	af, run  bool
}

func newAtrial(rateHz float64) (alerts.Analyser, error) {
	inner, err := newScripted(rateHz)
	if err != nil {
		return nil, err
	}
	return &atrial{scripted: inner.(*scripted)}, nil
}

func (a *atrial) Standing(r ecg.Rhythm) bool {
	switch r {
	case ecg.AtrialFibrillation:
		return a.af
	case ecg.VentricularRun:
		return a.run
	default:
		return a.scripted.Standing(r)
	}
}

func (a *atrial) Push(microvolts int32, missing bool) []ecg.Finding {
	code := int(microvolts)
	if code != a.code {
		a.code, a.since = code, a.n
	}
	special := code >= scriptAF && code <= scriptRun && !missing
	if special {
		microvolts = 72
	}
	found := a.scripted.Push(microvolts, missing)
	tell := func(f ecg.Finding) {
		f.Known = a.n
		found = append(found, f)
	}
	fibrillates := special && code == scriptAF && a.n-a.since >= 30*scriptHz
	if fibrillates && !a.af {
		tell(ecg.Finding{Kind: ecg.RhythmBegan, Rhythm: ecg.AtrialFibrillation, At: a.since})
	}
	a.af = fibrillates
	a.run = special && code == scriptRun
	if special && a.n%scriptHz == 5 {
		beat := ecg.Finding{Kind: ecg.BeatFound, Beat: ecg.VentricularBeat, At: a.n}
		switch code {
		case scriptPVC:
			tell(beat)
		case scriptCouplet:
			tell(ecg.Finding{Kind: ecg.RhythmBegan, Rhythm: ecg.Couplet, At: a.n, RateBPM: 130})
		case scriptRun:
			tell(ecg.Finding{Kind: ecg.RhythmBegan, Rhythm: ecg.VentricularRun, At: a.n, RateBPM: 90})
		}
	}
	a.n++
	return found
}

func TestAtrialFibrillationIsToldOnce(t *testing.T) {
	with := func(tell func(r *room)) func(r *room) {
		return func(r *room) { r.engine.Analyse(newAtrial); tell(r) }
	}
	check(t, []story{
		{
			name: "after a whole minute of it, and over when it has been gone for another",
			tell: with(func(r *room) { r.last(20, heart(72)); r.last(100, heart(scriptAF)); r.last(200, heart(72)) }),
			want: []string{"80s AF_ONSET raised: irregular for 60 s, the first in 24 h", "183s AF_ONSET closed self"},
		},
		{
			name: "fifty seconds of it are nothing yet",
			tell: with(func(r *room) { r.last(20, heart(72)); r.last(50, heart(scriptAF)); r.last(200, heart(72)) }),
		},
		{
			name: "which does not keep the next one quiet",
			tell: with(func(r *room) {
				r.last(20, heart(72))
				r.last(50, heart(scriptAF))
				r.last(60, heart(72))
				r.last(70, heart(scriptAF))
			}),
			want: []string{"190s AF_ONSET raised: irregular for 60 s, the first in 24 h"},
		},
		{
			name: "a second one within the day is no news",
			tell: with(func(r *room) {
				r.last(20, heart(72))
				r.last(70, heart(scriptAF))
				r.ack(alerts.AFOnset)
				r.last(130, heart(72))
				r.last(200, heart(scriptAF))
			}),
			want: []string{
				"80s AF_ONSET raised: irregular for 60 s, the first in 24 h", "90s AF_ONSET acked",
				"121s AF_ONSET input_lost", "183s AF_ONSET closed resolved",
			},
		},
		{
			name: "switched off while it lasts, it is told at the end of the off",
			tell: with(func(r *room) {
				r.last(20, heart(72))
				r.last(70, heart(scriptAF))
				r.off(alerts.AFOnset, 10*time.Minute)
				r.last(620, heart(scriptAF))
			}),
			want: []string{
				"80s AF_ONSET raised: irregular for 60 s, the first in 24 h", "90s AF_ONSET closed off",
				"690s AF_ONSET raised: irregular for 670 s, and no longer switched off",
			},
		},
		{
			name: "which began while it was switched off, too; not what was over before that",
			tell: with(func(r *room) {
				r.last(20, heart(72))
				r.off(alerts.AFOnset, 10*time.Minute)
				r.last(200, heart(scriptAF))
				r.last(300, heart(72))
				r.last(150, heart(scriptAF))
			}),
			want: []string{"620s AF_ONSET raised: irregular for 100 s, the first in 24 h"},
		},
		{
			name: "noise does not end it, nor does what follows at once",
			tell: with(func(r *room) {
				r.last(20, heart(72))
				r.last(70, heart(scriptAF))
				r.last(40, heart(scriptNois))
				r.last(90, heart(72))
				r.last(120, heart(72))
			}),
			want: []string{
				"80s AF_ONSET raised: irregular for 60 s, the first in 24 h", "110s POOR_SIGNAL raised: artefact, ECG analysis suspended",
				"121s AF_ONSET input_lost", "151s POOR_SIGNAL closed self", "313s AF_ONSET closed self",
			},
		},
	})
}

func TestVentricularBeatsThatAreNoTachycardia(t *testing.T) {
	with := func(tell func(r *room)) func(r *room) {
		return func(r *room) { r.engine.Analyse(newAtrial); r.last(10, heart(72)); tell(r) }
	}
	check(t, []story{
		{
			name: "a run is told at once, low, and is over a minute after the last",
			tell: with(func(r *room) {
				r.last(1, heart(scriptRun))
				r.last(30, heart(72))
				r.last(1, heart(scriptRun))
				r.last(70, heart(72))
			}),
			want: []string{
				"11s VENTRICULAR_RUN raised: three or more ventricular beats at 90/min", "103s VENTRICULAR_RUN closed self",
			},
		},
		{
			name: "couplets are information",
			tell: with(func(r *room) { r.last(1, heart(scriptCouplet)); r.last(70, heart(72)) }),
			want: []string{"11s COUPLET raised: two ventricular beats in a row", "71s COUPLET closed self"},
		},
		{
			name: "ten in a minute are not many, eleven are",
			tell: with(func(r *room) { r.last(10, heart(scriptPVC)); r.last(20, heart(72)); r.last(1, heart(scriptPVC)) }),
			want: []string{"41s PVC_FREQUENT raised: 11 ventricular beats in a minute > 10"},
		},
		{
			name: "a tachycardia explains them",
			tell: with(func(r *room) {
				r.last(10, heart(scriptVT+168))
				r.last(1, heart(scriptRun))
				r.last(1, heart(scriptCouplet))
			}),
			want: []string{"13s VT raised: run at 168/min, 88 % sure"},
		},
	})
}

func TestEarlyWarningScore(t *testing.T) {
	with := func(tell func(r *room)) func(r *room) {
		return func(r *room) { r.scores = true; tell(r) }
	}
	breaths := func(v int64) measured { return value(strap, vitals.RespirationRate, v) }
	staff := func(kind vitals.Kind, v int64) measured { return value(spare, kind, v) }
	quiet := alerts.Changes{ // so that only the score speaks
		alerts.TempHighLimit: vitals.NewDecimal(420, -1), alerts.SystolicLowLimit: vitals.Int(60), alerts.RRHighLimit: vitals.Int(60),
	}
	check(t, []story{
		{
			name: "five minutes of fast breath are three points, and nothing that passes sooner",
			tell: with(func(r *room) { r.set(quiet); r.last(280, breaths(26)); r.last(60, breaths(26)) }),
			want: []string{"300s NEWS2_MEDIUM raised: NEWS2 ≥ 3 (1/7): respiration 3"},
		},
		{
			name: "a partial score raises, but cannot end; a complete one can",
			tell: with(func(r *room) {
				r.set(quiet)
				r.last(1, celsius(395), pressureOf(95, 60))
				r.last(320, breaths(26))
				r.ack(alerts.NEWS2High)
				r.last(900, breaths(16)) // the median is down, but nobody has looked at the patient
				r.last(60, breaths(16), oxygen(97), value(finger, vitals.PulseRate, 70))
				r.last(1, celsius(370), pressureOf(120, 70), staff(vitals.Consciousness, 0), staff(vitals.InhaledOxygen, 0))
				r.last(300, breaths(16), oxygen(97), value(finger, vitals.PulseRate, 70))
			}),
			want: []string{
				"300s NEWS2_HIGH raised: NEWS2 ≥ 7 (3/7): respiration 3, systolic pressure 2, temperature 2",
				"321s NEWS2_HIGH acked", "700s NEWS2_HIGH input_lost", "1520s NEWS2_HIGH closed resolved",
			},
		},
		{
			name: "somebody who is confused is told within ten seconds",
			tell: with(func(r *room) { r.last(1, staff(vitals.Consciousness, 1)) }),
			want: []string{"1s NEWS2_MEDIUM raised: NEWS2 ≥ 3 (1/7): consciousness 3"},
		},
		{
			name: "a value that came alone counts, too, and is missing after its window",
			tell: with(func(r *room) {
				r.last(1, value(meter, vitals.RespirationRate, 26))
				r.last(90)
				r.last(900)
			}),
			want: []string{"70s NEWS2_MEDIUM raised: NEWS2 ≥ 3 (1/7): respiration 3", "930s NEWS2_MEDIUM input_lost"},
		},
		{
			name: "of as many saturations of 97 as of 91 the lower counts",
			tell: with(func(r *room) { r.last(300, oxygen(97)); r.last(310, oxygen(91)) }),
			want: []string{"600s NEWS2_MEDIUM raised: NEWS2 ≥ 3 (1/7): oxygen saturation 3"},
		},
		{
			name: "on scale 2 a saturation of 90 is what is wanted",
			tell: with(func(r *room) {
				r.set(alerts.Changes{alerts.NEWS2Scale: vitals.Int(2), alerts.SpO2LowLimit: vitals.Int(85)})
				r.last(400, oxygen(90))
			}),
		},
		{
			name: "on scale 1 it is not",
			tell: with(func(r *room) { r.last(320, oxygen(90)) }),
			want: []string{"300s NEWS2_MEDIUM raised: NEWS2 ≥ 3 (1/7): oxygen saturation 3"},
		},
	})
}

func TestTheScaleIsAPhysiciansToChoose(t *testing.T) {
	l := alerts.DefaultLimits()
	scale := alerts.Diff(l, l.With(alerts.Changes{alerts.NEWS2Scale: vitals.Int(2)}))
	for role, want := range map[vitals.Role]bool{vitals.Nurse: false, vitals.Charge: false, vitals.Physician: true} {
		if alerts.MayChangeLimits(role, scale) != want {
			t.Errorf("%s: %t", role, !want)
		}
	}
}
