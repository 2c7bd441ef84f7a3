package store

import (
	"context"
	"fmt"
	"time"

	"github.com/samber/lo"

	"vigil/alerts"
	"vigil/vitals"
)

// Courses lists how the alarms of the scope went that were raised within the query's time, oldest first, by the
// events that were sealed of each.
func (s *Store) Courses(ctx context.Context, scope vitals.Scope, q vitals.AlarmQuery) ([]alerts.Course, error) {
	query := s.reader(ctx).Scopes(visible(scope)).Where("raised >= ? AND raised < ?", micros(q.From), micros(q.To))
	if q.Unit != "" {
		query = query.Where("patient IN (SELECT id FROM patient WHERE unit = ?)", q.Unit)
	}
	var rows []alarmRow
	if err := query.Order("raised, id").Find(&rows).Error; err != nil {
		return nil, fault("list alarms to report", err)
	}
	places, err := s.places(ctx)
	if err != nil {
		return nil, err
	}
	courses := make([]alerts.Course, len(rows))
	for from := 0; from < len(rows); from += listed {
		some := rows[from:min(from+listed, len(rows))]
		events, err := s.turns(ctx, some)
		if err != nil {
			return nil, err
		}
		for i, row := range some {
			alarm, err := row.alarm()
			if err != nil {
				return nil, err
			}
			course := places[alarm.Patient]
			if course.Zone == nil {
				course.Zone = time.UTC
			}
			course.Alarm = alarm
			courses[from+i] = follows(course, events[alarm.ID])
		}
	}
	return courses, nil
}

// places is where each patient is or last was.
func (s *Store) places(ctx context.Context) (map[vitals.PatientID]alerts.Course, error) {
	var units []unitRow
	if err := s.reader(ctx).Find(&units).Error; err != nil {
		return nil, fault("list units", err)
	}
	zones := map[vitals.UnitID]*time.Location{}
	for _, u := range units {
		zone, err := time.LoadLocation(u.Zone)
		if err != nil {
			return nil, fmt.Errorf("zone of unit %s: %w", u.ID, err)
		}
		zones[u.ID] = zone
	}
	var patients []patientRow
	if err := s.reader(ctx).Select("id, unit, bed").Find(&patients).Error; err != nil {
		return nil, fault("list beds", err)
	}
	return lo.SliceToMap(patients, func(p patientRow) (vitals.PatientID, alerts.Course) {
		return p.ID, alerts.Course{Unit: p.Unit, Bed: p.Bed, Zone: zones[p.Unit]}
	}), nil
}

// turns are the events of the alarms that reports count, oldest first.
func (s *Store) turns(ctx context.Context, rows []alarmRow) (map[alerts.AlarmID][]eventRow, error) {
	ids := lo.Map(rows, func(r alarmRow, _ int) alerts.AlarmID { return r.ID })
	counted := []alerts.Change{alerts.Acknowledged, alerts.Ceased, alerts.Rearmed, alerts.Recurred, alerts.Worsened}
	var events []eventRow
	err := s.reader(ctx).Select("alarm, version, at, change").Where("alarm IN ? AND change IN ?", ids, counted).
		Order("alarm, version").Find(&events).Error
	return lo.GroupBy(events, func(e eventRow) alerts.AlarmID { return e.Alarm }), fault("list events to report", err)
}

// follows counts what happened.
func follows(c alerts.Course, events []eventRow) alerts.Course {
	for _, e := range events {
		switch e.Change {
		case alerts.Acknowledged:
		case alerts.Ceased:
			if c.Alarm.Reason != alerts.ClosedAck { // else it was acknowledged after it had gone
				continue
			}
		default:
			c.Again++
			continue
		}
		if c.Acked.IsZero() {
			c.Acked = moment(e.At)
		}
	}
	return c
}
