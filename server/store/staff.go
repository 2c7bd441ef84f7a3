package store

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/samber/lo"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"vigil/vitals"
)

type staffRow struct {
	ID           vitals.StaffID `gorm:"primaryKey"`
	Login        string
	LoginKey     string // lower case, unique
	Name         string
	Role         vitals.Role
	PasswordHash string
	Disabled     bool
}

func (staffRow) TableName() string { return "staff" }

type staffUnitRow struct {
	Staff vitals.StaffID `gorm:"primaryKey"`
	Unit  vitals.UnitID  `gorm:"primaryKey"`
}

func (staffUnitRow) TableName() string { return "staff_unit" }

type sessionRow struct {
	Key     []byte `gorm:"primaryKey"`
	Staff   vitals.StaffID
	Created int64
	Expires int64
	Seen    int64
}

func (sessionRow) TableName() string { return "session" }

func loginKey(login string) string { return strings.ToLower(strings.TrimSpace(login)) }

// SaveStaff writes a person, new or changed, with the units. Without a password's hash the person
// keeps the one there is. A login that somebody else has is a conflict, and so is taking away the last
// administrator who may sign in; an unknown unit is not found.
func (s *Store) SaveStaff(ctx context.Context, p vitals.Staff, passwordHash string) error {
	return s.saveStaff(ctx, p, passwordHash, func(*gorm.DB) error { return nil })
}

// ReplaceStaff is SaveStaff that also ends the person's sessions, in one step.
func (s *Store) ReplaceStaff(ctx context.Context, p vitals.Staff, passwordHash string) error {
	return s.saveStaff(ctx, p, passwordHash, func(tx *gorm.DB) error {
		return tx.Where("staff = ?", p.ID).Delete(&sessionRow{}).Error
	})
}

func (s *Store) saveStaff(ctx context.Context, p vitals.Staff, passwordHash string, then func(*gorm.DB) error) error {
	row := staffRow{
		ID: p.ID, Login: p.Login, LoginKey: loginKey(p.Login), Name: p.Name, Role: p.Role, PasswordHash: passwordHash,
		Disabled: p.Disabled,
	}
	columns := []string{"login", "login_key", "name", "role", "disabled"}
	if passwordHash != "" {
		columns = append(columns, "password_hash")
	}
	units := lo.Map(lo.Uniq(p.Units), func(u vitals.UnitID, _ int) staffUnitRow { return staffUnitRow{p.ID, u} })
	err := s.transact(ctx, "save staff", func(tx *gorm.DB) error {
		if err := keepAnAdmin(tx, p); err != nil {
			return err
		}
		err := tx.Clauses(clause.OnConflict{
			Columns: []clause.Column{{Name: "id"}}, DoUpdates: clause.AssignmentColumns(columns),
		}).Create(&row).Error
		if err != nil {
			return err
		}
		if err := tx.Where("staff = ?", p.ID).Delete(&staffUnitRow{}).Error; err != nil {
			return err
		}
		if _, err = insert(tx, units); err != nil {
			return err
		}
		return then(tx)
	})
	if errors.Is(err, ErrConflict) && !errors.Is(err, vitals.ErrLastAdmin) {
		return fmt.Errorf("save staff: %w", vitals.ErrLoginTaken) // the only other thing that is unique
	}
	return err
}

// keepAnAdmin refuses to write the last administrator who may sign in as somebody else. Whoever
// changes administrators waits for each other.
func keepAnAdmin(tx *gorm.DB, p vitals.Staff) error {
	if p.Role == vitals.Admin && !p.Disabled {
		return nil
	}
	var admins []staffRow
	err := tx.Clauses(forUpdate).Where("role = ? AND NOT disabled", vitals.Admin).Order("id").Find(&admins).Error
	if err == nil && len(admins) == 1 && admins[0].ID == p.ID {
		return vitals.ErrLastAdmin
	}
	return err
}

