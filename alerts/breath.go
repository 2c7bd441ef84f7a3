package alerts

import (
	"time"

	"vigil/vitals"
)

const (
	// breathEvery is how often the respiration rate is derived: it looks back over half a minute.
	breathEvery = 5 * time.Second
	// breathMeasured is for how long a measured respiration rate makes a derived one needless.
	breathMeasured = time.Minute
)

// deriveBreath tells the respiration rate that beats and pulses show, where no device measures it. It is
// marked as questionable, so that it is charted and shown as such and no alarm can ever rest on it.
func (e *Engine) deriveBreath(dev *device, at, now time.Time) {
	if at.Before(e.breathDue) || now.Sub(e.breathHeard) < breathMeasured {
		return
	}
	e.breathDue = at.Truncate(breathEvery).Add(breathEvery)
	rate, ok := e.breath.Rate(at.UnixMilli())
	if !ok {
		return
	}
	e.derive(dev, vitals.Reading{
		Kind: vitals.RespirationRate, Time: at, Value: vitals.Round(rate.PerMinute, 0), Quality: vitals.Questionable,
	})
}

// derive charts a reading beside what it was derived from.
func (e *Engine) derive(dev *device, r vitals.Reading) {
	r.Time = r.Time.Add(dev.clock.ahead)
	if r.Plausible() == nil {
		e.out.Derived = append(e.out.Derived, vitals.Charted{Patient: e.patient, Device: dev.id, Reading: r})
	}
}
