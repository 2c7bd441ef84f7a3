package alerts

import (
	"time"

	"vigil/vitals"
)

// NoteKind names what a note is about.
type NoteKind string

// What is noted beside the changes of alarms.
const (
	AckConflict  NoteKind = "ack_conflict"      // a command about an alarm was refused; the detail says why
	AckReasoned  NoteKind = "ack_reason"        // somebody said what an alarm had been that was over; the detail is the reason
	Rendered     NoteKind = "rendered"          // a station had the alarm on its screen
	Sounded      NoteKind = "sounded"           // a station played the sound of the alarm
	Notified     NoteKind = "notified"          // somebody was called; the detail says at which step and how
	Taken        NoteKind = "delivered"         // the other side has taken the call
	CallSeen     NoteKind = "seen"              // whoever was called has seen the call
	CallDeclined NoteKind = "declined"          // whoever was called cannot go
	Missed       NoteKind = "escalation_missed" // a step called people, and none of them can be reached
	StationAudio NoteKind = "station_audio"     // a station can be heard, or no longer; the detail says which
	// StationPaused is that somebody paused the sound of a station, or ended that; the detail says for how long.
	StationPaused NoteKind = "station_paused"

	Paused         NoteKind = "paused"          // the patient's alarms are silent for a moment; other decisions are named as their command
	LimitChanged   NoteKind = "limit_changed"   // the limits of a patient or a unit are others; the detail is why
	DelayedDropped NoteKind = "delayed_dropped" // a condition was over before its delay was; the detail says which, and how often
	EvidenceFrozen NoteKind = "evidence"        // what an alarm rests on was kept, as it is sealed here
)

// Note is something that the audit keeps though it changes no alarm.
type Note struct {
	Kind    NoteKind
	At      time.Time // server time
	Alarm   AlarmID   // empty where it is about a station alone
	Version int       // of the alarm as the station had it
	Unit    vitals.UnitID
	Station string
	Actor   string // user id
	Detail  string
}

// Dropped is how often a condition of a patient was over before its on-delay was, so that nobody was told. Conditions
// flap about their limits, so they are summed up by the hour.
type Dropped struct {
	Patient   vitals.PatientID
	Condition Condition
	To        time.Time // of the hour
	Times     int
}

// Receipt reports whether the note says the same of an alarm however often it is sent: it is kept once
// for each version of the alarm and each station.
func (n Note) Receipt() bool { return n.Kind == Rendered || n.Kind == Sounded }
