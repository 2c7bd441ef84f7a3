package api

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/samber/lo"

	"vigil/alerts"
	"vigil/vitals"
)

// LimitRecords are the limits in the database.
type LimitRecords interface {
	PatientLimits
	UnitLimits
}

// PatientLimits are the limits of patients in the database. What the scope does not cover has none.
type PatientLimits interface {
	// PatientLimits lists the versions of a patient's limits, the newest first.
	PatientLimits(ctx context.Context, scope vitals.Scope, patient vitals.PatientID) ([]alerts.LimitsVersion, error)
	// ChangePatientLimits makes the version behind the one that v carries, if may agrees with what it changes;
	// an *alerts.LimitsConflictError or an alerts.ErrLimits where that cannot be.
	ChangePatientLimits(ctx context.Context, v alerts.LimitsVersion, may func([]alerts.Difference) error) (alerts.LimitsVersion, error)
}

// settingView is one number that decides when a condition is told.
type settingView struct {
	Name         string           `json:"name"`
	Title        string           `json:"title" doc:"For people."`
	Condition    alerts.Condition `json:"condition"`
	Unit         string           `json:"unit"`
	Value        float64          `json:"value" doc:"In force."`
	Source       string           `json:"source" enum:"default,unit,patient" doc:"Whose value it is."`
	Default      float64          `json:"default" doc:"For adults."`
	Evidence     string           `json:"evidence" doc:"Where the default comes from."`
	UnitValue    float64          `json:"unit_value" doc:"What holds in the unit."`
	Low          float64          `json:"low" doc:"The least that it can be."`
	High         float64          `json:"high" doc:"The most that it can be."`
	EnvelopeLow  float64          `json:"envelope_low" doc:"The least that a nurse may choose."`
	EnvelopeHigh float64          `json:"envelope_high" doc:"The most that a nurse may choose."`
}

// LimitsVersionView is who has changed what, when and why. Exported, or the description would lack what it is embedded in.
type LimitsVersionView struct {
	Version    int                `json:"version" doc:"0: nobody has changed anything."`
	Changes    map[string]float64 `json:"changes" nullable:"false" doc:"What is otherwise than it would be, by name."`
	By         string             `json:"by"`
	At         *time.Time         `json:"at"`
	Reason     string             `json:"reason"`
	ApprovedBy string             `json:"approved_by,omitempty"`
	ApprovedAt *time.Time         `json:"approved_at,omitempty"`
}

type limitsOutput struct {
	Body struct {
		LimitsVersionView

		Settings []settingView `json:"settings" nullable:"false" doc:"What is in force."`
	}
}

type limitsVersionsOutput struct {
	Body struct {
		Versions []LimitsVersionView `json:"versions" nullable:"false" doc:"The newest first."`
	}
}

type limitsInput struct {
	ID   vitals.PatientID `path:"id" maxLength:"64"`
	Body wantedLimits
}

// wantedLimits is what somebody wants.
type wantedLimits struct {
	SeenVersion int                `json:"seen_version" minimum:"0" doc:"The version that was on the screen."`
	Changes     map[string]float64 `json:"changes" nullable:"false" doc:"All that is to be otherwise than it would be, by name; what is not named follows what lies below."`
	Reason      string             `json:"reason,omitempty" maxLength:"500" doc:"Needed beyond what a nurse may choose."`
}

func (s *service) registerLimits() {
	register(s, route{http.MethodGet, "/patients/{id}/limits", "get-limits", "The limits and delays in force for a patient, and whose they are.", 0, everyone}, s.showLimits)
	register(s, route{http.MethodGet, "/patients/{id}/limits/versions", "list-limits", "Who has changed a patient's limits, when and why.", 0, everyone}, s.limitsVersions)
	register(s, route{http.MethodPut, "/patients/{id}/limits", "change-limits", "Change a patient's limits. They are in force from the next value on.", 0, limiters}, s.changeLimits)
	register(s, route{http.MethodPost, "/patients/{id}/limits/simulate", "simulate-limits", "What other limits would have told of what was charted: how many alarms, and which would have been missed.", 0, limiters}, s.simulateLimits)
	s.registerUnitLimits()
}

func (s *service) showLimits(ctx context.Context, in *patientInput) (*limitsOutput, error) {
	scope := staffOf(ctx).Scope()
	p, err := s.Records.Patient(ctx, scope, in.ID)
	if err != nil {
		return nil, err
	}
	return s.viewLimits(ctx, p)
}

func (s *service) viewLimits(ctx context.Context, p vitals.Patient) (*limitsOutput, error) {
	scope := vitals.Scope{All: true} // the patient was found in the scope of whoever asks
	patient, err := s.Records.PatientLimits(ctx, scope, p.ID)
	if err != nil {
		return nil, err
	}
	unit, err := s.Records.UnitLimits(ctx, scope, p.Unit)
	if err != nil {
		return nil, err
	}
	newest := newestOf(patient)
	out := &limitsOutput{}
	out.Body.LimitsVersionView = viewLimitsVersion(newest)
	out.Body.Settings = viewSettings(newestOf(unit).Changes, newest.Changes)
	return out, nil
}

