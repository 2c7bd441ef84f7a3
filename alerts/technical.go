package alerts

import (
	"math/bits"
	"time"

	"vigil/vitals"
	"vigil/vitals/ecg"
)

// Technical conditions: the site is the device, or the hub.
var (
	// hubOffline: the caller of Hub sees to how long a hub may be silent.
	hubOffline = rule{
		condition: HubOffline, describe: func(fact) string { return "home hub not connected" },
		Spec: Spec{
			Label: "HUB OFFLINE", Type: Technical, Priority: Medium,
			OffDelay: 10 * time.Second, Rearm: rearmMedium, InhibitedBy: []Condition{SiteOutage},
		},
	}
	// noData: silence for 10 s of a device that sends continuously; MEDIUM after 120 s; Vigil's own.
	noData = rule{
		condition: NoData, describe: describeNoData,
		Spec: Spec{
			Label: "NO DATA", Type: Technical, Priority: Low,
			OffDelay: 5 * time.Second, InhibitedBy: []Condition{SiteOutage, HubOffline},
		},
	}
	// leadsOff: delays are Vigil's own (GE CARESCAPE says NO TELEM after 30 s). MEDIUM after 60 s where it is the
	// ECG that is not seen.
	leadsOff = rule{
		condition: LeadsOff, describe: describeLeadsOff,
		Spec: Spec{
			Label: "LEADS OFF", Type: Technical, Priority: Low,
			OnDelay: 5 * time.Second, OffDelay: 5 * time.Second, InhibitedBy: []Condition{SiteOutage, HubOffline, NoData},
		},
	}
	// poorSignal: artefact in 20 of 30 s suspends the analysis (GE ApexPro).
	poorSignal = rule{
		condition: PoorSignal, describe: describePoorSignal,
		Spec: Spec{
			Label: "POOR SIGNAL", Type: Technical, Priority: Low,
			OffDelay: 10 * time.Second, InhibitedBy: []Condition{SiteOutage, HubOffline, NoData},
		},
	}
	// batteryLow: 20 %, over at 25 %; MEDIUM at 5 %; Vigil's own.
	batteryLow = rule{
		condition: BatteryLow, describe: describeBattery,
		Spec: Spec{
			Label: "BATTERY LOW", Type: Technical, Priority: Low, InhibitedBy: []Condition{SiteOutage, HubOffline, NoData},
		},
	}
)

const (
	batteryLeast = 20 // percent
	batteryBack  = 5
	batteryEmpty = 5
)

// How long the patient is unseen before LOW is MEDIUM.
const (
	leadsOffFor = 60 * time.Second
	silentFor   = 120 * time.Second
)

// leastAfter is MEDIUM for a condition that has lasted for so long, by the time of the samples.
func (e *Engine) leastAfter(k key, f fact, lasted time.Duration) Priority {
	if p := e.find(k); p != nil && p.standing() && f.truth == True && f.at.Sub(p.lasting()) >= lasted {
		return Medium
	}
	return 0
}

var batteryLimit = limit{condition: BatteryLow, inclusive: true}

func describeNoData(fact) string { return "silent for more than " + staleAfter.String() }

func describeLeadsOff(f fact) string { return "check electrodes: " + f.cause }

func describePoorSignal(f fact) string { return f.cause }

func describeBattery(f fact) string {
	return "battery " + f.value.String() + " ≤ " + f.limit.String() + " %"
}

// The window of POOR_SIGNAL, in seconds.
const (
	artefactWindow = 30
	artefactLimit  = 20
)

// artefact remembers which of the last seconds could not be analysed.
type artefact struct {
	bad    uint32 // a bit each, the newest is the lowest
	unseen int    // seconds of the window before the signal began
}

func (a *artefact) add(bad bool) {
	a.bad <<= 1
	if bad {
		a.bad |= 1
	}
	a.unseen = max(0, a.unseen-1)
}

// poor judges the window. What was not seen may have been bad.
func (a *artefact) poor() Truth {
	switch bad := bits.OnesCount32(a.bad & (1<<artefactWindow - 1)); {
	case bad >= artefactLimit:
		return True
	case bad+a.unseen >= artefactLimit:
		return Unknown
	default:
		return False
	}
}

// judgeSignal judges whether the device's ECG can be analysed, at a whole second of sample time.
func (e *Engine) judgeSignal(dev *device, quality ecg.Quality, cause ecg.Cause, at, now time.Time) {
	l := dev.lead
	none := quality == ecg.NoAnalysis
	off := none && (cause.LeadsOff() || dev.contact.truth == True)
	learning := cause == ecg.Learning && l.analyser != nil
	l.artefact.add(none && !off && !learning)

	f := fact{at: at, by: dev.id, truth: False, cause: string(cause)}
	switch {
	case off:
		f.truth = True
	case none:
		f.truth = Unknown
	}
	leads := key{LeadsOff, string(dev.id)}
	f.least = e.leastAfter(leads, f, leadsOffFor)
	e.apply(leads, f, now)

	f.least = 0
	f.truth, f.cause = l.artefact.poor(), "artefact, ECG analysis suspended"
	if l.analyser == nil {
		f.cause = l.fault
	}
	e.apply(key{PoorSignal, string(dev.id)}, f, now)
}

