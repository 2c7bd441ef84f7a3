package alerts

import (
	"slices"
	"time"

	"vigil/vitals"
	"vigil/vitals/breath"
	"vigil/vitals/ecg"
	"vigil/vitals/ecg/model"
	"vigil/vitals/ppg"
)

// Engine decides about the alarms of one patient. It has no clock and no goroutine: what it says
// follows from what it was given, in order, so the same deliveries give the same alarms. It is not
// safe for concurrent use.
//
// A new engine continues an old one after SetLimits, Bind, Streamed, Restore, RestoreTrends and Recall with what is stored
// and Observe with the deliveries of the last 45 seconds, in the order in which they came.
type Engine struct {
	patient    vitals.PatientID
	devices    []*device  // assigned now, sorted by id
	released   []released // once assigned
	discharged bool
	hubs       []hub      // told by Hub
	limits     Limits     // in force
	episodes   []*episode // every key that was ever true, in the order of rules, then by site
	care       *Care      // what people have decided; never changed in place
	fallDue    instant    // server time after which a fall that nobody took back is told; zero while none waits
	goodSince  time.Time  // server time since when the signal of a patient who is away is good
	decisions  []decision // of the last commands
	ticked     time.Time  // the server's clock at the newest tick
	ticks      bool       // there was one

	leading     vitals.DeviceID // whose ECG feeds the cardiac conditions
	rateHeard   time.Time       // server time at which the leading ECG last gave a heart rate
	pulse       source          // of a heart rate that is not from the ECG
	oximeter    source
	breather    source
	site        site // the outage of the unit
	spots       spots
	warning     warning
	trends      trends
	breath      breath.Meter
	breathDue   time.Time // of samples: when its rate is derived next
	breathHeard time.Time // server time at which a device last measured it
	newAnalyser func(rateHz float64) (analyser, error)
	newPulses   func(rateHz float64) (pulses, error)
	out         Outcome // of the call in progress
}

// Outcome is what one call brought about.
type Outcome struct {
	Transitions []Transition
	Care        []CareChange
	// Derived is the heart rate from the leading ECG, at each whole second, and the respiration rate from
	// its beats and from pulses, every five seconds; what the variability of five minutes was, at their end.
	Derived []vitals.Charted
	// Trends is what RestoreTrends of an engine that starts anew is to be told, every quarter of an hour, and more
	// often while a device's clock is wrong; else nil.
	Trends []byte
	// Delayed are conditions that were true, and no longer were before their on-delay was over: what nobody was
	// told. How many there are shows what the delays are worth.
	Delayed []Condition
	// Repeated marks what a command brought about when it came first: it is to be recorded, and is news to nobody.
	Repeated bool
	// Outages are of the units that Watch finds lost: the engines of their patients have to be told (Engine.Site).
	Outages map[vitals.UnitID]Outage
}

// NewEngine makes the engine of one patient, who has no devices and no alarms yet.
func NewEngine(p vitals.PatientID) *Engine { return NewEngineWith(p, model.Embedded()) }

// NewEngineWith makes an engine whose ECG detectors ask other forests than those of the program.
func NewEngineWith(p vitals.PatientID, forests *model.Forests) *Engine {
	return &Engine{
		patient: p, limits: defaultLimits, care: &noCare,
		newAnalyser: func(rateHz float64) (analyser, error) {
			return ecg.NewWith(rateHz, forests)
		},
		newPulses: func(rateHz float64) (pulses, error) {
			return ppg.New(rateHz)
		},
	}
}

// Observe takes in one delivery. Deliveries of a device that Bind does not know are taken in as
// well, because the server binds each of them to its patient: a device just assigned must not be
// unwatched until Bind is called. Only what a device measured before it was taken away is ignored.
func (e *Engine) Observe(d vitals.Delivery) Outcome {
	e.out = Outcome{}
	dev := e.sender(d)
	if dev == nil {
		return e.out
	}
	now := d.Received
	e.mindTime(now)
	sent, repeated := d, dev.clock.repeats(d)
	d.Batch = dev.clock.settle(d, dev.continues(d.Batch.Waveforms))
	dev.receive(d)
	if dev.clock.ahead != 0 {
		e.warning.shift(now)
	}
	e.tellDueFall(now)
	if !repeated {
		e.judgeClocks(dev, sent)
	}
	e.observePleth(dev, d.Batch.Waveforms, now) // before the ECG, which is held against it
	e.observeECG(dev, d.Batch.Waveforms, now)
	for i := range d.Batch.Readings {
		e.observeReading(dev, &d.Batch.Readings[i], now)
	}
	e.observeSpots(dev, d.Batch.Readings, now)
	for i := range d.Batch.Events {
		e.observeEvent(dev, &d.Batch.Events[i], now)
	}
	return e.out
}

