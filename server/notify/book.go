package notify

import (
	"slices"
	"strings"
	"time"

	"github.com/samber/lo"

	"vigil/alerts"
	"vigil/vitals"
)

// book is which alarms call, and what of it was called. It belongs to one goroutine.
type book struct {
	directory directory
	calls     map[alerts.AlarmID]*call
	unsaved   []alerts.Called // out, and not written yet
	hung      time.Time       // when the database was last waited for in vain
	ended     []over
	ready     bool // the records were read once
}

// call is an open alarm.
type call struct {
	alerts.Call // Since is on the clock of this process, which does not jump with the time of day

	stored bool // the records know it
	called map[alerts.StepID]bool
	// guess is a recurrence of an alarm of which nothing else is known: since when it calls, the records say. Until
	// they do, it calls from then on.
	guess *alerts.Asked
}

// over is an alarm whose notices of earlier epochs nobody needs.
type over struct {
	alarm  alerts.AlarmID
	epoch  int  // the one that goes on; 0: none
	closed bool // nobody needs its offers either
}

func newBook(house alerts.Contact) *book {
	return &book{directory: directory{house: house, otherwise: alerts.DefaultPolicy()}, calls: map[alerts.AlarmID]*call{}}
}

// since puts a time of the day on the clock of this process: it keeps what has passed by now. What is to come
// has just begun.
func since(at, now time.Time) time.Time { return now.Add(-max(0, now.Round(0).Sub(at.Round(0)))) }

// take follows a change of an alarm. It reports false where what came before is not known.
func (b *book) take(t alerts.Transition, now time.Time) bool {
	a := t.Alarm
	c := b.calls[a.ID]
	switch {
	case c != nil && a.Version <= c.Alarm.Version:
		return true
	case !a.State.Open():
		b.close(a)
		return true
	case c == nil && !t.Change.Asks():
		return false
	case c == nil:
		c = &call{called: map[alerts.StepID]bool{}}
		b.calls[a.ID] = c
	}
	c.Alarm = a
	if t.Change.Asks() {
		asked := alerts.Asked{Change: t.Change, Version: a.Version, At: since(t.At, now)}
		switch {
		case t.Change != alerts.Recurred:
			c.guess = nil // it begins another call, whatever was before
		case c.Epoch == 0:
			c.guess = &asked
		}
		b.ask(c, b.again(c, asked, now))
	} else if !a.Calls() {
		b.ended = append(b.ended, over{alarm: a.ID})
	}
	return c.guess == nil
}

// ask begins another call with the first step, unless it is the one that goes on.
func (b *book) ask(c *call, is alerts.Call) {
	if is.Epoch != c.Epoch {
		b.ended = append(b.ended, over{alarm: c.Alarm.ID, epoch: is.Epoch})
	}
	c.Epoch, c.Since = is.Epoch, is.Since
}

// again is the call after its alarm asked again.
func (b *book) again(c *call, asked alerts.Asked, now time.Time) alerts.Call {
	policy, by := b.directory.escalation(c.Alarm, now)
	return policy.Ask(c.Call, asked, by, c.was)
}

// was reports whether the step was called.
func (c *call) was(s alerts.StepID) bool { return c.called[s] }

// close keeps that an alarm is over until the records say so, too: what was read of them before must not call
// anybody to it again.
func (b *book) close(a alerts.Alarm) {
	b.calls[a.ID] = &call{Call: alerts.Call{Alarm: a}, called: map[alerts.StepID]bool{}}
	b.ended = append(b.ended, over{alarm: a.ID, closed: true})
}

func (b *book) end(id alerts.AlarmID) {
	delete(b.calls, id)
	b.ended = append(b.ended, over{alarm: id, closed: true})
}

// overs hands over what nobody needs any more.
func (b *book) overs() []over {
	ended := b.ended
	b.ended = nil
	return ended
}

