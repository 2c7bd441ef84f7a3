package monitor

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"vigil/alerts"
	"vigil/vitals"
)

// briefEvery is for how long conditions that were over before their delay was are summed up, before the audit is told
// of them in one entry: a value that flaps about its limit drops one every few seconds. A node that dies forgets at most
// as much.
const briefEvery = time.Hour

// briefs sums up of whom which condition nobody was told.
type briefs map[briefKey]briefSum

type briefKey struct {
	patient   vitals.PatientID
	condition alerts.Condition
}

type briefSum struct {
	since time.Time
	times int
}

func (b briefs) add(p vitals.PatientID, c alerts.Condition, times int, now time.Time) {
	k := briefKey{p, c}
	sum := b[k]
	if sum.times == 0 {
		sum.since = now
	}
	sum.times += times
	b[k] = sum
}

// take removes what has been summed up for so long, in a fixed order.
func (b briefs) take(atLeast time.Duration, now time.Time) (all []alerts.Dropped) {
	for k, sum := range b {
		if now.Sub(sum.since) >= atLeast {
			all = append(all, alerts.Dropped{Patient: k.patient, Condition: k.condition, To: now, Times: sum.times})
			delete(b, k)
		}
	}
	slices.SortFunc(all, func(a, b alerts.Dropped) int {
		return cmp.Or(strings.Compare(string(a.Patient), string(b.Patient)), strings.Compare(string(a.Condition), string(b.Condition)))
	})
	return all
}

// closeBriefs hands the writer all that was summed up, and returns what is closed once that is settled.
func (p *partition) closeBriefs(now time.Time) <-chan struct{} {
	p.gather(now)
	counted := make(chan struct{})
	if all := p.brief.take(0, now); len(all) > 0 {
		p.m.writer.add(&job{owner: p, dropped: all, settle: func(bool) { close(counted) }})
	} else {
		close(counted)
	}
	return counted
}
