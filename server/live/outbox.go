package live

import (
	"errors"
	"slices"
	"sync"
	"time"

	"vigil/alerts"
	"vigil/vitals"
)

// Bounds of what waits for one screen.
const (
	maxUrgent     = 4096 // changes that may wait before the screen is closed as too slow: a storm of a thousand alarms fits
	waveCredit    = 2    // wave batches that may be unconfirmed: measured best on slow links
	maxUncredited = 5 * time.Second
)

var errTooSlow = errors.New("screen is too slow")

// outbox is what waits to be written to one screen. Anybody may fill it without waiting; the
// screen's writer empties it: urgent frames first, in order, then the newest numerics, then waves.
type outbox struct {
	mu      sync.Mutex
	now     func() time.Time
	wake    chan struct{}
	broken  bool
	first   []any // snapshots, alarms, results and heartbeats, in order
	latest  map[numericKey]numeric
	waves   map[uint16][]vitals.Waveform
	gaps    map[uint16]bool
	wanted  map[uint16]bool // nil: every channel
	visible bool

	waveSent, waveCredited uint32
	sent                   []sentFrame
	told                   map[alerts.AlarmID]told
}

// told is the newest version of an alarm that the screen was told of.
type told struct {
	version           int
	queued            time.Time // zero where it came with a snapshot
	seq               uint64    // of the frame that brought it; 0 until it was sent
	rendered, sounded bool
}

// receipt says that a version of an alarm was on the screen, or that it sounded there.
type receipt struct {
	kind    alerts.NoteKind
	alarm   alerts.AlarmID
	version int
	took    time.Duration // from being queued to being drawn; 0 where it was not news
}

type sentFrame struct {
	seq uint64
	at  time.Time
}

func newOutbox(now func() time.Time) *outbox {
	return &outbox{
		now: now, wake: make(chan struct{}, 1), visible: true,
		latest: map[numericKey]numeric{}, waves: map[uint16][]vitals.Waveform{},
		gaps: map[uint16]bool{}, told: map[alerts.AlarmID]told{},
	}
}

func (o *outbox) signal() {
	select {
	case o.wake <- struct{}{}:
	default:
	}
}

// urgent queues a change that is never dropped.
func (o *outbox) urgent(ev event) {
	ev.Type = "ev"
	if ev.Alarm != nil {
		o.mu.Lock()
		o.news(*ev.Alarm, o.now())
		o.mu.Unlock()
	}
	o.put(ev)
}

// news notes what the screen is about to be told of an alarm. The caller holds the lock.
func (o *outbox) news(a alerts.View, queued time.Time) {
	switch {
	case a.State == alerts.Closed.String():
		delete(o.told, a.ID) // it leaves the screen
	case o.told[a.ID].version != a.Version:
		if len(o.told) >= maxUrgent {
			clear(o.told) // a screen must not grow the server
		}
		o.told[a.ID] = told{version: a.Version, queued: queued}
	}
}

func (o *outbox) beat(hb heartbeat) {
	hb.Type = "hb"
	o.put(hb)
}

func (o *outbox) answer(r result) {
	r.Type = "res"
	o.put(r)
}

func (o *outbox) put(frame any) {
	o.mu.Lock()
	if len(o.first) >= maxUrgent {
		o.broken = true
	} else {
		o.first = append(o.first, frame)
	}
	o.mu.Unlock()
	o.signal()
}

// replace queues the whole present state, which makes every waiting change needless. Answers to
// commands stay.
func (o *outbox) replace(s snapshot) {
	s.Type = "snap"
	o.mu.Lock()
	o.first = slices.DeleteFunc(o.first, func(f any) bool {
		_, isAnswer := f.(result)
		return !isAnswer
	})
	o.first = append(o.first, s)
	for _, a := range s.Alarms {
		o.news(a, time.Time{})
	}
	clear(o.latest)
	o.mu.Unlock()
	o.signal()
}

// newest queues a numeric in place of an older one that still waits.
func (o *outbox) newest(key numericKey, n numeric) {
	o.mu.Lock()
	o.latest[key] = n
	o.mu.Unlock()
	o.signal()
}

// wave queues a piece of a waveform for the next batch. It does not wake the writer: batches have
// their own beat.
func (o *outbox) wave(index uint16, w vitals.Waveform) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.visible || (o.wanted != nil && !o.wanted[index]) {
		return
	}
	o.waves[index] = append(o.waves[index], w)
}

// subscribe limits the waves to the channels on the screen.
func (o *outbox) subscribe(channels []uint16) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.wanted = make(map[uint16]bool, len(channels))
	for _, c := range channels {
		o.wanted[c] = true
	}
}

// takeUrgent removes all urgent frames and, behind them, the newest numerics.
func (o *outbox) takeUrgent() (frames []any, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	now := o.now()
	if o.broken || (len(o.sent) > 0 && now.Sub(o.sent[0].at) > maxUncredited) {
		return nil, errTooSlow
	}
	frames, o.first = o.first, nil
	for _, n := range o.latest {
		frames = append(frames, event{Type: "ev", Kind: "numeric", Numeric: new(n.view(now))})
	}
	clear(o.latest)
	return frames, nil
}

// takeWaves removes the waves of the next batch. Without credit they are dropped and each channel
// is marked, so that the screen draws a gap and not a lie.
func (o *outbox) takeWaves() (batch uint32, waves map[uint16][]vitals.Waveform, gaps map[uint16]bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.waves) == 0 {
		return 0, nil, nil
	}
	if o.waveSent-o.waveCredited >= waveCredit {
		for index := range o.waves {
			o.gaps[index] = true
		}
		clear(o.waves)
		return 0, nil, nil
	}
	waves, gaps = o.waves, o.gaps
	o.waves, o.gaps = map[uint16][]vitals.Waveform{}, map[uint16]bool{}
	o.waveSent++
	return o.waveSent, waves, gaps
}

// sentEvent notes when an event left, to see how long the screen takes to confirm it, and which alarms it
// told of.
func (o *outbox) sentEvent(seq uint64, alarms ...alerts.View) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.sent = append(o.sent, sentFrame{seq, o.now()})
	for _, a := range alarms {
		if t, ok := o.told[a.ID]; ok && t.version == a.Version {
			t.seq = seq
			o.told[a.ID] = t
		}
	}
}

// credit takes the screen's confirmation and returns what it is the first to say of the alarms.
func (o *outbox) credit(r request) (receipts []receipt) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if ahead := r.Wave - o.waveCredited; ahead <= o.waveSent-o.waveCredited {
		o.waveCredited = r.Wave
	}
	o.visible = r.Visible
	o.sent = slices.DeleteFunc(o.sent, func(s sentFrame) bool { return s.seq <= r.Seq })
	for _, id := range r.Rendered {
		t := o.told[id]
		if t.rendered || t.seq == 0 || t.seq > r.Seq { // it speaks of a version before
			continue
		}
		t.rendered = true
		o.told[id] = t
		took := time.Duration(0)
		if !t.queued.IsZero() {
			took = o.now().Sub(t.queued)
		}
		receipts = append(receipts, receipt{alerts.Rendered, id, t.version, took})
	}
	for _, id := range r.Sounded {
		if t := o.told[id]; !t.sounded && t.seq != 0 && t.seq <= r.Seq {
			t.sounded = true
			o.told[id] = t
			receipts = append(receipts, receipt{alerts.Sounded, id, t.version, 0})
		}
	}
	return receipts
}
