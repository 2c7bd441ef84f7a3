package monitor

import (
	"errors"
	"fmt"
	"maps"
	"runtime/debug"
	"slices"
	"time"

	"github.com/samber/lo"

	"vigil/alerts"
	"vigil/vitals"
)

// maxFaults is how often an engine may panic before the patient gets a new one.
const maxFaults = 3

// errEngine is wrapped by what is left of a panic.
var errEngine = errors.New("engine panicked")

// patient is somebody under care with the engine that watches over them. A panic of the engine
// ends here.
type patient struct {
	id      vitals.PatientID
	who     vitals.Patient
	delayed map[alerts.Condition]uint64 // since they were gathered
	limits  alerts.Limits               // in force
	make    func(vitals.PatientID) Engine
	engine  Engine
	faults  int
	devices []vitals.DeviceID
	left    *leaving // was discharged here, which the census does not show yet; else nil

	// What a new engine has to know when the old one cannot be asked any more.
	alarms  map[alerts.AlarmID]alerts.Alarm
	care    alerts.Care
	streams map[vitals.DeviceID]bool
	paces   map[vitals.DeviceID]alerts.Pace // of those of which nobody knows yet whether they stream
	known   *streamers

	recent []vitals.Charted // single values, oldest first
	trends []byte           // as they were kept last; nil: nothing is

	// When devices were heard that are not the patient's as far as is known here: assigned a moment
	// ago, or taken away while nobody watched.
	guests map[vitals.DeviceID]time.Time

	via  map[vitals.DeviceID]vitals.HubID // through which a device was last heard
	hubs map[vitals.HubID]*hub
}

func newPatient(makeEngine func(vitals.PatientID) Engine, known *streamers, a vitals.Admission, now time.Time) *patient {
	pt := &patient{
		id: a.Patient.ID, who: a.Patient, limits: alerts.DefaultLimits(), make: makeEngine, engine: makeEngine(a.Patient.ID), known: known,
		delayed: map[alerts.Condition]uint64{}, alarms: map[alerts.AlarmID]alerts.Alarm{}, streams: map[vitals.DeviceID]bool{},
		paces:  map[vitals.DeviceID]alerts.Pace{},
		guests: map[vitals.DeviceID]time.Time{},
		via:    map[vitals.DeviceID]vitals.HubID{}, hubs: map[vitals.HubID]*hub{},
	}
	pt.assign(a.Devices, now)
	return pt
}

// restore continues what is stored. Of the recent values only single ones are kept: what was streamed would be
// thousands, and old soon.
func (pt *patient) restore(alarms []alerts.Alarm, care alerts.Care, recent []vitals.Charted, blocks []vitals.Block, now time.Time) error {
	pt.care = care
	single, streamed := lo.FilterReject(recent, func(c vitals.Charted, _ int) bool { return alerts.Recalls(&c.Reading) })
	pt.recent = single
	for _, device := range streamedLately(blocks) {
		pt.streams[device] = true
		pt.known.add(device)
	}
	for _, a := range alarms {
		pt.alarms[a.ID] = a
		if a.Condition == alerts.HubOffline && a.State.Open() {
			pt.hubs[vitals.HubID(a.Site)] = &hub{offline: true, told: a.Raised}
		}
	}
	var unread error
	for _, a := range alarms { // so that it is over when the hub is the patient's no longer
		if id := vitals.HubID(a.Site); a.Condition == alerts.HubClockSkew && a.State.Open() && pt.hubs[id] == nil {
			pt.hubs[id] = &hub{}
		}
	}
	_, fault := pt.guard(now, func(Engine) alerts.Outcome {
		unread = pt.recall(now, streamed)
		return alerts.Outcome{}
	})
	return errors.Join(fault, unread)
}

