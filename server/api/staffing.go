package api

import (
	"context"
	"net/http"
	"time"

	"github.com/samber/lo"

	"vigil/vitals"
)

// Staffing is which units there are and who signs in.
type Staffing interface {
	// Units lists the units of the scope.
	Units(ctx context.Context, scope vitals.Scope) ([]vitals.Unit, error)
	// SaveUnit writes a unit, new or changed.
	SaveUnit(ctx context.Context, u vitals.Unit) error
	// Staff lists everybody.
	Staff(ctx context.Context) ([]vitals.Staff, error)
}

type unitsOutput struct {
	Body struct {
		Units []unitView `json:"units" nullable:"false"`
	}
}

type unitInput struct{ Body unitView }

type unitOutput struct{ Body unitView }

type staffListOutput struct {
	Body struct {
		Staff []staffView `json:"staff" nullable:"false"`
	}
}

type staffInput struct {
	Body struct {
		Login    string          `json:"login" minLength:"1" maxLength:"128"`
		Name     string          `json:"name" minLength:"1" maxLength:"128"`
		Role     vitals.Role     `json:"role" enum:"viewer,nurse,charge,physician,technician,admin"`
		Units    []vitals.UnitID `json:"units" nullable:"false" maxItems:"1000"`
		Password string          `json:"password" maxLength:"1024" doc:"At least 15 characters."`
	}
}

type staffChangeInput struct {
	ID   vitals.StaffID `path:"id" maxLength:"64"`
	Body struct {
		Name     *string          `json:"name,omitempty" minLength:"1" maxLength:"128"`
		Role     *vitals.Role     `json:"role,omitempty" enum:"viewer,nurse,charge,physician,technician,admin"`
		Units    *[]vitals.UnitID `json:"units,omitempty" maxItems:"1000"`
		Password *string          `json:"password,omitempty" maxLength:"1024" doc:"At least 15 characters."`
		Disabled *bool            `json:"disabled,omitempty" doc:"May not sign in."`
	}
}

// apply changes what the body names.
func (in *staffChangeInput) apply(p *vitals.Staff) {
	p.Name = lo.FromPtrOr(in.Body.Name, p.Name)
	p.Role = lo.FromPtrOr(in.Body.Role, p.Role)
	p.Units = lo.FromPtrOr(in.Body.Units, p.Units)
	p.Disabled = lo.FromPtrOr(in.Body.Disabled, p.Disabled)
}

type staffOutput struct{ Body staffView }

func (s *service) registerStaffing() {
	register(s, route{http.MethodGet, "/units", "list-units", "Units that the person sees.", 0, everyone}, s.units)
	register(s, route{http.MethodPost, "/units", "save-unit", "Make a unit, or describe it anew.", http.StatusCreated, admins}, s.saveUnit)
	register(s, route{http.MethodGet, "/staff", "list-staff", "Everybody who may sign in, or once might.", 0, admins}, s.listStaff)
	register(s, route{http.MethodPost, "/staff", "add-staff", "Let a person sign in.", http.StatusCreated, admins}, s.addStaff)
	register(s, route{http.MethodPatch, "/staff/{id}", "change-staff", "Change a person, or let them in no more. Whoever is disabled, or has another role, other units or another password, is signed out.", 0, admins}, s.changeStaff)
}

func (s *service) units(ctx context.Context, _ *empty) (*unitsOutput, error) {
	units, err := s.Records.Units(ctx, staffOf(ctx).Scope())
	if err != nil {
		return nil, err
	}
	out := &unitsOutput{}
	out.Body.Units = lo.Map(units, func(u vitals.Unit, _ int) unitView { return unitView(u) })
	return out, nil
}

func (s *service) saveUnit(ctx context.Context, in *unitInput) (*unitOutput, error) {
	if _, err := time.LoadLocation(in.Body.Zone); err != nil || in.Body.Zone == "" || in.Body.Zone == "Local" {
		return nil, newProblem(http.StatusUnprocessableEntity, "the time zone must be an IANA name such as Europe/Vienna")
	}
	if err := s.Records.SaveUnit(ctx, vitals.Unit(in.Body)); err != nil {
		return nil, err
	}
	s.Changed(ctx)
	return &unitOutput{Body: in.Body}, nil
}

func (s *service) listStaff(ctx context.Context, _ *empty) (*staffListOutput, error) {
	people, err := s.Records.Staff(ctx)
	if err != nil {
		return nil, err
	}
	out := &staffListOutput{Body: struct {
		Staff []staffView `json:"staff" nullable:"false"`
	}{Staff: make([]staffView, len(people))}}
	units, err := s.Records.Units(ctx, vitals.Scope{All: true})
	if err != nil {
		return nil, err
	}
	for i, p := range people {
		out.Body.Staff[i] = viewWith(p, units)
	}
	return out, nil
}

// viewWith shows a person with those of the units that they see.
func viewWith(p vitals.Staff, units []vitals.Unit) staffView {
	seen := lo.Filter(units, func(u vitals.Unit, _ int) bool { return p.Scope().Covers(u.ID) })
	return staffView{
		ID: p.ID, Login: p.Login, Name: p.Name, Role: p.Role, Disabled: p.Disabled,
		Units: lo.Map(seen, func(u vitals.Unit, _ int) unitView { return unitView(u) }),
	}
}

// addStaff refuses a login that is taken, by the conflict of the records.
func (s *service) addStaff(ctx context.Context, in *staffInput) (*staffOutput, error) {
	p, err := s.Identity.Enrol(ctx, vitals.Staff{
		Login: in.Body.Login, Name: in.Body.Name, Role: in.Body.Role, Units: in.Body.Units,
	}, in.Body.Password)
	if err != nil {
		return nil, naming(err, "unit")
	}
	view, err := s.viewStaff(ctx, p)
	return &staffOutput{Body: view}, err
}

// changeStaff leaves alone what the body does not name. The last administrator stays one, by the
// conflict of the records.
func (s *service) changeStaff(ctx context.Context, in *staffChangeInput) (*staffOutput, error) {
	people, err := s.Records.Staff(ctx)
	if err != nil {
		return nil, err
	}
	p, known := lo.Find(people, func(p vitals.Staff) bool { return p.ID == in.ID })
	if !known {
		return nil, naming(vitals.ErrNotFound, "person")
	}
	if in.Body.Password != nil && *in.Body.Password == "" {
		return nil, newProblem(http.StatusUnprocessableEntity, "a password cannot be empty; leave it out to keep the one there is")
	}
	in.apply(&p)
	if err := s.Identity.Change(ctx, p, lo.FromPtr(in.Body.Password)); err != nil {
		return nil, naming(err, "unit")
	}
	view, err := s.viewStaff(ctx, p)
	return &staffOutput{Body: view}, err
}