// merge follows what the records say where they know more. An alarm that they knew and no longer have open is
// over, even if nobody told us.
func (b *book) merge(l loaded, now time.Time) {
	b.directory = newDirectory(l.directory, b.directory.house)
	b.ready = true
	open := map[alerts.AlarmID]bool{}
	for _, stored := range l.calls {
		id := stored.Alarm.ID
		open[id] = true
		if b.calls[id] == nil {
			b.calls[id] = &call{called: map[alerts.StepID]bool{}}
		}
	}
	for _, s := range l.steps {
		if c := b.calls[s.Alarm]; c != nil {
			c.called[s] = true
		}
	}
	for _, stored := range l.calls {
		b.follow(b.calls[stored.Alarm.ID], stored, now)
	}
	for id, c := range b.calls {
		switch {
		case !slices.Contains(l.owned, vitals.PartitionOf(c.Alarm.Patient)):
			delete(b.calls, id) // another node's now
		case open[id]:
		case !c.Alarm.State.Open():
			delete(b.calls, id)
		case c.stored:
			b.end(id)
		}
	}
}

// follow takes over what the records say of an alarm that is open there.
func (b *book) follow(c *call, stored alerts.Asking, now time.Time) {
	c.stored = true
	policy, by := b.directory.escalation(stored.Alarm, now)
	is := policy.CallOf(stored, by, c.was)
	is.Since = since(is.Since, now)
	if guess := c.guess; guess != nil {
		if c.guess = nil; guess.Version > stored.Alarm.Version {
			is = policy.Ask(is, *guess, by, c.was)
		}
		b.ask(c, is)
	}
	if stored.Alarm.Version <= c.Alarm.Version {
		return
	}
	c.Alarm = stored.Alarm
	if is.Epoch > c.Epoch {
		b.ask(c, is)
	}
	if !c.Alarm.Calls() {
		b.ended = append(b.ended, over{alarm: c.Alarm.ID})
	}
}

// wants reports whether a notice is still needed. known is false of an alarm that is not known (yet): after a
// crash a notice may have been written, and its alarm is about to be raised again.
func (b *book) wants(n alerts.Notice) (wanted, known bool) {
	c := b.calls[n.Step.Alarm]
	switch {
	case c == nil:
		return false, false
	case !c.Alarm.State.Open():
		return false, true
	case n.Step.Offer():
		return c.Alarm.AckedBy != string(n.Contact.Staff), true
	default:
		return c.Alarm.Calls() && n.Step.Epoch == c.Epoch, true
	}
}

func (b *book) wanted(all []alerts.Notice) []alerts.Notice {
	return lo.Filter(all, func(n alerts.Notice, _ int) bool { wanted, _ := b.wants(n); return wanted })
}

// unwanted are those that will not be needed.
func (b *book) unwanted(all []alerts.Notice, now time.Time) []alerts.Notice {
	return lo.Filter(all, func(n alerts.Notice, _ int) bool {
		wanted, known := b.wants(n)
		return !wanted && (known || now.Sub(n.Made) > lostAfter)
	})
}

// due lists what is to be called now, once each, and says when the next will be.
func (b *book) due(now time.Time) (due []alerts.Called, next time.Time) {
	next = now.Add(loadEvery)
	if !b.ready {
		return nil, next
	}
	for _, c := range b.calls {
		policy, by := b.directory.escalation(c.Alarm, now)
		steps, then := policy.Due(c.Call, by, now)
		if !then.IsZero() && then.Before(next) {
			next = then
		}
		for _, s := range steps {
			id := alerts.StepID{Alarm: c.Alarm.ID, Epoch: c.Epoch, Step: s.Step, Round: s.Round}
			due = b.callOnce(due, c, alerts.Called{ID: id, To: s.To, People: s.People()}, now)
		}
		unit := b.directory.unitOf(c.Alarm)
		if offer, found := b.directory.posts(unit, c.Alarm.Patient).Offered(unit, c.Alarm, now); found {
			due = b.callOnce(due, c, alerts.Called{
				ID: alerts.OfferID(c.Alarm.ID, offer.Since), To: []vitals.StaffID{offer.Nurse}, People: true,
			}, now)
		}
	}
	slices.SortFunc(due, func(a, b alerts.Called) int { return strings.Compare(string(a.ID.Alarm), string(b.ID.Alarm)) })
	return due, next
}

