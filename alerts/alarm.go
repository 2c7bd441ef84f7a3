// Package alerts decides: from what is measured (package vitals) and what is found in the ECG
// (package vitals/ecg) it says which conditions are true of a patient, a device or a hub, and leads
// each of them through the life of an alarm.
//
// Alarm is one episode of a Condition; Engine holds the episodes of one patient. An alarm is never
// silently missing: lost input makes a condition unknown, never false.
//
// The package is pure. It knows no clock, no database and no socket: time is an argument, and the
// same deliveries give the same alarms, byte for byte.
package alerts

import (
	"time"

	"vigil/vitals"
)

// AlarmID names one alarm episode. It is derived from patient, condition, site and onset, so
// that raising the same episode again after a crash, or on a hub and on the server, is one alarm.
type AlarmID string

// Priority is how fast a person must come (IEC 60601-1-8 has three and information).
type Priority uint8

// Priorities, lowest first.
const (
	Info Priority = iota + 1
	Low
	Medium
	High
)

// Type says what an alarm is about.
type Type uint8

const (
	// Physiological alarms are about the patient.
	Physiological Type = iota + 1
	// Technical alarms are about a device, a hub or the signal.
	Technical
	// System alarms are about Vigil itself.
	System
)

// State is where an episode is in its life.
type State uint8

// The states of the life-cycle; see lifecycle.go for the transitions.
const (
	Pending      State = iota + 1 // condition true, on-delay running, nobody told
	ActiveUnack                   // condition true or unknown, not acknowledged
	ActiveAck                     // condition true or unknown, acknowledged
	LatchedUnack                  // condition gone, still waiting for an acknowledgement
	Closed                        // over; never reopens
)

// Open reports whether the episode is one that a nurse must see.
func (s State) Open() bool { return s == ActiveUnack || s == ActiveAck || s == LatchedUnack }

// Truth is what is known of a condition. Lost input makes it Unknown, never False.
type Truth uint8

// Truths.
const (
	Unknown Truth = iota
	True
	False
)

// Alarm is one episode of a condition for a patient and site.
type Alarm struct {
	ID         AlarmID
	Patient    vitals.PatientID
	Condition  Condition
	Site       string // device of a technical condition, vital of a hint, unit of a system one, else empty
	Priority   Priority
	State      State
	Truth      Truth
	Chattering bool      // the condition comes and goes: more than five onsets within ten minutes
	Version    int       // 1 when raised, +1 at each change
	Onset      time.Time // when it began, by the time of the samples
	Evidence   time.Time // time of the newest sample that the state rests on
	Raised     time.Time // server time at which it was raised
	Ended      time.Time // when the condition ceased, by the time of the samples; zero while it lasts
	Changed    time.Time // server time of the last change
	Count      int       // how often the condition became true within the episode
	Detail     string    // for people: "HR 28 < 30 /min"
	Value      vitals.Decimal
	Limit      vitals.Decimal
	// Worst is the worst value of the episode as of this version; while it is acknowledged, as of then.
	Worst      vitals.Decimal
	Suppressor AlarmID // the alarm that explains this one, which is silent meanwhile; empty: none
	Previous   AlarmID // the episode that was acknowledged and over a moment before; empty: none
	// SnoozeUntil is until when an alarm of a single reading is put off; zero while it is not.
	SnoozeUntil time.Time
	Command     string // id of the last command of a person that changed it
	AckedBy     string // user id, empty until acknowledged
	AckedName   string
	AckedAt     time.Time
	AckReason   AckReason // what whoever had it last said that it was; empty: nothing was said
	Reason      CloseReason
}

// CloseReason says why an episode ended.
type CloseReason string

// Reasons for closing.
const (
	ClosedSelf       CloseReason = "self"       // condition gone by itself, never acknowledged
	ClosedAck        CloseReason = "ack"        // condition gone, then acknowledged
	ClosedResolved   CloseReason = "resolved"   // acknowledged, then condition gone
	ClosedDischarged CloseReason = "discharged" // the patient left
	ClosedOff        CloseReason = "off"        // somebody switched the condition off
	ClosedUnassigned CloseReason = "unassigned" // the device it was about is no longer the patient's
)

// Change names what happened to an alarm.
type Change string

// Changes.
const (
	Raised       Change = "raised" // its State says whether somebody has it already, as the one before
	Acknowledged Change = "acked"
	Unacked      Change = "unacked" // whoever had it cannot go
	Snoozed      Change = "snoozed"
	Explained    Change = "explained" // whoever has it says what it is
	Latched      Change = "latched"
	Recurred     Change = "recurred"   // a latched condition became true again
	Rearmed      Change = "rearmed"    // acknowledged or put off, but still true after that time
	Worsened     Change = "worsened"   // since it was acknowledged, by a step, or to a higher priority
	Suppressed   Change = "suppressed" // another alarm explains it from now on: no sound, no notification
	Released     Change = "released"   // it stands by itself again
	Ceased       Change = "closed"
	InputLost    Change = "input_lost" // the condition can no longer be judged; the alarm stays
	InputBack    Change = "input_back" // it can be judged again, and is still true
)

// Transition is one change of one alarm, with the alarm as it is afterwards.
type Transition struct {
	Change  Change
	Before  State
	Alarm   Alarm
	At      time.Time // server time
	Actor   string    // user id; empty for the detector
	Command string    // id of the command that caused it, for repeats
	Station string    // where the command came from

	Ahead time.Duration // of the clock that timed the samples, by which they are charted; negative: behind

	Unrecorded bool // it is shown though the database has not taken it yet
	Retold     bool // it was told before: only whether it is recorded is news
}
