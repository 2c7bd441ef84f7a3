package store

import (
	"context"
	"time"

	"github.com/samber/lo"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"vigil/vitals"
)

// bindingMemory is how long an ended binding is still listed: samples that a hub kept through an
// outage are bound by their own time. Hubs keep 72 h, and as much again is margin.
const bindingMemory = 7 * 24 * time.Hour

type deviceRow struct {
	ID           vitals.DeviceID `gorm:"primaryKey"`
	Manufacturer string
	Model        string
	Serial       string
	Firmware     string
	Hub          vitals.HubID // empty: any
}

func (deviceRow) TableName() string { return "device" }

type bindingRow struct {
	Device  vitals.DeviceID `gorm:"primaryKey"`
	From    int64           `gorm:"primaryKey;autoIncrement:false;column:from_at"`
	Patient vitals.PatientID
	Until   *int64 `gorm:"column:until_at"`
}

func (bindingRow) TableName() string { return "binding" }

func (r bindingRow) binding() vitals.Binding {
	return vitals.Binding{Device: r.Device, Patient: r.Patient, From: moment(r.From), Until: momentOrZero(r.Until)}
}

// SaveDevice writes a device, new or changed.
func (s *Store) SaveDevice(ctx context.Context, d vitals.Device) error {
	row := deviceRow(d)
	err := s.writer(ctx).Clauses(clause.OnConflict{UpdateAll: true}).Create(&row).Error
	return fault("save device", err)
}

// Devices lists the devices that the scope may know of: those that measure or measured one of its
// patients, and those that are bound to nobody.
func (s *Store) Devices(ctx context.Context, scope vitals.Scope) ([]vitals.Device, error) {
	var rows []deviceRow
	if err := s.reader(ctx).Scopes(known(scope)).Order("id").Find(&rows).Error; err != nil {
		return nil, fault("list devices", err)
	}
	return lo.Map(rows, func(r deviceRow, _ int) vitals.Device { return vitals.Device(r) }), nil
}

// Device finds a device that the scope may know of.
func (s *Store) Device(ctx context.Context, scope vitals.Scope, id vitals.DeviceID) (vitals.Device, error) {
	var row deviceRow
	err := s.reader(ctx).Scopes(known(scope)).Where("id = ?", id).Take(&row).Error
	return vitals.Device(row), fault("find device", err)
}

// known limits a query over devices to those of the scope.
func known(scope vitals.Scope) func(*gorm.DB) *gorm.DB {
	return func(db *gorm.DB) *gorm.DB {
		switch {
		case scope.All:
			return db
		case len(scope.Units) == 0:
			return db.Where("1 = 0")
		}
		return db.Where(`(EXISTS (SELECT 1 FROM binding b JOIN patient p ON p.id = b.patient
			WHERE b.device = device.id AND p.unit IN ?)
			OR NOT EXISTS (SELECT 1 FROM binding b WHERE b.device = device.id AND b.until_at IS NULL))`, scope.Units)
	}
}

// Bind gives a device to a patient from b.From on and ends its earlier binding there, in one step.
// Repeating it changes nothing. It is a conflict when a later binding of the device exists or when
// the patient was discharged before; an unknown device or patient is not found.
func (s *Store) Bind(ctx context.Context, b vitals.Binding) error { return s.bind(ctx, b, true) }

// Assign is Bind for a device that nobody else wears: it is a conflict when another patient does.
func (s *Store) Assign(ctx context.Context, b vitals.Binding) error { return s.bind(ctx, b, false) }

func (s *Store) bind(ctx context.Context, b vitals.Binding, move bool) error {
	return s.transact(ctx, "bind device", func(tx *gorm.DB) error {
		if err := lockForBinding(tx, b); err != nil {
			return err
		}
		if !move {
			if err := refuseWorn(tx, b); err != nil {
				return err
			}
		}
		row := bindingRow{Device: b.Device, From: micros(b.From), Patient: b.Patient, Until: microsOrNull(b.Until)}
		if repeated, err := notBefore(tx, row); repeated || err != nil {
			return err
		}
		if err := endBindings(tx.Where("device = ?", b.Device), b.From); err != nil {
			return err
		}
		return tx.Create(&row).Error
	})
}

