package alerts

import (
	"strconv"
	"strings"
	"time"

	"vigil/vitals"
)

// The watchdog proves that alarms come through. A synthetic patient in each part of the patients desaturates every 20 s:
// that goes into the journal, the owner of the part judges it as everybody's values, and the alarm comes to where
// screens are served. Where it stays away, alarms of people may be missing there, and nothing else may have noticed.
//
// Synthetic patients are in no census, and what is told of them is neither shown nor recorded nor counted.

const (
	// WatchdogEvery is how often each part is tried.
	WatchdogEvery = 20 * time.Second
	// WatchdogLimit is how long alarms may stay away before people are told: three tries in a row have failed then.
	WatchdogLimit = 60 * time.Second

	watchdogTries = int(WatchdogLimit / WatchdogEvery)
)

// watchdogPrefix begins no patient's id: those are ULIDs.
const watchdogPrefix = "watchdog-"

// Synthetic reports whether the patient is a watchdog's.
func Synthetic(p vitals.PatientID) bool { return strings.HasPrefix(string(p), watchdogPrefix) }

// Watchdog is that of one node: what it has sent into the journal, and what came back as an alarm. It is held against
// nobody's clock but its own. It is not safe for concurrent use.
type Watchdog struct {
	ways [vitals.Partitions]way
}

// way is the way through one part of the patients.
type way struct {
	patient vitals.PatientID
	sent    [watchdogTries]time.Time // the last tries, newest first
	proved  time.Time                // when an alarm came through last
}

// NewWatchdog makes the watchdog of a node with this name. What it has not tried yet counts as proved now.
func NewWatchdog(node string, now time.Time) *Watchdog {
	w := &Watchdog{}
	for found, n := 0, 0; found < vitals.Partitions; n++ {
		p := vitals.PatientID(watchdogPrefix + node + "-" + strconv.Itoa(n))
		if way := &w.ways[vitals.PartitionOf(p)]; way.patient == "" {
			way.patient, way.proved = p, now
			found++
		}
	}
	return w
}

// Try is a desaturation of the synthetic patient of a part, to be sent now.
func (w *Watchdog) Try(partition int, now time.Time) vitals.Delivery {
	way := &w.ways[partition]
	copy(way.sent[1:], way.sent[:])
	way.sent[0] = now
	const device = vitals.DeviceID(watchdogPrefix + "oximeter")
	return vitals.Delivery{
		Patient: way.patient, Stream: vitals.Stream{Device: device}, Received: onTheWire(now),
		Batch: vitals.Batch{Device: device, Readings: []vitals.Reading{
			{Kind: vitals.SpO2, Time: onTheWire(now), Value: vitals.Int(50)}, // beyond what any limits allow
		}},
	}
}

// onTheWire is a time as it comes back.
func onTheWire(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }

// Came takes in an alarm that came through, and says how long it took. It reports false where that proves nothing: the
// alarm is another watchdog's, or of a try that has failed by now.
func (w *Watchdog) Came(p vitals.PatientID, onset, now time.Time) (took time.Duration, proves bool) {
	way := &w.ways[vitals.PartitionOf(p)]
	if way.patient != p {
		return 0, false
	}
	for _, sent := range way.sent {
		if took := now.Sub(sent); onTheWire(sent).Equal(onset) && took <= WatchdogLimit {
			way.proved = now
			return took, true
		}
	}
	return 0, false
}

// Unproven says for how long no alarm has come through where that is longest, and in how many parts it is longer than
// WatchdogLimit.
func (w *Watchdog) Unproven(now time.Time) (longest time.Duration, parts int) {
	for i := range w.ways {
		silent := now.Sub(w.ways[i].proved)
		longest = max(longest, silent)
		if silent >= WatchdogLimit {
			parts++
		}
	}
	return longest, parts
}
