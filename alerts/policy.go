package alerts

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"vigil/vitals"
)

// Class is what an escalation is for: alarms of one type and priority. INFO calls nobody.
type Class string

// ClassOf is the class of alarms of a type and priority; empty for INFO.
func ClassOf(t Type, p Priority) Class {
	if p == Info {
		return ""
	}
	return Class(t.String() + "/" + p.String())
}

// Classes lists every class.
func Classes() (all []Class) {
	for _, t := range []Type{Physiological, Technical, System} {
		for _, p := range []Priority{High, Medium, Low} {
			all = append(all, ClassOf(t, p))
		}
	}
	return all
}

// Policy is how the alarms of a unit escalate. The zero Policy calls nobody; one that Validate passes
// always comes to somebody.
type Policy struct {
	Escalations map[Class]Escalation `json:"escalations"`
	// Failsafe is called at the last step where nobody is on its duties.
	Failsafe []Duty `json:"failsafe"`
}

// PolicyVersion is a policy that somebody wants for a unit. It is in force from when a second person approved
// it until a later one was.
type PolicyVersion struct {
	Unit     vitals.UnitID
	Version  int // from 1 on within the unit
	Policy   Policy
	Author   Author
	Approved Author // zero while nobody has
}

// PolicyFor is the one of the versions that is in force in a unit; the default where none is.
func PolicyFor(unit vitals.UnitID, versions []PolicyVersion) PolicyVersion {
	held := PolicyVersion{Unit: unit, Policy: DefaultPolicy()}
	for _, v := range versions {
		if v.Unit == unit && v.Approved.ID != "" && v.Version > held.Version {
			held = v
		}
	}
	return held
}

// DefaultPolicy is how alarms escalate where the unit has decided nothing else. Between the first call and
// the second pass 30 s for HIGH: Cincinnati used 20 s, then 60 s to the second notification.
func DefaultPolicy() Policy {
	high := Escalation{Repeat: time.Minute, Steps: []Step{
		{0, []Duty{Stations, AssignedNurse}},
		{30 * time.Second, []Duty{Buddy, Stations}},
		{time.Minute, []Duty{ChargeNurse, WholeUnit}},
		{2 * time.Minute, []Duty{OnCallDoctor}},
	}}
	medium := Escalation{Steps: []Step{
		{0, []Duty{Stations, AssignedNurse}},
		{2 * time.Minute, []Duty{Buddy}},
		{5 * time.Minute, []Duty{ChargeNurse}},
		{10 * time.Minute, []Duty{OnCallDoctor}},
	}}
	low := Escalation{Steps: []Step{
		{0, []Duty{Worklist}},
		{time.Hour, []Duty{ChargeNurse}},
		{4 * time.Hour, []Duty{OnCallDoctor}},
	}}
	technical := Escalation{Steps: []Step{
		{0, []Duty{Worklist, AssignedNurse}},
		{5 * time.Minute, []Duty{ChargeNurse}},
		{15 * time.Minute, []Duty{OnCallTech}},
	}}
	worklist := Escalation{Steps: []Step{
		{0, []Duty{Worklist}},
		{4 * time.Hour, []Duty{OnCallTech}},
	}}
	return Policy{
		Failsafe: []Duty{ChargeNurse},
		Escalations: map[Class]Escalation{
			ClassOf(Physiological, High): high, ClassOf(Physiological, Medium): medium, ClassOf(Physiological, Low): low,
			ClassOf(Technical, High): high, ClassOf(Technical, Medium): technical, ClassOf(Technical, Low): worklist,
			// What is wrong with Vigil itself concerns everybody who relies on it.
			ClassOf(System, High): {Repeat: 5 * time.Minute, Steps: []Step{
				{0, []Duty{Stations, WholeUnit, OnCallTech}},
				{2 * time.Minute, []Duty{ChargeNurse, OnCallTech}},
			}},
			ClassOf(System, Medium): {Steps: []Step{{0, []Duty{Stations, WholeUnit}}, {5 * time.Minute, []Duty{OnCallTech}}}},
			ClassOf(System, Low):    worklist,
		},
	}
}

// of is the escalation of an alarm.
func (p Policy) of(a Alarm) Escalation {
	return p.Escalations[ClassOf(a.Condition.Spec().Type, a.Priority)]
}

// ErrPolicy is wrapped by the errors of Policy.Validate.
var ErrPolicy = errors.New("policy cannot be followed")

// Bounds of a policy: a repeat that people can answer before the next, and no step that a shift does not see.
const (
	maxSteps    = 8
	maxStepTime = 24 * time.Hour
	minRepeat   = 30 * time.Second
)

// Validate says everything that keeps a policy from being followed: every class escalates, at times that
// ascend from zero, to duties that there are, and ends with people or with a failsafe that is named.
func (p Policy) Validate() error {
	var faults []error
	fault := func(format string, args ...any) {
		faults = append(faults, fmt.Errorf(format+": %w", append(args, ErrPolicy)...))
	}
	if !slices.ContainsFunc(p.Failsafe, Duty.people) {
		fault("failsafe calls nobody")
	}
	for _, d := range p.Failsafe {
		if !d.people() {
			fault("failsafe %q is nobody who can be called", d)
		}
	}
	for c := range p.Escalations {
		if !slices.Contains(Classes(), c) {
			fault("%q is no class of alarms", c)
		}
	}
	for _, c := range Classes() {
		e := p.Escalations[c]
		for _, why := range e.faults() {
			fault("%s: %s", c, why)
		}
	}
	return errors.Join(faults...)
}

// faults says in words what is wrong with an escalation.
func (e Escalation) faults() (why []string) {
	if len(e.Steps) == 0 || len(e.Steps) > maxSteps {
		return []string{fmt.Sprintf("has %d steps, want 1 to %d", len(e.Steps), maxSteps)}
	}
	if e.Steps[0].After != 0 {
		why = append(why, "the first step waits")
	}
	for i, s := range e.Steps {
		if i > 0 && s.After <= e.Steps[i-1].After {
			why = append(why, fmt.Sprintf("step %d does not come after step %d", i, i-1))
		}
		for _, w := range s.faults() {
			why = append(why, fmt.Sprintf("step %d %s", i, w))
		}
	}
	if e.Repeat != 0 && (e.Repeat < minRepeat || e.Repeat > maxStepTime) {
		why = append(why, fmt.Sprintf("repeats every %s, want %s to %s", e.Repeat, minRepeat, maxStepTime))
	}
	return why
}

func (s Step) faults() (why []string) {
	if s.After > maxStepTime {
		why = append(why, fmt.Sprintf("comes after more than %s", maxStepTime))
	}
	if len(s.Call) == 0 {
		why = append(why, "calls nobody")
	}
	for _, d := range s.Call {
		if !d.people() && d != Stations && d != Worklist {
			why = append(why, fmt.Sprintf("calls %q, which is no duty", d))
		}
	}
	return why
}
