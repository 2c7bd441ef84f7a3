package home

import (
	"time"

	"vigil/devices"
	"vigil/devices/sim/fault"
	"vigil/vitals"
)

// Pendant is an emergency button around the neck that also notices falls, and lets its wearer say that no
// help is needed.
type Pendant struct {
	ID    vitals.DeviceID
	Acts  []Act         // what happens with it
	Cycle time.Duration // after which it happens again
	Air   *fault.Home

	n int
}

// Act is a call for help, or its withdrawal, so long after the begin of a cycle.
type Act struct {
	After time.Duration
	Code  vitals.EventCode
}

// pendantEvery is how finely acts are timed.
const pendantEvery = 5 * time.Second

// Device names the pendant.
func (p *Pendant) Device() vitals.DeviceID { return p.ID }

// Every is how finely acts are timed.
func (p *Pendant) Every() time.Duration { return pendantEvery }

// Measure is what happened since the last time, which is nothing as a rule. A press comes through the air; falls
// and their withdrawal have no characteristic, and are the hub's own events.
func (p *Pendant) Measure(at time.Time) (vitals.Batch, error) {
	since := time.Duration(p.n) * pendantEvery % p.Cycle
	p.n++
	b := vitals.Batch{Device: p.ID}
	for _, act := range p.Acts {
		switch {
		case act.After < since || act.After >= since+pendantEvery:
			continue
		case act.Code == vitals.SOS:
			const pressed = 1 // of Digital's first input
			one, err := receive("gatt/2a56", devices.Frame{Device: p.ID, Received: at, Bytes: p.Air.Carry([]byte{pressed})})
			if err != nil {
				return b, err
			}
			b.Events = append(b.Events, one.Events...)
		default:
			b.Events = append(b.Events, vitals.Event{Code: act.Code, Time: at})
		}
	}
	return b, nil
}
