package alerts_test

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"vigil/alerts"
	"vigil/vitals"
)

// wave is a second of the scripted wave of an oximeter.
func wave(code int) measured { return heartOf(finger, vitals.Pleth, code) }

// shifted is the same by a clock that is wrong by so much.
func shifted(m measured, by time.Duration) measured {
	return func(r *room, at time.Time) vitals.Batch {
		b := m(r, at)
		b.Waveforms[0].Start = b.Waveforms[0].Start.Add(by)
		return b
	}
}

// What a pulse may dispute.
func TestAPulseThatGoesOnDisputesADoubtfulECG(t *testing.T) {
	check(t, []story{
		{
			name: "fibrillation in a noisy ECG, and the pulse goes on: a nurse is called to the electrodes",
			tell: func(r *room) {
				r.last(20, wave(72), heart(72))
				r.last(20, wave(72), heart(scriptDoubt+scriptVF))
				r.last(12, wave(72), heart(72))
			},
			want: []string{
				"24s ECG_DISPUTED raised: VENTRICULAR FIBRILLATION in the ECG, but pulse 72/min goes on",
				"51s ECG_DISPUTED closed self",
			},
		},
		{
			name: "a standstill in an electrode that lets go",
			tell: func(r *room) {
				r.last(20, wave(72), heart(72))
				r.last(10, wave(72), heart(scriptDoubt+scriptStop))
			},
			want: []string{"24s ECG_DISPUTED raised: ASYSTOLE in the ECG, but pulse 72/min goes on"},
		},
		{
			name: "a run of wide beats at 168, and a pulse of 72",
			tell: func(r *room) {
				r.last(20, wave(72), heart(72))
				r.last(10, wave(72), heart(scriptDoubt+scriptVT+168))
			},
			want: []string{
				"23s ECG_DISPUTED raised: VENTRICULAR TACHYCARDIA in the ECG, but pulse 72/min goes on",
				"26s EXTREME_TACHY raised: HR 168 > 150 /min",
			},
		},
		{
			name: "a rate of 28 where most beats are too small to be counted",
			tell: func(r *room) {
				r.last(20, wave(72), heart(72))
				r.last(20, wave(72), heart(scriptDoubt+28))
			},
			want: []string{"21s ECG_DISPUTED raised: EXTREME BRADYCARDIA in the ECG, but pulse 72/min goes on"},
		},
	})
}

// What no pulse may do.
func TestAPulseThatIsNoProofChangesNothing(t *testing.T) {
	doubtfulVF := heart(scriptDoubt + scriptVF)
	raised := []string{"24s VF raised: 4 s of fibrillation, 97 % sure, poor signal"}
	check(t, []story{
		{
			name: "the ECG is of full quality: the alarm says what the pulse says",
			tell: func(r *room) { r.last(20, wave(72), heart(72)); r.last(5, wave(72), heart(scriptVF)) },
			want: []string{"24s VF raised: 4 s of fibrillation, 97 % sure; pulse 72/min goes on"},
		},
		{
			name: "the pulse has gone",
			tell: func(r *room) { r.last(20, wave(72), heart(72)); r.last(5, wave(pulseGone), doubtfulVF) },
			want: []string{"24s VF raised: 4 s of fibrillation, 97 % sure, poor signal; no pulse"},
		},
		{
			name: "nobody can tell whether there is a pulse",
			tell: func(r *room) { r.last(20, wave(72), heart(72)); r.last(5, wave(pulseUnsure), doubtfulVF) },
			want: raised,
		},
		{
			name: "there is no oximeter",
			tell: func(r *room) { r.last(20, heart(72)); r.last(5, doubtfulVF) },
			want: raised,
		},
		{
			name: "the oximeter fell silent with the rhythm: its last pulse is old news",
			tell: func(r *room) { r.last(20, wave(72), heart(72)); r.last(5, doubtfulVF) },
			want: raised,
		},
		{
			name: "the wave comes in, but five seconds late",
			tell: func(r *room) {
				late := shifted(wave(72), -5*time.Second)
				r.last(20, late, heart(72))
				r.last(5, late, doubtfulVF)
			},
			want: raised,
		},
		{
			name: "chest compressions: pulses that began behind the rhythm",
			tell: func(r *room) {
				r.last(20, wave(72), heart(72))
				r.last(3, wave(pulseGone), doubtfulVF)
				r.last(20, wave(110), doubtfulVF)
			},
			want: raised,
		},
		{
			name: "ventricular tachycardia with a pulse of its own",
			tell: func(r *room) {
				r.last(20, wave(150), heart(150))
				r.last(5, wave(150), heart(scriptDoubt+scriptVT+150))
			},
			want: []string{"18s HR_HIGH raised: HR 150 > 130 /min", "23s VT raised: run at 150/min, 88 % sure, poor signal; pulse 150/min goes on", "23s HR_HIGH suppressed"},
		},
		{
			name: "a slow heart with a slow pulse",
			tell: func(r *room) { r.last(20, wave(28), heart(72)); r.last(5, wave(28), heart(scriptDoubt+28)) },
			want: []string{"24s EXTREME_BRADY raised: HR 28 < 35 /min; pulse 28/min goes on"},
		},
		{
			name: "a pulse that shows up later does not end an alarm, nor what the alarm waits for",
			tell: func(r *room) {
				r.last(20, heart(72))
				r.last(5, doubtfulVF)
				r.last(30, wave(72), doubtfulVF)
				r.ack(alerts.VF)
				r.last(122, wave(72), doubtfulVF)
			},
			want: append(raised[:1:1], "55s VF acked", "175s VF rearmed"),
		},
		{
			name: "an oximeter that was taken to another patient proves nothing here",
			tell: func(r *room) {
				r.last(20, wave(72), heart(72))
				r.engine.Bind([]vitals.DeviceID{patch}, r.now)
				r.last(3, shifted(wave(72), -20*time.Second), doubtfulVF)
				r.last(2, doubtfulVF)
			},
			want: raised,
		},
	})
}

