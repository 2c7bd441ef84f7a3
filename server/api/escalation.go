package api

import (
	"context"
	"net/http"
	"time"

	"github.com/samber/lo"

	"vigil/alerts"
	"vigil/vitals"
)

// Policies are how the alarms of units escalate.
type Policies interface {
	// Policies lists for the units of the scope the version in force and the newest.
	Policies(ctx context.Context, scope vitals.Scope) ([]alerts.PolicyVersion, error)
	// ProposePolicy writes the next version of a unit's policy.
	ProposePolicy(ctx context.Context, v alerts.PolicyVersion) (alerts.PolicyVersion, error)
	// ApprovePolicy puts the newest version in force, unless it is by's own.
	ApprovePolicy(ctx context.Context, unit vitals.UnitID, version int, by alerts.Author) error
}

type stepView struct {
	After int           `json:"after_s" minimum:"0" maximum:"86400" doc:"Seconds since the alarm asked for somebody."`
	Call  []alerts.Duty `json:"call" nullable:"false" maxItems:"8" doc:"nurse, buddy, charge, physician, technician, unit, stations, worklist"`
}

type escalationView struct {
	Steps  []stepView `json:"steps" nullable:"false" maxItems:"8"`
	Repeat int        `json:"repeat_s" minimum:"0" maximum:"86400" doc:"The last step again each time that these seconds pass; 0: never."`
}

type policyView struct {
	Escalations map[alerts.Class]escalationView `json:"escalations" nullable:"false" doc:"By type and priority: physiological/high."`
	Failsafe    []alerts.Duty                   `json:"failsafe" nullable:"false" maxItems:"8" doc:"Who is called at the last step where nobody is on its duties. Where they are nobody either, the whole unit is, then the administrators."`
}

type policyVersionView struct {
	Version    int        `json:"version" doc:"0: what holds where nobody has decided anything."`
	Policy     policyView `json:"policy"`
	By         string     `json:"by"`
	At         *time.Time `json:"at"`
	Reason     string     `json:"reason"`
	ApprovedBy string     `json:"approved_by,omitempty"`
	ApprovedAt *time.Time `json:"approved_at,omitempty"`
}

type policiesOutput struct {
	Body struct {
		InForce  policyVersionView  `json:"in_force"`
		Proposed *policyVersionView `json:"proposed,omitempty" doc:"What waits for a second person."`
	}
}

type proposePolicyInput struct {
	ID   vitals.UnitID `path:"id" maxLength:"64"`
	Body struct {
		Policy policyView `json:"policy"`
		Reason string     `json:"reason" maxLength:"500"`
	}
}

type policyVersionOutput struct{ Body policyVersionView }

type approvePolicyInput struct {
	ID      vitals.UnitID `path:"id" maxLength:"64"`
	Version int           `path:"version" minimum:"1"`
}

type callsInput struct {
	ID       vitals.PatientID `path:"id" maxLength:"64"`
	Type     string           `query:"type" enum:"physiological,technical" default:"physiological"`
	Priority string           `query:"priority" enum:"high,medium,low" default:"high"`
}

type callsOutput struct {
	Body struct {
		Steps  []callingView `json:"steps" nullable:"false" doc:"Were an alarm to be raised now, and nobody to acknowledge it."`
		Repeat int           `json:"repeat_s" doc:"The last step again each time that these seconds pass; 0: never."`
	}
}

type callingView struct {
	Step  int           `json:"step"`
	After int           `json:"after_s"`
	Call  []alerts.Duty `json:"call" nullable:"false"`
	To    []personView  `json:"to" nullable:"false"`
}

func (s *service) registerEscalation() {
	register(s, route{http.MethodGet, "/units/{id}/escalation", "get-escalation", "How the alarms of a unit escalate, and what is proposed.", 0, everyone}, s.escalation)
	register(s, route{http.MethodPut, "/units/{id}/escalation", "propose-escalation", "Propose how the alarms of a unit are to escalate. It is in force once a second person approved it.", http.StatusCreated, proposers}, s.proposeEscalation)
	register(s, route{http.MethodPost, "/units/{id}/escalation/{version}/approve", "approve-escalation", "Put in force what somebody else proposed.", http.StatusNoContent, approvers}, s.approveEscalation)
	register(s, route{http.MethodGet, "/patients/{id}/calls", "list-calls", "Who would be called now, and when.", 0, everyone}, s.wouldBeCalled)
}

func viewPolicy(p alerts.Policy) policyView {
	return policyView{
		Failsafe: p.Failsafe,
		Escalations: lo.MapValues(p.Escalations, func(e alerts.Escalation, _ alerts.Class) escalationView {
			return escalationView{Repeat: int(e.Repeat.Seconds()), Steps: lo.Map(e.Steps, func(st alerts.Step, _ int) stepView {
				return stepView{After: int(st.After.Seconds()), Call: st.Call}
			})}
		}),
	}
}

