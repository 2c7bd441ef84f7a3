package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"

	"vigil/alerts"
	"vigil/vitals"
)

// eventRow is one sealed transition of an alarm. Hash is SHA-256 over PrevHash, which is empty for
// the first event, and Record; so no event of an alarm can be changed, added between or taken out
// without breaking the chain.
type eventRow struct {
	Alarm    alerts.AlarmID `gorm:"primaryKey"`
	Version  int            `gorm:"primaryKey;autoIncrement:false"`
	At       int64
	Change   alerts.Change
	Actor    string
	Record   string
	PrevHash []byte
	Hash     []byte
}

func (eventRow) TableName() string { return "alarm_event" }

// record is the canonical form of a transition: JSON with these names in this order and without
// spaces, times in microseconds since 1970 UTC. Its bytes are sealed, so what is here never
// changes; what must be added later goes to the end, with omitempty.
type record struct {
	Change  alerts.Change `json:"change"`
	Before  string        `json:"before"`
	At      int64         `json:"at"`
	Actor   string        `json:"actor"`
	Command string        `json:"command"`
	Station string        `json:"station"`
	Alarm   alarmRow      `json:"alarm"`
	Program string        `json:"program,omitempty"` // version of the program, of its rules and of its detector
}

// seal makes the event that follows the one with the hash.
func seal(prev []byte, t alerts.Transition, program string) (eventRow, error) {
	alarm, err := toAlarmRow(t.Alarm)
	if err != nil {
		return eventRow{}, err
	}
	before, err := stateNames.of(t.Before)
	if err != nil {
		return eventRow{}, err
	}
	text, err := json.Marshal(record{
		Change: t.Change, Before: before, At: micros(t.At), Actor: t.Actor, Command: t.Command, Station: t.Station, Alarm: alarm,
		Program: program,
	})
	if err != nil {
		return eventRow{}, fmt.Errorf("encode transition: %w", err)
	}
	row := eventRow{
		Alarm: t.Alarm.ID, Version: t.Alarm.Version, At: micros(t.At), Change: t.Change, Actor: t.Actor,
		Record: string(text), PrevHash: prev,
	}
	row.Hash = row.sum()
	return row, nil
}

func (r eventRow) sum() []byte {
	h := sha256.New()
	_, _ = h.Write(r.PrevHash) // a hash never fails
	_, _ = h.Write([]byte(r.Record))
	return h.Sum(nil)
}

// program is which program brought the event about.
func (r eventRow) program() (string, error) {
	var rec record
	if err := json.Unmarshal([]byte(r.Record), &rec); err != nil {
		return "", fmt.Errorf("version %d: decode record: %w", r.Version, err)
	}
	return rec.Program, nil
}

// open checks the event's seal and place and returns the transition in it.
func (r eventRow) open(prev []byte) (alerts.Transition, error) {
	if !bytes.Equal(r.PrevHash, prev) || !bytes.Equal(r.Hash, r.sum()) {
		return alerts.Transition{}, fmt.Errorf("version %d: %w", r.Version, ErrTampered)
	}
	var rec record
	if err := json.Unmarshal([]byte(r.Record), &rec); err != nil {
		return alerts.Transition{}, fmt.Errorf("version %d: decode record: %w", r.Version, err)
	}
	if rec.Alarm.ID != r.Alarm || rec.Alarm.Version != r.Version || rec.At != r.At || rec.Change != r.Change || rec.Actor != r.Actor {
		return alerts.Transition{}, fmt.Errorf("version %d: columns differ from the record: %w", r.Version, ErrTampered)
	}
	before, err := stateNames.value(rec.Before)
	if err != nil {
		return alerts.Transition{}, err
	}
	alarm, err := rec.Alarm.alarm()
	return alerts.Transition{
		Change: rec.Change, Before: before, Alarm: alarm, At: moment(rec.At),
		Actor: rec.Actor, Command: rec.Command, Station: rec.Station,
	}, err
}

// History lists what happened to an alarm of the scope, oldest first, and proves it: an event that
// was changed or removed, and an alarm that is not as its last event left it, give ErrTampered.
func (s *Store) History(ctx context.Context, scope vitals.Scope, id alerts.AlarmID) ([]alerts.Transition, error) {
	alarm, err := s.Alarm(ctx, scope, id)
	if err != nil {
		return nil, err
	}
	var rows []eventRow
	if err := s.reader(ctx).Where("alarm = ? AND version <= ?", id, alarm.Version).Order("version").Find(&rows).Error; err != nil {
		return nil, fault("list alarm events", err)
	}
	history, err := openHistory(rows)
	if err == nil && (len(history) == 0 || history[len(history)-1].Alarm != alarm) {
		err = errDiffers
	}
	if err != nil {
		return nil, fmt.Errorf("read history of alarm %s: %w", id, err)
	}
	return history, nil
}

// errDiffers says that an alarm is not as its last event left it.
var errDiffers = fmt.Errorf("alarm differs from its last event: %w", ErrTampered)

// openHistory checks all events of one alarm and returns the transitions in them.
func openHistory(rows []eventRow) ([]alerts.Transition, error) {
	var prev []byte
	history := make([]alerts.Transition, len(rows))
	for i, row := range rows {
		var err error
		if history[i], err = row.open(prev); err != nil {
			return nil, err
		}
		prev = row.Hash
	}
	return history, nil
}