// newestOf is the newest version; version 0 where there is none.
func newestOf(versions []alerts.LimitsVersion) alerts.LimitsVersion {
	if len(versions) == 0 {
		return alerts.LimitsVersion{}
	}
	return versions[0]
}

func viewLimitsVersion(v alerts.LimitsVersion) LimitsVersionView {
	view := LimitsVersionView{
		Version: v.Version, Changes: viewChanges(v.Changes), By: v.Author.Name, Reason: v.Author.Reason, ApprovedBy: v.Approved.Name,
	}
	if v.Version > 0 {
		view.At = &v.Author.At
	}
	if v.Approved.Name != "" {
		view.ApprovedAt = &v.Approved.At
	}
	return view
}

func viewChanges(c alerts.Changes) map[string]float64 {
	return lo.MapEntries(c, func(s alerts.Setting, v vitals.Decimal) (string, float64) { return s.String(), v.Float() })
}

func viewSettings(unit, patient alerts.Changes) []settingView {
	below, inForce := alerts.LimitsOf(unit, nil), alerts.LimitsOf(unit, patient)
	return lo.Map(alerts.Settings(), func(s alerts.Setting, _ int) settingView {
		i := s.Info()
		source := "default"
		if lo.HasKey(unit, s) {
			source = "unit"
		}
		if lo.HasKey(patient, s) {
			source = "patient"
		}
		return settingView{
			Name: i.Name, Title: s.Title(), Condition: i.Condition, Unit: i.Unit,
			Value: inForce.Value(s).Float(), Source: source, UnitValue: below.Value(s).Float(),
			Default: i.Default.Float(), Evidence: i.Source,
			Low: i.Low.Float(), High: i.High.Float(), EnvelopeLow: i.From.Float(), EnvelopeHigh: i.To.Float(),
		}
	})
}

func (s *service) limitsVersions(ctx context.Context, in *patientInput) (*limitsVersionsOutput, error) {
	scope := staffOf(ctx).Scope()
	if _, err := s.Records.Patient(ctx, scope, in.ID); err != nil {
		return nil, err
	}
	versions, err := s.Records.PatientLimits(ctx, scope, in.ID)
	if err != nil {
		return nil, err
	}
	out := &limitsVersionsOutput{}
	out.Body.Versions = lo.Map(versions, func(v alerts.LimitsVersion, _ int) LimitsVersionView { return viewLimitsVersion(v) })
	return out, nil
}

func (s *service) changeLimits(ctx context.Context, in *limitsInput) (*limitsOutput, error) {
	who := staffOf(ctx)
	p, err := s.Records.Patient(ctx, who.Scope(), in.ID)
	if err != nil {
		return nil, err
	}
	changes, err := readChanges(in.Body.Changes)
	if err != nil {
		return nil, err
	}
	_, err = s.Records.ChangePatientLimits(ctx, alerts.LimitsVersion{
		Patient: p.ID, Version: in.Body.SeenVersion, Changes: changes, Author: s.author(ctx, in.Body.Reason),
	}, func(d []alerts.Difference) error { return mayChange(who.Role, d, in.Body.Reason) })
	if err != nil {
		return nil, err
	}
	s.Changed(ctx)
	return s.viewLimits(ctx, p)
}

// author is who is asking.
func (s *service) author(ctx context.Context, reason string) alerts.Author {
	who := staffOf(ctx)
	return alerts.Author{ID: who.ID, Name: who.Name, At: s.Now(), Reason: strings.TrimSpace(reason)}
}

// mayChange says why somebody may not make the changes.
func mayChange(role vitals.Role, differences []alerts.Difference, reason string) error {
	outside := alerts.Outside(differences)
	switch {
	case !alerts.MayChangeLimits(role, differences):
		return newProblem(http.StatusForbidden, "a charge nurse or a physician has to do this: "+beyond(outside))
	case len(outside) > 0 && strings.TrimSpace(reason) == "":
		return newProblem(http.StatusUnprocessableEntity, "say why: "+beyond(outside))
	default:
		return nil
	}
}

// beyond says what lies outside the envelope: "HR HIGH limit 130 → 160 /min, where nurses choose 100 to 150".
func beyond(outside []alerts.Difference) string {
	return strings.Join(lo.Map(outside, func(d alerts.Difference, _ int) string {
		i := d.Setting.Info()
		return fmt.Sprintf("%s, where nurses choose %s to %s", d, i.From, i.To)
	}), "; ")
}

// readChanges reads the names and the digits that were typed.
func readChanges(wanted map[string]float64) (alerts.Changes, error) {
	changes := alerts.Changes{}
	for name, value := range wanted {
		s, known := alerts.SettingByName(name)
		if !known {
			return nil, newProblem(http.StatusUnprocessableEntity, fmt.Sprintf("there is no setting %.64q", name))
		}
		v, err := vitals.ParseDecimal(strconv.FormatFloat(value, 'f', -1, 64))
		if err != nil {
			return nil, newProblem(http.StatusUnprocessableEntity, fmt.Sprintf("%s cannot be %g", s.Title(), value))
		}
		changes[s] = v
	}
	return changes, nil
}
