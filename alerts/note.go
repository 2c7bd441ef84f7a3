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
	Rendered     NoteKind = "rendered"          // a station had the alarm on its screen
	Sounded      NoteKind = "sounded"           // a station played the sound of the alarm
	Notified     NoteKind = "notified"          // somebody was called; the detail says at which step and how
	Taken        NoteKind = "delivered"         // the other side has taken the call
	Missed       NoteKind = "escalation_missed" // a step called people, and none of them can be reached
	StationAudio NoteKind = "station_audio"     // a station can be heard, or no longer; the detail says which
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

// Receipt reports whether the note says the same of an alarm however often it is sent: it is kept once
// for each version of the alarm and each station.
func (n Note) Receipt() bool { return n.Kind == Rendered || n.Kind == Sounded }
