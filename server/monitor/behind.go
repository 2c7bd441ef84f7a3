package monitor

import "time"

// How far a partition is behind: deliveries wait in the journal because they came faster than they are judged, or because
// the database is behind and nothing more is taken in.

// full reports whether the database is so far behind that the journal has to wait.
func (p *partition) full() bool { return p.m.counts.backlog.Load() >= p.m.cfg.Backlog }

// pause reports whether to take nothing from the journal, and keeps account of it.
func (p *partition) pause(now time.Time) bool {
	full := p.full()
	if full == p.paused {
		return full
	}
	p.paused = full
	if full {
		p.caughtUp = p.behindSince.IsZero()
		p.behindSince = now
		p.heard.Store(now.UnixNano())
		return true
	}
	p.behindSince = now
	if p.caughtUp { // the next message says how many have come meanwhile
		p.behindSince = time.Time{}
		p.heard.Store(0)
	}
	return false
}

// noteBehind keeps account of whether more waits in the journal.
func (p *partition) noteBehind(pending uint64, received, now time.Time) {
	if pending == 0 {
		p.behindSince = time.Time{}
		p.patience = patienceLater
		p.heard.Store(0)
		p.live.Store(true)
		return
	}
	if p.behindSince.IsZero() {
		p.behindSince = now
	}
	if !received.IsZero() {
		p.heard.Store(received.UnixNano())
	}
}

// lag is the age of the delivery handled last, while more wait.
func (p *partition) lag(now time.Time) time.Duration {
	heard := p.heard.Load()
	if heard == 0 {
		return 0
	}
	return max(0, now.Sub(time.Unix(0, heard)))
}
