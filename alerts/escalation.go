package alerts

import (
	"slices"
	"time"

	"vigil/vitals"
)

// Duty is what somebody is there for.
type Duty string

// Duties. The first two are for a patient, the others for a unit.
const (
	AssignedNurse Duty = "nurse" // whose patient it is
	Buddy         Duty = "buddy" // comes where the nurse does not
	ChargeNurse   Duty = "charge"
	OnCallDoctor  Duty = "physician"
	OnCallTech    Duty = "technician"
	WholeUnit     Duty = "unit"     // everybody of the unit: nobody is put on it
	Stations      Duty = "stations" // the unit's screens, which show every alarm by themselves
	Worklist      Duty = "worklist" // the unit's list of what waits, which everybody sees
)

// ForPatient reports whether somebody is put on the duty patient by patient.
func (d Duty) ForPatient() bool { return d == AssignedNurse || d == Buddy }

// ForUnit reports whether somebody is put on the duty for a whole unit.
func (d Duty) ForUnit() bool { return d == ChargeNurse || d == OnCallDoctor || d == OnCallTech }

// people reports whether the duty stands for people who can be called.
func (d Duty) people() bool { return d.ForPatient() || d.ForUnit() || d == WholeUnit }

// Step is one rung of an escalation: who is called when nobody has acknowledged for so long.
type Step struct {
	After time.Duration `json:"after"` // since the alarm asked for somebody
	Call  []Duty        `json:"call"`
}

// Escalation is the steps for one class of alarms.
type Escalation struct {
	Steps  []Step        `json:"steps"`
	Repeat time.Duration `json:"repeat,omitempty"` // the last step again each time this passes; zero: never
}

// unassignedStep is the step that an alarm of a patient without a nurse begins with (the charge nurse,
// for HIGH and MEDIUM): waiting for somebody who is not there helps nobody.
const unassignedStep = 2

// Call is an alarm that asks for somebody, and since when.
type Call struct {
	Alarm Alarm
	Epoch int       // the alarm's version that asked
	Since time.Time // server time at which it did
}

// Asked is a change by which an alarm asked for somebody.
type Asked struct {
	Change  Change
	Version int       // of the alarm as it was then
	At      time.Time // server time
}

// Asking is an open alarm with the changes by which it asked for somebody, oldest first. Those before one that
// begins another call in any case (all but Recurred do) may be missing.
type Asking struct {
	Alarm Alarm
	Asked []Asked
}

// CallOf is the call that came of what the alarm asked for, with the people of now. Called says which steps were
// called.
func (p Policy) CallOf(a Asking, by Assigned, called func(StepID) bool) Call {
	c := Call{Alarm: a.Alarm}
	for _, asked := range a.Asked {
		c = p.Ask(c, asked, by, called)
	}
	return c
}

// Ask is the call after the alarm asked again. That begins another call with the first step, but for a latched
// condition that came back: nobody has answered, so the call goes on, or a rhythm that comes every 25 s would
// call the nurse for ever and nobody else (docs/adr/0008). Where the call has come to its end, it begins anew.
func (p Policy) Ask(c Call, a Asked, by Assigned, called func(StepID) bool) Call {
	if c.Epoch > 0 && a.Change == Recurred && !p.ended(c, by, a.At, called) {
		return c
	}
	c.Epoch, c.Since = a.Version, a.At
	return c
}

// ended reports whether the call had come to its end: the last step was called in its time, and is not repeated. One
// that is overdue, as behind an outage, is still to be called.
func (p Policy) ended(c Call, by Assigned, at time.Time, called func(StepID) bool) bool {
	plan := p.Plan(c, by)
	if p.of(c.Alarm).Repeat > 0 || len(plan) == 0 {
		return len(plan) == 0
	}
	last := plan[len(plan)-1]
	return !last.At.After(at) && called(StepID{Alarm: c.Alarm.ID, Epoch: c.Epoch, Step: last.Step})
}

// AskingChanges lists the changes by which an alarm asks for somebody.
func AskingChanges() []Change {
	return []Change{Raised, Recurred, Rearmed, Worsened, Released, Unacked}
}

// Asks reports whether the change is one of AskingChanges.
func (c Change) Asks() bool { return slices.Contains(AskingChanges(), c) }

