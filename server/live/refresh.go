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

// Refresh compares the census and the open alarms with the database and publishes what differs.
func (f *Feed) Refresh(ctx context.Context) error {
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
		f.show(a)
	}
	for _, id := range f.openNotIn(stored) {
		a, err := f.store.AlarmByID(ctx, id)
		if err != nil {
			continue // raised a moment ago and not yet recorded
		}
		f.show(a)
	}
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
	added := make([]vitals.PatientID, 0)
	for p := range units {
		if _, known := f.units[p]; !known {
			added = append(added, p)
		}
	}
	changed := !maps.Equal(units, f.units)
	f.units = units
	if changed {
		f.forgetAbsent()
		f.announceCensus()
	}
	f.mu.Unlock()
	for _, p := range added {
		f.loadLatest(ctx, p)
	}
	return nil
}

// loadLatest shows the stored values of a patient who was not known before, so that a spot value
// such as a blood pressure does not vanish from the screens when the server restarts.
func (f *Feed) loadLatest(ctx context.Context, p vitals.PatientID) {
	latest, err := f.store.Latest(ctx, p)
	if err != nil {
		f.log.Warn("latest readings could not be read", "error", err)
		return
	}
	for _, c := range latest {
		f.Reading(c, c.Time)
	}
}

// forgetAbsent drops what belongs to patients who left their unit. The caller holds the lock.
func (f *Feed) forgetAbsent() {
	for unit, b := range f.boards {
		gone := func(p vitals.PatientID) bool { return f.units[p] != unit }
		maps.DeleteFunc(b.numerics, func(k numericKey, _ numeric) bool { return gone(k.patient) })
		maps.DeleteFunc(b.channels, func(k channelKey, _ *channel) bool { return gone(k.patient) })
		maps.DeleteFunc(b.care, func(p vitals.PatientID, _ alerts.Care) bool { return gone(p) })
		maps.DeleteFunc(b.alarms, func(_ alerts.AlarmID, a alerts.Alarm) bool { return a.Patient != alerts.Nobody && gone(a.Patient) })
	}
}

func (f *Feed) announceCensus() {
	for v := range f.viewers {
		v.out.urgent(event{Kind: "census"})
	}
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
