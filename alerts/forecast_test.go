package alerts_test

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"vigil/alerts"
	"vigil/vitals"
)

func TestForecasts(t *testing.T) {
	stories := map[string]struct {
		tell func(l *long)
		want []string // beginnings
	}{
		"a saturation that falls by 4 % an hour is told before it is at the limit, and the hint ends there": {
			tell: func(l *long) {
				l.runs(3, map[vitals.Kind]course{vitals.SpO2: flat(97)})
				l.runs(2.8, map[vitals.Kind]course{vitals.SpO2: falling(97, 4)})
			},
			want: []string{"raised spo2 SpO₂ may reach 91 % in ", "closed spo2 SpO₂ may reach 91 %"},
		},
		"one that stays where it is tells nothing": {
			tell: func(l *long) { l.runs(8, map[vitals.Kind]course{vitals.SpO2: flat(93)}) },
		},
		"one that rises tells nothing, there is no limit above": {
			tell: func(l *long) { l.runs(4, map[vitals.Kind]course{vitals.SpO2: falling(90, -2)}) },
		},
		"a trend that ends is told, and is over two hours later at the latest": {
			tell: func(l *long) {
				l.runs(2, map[vitals.Kind]course{vitals.SpO2: falling(97, 2)})
				l.runs(3, map[vitals.Kind]course{vitals.SpO2: flat(92.6)})
			},
			want: []string{"raised spo2", "closed spo2"},
		},
		"a heart rate that rises to its limit": {
			tell: func(l *long) { l.runs(3.4, map[vitals.Kind]course{vitals.HeartRate: falling(80, -15)}) },
			want: []string{"raised heart_rate HR may reach 130 /min in "},
		},
		"a respiration rate that falls to its limit": {
			tell: func(l *long) { l.runs(3, map[vitals.Kind]course{vitals.RespirationRate: falling(18, 3)}) },
			want: []string{"raised respiration_rate RR may reach 8 /min in "},
		},
		"a respiration rate at which the early warning score comes to five": {
			tell: func(l *long) {
				l.measure(vitals.InhaledOxygen, vitals.Int(2)) // two points
				l.measure(vitals.Consciousness, vitals.Int(0))
				l.measure(vitals.Temperature, vitals.NewDecimal(385, -1)) // one point
				l.runs(2.8, map[vitals.Kind]course{vitals.RespirationRate: falling(12, -2.5)})
			},
			want: []string{"raised respiration_rate RR may reach 21 /min in "},
		},
		"of an hour nobody can say where it tends": {
			tell: func(l *long) { l.runs(1.4, map[vitals.Kind]course{vitals.SpO2: falling(97, 6)}) },
		},
		"nor of hours of which half are missing": {
			tell: func(l *long) {
				for i := range 6 {
					l.runs(0.25, map[vitals.Kind]course{vitals.SpO2: falling(97-2*float64(i), 4)})
					l.lost = true
					l.runs(0.25, map[vitals.Kind]course{vitals.SpO2: flat(0)})
					l.lost = false
				}
			},
		},
		"input that is lost ends no hint until what it foretells is over": {
			tell: func(l *long) {
				l.runs(2.6, map[vitals.Kind]course{vitals.SpO2: falling(98, 2)})
				l.lost = true
				l.runs(2.2, map[vitals.Kind]course{vitals.SpO2: flat(0)})
			},
			want: []string{"raised spo2", "input_lost spo2", "closed spo2"},
		},
		"a patient who is away is hinted nothing about": {
			tell: func(l *long) {
				breath := falling(18, 3)
				l.runs(1.9, map[vitals.Kind]course{vitals.RespirationRate: breath})
				o, _, err := l.engine.Command(alerts.Command{
					Kind: alerts.Standby, ID: "c1", For: alerts.MostStandby, Where: "X-ray", Role: vitals.Nurse, Actor: "n1", ActorName: "N",
				}, l.now)
				if err != nil {
					t.Fatal(err)
				}
				l.take(o)
				l.runs(0.9, map[vitals.Kind]course{vitals.RespirationRate: plus(breath, -5.7)})
			},
		},
	}
	for name, story := range stories {
		t.Run(name, func(t *testing.T) {
			l := newLong(t)
			story.tell(l)
			got := l.hints(alerts.Forecast)
			if !slices.EqualFunc(got, story.want, strings.HasPrefix) {
				t.Fatalf("hinted %q, want %q", got, story.want)
			}
		})
	}
}

