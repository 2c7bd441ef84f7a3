package alerts

import (
	"fmt"
	"slices"
	"time"

	"vigil/vitals"
)

// Clocks that are wrong: a hub's, held against the server's, and a device's, held against its hub's where the hub
// could read both at the same moment, or where there is no hub against the server's. Ahead and behind alike. Staleness is
// judged by the server's time alone, and a clock that runs ahead is followed (clock.go), but what is charted
// keeps the time that it came with, and what comes from a clock that is behind by more than ten minutes is taken for late.
//
// More than 120 s is told, and less than 60 s for a minute is the end of it; Vigil's own: more than a status waits
// behind what a hub has to catch up with, and less than what makes data late.
var (
	hubClockSkew = rule{
		condition: HubClockSkew, describe: describeSkew,
		Spec: Spec{Label: "HUB CLOCK SKEW", Type: Technical, Priority: Low, OffDelay: time.Minute},
	}
	clockSkew = rule{
		condition: ClockSkew, describe: describeSkew,
		Spec: Spec{
			Label: "CLOCK SKEW", Type: Technical, Priority: Low, OffDelay: time.Minute,
			InhibitedBy: []Condition{SiteOutage, HubOffline, NoData, HubClockSkew},
		},
	}
)

const (
	skewTold  = 120 // seconds
	skewEnds  = 60
	skewKnown = 24 * time.Hour // beyond it a clock was never set, and what it shows says nothing else
)

// Devices show local time and do not tell of which zone: zones differ from UTC by whole quarters of an hour, up to
// 14 h (IANA time zone database).
const (
	zoneStep   = 15 * time.Minute
	zoneWidest = 14 * time.Hour
)

// OfHub reports whether the site of the condition is a hub, not a device.
func (c Condition) OfHub() bool { return c == HubOffline || c == HubClockSkew }

// skew is how far a clock was found to be ahead of another one.
type skew struct {
	at    instant
	ahead int32 // seconds; negative: behind
	known bool
}

// report takes a finding that is newer.
func (s *skew) report(ahead time.Duration, at time.Time) {
	if found := instantOf(at); !s.known || found >= s.at {
		*s = skew{at: found, ahead: int32(max(-skewKnown, min(skewKnown, ahead)) / time.Second), known: true}
	}
}

// holds judges the skew, told whether it was told already.
func (s *skew) holds(standing bool) Truth {
	off := max(s.ahead, -s.ahead)
	if off > skewTold || standing && off >= skewEnds {
		return True
	}
	return False
}

func describeSkew(f fact) string {
	way, by, whose := "ahead of", time.Duration(f.value.Mantissa)*time.Second, f.cause
	if by < 0 {
		way = "behind"
	}
	if by.Abs() >= skewKnown {
		return "clock shows another day than " + whose
	}
	return fmt.Sprintf("clock %s %s %s", by.Abs(), way, whose)
}

// judgeClocks judges what a delivery, not a repeat of one, says of the clocks that timed it: how far a device's is ahead of
// its hub's, where the hub has read both; and how far that one is ahead of the server's.
func (e *Engine) judgeClocks(dev *device, d vitals.Delivery) {
	for i := range d.Batch.Readings {
		r := &d.Batch.Readings[i]
		if d.Stream.Hub != "" && r.TimeQuality == vitals.TimeDevice && !r.DeviceTime.IsZero() {
			dev.skew.report(withoutZone(r.DeviceTime.Sub(r.Time)), r.Time)
			e.judgeDeviceClock(dev, d.Received)
		}
	}
	if ahead, known := dev.aheadBy(d); known {
		e.judgeAhead(dev, d.Stream.Hub, ahead, d.Received)
	}
}

// aheadBy is how far the clock that timed the delivery is ahead of the server's: nothing is measured in the future, and
// what is new shows that the clock is right. That it is behind is known only where it was seen to be set back
// (clock.go): what is old may have waited.
func (d *device) aheadBy(v vitals.Delivery) (ahead time.Duration, known bool) {
	newest := newestItem(v.Batch)
	ahead = newest.Sub(v.Received)
	switch {
	case newest.IsZero():
		return 0, false
	case ahead > -skewEnds*time.Second:
		return ahead, true
	default:
		return d.clock.ahead, d.clock.ahead < 0
	}
}

// judgeAhead judges the clock of the hub, or of a device that has none. A hub that says what its clock shows is believed.
func (e *Engine) judgeAhead(dev *device, through vitals.HubID, ahead time.Duration, now time.Time) {
	if through == "" {
		dev.skew.report(ahead, now)
		e.judgeDeviceClock(dev, now)
		return
	}
	if ahead.Abs() <= skewTold*time.Second && e.hubIndex(string(through)) < 0 {
		return
	}
	if h := e.hubOf(string(through)); !h.tells {
		h.skew.report(ahead, now)
		e.judgeHubClock(h, now)
	}
}

// withoutZone takes away from a difference between two clocks what may be the zone of one.
func withoutZone(ahead time.Duration) time.Duration {
	if ahead.Abs() > zoneWidest {
		return ahead
	}
	return ahead - ahead.Round(zoneStep)
}

// HubClock tells how far the clock of a hub, through which the patient's devices are heard, is ahead of the server's;
// negative, behind. Each change is told once; it holds until the next, while the hub is connected.
func (e *Engine) HubClock(ahead time.Duration, site string, at time.Time) Outcome {
	e.out = Outcome{}
	if e.discharged {
		return e.out
	}
	h := e.hubOf(site)
	h.tells = true
	h.skew.report(ahead, at)
	e.judgeHubClock(h, at)
	return e.out
}

// judgeHubClock judges the hub's clock at server time now, while the hub is connected as far as is known.
func (e *Engine) judgeHubClock(h *hub, now time.Time) {
	if h.offline.truth != True {
		e.judgeSkew(key{HubClockSkew, h.id}, h.skew, fact{at: now, cause: "Vigil's"})
	}
}

// judgeDeviceClock judges the device's clock at server time now.
func (e *Engine) judgeDeviceClock(dev *device, now time.Time) {
	f := fact{at: now, by: dev.id, cause: "its hub's"}
	if dev.hub == "" {
		f.cause = "Vigil's"
	}
	e.judgeSkew(key{ClockSkew, string(dev.id)}, dev.skew, f)
}

func (e *Engine) judgeSkew(k key, s skew, f fact) {
	if !s.known {
		return
	}
	p := e.find(k)
	f.truth = s.holds(p != nil && p.standing())
	f.value, f.limit = vitals.Int(int64(s.ahead)), vitals.Int(skewTold)
	e.apply(k, f, f.at)
}

// hubIndex is where the hub is among those that are known, -1 where it is not.
func (e *Engine) hubIndex(site string) int {
	return slices.IndexFunc(e.hubs, func(h hub) bool { return h.id == site })
}

// hubOf is the hub, which is known from now on.
func (e *Engine) hubOf(site string) *hub {
	i := e.hubIndex(site)
	if i < 0 {
		i = len(e.hubs)
		e.hubs = append(e.hubs, hub{id: site})
	}
	return &e.hubs[i]
}
