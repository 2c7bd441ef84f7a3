package alerts

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"vigil/vitals"
)

// Nobody is whose alarms those are that are about Vigil itself: everybody sees them.
const Nobody = vitals.PatientID("")

// System conditions are about Vigil itself. The site is empty, or the unit that it is about. Where nothing else is
// said the numbers are Vigil's own.
var (
	// journalAway: nothing that hubs send reaches anybody.
	journalAway = rule{
		condition: JournalAway, describe: func(f fact) string { return "nothing is received: " + f.cause },
		Spec: Spec{Label: "MONITORING STOPPED", Type: System, Priority: High, OnDelay: 5 * time.Second, OffDelay: 10 * time.Second, Latching: true, Rearm: rearmHigh},
	}
	// detectorLag: what is received is judged late. It explains nothing else, and nothing explains it but a
	// journal that is away.
	detectorLag = rule{
		condition: DetectorLag, describe: func(f fact) string { return "alarms are " + f.value.String() + " s late" },
		Spec: Spec{
			Label: "MONITORING LATE", Type: System, Priority: High, OffDelay: 10 * time.Second, Latching: true, Rearm: rearmHigh,
			InhibitedBy: []Condition{JournalAway},
		},
	}
	// ingestLag: what is received does not get as far as being judged, though the journal answers.
	ingestLag = rule{
		condition: IngestLag, describe: func(f fact) string { return "what was received " + f.value.String() + " s ago is not judged yet" },
		Spec: Spec{
			Label: "RECEIVING LATE", Type: System, Priority: High, OffDelay: 10 * time.Second, Latching: true, Rearm: rearmHigh,
			InhibitedBy: []Condition{JournalAway},
		},
	}
	// alarmsUnproven: the watchdog's alarms stay away.
	alarmsUnproven = rule{
		condition: AlarmsUnproven,
		describe: func(f fact) string {
			return fmt.Sprintf("no test alarm for %s s in %s groups of patients", f.value, f.cause)
		},
		Spec: Spec{
			Label: "ALARMS MAY BE MISSING", Type: System, Priority: High, OffDelay: 10 * time.Second, Latching: true, Rearm: rearmHigh,
			InhibitedBy: []Condition{JournalAway},
		},
	}
	// databaseAway: alarms go on, but nothing is recorded, and nobody's acknowledgement can be. MEDIUM, as the
	// patients are watched all the same and a tone that nobody can acknowledge must not drown their alarms.
	databaseAway = rule{
		condition: DatabaseAway, describe: func(fact) string { return "alarms go on, but are not recorded and cannot be acknowledged" },
		Spec: Spec{Label: "NOT RECORDING", Type: System, Priority: Medium, OnDelay: 5 * time.Second, OffDelay: 10 * time.Second, Rearm: rearmMedium},
	}
	// stationSilent: no station of the unit can be heard.
	stationSilent = rule{
		condition: StationSilent, describe: func(fact) string { return "no station of the unit can be heard" },
		Spec: Spec{Label: "STATION SILENT", Type: System, Priority: Medium, OnDelay: 10 * time.Second, Rearm: rearmMedium},
	}
)

// Times of both lags: an alarm is to be on the screen within a second, and a nurse must know when that cannot be
// relied on.
const (
	lagFrom = 5 * time.Second
	lagTo   = 2 * time.Second
)

// Health is what is known of Vigil itself at one moment.
type Health struct {
	Lag         time.Duration // between the receipt of data and their being judged, where it is longest
	Waiting     time.Duration // age of the oldest thing that was received and is not in the journal
	Unproven    time.Duration // for how long no test alarm has come through, where it is longest
	Parts       int           // in how many parts of the patients that is so for WatchdogLimit
	RecordsAway bool          // the database takes nothing
	JournalAway string        // why nothing can be received; empty while it can
	// Silent tells of each unit with patients whether no station of it can be heard.
	Silent map[vitals.UnitID]bool
	// Sites tells what is seen of the patients of each unit.
	Sites map[vitals.UnitID]Sight
}

// Watch judges Vigil itself. It is called about once a second, of the engine of nobody; what is not known of a
// unit any more, because it has no patients, is over.
func (e *Engine) Watch(h Health, now time.Time) Outcome {
	e.out = Outcome{}
	e.apply(key{JournalAway, ""}, fact{at: now, truth: truthOf(h.JournalAway != ""), cause: h.JournalAway}, now)
	e.apply(key{DetectorLag, ""}, e.lagFact(DetectorLag, h.Lag, now), now)
	e.apply(key{IngestLag, ""}, e.lagFact(IngestLag, h.Waiting, now), now)
	e.apply(key{AlarmsUnproven, ""}, h.proof(now), now)
	e.apply(key{DatabaseAway, ""}, fact{at: now, truth: truthOf(h.RecordsAway)}, now)
	for _, p := range e.episodes {
		if _, known := h.Silent[vitals.UnitID(p.site)]; p.rule.condition == StationSilent && !known {
			e.apply(key{StationSilent, p.site}, fact{at: now, truth: False}, now)
		}
	}
	for _, unit := range slices.Sorted(maps.Keys(h.Silent)) {
		e.apply(key{StationSilent, string(unit)}, fact{at: now, truth: truthOf(h.Silent[unit])}, now)
	}
	e.watchSites(h.Sites, now)
	return e.out
}

// proof is what the watchdogs say.
func (h Health) proof(now time.Time) fact {
	return fact{
		at: now, truth: truthOf(h.Unproven >= WatchdogLimit), cause: fmt.Sprintf("%d of %d", h.Parts, vitals.Partitions),
		value: wholeSeconds(h.Unproven), limit: wholeSeconds(WatchdogLimit),
	}
}

func wholeSeconds(d time.Duration) vitals.Decimal {
	return vitals.Int(int64(d.Round(time.Second) / time.Second))
}

// lagFact judges a lag with hysteresis: between the two times what was true stays so.
func (e *Engine) lagFact(c Condition, lag time.Duration, now time.Time) fact {
	p := e.find(key{c, ""})
	stays := p != nil && p.standing() && lag >= lagTo
	return fact{
		at: now, truth: truthOf(lag > lagFrom || stays),
		value: wholeSeconds(lag), limit: wholeSeconds(lagFrom),
	}
}

func truthOf(is bool) Truth {
	if is {
		return True
	}
	return False
}
