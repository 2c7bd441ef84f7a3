package live

import (
	"context"
	"fmt"
	"maps"
	"time"

	"vigil/alerts"
	"vigil/vitals"
)

// Run keeps the feed in step with the database until ctx ends: what was missed on the way here
// (the transport to this node may lose messages) is found again within seconds.
func (f *Feed) Run(ctx context.Context, every time.Duration) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		if err := f.Refresh(ctx); err != nil && ctx.Err() == nil {
			f.log.Warn("feed could not be compared with the database", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-f.changed:
			// Admitting a ward changes the census hundreds of times in a row: let it settle.
			settle := time.NewTimer(settleTime)
			select {
			case <-ctx.Done():
			case <-settle.C:
			}
		}
	}
}

// settleTime is how long a change of the census may wait for the next one.
const settleTime = 300 * time.Millisecond

// CensusChanged asks for a refresh now.
func (f *Feed) CensusChanged() {
	select {
	case f.changed <- struct{}{}:
	default: // asked for already
	}
}

// refreshLimit is how long the database may take to say what there is. One that says nothing at all would otherwise be
// waited for when it has long been back, and of whoever is admitted meanwhile no alarm would be shown.
const refreshLimit = 10 * time.Second

// Refresh compares the census and the open alarms with the database and publishes what differs. It must not run twice at
// the same time.
func (f *Feed) Refresh(ctx context.Context) error {
	defer f.loadUnread(ctx) // the alarms come first
	limited, cancel := context.WithTimeout(ctx, refreshLimit)
	defer cancel()
	return f.compare(limited)
}

func (f *Feed) compare(ctx context.Context) error {
	if err := f.refreshCensus(ctx); err != nil {
		return err
	}
	open, err := f.store.OpenAlarms(ctx)
	if err != nil {
		return fmt.Errorf("read open alarms: %w", err)
	}
	stored := map[alerts.AlarmID]bool{}
	for _, a := range open {
		stored[a.ID] = true
		f.show(posted{Alarm: a})
	}
	for _, id := range f.openNotIn(stored) {
		a, err := f.store.AlarmByID(ctx, id)
		if err != nil {
			continue // raised a moment ago and not yet recorded
		}
		f.show(posted{Alarm: a})
	}
	f.forgetEnded(stored)
	care, err := f.store.AllCare(ctx)
	if err != nil {
		return fmt.Errorf("read what is decided about patients: %w", err)
	}
	for _, c := range care {
		f.Care(c)
	}
	return nil
}

func (f *Feed) refreshCensus(ctx context.Context) error {
	admissions, err := f.store.Admissions(ctx)
	if err != nil {
		return fmt.Errorf("read the census: %w", err)
	}
	units := make(map[vitals.PatientID]vitals.UnitID, len(admissions))
	for _, a := range admissions {
		units[a.Patient.ID] = a.Patient.Unit
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for p := range units {
		if _, known := f.units[p]; !known {
			f.unread = append(f.unread, p)
		}
	}
	changed := !maps.Equal(units, f.units)
	f.units = units
	if changed {
		f.forgetAbsent()
		f.announceCensus()
	}
	return nil
}

// loadUnread shows the stored values of patients who were not known before, so that a spot value
// such as a blood pressure does not vanish from the screens when the server restarts. Where the database takes too long
// for all of them, the next refresh goes on: a ward's values hold up no comparison of its alarms.
func (f *Feed) loadUnread(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, refreshLimit)
	defer cancel()
	for len(f.unread) > 0 && f.loadLatest(ctx, f.unread[0]) {
		f.unread = f.unread[1:]
	}
}

// loadLatest reports whether the database has answered.
func (f *Feed) loadLatest(ctx context.Context, p vitals.PatientID) bool {
	latest, err := f.store.Latest(ctx, p)
	if err != nil {
		f.log.Warn("latest readings could not be read", "error", err)
		return ctx.Err() == nil
	}
	for _, c := range latest {
		f.Reading(c, c.Time)
	}
	return true
}

// forgetAbsent drops what belongs to patients who left their unit. The caller holds the lock.
func (f *Feed) forgetAbsent() {
	for unit, b := range f.boards {
		gone := func(p vitals.PatientID) bool { return f.units[p] != unit }
		maps.DeleteFunc(b.numerics, func(k numericKey, _ numeric) bool { return gone(k.patient) })
		maps.DeleteFunc(b.channels, func(k channelKey, _ *channel) bool { return gone(k.patient) })
		maps.DeleteFunc(b.care, func(p vitals.PatientID, _ alerts.Care) bool { return gone(p) })
		maps.DeleteFunc(b.alarms, func(_ alerts.AlarmID, a posted) bool { return a.Patient != alerts.Nobody && gone(a.Patient) })
	}
}

func (f *Feed) announceCensus() {
	for v := range f.viewers {
		v.out.urgent(event{Kind: "census"})
	}
}

// forgetEnded forgets what is over for the database, too.
func (f *Feed) forgetEnded(stored map[alerts.AlarmID]bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	maps.DeleteFunc(f.ended, func(id alerts.AlarmID, _ bool) bool { return !stored[id] })
}

func (f *Feed) openNotIn(stored map[alerts.AlarmID]bool) []alerts.AlarmID {
	f.mu.Lock()
	defer f.mu.Unlock()
	var missing []alerts.AlarmID
	for _, b := range f.boards {
		for id := range b.alarms {
			if !stored[id] {
				missing = append(missing, id)
			}
		}
	}
	return missing
}
