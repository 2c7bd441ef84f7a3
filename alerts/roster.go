package alerts

import (
	"slices"
	"time"

	"github.com/samber/lo"

	"vigil/vitals"
)

// Post is somebody put on a duty, from a time on until the next Post of the same duty begins.
type Post struct {
	Unit    vitals.UnitID
	Patient vitals.PatientID // empty for a duty of the unit
	Duty    Duty
	From    time.Time
	Staff   vitals.StaffID // empty: nobody
	By      vitals.StaffID // who decided so
	Decided time.Time
}

// Roster is who is put where and when. It need not be sorted.
type Roster []Post

// On is the post that holds at a time; false where there never was one.
func (r Roster) On(u vitals.UnitID, p vitals.PatientID, d Duty, at time.Time) (post Post, found bool) {
	for _, s := range r {
		if s.Unit != u || s.Patient != p || s.Duty != d || s.From.After(at) {
			continue
		}
		if !found || s.From.After(post.From) {
			post, found = s, true
		}
	}
	return post, found
}

// Assigned is who cares for a patient of a unit at a time. Of people that may no longer sign in, nobody
// counts.
func (r Roster) Assigned(u vitals.UnitID, p vitals.PatientID, people []vitals.Staff, at time.Time) Assigned {
	present := lo.Filter(people, func(s vitals.Staff, _ int) bool { return !s.Disabled })
	one := func(patient vitals.PatientID, d Duty) vitals.StaffID {
		post, _ := r.On(u, patient, d, at)
		if !slices.ContainsFunc(present, func(s vitals.Staff) bool { return s.ID == post.Staff }) {
			return ""
		}
		return post.Staff
	}
	a := Assigned{Charge: one("", ChargeNurse), Physician: one("", OnCallDoctor), Technician: one("", OnCallTech)}
	if p != "" {
		a.Nurse, a.Buddy = one(p, AssignedNurse), one(p, Buddy)
	}
	for _, s := range present {
		if s.Role == vitals.Admin {
			a.Admins = append(a.Admins, s.ID)
		}
		if calledWithUnit(s.Role) && (u == "" || slices.Contains(s.Units, u)) { // what is of no unit is of all
			a.Unit = append(a.Unit, s.ID)
		}
	}
	return a
}

// calledWithUnit reports whether people of the role come when their unit is called.
func calledWithUnit(r vitals.Role) bool {
	return r == vitals.Nurse || r == vitals.Charge || r == vitals.Physician
}

// Offer is an open alarm that a nurse took over with the patient, and has not accepted.
type Offer struct {
	Alarm Alarm
	Nurse vitals.StaffID
	Since time.Time // of the post
}

// Offered is the offer of an open alarm to the patient's nurse of the time, where the alarm is older than
// the post. Whoever acknowledged it has accepted it, and so has the nurse who says so. An offer changes
// neither the alarm nor its escalation. What calls nobody is none: what is for
// information only, and what another alarm explains, while it does.
func (r Roster) Offered(u vitals.UnitID, a Alarm, at time.Time) (Offer, bool) {
	post, found := r.On(u, a.Patient, AssignedNurse, at)
	if !found || post.Staff == "" || a.Priority == Info || a.Suppressor != "" || !a.State.Open() || !a.Raised.Before(post.From) || a.AckedBy == string(post.Staff) {
		return Offer{}, false
	}
	return Offer{Alarm: a, Nurse: post.Staff, Since: post.From}, true
}

// MayPost reports whether somebody of a role may put people on a duty: a nurse hands a patient on, whoever
// leads the shift decides about the unit.
func MayPost(role vitals.Role, d Duty) bool {
	switch role {
	case vitals.Charge, vitals.Physician, vitals.Admin:
		return d.ForPatient() || d.ForUnit()
	case vitals.Nurse:
		return d.ForPatient()
	default:
		return false
	}
}

// MayHold reports whether somebody of a role can be put on a duty.
func MayHold(role vitals.Role, d Duty) bool {
	switch d {
	case AssignedNurse, Buddy, ChargeNurse:
		return role == vitals.Nurse || role == vitals.Charge
	case OnCallDoctor:
		return role == vitals.Physician
	case OnCallTech:
		return role == vitals.Technician
	default:
		return false
	}
}
