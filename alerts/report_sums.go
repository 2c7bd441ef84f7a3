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

// sums is a group while it is summed up.
type sums struct {
	ReportGroup

	waits map[Priority][]time.Duration
}

type groupSums map[string]*sums

func newSums(key string) *sums {
	return &sums{
		ReportGroup: ReportGroup{Key: key, Reasons: map[AckReason]int{}, Delays: map[Priority]AckDelays{}},
		waits:       map[Priority][]time.Duration{},
	}
}

func (g groupSums) of(key string) *sums {
	if g[key] == nil {
		g[key] = newSums(key)
	}
	return g[key]
}

// Steps of the escalation of which reports speak.
const (
	beyondBuddy = 2 // neither the nurse nor the buddy came
	lastStep    = 3 // nor the charge nurse
)

// course adds how one alarm went.
func (s *sums) course(c Course) {
	s.Raised++
	s.Again += c.Again
	s.Notified += c.Notified
	s.Sounded += count(c.Sounded)
	s.Escalated += count(c.Step >= beyondBuddy)
	s.Last += count(c.Step >= lastStep)
	if c.Alarm.AckReason != "" {
		s.Reasons[c.Alarm.AckReason]++
	}
	switch {
	case !c.Acked.IsZero():
		s.Acked++
		s.waits[c.Alarm.Priority] = append(s.waits[c.Alarm.Priority], max(0, c.Acked.Sub(c.Alarm.Raised)))
	case c.Alarm.Reason == ClosedSelf:
		s.SelfCleared++
	}
}

func count(is bool) int {
	if is {
		return 1
	}
	return 0
}

func (s *sums) sum() ReportGroup {
	for priority, all := range s.waits {
		slices.Sort(all)
		s.Delays[priority] = AckDelays{Acked: len(all), P50: rank(all, 0.5), P90: rank(all, 0.9), P95: rank(all, 0.95), P99: rank(all, 0.99)}
	}
	return s.ReportGroup
}

// rank is the least of the sorted times within which the share of them lies (nearest rank).
func rank(sorted []time.Duration, share float64) time.Duration {
	return sorted[max(1, int(math.Ceil(share*float64(len(sorted)))))-1]
}

// Explained is of how many alarms somebody said what they were.
func (g ReportGroup) Explained() int { return lo.Sum(slices.Collect(maps.Values(g.Reasons))) }

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

// Target is what a ward should keep to, and what it does.
type Target struct {
	Name   string
	AtMost float64
	Is     float64
	Known  bool // something is there to judge by
}

// Targets are held against the report. 22 calls per bed and day is what Pater et al. came down to from 71 (BMJ Qual
// Saf 2020;29:717); the times to an acknowledgement of HIGH, and that none comes to the last step, are Vigil's own.
func (r AlarmReport) Targets() []Target {
	high := r.Total.Delays[High]
	perBed, perWeek := 0.0, 0.0
	if r.Total.BedDays > 0 {
		perBed = float64(r.Total.Notified) / r.Total.BedDays
	}
	if r.Weeks > 0 {
		perWeek = float64(r.Total.Last) / r.Weeks
	}
	return []Target{
		{"notifications_per_bed_day", 22, perBed, r.Total.BedDays > 0},
		{"high_ack_p50_seconds", 15, high.P50.Seconds(), high.Acked > 0},
		{"high_ack_p95_seconds", 60, high.P95.Seconds(), high.Acked > 0},
		{"last_step_per_week", 0, perWeek, r.Weeks > 0},
	}
}
