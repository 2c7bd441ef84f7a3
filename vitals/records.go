package vitals

import (
	"errors"
	"time"
)

// What a caller of the records decides on, whichever database keeps them.
var (
	// ErrNotFound says that there is no such record, or none that the viewer may see.
	ErrNotFound = errors.New("not found")
	// ErrConflict says that a record stands in the way.
	ErrConflict = errors.New("conflict")
)

// ConflictError is a conflict whose text says what stands in the way and may be shown to whoever asked.
// It wraps ErrConflict.
type ConflictError string

// Error says what stands in the way.
func (c ConflictError) Error() string { return string(c) }

// Unwrap makes it an ErrConflict.
func (ConflictError) Unwrap() error { return ErrConflict }

// Conflicts that a person can resolve.
const (
	ErrRecordNumberTaken ConflictError = "a patient with this record number is under care"
	ErrBedTaken          ConflictError = "a patient is in this bed of the unit"
	ErrLoginTaken        ConflictError = "somebody has this login"
	ErrLastAdmin         ConflictError = "this is the last administrator who may sign in"
	ErrBoundLater        ConflictError = "the device was bound at that time or later; bind it from a later time on"
	ErrDischarged        ConflictError = "the patient is discharged"
	ErrSenderTaken       ConflictError = "there is a hub or a gateway with this id"
	ErrProposed          ConflictError = "something is proposed for this unit already; approve or withdraw it first"
	ErrDecided           ConflictError = "a newer one was proposed, or this one is in force already"
	ErrOwnProposal       ConflictError = "a second person has to approve what you proposed"
	ErrWorn              ConflictError = "the device is bound to another patient; to take it from there, say so with \"move\": true"
)

// HubStatus is a hub with when it was last heard.
type HubStatus struct {
	Hub
	Online bool
	Seen   time.Time // zero when it was never heard
	// Ahead is how far its clock was ahead of the server's when it last told its status; nil where it tells no time.
	Ahead *time.Duration
}

// Session is one sign-in of a person.
type Session struct {
	Key     []byte // SHA-256 of the token that only the browser has
	Staff   StaffID
	Created time.Time
	Expires time.Time
	Seen    time.Time
}

// AlarmFilter chooses alarms by where they are in their life.
type AlarmFilter string

// Filters of alarms.
const (
	AllAlarms    AlarmFilter = ""
	OpenAlarms   AlarmFilter = "open"
	ClosedAlarms AlarmFilter = "closed"
)

// Unexplained asks for alarms that no other one explains.
const Unexplained = "none"

// AlarmQuery asks for alarms, newest first. Zero fields ask for everything.
type AlarmQuery struct {
	Unit      UnitID
	Patient   PatientID
	State     AlarmFilter
	Explained string    // by which other alarm; Unexplained: by none
	From, To  time.Time // when it was raised: From inclusive, To exclusive
	Limit     int
}
