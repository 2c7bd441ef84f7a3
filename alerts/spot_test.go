package alerts_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"vigil/alerts"
	"vigil/vitals"
)

const (
	cuff        = vitals.DeviceID("a09e1a000007")
	thermometer = vitals.DeviceID("a09e1a000008")
	meter       = vitals.DeviceID("a09e1a000009")
)

// pressureOf is one measurement of the cuff; a zero diastolic is none.
func pressureOf(sys, dia int64) measured {
	return func(_ *room, at time.Time) vitals.Batch {
		b := vitals.Batch{Device: cuff, Readings: []vitals.Reading{{Kind: vitals.Systolic, Time: at, Value: vitals.Int(sys)}}}
		if dia > 0 {
			b.Readings = append(b.Readings, vitals.Reading{Kind: vitals.Diastolic, Time: at, Value: vitals.Int(dia)})
		}
		return b
	}
}

// together is what one device measured more than once and tells of at once.
func together(all ...measured) measured {
	return func(r *room, at time.Time) (b vitals.Batch) {
		for _, m := range all {
			of := m(r, at)
			b.Device, b.Readings = of.Device, append(b.Readings, of.Readings...)
		}
		return b
	}
}

// celsius is a temperature in tenths.
func celsius(tenths int64) measured {
	return func(_ *room, at time.Time) vitals.Batch {
		return vitals.Batch{Device: thermometer, Readings: []vitals.Reading{{Kind: vitals.Temperature, Time: at, Value: vitals.NewDecimal(tenths, -1)}}}
	}
}

// sugar is a glucose of the meter in mg/dL.
func sugar(v int64) measured { return value(meter, vitals.Glucose, v) }

// saying replaces a value by what a meter says instead of one.
func saying(m measured, why vitals.Absence) measured {
	return func(r *room, at time.Time) vitals.Batch {
		b := m(r, at)
		b.Readings[0].Absent = why
		return b
	}
}

// kilograms is a weight in tenths.
func kilograms(tenths int64) measured {
	return func(_ *room, at time.Time) vitals.Batch {
		return vitals.Batch{Device: scale, Readings: []vitals.Reading{{Kind: vitals.Weight, Time: at, Value: vitals.NewDecimal(tenths, -1)}}}
	}
}

// old makes what is measured so old when it comes.
func old(age time.Duration, m measured) measured {
	return func(r *room, at time.Time) vitals.Batch {
		b := m(r, at.Add(-age))
		return b
	}
}

// later lets the time pass without a tick in between: of the days between two weights nobody wants to hear.
func (r *room) later(d time.Duration) {
	r.now = r.now.Add(d)
	r.take(r.engine.Tick(r.now))
}

func TestTemperature(t *testing.T) {
	check(t, []story{
		{
			name: "a fever is told after two minutes, and is over with the next value",
			tell: func(r *room) { r.last(1, celsius(391)); r.last(200); r.last(1, celsius(388)) },
			want: []string{"120s TEMP_HIGH raised: temperature 39.1 ≥ 39.1 °C", "202s TEMP_HIGH closed self"},
		},
		{
			name: "which must be two tenths below the limit",
			tell: func(r *room) { r.last(1, celsius(391)); r.last(200); r.last(1, celsius(390)); r.last(60) },
			want: []string{"120s TEMP_HIGH raised: temperature 39.1 ≥ 39.1 °C"},
		},
		{
			name: "a second value refutes a thermometer from the sun",
			tell: func(r *room) { r.last(1, celsius(410)); r.last(60); r.last(1, celsius(368)); r.last(300) },
		},
		{
			name: "somebody who is cold",
			tell: func(r *room) { r.last(1, celsius(350)); r.last(150) },
			want: []string{"120s TEMP_LOW raised: temperature 35.0 ≤ 35.0 °C"},
		},
		{
			name: "after four hours nobody knows, and nothing is over",
			tell: func(r *room) {
				r.last(1, celsius(391))
				r.last(200)
				r.later(4 * time.Hour)
				r.last(30)
			},
			want: []string{"120s TEMP_HIGH raised: temperature 39.1 ≥ 39.1 °C", "14601s TEMP_HIGH input_lost"},
		},
	})
}

