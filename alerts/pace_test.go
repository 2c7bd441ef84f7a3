package alerts_test

import (
	"testing"
	"time"

	"vigil/vitals"
)

// checked is what an oximeter says that is put on for a check: one saturation and one pulse rate.
func checked(percent, rate int64) measured {
	return func(_ *room, at time.Time) vitals.Batch {
		return vitals.Batch{Device: oximeter, Readings: []vitals.Reading{
			{Kind: vitals.SpO2, Time: at, Value: vitals.Int(percent)},
			{Kind: vitals.PulseRate, Time: at, Value: vitals.Int(rate)},
		}}
	}
}

func TestOnlyWhatStreamsIsMissed(t *testing.T) {
	check(t, []story{
		{
			name: "an oximeter that is put on for a check, and again an hour later",
			tell: func(r *room) { r.last(1, checked(97, 72)); r.last(3600); r.last(1, checked(96, 75)); r.last(600) },
		},
		{
			name: "a low saturation of a check is told, and nobody is told that the oximeter is silent",
			tell: func(r *room) { r.last(1, checked(55, 72)); r.last(9) },
			want: []string{"1s SPO2_RAPID_DESAT raised: SpO₂ 55 ≤ 78 %"},
		},
		{
			name: "checked twice within twelve seconds, to be sure",
			tell: func(r *room) { r.last(1, checked(91, 72)); r.last(11); r.last(1, checked(97, 72)); r.last(600) },
		},
		{
			name: "two values within ten seconds are a stream",
			tell: func(r *room) { r.last(1, oxygen(97)); r.last(8); r.last(1, oxygen(97)); r.last(20) },
			want: []string{"21s NO_DATA raised: silent for more than 10s"},
		},
		{
			name: "a stream that has sent two values is missed",
			tell: func(r *room) { r.last(2, oxygen(97)); r.last(20) },
			want: []string{"13s NO_DATA raised: silent for more than 10s"},
		},
		{
			name: "a check that comes twice is one",
			tell: func(r *room) {
				again := checked(97, 72)(r, start)
				r.take(r.engine.Observe(delivered(start, again)))
				r.take(r.engine.Observe(delivered(start.Add(time.Second), again)))
				r.last(60)
			},
		},
		{
			name: "a second of a wave is a stream",
			tell: func(r *room) { r.last(1, heart(72)); r.last(20) },
			want: []string{"12s NO_DATA raised: silent for more than 10s"},
		},
		{
			name: "a monitor without a hub that sends each two seconds is missed, and is back with its next value",
			tell: func(r *room) { r.alone(10, 2*time.Second); r.last(25); r.alone(6, 2*time.Second) },
			want: []string{"29s NO_DATA raised: silent for more than 10s", "51s NO_DATA closed self"},
		},
		{
			name: "known to stream before a restart, a monitor without a hub is not missed while it sends",
			tell: func(r *room) { r.engine.Streamed(oximeter); r.alone(60, 2*time.Second) },
		},
		{
			name: "values that come all at once, a minute of them, are no stream",
			tell: func(r *room) {
				for i := range 30 {
					b := oxygen(97)(r, start.Add(time.Duration(2*i-60)*time.Second))
					d := delivered(r.now, b)
					d.Stream = vitals.Stream{}
					r.take(r.engine.Observe(d))
				}
				r.last(120)
			},
		},
		{
			name: "a recording of a watch, which comes in pieces, is no stream",
			tell: func(r *room) {
				for i := range 30 {
					d := delivered(r.now, heart(72)(r, start.Add(time.Duration(i-30)*time.Second)))
					d.Stream = vitals.Stream{}
					r.take(r.engine.Observe(d))
				}
				r.last(120)
			},
		},
	})
}

// alone lets the oximeter send a saturation so many times without a hub.
func (r *room) alone(times int, each time.Duration) {
	for range times {
		d := delivered(r.now, oxygen(97)(r, r.now))
		d.Stream = vitals.Stream{}
		r.take(r.engine.Observe(d))
		r.last(int(each / time.Second))
	}
}
