package alerts_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vigil/alerts"
	"vigil/vitals"
)

// A night in New York, counted by hand: from 22:00 on the 13th, by UTC 2:00 on the 14th.
//
//	21:59  A1  HR HIGH   taken after 60 s, late shift
//	22:00  A1  ASYSTOLE  taken after 10 s
//	23:00  A1  SPO2 LOW  over by itself
//	02:00  A2  ASYSTOLE  taken after 30 s, told again twice
//	05:59  A1  SPO2 LOW  still open, nobody took it
//	06:00  A2  HR HIGH   taken after 120 s, early shift
func countedNight(t *testing.T) []alerts.Course {
	t.Helper()
	zone, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	at := func(day, hour, minute int) time.Time { return time.Date(2026, 3, day, hour, minute, 0, 0, zone).UTC() }
	course := func(bed string, c alerts.Condition, raised time.Time, wait time.Duration, reason alerts.CloseReason) alerts.Course {
		one := alerts.Course{
			Unit: "west", Bed: bed, Zone: zone,
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
	}
	night[3].Again = 2
	return night
}

func TestANightIsReportedAsItWasCounted(t *testing.T) {
	night := countedNight(t)
	s := time.Second
	high := map[alerts.Priority]alerts.AckDelays{alerts.High: {Acked: 2, P50: 10 * s, P90: 30 * s, P99: 30 * s}}
	medium := func(wait time.Duration) map[alerts.Priority]alerts.AckDelays {
		return map[alerts.Priority]alerts.AckDelays{alerts.Medium: {Acked: 1, P50: wait, P90: wait, P99: wait}}
	}
	none := map[alerts.Priority]alerts.AckDelays{}
	for by, want := range map[alerts.ReportBy][]alerts.ReportGroup{
		alerts.ByUnit: {{Key: "west", Raised: 6, Acked: 4, SelfCleared: 1, Again: 2, Delays: map[alerts.Priority]alerts.AckDelays{
			alerts.High: high[alerts.High], alerts.Medium: {Acked: 2, P50: 60 * s, P90: 120 * s, P99: 120 * s},
		}}},
		alerts.ByBed: {
			{Key: "west/A1", Raised: 4, Acked: 2, SelfCleared: 1, Delays: map[alerts.Priority]alerts.AckDelays{
				alerts.High: {Acked: 1, P50: 10 * s, P90: 10 * s, P99: 10 * s}, alerts.Medium: {Acked: 1, P50: 60 * s, P90: 60 * s, P99: 60 * s},
			}},
			{Key: "west/A2", Raised: 2, Acked: 2, Again: 2, Delays: map[alerts.Priority]alerts.AckDelays{
				alerts.High: {Acked: 1, P50: 30 * s, P90: 30 * s, P99: 30 * s}, alerts.Medium: {Acked: 1, P50: 120 * s, P90: 120 * s, P99: 120 * s},
			}},
		},
		alerts.ByShift: {
			{Key: "2026-03-13 late", Raised: 1, Acked: 1, Delays: medium(60 * s)},
			{Key: "2026-03-13 night", Raised: 4, Acked: 2, SelfCleared: 1, Again: 2, Delays: high},
			{Key: "2026-03-14 early", Raised: 1, Acked: 1, Delays: medium(120 * s)},
		},
		alerts.ByCondition: {
			{Key: "ASYSTOLE", Raised: 2, Acked: 2, Again: 2, Delays: high},
			{Key: "HR_HIGH", Raised: 2, Acked: 2, Delays: map[alerts.Priority]alerts.AckDelays{
				alerts.Medium: {Acked: 2, P50: 60 * s, P90: 120 * s, P99: 120 * s},
			}},
			{Key: "SPO2_LOW", Raised: 2, SelfCleared: 1, Delays: none},
		},
	} {
		r := alerts.Report(night, by)
		if diff := cmp.Diff(want, r.Groups); diff != "" {
			t.Errorf("by %s: -want +got\n%s", by, diff)
		}
		if r.Total.Raised != 6 || r.Patients != 2 || r.TopShare != 4.0/6 { // a tenth of two patients is one
			t.Errorf("by %s: %+v", by, r)
		}
	}
	if r := alerts.Report(nil, alerts.ByUnit); r.Total.Raised != 0 || r.Patients != 0 || r.TopShare != 0 || len(r.Groups) != 0 {
		t.Errorf("a night without alarms: %+v", r)
	}
}