func TestBloodPressure(t *testing.T) {
	check(t, []story{
		{
			name: "high, and nobody measures again: told after five minutes",
			tell: func(r *room) { r.last(1, pressureOf(185, 100)); r.last(305) },
			want: []string{"300s BP_HIGH raised: systolic 185 ≥ 180 mmHg"},
		},
		{
			name: "high twice: told at once",
			tell: func(r *room) {
				r.last(1, pressureOf(185, 100))
				r.last(60)
				r.last(1, pressureOf(182, 100))
				r.last(300)
			},
			want: []string{"62s BP_HIGH raised: systolic 182 ≥ 180 mmHg"},
		},
		{
			name: "high once, then not: told never",
			tell: func(r *room) {
				r.last(1, pressureOf(185, 100))
				r.last(60)
				r.last(1, pressureOf(150, 90))
				r.last(400)
			},
		},
		{
			name: "the diastolic alone is high",
			tell: func(r *room) { r.last(1, pressureOf(150, 120)); r.last(305) },
			want: []string{"300s BP_HIGH raised: diastolic 120 ≥ 120 mmHg"},
		},
		{
			name: "a normal systolic does not end what the diastolic raised, in whatever order they are judged",
			tell: func(r *room) {
				r.last(1, pressureOf(150, 125))
				r.last(305)
				r.last(1, pressureOf(150, 122))
				r.last(5, pressureOf(150, 0)) // a device that does not measure it
				r.last(1, pressureOf(150, 90))
			},
			want: []string{"300s BP_HIGH raised: diastolic 125 ≥ 120 mmHg", "313s BP_HIGH closed self"},
		},
		{
			name: "low, and later normal",
			tell: func(r *room) { r.last(1, pressureOf(90, 50)); r.last(305); r.last(1, pressureOf(110, 60)) },
			want: []string{"300s BP_LOW raised: systolic 90 ≤ 90 mmHg", "307s BP_LOW closed self"},
		},
		{
			name: "acknowledged and still high after ten minutes: told again",
			tell: func(r *room) { r.last(1, pressureOf(185, 100)); r.last(305); r.ack(alerts.BPHigh); r.last(610) },
			want: []string{"300s BP_HIGH raised: systolic 185 ≥ 180 mmHg", "306s BP_HIGH acked", "906s BP_HIGH rearmed"},
		},
		{
			name: "a value that comes hours late is news, while it is the newest",
			tell: func(r *room) { r.last(1, old(3*time.Hour, pressureOf(190, 100))); r.last(5) },
			want: []string{"1s BP_HIGH raised: systolic 190 ≥ 180 mmHg"},
		},
		{
			name: "but not when a newer one is known, or it is older than four hours",
			tell: func(r *room) {
				r.last(1, old(5*time.Hour, pressureOf(190, 100)))
				r.last(1, pressureOf(120, 80))
				r.last(1, old(time.Hour, pressureOf(190, 100)))
				r.last(400)
			},
		},
		{
			name: "high twice, and the cuff tells of both when it is near its hub",
			tell: func(r *room) {
				r.last(1, together(old(2*time.Minute, pressureOf(185, 100)), pressureOf(182, 100)))
				r.last(300)
			},
			want: []string{"1s BP_HIGH raised: systolic 182 ≥ 180 mmHg"},
		},
		{
			name: "high once and then not, and the cuff tells of both in whatever order",
			tell: func(r *room) {
				r.last(1, together(pressureOf(150, 90), old(10*time.Minute, pressureOf(185, 100))))
				r.last(400)
			},
		},
		{
			name: "acknowledged, and higher by 20 twice: told again at once",
			tell: func(r *room) {
				r.last(1, pressureOf(185, 100))
				r.last(305)
				r.ack(alerts.BPHigh)
				r.last(1, pressureOf(206, 100))
				r.last(60)
				r.last(1, pressureOf(207, 100))
			},
			want: []string{"300s BP_HIGH raised: systolic 185 ≥ 180 mmHg", "306s BP_HIGH acked", "368s BP_HIGH worsened"},
		},
		{
			name: "acknowledged, and higher by 20 once: not told again",
			tell: func(r *room) {
				r.last(1, pressureOf(185, 100))
				r.last(305)
				r.ack(alerts.BPHigh)
				r.last(1, pressureOf(206, 100))
				r.last(60)
				r.last(1, pressureOf(186, 100))
				r.last(60)
				r.last(1, pressureOf(206, 100))
			},
			want: []string{"300s BP_HIGH raised: systolic 185 ≥ 180 mmHg", "306s BP_HIGH acked"},
		},
		{
			name: "put off until the next measurement, which is as high",
			tell: func(r *room) {
				r.last(1, pressureOf(185, 100))
				r.last(305)
				r.snooze(alerts.BPHigh, 0)
				r.later(time.Hour)
				r.last(1, pressureOf(186, 100))
			},
			want: []string{"300s BP_HIGH raised: systolic 185 ≥ 180 mmHg", "306s BP_HIGH snoozed", "3907s BP_HIGH rearmed"},
		},
		{
			name: "which comes hardly a day later",
			tell: func(r *room) {
				r.last(1, pressureOf(185, 100))
				r.last(305)
				r.snooze(alerts.BPHigh, 0)
				r.later(23*time.Hour + 20*time.Minute)
				r.last(1, pressureOf(186, 100))
			},
			want: []string{
				"300s BP_HIGH raised: systolic 185 ≥ 180 mmHg", "306s BP_HIGH snoozed", "84306s BP_HIGH input_lost",
				"84307s BP_HIGH input_back", "84307s BP_HIGH rearmed",
			},
		},
		{
			name: "questionable values say nothing",
			tell: func(r *room) { r.last(1, unsure(pressureOf(190, 0))); r.last(400) },
		},
		{
			name: "a unit that does not wait",
			tell: func(r *room) {
				r.set(alerts.Changes{alerts.BPHighConfirm: vitals.Int(0), alerts.SystolicHighLimit: vitals.Int(160)})
				r.last(1, pressureOf(165, 90))
			},
			want: []string{"1s BP_HIGH raised: systolic 165 ≥ 160 mmHg"},
		},
	})
}

