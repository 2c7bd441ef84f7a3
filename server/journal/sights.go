package journal

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/samber/lo"

	"vigil/alerts"
	"vigil/vitals"
)

// feedSights carries what is seen of the patients of each unit, and what was found of the sites.
const feedSights = "feed.sights"

// Seen is what the owner of a partition sees of the patients of each unit.
type Seen struct {
	Partition int
	Epoch     int64 // of the lease
	Units     map[vitals.UnitID]alerts.Sight
}

// Ruling is what was found of the sites, by the node that minds the installation.
type Ruling struct {
	Epoch   int64 // of the lease
	Outages map[vitals.UnitID]alerts.Outage
}

// Sights is what a node sees, and has found where that is its own to do.
type Sights struct {
	Seen   []Seen
	Ruling *Ruling
}

// PublishSights tells all nodes what this one sees.
func (j *Journal) PublishSights(s Sights) { j.tell(feedSights, toWireSights(s)) }

type (
	wireSights struct {
		_       struct{} `cbor:",toarray"`
		Version uint8
		Seen    []wireSeen
		Ruling  []wireRuling // one, or none
	}
	wireSeen struct {
		_         struct{} `cbor:",toarray"`
		Partition int
		Epoch     int64
		Units     []wireSight
	}
	wireSight struct {
		_        struct{} `cbor:",toarray"`
		Unit     string
		Patients int
		Watched  int
		Unsure   int
		Quiet    []int64
	}
	wireRuling struct {
		_       struct{} `cbor:",toarray"`
		Epoch   int64
		Outages []wireOutage
	}
	wireOutage struct {
		_     struct{} `cbor:",toarray"`
		Unit  string
		Alarm string
		Lost  [][2]int64
	}
)

func toWireSights(s Sights) wireSights {
	w := wireSights{Version: wireVersion, Seen: lo.Map(s.Seen, func(s Seen, _ int) wireSeen { return toWireSeen(s) })}
	if s.Ruling != nil {
		w.Ruling = []wireRuling{toWireRuling(*s.Ruling)}
	}
	return w
}

func toWireSeen(s Seen) wireSeen {
	w := wireSeen{Partition: s.Partition, Epoch: s.Epoch}
	for _, unit := range slices.Sorted(maps.Keys(s.Units)) {
		u := s.Units[unit]
		w.Units = append(w.Units, wireSight{
			Unit: string(unit), Patients: u.Patients, Watched: u.Watched, Unsure: u.Unsure,
			Quiet: lo.Map(u.Quiet, func(t time.Time, _ int) int64 { return toMicros(t) }),
		})
	}
	return w
}

func toWireRuling(r Ruling) wireRuling {
	w := wireRuling{Epoch: r.Epoch}
	for _, unit := range slices.Sorted(maps.Keys(r.Outages)) {
		o := r.Outages[unit]
		w.Outages = append(w.Outages, wireOutage{
			Unit: string(unit), Alarm: string(o.Alarm),
			Lost: lo.Map(o.Lost, func(s alerts.Span, _ int) [2]int64 { return [2]int64{toMicros(s.From), toMicros(s.To)} }),
		})
	}
	return w
}

func (w wireSights) sights() (Sights, error) {
	if w.Version != wireVersion || len(w.Ruling) > 1 {
		return Sights{}, fmt.Errorf("sights of version %d with %d rulings: %w", w.Version, len(w.Ruling), errMalformed)
	}
	seen, err := mapTry(w.Seen, wireSeen.seen)
	if err != nil {
		return Sights{}, err
	}
	s := Sights{Seen: seen}
	if len(w.Ruling) == 1 {
		s.Ruling = w.Ruling[0].ruling()
	}
	return s, nil
}

func (w wireSeen) seen() (Seen, error) {
	s := Seen{Partition: w.Partition, Epoch: w.Epoch, Units: map[vitals.UnitID]alerts.Sight{}}
	if w.Partition < 0 || w.Partition >= vitals.Partitions {
		return Seen{}, fmt.Errorf("sights of partition %d: %w", w.Partition, errMalformed)
	}
	for _, u := range w.Units {
		if u.Watched < 0 || u.Unsure < 0 || u.Watched > u.Patients || u.Unsure+len(u.Quiet) > u.Watched {
			return Seen{}, fmt.Errorf("of %d patients %d watched, %d unsure, %d quiet: %w", u.Patients, u.Watched, u.Unsure, len(u.Quiet), errMalformed)
		}
		s.Units[vitals.UnitID(u.Unit)] = alerts.Sight{
			Patients: u.Patients, Watched: u.Watched, Unsure: u.Unsure,
			Quiet: lo.Map(u.Quiet, func(t int64, _ int) time.Time { return fromMicros(t) }),
		}
	}
	return s, nil
}

func (w wireRuling) ruling() *Ruling {
	r := &Ruling{Epoch: w.Epoch, Outages: map[vitals.UnitID]alerts.Outage{}}
	for _, o := range w.Outages {
		r.Outages[vitals.UnitID(o.Unit)] = alerts.Outage{
			Alarm: alerts.AlarmID(o.Alarm),
			Lost:  lo.Map(o.Lost, func(s [2]int64, _ int) alerts.Span { return alerts.Span{From: fromMicros(s[0]), To: fromMicros(s[1])} }),
		}
	}
	return r
}
