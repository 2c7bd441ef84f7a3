package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/samber/lo"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"vigil/alerts"
	"vigil/vitals"
)

// calledRow is a step that was called.
type calledRow struct {
	Alarm alerts.AlarmID `gorm:"primaryKey"`
	Epoch int            `gorm:"primaryKey;autoIncrement:false"`
	Step  int            `gorm:"primaryKey;autoIncrement:false"`
	Round int            `gorm:"primaryKey;autoIncrement:false"`
	Part  int
	At    int64
	Staff string // JSON
}

func (calledRow) TableName() string { return "called" }

func (r calledRow) id() alerts.StepID {
	return alerts.StepID{Alarm: r.Alarm, Epoch: r.Epoch, Step: r.Step, Round: r.Round}
}

// noticeRow is one message of a step to one contact. It carries the contact as it was: whoever changes theirs
// meanwhile is still to get what is on its way.
type noticeRow struct {
	ID       string `gorm:"primaryKey"`
	Alarm    alerts.AlarmID
	Epoch    int
	Step     int
	Round    int
	Patient  vitals.PatientID
	Part     int
	Contact  string
	Staff    vitals.StaffID
	Channel  alerts.Channel
	Address  string
	Key      string
	Auth     string
	Priority string
	Text     string
	State    alerts.NoticeState
	Attempts int
	Next     int64 `gorm:"column:next_at"`
	Made     int64
	Settled  *int64
	Fault    string
	Seen     *int64
	Declined *int64
}

func (noticeRow) TableName() string { return "notice" }

func toNoticeRow(n alerts.Notice) (noticeRow, error) {
	priority, err := priorityNames.of(n.Priority)
	c := n.Contact
	return noticeRow{
		ID: n.ID(), Alarm: n.Step.Alarm, Epoch: n.Step.Epoch, Step: n.Step.Step, Round: n.Step.Round,
		Patient: n.Patient, Part: vitals.PartitionOf(n.Patient), Contact: c.ID, Staff: c.Staff, Channel: c.Channel, Address: c.Address, Key: c.Key, Auth: c.Auth,
		Priority: priority, Text: n.Text, State: n.State, Attempts: n.Attempts, Next: micros(n.Next), Made: micros(n.Made),
		Settled: microsOrNull(n.Settled), Fault: storable(n.Fault),
	}, err
}

func toNoticeRows(notices []alerts.Notice) ([]noticeRow, error) {
	rows := make([]noticeRow, len(notices))
	for i, n := range notices {
		var err error
		if rows[i], err = toNoticeRow(n); err != nil {
			return nil, err
		}
	}
	return rows, nil
}

func (r noticeRow) notice() (alerts.Notice, error) {
	priority, err := priorityNames.value(r.Priority)
	return alerts.Notice{
		Step: alerts.StepID{Alarm: r.Alarm, Epoch: r.Epoch, Step: r.Step, Round: r.Round}, Patient: r.Patient,
		Contact:  alerts.Contact{ID: r.Contact, Staff: r.Staff, Channel: r.Channel, Address: r.Address, Key: r.Key, Auth: r.Auth},
		Priority: priority, Text: r.Text, State: r.State, Attempts: r.Attempts, Next: moment(r.Next), Made: moment(r.Made),
		Settled: momentOrZero(r.Settled), Fault: r.Fault, Seen: momentOrZero(r.Seen), Declined: momentOrZero(r.Declined),
	}, err
}

// SaveCalled records steps with their notices, and returns those that nobody had called before. Of the others
// nothing is written.
func (s *Store) SaveCalled(ctx context.Context, steps []alerts.Called) (fresh []alerts.StepID, err error) {
	err = s.transact(ctx, "save called steps", func(tx *gorm.DB) error {
		var notices []noticeRow
		for _, c := range steps {
			first, err := saveCalled(tx, c)
			if err != nil {
				return err
			}
			if !first {
				continue
			}
			fresh = append(fresh, c.ID)
			rows, err := toNoticeRows(c.Notices)
			if err != nil {
				return err
			}
			notices = append(notices, rows...)
		}
		_, err := insert(tx.Clauses(ignoreRepeat), notices)
		return err
	})
	if err != nil {
		return nil, err
	}
	return fresh, nil
}