// When the pulse stops while it disputes a rhythm, the rhythm is told within the time that the last
// pulse can be taken for the next one.
func TestADisputeEndsWithThePulse(t *testing.T) {
	r := newRoom(t)
	r.last(20, wave(72), heart(72))
	r.last(6, wave(72), heart(scriptDoubt+scriptVF))
	r.last(6, wave(pulseGone), heart(scriptDoubt+scriptVF))
	if a := r.open(alerts.VF); a.Raised.Sub(start) > 27*time.Second || !a.Onset.Equal(start.Add(20*time.Second)) {
		t.Errorf("raised %s after the start, with onset %s", a.Raised.Sub(start), a.Onset.Sub(start))
	}
}

// An oximeter whose clock is ahead shows the last pulses as if they were later. The clock may be wrong
// by two seconds before that is noticed; the alarm may be late by no more.
func TestAnOximetersClockMayDelayAnAlarmByTwoSecondsOnly(t *testing.T) {
	for _, ahead := range []time.Duration{-10 * time.Second, -time.Second, time.Second, 2 * time.Second, time.Minute} {
		r := newRoom(t)
		r.last(20, shifted(wave(72), ahead), heart(72))
		r.last(1, shifted(wave(72), ahead), heart(scriptDoubt+scriptStop)) // the way of the blood
		r.last(10, shifted(wave(pulseGone), ahead), heart(scriptDoubt+scriptStop))
		if late := r.open(alerts.Asystole).Raised.Sub(start) - 24*time.Second; late > 2*time.Second {
			t.Errorf("a clock that is %s ahead delays the alarm by %s", ahead, late)
		}
	}
}

// physiological is what was told of the patient, without what the pulse adds to it.
func physiological(told []alerts.Transition) []alerts.Transition {
	var out []alerts.Transition
	for _, x := range told {
		if x.Alarm.Condition.Spec().Type == alerts.Physiological {
			x.Alarm.Detail, _, _ = strings.Cut(x.Alarm.Detail, "pulse")
			x.Alarm.Detail = strings.TrimRight(x.Alarm.Detail, "; no")
			out = append(out, x)
		}
	}
	return out
}

// without leaves out what the oximeter sends.
func without(night []step, device vitals.DeviceID) []step {
	var out []step
	for _, s := range night {
		if s.delivery.Batch.Device != device {
			out = append(out, s)
		}
	}
	return out
}

// Whatever the oximeter shows beside an ECG of full quality, and whatever it shows but a steady pulse
// beside any other, the alarms about the patient are those without it.
func TestOnlyASteadyPulseBesideADoubtfulECGCounts(t *testing.T) {
	certain, unsteady := disputed, disputed
	certain.hearts = anything.hearts
	unsteady.pulses = []int{pulseGone, pulseUnsure, -1}
	for name, night := range map[string]drawing{"the ECG is in no doubt": certain, "the pulse is not steady": unsteady} {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				all := night.draw(t, 160)
				for i := range all {
					all[i].ack = false // it would find other alarms open
				}
				with, alone := playAll(newEngine(start), all), playAll(newEngine(start), without(all, finger))
				if diff := cmp.Diff(physiological(alone), physiological(with)); diff != "" {
					t.Fatalf("with the oximeter (-without +with):\n%s", diff)
				}
			})
		})
	}
}