// Staff lists everybody, by login.
func (s *Store) Staff(ctx context.Context) ([]vitals.Staff, error) {
	var rows []staffRow
	if err := s.reader(ctx).Order("login_key").Find(&rows).Error; err != nil {
		return nil, fault("list staff", err)
	}
	var units []staffUnitRow
	if err := s.reader(ctx).Order("unit").Find(&units).Error; err != nil {
		return nil, fault("list units of staff", err)
	}
	byStaff := lo.GroupBy(units, func(r staffUnitRow) vitals.StaffID { return r.Staff })
	return lo.Map(rows, func(r staffRow, _ int) vitals.Staff { return r.staff(byStaff[r.ID]) }), nil
}

func (r staffRow) staff(units []staffUnitRow) vitals.Staff {
	return vitals.Staff{
		ID: r.ID, Login: r.Login, Name: r.Name, Role: r.Role, Disabled: r.Disabled,
		Units: lo.Map(units, func(u staffUnitRow, _ int) vitals.UnitID { return u.Unit }),
	}
}

// StaffByLogin finds a person by login, whatever its case, with the hash of the password.
func (s *Store) StaffByLogin(ctx context.Context, login string) (vitals.Staff, string, error) {
	return s.findStaff(ctx, "login_key = ?", loginKey(login))
}

// StaffByID finds a person.
func (s *Store) StaffByID(ctx context.Context, id vitals.StaffID) (vitals.Staff, error) {
	p, _, err := s.findStaff(ctx, "id = ?", string(id))
	return p, err
}

func (s *Store) findStaff(ctx context.Context, where, value string) (vitals.Staff, string, error) {
	var row staffRow
	if err := s.reader(ctx).Where(where, value).Take(&row).Error; err != nil {
		return vitals.Staff{}, "", fault("find staff", err)
	}
	var units []staffUnitRow
	if err := s.reader(ctx).Where("staff = ?", row.ID).Order("unit").Find(&units).Error; err != nil {
		return vitals.Staff{}, "", fault("find units of staff", err)
	}
	return row.staff(units), row.PasswordHash, nil
}

// CountStaff counts everybody.
func (s *Store) CountStaff(ctx context.Context) (int, error) {
	var n int64
	err := s.reader(ctx).Model(&staffRow{}).Count(&n).Error
	return int(n), fault("count staff", err)
}

// SaveSession writes a new sign-in.
func (s *Store) SaveSession(ctx context.Context, n vitals.Session) error {
	row := sessionRow{
		Key: n.Key, Staff: n.Staff, Created: micros(n.Created), Expires: micros(n.Expires), Seen: micros(n.Seen),
	}
	return fault("save session", s.writer(ctx).Create(&row).Error)
}

// Session finds the sign-in with the hash of the token.
func (s *Store) Session(ctx context.Context, key []byte) (vitals.Session, error) {
	var row sessionRow
	if err := s.reader(ctx).Where("key = ?", key).Take(&row).Error; err != nil {
		return vitals.Session{}, fault("find session", err)
	}
	return vitals.Session{
		Key: row.Key, Staff: row.Staff, Created: moment(row.Created), Expires: moment(row.Expires), Seen: moment(row.Seen),
	}, nil
}

// TouchSession notes that a sign-in was used.
func (s *Store) TouchSession(ctx context.Context, key []byte, seen time.Time) error {
	result := s.writer(ctx).Model(&sessionRow{}).Where("key = ?", key).Update("seen", micros(seen))
	if result.Error == nil && result.RowsAffected == 0 {
		return fmt.Errorf("touch session: %w", ErrNotFound)
	}
	return fault("touch session", result.Error)
}

// DeleteSession ends a sign-in. Ending one that is over changes nothing.
func (s *Store) DeleteSession(ctx context.Context, key []byte) error {
	return fault("delete session", s.writer(ctx).Where("key = ?", key).Delete(&sessionRow{}).Error)
}