// saveCalled reports whether it is the first to record the step.
func saveCalled(tx *gorm.DB, c alerts.Called) (first bool, err error) {
	staff, err := json.Marshal(c.To)
	if err != nil {
		return false, fmt.Errorf("encode who was called: %w", err)
	}
	added := tx.Clauses(ignoreRepeat).Create(&calledRow{
		Alarm: c.ID.Alarm, Epoch: c.ID.Epoch, Step: c.ID.Step, Round: c.ID.Round,
		Part: vitals.PartitionOf(c.Patient), At: micros(c.At), Staff: string(staff),
	})
	return added.RowsAffected > 0, added.Error
}

// settling are the columns that change in a notice's life. What was settled stays so: a node that lost the
// partition may be late to tell of an attempt before.
var settling = clause.OnConflict{
	Columns:   []clause.Column{{Name: "id"}},
	Where:     clause.Where{Exprs: []clause.Expression{clause.Eq{Column: "notice.state", Value: alerts.Waiting}}},
	DoUpdates: clause.AssignmentColumns([]string{"state", "attempts", "next_at", "settled", "fault"}),
}

// SettleNotices keeps what became of notices, also of those that went out before they could be written. A
// contact that is no longer there is forgotten.
func (s *Store) SettleNotices(ctx context.Context, notices []alerts.Notice) error {
	return s.transact(ctx, "settle notices", func(tx *gorm.DB) error {
		rows, err := toNoticeRows(notices)
		if err != nil {
			return err
		}
		var gone []string
		for _, n := range notices {
			if n.State == alerts.Undeliverable {
				gone = append(gone, n.Contact.ID)
			}
		}
		if _, err := insert(tx.Clauses(settling), rows); err != nil || len(gone) == 0 {
			return err
		}
		return tx.Where("id IN ?", gone).Delete(&contactRow{}).Error
	})
}

// OpenCalls lists the open alarms of partitions, with the changes by which they asked for somebody.
func (s *Store) OpenCalls(ctx context.Context, partitions []int) ([]alerts.Asking, error) {
	var rows []alarmRow
	// The plus keeps SQLite from the index over all that was ever closed: of 200,000 alarms it found 200 open ones in
	// 0.3 ms instead of 130.
	if err := s.reader(ctx).Where("+part IN ? AND state <> 'closed'", partitions).Order("part, id").Find(&rows).Error; err != nil {
		return nil, fault("list alarms that call", err)
	}
	asked := map[alerts.AlarmID][]alerts.Asked{}
	for _, some := range lo.Chunk(rows, listed) {
		var events []eventRow
		err := s.reader(ctx).Select("alarm, version, at, change").
			Where("alarm IN ?", lo.Map(some, func(r alarmRow, _ int) alerts.AlarmID { return r.ID })).
			Where("change IN ?", alerts.AskingChanges()).Order("version").Find(&events).Error
		if err != nil {
			return nil, fault("list what alarms asked for", err)
		}
		for _, e := range events {
			asked[e.Alarm] = append(asked[e.Alarm], alerts.Asked{Change: e.Change, Version: e.Version, At: moment(e.At)})
		}
	}
	calls := make([]alerts.Asking, len(rows))
	for i, r := range rows {
		a, err := r.alarm()
		if err != nil {
			return nil, err
		}
		calls[i] = alerts.Asking{Alarm: a, Asked: asked[a.ID]}
	}
	return calls, nil
}

// CalledSteps lists the steps of open alarms of partitions that were called.
func (s *Store) CalledSteps(ctx context.Context, partitions []int) ([]alerts.StepID, error) {
	var rows []calledRow
	err := s.reader(ctx).Where("part IN ? AND alarm IN (SELECT id FROM alarm WHERE state <> ?)", partitions, closedName).
		Order("alarm, epoch, step, round").Find(&rows).Error
	return lo.Map(rows, func(r calledRow, _ int) alerts.StepID { return r.id() }), fault("list called steps", err)
}