// Calls reports whether the alarm wants somebody to come: nobody has acknowledged it or put it off, and no
// other one says what it says.
func (a Alarm) Calls() bool {
	return (a.State == ActiveUnack || a.State == LatchedUnack) && a.Suppressor == "" && a.SnoozeUntil.IsZero()
}

// Assigned is who cares for a patient at one time. Nobody is the empty id.
type Assigned struct {
	Nurse, Buddy                  vitals.StaffID
	Charge, Physician, Technician vitals.StaffID
	Unit                          []vitals.StaffID // everybody of the unit who may sign in
	Admins                        []vitals.StaffID // of the installation: there is always one
}

// on lists who is on the duty.
func (a Assigned) on(d Duty) []vitals.StaffID {
	one := map[Duty]vitals.StaffID{
		AssignedNurse: a.Nurse, Buddy: a.Buddy, ChargeNurse: a.Charge, OnCallDoctor: a.Physician, OnCallTech: a.Technician,
	}
	switch {
	case d == WholeUnit:
		return a.Unit
	case one[d] != "":
		return []vitals.StaffID{one[d]}
	default:
		return nil
	}
}

// who lists everybody on any of the duties, each once.
func (a Assigned) who(duties []Duty) (all []vitals.StaffID) {
	for _, d := range duties {
		for _, id := range a.on(d) {
			if !slices.Contains(all, id) {
				all = append(all, id)
			}
		}
	}
	return all
}

// People reports whether the step calls people, or only shows the alarm.
func (c Calling) People() bool { return slices.ContainsFunc(c.Call, Duty.people) }

// Calling is a step that is due, or will be.
type Calling struct {
	Step  int
	Round int // of a last step that is repeated, from 0
	At    time.Time
	Call  []Duty
	To    []vitals.StaffID // who that is now
}

// Plan is who would be called when, were nobody to acknowledge: each step once, in order. It is what Due
// follows, asked for the whole of it.
func (p Policy) Plan(c Call, a Assigned) []Calling {
	return p.PlanFor(ClassOf(c.Alarm.Condition.Spec().Type, c.Alarm.Priority), c.Since, a)
}

// PlanFor is the Plan of any alarm of the class that asks at a time.
func (p Policy) PlanFor(class Class, since time.Time, a Assigned) []Calling {
	e := p.Escalations[class]
	first := e.first(a)
	var plan []Calling
	for i := first; i < len(e.Steps); i++ {
		s := e.Steps[i]
		plan = append(plan, Calling{
			Step: i, At: since.Add(s.After - e.Steps[first].After), Call: s.Call, To: p.whom(e, i, a),
		})
	}
	return plan
}

// Due lists the steps whose time has come, oldest first, and says when the next comes: the zero time where
// none will. What was called before is listed again: a caller keeps account by step and round. Of a step that
// repeats only the newest round is due, so that a server that was away calls once for all that it missed.
func (p Policy) Due(c Call, a Assigned, now time.Time) (due []Calling, next time.Time) {
	if !c.Alarm.Calls() {
		return nil, time.Time{}
	}
	for _, s := range p.Plan(c, a) {
		if s.At.After(now) {
			return due, s.At
		}
		due = append(due, s)
	}
	repeat := p.of(c.Alarm).Repeat
	if len(due) == 0 || repeat <= 0 {
		return due, time.Time{}
	}
	last := &due[len(due)-1]
	last.Round = int(now.Sub(last.At) / repeat)
	last.At = last.At.Add(time.Duration(last.Round) * repeat)
	return due, last.At.Add(repeat)
}

// first is the step to begin with.
func (e Escalation) first(a Assigned) int {
	if len(e.Steps) == 0 || a.Nurse != "" || !slices.Contains(e.Steps[0].Call, AssignedNurse) {
		return 0
	}
	return min(unassignedStep, len(e.Steps)-1)
}

// whom lists who is called at a step. The last one never calls nobody: where nobody is on its duties, it
// calls the failsafe, then the whole unit, then the administrators.
func (p Policy) whom(e Escalation, step int, a Assigned) []vitals.StaffID {
	to := a.who(e.Steps[step].Call)
	if step < len(e.Steps)-1 {
		return to
	}
	for _, other := range [][]vitals.StaffID{a.who(p.Failsafe), a.Unit, a.Admins} {
		if len(to) == 0 {
			to = other
		}
	}
	return to
}
