package alerts_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"vigil/alerts"
	"vigil/vitals"
)

// A night in New York, counted by hand: from 22:00 on the 13th, by UTC 2:00 on the 14th.
//
//	21:59  A1  HR HIGH   sounded, two calls, taken after 60 s, a wrong limit; late shift
//	22:00  A1  ASYSTOLE  sounded, taken after 10 s, an artefact
//	23:00  A1  SPO2 LOW  over by itself
//	02:00  A2  ASYSTOLE  sounded, seven calls up to the physician, taken after 30 s, actioned, told again twice
//	05:59  A1  SPO2 LOW  four calls up to the charge nurse, still open, nobody took it
//	06:00  A2  HR HIGH   taken after 120 s, early shift
//	06:30  A2  COUPLET   for information
//
// A1 is there from 21:00 on, A2 from midnight. HR HIGH of A1 was brief 11 times by 22:30. Between 5:50 and 6:20 nobody
// could hear a station.
func countedNight(t *testing.T) alerts.Period {
	t.Helper()
	zone, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	at := func(day, hour, minute int) time.Time { return time.Date(2026, 3, day, hour, minute, 0, 0, zone).UTC() }
	course := func(bed string, c alerts.Condition, raised time.Time, wait time.Duration, reason alerts.CloseReason) alerts.Course {
		one := alerts.Course{
			Place: alerts.Place{Unit: "west", Bed: bed, Zone: zone},
			Alarm: alerts.Alarm{Patient: vitals.PatientID(bed), Condition: c, Priority: c.Spec().Priority, Raised: raised, Reason: reason},
		}
		if wait > 0 {
			one.Acked = raised.Add(wait)
		}
		return one
	}
	night := []alerts.Course{
		course("A1", alerts.HRHigh, at(13, 21, 59), 60*time.Second, alerts.ClosedResolved),
		course("A1", alerts.Asystole, at(13, 22, 0), 10*time.Second, alerts.ClosedAck),
		course("A1", alerts.SpO2Low, at(13, 23, 0), 0, alerts.ClosedSelf),
		course("A2", alerts.Asystole, at(14, 2, 0), 30*time.Second, ""),
		course("A1", alerts.SpO2Low, at(14, 5, 59), 0, ""),
		course("A2", alerts.HRHigh, at(14, 6, 0), 120*time.Second, alerts.ClosedResolved),
		course("A2", alerts.Couplet, at(14, 6, 30), 0, ""),
	}
	night[0].Sounded, night[0].Notified, night[0].Alarm.AckReason = true, 2, alerts.WrongLimit
	night[1].Sounded, night[1].Alarm.AckReason = true, alerts.Artefact
	night[3].Sounded, night[3].Notified, night[3].Step, night[3].Alarm.AckReason, night[3].Again = true, 7, 3, alerts.Actioned, 2
	night[4].Notified, night[4].Step = 4, 2
	place := func(bed string) alerts.Place { return alerts.Place{Unit: "west", Bed: bed, Zone: zone} }
	return alerts.Period{
		From: at(13, 21, 0), To: at(14, 9, 0), Courses: night,
		Untold: []alerts.Untold{{place("A1"), alerts.Dropped{Patient: "A1", Condition: alerts.HRHigh, To: at(13, 22, 30), Times: 11}}},
		Stays: []alerts.Stay{
			{Place: place("A1"), Patient: "A1", From: at(13, 21, 0), To: at(14, 9, 0)},
			{Place: place("A2"), Patient: "A2", From: at(14, 0, 0), To: at(14, 9, 0)},
		},
		Silences: []alerts.Silence{{place(""), at(14, 5, 50), at(14, 6, 20)}},
	}
}

// hours is so many of them in days.
func hours(n float64) float64 { return n / 24 }

