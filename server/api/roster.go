package api

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/samber/lo"

	"vigil/alerts"
	"vigil/vitals"
)

// Response is which alarms there are and who answers them.
type Response interface {
	AlarmRecords
	EvidenceRecords
	ReportRecords
	Rosters
	Policies
	Calls
}

// Rosters are who is put where and when, and what they took over.
type Rosters interface {
	// Roster lists the posts of the scope that hold at a time or begin later.
	Roster(ctx context.Context, scope vitals.Scope, at time.Time) (alerts.Roster, error)
	// SavePost puts somebody on a duty.
	SavePost(ctx context.Context, p alerts.Post) error
	// Accept notes that somebody takes an alarm over.
	Accept(ctx context.Context, a alerts.AlarmID, by vitals.StaffID, at time.Time) error
	// Accepted lists when somebody took open alarms over.
	Accepted(ctx context.Context, by vitals.StaffID) (map[alerts.AlarmID]time.Time, error)
}

// plannedAhead is how far ahead somebody is put on a duty.
const plannedAhead = 90 * 24 * time.Hour

// posters may put people on duties; on which, alerts.MayPost says.
var posters = allow{roles: lo.Filter(vitals.Roles, func(r vitals.Role, _ int) bool { return alerts.MayPost(r, alerts.AssignedNurse) })}

type postView struct {
	Patient vitals.PatientID `json:"patient,omitempty" doc:"Missing for a duty of the whole unit."`
	Duty    alerts.Duty      `json:"duty" enum:"nurse,buddy,charge,physician,technician"`
	From    time.Time        `json:"from" doc:"It holds until the next one of the same duty begins."`
	Staff   vitals.StaffID   `json:"staff,omitempty" doc:"Missing: nobody."`
}

type personView struct {
	ID   vitals.StaffID `json:"id"`
	Name string         `json:"name"`
	Role vitals.Role    `json:"role"`
}

type unitPathInput struct {
	ID vitals.UnitID `path:"id" maxLength:"64"`
}

type rosterOutput struct {
	Body struct {
		At     time.Time    `json:"at" doc:"Server time, by which a post holds or is planned."`
		Posts  []postView   `json:"posts" nullable:"false" doc:"Those that hold, and those that are planned."`
		People []personView `json:"people" nullable:"false" doc:"Who can be put on a duty of the unit."`
	}
}

type postInput struct {
	ID   vitals.UnitID `path:"id" maxLength:"64"`
	Body struct {
		Patient vitals.PatientID `json:"patient,omitempty" maxLength:"64" doc:"Whose nurse or buddy it is."`
		Duty    alerts.Duty      `json:"duty" enum:"nurse,buddy,charge,physician,technician"`
		From    *time.Time       `json:"from,omitempty" doc:"Missing: now."`
		Staff   vitals.StaffID   `json:"staff,omitempty" maxLength:"64" doc:"Missing: nobody."`
	}
}

type postOutput struct{ Body postView }

type offersOutput struct {
	Body struct {
		Offers []offerView `json:"offers" nullable:"false"`
	}
}

type offerView struct {
	Alarm alerts.View `json:"alarm"`
	Since time.Time   `json:"since" doc:"When the patient became yours."`
}

type alarmPathInput struct {
	ID alerts.AlarmID `path:"id" maxLength:"64"`
}

func (s *service) registerRoster() {
	register(s, route{http.MethodGet, "/units/{id}/roster", "get-roster", "Who is put on which duty of a unit, now and later.", 0, everyone}, s.roster)
	register(s, route{http.MethodPost, "/units/{id}/posts", "save-post", "Put somebody on a duty: assign a patient, hand one on, name who is on call.", http.StatusCreated, posters}, s.savePost)
	register(s, route{http.MethodGet, "/offers", "list-offers", "Open alarms of patients that became mine, which I have not accepted.", 0, everyone}, s.offers)
	register(s, route{http.MethodPost, "/alarms/{id}/accept", "accept-alarm", "Take over an open alarm with its patient. It changes neither the alarm nor its escalation.", http.StatusNoContent, admitters}, s.accept)
}

// peopleOf lists who may be put on duties of a unit.
func (s *service) peopleOf(ctx context.Context, unit vitals.UnitID) ([]vitals.Staff, error) {
	everybody, err := s.Records.Staff(ctx)
	return lo.Filter(everybody, func(p vitals.Staff, _ int) bool {
		return !p.Disabled && p.Role != vitals.Admin && slices.Contains(p.Units, unit)
	}), err
}

