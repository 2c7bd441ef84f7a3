package live

import (
	"cmp"
	"fmt"
	"hash/fnv"
	"maps"
	"slices"
	"time"

	"vigil/alerts"
	"vigil/vitals"
)

// board is the present state of one unit.
type board struct {
	rev      uint64 // counts alarm changes
	alarms   map[alerts.AlarmID]posted
	care     map[vitals.PatientID]alerts.Care
	numerics map[numericKey]numeric
	channels map[channelKey]*channel
	order    []*channel
}

// posted is an alarm as it is shown.
type posted struct {
	alerts.Alarm

	unrecorded bool // the database has not taken it yet
	retold     bool // it was shown before: where it is not any more, it is over
}

// before reports whether the other one says something newer.
func (p posted) before(other posted) bool {
	return p.Version < other.Version || p.Version == other.Version && p.unrecorded != other.unrecorded
}

// View is the alarm as screens show it.
func (p posted) View() alerts.View {
	v := p.Alarm.View()
	v.Unrecorded = p.unrecorded
	return v
}

type numericKey struct {
	patient vitals.PatientID
	device  vitals.DeviceID
	kind    vitals.Kind
}

type numeric struct {
	vitals.Charted
	received time.Time
}

type channelKey = numericKey

// channel is one waveform of one patient; its index is what the binary frames carry.
type channel struct {
	index uint16
	key   channelKey
	rate  vitals.Rate
	scale vitals.Decimal
}

func newBoard() *board {
	return &board{
		alarms:   map[alerts.AlarmID]posted{},
		care:     map[vitals.PatientID]alerts.Care{},
		numerics: map[numericKey]numeric{},
		channels: map[channelKey]*channel{},
	}
}

// snapshot is all that a screen of the unit has to know.
func (b *board) snapshot(unit vitals.UnitID, now time.Time) snapshot {
	s := snapshot{
		Unit: unit, AlarmRev: b.rev,
		Numerics: make([]numericView, 0, len(b.numerics)),
		Alarms:   make([]alerts.View, 0, len(b.alarms)),
		Channels: make([]channelView, 0, len(b.channels)),
		Cares:    make([]alerts.CareView, 0, len(b.care)),
	}
	for _, c := range b.care {
		s.Cares = append(s.Cares, c.View())
	}
	for _, n := range b.numerics {
		s.Numerics = append(s.Numerics, n.view(now))
	}
	for _, a := range b.sorted() {
		s.Alarms = append(s.Alarms, a.View())
	}
	for _, ch := range b.order {
		if b.channels[ch.key] == ch {
			s.Channels = append(s.Channels, ch.view())
		}
	}
	return s
}

func (b *board) sorted() []posted {
	return slices.SortedFunc(maps.Values(b.alarms), func(x, y posted) int { return cmp.Compare(x.ID, y.ID) })
}

func (b *board) open() openCount {
	var n openCount
	for _, a := range b.alarms {
		switch a.Priority {
		case alerts.High:
			n.High++
		case alerts.Medium:
			n.Medium++
		case alerts.Low:
			n.Low++
		case alerts.Info:
		}
	}
	return n
}

// digest is FNV-1a over the open alarms, sorted by id, each as "id|version|state\n". The browser
// computes the same over what it shows; where they differ, it asks for the whole state again.
func (b *board) digest() string {
	h := fnv.New64a()
	for _, a := range b.sorted() {
		v := a.View()
		_, _ = fmt.Fprintf(h, "%s|%d|%s\n", v.ID, v.Version, v.State) // a hash never fails
	}
	return fmt.Sprintf("%016x", h.Sum64())
}
