package vitals

import "slices"

// StaffID names a person or program that signs in.
type StaffID string

// Role says what a signed-in person may do.
type Role string

// Roles.
const (
	Viewer     Role = "viewer"
	Nurse      Role = "nurse"
	Charge     Role = "charge"
	Physician  Role = "physician"
	Technician Role = "technician"
	Admin      Role = "admin"
)

// Roles lists every role.
var Roles = []Role{Viewer, Nurse, Charge, Physician, Technician, Admin}

// Staff is a person who signs in.
type Staff struct {
	ID       StaffID
	Login    string
	Name     string
	Role     Role
	Units    []UnitID // an Admin sees every unit, whatever stands here
	Disabled bool     // may not sign in
}

// Scope is what somebody may see. The zero Scope sees nothing.
type Scope struct {
	All   bool
	Units []UnitID
}

// Scope is what the person may see.
func (s Staff) Scope() Scope { return Scope{All: s.Role == Admin, Units: s.Units} }

// Covers reports whether the scope includes the unit.
func (s Scope) Covers(u UnitID) bool { return s.All || slices.Contains(s.Units, u) }
