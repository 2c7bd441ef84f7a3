package alerts

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"time"

	"vigil/vitals"
)

// Channel is a way to reach somebody who does not look at a screen.
type Channel string

// Channels.
const (
	Webhook Channel = "webhook" // a paging system of the house, which knows how to reach everybody
	Mail    Channel = "mail"
	WebPush Channel = "push" // a browser or phone that subscribed
	Ntfy    Channel = "ntfy"
)

// Contact is how somebody can be reached.
type Contact struct {
	ID      string
	Staff   vitals.StaffID
	Channel Channel
	Address string // mail address, topic, or where the browser's push service listens
	Key     string // of a subscription: what its messages are encrypted with, as the browser gave it
	Auth    string
	Added   time.Time
}

// StepID names a step of a call. What happens at it happens once.
type StepID struct {
	Alarm AlarmID
	Epoch int
	Step  int
	Round int
}

// Called is a step that was called, with the notices that go out by it.
type Called struct {
	ID      StepID
	Patient vitals.PatientID
	At      time.Time
	To      []vitals.StaffID
	People  bool // its duties are people, not only a place where it is shown
	Notices []Notice
}

// NoticeState is what became of a notice.
type NoticeState string

// States of a notice.
const (
	Waiting       NoticeState = "waiting"       // to be sent, or tried again
	Delivered     NoticeState = "delivered"     // the other side has taken it
	Superseded    NoticeState = "superseded"    // nobody needs it any more, or a later one says the same
	Undeliverable NoticeState = "undeliverable" // the contact is no longer there
)

// Notice is one message of a step to one contact. Its text says nothing about a patient.
type Notice struct {
	Step     StepID
	Patient  vitals.PatientID
	Contact  Contact
	Priority Priority
	Text     string
	State    NoticeState
	Attempts int
	Next     time.Time // when it is tried again
	Made     time.Time
	Settled  time.Time // when its State became what it is
	Fault    string    // of the last attempt, for the operator
	Seen     time.Time // the first Receipt of each kind; zero without one
	Declined time.Time
}

// ID names the notice in all its attempts, so that whoever gets it twice can tell. It gives nothing away.
func (n Notice) ID() string {
	s := n.Step
	sum := sha256.Sum256(fmt.Appendf(nil, "%s/%d/%d/%d/%s", s.Alarm, s.Epoch, s.Step, s.Round, n.Contact.ID))
	const enough = 24 // bytes: 32 signs, the longest topic of a Web Push (RFC 8030, section 5.4)
	return base64.RawURLEncoding.EncodeToString(sum[:enough])
}

// offered is the Step of an offer, whose Epoch says since when it is one.
const offered = -1

// OfferID names the offer of an alarm to whoever took its patient over at a time.
func OfferID(a AlarmID, since time.Time) StepID {
	return StepID{Alarm: a, Epoch: int(since.Unix()), Step: offered}
}

// Offer reports whether it is an offer rather than a step of a call.
func (s StepID) Offer() bool { return s.Step == offered }

// tested is the Step of a test: a message to a contact of which nobody knows yet whether it arrives.
const tested = -2

// TestID names a test at a time.
func TestID(at time.Time) StepID { return StepID{Epoch: int(at.Unix()), Step: tested} }

// Test reports whether it is a test, which is about no alarm.
func (s StepID) Test() bool { return s.Step == tested }

// String says it for the audit.
func (s StepID) String() string {
	if s.Offer() {
		return "handed over"
	}
	return fmt.Sprintf(stepFormat, s.Step, s.Round)
}

// stepFormat is how a step of a call is said.
const stepFormat = "step %d round %d"

// SaidStep is the step of a call of which the audit says this: what String said, and anything behind it. It reports false of
// what is no step of a call, such as an offer.
func SaidStep(detail string) (step int, is bool) {
	round := 0
	_, err := fmt.Sscanf(detail, stepFormat, &step, &round)
	return step, err == nil
}

// Receipt is what somebody's device says of a notice. It is kept, and changes the time of nothing: an
// escalation stops for an acknowledgement only.
type Receipt string

// Receipts.
const (
	Seen     Receipt = "seen"
	Declined Receipt = "declined" // "I cannot go": the app offers to hand the patient on
)
