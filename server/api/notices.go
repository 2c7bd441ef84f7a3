package api

import (
	"context"
	"net/http"
	"time"

	"github.com/samber/lo"

	"vigil/alerts"
	"vigil/vitals"
)

// Notices are what went out to people.
type Notices interface {
	// Notices lists the notices of an alarm of the scope, oldest first.
	Notices(ctx context.Context, scope vitals.Scope, alarm alerts.AlarmID) ([]alerts.Notice, error)
	// NoticeTo finds a notice to somebody.
	NoticeTo(ctx context.Context, id string, to vitals.StaffID) (alerts.Notice, error)
	// SaveReceipt keeps what somebody's device says of a notice to them, and reports whether that is new.
	SaveReceipt(ctx context.Context, id string, by vitals.StaffID, r alerts.Receipt, at time.Time) (first bool, err error)
}

type noticeView struct {
	ID       string             `json:"id"`
	Staff    vitals.StaffID     `json:"staff"`
	Name     string             `json:"name"`
	Channel  alerts.Channel     `json:"channel" enum:"webhook,mail,push,ntfy"`
	Step     int                `json:"step" doc:"-1 where an open alarm was handed over."`
	Round    int                `json:"round"`
	State    alerts.NoticeState `json:"state" enum:"waiting,delivered,superseded,undeliverable"`
	Attempts int                `json:"attempts"`
	Made     time.Time          `json:"made"`
	Settled  *time.Time         `json:"settled,omitempty"`
	Fault    string             `json:"fault,omitempty" doc:"Why the last attempt failed."`
	Seen     *time.Time         `json:"seen,omitempty" doc:"When whoever was called saw it."`
	Declined *time.Time         `json:"declined,omitempty" doc:"When they said that they cannot go."`
}

type noticesOutput struct {
	Body struct {
		Notices []noticeView `json:"notices" nullable:"false" doc:"Oldest first."`
	}
}

type noticePathInput struct {
	ID string `path:"id" maxLength:"64"`
}

type myNoticeOutput struct {
	Body struct {
		Text     string       `json:"text"`
		Made     time.Time    `json:"made"`
		Offer    bool         `json:"offer" doc:"An open alarm was handed over with its patient, to be accepted."`
		Alarm    alerts.View  `json:"alarm" doc:"As it is now."`
		Patient  *patientView `json:"patient,omitempty" doc:"Missing where it is about Vigil itself."`
		Seen     *time.Time   `json:"seen,omitempty"`
		Declined *time.Time   `json:"declined,omitempty"`
	}
}

type receiptInput struct {
	ID   string `path:"id" maxLength:"64"`
	Body struct {
		Receipt alerts.Receipt `json:"receipt" enum:"seen,declined"`
	}
}

func (s *service) registerNotices() {
	register(s, route{http.MethodGet, "/alarms/{id}/notices", "list-notices", "Who was called because of an alarm, and whether it reached them.", 0, everyone}, s.notices)
	register(s, route{http.MethodGet, "/notices/{id}", "get-notice", "What I was called for, as it is now.", 0, everyone}, s.myNotice)
	register(s, route{http.MethodPost, "/notices/{id}/receipts", "save-receipt", "Say that a notice to me was seen, or that I cannot go. It changes no time and stops nothing: hand the patient on, or acknowledge.", http.StatusNoContent, everyone}, s.saveReceipt)
}

func (s *service) notices(ctx context.Context, in *alarmPathInput) (*noticesOutput, error) {
	notices, err := s.Records.Notices(ctx, staffOf(ctx).Scope(), in.ID)
	if err != nil {
		return nil, err
	}
	people, err := s.Records.Staff(ctx)
	if err != nil {
		return nil, err
	}
	names := lo.SliceToMap(people, func(p vitals.Staff) (vitals.StaffID, string) { return p.ID, p.Name })
	out := &noticesOutput{}
	out.Body.Notices = lo.Map(notices, func(n alerts.Notice, _ int) noticeView {
		return noticeView{
			ID: n.ID(), Staff: n.Contact.Staff, Name: names[n.Contact.Staff], Channel: n.Contact.Channel, Step: n.Step.Step, Round: n.Step.Round,
			State: n.State, Attempts: n.Attempts, Made: n.Made, Settled: known(n.Settled), Fault: n.Fault,
			Seen: known(n.Seen), Declined: known(n.Declined),
		}
	})
	return out, nil
}

// myNotice shows what a notice does not say to whoever it was sent to. It is no secret who may see the patient: a
// notice to somebody who may not any more is not found.
func (s *service) myNotice(ctx context.Context, in *noticePathInput) (*myNoticeOutput, error) {
	who := staffOf(ctx)
	n, err := s.Records.NoticeTo(ctx, in.ID, who.ID)
	if err != nil {
		return nil, naming(err, "notice to you")
	}
	a, err := s.Records.Alarm(ctx, who.Scope(), n.Step.Alarm)
	if err != nil {
		return nil, naming(err, "alarm")
	}
	out := &myNoticeOutput{}
	out.Body.Text, out.Body.Made, out.Body.Offer, out.Body.Alarm = n.Text, n.Made, n.Step.Offer(), a.View()
	out.Body.Seen, out.Body.Declined = known(n.Seen), known(n.Declined)
	if a.Patient != alerts.Nobody {
		p, err := s.Records.Patient(ctx, who.Scope(), a.Patient)
		if err != nil {
			return nil, naming(err, "patient")
		}
		out.Body.Patient = new(viewPatient(p, nil))
	}
	return out, nil
}

func (s *service) saveReceipt(ctx context.Context, in *receiptInput) (*empty, error) {
	who, now := staffOf(ctx), s.Now()
	n, err := s.Records.NoticeTo(ctx, in.ID, who.ID) // before it is saved: the second time nothing is noted any more
	if err != nil {
		return nil, naming(err, "notice to you")
	}
	first, err := s.Records.SaveReceipt(ctx, in.ID, who.ID, in.Body.Receipt, now)
	if err != nil || !first {
		return &empty{}, naming(err, "notice to you")
	}
	kind := map[alerts.Receipt]alerts.NoteKind{alerts.Seen: alerts.CallSeen, alerts.Declined: alerts.CallDeclined}[in.Body.Receipt]
	s.Note(alerts.Note{Kind: kind, At: now, Alarm: n.Step.Alarm, Version: n.Step.Epoch, Actor: string(who.ID), Detail: n.Step.String()})
	return &empty{}, nil
}
