package store

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"vigil/alerts"
	"vigil/vitals"
)

// Stored names of what alerts counts.
var (
	priorityNames = names[alerts.Priority]{
		alerts.Info: "info", alerts.Low: "low", alerts.Medium: "medium", alerts.High: "high",
	}
	stateNames = names[alerts.State]{
		0: "", alerts.Pending: "pending", alerts.ActiveUnack: "active_unack", alerts.ActiveAck: "active_ack",
		alerts.LatchedUnack: "latched_unack", alerts.Closed: "closed",
	}
	truthNames = names[alerts.Truth]{alerts.Unknown: "unknown", alerts.True: "true", alerts.False: "false"}
)

// closedName is the stored name that queries for open alarms leave out.
var closedName = stateNames[alerts.Closed]

// alarmRow is an episode as it is now. Its JSON form is part of what history.go seals.
type alarmRow struct {
	ID            alerts.AlarmID     `gorm:"primaryKey" json:"id"`
	Patient       vitals.PatientID   `json:"patient"`
	Part          int                `json:"part"`
	Condition     alerts.Condition   `json:"condition"`
	Site          string             `json:"site"`
	Priority      string             `json:"priority"`
	State         string             `json:"state"`
	Truth         string             `json:"truth"`
	Version       int                `json:"version"`
	Onset         int64              `json:"onset"`
	Evidence      *int64             `json:"evidence"`
	Raised        *int64             `json:"raised"`
	Ended         *int64             `json:"ended"`
	Changed       int64              `json:"changed"`
	Times         int                `json:"times"`
	Detail        string             `json:"detail"`
	ValueMantissa int64              `json:"value_mantissa"`
	ValueExponent int8               `json:"value_exponent"`
	LimitMantissa int64              `json:"limit_mantissa"`
	LimitExponent int8               `json:"limit_exponent"`
	AckedBy       string             `json:"acked_by"`
	AckedName     string             `json:"acked_name"`
	AckedAt       *int64             `json:"acked_at"`
	Reason        alerts.CloseReason `json:"reason"`

	WorstMantissa int64          `json:"worst_mantissa,omitempty"`
	WorstExponent int8           `json:"worst_exponent,omitempty"`
	Suppressor    alerts.AlarmID `json:"suppressor,omitempty"`
	Previous      alerts.AlarmID `json:"previous,omitempty"`
	Chattering    bool           `json:"chattering,omitempty"`
	SnoozeUntil   *int64         `json:"snooze_until,omitempty"`
	Command       string         `json:"command,omitempty"`

	AckReason alerts.AckReason `json:"ack_reason,omitempty"`
}

func (alarmRow) TableName() string { return "alarm" }

func toAlarmRow(a alerts.Alarm) (alarmRow, error) {
	row := alarmRow{
		ID: a.ID, Patient: a.Patient, Part: vitals.PartitionOf(a.Patient), Condition: a.Condition, Site: a.Site,
		Version: a.Version, Onset: micros(a.Onset), Evidence: microsOrNull(a.Evidence), Raised: microsOrNull(a.Raised),
		Ended: microsOrNull(a.Ended), Changed: micros(a.Changed), Times: a.Count, Detail: a.Detail,
		ValueMantissa: a.Value.Mantissa, ValueExponent: a.Value.Exp, LimitMantissa: a.Limit.Mantissa, LimitExponent: a.Limit.Exp,
		AckedBy: a.AckedBy, AckedName: storable(a.AckedName), AckedAt: microsOrNull(a.AckedAt), Reason: a.Reason,
		WorstMantissa: a.Worst.Mantissa, WorstExponent: a.Worst.Exp,
		Suppressor: a.Suppressor, Previous: a.Previous, Chattering: a.Chattering,
		SnoozeUntil: microsOrNull(a.SnoozeUntil), Command: storable(a.Command), AckReason: a.AckReason,
	}
	var err error
	if row.Priority, err = priorityNames.of(a.Priority); err != nil {
		return row, err
	}
	if row.State, err = stateNames.of(a.State); err != nil {
		return row, err
	}
	row.Truth, err = truthNames.of(a.Truth)
	return row, err
}