// lockForBinding makes moves of one device, and a discharge of the patient, wait for each other.
func lockForBinding(tx *gorm.DB, b vitals.Binding) error {
	if err := tx.Clauses(forUpdate).Where("id = ?", b.Device).Take(&deviceRow{}).Error; err != nil {
		return err
	}
	var patient patientRow
	if err := tx.Clauses(forUpdate).Where("id = ?", b.Patient).Take(&patient).Error; err != nil {
		return err
	}
	if patient.Discharged != nil && *patient.Discharged <= micros(b.From) {
		return vitals.ErrDischarged
	}
	return nil
}

// notBefore is a conflict where the device has another binding from the row's beginning on. It reports
// whether the row itself is there already.
func notBefore(tx *gorm.DB, row bindingRow) (repeated bool, err error) {
	var later []bindingRow
	err = tx.Where("device = ? AND from_at >= ?", row.Device, row.From).Find(&later).Error
	if err != nil || len(later) == 0 {
		return false, err
	}
	if len(later) == 1 && later[0].From == row.From && later[0].Patient == row.Patient {
		return true, nil
	}
	return false, vitals.ErrBoundLater
}

// refuseWorn is a conflict while another patient wears the device.
func refuseWorn(tx *gorm.DB, b vitals.Binding) error {
	from := micros(b.From)
	var others int64
	err := tx.Model(&bindingRow{}).Where("device = ? AND patient <> ? AND (until_at IS NULL OR until_at > ?)", b.Device, b.Patient, from).
		Count(&others).Error
	if err == nil && others > 0 {
		return vitals.ErrWorn
	}
	return err
}

// endBindings ends the bindings of the query that hold at a time. One that begins later ends as it
// begins: it never held.
func endBindings(query *gorm.DB, at time.Time) error {
	end := micros(at)
	return query.Model(&bindingRow{}).Where("(until_at IS NULL OR until_at > ?)", end).
		Update("until_at", gorm.Expr("CASE WHEN from_at > ? THEN from_at ELSE ? END", end, end)).Error
}

// Unbind ends the present binding of a device.
func (s *Store) Unbind(ctx context.Context, device vitals.DeviceID, at time.Time) error {
	return s.transact(ctx, "unbind device", func(tx *gorm.DB) error {
		var row bindingRow
		err := tx.Clauses(forUpdate).Where("device = ? AND until_at IS NULL", device).Take(&row).Error
		if err != nil {
			return err
		}
		return endBindings(tx.Where("device = ? AND from_at = ?", device, row.From), at)
	})
}

// Bindings lists the present bindings and those that ended within seven days, with the hub that each
// device is registered to and the record number of each patient.
func (s *Store) Bindings(ctx context.Context) ([]vitals.Binding, error) {
	var rows []bindingRow
	oldest := micros(s.now().Add(-bindingMemory))
	err := s.reader(ctx).Where("until_at IS NULL OR until_at > ?", oldest).Order("device, from_at").Find(&rows).Error
	if err != nil {
		return nil, fault("list bindings", err)
	}
	var registered []deviceRow
	if err := s.reader(ctx).Where("hub <> ''").Find(&registered).Error; err != nil {
		return nil, fault("list registered devices", err)
	}
	var wearers []patientRow
	err = s.reader(ctx).Select("id, mrn, test").
		Where("id IN (SELECT patient FROM binding WHERE until_at IS NULL OR until_at > ?)", oldest).Find(&wearers).Error
	if err != nil {
		return nil, fault("list who is bound", err)
	}
	hubs := lo.SliceToMap(registered, func(r deviceRow) (vitals.DeviceID, vitals.HubID) { return r.ID, r.Hub })
	people := lo.KeyBy(wearers, func(r patientRow) vitals.PatientID { return r.ID })
	return lo.Map(rows, func(r bindingRow, _ int) vitals.Binding {
		b, wearer := r.binding(), people[r.Patient]
		b.Hub, b.Record, b.Test = hubs[b.Device], wearer.MRN, wearer.Test
		return b
	}), nil
}
