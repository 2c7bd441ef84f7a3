package alerts

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/samber/lo"

	"vigil/vitals"
)

// Course is how one alarm went, and where.
type Course struct {
	Alarm Alarm // as it is now
	Unit  vitals.UnitID
	Bed   string
	Zone  *time.Location // of the unit
	Acked time.Time      // when it was first acknowledged; zero where it never was
	Again int            // how often it asked for attention again: re-alarmed, recurred, worsened
}

// ReportBy says what the alarms of a report are grouped by.
type ReportBy string

// Groupings.
const (
	ByUnit      ReportBy = "unit"
	ByBed       ReportBy = "bed"
	ByShift     ReportBy = "shift"
	ByCondition ReportBy = "condition"
)

// ReportGroup sums up the alarms of one bed, unit, shift or condition.
type ReportGroup struct {
	Key         string
	Raised      int
	Acked       int // somebody took it
	SelfCleared int // it was over before anybody did
	Again       int // re-alarms
	Delays      map[Priority]AckDelays
}

// AckDelays is how long alarms waited for somebody: the times within which half of those that were
// acknowledged were, nine of ten, and 99 of 100.
type AckDelays struct {
	Acked         int
	P50, P90, P99 time.Duration
}

// AlarmReport sums up the alarms of a time.
type AlarmReport struct {
	Total  ReportGroup
	Groups []ReportGroup // by key
	// TopShare is the share of the alarms that came from the tenth of the patients with the most. In general
	// wards such a tenth made 57 % of the SpO2 alarms (Lansdowne 2016).
	TopShare float64
	Patients int // who had any
}

// Report sums up how alarms went.
func Report(courses []Course, by ReportBy) AlarmReport {
	r := AlarmReport{Total: sumUp("", courses)}
	groups := lo.GroupBy(courses, func(c Course) string { return c.key(by) })
	for _, key := range slices.Sorted(maps.Keys(groups)) {
		r.Groups = append(r.Groups, sumUp(key, groups[key]))
	}
	r.Patients, r.TopShare = topShare(courses)
	return r
}

// key names the group of the alarm.
func (c Course) key(by ReportBy) string {
	switch by {
	case ByBed:
		return string(c.Unit) + "/" + c.Bed
	case ByShift:
		return shiftOf(c.Alarm.Raised.In(c.Zone))
	case ByCondition:
		return string(c.Alarm.Condition)
	default:
		return string(c.Unit)
	}
}

// Shifts begin at these hours of the unit's clock. They are the usual ones of three shifts, and are of reports
// only: who is on duty says the roster.
const (
	earlyHour = 6
	lateHour  = 14
	nightHour = 22
)

// shiftOf names the shift by the day on which it began.
func shiftOf(at time.Time) string {
	day, name := at, "night"
	switch hour := at.Hour(); {
	case hour < earlyHour:
		day = at.AddDate(0, 0, -1)
	case hour < lateHour:
		name = "early"
	case hour < nightHour:
		name = "late"
	}
	return day.Format(time.DateOnly) + " " + name
}

func sumUp(key string, courses []Course) ReportGroup {
	g := ReportGroup{Key: key, Raised: len(courses), Delays: map[Priority]AckDelays{}}
	waits := map[Priority][]time.Duration{}
	for _, c := range courses {
		g.Again += c.Again
		switch {
		case !c.Acked.IsZero():
			g.Acked++
			waits[c.Alarm.Priority] = append(waits[c.Alarm.Priority], max(0, c.Acked.Sub(c.Alarm.Raised)))
		case c.Alarm.Reason == ClosedSelf:
			g.SelfCleared++
		}
	}
	for priority, all := range waits {
		slices.Sort(all)
		g.Delays[priority] = AckDelays{Acked: len(all), P50: rank(all, 0.5), P90: rank(all, 0.9), P99: rank(all, 0.99)}
	}
	return g
}

// rank is the least of the sorted times within which the share of them lies (nearest rank).
func rank(sorted []time.Duration, share float64) time.Duration {
	return sorted[max(1, int(math.Ceil(share*float64(len(sorted)))))-1]
}

// topShare is how many patients had alarms, and which share came from the tenth of them with the most.
func topShare(courses []Course) (patients int, share float64) {
	counts := map[vitals.PatientID]int{}
	all := 0
	for _, c := range courses {
		if c.Alarm.Patient != "" {
			counts[c.Alarm.Patient]++
			all++
		}
	}
	if all == 0 {
		return 0, 0
	}
	most := slices.SortedFunc(maps.Values(counts), func(a, b int) int { return cmp.Compare(b, a) })
	tenth := (len(most) + 9) / 10
	return len(most), float64(lo.Sum(most[:tenth])) / float64(all)
}
