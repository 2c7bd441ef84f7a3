package api

import (
	"context"
	"errors"
	"net/http"

	"github.com/oklog/ulid/v2"
	"github.com/samber/lo"

	"vigil/alerts"
	"vigil/vitals"
)

// UnitLimits are the limits of units in the database. A second person approves what one has proposed.
type UnitLimits interface {
	// UnitLimits lists the versions of a unit's limits, the newest first.
	UnitLimits(ctx context.Context, scope vitals.Scope, unit vitals.UnitID) ([]alerts.LimitsVersion, error)
	// ProposedLimits finds what is proposed for a unit and not decided.
	ProposedLimits(ctx context.Context, scope vitals.Scope, unit vitals.UnitID) (alerts.LimitsProposal, error)
	// ProposeUnitLimits keeps a proposal until it is decided.
	ProposeUnitLimits(ctx context.Context, p alerts.LimitsProposal) error
	// ApproveUnitLimits puts a proposal into force; vitals.ErrOwnProposal for whoever made it.
	ApproveUnitLimits(ctx context.Context, unit vitals.UnitID, id string, by alerts.Author) (alerts.LimitsVersion, error)
	// WithdrawUnitLimits ends a proposal without effect.
	WithdrawUnitLimits(ctx context.Context, unit vitals.UnitID, id string, by alerts.Author) error
}

type unitIDInput struct {
	ID vitals.UnitID `path:"id" maxLength:"64"`
}

type proposeInput struct {
	ID   vitals.UnitID `path:"id" maxLength:"64"`
	Body wantedLimits
}

type decideInput struct {
	ID   vitals.UnitID `path:"id" maxLength:"64"`
	Body struct {
		Proposal string `json:"proposal" minLength:"1" maxLength:"64" doc:"The proposal that was on the screen."`
	}
}

type proposalView struct {
	ID string `json:"id"`
	LimitsVersionView

	Differences []string `json:"differences" nullable:"false" doc:"What it changes, for people."`
}

type unitLimitsOutput struct {
	Body struct {
		LimitsVersionView

		Settings []settingView `json:"settings" nullable:"false" doc:"What holds in the unit."`
		Proposal *proposalView `json:"proposal,omitempty" doc:"What waits for a second person."`
	}
}

func (s *service) registerUnitLimits() {
	register(s, route{http.MethodGet, "/units/{id}/limits", "get-unit-limits", "The limits and delays that hold in a unit, and what is proposed.", 0, everyone}, s.unitLimits)
	register(s, route{http.MethodPost, "/units/{id}/limits/proposal", "propose-unit-limits", "Propose other limits for a unit.", http.StatusCreated, proposers}, s.proposeLimits)
	register(s, route{http.MethodPost, "/units/{id}/limits/approve", "approve-unit-limits", "Put into force what somebody else proposed.", 0, approvers}, s.approveLimits)
	register(s, route{http.MethodPost, "/units/{id}/limits/withdraw", "withdraw-unit-limits", "Take back what was proposed.", 0, approvers}, s.withdrawLimits)
}

func (s *service) unitLimits(ctx context.Context, in *unitIDInput) (*unitLimitsOutput, error) {
	if err := s.findUnit(ctx, in.ID); err != nil {
		return nil, err
	}
	return s.viewUnitLimits(ctx, in.ID)
}

// findUnit finds a unit of the person's scope.
func (s *service) findUnit(ctx context.Context, id vitals.UnitID) error {
	units, err := s.Records.Units(ctx, staffOf(ctx).Scope())
	if err != nil {
		return err
	}
	if !lo.ContainsBy(units, func(u vitals.Unit) bool { return u.ID == id }) {
		return naming(vitals.ErrNotFound, "unit")
	}
	return nil
}

func (s *service) viewUnitLimits(ctx context.Context, id vitals.UnitID) (*unitLimitsOutput, error) {
	scope := staffOf(ctx).Scope()
	versions, err := s.Records.UnitLimits(ctx, scope, id)
	if err != nil {
		return nil, err
	}
	newest := newestOf(versions)
	out := &unitLimitsOutput{}
	out.Body.LimitsVersionView = viewLimitsVersion(newest)
	out.Body.Settings = viewSettings(newest.Changes, nil)
	p, err := s.Records.ProposedLimits(ctx, scope, id)
	if errors.Is(err, vitals.ErrNotFound) {
		return out, nil
	}
	out.Body.Proposal = viewProposal(newest, p)
	return out, err
}

func viewProposal(inForce alerts.LimitsVersion, p alerts.LimitsProposal) *proposalView {
	differences := alerts.Diff(alerts.LimitsOf(inForce.Changes, nil), alerts.LimitsOf(p.Changes, nil))
	return &proposalView{
		ID:                p.ID,
		LimitsVersionView: viewLimitsVersion(alerts.LimitsVersion{Version: p.Seen + 1, Changes: p.Changes, Author: p.Author}),
		Differences:       lo.Map(differences, func(d alerts.Difference, _ int) string { return d.String() }),
	}
}

func (s *service) proposeLimits(ctx context.Context, in *proposeInput) (*unitLimitsOutput, error) {
	if err := s.findUnit(ctx, in.ID); err != nil {
		return nil, err
	}
	changes, err := readChanges(in.Body.Changes)
	if err != nil {
		return nil, err
	}
	author := s.author(ctx, in.Body.Reason)
	if author.Reason == "" {
		return nil, newProblem(http.StatusUnprocessableEntity, "say why the unit should have other limits")
	}
	err = s.Records.ProposeUnitLimits(ctx, alerts.LimitsProposal{
		ID: ulid.MustNew(ulid.Timestamp(author.At), ulid.DefaultEntropy()).String(), Unit: in.ID,
		Seen: in.Body.SeenVersion, Changes: changes, Author: author,
	})
	if err != nil {
		return nil, err
	}
	return s.viewUnitLimits(ctx, in.ID)
}

func (s *service) approveLimits(ctx context.Context, in *decideInput) (*unitLimitsOutput, error) {
	if err := s.findUnit(ctx, in.ID); err != nil {
		return nil, err
	}
	if _, err := s.Records.ApproveUnitLimits(ctx, in.ID, in.Body.Proposal, s.author(ctx, "")); err != nil {
		return nil, naming(err, "proposal")
	}
	s.Changed(ctx)
	return s.viewUnitLimits(ctx, in.ID)
}

func (s *service) withdrawLimits(ctx context.Context, in *decideInput) (*unitLimitsOutput, error) {
	if err := s.findUnit(ctx, in.ID); err != nil {
		return nil, err
	}
	if err := s.Records.WithdrawUnitLimits(ctx, in.ID, in.Body.Proposal, s.author(ctx, "")); err != nil {
		return nil, naming(err, "proposal")
	}
	return s.viewUnitLimits(ctx, in.ID)
}
