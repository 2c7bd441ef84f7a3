package alerts

import (
	"cmp"
	"fmt"
	"time"

	"github.com/samber/lo"
)

// The server's clock is set back: by whoever corrects it, or between two lives of the server. Nothing that was known
// by then may lie in the future, or whatever is measured until the clock has caught up would count as old, and an
// asystole would wait for as long. So it counts as known just now. What stands stays; what was pending and the detectors
// begin anew, which takes them some seconds. A clock that is set forward is a time in which nothing came, and needs
// nothing: input is lost and comes back.

// clockSet notes the server's clock at a tick, and whether it was set back since the one before. Between two nodes
// clocks differ, so that the first tick of an engine is held against all that it was told before.
func (e *Engine) clockSet(now time.Time) {
	if e.ticked.After(now.Add(stepBack)) {
		e.rewind(now)
	}
	e.ticked, e.ticks = now, true
}

// mindTime notes a server time from before the first tick.
func (e *Engine) mindTime(at time.Time) {
	if !e.ticks {
		e.ticked = later(e.ticked, at)
	}
}

func (e *Engine) rewind(now time.Time) {
	for _, p := range e.episodes {
		p.rewind(now)
	}
	for _, d := range e.devices {
		d.rewind(e.ticked, now)
	}
	for i := range e.hubs {
		e.hubs[i].offline.rewind(now)
		e.hubs[i].skew.at = 0
	}
	for _, s := range []*source{&e.pulse, &e.oximeter, &e.breather} {
		*s = source{}
	}
	for kind, v := range e.spots.newest {
		v.at = min(v.at, instantOf(now))
		e.spots.newest[kind] = v
	}
	for i := range e.spots.weights {
		w := &e.spots.weights[i]
		w.at = min(w.at, instantOf(now))
	}
	for i := range e.spots.standing {
		f := &e.spots.standing[i].fact
		f.at = earliest(f.at, now)
	}
	for _, w := range e.warning.windows() {
		w.rewind(now)
	}
	for _, t := range []*time.Time{&e.rateHeard, &e.breathHeard, &e.goodSince, &e.site.told, &e.site.lost} {
		*t = earliest(*t, now)
	}
	e.warning.due, e.breathDue, e.fallDue = time.Time{}, time.Time{}, 0
	e.warning.shifted, e.warning.kept = min(e.warning.shifted, instantOf(now)), 0
	e.trends.rewind(now)
}

// rewind makes what was judged older than what comes. A call that waits goes on waiting: it was made. What the open
// alarm says is on record, and stays.
func (p *episode) rewind(now time.Time) {
	before, at := instantOf(now.Add(-stepBack)), instantOf(now)
	p.last, p.lastTrue, p.lastKnown = min(p.last, before), min(p.lastTrue, before), min(p.lastKnown, before)
	p.heard, p.called = min(p.heard, at), min(p.called, at)
	p.falseSince, p.worseSince = 0, 0
	p.rewound = true
	switch {
	case p.alarm.State.Open():
		p.acked, p.since = instantOf(earliest(p.alarm.AckedAt, now)), instantOf(earliest(p.lasting(), now))
	case p.alarm.State == Pending && p.rule.condition.Call():
		p.pending = min(p.pending, at)
	default:
		p.alarm = &noAlarm
	}
	if p.closed.Version > 0 {
		over := *p.closed
		over.Evidence, over.Ended, over.AckedAt = earliest(over.Evidence, now), earliest(over.Ended, now), earliest(over.AckedAt, now)
		p.closed = &over
	}
}

// lasting is since when the open alarm lasts, by the server's clock as it is now.
func (p *episode) lasting() time.Time { return cmp.Or(p.since.Time(), p.alarm.Onset) }

// name is the id of the episode that began then. A time that comes twice may bring the same onset twice, as devices
// tell times in whole seconds and silence is dated by what was heard last. A second alarm under one id would be taken
// for late news of the first, and be lost. So whatever begins no later than the newest onset is named after that, too:
// the records know it, so that an engine that starts anew comes to the same id. The count is for a time that comes a
// third time before anything newer began.
func (p *episode) name(began time.Time) AlarmID {
	newest := p.newestOnset()
	if newest < 0 || began.After(p.onsets[newest].at.Time()) {
		return NewAlarmID(p.patient, p.rule.condition, p.site, began)
	}
	times := lo.CountBy(p.onsets[newest:], func(o onset) bool { return o.at.Time().UnixMicro() == began.UnixMicro() })
	again := fmt.Sprint(p.onsets[newest].at.Time().UnixMicro(), times)
	return nameAfter(began, string(p.patient), string(p.rule.condition), p.site, again)
}

// rewind lets the device's timeline and its detectors begin anew.
func (d *device) rewind(before, now time.Time) {
	met := d.heard >= d.assigned
	d.assigned = min(d.assigned, instantOf(now))
	d.heard, d.ecg = heardAgain(d.heard, before, now), heardAgain(d.ecg, before, now)
	if met { // it is not one that may take its time to be heard first
		d.assigned = min(d.assigned, d.heard)
	}
	d.pace.newest = min(d.pace.newest, instantOf(now.Add(-stepBack)))
	d.skew.at = 0
	d.clock.ahead, d.clock.doubt = 0, nil
	d.lead, d.other, d.pleth = nil, nil, nil
	d.contact.rewind(now)
	d.battery.rewind(now)
}

// heardAgain is when something was heard that was by the clock of before. What was silent then still is: it would count
// as heard just now, and silence that somebody has seen to would end, and come as news.
func heardAgain(heard instant, before, now time.Time) instant {
	if heard > instantOf(now) && before.Sub(heard.Time()) > staleAfter {
		return instantOf(now.Add(-staleAfter - time.Nanosecond))
	}
	return min(heard, instantOf(now))
}

func (h *held) rewind(now time.Time) {
	received := earliest(h.received(), now)
	h.at = min(h.at, instantOf(now))
	h.waited = received.Sub(h.at.Time())
}

// rewind forgets values of the future.
func (w *window) rewind(now time.Time) {
	last := stepOf(now)
	for n := windowValues; n > 0 && w.newest > last; n-- {
		w.values[w.newest%windowValues] = 0
		w.newest--
	}
	w.newest = min(w.newest, last)
}

// rewind forgets the medians of the future, and lets hints be judged at once and told again in two hours at the latest.
func (t *trends) rewind(now time.Time) {
	t.due = time.Time{}
	for i := range t.minutes {
		t.minutes[i].rewind(trendStepOf(now))
	}
	for i := range t.hours {
		t.hours[i].rewind(hourOf(now))
	}
	for kind := range t.hints {
		for v := range t.hints[kind] {
			t.hints[kind][v].told = min(t.hints[kind][v].told, trendStepOf(now))
		}
	}
}

func (m *medians) rewind(last int32) {
	for n := len(m.values); n > 0 && m.last > last; n-- {
		m.values[int(m.last)%len(m.values)] = noMedian
		m.last--
	}
	m.last = min(m.last, last)
}