// recall tells the engine what is known of the patient, and what was streamed lately. Trends that cannot be read, as
// those of another version of the program, are followed anew.
func (pt *patient) recall(now time.Time, streamed []vitals.Charted) error {
	for _, device := range slices.Sorted(maps.Keys(pt.streams)) {
		pt.engine.Streamed(device)
	}
	pt.engine.RestoreCare(pt.care)
	byID := func(a, b alerts.Alarm) int { return a.Onset.Compare(b.Onset) }
	pt.engine.Restore(slices.SortedFunc(maps.Values(pt.alarms), byID))
	pt.engine.Recall(slices.Concat(pt.recent, streamed), later(pt.who.Admitted, now.Add(-alerts.RecallSpan)), now)
	for _, h := range pt.hubs {
		h.untold = true
	}
	if pt.trends == nil {
		return nil
	}
	if err := pt.engine.RestoreTrends(pt.trends); err != nil {
		return fmt.Errorf("restore the trends of a patient: %w", err)
	}
	return nil
}

// mostRecent is how many single values of a kind are remembered, more than anybody is asked to measure: one device
// that sends a weight a second for a week must not take the memory of all.
const mostRecent = 256

// note remembers the single values that the database would tell.
func (pt *patient) note(d vitals.Delivery) {
	for i := range d.Batch.Readings {
		r := &d.Batch.Readings[i]
		if !alerts.Recalls(r) {
			continue
		}
		span := alerts.RecallEach
		if r.Kind == vitals.Weight {
			span = alerts.RecallSpan
		}
		before := lo.CountBy(pt.recent, func(c vitals.Charted) bool { return c.Kind == r.Kind })
		pt.recent = slices.DeleteFunc(pt.recent, func(c vitals.Charted) bool {
			if c.Kind != r.Kind || before < mostRecent && r.Time.Sub(c.Time) <= span {
				return false
			}
			before--
			return true
		})
		pt.recent = append(pt.recent, vitals.Charted{Patient: pt.id, Device: d.Batch.Device, Reading: *r})
	}
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// bind follows the census.
func (pt *patient) bind(devices []vitals.DeviceID, now time.Time) {
	if !slices.Equal(devices, pt.devices) {
		pt.assign(devices, now)
		return
	}
	if strangers := pt.unrecognised(); len(strangers) > 0 {
		pt.recognise(strangers, now)
	}
}

// assign tells the engine of the devices, and which of them it may expect to hear from.
func (pt *patient) assign(devices []vitals.DeviceID, now time.Time) {
	pt.devices = slices.Clone(devices)
	maps.DeleteFunc(pt.guests, func(d vitals.DeviceID, _ time.Time) bool { return slices.Contains(devices, d) })
	_, _ = pt.guard(now, func(e Engine) alerts.Outcome { // counted; the engine is replaced in the end
		e.Bind(pt.devices, now)
		return alerts.Outcome{}
	})
	streaming := lo.Filter(pt.devices, func(d vitals.DeviceID, _ int) bool { return pt.streams[d] })
	pt.recognise(append(streaming, pt.unrecognised()...), now)
}

// unrecognised lists the devices that have streamed elsewhere, which is not yet known here.
func (pt *patient) unrecognised() []vitals.DeviceID {
	return lo.Filter(pt.devices, func(d vitals.DeviceID, _ int) bool { return !pt.streams[d] && pt.known.has(d) })
}

// recognise tells the engine that the devices stream: their silence is news though it never heard them.
func (pt *patient) recognise(devices []vitals.DeviceID, now time.Time) {
	_, _ = pt.guard(now, func(e Engine) alerts.Outcome {
		for _, d := range devices {
			pt.streams[d] = true
			e.Streamed(d)
		}
		return alerts.Outcome{}
	})
}

func (pt *patient) observe(d vitals.Delivery) (alerts.Outcome, error) {
	pt.notePace(d)
	if !slices.Contains(pt.devices, d.Batch.Device) {
		pt.guests[d.Batch.Device] = d.Received
	}
	pt.heardThrough(d)
	pt.note(d)
	return pt.guard(d.Received, func(e Engine) alerts.Outcome { return e.Observe(d) })
}

// notePace notes whether the device streams.
func (pt *patient) notePace(d vitals.Delivery) {
	device := d.Batch.Device
	if pt.streams[device] {
		return
	}
	if pace := pt.paces[device]; !pace.Take(d) {
		pt.paces[device] = pace
		return
	}
	delete(pt.paces, device)
	pt.streams[device] = true
	pt.known.add(device)
}

func (pt *patient) tick(now time.Time) (alerts.Outcome, error) {
	pt.dismiss(now)
	return pt.guard(now, func(e Engine) alerts.Outcome { return e.Tick(now) })
}

// guestSilence is how long a device that is not the patient's is silent before nobody waits for it. The
// census has been read by then, and the engine has not yet missed it.
const guestSilence = 5 * time.Second

// dismiss tells the engine again which devices are the patient's when another one has gone.
func (pt *patient) dismiss(now time.Time) {
	gone := false
	for device, heard := range pt.guests {
		if now.Sub(heard) > guestSilence {
			delete(pt.guests, device)
			gone = true
		}
	}
	if gone {
		pt.assign(pt.devices, now)
	}
}

func (pt *patient) discharge(now time.Time) (alerts.Outcome, error) {
	return pt.guard(now, func(e Engine) alerts.Outcome { return e.Discharge(now) })
}

// command decides. Of an engine that fails nobody may believe that it has decided, whatever came of it.
func (pt *patient) command(c alerts.Command, now time.Time) (out alerts.Outcome, a alerts.Answer, err error) {
	out, fault := pt.guard(now, func(e Engine) alerts.Outcome {
		out, a, err = e.Command(c, now)
		return out
	})
	if fault != nil {
		return out, alerts.Answer{}, fault
	}
	return out, a, err
}

// salvaged is an engine that can say what it had decided when it failed; alerts.Engine is one.
type salvaged interface{ Decided() alerts.Outcome }

// guard calls the engine and outlives it. What the engine had decided before it panicked holds for it and would
// never be told again, so it is told. After a few panics the engine is replaced, for it may have been left in the
// middle of a thought.
//
// Of somebody who has left nothing more is to come.
func (pt *patient) guard(now time.Time, call func(Engine) alerts.Outcome) (out alerts.Outcome, fault error) {
	if pt.left != nil {
		return alerts.Outcome{}, nil
	}
	defer func() {
		if said := recover(); said != nil {
			out, fault = alerts.Outcome{}, fmt.Errorf("%w: %v\n%s", errEngine, said, debug.Stack())
			if e, is := pt.engine.(salvaged); is {
				out = e.Decided()
			}
			pt.remember(out, now)
			pt.failed(now)
		}
	}()
	out = call(pt.engine)
	pt.remember(out, now)
	for _, c := range out.Delayed {
		pt.delayed[c]++
	}
	return out, nil
}

// manyAlarms is how many alarms are remembered before those that are over are forgotten.
const manyAlarms = 64

func (pt *patient) remember(out alerts.Outcome, now time.Time) {
	if out.Repeated {
		return // what it tells of has gone on since, or is over and forgotten
	}
	for _, c := range out.Care {
		pt.care = c.Care
	}
	if out.Trends != nil {
		pt.trends = out.Trends
	}
	for _, t := range out.Transitions {
		pt.alarms[t.Alarm.ID] = t.Alarm
	}
	if len(out.Transitions) > 0 && len(pt.alarms) > manyAlarms {
		maps.DeleteFunc(pt.alarms, func(_ alerts.AlarmID, a alerts.Alarm) bool {
			return !a.State.Open() && now.Sub(a.Changed) > closedMemory
		})
	}
}

func (pt *patient) failed(now time.Time) {
	pt.faults++
	if pt.faults < maxFaults {
		return
	}
	pt.faults = 0
	pt.renew(now)
}

// renew gives the patient a new engine that goes on with what is known.
func (pt *patient) renew(now time.Time) {
	pt.engine = pt.make(pt.id)
	defer func() { _ = recover() }()   // an engine that cannot even remember watches all the same
	_ = pt.engine.SetLimits(pt.limits) // was told when they were new
	pt.engine.Bind(pt.devices, now)
	_ = pt.recall(now, nil) // what cannot be read was told when it was new
}
