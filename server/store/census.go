package store

import (
	"context"
	"time"

	"github.com/samber/lo"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"vigil/vitals"
)

type unitRow struct {
	ID   vitals.UnitID `gorm:"primaryKey"`
	Name string
	Zone string
}

func (unitRow) TableName() string { return "unit" }

type patientRow struct {
	ID         vitals.PatientID `gorm:"primaryKey"`
	Unit       vitals.UnitID
	MRN        string
	Family     string
	Given      string
	Birth      string // date, empty when unknown
	Sex        vitals.Sex
	Bed        string
	Test       bool
	Admitted   int64
	Discharged *int64
	Part       int
}

func (patientRow) TableName() string { return "patient" }

func toPatientRow(p vitals.Patient) patientRow {
	birth := ""
	if !p.Birth.IsZero() {
		birth = p.Birth.Format(time.DateOnly)
	}
	return patientRow{
		ID: p.ID, Unit: p.Unit, MRN: p.MRN, Family: p.Family, Given: p.Given, Birth: birth, Sex: p.Sex,
		Bed: p.Bed, Test: p.Test, Admitted: micros(p.Admitted), Discharged: microsOrNull(p.Discharged),
		Part: vitals.PartitionOf(p.ID),
	}
}

func (r patientRow) patient() vitals.Patient {
	birth, _ := time.Parse(time.DateOnly, r.Birth) // empty gives the zero time; nothing else is written
	return vitals.Patient{
		ID: r.ID, Unit: r.Unit, MRN: r.MRN, Family: r.Family, Given: r.Given, Birth: birth, Sex: r.Sex,
		Bed: r.Bed, Test: r.Test, Admitted: moment(r.Admitted), Discharged: momentOrZero(r.Discharged),
	}
}

// SaveUnit writes a unit, new or changed.
func (s *Store) SaveUnit(ctx context.Context, u vitals.Unit) error {
	row := unitRow{ID: u.ID, Name: u.Name, Zone: u.Zone}
	err := s.writer(ctx).Clauses(clause.OnConflict{UpdateAll: true}).Create(&row).Error
	return fault("save unit", err)
}

// Units lists the units of the scope by name.
func (s *Store) Units(ctx context.Context, scope vitals.Scope) ([]vitals.Unit, error) {
	var rows []unitRow
	err := s.reader(ctx).Scopes(within(scope, "id")).Order("name, id").Find(&rows).Error
	if err != nil {
		return nil, fault("list units", err)
	}
	return lo.Map(rows, func(r unitRow, _ int) vitals.Unit { return vitals.Unit(r) }), nil
}

// within limits a query to rows whose column names a unit of the scope.
func within(scope vitals.Scope, column string) func(*gorm.DB) *gorm.DB {
	return func(db *gorm.DB) *gorm.DB {
		if scope.All {
			return db
		}
		if len(scope.Units) == 0 {
			return db.Where("1 = 0")
		}
		return db.Where("? IN ?", clause.Column{Name: column}, scope.Units)
	}
}

// Admit takes a new patient under care. It is a conflict when the id is taken or when somebody under
// care has the same record number or, of the same unit, the same bed; an unknown unit is not found.
func (s *Store) Admit(ctx context.Context, p vitals.Patient) error {
	row := toPatientRow(p)
	return s.transact(ctx, "admit patient", func(tx *gorm.DB) error {
		result := tx.Clauses(ignoreRepeat).Create(&row)
		if result.Error != nil || result.RowsAffected > 0 {
			return result.Error
		}
		return inTheWay(tx, p)
	})
}

// inTheWay says why a patient could not be admitted.
func inTheWay(tx *gorm.DB, p vitals.Patient) error {
	var same []patientRow
	err := tx.Where("discharged IS NULL AND (mrn = ? OR (unit = ? AND bed = ? AND bed <> ''))", p.MRN, p.Unit, p.Bed).Find(&same).Error
	switch {
	case err != nil:
		return err
	case lo.ContainsBy(same, func(r patientRow) bool { return r.MRN == p.MRN }):
		return vitals.ErrRecordNumberTaken
	case len(same) > 0:
		return vitals.ErrBedTaken
	default:
		return ErrConflict
	}
}

// Patient finds a patient of the scope, under care or not.
func (s *Store) Patient(ctx context.Context, scope vitals.Scope, id vitals.PatientID) (vitals.Patient, error) {
	var row patientRow
	err := s.reader(ctx).Scopes(within(scope, "unit")).Where("id = ?", id).Take(&row).Error
	return row.patient(), fault("find patient", err)
}

// PatientByMRN finds the patient of the scope who is under care with the record number, else the
// one who was admitted last with it.
func (s *Store) PatientByMRN(ctx context.Context, scope vitals.Scope, mrn string) (vitals.Patient, error) {
	var row patientRow
	err := s.reader(ctx).Scopes(within(scope, "unit")).Where("mrn = ?", mrn).
		Order("discharged IS NOT NULL, admitted DESC, id").Take(&row).Error
	return row.patient(), fault("find patient by record number", err)
}

// Patients lists who is under care in a unit, or in all units of the scope where none is named.
func (s *Store) Patients(ctx context.Context, scope vitals.Scope, unit vitals.UnitID) ([]vitals.Patient, error) {
	query := s.reader(ctx).Scopes(within(scope, "unit")).Where("discharged IS NULL")
	if unit != "" {
		query = query.Where("unit = ?", unit)
	}
	var rows []patientRow
	if err := query.Order("unit, bed, id").Find(&rows).Error; err != nil {
		return nil, fault("list patients", err)
	}
	return lo.Map(rows, func(r patientRow, _ int) vitals.Patient { return r.patient() }), nil
}

// Discharge ends a patient's care and the bindings of the devices. Repeating it changes nothing.
func (s *Store) Discharge(ctx context.Context, id vitals.PatientID, at time.Time) error {
	return s.transact(ctx, "discharge patient", func(tx *gorm.DB) error {
		var row patientRow
		if err := tx.Clauses(forUpdate).Where("id = ?", id).Take(&row).Error; err != nil {
			return err
		}
		return discharge(tx, id, at)
	})
}

// Discharge is that of the store, in the transaction. Of an unknown patient nothing ends.
func (t *Tx) Discharge(id vitals.PatientID, at time.Time) error {
	return fault("discharge patient", discharge(t.db, id, at))
}

func discharge(tx *gorm.DB, id vitals.PatientID, at time.Time) error {
	done := tx.Model(&patientRow{}).Where("id = ? AND discharged IS NULL", id).Update("discharged", micros(at))
	if done.Error != nil || done.RowsAffected == 0 {
		return done.Error
	}
	return endBindings(tx.Where("patient = ?", id), at)
}

// Admissions lists everybody under care, with the devices that are bound now.
func (s *Store) Admissions(ctx context.Context) ([]vitals.Admission, error) {
	patients, err := s.Patients(ctx, vitals.Scope{All: true}, "")
	if err != nil {
		return nil, err
	}
	var rows []bindingRow
	now := micros(s.now())
	err = s.reader(ctx).Where("from_at <= ? AND (until_at IS NULL OR until_at > ?)", now, now).
		Order("patient, device").Find(&rows).Error
	if err != nil {
		return nil, fault("list bindings", err)
	}
	bound := lo.GroupBy(rows, func(r bindingRow) vitals.PatientID { return r.Patient })
	return lo.Map(patients, func(p vitals.Patient, _ int) vitals.Admission {
		devices := lo.Map(bound[p.ID], func(r bindingRow, _ int) vitals.DeviceID { return r.Device })
		return vitals.Admission{Patient: p, Devices: devices}
	}), nil
}