// WaitingNotices lists the notices of partitions that are to be sent, oldest first.
func (s *Store) WaitingNotices(ctx context.Context, partitions []int) ([]alerts.Notice, error) {
	return s.notices(ctx, "part IN ? AND state = 'waiting'", partitions)
}

func (s *Store) notices(ctx context.Context, where string, args ...any) ([]alerts.Notice, error) {
	var rows []noticeRow
	if err := s.reader(ctx).Where(where, args...).Order("made, id").Find(&rows).Error; err != nil {
		return nil, fault("list notices", err)
	}
	all := make([]alerts.Notice, len(rows))
	for i, r := range rows {
		var err error
		if all[i], err = r.notice(); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// Notices lists the notices of an alarm of the scope, oldest first.
func (s *Store) Notices(ctx context.Context, scope vitals.Scope, alarm alerts.AlarmID) ([]alerts.Notice, error) {
	if _, err := s.Alarm(ctx, scope, alarm); err != nil {
		return nil, err
	}
	return s.notices(ctx, "alarm = ?", alarm)
}

// NoticeTo finds a notice to somebody; one to somebody else is not found.
func (s *Store) NoticeTo(ctx context.Context, id string, to vitals.StaffID) (alerts.Notice, error) {
	var row noticeRow
	if err := s.reader(ctx).Where("id = ? AND staff = ?", id, to).Take(&row).Error; err != nil {
		return alerts.Notice{}, fault("find notice", err)
	}
	return row.notice()
}

// SaveReceipt keeps what somebody's device says of a notice to them, and reports whether that is new: the first of
// each kind stands. A notice to somebody else is not found.
func (s *Store) SaveReceipt(ctx context.Context, id string, by vitals.StaffID, r alerts.Receipt, at time.Time) (first bool, err error) {
	column := map[alerts.Receipt]string{alerts.Seen: "seen", alerts.Declined: "declined"}[r]
	if column == "" {
		return false, fmt.Errorf("save receipt %q: there is no such kind", r)
	}
	err = s.transact(ctx, "save receipt", func(tx *gorm.DB) error {
		if err := tx.Select("id").Where("id = ? AND staff = ?", id, by).Take(&noticeRow{}).Error; err != nil {
			return err
		}
		saved := tx.Model(&noticeRow{}).Where("id = ? AND "+column+" IS NULL", id).Update(column, micros(at))
		first = saved.RowsAffected > 0
		return saved.Error
	})
	return first, err
}

// contactRow is how somebody can be reached.
type contactRow struct {
	ID      string `gorm:"primaryKey"`
	Staff   vitals.StaffID
	Channel alerts.Channel
	Address string
	Key     string
	Auth    string
	Added   int64
}

func (contactRow) TableName() string { return "contact" }

// SaveContact keeps how somebody can be reached, new or changed.
func (s *Store) SaveContact(ctx context.Context, c alerts.Contact) error {
	row := contactRow{ID: c.ID, Staff: c.Staff, Channel: c.Channel, Address: c.Address, Key: c.Key, Auth: c.Auth, Added: micros(c.Added)}
	return fault("save contact", s.writer(ctx).Clauses(clause.OnConflict{UpdateAll: true}).Create(&row).Error)
}

// RemoveContact forgets one of somebody's contacts.
func (s *Store) RemoveContact(ctx context.Context, of vitals.StaffID, id string) error {
	return changed("remove contact", s.writer(ctx).Where("id = ? AND staff = ?", id, of).Delete(&contactRow{}))
}

// Contacts lists how everybody can be reached.
func (s *Store) Contacts(ctx context.Context) ([]alerts.Contact, error) {
	var rows []contactRow
	if err := s.reader(ctx).Order("staff, added, id").Find(&rows).Error; err != nil {
		return nil, fault("list contacts", err)
	}
	return lo.Map(rows, func(r contactRow, _ int) alerts.Contact {
		return alerts.Contact{ID: r.ID, Staff: r.Staff, Channel: r.Channel, Address: r.Address, Key: r.Key, Auth: r.Auth, Added: moment(r.Added)}
	}), nil
}