func (b *book) callOnce(due []alerts.Called, c *call, s alerts.Called, now time.Time) []alerts.Called {
	id := s.ID
	if c.called[id] {
		return due
	}
	c.called[id] = true
	s.Patient, s.At = c.Alarm.Patient, now.Round(0)
	for _, contact := range b.directory.contacts(s.To) {
		s.Notices = append(s.Notices, alerts.Notice{
			Step: id, Patient: c.Alarm.Patient, Contact: contact, Priority: c.Alarm.Priority, Text: b.directory.text(c.Alarm, id),
			State: alerts.Waiting, Made: now.Round(0), Next: now.Round(0),
		})
	}
	return append(due, s)
}

// directory answers who is called and how.
type directory struct {
	house     alerts.Contact
	staff     []vitals.Staff
	units     map[vitals.UnitID]string
	patients  map[vitals.PatientID]vitals.UnitID
	rosters   map[vitals.PatientID]alerts.Roster // "" has those of the units
	policies  map[vitals.UnitID]alerts.Policy
	otherwise alerts.Policy // where the unit is not known
	reachable map[vitals.StaffID][]alerts.Contact
}

func newDirectory(d Directory, house alerts.Contact) directory {
	return directory{
		house: house, staff: d.Staff, otherwise: alerts.DefaultPolicy(),
		policies: lo.SliceToMap(d.Units, func(u vitals.Unit) (vitals.UnitID, alerts.Policy) {
			return u.ID, alerts.PolicyFor(u.ID, d.Policies).Policy
		}),
		units:     lo.SliceToMap(d.Units, func(u vitals.Unit) (vitals.UnitID, string) { return u.ID, u.Name }),
		patients:  lo.SliceToMap(d.Patients, func(p vitals.Patient) (vitals.PatientID, vitals.UnitID) { return p.ID, p.Unit }),
		rosters:   lo.GroupBy(d.Roster, func(p alerts.Post) vitals.PatientID { return p.Patient }),
		reachable: lo.GroupBy(d.Contacts, func(c alerts.Contact) vitals.StaffID { return c.Staff }),
	}
}

// unitOf is the unit that an alarm is about; empty where it is about all of them, or not known.
func (d directory) unitOf(a alerts.Alarm) vitals.UnitID {
	if a.Patient == alerts.Nobody {
		return vitals.UnitID(a.Site)
	}
	return d.patients[a.Patient]
}

func (d directory) policy(u vitals.UnitID) alerts.Policy {
	if p, known := d.policies[u]; known {
		return p
	}
	return d.otherwise
}

func (d directory) posts(u vitals.UnitID, p vitals.PatientID) alerts.Roster {
	posts := slices.Clone(d.rosters[""])
	if p != "" {
		posts = append(posts, d.rosters[p]...)
	}
	return slices.DeleteFunc(posts, func(x alerts.Post) bool { return x.Unit != u })
}

// escalation is the policy that an alarm follows, and who is there for it.
func (d directory) escalation(a alerts.Alarm, now time.Time) (alerts.Policy, alerts.Assigned) {
	unit := d.unitOf(a)
	return d.policy(unit), d.posts(unit, a.Patient).Assigned(unit, a.Patient, d.staff, now)
}

// contacts lists how to reach people.
func (d directory) contacts(to []vitals.StaffID) (all []alerts.Contact) {
	for _, id := range to {
		if d.house.Channel != "" {
			c := d.house
			c.ID, c.Staff = c.ID+"/"+string(id), id
			all = append(all, c)
		}
		all = append(all, d.reachable[id]...)
	}
	return all
}

// text is what a notice says: nothing of the patient.
func (d directory) text(a alerts.Alarm, id alerts.StepID) string {
	what := strings.ToUpper(a.Priority.String()) + " alarm"
	if t := a.Condition.Spec().Type; t == alerts.Technical || t == alerts.System {
		what = strings.ToUpper(a.Priority.String()) + " " + t.String() + " alarm"
	}
	if id.Offer() {
		what = "Handed over: open " + what
	}
	if unit := d.units[d.unitOf(a)]; unit != "" {
		what += ", " + unit
	}
	return what + ". Open Vigil."
}
