package alerts

import (
	"slices"
	"time"
)

// What a patient's engine makes of an outage of the unit, which another engine has judged (site.go). Conditions that
// an outage explains (InhibitedBy in the rules) are raised all the same, so that the record says what was not seen,
// but as the outage's matter from the start; what is open becomes that. Nothing about the patient ever does.
//
// Only who is lost to the outage is touched: nothing is heard of any device, since the time that it speaks of. And
// only while somebody says that it stands, every second: what is not said for staleAfter is no more.

const (
	// backFor is for how long what is open of a patient who is heard again stays the outage's: longer than the
	// off-delays, so that it ends without anybody being called to it.
	backFor = 15 * time.Second
	// heldFor bounds how long what is silent waits for a suspected outage to be told: longer than that takes.
	heldFor = 10 * time.Second
)

// site is what a patient's engine knows of the outage of the unit.
type site struct {
	outage   Outage
	told     time.Time // server time
	lost     time.Time // server time at which the patient was last lost to it
	explains AlarmID   // the alarm that what is open and missing is the matter of; empty: none
}

// Sight is what the engine sees of its patient.
func (e *Engine) Sight(now time.Time) Sight {
	if e.discharged {
		return Sight{}
	}
	s := Sight{Patients: 1}
	heard, unsure, watched := e.lastHeard(now)
	switch {
	case !watched || e.care.Away.Lasts(now): // of whom nothing is to be expected
	case now.Sub(heard) <= quietAfter:
		s.Watched = 1 // whatever comes of the others
	case unsure:
		s.Watched, s.Unsure = 1, 1
	default:
		s.Watched, s.Quiet = 1, []time.Time{heard}
	}
	return s
}

// lastHeard is when a device that sends continuously was last heard, and whether it is unsure of another one, which
// may yet be heard; watched is false where there is none.
func (e *Engine) lastHeard(now time.Time) (heard time.Time, unsure, watched bool) {
	for _, dev := range e.devices {
		at, known := e.heardOf(dev, now)
		if !dev.pace.steady || at.IsZero() {
			continue
		}
		watched = true
		if known {
			heard = later(heard, at)
		} else {
			unsure = true
		}
	}
	return heard.Truncate(time.Microsecond), unsure, watched // as it is told between nodes
}

// heardOf is when the device was last heard: zero where nobody ever heard it, not known while it may take its time, as
// after a restart. What an engine before this one missed is dated by its alarm, and what nobody has missed yet by when
// it will be.
func (e *Engine) heardOf(dev *device, now time.Time) (at time.Time, known bool) {
	missing := e.find(key{NoData, string(dev.id)})
	due := dev.assigned.Time().Add(bindGrace - staleAfter)
	switch {
	case dev.heard >= dev.assigned:
		return dev.heard.Time(), true
	case missing != nil && missing.standing() && (dev.heard != 0 || missing.alarm.Raised.Before(dev.assigned.Time())):
		return missing.alarm.Raised.Add(-staleAfter), true
	case dev.heard == 0:
		return time.Time{}, false
	default:
		return due, now.Sub(due) > quietAfter
	}
}

// Site tells what stands of an outage of the patient's unit, the zero Outage where none does. It is told every second
// for as long as anybody knows; what is not told again is over within seconds.
func (e *Engine) Site(o Outage, now time.Time) Outcome {
	e.out = Outcome{}
	if e.discharged {
		return e.out
	}
	s := &e.site
	s.outage, s.told = o, now
	if e.lostTo(now) || s.lost.IsZero() && s.explains != "" && s.explains == o.Alarm { // an engine before this one knew
		s.lost = now
	}
	s.explains = ""
	if !s.lost.IsZero() && now.Sub(s.lost) <= backFor {
		s.explains = o.Alarm
	}
	e.relateThose((*rule).siteMatter, now) // of the patient's own alarms nothing is decided here
	return e.out
}

// lostTo reports whether the patient is one of those whom the outage concerns.
func (e *Engine) lostTo(now time.Time) bool {
	heard, unsure, watched := e.lastHeard(now)
	return watched && !unsure && now.Sub(heard) > quietAfter && e.site.outage.holds(heard)
}

// tickSite forgets what nobody says any more.
func (e *Engine) tickSite(now time.Time) {
	if e.site.told.IsZero() { // just restored
		e.site.told = now
	}
	if now.Sub(e.site.told) > staleAfter {
		e.site = site{told: now}
	}
}

// restoreSite believes for a moment that what was stored as an outage's matter is that still. Alarms that explain
// others here are the patient's own.
func (e *Engine) restoreSite(alarms []Alarm) {
	for _, p := range e.episodes {
		a := p.alarm
		own := func(b Alarm) bool { return b.ID == a.Suppressor }
		if a.State.Open() && a.Suppressor != "" && p.rule.siteMatter() && !slices.ContainsFunc(alarms, own) {
			e.site.explains = a.Suppressor
		}
	}
}

// siteMatter reports whether an outage of the site explains the condition.
func (r *rule) siteMatter() bool { return slices.Contains(r.InhibitedBy, SiteOutage) }

// awaits reports whether a condition that is about to be raised waits: an outage that would explain it is suspected,
// and will be told in a moment or be none.
func (e *Engine) awaits(r *rule, now time.Time) bool {
	if !r.siteMatter() || e.site.outage.Alarm != "" || !e.lostTo(now) {
		return false
	}
	heard, _, _ := e.lastHeard(now)
	return now.Sub(heard) <= staleAfter+heldFor
}

// born makes an alarm that is being raised the outage's, where that explains it.
func (e *Engine) born(p *episode, t Transition) Transition {
	if t.Change == Raised && p.rule.siteMatter() {
		p.alarm.Suppressor = e.site.explains
		t.Alarm.Suppressor = e.site.explains
	}
	return t
}
