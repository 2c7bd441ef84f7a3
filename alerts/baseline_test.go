package alerts_test

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"vigil/alerts"
	"vigil/vitals"
)

// days is a heart rate that is slower at night.
func days(h float64) float64 { return 70 - 6*math.Cos(2*math.Pi*h/24) }

func plus(c course, by float64) course { return func(h float64) float64 { return c(h) + by } }

func TestBaselines(t *testing.T) {
	rate := func(c course) map[vitals.Kind]course { return map[vitals.Kind]course{vitals.HeartRate: c} }
	stories := map[string]struct {
		tell func(l *long)
		want []string // beginnings
	}{
		"a heart that is 40 faster than in the days before, and then as always": {
			tell: func(l *long) {
				l.runs(72, rate(days))
				l.runs(2, rate(plus(days, 40)))
				l.runs(2, rate(days))
			},
			want: []string{"raised heart_rate HR 104, usually 64 to 76 /min", "closed heart_rate"},
		},
		"for half an hour of a walk it may be": {
			tell: func(l *long) {
				l.runs(72, rate(days))
				l.runs(0.5, rate(plus(days, 40)))
				l.runs(3, rate(days))
			},
		},
		"ten faster makes no difference that counts": {
			tell: func(l *long) { l.runs(72, rate(flat(60))); l.runs(4, rate(flat(70))) },
		},
		"of less than a day nobody can say what is usual": {
			tell: func(l *long) { l.runs(20, rate(days)); l.runs(3, rate(plus(days, 40))) },
		},
		"a heart that is faster since the clock was set back by six hours": {
			tell: func(l *long) {
				l.runs(48, rate(flat(70)))
				l.now = l.now.Add(-6 * time.Hour)
				l.runs(2, rate(flat(110)))
			},
			want: []string{"raised heart_rate HR 110, usually 70 to 70 /min"},
		},
		"a heart that is slower": {
			tell: func(l *long) { l.runs(48, rate(flat(75))); l.runs(2, rate(flat(52))) },
			want: []string{"raised heart_rate HR 52, usually 75 to 75 /min"},
		},
		"a saturation that is higher is no hint, one that is lower is": {
			tell: func(l *long) {
				l.runs(48, map[vitals.Kind]course{vitals.SpO2: flat(93)})
				l.runs(2, map[vitals.Kind]course{vitals.SpO2: flat(99)})
				l.runs(2, map[vitals.Kind]course{vitals.SpO2: flat(89)})
			},
			want: []string{"raised spo2 SpO₂ 89, usually 93 to 93 %"},
		},
		"input that is lost ends nothing": {
			tell: func(l *long) {
				l.runs(48, rate(flat(70)))
				l.runs(2, rate(flat(100)))
				l.lost = true
				l.runs(3, rate(flat(0)))
			},
			want: []string{"raised heart_rate", "input_lost heart_rate"},
		},
		"a temperature above ten of the days before": {
			tell: func(l *long) {
				for range 10 {
					l.measure(vitals.Temperature, vitals.NewDecimal(366, -1))
					l.runs(6, nil)
				}
				l.measure(vitals.Temperature, vitals.NewDecimal(373, -1))
				l.runs(1, nil)
				l.measure(vitals.Temperature, vitals.NewDecimal(366, -1))
				l.runs(1, nil)
			},
			want: []string{"raised temperature Temp 37.3, usually 36.6 to 36.6 °C", "closed temperature"},
		},
		"a pressure below ten of the days before": {
			tell: func(l *long) {
				for i := range 12 {
					l.measure(vitals.Systolic, vitals.Int(int64(130+i%3)))
					l.runs(6, nil)
				}
				l.measure(vitals.Systolic, vitals.Int(105))
				l.runs(1, nil)
			},
			want: []string{"raised systolic SYS 105, usually 130 to 132 mmHg"},
		},
		"what was usual a week ago is forgotten": {
			tell: func(l *long) {
				l.runs(30, rate(flat(110)))
				l.runs(7*24, nil)
				l.runs(30, rate(flat(70)))
			},
		},
	}
	for name, story := range stories {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLong(t)
			story.tell(l)
			got := l.hints(alerts.OffBaseline)
			if !slices.EqualFunc(got, story.want, strings.HasPrefix) {
				t.Fatalf("hinted %q, want %q", got, story.want)
			}
		})
	}
}

// TestWhatIsUsualOutlivesTheServer: another engine knows of the days before, which nobody reads again.
func TestWhatIsUsualOutlivesTheServer(t *testing.T) {
	l := newLong(t)
	l.runs(72, map[vitals.Kind]course{vitals.HeartRate: days})
	l.restarts()
	l.runs(1.5, map[vitals.Kind]course{vitals.HeartRate: plus(days, 40)})
	if got := l.at(alerts.OffBaseline, alerts.Raised); got.IsZero() || got.Sub(start) > 74*time.Hour {
		t.Fatalf("hinted %s behind the start: %q", got.Sub(start), l.hints(alerts.OffBaseline))
	}
}