func TestGlucose(t *testing.T) {
	check(t, []story{
		{
			name: "very low is told at once, and only that",
			tell: func(r *room) { r.last(1, sugar(53)); r.last(60) },
			want: []string{"1s GLUCOSE_VERY_LOW raised: glucose 53 < 54 mg/dL"},
		},
		{
			name: "treated: very low latches, low is still low, then over",
			tell: func(r *room) {
				r.last(1, sugar(50))
				r.last(300)
				r.last(1, sugar(62))
				r.last(300)
				r.last(1, sugar(90))
				r.ack(alerts.GlucoseVeryLow)
			},
			want: []string{
				"1s GLUCOSE_VERY_LOW raised: glucose 50 < 54 mg/dL", "302s GLUCOSE_VERY_LOW latched",
				"302s GLUCOSE_LOW raised: glucose 62 < 70 mg/dL", "603s GLUCOSE_LOW closed self", "603s GLUCOSE_VERY_LOW closed ack",
			},
		},
		{
			name: "high is above 250, not what follows a meal",
			tell: func(r *room) {
				r.last(1, sugar(250))
				r.last(60)
				r.last(1, sugar(251))
				r.last(60)
				r.last(1, sugar(245))
			},
			want: []string{"62s GLUCOSE_HIGH raised: glucose 251 > 250 mg/dL", "123s GLUCOSE_HIGH closed self"},
		},
		{
			name: "a meter that says LO says enough",
			tell: func(r *room) { r.last(1, saying(sugar(0), vitals.NegativeInfinity)) },
			want: []string{"1s GLUCOSE_VERY_LOW raised: glucose lower than the meter can measure, < 54 mg/dL"},
		},
		{
			name: "and so does one that says HI, but not one that says nothing",
			tell: func(r *room) {
				r.last(1, saying(sugar(0), vitals.PositiveInfinity))
				r.last(1, saying(sugar(0), vitals.DeviceError))
			},
			want: []string{"1s GLUCOSE_HIGH raised: glucose higher than the meter can measure, > 250 mg/dL"},
		},
		{
			name: "after twenty minutes nobody knows, and nothing is over",
			tell: func(r *room) { r.last(1, sugar(60)); r.last(1250) },
			want: []string{"1s GLUCOSE_LOW raised: glucose 60 < 70 mg/dL", "1211s GLUCOSE_LOW input_lost"},
		},
	})
}

