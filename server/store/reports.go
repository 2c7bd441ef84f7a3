package store

import (
	"context"
	"fmt"
	"time"

	"github.com/samber/lo"

	"vigil/alerts"
	"vigil/vitals"
)

// Period gathers what happened within the query's time to the patients of the scope, by what was sealed of it: the
// alarms that were raised, oldest first, and what reports hold them against.
func (s *Store) Period(ctx context.Context, scope vitals.Scope, q vitals.AlarmQuery) (alerts.Period, error) {
	p := alerts.Period{From: q.From, To: q.To}
	patients, places, err := s.places(ctx, scope, q.Unit)
	if err != nil {
		return p, err
	}
	if p.Courses, err = s.courses(ctx, scope, q, places); err != nil {
		return p, err
	}
	if p.Untold, err = s.untold(ctx, q, places); err != nil {
		return p, err
	}
	if p.Silences, err = s.silences(ctx, scope, q, places); err != nil {
		return p, err
	}
	for _, r := range patients {
		from, to := s.within(q, r.Admitted, r.Discharged)
		if from.Before(to) {
			p.Stays = append(p.Stays, alerts.Stay{Place: places.patients[r.ID], Patient: r.ID, From: from, To: to})
		}
	}
	return p, nil
}

// within is the part of a time that the query asks for; what has no end lasts until now.
func (s *Store) within(q vitals.AlarmQuery, began int64, ended *int64) (from, to time.Time) {
	from, to = moment(max(began, micros(q.From))), moment(min(micros(q.To), micros(s.now())))
	if ended != nil && *ended < micros(to) {
		to = moment(*ended)
	}
	return from, to
}

// courses lists how alarms went.
func (s *Store) courses(ctx context.Context, scope vitals.Scope, q vitals.AlarmQuery, at places) ([]alerts.Course, error) {
	query := s.reader(ctx).Scopes(visible(scope), aboutUnit(q.Unit)).Where("raised >= ? AND raised < ?", micros(q.From), micros(q.To))
	var rows []alarmRow
	if err := query.Order("raised, id").Find(&rows).Error; err != nil {
		return nil, fault("list alarms to report", err)
	}
	alarms, err := toAlarms(rows)
	if err != nil {
		return nil, err
	}
	if err := explained(s.reader(ctx), alarms); err != nil {
		return nil, err
	}
	courses := make([]alerts.Course, 0, len(alarms))
	for _, some := range lo.Chunk(alarms, listed) {
		events, notes, err := s.turns(ctx, some)
		if err != nil {
			return nil, err
		}
		for _, alarm := range some {
			course := follows(alerts.Course{Place: at.of(alarm), Alarm: alarm}, events[alarm.ID])
			courses = append(courses, noticed(course, notes[alarm.ID]))
		}
	}
	return courses, nil
}

// places is where each patient is or last was, and each unit.
type places struct {
	patients map[vitals.PatientID]alerts.Place
	units    map[vitals.UnitID]alerts.Place
}

// of is where the alarm is from: one of no patient is of its unit, or of none.
func (p places) of(a alerts.Alarm) alerts.Place {
	place := p.patients[a.Patient]
	if a.Patient == alerts.Nobody {
		place = p.units[vitals.UnitID(a.Site)]
	}
	if place.Zone == nil {
		place.Zone = time.UTC
	}
	return place
}

// places finds the patients whom the report is about, and where they are.
func (s *Store) places(ctx context.Context, scope vitals.Scope, unit vitals.UnitID) ([]patientRow, places, error) {
	p := places{map[vitals.PatientID]alerts.Place{}, map[vitals.UnitID]alerts.Place{}}
	var units []unitRow
	if err := s.reader(ctx).Find(&units).Error; err != nil {
		return nil, p, fault("list units", err)
	}
	for _, u := range units {
		zone, err := time.LoadLocation(u.Zone)
		if err != nil {
			return nil, p, fmt.Errorf("zone of unit %s: %w", u.ID, err)
		}
		if scope.Covers(u.ID) && (unit == "" || unit == u.ID) {
			p.units[u.ID] = alerts.Place{Unit: u.ID, Zone: zone}
		}
	}
	var patients []patientRow
	if err := s.reader(ctx).Select("id, unit, bed, admitted, discharged").Order("id").Find(&patients).Error; err != nil {
		return nil, p, fault("list beds", err)
	}
	patients = lo.Filter(patients, func(r patientRow, _ int) bool { return p.units[r.Unit].Unit != "" })
	for _, r := range patients {
		p.patients[r.ID] = alerts.Place{Unit: r.Unit, Bed: r.Bed, Zone: p.units[r.Unit].Zone}
	}
	return patients, p, nil
}

