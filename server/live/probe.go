package live

import (
	"context"
	"time"

	"github.com/samber/lo"

	"vigil/alerts"
)

// probeUnit is the unit of the probe, which is nobody's.
const probeUnit = "\x00probe"

// Probe watches as a screen does until ctx ends, without being one: it is told of the alarms of synthetic patients when a
// screen would be given them, and nobody else is. About once a second it says which alarms about Vigil itself every
// screen shows. A feed that is stuck says nothing at all.
func (f *Feed) Probe(ctx context.Context, came func(alerts.View, time.Time), shows func([]alerts.Alarm, time.Time)) {
	look := time.NewTicker(time.Second)
	defer look.Stop()
	for ctx.Err() == nil {
		f.probe(ctx, look.C, came, shows)
	}
}

// probe is Probe until it falls behind as a screen does that is too slow.
func (f *Feed) probe(ctx context.Context, look <-chan time.Time, came func(alerts.View, time.Time), shows func([]alerts.Alarm, time.Time)) {
	v := &viewer{unit: probeUnit, out: newOutbox(f.now)}
	f.mu.Lock()
	f.viewers[v] = ""
	f.mu.Unlock()
	defer f.leave(v)
	for {
		select {
		case <-ctx.Done():
			return
		case <-look:
			shows(f.aboutVigil(), f.now())
		case <-v.out.wake:
		}
		frames, err := v.out.takeUrgent()
		if err != nil {
			return
		}
		for _, frame := range frames {
			if ev, is := frame.(event); is && ev.Alarm != nil {
				came(*ev.Alarm, f.now())
			}
		}
	}
}

// prove gives the alarm of a synthetic patient to the probe, the way that all alarms go.
func (f *Feed) prove(a alerts.Alarm) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.showOn(newBoard(), probeUnit, posted{Alarm: a})
}

// aboutVigil lists the open alarms about Vigil itself that every screen shows.
func (f *Feed) aboutVigil() []alerts.Alarm {
	f.mu.Lock()
	defer f.mu.Unlock()
	return lo.MapToSlice(f.system, func(_ alerts.AlarmID, a posted) alerts.Alarm { return a.Alarm })
}