func TestWeightGain(t *testing.T) {
	each := func(r *room, kg ...int64) {
		for _, w := range kg {
			r.last(1, kilograms(w))
			r.later(24*time.Hour - time.Second)
		}
	}
	check(t, []story{
		{
			name: "a kilogram in a day, gone with the next weight",
			tell: func(r *room) { each(r, 740, 750, 742) },
			want: []string{
				"86401s WEIGHT_GAIN raised: +1.0 ≥ 1.0 kg within 24 h: 74.0 → 75.0 kg", "172801s WEIGHT_GAIN closed self",
			},
		},
		{
			name: "two kilograms in three days, never one in a day",
			tell: func(r *room) { each(r, 740, 747, 754, 760) },
			want: []string{"259201s WEIGHT_GAIN raised: +2.0 ≥ 2.0 kg within 3 days: 74.0 → 76.0 kg"},
		},
		{
			name: "slowly, over a week",
			tell: func(r *room) { each(r, 740, 744, 748, 752, 756, 759, 763) },
			want: []string{"518401s WEIGHT_GAIN raised: +2.3 ≥ 2.3 kg within 7 days: 74.0 → 76.3 kg"},
		},
		{
			name: "a heavy supper is no gain",
			tell: func(r *room) { r.last(1, kilograms(740)); r.later(11 * time.Hour); r.last(1, kilograms(752)) },
		},
		{
			name: "half an hour later than yesterday is a day, too",
			tell: func(r *room) {
				r.last(1, kilograms(740))
				r.later(24*time.Hour + 30*time.Minute)
				r.last(1, kilograms(751))
			},
			want: []string{"88202s WEIGHT_GAIN raised: +1.1 ≥ 1.0 kg within 24 h: 74.0 → 75.1 kg"},
		},
		{
			name: "a child on the scale is not the patient's lowest weight",
			tell: func(r *room) { each(r, 740, 741, 400, 742) },
		},
		{
			name: "a first weight says nothing",
			tell: func(r *room) { r.last(5, kilograms(740)) },
		},
	})
}

func TestRespirationConditions(t *testing.T) {
	breaths := func(v int64) measured { return value(strap, vitals.RespirationRate, v) }
	check(t, []story{
		{
			name: "fast for half a minute",
			tell: func(r *room) { r.last(40, breaths(31)); r.last(15, breaths(28)) },
			want: []string{"31s RR_HIGH raised: RR 31 > 30 /min", "51s RR_HIGH closed self"},
		},
		{
			name: "slow for half a minute",
			tell: func(r *room) { r.last(40, breaths(7)) },
			want: []string{"31s RR_LOW raised: RR 7 < 8 /min"},
		},
		{
			name: "no breath is told at once, and only that",
			tell: func(r *room) { r.last(5, breaths(12)); r.last(40, breaths(0)) },
			want: []string{"6s APNEA raised: no breath"},
		},
		{
			name: "so is one breath in half a minute; it latches",
			tell: func(r *room) { r.last(1, breaths(2)); r.last(15, breaths(12)); r.ack(alerts.Apnea) },
			want: []string{"1s APNEA raised: RR 2 ≤ 2 /min", "12s APNEA latched", "16s APNEA closed ack"},
		},
		{
			name: "a device that cannot tell raises and ends nothing",
			tell: func(r *room) { r.last(1, breaths(0)); r.last(20, unsure(breaths(12))); r.last(20, absent(breaths(0))) },
			want: []string{"1s APNEA raised: no breath", "32s APNEA input_lost"},
		},
		{
			name: "where twenty seconds are too long, so is a breath in twenty",
			tell: func(r *room) { r.set(alerts.Changes{alerts.ApneaAfter: vitals.Int(20)}); r.last(1, breaths(3)) },
			want: []string{"1s APNEA raised: RR 3 ≤ 3 /min"},
		},
	})
}