func (v policyView) policy() alerts.Policy {
	return alerts.Policy{
		Failsafe: v.Failsafe,
		Escalations: lo.MapValues(v.Escalations, func(e escalationView, _ alerts.Class) alerts.Escalation {
			return alerts.Escalation{Repeat: time.Duration(e.Repeat) * time.Second, Steps: lo.Map(e.Steps, func(st stepView, _ int) alerts.Step {
				return alerts.Step{After: time.Duration(st.After) * time.Second, Call: st.Call}
			})}
		}),
	}
}

func viewPolicyVersion(v alerts.PolicyVersion) policyVersionView {
	return policyVersionView{
		Version: v.Version, Policy: viewPolicy(v.Policy), By: v.Author.Name, At: known(v.Author.At), Reason: v.Author.Reason,
		ApprovedBy: v.Approved.Name, ApprovedAt: known(v.Approved.At),
	}
}

func (s *service) escalation(ctx context.Context, in *unitPathInput) (*policiesOutput, error) {
	if !staffOf(ctx).Scope().Covers(in.ID) {
		return nil, naming(vitals.ErrNotFound, "unit")
	}
	versions, err := s.Records.Policies(ctx, vitals.Scope{Units: []vitals.UnitID{in.ID}})
	if err != nil {
		return nil, err
	}
	out := &policiesOutput{}
	out.Body.InForce = viewPolicyVersion(alerts.PolicyFor(in.ID, versions))
	if open, found := lo.Find(versions, func(v alerts.PolicyVersion) bool { return v.Approved.ID == "" }); found {
		out.Body.Proposed = new(viewPolicyVersion(open))
	}
	return out, nil
}

func (s *service) proposeEscalation(ctx context.Context, in *proposePolicyInput) (*policyVersionOutput, error) {
	who := staffOf(ctx)
	if !who.Scope().Covers(in.ID) {
		return nil, naming(vitals.ErrNotFound, "unit")
	}
	policy := in.Body.Policy.policy()
	if err := policy.Validate(); err != nil {
		return nil, err
	}
	v, err := s.Records.ProposePolicy(ctx, alerts.PolicyVersion{
		Unit: in.ID, Policy: policy, Author: alerts.Author{ID: who.ID, Name: who.Name, At: s.Now(), Reason: in.Body.Reason},
	})
	if err != nil {
		return nil, naming(err, "unit")
	}
	return &policyVersionOutput{Body: viewPolicyVersion(v)}, nil
}

func (s *service) approveEscalation(ctx context.Context, in *approvePolicyInput) (*empty, error) {
	who := staffOf(ctx)
	if !who.Scope().Covers(in.ID) {
		return nil, naming(vitals.ErrNotFound, "unit")
	}
	if err := s.Records.ApprovePolicy(ctx, in.ID, in.Version, alerts.Author{ID: who.ID, Name: who.Name, At: s.Now()}); err != nil {
		return nil, naming(err, "proposal")
	}
	s.Changed(ctx)
	return &empty{}, nil
}

// wouldBeCalled is the plan that an alarm raised now would follow.
func (s *service) wouldBeCalled(ctx context.Context, in *callsInput) (*callsOutput, error) {
	scope, now := staffOf(ctx).Scope(), s.Now()
	patient, err := s.Records.Patient(ctx, scope, in.ID)
	if err != nil {
		return nil, err
	}
	versions, err := s.Records.Policies(ctx, scope)
	if err != nil {
		return nil, err
	}
	posts, err := s.Records.Roster(ctx, scope, now)
	if err != nil {
		return nil, err
	}
	people, err := s.Records.Staff(ctx)
	if err != nil {
		return nil, err
	}
	class := alerts.Class(in.Type + "/" + in.Priority)
	policy := alerts.PolicyFor(patient.Unit, versions).Policy
	byID := lo.KeyBy(people, func(p vitals.Staff) vitals.StaffID { return p.ID })
	out := &callsOutput{}
	out.Body.Repeat = int(policy.Escalations[class].Repeat.Seconds())
	out.Body.Steps = lo.Map(policy.PlanFor(class, now, posts.Assigned(patient.Unit, patient.ID, people, now)), func(c alerts.Calling, _ int) callingView {
		return callingView{
			Step: c.Step, After: int(c.At.Sub(now).Seconds()), Call: c.Call,
			To: lo.Map(c.To, func(id vitals.StaffID, _ int) personView { return personView{id, byID[id].Name, byID[id].Role} }),
		}
	})
	return out, nil
}
