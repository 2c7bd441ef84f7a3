// Package live fans out what happens in the wards to the browsers that watch them: first the whole
// present state, then every change, over one websocket per screen.
//
// Alarms are never dropped and go ahead of everything else; numerics are coalesced to the newest;
// waveforms are sent only while the browser confirms that it draws them, because a blocked browser
// hides minutes of stale data in kernel buffers. A screen that falls behind is closed, and begins
// again with a fresh snapshot.
//
// The package decides nothing about alarms and stores nothing. It must not know gin, SQL or NATS.
package live

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"vigil/alerts"
	"vigil/vitals"
)

// Store is what the feed reads to begin with and to catch up after lost messages.
type Store interface {
	// Admissions lists everybody under care.
	Admissions(ctx context.Context) ([]vitals.Admission, error)
	// OpenAlarms lists the open alarms of the whole installation.
	OpenAlarms(ctx context.Context) ([]alerts.Alarm, error)
	// AllCare lists what people have decided about everybody under care.
	AllCare(ctx context.Context) ([]alerts.Care, error)
	// AlarmByID finds an alarm whatever its state.
	AlarmByID(ctx context.Context, id alerts.AlarmID) (alerts.Alarm, error)
	// Latest lists the newest reading of each kind of a patient.
	Latest(ctx context.Context, patient vitals.PatientID) ([]vitals.Charted, error)
}

// Feed holds the present state of all units on this node and the screens that watch it.
type Feed struct {
	store Store
	log   *slog.Logger
	now   func() time.Time

	changed chan struct{}      // the census is said to have changed
	unread  []vitals.PatientID // belongs to Refresh: whose stored values are not shown yet

	mu      sync.Mutex
	units   map[vitals.PatientID]vitals.UnitID
	boards  map[vitals.UnitID]*board
	system  map[alerts.AlarmID]posted // open alarms about Vigil itself, which every unit sees
	ended   map[alerts.AlarmID]bool   // are over, which the database may not say yet
	viewers map[*viewer]string        // whether each can be heard, in its own word
}

// New is a feed without state; Refresh fills it.
func New(store Store, log *slog.Logger, now func() time.Time) *Feed {
	return &Feed{
		store: store, log: log, now: now, changed: make(chan struct{}, 1),
		units:   map[vitals.PatientID]vitals.UnitID{},
		boards:  map[vitals.UnitID]*board{},
		system:  map[alerts.AlarmID]posted{},
		ended:   map[alerts.AlarmID]bool{},
		viewers: map[*viewer]string{},
	}
}

// board finds the unit's state, making it at first use. The caller holds the lock.
func (f *Feed) board(p vitals.PatientID) (*board, vitals.UnitID, bool) {
	unit, known := f.units[p]
	if !known {
		return nil, "", false
	}
	return f.boardOf(unit), unit, true
}

func (f *Feed) boardOf(unit vitals.UnitID) *board {
	b, ok := f.boards[unit]
	if !ok {
		b = newBoard()
		maps.Copy(b.alarms, f.system)
		f.boards[unit] = b
	}
	return b
}

// Alarm shows a change of an alarm. An older version than the one shown is ignored, so the same
// change may arrive twice and in any order. Of the version shown, whether it is recorded is news.
// What is told again of an alarm that is not shown any more is not: it was over before the database took its beginning.
func (f *Feed) Alarm(t alerts.Transition) {
	if alerts.Synthetic(t.Alarm.Patient) {
		f.prove(t.Alarm)
		return
	}
	f.show(posted{t.Alarm, t.Unrecorded, t.Retold})
}

func (f *Feed) show(a posted) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.ended[a.ID] {
		return
	}
	if !a.State.Open() {
		f.ended[a.ID] = true
	}
	if a.Patient != alerts.Nobody {
		if b, unit, known := f.board(a.Patient); known { // else the census brings it within seconds
			f.showOn(b, unit, a)
		}
		return
	}
	if a.Site != "" { // it is about one unit
		f.showOn(f.boardOf(vitals.UnitID(a.Site)), vitals.UnitID(a.Site), a)
		return
	}
	if known, have := f.system[a.ID]; !have && !a.retold || have && known.before(a) {
		f.system[a.ID] = a
	}
	if !a.State.Open() {
		delete(f.system, a.ID)
	}
	for unit, b := range f.boards {
		f.showOn(b, unit, a)
	}
}

// showOn shows an alarm to the screens of a unit. The caller holds the lock.
func (f *Feed) showOn(b *board, unit vitals.UnitID, a posted) {
	shown, have := b.alarms[a.ID]
	if have && !shown.before(a) {
		return
	}
	if !have && (a.retold || !a.State.Open()) {
		return
	}
	if a.State.Open() {
		b.alarms[a.ID] = a
	} else {
		delete(b.alarms, a.ID)
	}
	b.rev++
	ev := event{Kind: "alarm", Alarm: new(a.View()), AlarmRev: b.rev}
	for v := range f.viewers {
		if v.unit == unit {
			v.out.urgent(ev)
		}
	}
}