func (r alarmRow) alarm() (alerts.Alarm, error) {
	a := alerts.Alarm{
		ID: r.ID, Patient: r.Patient, Condition: r.Condition, Site: r.Site, Version: r.Version,
		Onset: moment(r.Onset), Evidence: momentOrZero(r.Evidence), Raised: momentOrZero(r.Raised),
		Ended: momentOrZero(r.Ended), Changed: moment(r.Changed), Count: r.Times, Detail: r.Detail,
		Value: vitals.NewDecimal(r.ValueMantissa, r.ValueExponent), Limit: vitals.NewDecimal(r.LimitMantissa, r.LimitExponent),
		AckedBy: r.AckedBy, AckedName: r.AckedName, AckedAt: momentOrZero(r.AckedAt), Reason: r.Reason,
		Worst:      vitals.NewDecimal(r.WorstMantissa, r.WorstExponent),
		Suppressor: r.Suppressor, Previous: r.Previous, Chattering: r.Chattering,
		SnoozeUntil: momentOrZero(r.SnoozeUntil), Command: r.Command, AckReason: r.AckReason,
	}
	var err error
	if a.Priority, err = priorityNames.value(r.Priority); err != nil {
		return a, err
	}
	if a.State, err = stateNames.value(r.State); err != nil {
		return a, err
	}
	a.Truth, err = truthNames.value(r.Truth)
	return a, err
}

// SaveTransitions writes what happened to alarms: each alarm as it is afterwards, and one sealed
// event per version. A version that is stored already changes nothing.
func (t *Tx) SaveTransitions(transitions []alerts.Transition) error {
	if len(transitions) == 0 {
		return nil
	}
	ledger, err := t.openLedger(transitions)
	if err != nil {
		return fault("read alarms", err)
	}
	for _, transition := range transitions {
		if err := ledger.add(transition); err != nil {
			return fault("seal transition", err)
		}
	}
	return fault("save transitions", ledger.write(t.db))
}

// ledger collects the new events of one transaction on top of what is stored.
type ledger struct {
	last   map[alerts.AlarmID]eventRow // the newest event of each alarm
	alarms map[alerts.AlarmID]alarmRow // those that change
	order  []alerts.AlarmID
	events []eventRow
	ahead  map[alerts.AlarmID]time.Duration // of the clocks, as they were raised

	program string
}

func (t *Tx) openLedger(transitions []alerts.Transition) (*ledger, error) {
	l := &ledger{last: map[alerts.AlarmID]eventRow{}, alarms: map[alerts.AlarmID]alarmRow{}, ahead: map[alerts.AlarmID]time.Duration{}, program: t.program}
	ids := make([]alerts.AlarmID, 0, len(transitions))
	for _, transition := range transitions {
		if _, seen := l.last[transition.Alarm.ID]; !seen {
			l.last[transition.Alarm.ID] = eventRow{}
			ids = append(ids, transition.Alarm.ID)
		}
	}
	for from := 0; from < len(ids); from += listed {
		var rows []eventRow
		err := t.db.Select("alarm, version, hash").
			Where("alarm IN ?", ids[from:min(from+listed, len(ids))]).
			Where("version = (SELECT MAX(version) FROM alarm_event newer WHERE newer.alarm = alarm_event.alarm)").
			Find(&rows).Error
		if err != nil {
			return nil, err
		}
		for _, row := range rows {
			l.last[row.Alarm] = row
		}
	}
	return l, nil
}

func (l *ledger) add(transition alerts.Transition) error {
	id := transition.Alarm.ID
	before := l.last[id]
	if transition.Alarm.Version <= before.Version {
		return nil
	}
	alarm, err := toAlarmRow(transition.Alarm)
	if err != nil {
		return err
	}
	event, err := seal(before.Hash, transition, l.program)
	if err != nil {
		return err
	}
	if _, changed := l.alarms[id]; !changed {
		l.order = append(l.order, id)
	}
	l.alarms[id], l.last[id] = alarm, event
	l.events = append(l.events, event)
	if transition.Change == alerts.Raised {
		l.ahead[id] = transition.Ahead
	}
	return nil
}

