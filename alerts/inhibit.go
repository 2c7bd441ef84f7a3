package alerts

import (
	"slices"
	"time"

	"vigil/vitals"
)

// The chains of conditions of which one explains the other are data: InhibitedBy in the rules. What is
// explained is not raised; what was open already is silent, and told as the other one's (Suppressed), until
// that one is over (Released). A technical alarm never silences a physiological one that is open: losing the leads
// must not end an asystole. What an outage of the site explains is raised, and silent from the start (outage.go).

// contactDoubt is for how long a report that the sensor has lost contact explains what a device goes on to
// measure. Longer than it averages; a device that still measures behind that is on the patient; Vigil's own.
const contactDoubt = 30 * time.Second

// inhibited reports whether a condition that explains this one stands. An alarm that is open
// already is never touched by this.
func (e *Engine) inhibited(r *rule, f fact) bool {
	return slices.ContainsFunc(e.episodes, func(p *episode) bool {
		return p.inhibits(f.at) && e.explains(p, r, f.by) && (p.rule.condition != LeadsOff || e.doubts(f))
	})
}

// explains reports whether the condition of an episode, while it is true, explains another one of a device.
func (e *Engine) explains(p *episode, r *rule, device vitals.DeviceID) bool {
	if !slices.Contains(r.InhibitedBy, p.rule.condition) {
		return false
	}
	switch p.rule.condition {
	case LeadsOff, NoData: // of another device says nothing
		return p.site == string(device)
	case HubOffline, HubClockSkew:
		dev := e.bound(device)
		return dev != nil && (dev.hub == "" || p.site == string(dev.hub)) // not yet heard since a restart
	default:
		return true
	}
}

// doubts reports whether sensors that are off explain the fact: what the ECG shows always, and what a device
// measures otherwise only shortly behind its report.
func (e *Engine) doubts(f fact) bool {
	dev := e.bound(f.by)
	return dev == nil || dev.lead != nil || f.at.Sub(dev.contact.at.Time()) <= contactDoubt
}

// relate lets the open alarms be silent that others explain, and lets those be heard again that no other one
// explains any more.
func (e *Engine) relate(now time.Time) {
	e.relateThose(func(r *rule) bool { return len(r.InhibitedBy) > 0 }, now)
}

// relateThose does so with alarms of some conditions.
func (e *Engine) relateThose(which func(*rule) bool, now time.Time) {
	for _, p := range e.episodes {
		if p.alarm.State.Open() && which(p.rule) {
			if t, ok := p.suppress(e.suppressor(p), now); ok {
				e.emit(t)
			}
		}
	}
}

// suppressor is the most urgent alarm that explains the open one; empty where none does.
func (e *Engine) suppressor(p *episode) AlarmID {
	if e.site.explains != "" && p.rule.siteMatter() {
		return e.site.explains
	}
	for _, by := range e.episodes {
		technical := by.rule.Type != Physiological && p.rule.Type == Physiological
		lost := by.told == Unknown && p.lastTrue.Time().After(by.alarm.Evidence) // this one is still seen, the other is not
		if by.standing() && !technical && !lost && e.explains(by, p.rule, vitals.DeviceID(p.site)) {
			return by.alarm.ID
		}
	}
	return ""
}

// suppress makes the open alarm the other one's, or nobody's. One that stands by itself again, and that
// nobody has, asks for attention.
func (p *episode) suppress(by AlarmID, now time.Time) (Transition, bool) {
	a := p.alarm
	if a.Suppressor == by {
		return Transition{}, false
	}
	a.Suppressor = by
	if by != "" {
		return p.change(Suppressed, a.State, now), true
	}
	t := p.change(Released, a.State, now)
	if a.State == ActiveUnack {
		p.pressing = a.Version
	}
	return t, true
}