func TestANightIsReportedAsItWasCounted(t *testing.T) {
	night := countedNight(t)
	s := time.Second
	high := map[alerts.Priority]alerts.AckDelays{alerts.High: {Acked: 2, P50: 10 * s, P90: 30 * s, P95: 30 * s, P99: 30 * s}}
	one := func(p alerts.Priority, wait time.Duration) map[alerts.Priority]alerts.AckDelays {
		return map[alerts.Priority]alerts.AckDelays{p: {Acked: 1, P50: wait, P90: wait, P95: wait, P99: wait}}
	}
	both := func(h, m time.Duration) map[alerts.Priority]alerts.AckDelays {
		return map[alerts.Priority]alerts.AckDelays{alerts.High: one(alerts.High, h)[alerts.High], alerts.Medium: one(alerts.Medium, m)[alerts.Medium]}
	}
	none := map[alerts.Priority]alerts.AckDelays{}
	type reasons = map[alerts.AckReason]int
	all := reasons{alerts.WrongLimit: 1, alerts.Artefact: 1, alerts.Actioned: 1}
	a1 := alerts.ReportGroup{
		Raised: 4, Acked: 2, SelfCleared: 1, Sounded: 2, Notified: 6, Escalated: 1, Dropped: 11, BedDays: hours(12),
		Reasons: reasons{alerts.WrongLimit: 1, alerts.Artefact: 1}, Delays: both(10*s, 60*s),
	}
	a2 := alerts.ReportGroup{
		Raised: 2, Acked: 2, Again: 2, Sounded: 1, Notified: 7, Escalated: 1, Last: 1, BedDays: hours(9),
		Reasons: reasons{alerts.Actioned: 1}, Delays: both(30*s, 120*s),
	}
	named := func(key string, g alerts.ReportGroup) alerts.ReportGroup { g.Key = key; return g }
	for by, want := range map[alerts.ReportBy][]alerts.ReportGroup{
		alerts.ByUnit: {{
			Key: "west", Raised: 6, Acked: 4, SelfCleared: 1, Again: 2, Sounded: 3, Notified: 13, Escalated: 2, Last: 1, Dropped: 11,
			BedDays: hours(21), Silent: 30 * time.Minute, Reasons: all, Delays: map[alerts.Priority]alerts.AckDelays{
				alerts.High: high[alerts.High], alerts.Medium: {Acked: 2, P50: 60 * s, P90: 120 * s, P95: 120 * s, P99: 120 * s},
			},
		}},
		alerts.ByBed:     {named("west/A1", a1), named("west/A2", a2)},
		alerts.ByPatient: {named("A1", a1), named("A2", a2)},
		alerts.ByShift: {
			{Key: "2026-03-13 late", Raised: 1, Acked: 1, Sounded: 1, Notified: 2, BedDays: hours(1), Reasons: reasons{alerts.WrongLimit: 1}, Delays: one(alerts.Medium, 60*s)},
			{
				Key: "2026-03-13 night", Raised: 4, Acked: 2, SelfCleared: 1, Again: 2, Sounded: 2, Notified: 11, Escalated: 2, Last: 1, Dropped: 11,
				BedDays: hours(8 + 6), Silent: 10 * time.Minute, Reasons: reasons{alerts.Artefact: 1, alerts.Actioned: 1}, Delays: high,
			},
			{Key: "2026-03-14 early", Raised: 1, Acked: 1, BedDays: hours(3 + 3), Silent: 20 * time.Minute, Reasons: reasons{}, Delays: one(alerts.Medium, 120*s)},
		},
		alerts.ByCondition: {
			{
				Key: "ASYSTOLE", Raised: 2, Acked: 2, Again: 2, Sounded: 2, Notified: 7, Escalated: 1, Last: 1, BedDays: hours(21),
				Reasons: reasons{alerts.Artefact: 1, alerts.Actioned: 1}, Delays: high,
			},
			{
				Key: "HR_HIGH", Raised: 2, Acked: 2, Sounded: 1, Notified: 2, Dropped: 11, BedDays: hours(21), Reasons: reasons{alerts.WrongLimit: 1},
				Delays: map[alerts.Priority]alerts.AckDelays{alerts.Medium: {Acked: 2, P50: 60 * s, P90: 120 * s, P95: 120 * s, P99: 120 * s}},
			},
			{Key: "SPO2_LOW", Raised: 2, SelfCleared: 1, Notified: 4, Escalated: 1, BedDays: hours(21), Reasons: reasons{}, Delays: none},
		},
	} {
		r := alerts.Report(night, by)
		if diff := cmp.Diff(want, r.Groups, cmpopts.EquateApprox(0, 1e-9)); diff != "" {
			t.Errorf("by %s: -want +got\n%s", by, diff)
		}
		if r.Total.Raised != 6 || r.Patients != 2 || r.TopShare != 4.0/6 || r.Total.Silent != 30*time.Minute { // a tenth of two patients is one
			t.Errorf("by %s: %+v", by, r)
		}
	}
	if r := alerts.Report(alerts.Period{}, alerts.ByUnit); r.Total.Raised != 0 || r.Patients != 0 || r.TopShare != 0 || len(r.Groups) != 0 {
		t.Errorf("a night without alarms: %+v", r)
	}
}

func TestANightIsHeldAgainstTheTargets(t *testing.T) {
	want := []alerts.Target{
		{Name: "notifications_per_bed_day", AtMost: 22, Is: 13 / hours(21), Known: true},
		{Name: "high_ack_p50_seconds", AtMost: 15, Is: 10, Known: true},
		{Name: "high_ack_p95_seconds", AtMost: 60, Is: 30, Known: true},
		{Name: "last_step_per_week", AtMost: 0, Is: 14, Known: true}, // once in half a day
	}
	got := alerts.Report(countedNight(t), alerts.ByUnit).Targets()
	if diff := cmp.Diff(want, got, cmpopts.EquateApprox(0, 1e-9)); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	for _, x := range alerts.Report(alerts.Period{}, alerts.ByUnit).Targets() {
		if x.Known {
			t.Errorf("of a time without anybody, %s is known", x.Name)
		}
	}
}

// The clocks are put forward at 2:00 on the 8th, and back at 2:00 on November 1: one night has seven hours, the other
// nine, and the shifts before and behind have eight.
func TestShiftsFollowTheClockOfTheUnit(t *testing.T) {
	zone, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	place := alerts.Place{Unit: "west", Bed: "A1", Zone: zone}
	for _, row := range []struct {
		month time.Month
		day   int
		night float64
	}{{time.March, 8, 7}, {time.November, 1, 9}} {
		from, to := time.Date(2026, row.month, row.day-1, 14, 0, 0, 0, zone), time.Date(2026, row.month, row.day, 14, 0, 0, 0, zone)
		r := alerts.Report(alerts.Period{From: from, To: to, Stays: []alerts.Stay{{Place: place, Patient: "p", From: from.UTC(), To: to.UTC()}}}, alerts.ByShift)
		var got []float64
		for _, g := range r.Groups {
			got = append(got, g.BedDays*24)
		}
		if diff := cmp.Diff([]float64{8, row.night, 8}, got, cmpopts.EquateApprox(0, 1e-9)); diff != "" {
			t.Errorf("%s: -want +got\n%s", row.month, diff)
		}
	}
}