func (s *service) roster(ctx context.Context, in *unitPathInput) (*rosterOutput, error) {
	if !staffOf(ctx).Scope().Covers(in.ID) {
		return nil, naming(vitals.ErrNotFound, "unit")
	}
	now := s.Now()
	posts, err := s.Records.Roster(ctx, vitals.Scope{Units: []vitals.UnitID{in.ID}}, now)
	if err != nil {
		return nil, err
	}
	people, err := s.peopleOf(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	out := &rosterOutput{}
	out.Body.At = now
	out.Body.Posts = lo.Map(posts, func(p alerts.Post, _ int) postView { return viewPost(p) })
	out.Body.People = lo.Map(people, func(p vitals.Staff, _ int) personView { return personView{p.ID, p.Name, p.Role} })
	return out, nil
}

func viewPost(p alerts.Post) postView {
	return postView{Patient: p.Patient, Duty: p.Duty, From: p.From, Staff: p.Staff}
}

func (s *service) savePost(ctx context.Context, in *postInput) (*postOutput, error) {
	who, now := staffOf(ctx), s.Now()
	p := alerts.Post{
		Unit: in.ID, Patient: in.Body.Patient, Duty: in.Body.Duty, From: lo.FromPtrOr(in.Body.From, now).UTC().Truncate(time.Microsecond),
		Staff: in.Body.Staff, By: who.ID, Decided: now,
	}
	if !who.Scope().Covers(p.Unit) {
		return nil, naming(vitals.ErrNotFound, "unit")
	}
	if !alerts.MayPost(who.Role, p.Duty) {
		return nil, errForbidden
	}
	if err := s.checkPost(ctx, p); err != nil {
		return nil, err
	}
	if err := s.Records.SavePost(ctx, p); err != nil {
		return nil, naming(err, "unit")
	}
	s.Changed(ctx)
	return &postOutput{Body: viewPost(p)}, nil
}

// checkPost refuses a post that nobody can hold: of the past, for a patient who is not there, of somebody who
// is not of the unit or whose role is another.
func (s *service) checkPost(ctx context.Context, p alerts.Post) error {
	switch {
	case p.From.Before(p.Decided) || p.From.After(p.Decided.Add(plannedAhead)):
		return newProblem(http.StatusUnprocessableEntity, "a duty begins now or within 90 days")
	case p.Duty.ForPatient() != (p.Patient != ""):
		return newProblem(http.StatusUnprocessableEntity, "nurse and buddy are for a patient, the other duties for the unit")
	}
	if p.Patient != "" {
		patient, err := s.Records.Patient(ctx, vitals.Scope{Units: []vitals.UnitID{p.Unit}}, p.Patient)
		if err != nil {
			return naming(err, "patient of the unit")
		}
		if !patient.Discharged.IsZero() {
			return vitals.ErrDischarged
		}
	}
	if p.Staff == "" {
		return nil
	}
	people, err := s.peopleOf(ctx, p.Unit)
	if err != nil {
		return err
	}
	holder, known := lo.Find(people, func(x vitals.Staff) bool { return x.ID == p.Staff })
	switch {
	case !known:
		return naming(vitals.ErrNotFound, "person of the unit")
	case !alerts.MayHold(holder.Role, p.Duty):
		return newProblem(http.StatusUnprocessableEntity, "somebody of that role is not put on this duty")
	default:
		return nil
	}
}

// offered lists what is offered to somebody, the oldest first, whether accepted or not.
func (s *service) offered(ctx context.Context, who vitals.Staff) ([]alerts.Offer, error) {
	now := s.Now()
	posts, err := s.Records.Roster(ctx, who.Scope(), now)
	if err != nil {
		return nil, err
	}
	var offers []alerts.Offer
	for _, p := range posts {
		if p.Duty != alerts.AssignedNurse || p.Staff != who.ID || p.From.After(now) {
			continue
		}
		open, err := s.Records.Alarms(ctx, who.Scope(), vitals.AlarmQuery{Patient: p.Patient, State: vitals.OpenAlarms})
		if err != nil {
			return nil, err
		}
		for _, a := range slices.Backward(open) {
			if offer, found := posts.Offered(p.Unit, a, now); found && offer.Nurse == who.ID {
				offers = append(offers, offer)
			}
		}
	}
	return offers, nil
}

func (s *service) offers(ctx context.Context, _ *empty) (*offersOutput, error) {
	who := staffOf(ctx)
	offers, err := s.offered(ctx, who)
	if err != nil {
		return nil, err
	}
	accepted, err := s.Records.Accepted(ctx, who.ID)
	if err != nil {
		return nil, err
	}
	out := &offersOutput{}
	out.Body.Offers = []offerView{}
	for _, o := range offers {
		if at, done := accepted[o.Alarm.ID]; !done || at.Before(o.Since) { // a patient may come back to somebody
			out.Body.Offers = append(out.Body.Offers, offerView{Alarm: o.Alarm.View(), Since: o.Since})
		}
	}
	return out, nil
}

func (s *service) accept(ctx context.Context, in *alarmPathInput) (*empty, error) {
	who := staffOf(ctx)
	offers, err := s.offered(ctx, who)
	if err != nil {
		return nil, err
	}
	if !lo.ContainsBy(offers, func(o alerts.Offer) bool { return o.Alarm.ID == in.ID }) {
		return nil, naming(vitals.ErrNotFound, "alarm that is offered to you")
	}
	return &empty{}, s.Records.Accept(ctx, in.ID, who.ID, s.Now())
}