// turns are the events of the alarms that reports count, and what was noted of them, oldest first.
func (s *Store) turns(ctx context.Context, alarms []alerts.Alarm) (map[alerts.AlarmID][]eventRow, map[alerts.AlarmID][]auditRow, error) {
	ids := lo.Map(alarms, func(a alerts.Alarm, _ int) alerts.AlarmID { return a.ID })
	counted := []alerts.Change{alerts.Acknowledged, alerts.Ceased, alerts.Rearmed, alerts.Recurred, alerts.Worsened}
	var events []eventRow
	err := s.reader(ctx).Select("alarm, version, at, change").Where("alarm IN ? AND change IN ?", ids, counted).
		Order("alarm, version").Find(&events).Error
	if err != nil {
		return nil, nil, fault("list events to report", err)
	}
	var notes []auditRow
	err = s.reader(ctx).Select("alarm, kind, detail").Where("alarm IN ? AND event IS NULL", ids).
		Where("kind IN ?", []alerts.NoteKind{alerts.Sounded, alerts.Notified, alerts.Missed}).Find(&notes).Error
	if err != nil {
		return nil, nil, fault("list notes to report", err)
	}
	return lo.GroupBy(events, func(e eventRow) alerts.AlarmID { return e.Alarm }),
		lo.GroupBy(notes, func(n auditRow) alerts.AlarmID { return n.Alarm }), nil
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

// noticed counts who heard of it.
func noticed(c alerts.Course, notes []auditRow) alerts.Course {
	for _, n := range notes {
		if n.Kind == string(alerts.Sounded) {
			c.Sounded = true
			continue
		}
		if n.Kind == string(alerts.Notified) {
			c.Notified++
		}
		if step, called := alerts.SaidStep(n.Detail); called { // else it was handed over
			c.Step = max(c.Step, step)
		}
	}
	return c
}

// untold lists how often delays kept conditions from people.
func (s *Store) untold(ctx context.Context, q vitals.AlarmQuery, at places) ([]alerts.Untold, error) {
	var rows []auditRow
	err := s.reader(ctx).Where("kind = ? AND event IS NULL AND at >= ? AND at < ?", alerts.DelayedDropped, micros(q.From), micros(q.To)).
		Order("chain, seq").Find(&rows).Error
	if err != nil {
		return nil, fault("list what nobody was told", err)
	}
	var all []alerts.Untold
	for _, r := range rows {
		place, seen := at.patients[r.Patient]
		if !seen {
			continue
		}
		d, err := r.dropped()
		if err != nil {
			return nil, err
		}
		all = append(all, alerts.Untold{Place: place, Dropped: d})
	}
	return all, nil
}

// silences lists when no station of a unit could be heard, as Vigil's own alarms about that tell.
func (s *Store) silences(ctx context.Context, scope vitals.Scope, q vitals.AlarmQuery, at places) ([]alerts.Silence, error) {
	var rows []alarmRow
	err := s.reader(ctx).Scopes(visible(scope)).Where("condition = ? AND onset < ?", alerts.StationSilent, micros(q.To)).
		Where("(ended IS NULL OR ended > ?)", micros(q.From)).
		Order("onset, id").Find(&rows).Error
	if err != nil {
		return nil, fault("list silent stations", err)
	}
	var all []alerts.Silence
	for _, r := range rows {
		place, seen := at.units[vitals.UnitID(r.Site)]
		if from, to := s.within(q, r.Onset, r.Ended); seen && from.Before(to) {
			all = append(all, alerts.Silence{Place: place, From: from, To: to})
		}
	}
	return all, nil
}
