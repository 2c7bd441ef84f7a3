package alerts_test

import (
	"testing"

	"vigil/alerts"
	"vigil/vitals"
)

func TestOxygenConditions(t *testing.T) {
	check(t, []story{
		{
			name: "a little low is told after fifteen seconds",
			tell: func(r *room) { r.last(5, oxygen(97)); r.last(20, oxygen(84)) },
			want: []string{"21s SPO2_LOW raised: SpO₂ 84 < 88 %"},
		},
		{
			name: "lower is told sooner",
			tell: func(r *room) { r.last(5, oxygen(97)); r.last(20, oxygen(79)) },
			want: []string{"16s SPO2_LOW raised: SpO₂ 79 < 88 %"},
		},
		{
			name: "ten percent below the limit is told at once, and only that",
			tell: func(r *room) { r.last(5, oxygen(97)); r.last(30, oxygen(78)) },
			want: []string{"6s SPO2_RAPID_DESAT raised: SpO₂ 78 ≤ 78 %"},
		},
		{
			name: "after the fall has passed, low is still low",
			tell: func(r *room) { r.last(5, oxygen(97)); r.last(5, oxygen(70)); r.last(15, oxygen(82)) },
			want: []string{
				"6s SPO2_RAPID_DESAT raised: SpO₂ 70 ≤ 78 %", "21s SPO2_RAPID_DESAT latched",
				"21s SPO2_LOW raised: SpO₂ 82 < 88 %",
			},
		},
		{
			name: "a dip shorter than its delay is nobody's business",
			tell: func(r *room) {
				r.last(14, oxygen(84))
				r.last(5, oxygen(90))
				r.last(14, oxygen(84))
				r.last(1, oxygen(88))
			},
		},
		{
			name: "two percent above the limit for five seconds end it",
			tell: func(r *room) { r.last(20, oxygen(84)); r.last(30, oxygen(89)); r.last(10, oxygen(90)) },
			want: []string{"16s SPO2_LOW raised: SpO₂ 84 < 88 %", "56s SPO2_LOW closed self"},
		},
		{
			name: "questionable values raise nothing",
			tell: func(r *room) { r.last(60, unsure(oxygen(60))) },
		},
		{
			name: "questionable and absent values end nothing",
			tell: func(r *room) { r.last(20, oxygen(84)); r.last(5, unsure(oxygen(99))); r.last(30, absent(oxygen(0))) },
			want: []string{"16s SPO2_LOW raised: SpO₂ 84 < 88 %", "51s SPO2_LOW input_lost"},
		},
		{
			name: "the off-delay counts known time only",
			tell: func(r *room) {
				r.last(20, oxygen(84))
				r.last(4, oxygen(95))
				r.last(1, unsure(oxygen(95)))
				r.last(6, oxygen(95))
			},
			want: []string{"16s SPO2_LOW raised: SpO₂ 84 < 88 %", "31s SPO2_LOW closed self"},
		},
		{
			name: "a device that measures each half minute outlasts the delay with its second value",
			tell: func(r *room) { r.last(1, oxygen(85)); r.last(29); r.last(1, oxygen(85)) },
			want: []string{"31s SPO2_LOW raised: SpO₂ 85 < 88 %"},
		},
		{
			name: "a second oximeter is heard only when the first falls silent",
			tell: func(r *room) {
				r.last(5, oxygen(97))
				r.last(9, oxygen(97), value(strap, vitals.SpO2, 60))
				r.last(12, value(strap, vitals.SpO2, 60))
			},
			want: []string{
				"25s SPO2_RAPID_DESAT raised: SpO₂ 60 ≤ 78 %", "25s NO_DATA raised: silent for more than 10s",
			},
		},
		{
			name: "where a unit tolerates little oxygen, it waits the less, the deeper it is: ten seconds, five, none",
			tell: func(r *room) {
				r.set(alerts.Changes{alerts.SpO2LowLimit: vitals.Int(80), alerts.RapidDesatBelow: vitals.Int(15)})
				r.last(11, oxygen(79))
				r.last(10, oxygen(97))
				r.set(alerts.Changes{alerts.SpO2LowLimit: vitals.Int(70), alerts.RapidDesatBelow: vitals.Int(15)})
				r.last(9, oxygen(69))
				r.last(10, oxygen(97))
				r.last(1, oxygen(59))
			},
			want: []string{
				"11s SPO2_LOW raised: SpO₂ 79 < 80 %", "17s SPO2_LOW closed self", "27s SPO2_LOW raised: SpO₂ 69 < 70 %",
				"36s SPO2_LOW closed self", "41s SPO2_LOW raised: SpO₂ 59 < 70 %",
			},
		},
	})
}
