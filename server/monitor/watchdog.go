package monitor

import (
	"time"

	"vigil/vitals"
)

// advanceEvery is how often a partition stores its position where nothing came but what a watchdog sent. A new owner
// reads no more of it than came since.
const advanceEvery = 10 * time.Minute

// prove lets an engine judge what a watchdog sent, as that of a patient would, and tells what it found. The synthetic
// patient has no memory, and nothing of it is charted or recorded.
func (p *partition) prove(d vitals.Delivery, now time.Time) {
	pt := newPatient(p.m.cfg.NewEngine, newStreamers(), vitals.Admission{Patient: vitals.Patient{ID: d.Patient}}, now)
	out, fault := pt.observe(d)
	if fault != nil {
		p.log.Error("detector failed on a test", "error", fault)
	}
	p.show(out, false)
}

// idle reports whether all that came since the last checkpoint is of watchdogs: it leaves nothing to store but the
// position, which has time.
func (p *partition) idle(now time.Time) bool { return p.useful <= p.stored && now.Before(p.advance) }
