package alerts

import (
	"time"

	"vigil/vitals"
)

// String is the priority's name in interfaces.
func (p Priority) String() string {
	switch p {
	case High:
		return "high"
	case Medium:
		return "medium"
	case Low:
		return "low"
	default:
		return "info"
	}
}

// PriorityByName finds the priority with the name that String gives.
func PriorityByName(name string) (Priority, bool) {
	for p := Info; p <= High; p++ {
		if p.String() == name {
			return p, true
		}
	}
	return 0, false
}

// String is the type's name in interfaces.
func (t Type) String() string {
	switch t {
	case Physiological:
		return "physiological"
	case Technical:
		return "technical"
	default:
		return "system"
	}
}

// String is the state's name in interfaces.
func (s State) String() string {
	switch s {
	case Pending:
		return "pending"
	case ActiveUnack:
		return "active_unack"
	case ActiveAck:
		return "active_ack"
	case LatchedUnack:
		return "latched_unack"
	default:
		return "closed"
	}
}

// String is the truth's name in interfaces.
func (t Truth) String() string {
	switch t {
	case True:
		return "true"
	case False:
		return "false"
	default:
		return "unknown"
	}
}

// View is an alarm as browsers and other programs see it: the one shape for REST and the socket.
type View struct {
	ID        AlarmID          `json:"id"`
	Patient   vitals.PatientID `json:"patient"`
	Condition Condition        `json:"condition"`
	Label     string           `json:"label"`
	Type      string           `json:"type" enum:"physiological,technical,system"`
	Priority  string           `json:"priority" enum:"high,medium,low,info"`
	State     string           `json:"state" enum:"pending,active_unack,active_ack,latched_unack,closed"`
	Truth     string           `json:"truth" enum:"true,false,unknown"`
	Version   int              `json:"version"`
	Onset     time.Time        `json:"onset"`
	Raised    time.Time        `json:"raised"`
	Ended     *time.Time       `json:"ended"`
	Changed   time.Time        `json:"changed"`
	Count     int              `json:"count"`
	Detail    string           `json:"detail"`
	Site      string           `json:"site"`
	AckedBy   *string          `json:"acked_by"` // the person's display name
	Owner     string           `json:"owner"`    // the same person's id, empty until acknowledged
	AckedAt   *time.Time       `json:"acked_at"`
	Reason    CloseReason      `json:"reason"`

	Worst        string     `json:"worst"`         // exact decimal, empty where the condition has none
	SuppressedBy AlarmID    `json:"suppressed_by"` // the alarm that explains this one, which is silent meanwhile
	Previous     AlarmID    `json:"previous"`      // the episode that it continues
	Chattering   bool       `json:"chattering"`
	SnoozeUntil  *time.Time `json:"snooze_until"`                                                       // an alarm of a single reading is put off until then
	AckReason    AckReason  `json:"ack_reason,omitempty" enum:"actioned,watching,artefact,wrong_limit"` // absent: nobody has said
	Unrecorded   bool       `json:"unrecorded,omitempty" doc:"The database is away, and has not taken it as it is shown."`
}

// View is the alarm as others see it.
func (a Alarm) View() View {
	spec := a.Condition.Spec()
	v := View{
		ID: a.ID, Patient: a.Patient, Condition: a.Condition,
		Label: spec.Label, Type: spec.Type.String(), Priority: a.Priority.String(),
		State: a.State.String(), Truth: a.Truth.String(), Version: a.Version,
		Onset: a.Onset, Raised: a.Raised, Ended: known(a.Ended), Changed: a.Changed,
		Count: a.Count, Detail: a.Detail, Site: a.Site, Owner: a.AckedBy, AckedAt: known(a.AckedAt), Reason: a.Reason,
		SuppressedBy: a.Suppressor, Previous: a.Previous, Chattering: a.Chattering,
		SnoozeUntil: known(a.SnoozeUntil), AckReason: a.AckReason,
	}
	if a.Worst != (vitals.Decimal{}) {
		v.Worst = a.Worst.String()
	}
	if a.AckedName != "" {
		v.AckedBy = &a.AckedName
	}
	return v
}

// known is nil for a time that has not come.
func known(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// CareView is what people have decided about a patient as browsers and other programs see it.
type CareView struct {
	Patient vitals.PatientID `json:"patient"`
	Version int              `json:"version"`
	Away    *DecidedView     `json:"away"`   // the patient is not there; where
	Paused  *DecidedView     `json:"paused"` // the patient's alarms are silent at all stations
	Off     []OffView        `json:"off" nullable:"false"`
}

// DecidedView is a decision that ends by itself.
type DecidedView struct {
	Since time.Time `json:"since"`
	Until time.Time `json:"until"`
	By    string    `json:"by"` // the person's display name
	Where string    `json:"where,omitempty"`
}

// OffView is a condition that is switched off.
type OffView struct {
	DecidedView

	Condition Condition `json:"condition"`
	Label     string    `json:"label"`
	Reason    string    `json:"reason"`
}

// View is the care as others see it.
func (c Care) View() CareView {
	v := CareView{Patient: c.Patient, Version: c.Version, Away: c.Away.view(), Paused: c.Paused.view(), Off: []OffView{}}
	for _, o := range c.Off {
		v.Off = append(v.Off, OffView{*o.view(), o.Condition, o.Condition.Spec().Label, o.Reason})
	}
	return v
}

func (d Decided) view() *DecidedView {
	if d.Until.IsZero() {
		return nil
	}
	return &DecidedView{d.Since, d.Until, d.ByName, d.Where}
}