// observeEvent takes in what the device reports.
func (e *Engine) observeEvent(dev *device, v *vitals.Event, now time.Time) {
	if v.Code.Call() {
		e.observeCall(v, now)
		return
	}
	if late(v.Time, now) {
		return
	}
	switch v.Code {
	case vitals.BatteryLevel:
		dev.battery.report(held{truth: True, at: instantOf(v.Time), waited: now.Sub(v.Time), value: v.Value})
		e.judgeBattery(dev, now)
	case vitals.ContactLost:
		dev.contact.report(held{truth: True, at: instantOf(v.Time), waited: now.Sub(v.Time)})
		e.judgeContact(dev, now)
	case vitals.ContactMade:
		dev.contact.report(held{truth: False, at: instantOf(v.Time), waited: now.Sub(v.Time)})
		e.judgeContact(dev, now)
	case vitals.DeviceConnected, vitals.DeviceLost, vitals.DecodeFault, vitals.ClockStep,
		vitals.SpoolHigh, vitals.DataGap, vitals.SOS, vitals.Fall, vitals.FallCancelled:
		// charted; whether data comes in is judged from the data
	}
}

// held is a condition that a device or hub reports when it changes, and that holds in between.
type held struct {
	at     instant       // by the reporter's clock
	waited time.Duration // until the server received it, by its clock
	value  vitals.Decimal
	truth  Truth
}

// report takes a newer report.
func (h *held) report(newer held) {
	if newer.at > h.at {
		*h = newer
	}
}

// received is the server time of the report.
func (h *held) received() time.Time { return h.at.Time().Add(h.waited) }

// fact is the report carried on to server time now.
func (h *held) fact(by vitals.DeviceID, now time.Time) fact {
	return fact{at: now.Add(-h.waited), truth: h.truth, onset: h.at.Time(), value: h.value, by: by}
}

// judgeBattery judges the level last reported.
func (e *Engine) judgeBattery(dev *device, now time.Time) {
	if dev.battery.truth == Unknown {
		return
	}
	k := key{BatteryLow, string(dev.id)}
	f := dev.battery.fact(dev.id, now)
	p := e.find(k)
	f.truth = batteryLimit.holds(f.value.Float(), batteryLeast, batteryBack, p != nil && p.standing())
	f.limit = vitals.Int(batteryLeast)
	if f.value.Float() <= batteryEmpty {
		f.least = Medium
	}
	e.apply(k, f, now)
}

// judgeContact judges the sensor contact last reported, where no ECG shows it.
func (e *Engine) judgeContact(dev *device, now time.Time) {
	if dev.contact.truth == Unknown || dev.ecgLive(now) {
		return
	}
	f := dev.contact.fact(dev.id, now)
	f.cause = "no contact"
	e.apply(key{LeadsOff, string(dev.id)}, f, now)
}

// tickDevice judges what the server's clock says about the device.
func (e *Engine) tickDevice(dev *device, now time.Time) {
	k := key{NoData, string(dev.id)}
	p := e.find(k)
	if p != nil {
		dev.pace.steady = true // an engine before this one knew it
	}
	if dev.pace.steady {
		f := dev.silence(now, p != nil && p.standing())
		f.least = e.leastAfter(k, f, silentFor)
		e.apply(k, f, now)
	}
	if !dev.silent(now) { // a silent device's last report is stale
		e.judgeContact(dev, now)
		e.judgeBattery(dev, now)
		e.judgeDeviceClock(dev, now)
	}
}

// silence says whether data that should come does not come, told whether it was missing before. A
// device that has sent an ECG through a hub is silent without it, whatever else it sends; an ECG that came without a hub
// was a recording.
func (d *device) silence(now time.Time, missing bool) fact {
	heard := d.heard.Time()
	if d.hub != "" && d.ecg != 0 {
		heard = earliest(heard, d.ecg.Time())
	}
	patience := heard.Add(staleAfter)
	f := fact{at: now, truth: False, by: d.id, onset: patience}
	if heard.Before(d.assigned.Time()) { // not yet heard since the assignment, or the restart
		patience = d.assigned.Time().Add(bindGrace)
		f.truth = Unknown
	}
	if heard.IsZero() {
		f.onset = patience
	}
	if now.After(patience) || (missing && f.truth == Unknown) {
		f.truth = True
	}
	return f
}

// hub is what is known of a hub.
type hub struct {
	id      string
	offline held
	skew    skew // of its clock
	tells   bool // it says what its clock shows, so that nothing has to be concluded from its messages
}

// Hub tells whether a hub through which the patient's devices are heard is connected. Each change is
// told once; it holds until the next.
func (e *Engine) Hub(online bool, site string, at time.Time) Outcome {
	e.out = Outcome{}
	if e.discharged {
		return e.out
	}
	offline := True
	if online {
		offline = False
	}
	h := e.hubOf(site)
	h.offline.report(held{truth: offline, at: instantOf(at)})
	e.tickHub(h, at)
	return e.out
}

func (e *Engine) tickHub(h *hub, now time.Time) {
	if h.offline.truth != Unknown {
		e.apply(key{HubOffline, h.id}, h.offline.fact("", now), now)
	}
	e.judgeHubClock(h, now)
}
