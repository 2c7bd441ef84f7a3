package alerts_test

import (
	"testing"

	"vigil/vitals"
)

func TestCardiacConditions(t *testing.T) {
	check(t, []story{
		{
			name: "a normal rhythm tells nobody anything",
			tell: func(r *room) { r.last(60, heart(72)) },
		},
		{
			name: "fibrillation is told as soon as it is recognised and latches when it ends",
			tell: func(r *room) { r.last(20, heart(72)); r.last(10, heart(scriptVF)); r.last(20, heart(72)) },
			want: []string{"24s VF raised: 4 s of fibrillation, 97 % sure", "36s VF latched"},
		},
		{
			name: "a standstill says how long there was no beat",
			tell: func(r *room) { r.last(20, heart(72)); r.last(6, heart(scriptStop)) },
			want: []string{"24s ASYSTOLE raised: no QRS for 4 s"},
		},
		{
			name: "a ventricular run names its rate and keeps the rate limits quiet",
			tell: func(r *room) { r.last(20, heart(72)); r.last(30, heart(scriptVT+168)) },
			want: []string{"23s VT raised: run at 168/min, 88 % sure"},
		},
		{
			name: "a run that ended while it was being recognised is told all the same",
			tell: func(r *room) { r.last(20, heart(72)); r.last(3, heart(scriptVT+150)); r.last(9, heart(72)) },
			want: []string{"23s VT raised: run at 150/min, 88 % sure", "29s VT latched"},
		},
		{
			name: "fibrillation recurs within its latched episode",
			tell: func(r *room) {
				r.last(20, heart(72))
				r.last(5, heart(scriptVF))
				r.last(8, heart(72))
				r.last(5, heart(scriptVF))
			},
			want: []string{
				"24s VF raised: 4 s of fibrillation, 97 % sure", "31s VF latched",
				"37s VF recurred: 4 s of fibrillation, 97 % sure",
			},
		},
		{
			name: "a fast heart is told after fifteen seconds, and over once it is slow enough for five",
			tell: func(r *room) { r.last(20, heart(72)); r.last(20, heart(131)); r.last(10, heart(127)) },
			want: []string{"36s HR_HIGH raised: HR 131 > 130 /min", "46s HR_HIGH closed self"},
		},
		{
			name: "fourteen seconds above the limit are nobody's business",
			tell: func(r *room) { r.last(20, heart(72)); r.last(14, heart(140)); r.last(20, heart(72)) },
		},
		{
			name: "a rate within the hysteresis does not end the alarm",
			tell: func(r *room) { r.last(20, heart(140)); r.last(60, heart(128)) },
			want: []string{"18s HR_HIGH raised: HR 140 > 130 /min"},
		},
		{
			name: "an extreme rate is told after five seconds and keeps the limit quiet",
			tell: func(r *room) { r.last(20, heart(72)); r.last(40, heart(160)) },
			want: []string{"26s EXTREME_TACHY raised: HR 160 > 150 /min"},
		},
		{
			name: "when the extreme has passed, the limit is told at once, because the rate was high all along",
			tell: func(r *room) { r.last(20, heart(72)); r.last(20, heart(160)); r.last(15, heart(140)) },
			want: []string{
				"26s EXTREME_TACHY raised: HR 160 > 150 /min", "51s EXTREME_TACHY latched",
				"51s HR_HIGH raised: HR 140 > 130 /min",
			},
		},
		{
			name: "a very slow heart is told after three seconds",
			tell: func(r *room) { r.last(20, heart(72)); r.last(30, heart(28)) },
			want: []string{"24s EXTREME_BRADY raised: HR 28 < 35 /min"},
		},
		{
			name: "a slow heart is told after fifteen seconds",
			tell: func(r *room) { r.last(20, heart(72)); r.last(20, heart(44)) },
			want: []string{"36s HR_LOW raised: HR 44 < 45 /min"},
		},
		{
			name: "fibrillation under an open rate alarm leaves that alarm as it is, but silent",
			tell: func(r *room) { r.last(20, heart(140)); r.last(5, heart(scriptVF)) },
			want: []string{"18s HR_HIGH raised: HR 140 > 130 /min", "24s VF raised: 4 s of fibrillation, 97 % sure", "24s HR_HIGH suppressed"},
		},
		{
			name: "losing the leads does not end a standstill",
			tell: func(r *room) {
				r.last(20, heart(72))
				r.last(6, heart(scriptStop))
				r.last(60, heart(scriptFlat))
				r.last(16, heart(72))
				r.last(6, heart(72))
			},
			want: []string{
				"24s ASYSTOLE raised: no QRS for 4 s", "32s LEADS_OFF raised: check electrodes: flat line",
				"57s ASYSTOLE input_lost", "94s LEADS_OFF closed self", "104s ASYSTOLE latched",
			},
		},
		{
			name: "noise neither raises nor ends anything but says that the analysis is suspended",
			tell: func(r *room) {
				r.last(20, heart(72))
				r.last(5, heart(scriptVF))
				r.last(35, heart(scriptNois))
			},
			want: []string{
				"24s VF raised: 4 s of fibrillation, 97 % sure",
				"45s POOR_SIGNAL raised: artefact, ECG analysis suspended", "56s VF input_lost",
			},
		},
		{
			name: "what comes back true after lost input is the same alarm",
			tell: func(r *room) {
				r.last(20, heart(72))
				r.last(5, heart(scriptVF))
				r.last(20)
				r.last(8, heart(scriptVF))
			},
			want: []string{
				"24s VF raised: 4 s of fibrillation, 97 % sure", "36s NO_DATA raised: silent for more than 10s",
				"36s VF input_lost", "49s VF input_back", "51s NO_DATA closed self",
			},
		},
		{
			name: "a strap's own count is judged while there is no ECG",
			tell: func(r *room) { r.last(20, value(strap, vitals.HeartRate, 140)) },
			want: []string{"16s HR_HIGH raised: HR 140 > 130 /min"},
		},
		{
			name: "a strap's own count is ignored while the ECG gives a rate",
			tell: func(r *room) { r.last(40, heart(72), value(strap, vitals.HeartRate, 140)) },
		},
		{
			name: "the strap takes over when the ECG has given no rate for ten seconds",
			tell: func(r *room) {
				r.last(20, heart(72), value(strap, vitals.HeartRate, 140))
				r.last(40, heart(scriptFlat), value(strap, vitals.HeartRate, 140))
			},
			want: []string{
				"26s LEADS_OFF raised: check electrodes: flat line", "46s HR_HIGH raised: HR 140 > 130 /min",
			},
		},
		{
			name: "another patch takes over when the first falls silent",
			tell: func(r *room) {
				r.last(20, heart(72), heartOf(spare, vitals.ECG, scriptVF))
				r.last(15, heartOf(spare, vitals.ECG, scriptVF))
			},
			want: []string{
				"31s VF raised: ", "31s NO_DATA raised: silent for more than 10s",
			},
		},
		{
			name: "a new patch is judged while the old one lies in a drawer and goes on sending",
			tell: func(r *room) {
				r.last(20, heart(72))
				r.last(20, heart(scriptFlat), heartOf(spare, vitals.ECG, 72))
				r.last(6, heart(scriptFlat), heartOf(spare, vitals.ECG, scriptVF))
			},
			want: []string{
				"26s LEADS_OFF raised: check electrodes: flat line", "44s VF raised: 4 s of fibrillation, 97 % sure",
			},
		},
		{
			name: "a patch of which nothing can be told takes over from no other",
			tell: func(r *room) {
				r.last(20, heart(72), heartOf(spare, vitals.ECG, scriptNois))
				r.last(6, heart(scriptVF), heartOf(spare, vitals.ECG, scriptNois))
				r.last(20, heart(scriptNois), heartOf(spare, vitals.ECG, scriptDoubt+72))
			},
			want: []string{
				"20s POOR_SIGNAL raised: artefact, ECG analysis suspended", "24s VF raised: 4 s of fibrillation, 97 % sure",
				"46s POOR_SIGNAL raised: artefact, ECG analysis suspended", // and VF stands
			},
		},
		{
			name: "of several channels the first one is analysed",
			tell: func(r *room) {
				r.last(20, heartOf(patch, vitals.ECGI, 72), heartOf(patch, vitals.ECGII, scriptVF))
			},
		},
	})
}
