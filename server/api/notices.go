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
	// SaveReceipt keeps what somebody's device says of a notice to them.
	SaveReceipt(ctx context.Context, id string, by vitals.StaffID, r alerts.Receipt, at time.Time) error
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
}

type noticesOutput struct {
	Body struct {
		Notices []noticeView `json:"notices" nullable:"false" doc:"Oldest first."`
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
		}
	})
	return out, nil
}

func (s *service) saveReceipt(ctx context.Context, in *receiptInput) (*empty, error) {
	err := s.Records.SaveReceipt(ctx, in.ID, staffOf(ctx).ID, in.Body.Receipt, s.Now())
	return &empty{}, naming(err, "notice to you")
}