// Whatever happened in the night: a rhythm that the ECG shows and the pulse disputes ends no alarm that
// stood before.
func TestAPulseEndsNothing(t *testing.T) {
	rhythms := map[alerts.Condition]int{
		alerts.VF: scriptVF, alerts.Asystole: scriptStop, alerts.VT: scriptVT + 168, alerts.ExtremeBrady: 28,
	}
	rapid.Check(t, func(t *rapid.T) {
		e := newEngine(start)
		playAll(e, disputed.draw(t, 60))
		c := rapid.SampledFrom([]alerts.Condition{alerts.VF, alerts.Asystole, alerts.VT, alerts.ExtremeBrady}).Draw(t, "rhythm")
		for i := 60; i < 120; i++ {
			at := start.Add(time.Duration(i) * time.Second)
			pulse := scriptedWave(vitals.Pleth, at, uint64(i*scriptHz), 72, scriptHz)
			rhythm := scriptedWave(vitals.ECG, at, uint64(i*scriptHz), scriptDoubt+rhythms[c], scriptHz)
			e.Observe(numbered(i, at.Add(time.Second), vitals.Batch{Device: finger, Waveforms: []vitals.Waveform{pulse}}))
			b := vitals.Batch{Device: patch, Waveforms: []vitals.Waveform{rhythm}}
			for _, x := range e.Observe(numbered(i, at.Add(time.Second), b)).Transitions {
				ends := x.Change == alerts.Latched || x.Change == alerts.Ceased // one that had ended may be released by what explained it
				if recognised := i >= 67; recognised && x.Alarm.Condition == c && ends {
					t.Fatalf("%s %s while the ECG shows it", c, x.Change)
				}
			}
		}
	})
}

// The real detectors: a heart at 72 whose electrode is pulled about, and one that stops.
func TestTheRealDetectorsAgreeWithTheScripts(t *testing.T) {
	for _, tt := range []struct {
		name  string
		stops bool
	}{{"it beats on", false}, {"it stops", true}} {
		t.Run(tt.name, func(t *testing.T) {
			e := alerts.NewEngine(patient)
			bpm := 72.0
			if tt.stops {
				bpm = 0
			}
			electrode := sinus(sinus(nil, 30, 72), 30, bpm)
			random := rand.New(rand.NewPCG(1, 5))
			for i := 30 * 250; i < len(electrode); i++ { // noise in which nothing but the rhythm can be seen
				electrode[i] += int16(random.NormFloat64() * 60)
			}
			var told []alerts.Transition
			for s := range 60 {
				told = append(told, e.Observe(second(s, patch, vitals.ECGII, 250, electrode[s*250:(s+1)*250])).Transitions...)
				told = append(told, e.Observe(second(s, finger, vitals.Pleth, 100, fingerPulse(s, bpm))).Transitions...)
			}
			raised := map[alerts.Condition]string{}
			for _, x := range told {
				if x.Change == alerts.Raised {
					raised[x.Alarm.Condition] = x.Alarm.Detail
				}
			}
			if _, is := raised[alerts.Asystole]; is != tt.stops {
				t.Errorf("raised %v", raised)
			}
		})
	}
}

func second(s int, device vitals.DeviceID, kind vitals.Kind, hz int, samples []int16) vitals.Delivery {
	at := start.Add(time.Duration(s) * time.Second)
	return numbered(s, at.Add(time.Second), vitals.Batch{Device: device, Waveforms: []vitals.Waveform{{
		Kind: kind, Start: at, Rate: vitals.Rate{Num: uint32(hz), Den: 1}, Scale: vitals.Int(1),
		First: uint64(s * hz), Samples: samples,
	}}})
}

// fingerPulse is a second of an oximeter's wave at 100 Hz: 72 pulses per minute for half a minute, then bpm.
func fingerPulse(s int, bpm float64) []int16 {
	out := make([]int16, 100)
	for i := range out {
		t := float64(s) + float64(i)/100
		v := 30 * math.Sin(2*math.Pi*0.25*t)
		if s < 30 || bpm > 0 {
			phase := math.Mod(t, 60/72.0)
			v += 1000 * math.Exp(-(phase-0.25)*(phase-0.25)/(2*0.08*0.08))
		}
		out[i] = int16(v)
	}
	return out
}
