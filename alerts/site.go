package alerts

import (
	"maps"
	"math"
	"slices"
	"time"

	"vigil/vitals"
)

// The outage of a site: a power cut, a line or an access point takes the patients of a unit away all at once. That
// is one thing to see to, not one for each device, so it is one alarm; what the patients' engines find missing
// because of it is told as its matter (outage.go).
//
// It counts patients, not devices: five devices on one hub that somebody has unplugged are one patient's. How many
// make an outage is in outageFrom; docs/adr/0010 says why.
var siteOutage = rule{
	condition: SiteOutage, describe: func(f fact) string { return f.value.String() + " patients" }, step: vitals.Int(fewestLost),
	Spec: Spec{
		// The on-delay lets the number be whole before it is told. The off-delay is longer than those of what it
		// explains, so that only what still stands is told when it is over.
		Label: "MONITORING LOST", Type: System, Priority: High, OnDelay: 3 * time.Second, OffDelay: 15 * time.Second, Latching: true, Rearm: rearmHigh,
	},
}

const (
	// lostWithin is how far apart the losses of one outage lie.
	lostWithin = 60 * time.Second
	// lossMemory is how long ago a loss may be to make an outage: those of one, and the time to find them out, which
	// is bindGrace where nobody has been heard since a restart.
	lossMemory = 2 * time.Minute
	// quietAfter is how long nothing has come of a patient before an outage is suspected, which is not told: long
	// enough before staleAfter for all nodes to hear of it before anybody is told that a device is silent.
	quietAfter = 5 * time.Second
)

// How many patients make an outage. fewestLost: two may be chance, and two alarms are no storm.
const (
	fewestLost = 3
	someLost   = 5  // the specification's number, for units in which that is not ordinary
	shareLost  = 30 // percent, the specification's too
)

// outageFrom is how many patients of those that are watched must be lost within lostWithin. In a unit of a thousand
// homes five are ordinary: the square root is far above what chance explains, at any size.
func outageFrom(watched int) int {
	const whole = 100
	share := (watched*shareLost + whole - 1) / whole
	chance := max(someLost, int(math.Ceil(math.Sqrt(float64(watched)))))
	return max(fewestLost, min(share, chance))
}

// Sight is what is seen of the patients of a unit, by one owner of patients or by all together.
type Sight struct {
	Patients int // all of them
	Watched  int // those of whom devices send continuously
	// Unsure counts those of whom nobody knows whether they are lost: whoever owns them has just begun, is behind,
	// or is not heard.
	Unsure int
	// Quiet is when those were last heard of whom nothing has come for quietAfter, in any order.
	Quiet []time.Time
}

// And is what both see.
func (s Sight) And(o Sight) Sight {
	return Sight{s.Patients + o.Patients, s.Watched + o.Watched, s.Unsure + o.Unsure, slices.Concat(s.Quiet, o.Quiet)}
}

// Span is a span of time, both ends included.
type Span struct{ From, To time.Time }

func (s Span) holds(t time.Time) bool { return !t.Before(s.From) && !t.After(s.To) }

// Outage is what the patients' engines have to know of an outage of their unit. The zero Outage is none.
type Outage struct {
	Alarm AlarmID // empty while it is only suspected
	Lost  []Span  // when those were last heard whom it concerns
}

// holds reports whether the outage explains that somebody was last heard at a time.
func (o Outage) holds(t time.Time) bool {
	return slices.ContainsFunc(o.Lost, func(s Span) bool { return s.holds(t) })
}

// watchSites judges the units. What is not known of a unit any more, because it has no patients, is over.
func (e *Engine) watchSites(sites map[vitals.UnitID]Sight, now time.Time) {
	for _, p := range e.episodes {
		if _, known := sites[vitals.UnitID(p.site)]; p.rule.condition == SiteOutage && !known {
			e.apply(key{SiteOutage, p.site}, fact{at: now, truth: False}, now)
		}
	}
	for _, unit := range slices.Sorted(maps.Keys(sites)) {
		if o := e.judgeSite(unit, sites[unit], now); o.Alarm != "" || len(o.Lost) > 0 {
			if e.out.Outages == nil {
				e.out.Outages = map[vitals.UnitID]Outage{}
			}
			e.out.Outages[unit] = o
		}
	}
}

// judgeSite judges a unit and says what its patients' engines have to know. An outage that stands does so until
// fewer than half of what made it one are left, and for as long as nobody knows of so many.
func (e *Engine) judgeSite(unit vitals.UnitID, s Sight, now time.Time) Outage {
	k := key{SiteOutage, string(unit)}
	p := e.find(k)
	stands := p != nil && p.standing()
	need, since := outageFrom(s.Watched), now.Add(-lossMemory)
	if stands {
		need, since = (need+1)/2, p.lasting().Add(-lossMemory)
	}
	quiet := slices.SortedFunc(slices.Values(s.Quiet), time.Time.Compare)
	quiet = slices.DeleteFunc(quiet, func(t time.Time) bool { return t.Before(since) })
	lost := slices.DeleteFunc(slices.Clone(quiet), func(t time.Time) bool { return now.Sub(t) <= staleAfter })
	n := among(lost, dense(lost, need))
	f := fact{at: now, truth: truthOf(n > 0), value: vitals.Int(int64(n))}
	if stands && n == 0 && s.Unsure > 0 && s.Unsure+len(lost) >= need {
		f.truth = Unknown
	}
	e.apply(k, f, now)

	o := Outage{Lost: dense(quiet, need)}
	if p := e.find(k); p != nil && p.standing() {
		if p.told != True {
			return Outage{} // what nobody knows hides nothing
		}
		o.Alarm = p.alarm.ID
	}
	return o
}

// dense finds the spans within which at least n of the times, which are sorted, lie no further apart than
// lostWithin.
func dense(times []time.Time, n int) (spans []Span) {
	for i := 0; i+n <= len(times); i++ {
		from, to := times[i], times[i+n-1]
		switch last := len(spans) - 1; {
		case to.Sub(from) > lostWithin:
		case last >= 0 && !from.After(spans[last].To):
			spans[last].To = to
		default:
			spans = append(spans, Span{from, to})
		}
	}
	return spans
}

// among counts the times that lie in one of the spans.
func among(times []time.Time, spans []Span) (n int) {
	for _, t := range times {
		if (Outage{Lost: spans}).holds(t) {
			n++
		}
	}
	return n
}
