package api

import (
	"context"
	"crypto/rand"
	"net/http"
	"time"

	"github.com/samber/lo"

	"vigil/vitals"
)

type campaignView struct {
	ID      string        `json:"id"`
	Version string        `json:"version"`
	Unit    vitals.UnitID `json:"unit,omitempty" doc:"Only hubs of its patients; all where it is absent."`
	Percent int           `json:"percent"`
	Most    int           `json:"most" doc:"Failures at which it halts."`
	By      string        `json:"by"`
	Started time.Time     `json:"started"`
	Halted  bool          `json:"halted"`
	Reason  string        `json:"reason,omitempty"`
	Told    int           `json:"told" doc:"Hubs that were told the version."`
	Behind  []behindView  `json:"behind" nullable:"false" doc:"Of these, the hubs that are not of it."`
}

type behindView struct {
	Hub    vitals.HubID `json:"hub"`
	Runs   string       `json:"runs"`
	Since  time.Time    `json:"since" doc:"When it was told."`
	Failed bool         `json:"failed" doc:"It was told more than an hour ago."`
}

type campaignsOutput struct {
	Body struct {
		Campaigns []campaignView `json:"campaigns" nullable:"false" doc:"Newest first."`
	}
}

type campaignInput struct {
	Body struct {
		Version string        `json:"version" minLength:"1" maxLength:"64"`
		Unit    vitals.UnitID `json:"unit,omitempty" maxLength:"64"`
		Percent int           `json:"percent" minimum:"0" maximum:"100"`
		Most    int           `json:"most" minimum:"1" maximum:"1000" default:"1"`
	}
}

type campaignChange struct {
	ID   string `path:"id" maxLength:"64"`
	Body struct {
		Percent *int  `json:"percent,omitempty" minimum:"0" maximum:"100"`
		Halted  *bool `json:"halted,omitempty" doc:"false lets one go on that was halted."`
	}
}

type campaignOutput struct{ Body campaignView }

func (s *service) registerCampaigns() {
	register(s, route{http.MethodGet, "/campaigns", "list-campaigns", "Which version hubs are brought to, and who is behind.", 0, admins}, s.campaigns)
	register(s, route{http.MethodPost, "/campaigns", "start-campaign", "Bring hubs to a version, some first.", http.StatusCreated, admins}, s.startCampaign)
	register(s, route{http.MethodPatch, "/campaigns/{id}", "change-campaign", "Let a campaign come to more hubs, halt it, or let it go on.", 0, admins}, s.changeCampaign)
}

func (s *service) campaigns(ctx context.Context, _ *empty) (*campaignsOutput, error) {
	all, err := s.Fleet.Campaigns(ctx)
	if err != nil {
		return nil, err
	}
	out := &campaignsOutput{}
	out.Body.Campaigns = make([]campaignView, len(all))
	for i, c := range all {
		if out.Body.Campaigns[i], err = s.viewCampaign(ctx, c); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (s *service) viewCampaign(ctx context.Context, c vitals.Campaign) (campaignView, error) {
	told, err := s.Fleet.Enlisted(ctx, c.ID)
	now := s.Now()
	return campaignView{
		ID: c.ID, Version: c.Version, Unit: c.Unit, Percent: c.Percent, Most: c.Most, By: c.By, Started: c.Started,
		Halted: c.Halted, Reason: c.Reason, Told: len(told),
		Behind: lo.FilterMap(told, func(e vitals.Enlisted, _ int) (behindView, bool) {
			return behindView{Hub: e.Hub, Runs: e.Runs, Since: e.At, Failed: e.Failed(c, now)}, e.Runs != c.Version
		}),
	}, err
}

func (s *service) startCampaign(ctx context.Context, in *campaignInput) (*campaignOutput, error) {
	c := vitals.Campaign{
		ID: rand.Text(), Version: in.Body.Version, Unit: in.Body.Unit, Percent: in.Body.Percent, Most: in.Body.Most,
		By: staffOf(ctx).Name, Started: s.Now(),
	}
	if c.Unit != "" {
		units, err := s.Records.Units(ctx, staffOf(ctx).Scope())
		if err != nil {
			return nil, err
		}
		if !lo.ContainsBy(units, func(u vitals.Unit) bool { return u.ID == c.Unit }) {
			return nil, newProblem(http.StatusUnprocessableEntity, "there is no such unit")
		}
	}
	return s.saveCampaign(ctx, c)
}

func (s *service) changeCampaign(ctx context.Context, in *campaignChange) (*campaignOutput, error) {
	all, err := s.Fleet.Campaigns(ctx)
	if err != nil {
		return nil, err
	}
	c, known := lo.Find(all, func(c vitals.Campaign) bool { return c.ID == in.ID })
	if !known {
		return nil, errNotFound
	}
	if in.Body.Percent != nil {
		c.Percent = *in.Body.Percent
	}
	if in.Body.Halted != nil {
		c.Halted, c.Reason = *in.Body.Halted, ""
		if c.Halted {
			c.Reason = "halted by " + staffOf(ctx).Name
		}
	}
	return s.saveCampaign(ctx, c)
}

func (s *service) saveCampaign(ctx context.Context, c vitals.Campaign) (*campaignOutput, error) {
	if err := s.Fleet.SaveCampaign(ctx, c); err != nil {
		return nil, err
	}
	view, err := s.viewCampaign(ctx, c)
	return &campaignOutput{Body: view}, err
}
