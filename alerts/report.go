package alerts

import (
	"maps"
	"slices"
	"time"

	"vigil/vitals"
)

// Period is what happened in a time, to be reported.
type Period struct {
	From, To time.Time
	Courses  []Course
	Untold   []Untold
	Stays    []Stay
	Silences []Silence
}

// Place is where somebody is, or something happened.
type Place struct {
	Unit vitals.UnitID
	Bed  string
	Zone *time.Location // of the unit
}

// Course is how one alarm went, and where.
type Course struct {
	Place

	Alarm    Alarm     // as it is now
	Acked    time.Time // when it was first acknowledged; zero where it never was
	Again    int       // how often it asked for attention again: re-alarmed, recurred, worsened
	Sounded  bool      // at one station at least
	Notified int       // how many calls went out to people
	Step     int       // the last step of the escalation that was to call people
}

// Untold is how often delays kept a condition from people, and where.
type Untold struct {
	Place
	Dropped
}

// Stay is a time that a patient was under care.
type Stay struct {
	Place

	Patient  vitals.PatientID
	From, To time.Time
}

// Silence is a time in which no station of a unit could be heard.
type Silence struct {
	Place

	From, To time.Time
}

// ReportBy says what the alarms of a report are grouped by.
type ReportBy string

// Groupings.
const (
	ByUnit      ReportBy = "unit"
	ByBed       ReportBy = "bed"
	ByShift     ReportBy = "shift"
	ByCondition ReportBy = "condition"
	ByPatient   ReportBy = "patient"
)

// ReportGroup sums up the alarms of one bed, unit, shift, condition or patient. What is for information only is no
// alarm, and is not among them.
type ReportGroup struct {
	Key         string
	Raised      int
	Sounded     int // at one station at least
	Acked       int // somebody took it
	SelfCleared int // it was over before anybody did
	Again       int // re-alarms
	Notified    int // calls to people
	Escalated   int // alarms that came to step 2 or a later one: neither the nurse nor the buddy took them
	Last        int // alarms that came to step 3, the last for HIGH and MEDIUM
	Dropped     int // conditions that were over before their delay was, so that nobody was told
	Reasons     map[AckReason]int
	Delays      map[Priority]AckDelays
	BedDays     float64       // that patients were under care; of a condition, all of them
	Silent      time.Duration // in which no station of a unit could be heard, summed over the units
}

// AckDelays is how long alarms waited for somebody: the times within which half of those that were
// acknowledged were, nine of ten, 95 and 99 of 100.
type AckDelays struct {
	Acked              int
	P50, P90, P95, P99 time.Duration
}

// AlarmReport sums up the alarms of a time.
type AlarmReport struct {
	Total  ReportGroup
	Groups []ReportGroup // by key
	// TopShare is the share of the alarms that came from the tenth of the patients with the most. In
	// intensive care a tenth of the records made 57 % of the SpO2 alarms below 90 % for 15 s (Lansdowne et al., BMC Nurs
	// 2016;15:36).
	TopShare float64
	Patients int // who had any
	Weeks    float64
}

// Report sums up how alarms went.
func Report(p Period, by ReportBy) AlarmReport {
	p.Courses = slices.DeleteFunc(slices.Clone(p.Courses), func(c Course) bool { return c.Alarm.Priority == Info })
	total, groups := newSums(""), groupSums{}
	for _, c := range p.Courses {
		total.course(c)
		groups.of(c.key(by, c.Alarm.Patient, c.Alarm.Condition, c.Alarm.Raised)).course(c)
	}
	for _, u := range p.Untold {
		total.Dropped += u.Times
		groups.of(u.key(by, u.Patient, u.Condition, u.To)).Dropped += u.Times
	}
	for _, s := range p.Stays {
		total.BedDays += days(s.To.Sub(s.From))
		s.share(by, s.Patient, s.From, s.To, func(key string, d time.Duration) { groups.of(key).BedDays += days(d) })
	}
	for _, s := range p.Silences {
		total.Silent += s.To.Sub(s.From)
		if by == ByUnit || by == ByShift {
			s.share(by, "", s.From, s.To, func(key string, d time.Duration) { groups.of(key).Silent += d })
		}
	}
	r := AlarmReport{Total: total.sum(), Weeks: days(p.To.Sub(p.From)) / 7}
	for _, key := range slices.Sorted(maps.Keys(groups)) {
		g := groups[key].sum()
		if by == ByCondition {
			g.BedDays = r.Total.BedDays
		}
		r.Groups = append(r.Groups, g)
	}
	r.Patients, r.TopShare = topShare(p.Courses)
	return r
}

func days(d time.Duration) float64 { return d.Hours() / 24 }

// key names the group of what happened in the place.
func (p Place) key(by ReportBy, patient vitals.PatientID, c Condition, at time.Time) string {
	switch by {
	case ByBed:
		return string(p.Unit) + "/" + p.Bed
	case ByShift:
		return shiftOf(at.In(p.Zone))
	case ByCondition:
		return string(c)
	case ByPatient:
		return string(patient)
	default:
		return string(p.Unit)
	}
}

// share divides a time among the groups that it belongs to: none, where it is of no condition.
func (p Place) share(by ReportBy, patient vitals.PatientID, from, to time.Time, add func(key string, d time.Duration)) {
	if by == ByCondition {
		return
	}
	for from.Before(to) {
		end := to
		if by == ByShift {
			end = earliest(to, shiftEnd(from.In(p.Zone)))
		}
		add(p.key(by, patient, "", from), end.Sub(from))
		from = end
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

// shiftEnd is when the shift is over.
func shiftEnd(at time.Time) time.Time {
	y, m, d := at.Date()
	for _, hour := range []int{earlyHour, lateHour, nightHour} {
		if end := time.Date(y, m, d, hour, 0, 0, 0, at.Location()); end.After(at) {
			return end
		}
	}
	return time.Date(y, m, d+1, earlyHour, 0, 0, 0, at.Location())
}