// Tick lets the server's clock act: silent devices and hubs, input that is lost, re-alarms. Call
// it about once a second, and only when every delivery received so far has been observed.
func (e *Engine) Tick(now time.Time) Outcome {
	e.out = Outcome{}
	now = now.Round(0) // without its monotonic part, which nothing else has that the engine is told
	e.clockSet(now)
	if e.discharged {
		return e.out
	}
	for i := range e.hubs {
		e.tickHub(&e.hubs[i], now)
	}
	for _, dev := range e.devices {
		e.tickDevice(dev, now)
	}
	e.tickCare(now)
	e.tickCalls(now) // behind what ends a decision, so that what waited for that is recorded with it
	e.tickSpots(now)
	e.tickPlans(now)
	e.tickWarning(now)
	e.tickSite(now)
	e.tickTrends(now)
	e.keepWarning(now)
	e.relate(now) // here, whether a hint was told or not
	for _, p := range e.episodes {
		if e.orphan(p) {
			e.emit(p.close(ClosedUnassigned, now))
			continue
		}
		if t, ok := p.tick(now); ok {
			e.emit(t)
		}
	}
	e.relate(now)
	return e.out
}

// Decided is what the call in progress has brought about so far: where it failed, all that there is of it.
func (e *Engine) Decided() Outcome { return e.out }

// Discharge closes whatever is open. The engine ignores everything until Bind gives the patient
// devices again. It is of somebody who has left; Command decides whether a patient may.
func (e *Engine) Discharge(now time.Time) Outcome {
	e.out = Outcome{}
	e.leave(now)
	return e.out
}

func (e *Engine) leave(now time.Time) {
	for _, p := range e.episodes {
		if p.alarm.State.Open() {
			e.emit(p.close(ClosedDischarged, now))
		}
		p.alarm = &noAlarm
	}
	if len(e.care.Off) > 0 || !e.care.Away.Until.IsZero() {
		e.decide(CareChange{Kind: Resume, Care: Care{Version: e.care.Version}}, now)
	}
	e.spots, e.warning, e.site, e.trends = spots{}, warning{}, site{}, trends{}
	e.Bind(nil, now)
	e.discharged = true
}

// Open lists the open alarms in the order of Conditions, then by site.
func (e *Engine) Open() []Alarm {
	var open []Alarm
	for _, p := range e.episodes {
		if p.alarm.State.Open() {
			open = append(open, *p.alarm)
		}
	}
	return open
}

// Restore continues stored episodes: those that are open, and those that were closed in the last
// minutes, so that neither is raised again from deliveries seen before.
func (e *Engine) Restore(alarms []Alarm) {
	for _, a := range alarms {
		if a.Condition.Valid() {
			e.mindTime(a.Changed)
			e.episode(key{a.Condition, a.Site}).restore(a)
		}
	}
	e.restoreSite(alarms)
}

// key names an episode within a patient.
type key struct {
	condition Condition
	site      string
}

// apply takes one judgement into the episode of its key.
func (e *Engine) apply(k key, f fact, now time.Time) {
	p := e.find(k)
	f = e.weigh(k.condition, f, p, now)
	if p == nil {
		if f.truth != True {
			return
		}
		p = e.episode(k)
	}
	if f.truth == True && p.alarm.State <= Pending && e.awaits(p.rule, now) {
		return
	}
	inhibited := f.truth == True && p.alarm.State <= Pending && (e.inhibited(p.rule, f) || e.muted(p.rule, now))
	pending := p.alarm.State == Pending
	if t, ok := p.judge(f, now, inhibited); ok {
		t.Ahead = e.aheadOf(f.by)
		e.emit(e.born(p, t))
		e.relate(now)
	}
	if pending && f.truth == False && p.alarm.State == 0 {
		e.out.Delayed = append(e.out.Delayed, k.condition)
	}
}

func (e *Engine) emit(t Transition) { e.out.Transitions = append(e.out.Transitions, t) }

// find is the episode of the key, nil where it never was true.
func (e *Engine) find(k key) *episode {
	for _, p := range e.episodes {
		if p.rule.condition == k.condition && p.site == k.site {
			return p
		}
	}
	return nil
}

// episode is the episode of the key, made where there is none. The condition must be valid.
func (e *Engine) episode(k key) *episode {
	if p := e.find(k); p != nil {
		return p
	}
	at := len(e.episodes)
	rank := slices.Index(Conditions(), k.condition)
	for i, p := range e.episodes {
		other := slices.Index(Conditions(), p.rule.condition)
		if other > rank || (other == rank && p.site > k.site) {
			at = i
			break
		}
	}
	p := &episode{rule: ruleWith(e.limits, rank), patient: e.patient, site: k.site, alarm: &noAlarm, closed: &noAlarm}
	e.episodes = slices.Insert(e.episodes, at, p)
	return p
}

// orphan reports whether the open alarm is about a device that is no longer the patient's.
func (e *Engine) orphan(p *episode) bool {
	if !p.alarm.State.Open() || p.site == "" || p.rule.condition.OfHub() || p.rule.Type != Technical {
		return false
	}
	return e.bound(vitals.DeviceID(p.site)) == nil
}