// Care shows what people have decided about a patient. An older version than the one shown is ignored.
func (f *Feed) Care(c alerts.Care) {
	f.mu.Lock()
	defer f.mu.Unlock()
	b, unit, known := f.board(c.Patient)
	if !known || b.care[c.Patient].Version >= c.Version {
		return
	}
	b.care[c.Patient] = c
	ev := event{Kind: "care", Care: new(c.View())}
	for v := range f.viewers {
		if v.unit == unit {
			v.out.urgent(ev)
		}
	}
}

// mayBeAhead is how far in the future a value may lie and still count as newer than those that come
// after it. The clock behind one that lies further was wrong, and may have been set right.
const mayBeAhead = 2 * time.Second

// Reading shows a value that this server received at the given time.
func (f *Feed) Reading(c vitals.Charted, received time.Time) {
	if c.Absent != vitals.Present {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	b, unit, known := f.board(c.Patient)
	if !known {
		return
	}
	key := numericKey{c.Patient, c.Device, c.Kind}
	if old, have := b.numerics[key]; have && c.Time.Before(old.Time) && old.Time.Sub(f.now()) <= mayBeAhead {
		return
	}
	n := numeric{c, received}
	b.numerics[key] = n
	for v := range f.viewers {
		if v.unit == unit {
			v.out.newest(key, n)
		}
	}
}

// Wave shows a piece of a waveform.
func (f *Feed) Wave(p vitals.PatientID, d vitals.DeviceID, w vitals.Waveform) {
	f.mu.Lock()
	defer f.mu.Unlock()
	b, unit, known := f.board(p)
	if !known {
		return
	}
	ch := f.channel(b, unit, channelKey{p, d, w.Kind}, w)
	if ch == nil {
		return
	}
	for v := range f.viewers {
		if v.unit == unit {
			v.out.wave(ch.index, w)
		}
	}
}

// maxChannels is what a 16-bit index can name.
const maxChannels = 1 << 16

// channel finds the waveform's channel and announces it when it is new or its rate changed. The
// caller holds the lock.
func (f *Feed) channel(b *board, unit vitals.UnitID, key channelKey, w vitals.Waveform) *channel {
	ch, have := b.channels[key]
	if have && ch.rate == w.Rate && ch.scale == w.Scale {
		return ch
	}
	if !have {
		if len(b.order) >= maxChannels {
			return nil
		}
		ch = &channel{index: uint16(len(b.order)), key: key}
		b.channels[key] = ch
		b.order = append(b.order, ch)
	}
	ch.rate, ch.scale = w.Rate, w.Scale
	ev := event{Kind: "channel", Channel: new(ch.view())}
	for v := range f.viewers {
		if v.unit == unit {
			v.out.urgent(ev)
		}
	}
	return ch
}

// join queues the unit's present state for the viewer and subscribes it, in one step, so that
// nothing falls between the two.
func (f *Feed) join(v *viewer) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.viewers[v] = ""
	v.out.replace(f.boardOf(v.unit).snapshot(v.unit, f.now()))
}

// resync queues the present state again for a viewer that lost count.
func (f *Feed) resync(v *viewer) {
	f.mu.Lock()
	defer f.mu.Unlock()
	v.out.replace(f.boardOf(v.unit).snapshot(v.unit, f.now()))
}

func (f *Feed) leave(v *viewer) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.viewers, v)
}

// heartbeat queues the proof of what the unit's open alarms are, behind every change that led to it.
func (f *Feed) heartbeat(v *viewer) {
	f.mu.Lock()
	defer f.mu.Unlock()
	b := f.boardOf(v.unit)
	v.out.beat(heartbeat{
		ServerMS: f.now().UnixMilli(), AlarmRev: b.rev, Open: b.open(), Digest: b.digest(),
	})
}

// alarm finds an open alarm that the unit's screens show.
func (f *Feed) alarm(unit vitals.UnitID, id alerts.AlarmID) (alerts.Alarm, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	a, ok := f.boardOf(unit).alarms[id]
	return a.Alarm, ok
}

// hear notes whether the viewer's station can be heard.
func (f *Feed) hear(v *viewer, audio string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, joined := f.viewers[v]; joined {
		f.viewers[v] = audio
	}
}

// UnitOf is the unit of a patient under care; empty where that is not known.
func (f *Feed) UnitOf(p vitals.PatientID) vitals.UnitID {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.units[p]
}

// Audible lists the units of which a station of this node can be heard, by what it says itself.
func (f *Feed) Audible() []vitals.UnitID {
	f.mu.Lock()
	defer f.mu.Unlock()
	units := map[vitals.UnitID]bool{}
	for v, audio := range f.viewers {
		if audio == "running" {
			units[v.unit] = true
		}
	}
	return slices.Sorted(maps.Keys(units))
}

// Wards lists the units that have patients.
func (f *Feed) Wards() []vitals.UnitID {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Sorted(maps.Values(f.units)) // each as often as it has patients
}