func TestMissedReadings(t *testing.T) {
	check(t, []story{
		{
			name: "a daily weight is missed after two days, until it comes",
			tell: func(r *room) {
				r.set(alerts.Changes{alerts.WeightEvery: vitals.Int(24)})
				r.last(1, kilograms(740))
				r.later(47 * time.Hour)
				r.later(time.Hour + time.Second)
				r.last(1, kilograms(740))
			},
			want: []string{"172802s MISSED_READING raised: no weight for 2 days", "172803s MISSED_READING closed self"},
		},
		{
			name: "a pressure each eight hours is missed after twelve",
			tell: func(r *room) {
				r.set(alerts.Changes{alerts.PressureEvery: vitals.Int(8)})
				r.last(1, pressureOf(120, 80))
				r.later(12*time.Hour + time.Second)
			},
			want: []string{"43202s MISSED_READING raised: no blood pressure for 12 h"},
		},
		{
			name: "who never measured is waited for since their data is known",
			tell: func(r *room) {
				r.set(alerts.Changes{alerts.GlucoseEvery: vitals.Int(4)})
				r.engine.Recall(nil, start.Add(-5*time.Hour), start)
				r.last(3700)
			},
			want: []string{"3601s MISSED_READING raised: no glucose for 6 h"},
		},
		{
			name: "and not at all where that is not known",
			tell: func(r *room) { r.set(alerts.Changes{alerts.GlucoseEvery: vitals.Int(4)}); r.later(48 * time.Hour) },
		},
		{
			name: "what is planned no longer is not missed",
			tell: func(r *room) {
				r.set(alerts.Changes{alerts.WeightEvery: vitals.Int(24)})
				r.last(1, kilograms(740))
				r.later(49 * time.Hour)
				r.set(alerts.Changes{})
				r.last(1)
			},
			want: []string{"176401s MISSED_READING raised: no weight for 2 days", "176402s MISSED_READING closed self"},
		},
	})
}

// A server that is killed at any time, and recalls what is stored, tells the same episodes of single values:
// none is lost, none is told twice under another name, and none ends otherwise.
func TestACrashNeitherLosesNorRepeatsASingleValue(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const minutes = 20
		var readings []vitals.Delivery
		for m := range minutes {
			at := start.Add(time.Duration(m)*time.Minute + 3*time.Second)
			switch rapid.IntRange(0, 6).Draw(t, "what") {
			case 0:
				readings = append(readings, delivered(at, pressureOf(rapid.SampledFrom([]int64{80, 120, 190}).Draw(t, "systolic"), 90)(nil, at)))
			case 1:
				readings = append(readings, delivered(at, celsius(rapid.SampledFrom([]int64{345, 370, 392}).Draw(t, "tenths"))(nil, at)))
			case 2:
				readings = append(readings, delivered(at, sugar(rapid.SampledFrom([]int64{50, 65, 120, 300}).Draw(t, "glucose"))(nil, at)))
			default:
			}
		}
		killed := rapid.IntRange(0, minutes*60-1).Draw(t, "killed in second")
		whole, broken := newBook(), newBook()
		run := func(b *book, e *alerts.Engine, from, ticks, to int) {
			for s := from; s < to; s++ {
				now := start.Add(time.Duration(s+1) * time.Second)
				for _, d := range readings {
					if d.Received.After(now.Add(-time.Second)) && !d.Received.After(now) {
						for _, x := range e.Observe(d).Transitions {
							b.again(t, x)
						}
					}
				}
				if s < ticks {
					continue // the journal again
				}
				for _, x := range e.Tick(now).Transitions {
					b.again(t, x)
				}
			}
		}
		run(whole, newEngine(start), 0, 0, minutes*60)

		run(broken, newEngine(start), 0, 0, killed)
		at := start.Add(time.Duration(killed) * time.Second)
		second := newEngine(at)
		second.Restore(broken.list())
		var stored []vitals.Charted
		for _, d := range readings {
			if !d.Received.After(at) {
				for _, r := range d.Batch.Readings {
					stored = append(stored, vitals.Charted{Patient: patient, Device: d.Batch.Device, Reading: r})
				}
			}
		}
		second.Recall(stored, start, at)
		run(broken, second, max(0, killed-45), killed, minutes*60)
		want, got := whole.episodes(), broken.episodes()
		for _, c := range alerts.Conditions() {
			if len(want[c]) != len(got[c]) {
				t.Fatalf("%s: %v, with a crash %v", c, want[c], got[c])
			}
			for i := range want[c] {
				if !want[c][i].Equal(got[c][i]) {
					t.Fatalf("%s: %v, with a crash %v", c, want[c], got[c])
				}
			}
		}
		for _, a := range whole.list() {
			if after := broken.alarms[a.ID]; after.State != a.State {
				t.Fatalf("%s ends as %s, not as %s", a.Condition, after.State, a.State)
			}
		}
	})
}