// TestAForecastComesBeforeItsAlarm: the hint is of use only before.
func TestAForecastComesBeforeItsAlarm(t *testing.T) {
	l := newLong(t)
	l.runs(3, map[vitals.Kind]course{vitals.HeartRate: flat(80)})
	l.runs(7, map[vitals.Kind]course{vitals.HeartRate: falling(80, -8)})
	hint, alarm := l.at(alerts.Forecast, alerts.Raised), l.at(alerts.HRHigh, alerts.Raised)
	if hint.IsZero() || alarm.Sub(hint) < 15*time.Minute {
		t.Fatalf("hinted at %s, alarmed at %s", hint, alarm)
	}
}

// TestForecastsAreRare draws days at random: a vital is hinted about once in two hours at most.
func TestForecastsAreRare(t *testing.T) {
	hinted := 0
	rapid.Check(t, func(rt *rapid.T) {
		l := newLong(t)
		for range 6 {
			from, to := rapid.IntRange(86, 99).Draw(rt, "from"), rapid.IntRange(86, 99).Draw(rt, "to")
			hours := rapid.Float64Range(0.5, 2.5).Draw(rt, "hours")
			l.runs(hours, map[vitals.Kind]course{vitals.SpO2: falling(float64(from), float64(from-to)/hours)})
		}
		var last time.Time
		for _, x := range l.told {
			if x.Alarm.Condition != alerts.Forecast || x.Change != alerts.Raised {
				continue
			}
			hinted++
			if x.At.Sub(last) < 2*time.Hour-5*time.Minute {
				rt.Fatalf("hinted at %s and at %s", last, x.At)
			}
			last = x.At
		}
	})
	if hinted == 0 {
		t.Fatal("nothing was hinted, so nothing was shown")
	}
}

// line is medians on a line, as many as an outlook is of, with the last at a level.
func line(level, slope float64) []float64 {
	all := make([]float64, 24)
	for i := range all {
		all[i] = level + slope*float64(i-len(all)+1)
	}
	return all
}

// TestAnOutlookIsNotMovedByWrongValues holds for three of twenty-four: four that are the oldest are in so many pairs
// that a trend is no longer sure.
func TestAnOutlookIsNotMovedByWrongValues(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		slope := rapid.Float64Range(0.5, 3).Draw(t, "slope")
		good := line(90, slope)
		bad := slices.Clone(good)
		for _, i := range rapid.SliceOfNDistinct(rapid.IntRange(0, 20), 0, 3, rapid.ID[int]).Draw(t, "wrong") {
			bad[i] = rapid.Float64Range(20, 300).Draw(t, "value")
		}
		target := 90 + 6*slope
		clean, ok := alerts.OutlookOf(good)
		dirty, ok2 := alerts.OutlookOf(bad)
		if !ok || !ok2 || !clean.Clear() || !dirty.Clear() || !dirty.Rises() {
			t.Fatal("a line is no trend")
		}
		was, is := clean.Reach(target), dirty.Reach(target)
		if was.Soonest > is.Latest || is.Soonest > was.Latest {
			t.Fatalf("with wrong values from %s to %s, without from %s to %s", is.Soonest, is.Latest, was.Soonest, was.Latest)
		}
	})
}

// TestWhatIsFartherIsReachedLater holds for whatever medians there are.
func TestWhatIsFartherIsReachedLater(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		medians := rapid.SliceOfN(rapid.Map(rapid.IntRange(19, 200), func(v int) float64 {
			if v == 19 {
				return math.NaN()
			}
			return float64(v)
		}), 24, 48).Draw(t, "medians")
		o, ok := alerts.OutlookOf(medians)
		if !ok {
			return
		}
		by := -1.0
		if o.Rises() {
			by = 1
		}
		var nearer alerts.Reach
		for away := 1.0; away < 200; away += 7 {
			r := o.Reach(100 + by*away)
			if r.Likely < 0 || r.Likely > 1 || math.IsNaN(r.Likely) || r.Soonest > r.Latest || r.Soonest < 0 || r.Latest > 2*time.Hour {
				t.Fatalf("impossible: %+v", r)
			}
			if nearer.Likely > 0 && (r.Likely > nearer.Likely+1e-9 || r.Likely > 0 && r.Soonest < nearer.Soonest) {
				t.Fatalf("what is farther is reached sooner, or more likely: %+v behind %+v", r, nearer)
			}
			nearer = r
		}
	})
}

func TestAnOutlookNeedsWhatItIsMadeOf(t *testing.T) {
	missing := line(90, 1)
	for i := range 7 {
		missing[3*i] = math.NaN()
	}
	old := line(90, 1)
	old[23], old[22] = math.NaN(), math.NaN()
	for name, medians := range map[string][]float64{"none": nil, "too few": line(90, 1)[:17], "gaps": missing, "none lately": old} {
		if _, ok := alerts.OutlookOf(medians); ok {
			t.Errorf("an outlook of %s", name)
		}
	}
	if o, ok := alerts.OutlookOf(line(90, 0)); !ok || o.Clear() {
		t.Error("what does not move tends somewhere")
	}
}