func (l *ledger) write(db *gorm.DB) error {
	written, err := insert(db.Clauses(ignoreRepeat), l.events)
	if err != nil {
		return err
	}
	if int(written) != len(l.events) { // somebody else wrote the same version meanwhile
		return fmt.Errorf("%d of %d events are new: %w", written, len(l.events), ErrConflict)
	}
	rows := make([]alarmRow, len(l.order))
	for i, id := range l.order {
		rows[i] = l.alarms[id]
	}
	if _, err = insert(db.Clauses(clause.OnConflict{UpdateAll: true}), rows); err != nil || len(l.events) == 0 {
		return err
	}
	if _, err := insert(db.Clauses(ignoreRepeat), l.due()); err != nil {
		return err
	}
	return appendAudit(db, l.audited())
}

// OpenAlarms lists the alarms of a partition's patients that are not closed, and those that were
// closed at closedSince or later.
func (s *Store) OpenAlarms(ctx context.Context, partition int, closedSince time.Time) ([]alerts.Alarm, error) {
	var rows []alarmRow
	err := s.reader(ctx).Where("part = ? AND (state <> ? OR changed >= ?)", partition, closedName, micros(closedSince)).
		Order("patient, onset, id").Find(&rows).Error
	if err != nil {
		return nil, fault("list open alarms", err)
	}
	return toAlarms(rows)
}

func toAlarms(rows []alarmRow) ([]alerts.Alarm, error) {
	all := make([]alerts.Alarm, len(rows))
	for i, r := range rows {
		a, err := r.alarm()
		if err != nil {
			return nil, err
		}
		all[i] = a
	}
	return all, nil
}

// visible limits a query over alarms to those of the scope's patients. Alarms of no patient are about
// Vigil itself: about one unit, or everybody's who may see anything.
func visible(scope vitals.Scope) func(*gorm.DB) *gorm.DB {
	return func(db *gorm.DB) *gorm.DB {
		switch {
		case scope.All:
			return db
		case len(scope.Units) == 0:
			return db.Where("1 = 0")
		}
		return db.Where("((patient = '' AND (site = '' OR site IN ?)) OR patient IN (SELECT id FROM patient WHERE unit IN ?))",
			scope.Units, scope.Units)
	}
}

// aboutUnit leaves the alarms of one unit: of its patients, and those of no patient that are about it.
func aboutUnit(unit vitals.UnitID) func(*gorm.DB) *gorm.DB {
	return func(db *gorm.DB) *gorm.DB {
		if unit == "" {
			return db
		}
		return db.Where("(patient IN (SELECT id FROM patient WHERE unit = ?) OR patient = ? AND site = ?)", unit, alerts.Nobody, unit)
	}
}

// Alarms lists the alarms of the scope that the query asks for, newest first.
func (s *Store) Alarms(ctx context.Context, scope vitals.Scope, q vitals.AlarmQuery) ([]alerts.Alarm, error) {
	query := s.reader(ctx).Scopes(visible(scope), aboutUnit(q.Unit))
	if q.Patient != "" {
		query = query.Where("patient = ?", q.Patient)
	}
	switch q.Explained {
	case "":
	case vitals.Unexplained:
		query = query.Where("suppressor = ''")
	default:
		query = query.Where("suppressor = ?", q.Explained)
	}
	switch q.State {
	case vitals.OpenAlarms:
		query = query.Where("state IN ?", openNames())
	case vitals.ClosedAlarms:
		query = query.Where("state = ?", closedName)
	case vitals.AllAlarms:
	}
	if !q.From.IsZero() {
		query = query.Where("raised >= ?", micros(q.From))
	}
	if !q.To.IsZero() {
		query = query.Where("raised < ?", micros(q.To))
	}
	var rows []alarmRow
	if err := query.Order("raised DESC, id DESC").Limit(page(q.Limit)).Find(&rows).Error; err != nil {
		return nil, fault("list alarms", err)
	}
	alarms, err := toAlarms(rows)
	if err != nil {
		return nil, err
	}
	return alarms, explained(s.reader(ctx), alarms)
}

// openNames are the stored names of the states that a nurse must see.
func openNames() (open []string) {
	for state, name := range stateNames {
		if state.Open() {
			open = append(open, name)
		}
	}
	return open
}

// Alarm finds an alarm of the scope.
func (s *Store) Alarm(ctx context.Context, scope vitals.Scope, id alerts.AlarmID) (alerts.Alarm, error) {
	var row alarmRow
	err := s.reader(ctx).Scopes(visible(scope)).Where("id = ?", id).Take(&row).Error
	if err != nil {
		return alerts.Alarm{}, fault("find alarm", err)
	}
	return row.alarm()
}
