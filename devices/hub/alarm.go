package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"slices"
	"sync"
	"time"

	"github.com/samber/lo"

	"vigil/alerts"
	"vigil/vitals"
)

const (
	// somebody stands for the patient, whom a hub does not know.
	somebody = vitals.PatientID("at-this-hub")
	// soundAgain is how often an alarm sounds that is still true.
	soundAgain   = time.Minute
	soundTimeout = 30 * time.Second
)

// watch raises alarms from the hub's own data, with the same engine as the server, so that they
// sound at home even where no server can be reached. It is not for use by several goroutines.
type watch struct {
	engine  *alerts.Engine
	seq     map[vitals.DeviceID]uint64
	sounded map[alerts.AlarmID]time.Time
	sound   func(alerts.Alarm)
}

func newWatch(ids []vitals.DeviceID, sound func(alerts.Alarm), now time.Time) *watch {
	w := &watch{
		engine: alerts.NewEngine(somebody), seq: map[vitals.DeviceID]uint64{},
		sounded: map[alerts.AlarmID]time.Time{}, sound: sound,
	}
	w.engine.Bind(ids, now)
	return w
}

func (w *watch) observe(b vitals.Batch, now time.Time) {
	w.seq[b.Device]++
	w.raise(w.engine.Observe(vitals.Delivery{
		Patient: somebody, Stream: vitals.Stream{Device: b.Device}, Seq: w.seq[b.Device], Received: now, Batch: b,
	}), now)
}

func (w *watch) tick(now time.Time) {
	w.raise(w.engine.Tick(now), now)
	open := w.engine.Open()
	for _, a := range open {
		if urgent(a) && a.Truth == alerts.True && now.Sub(w.sounded[a.ID]) >= soundAgain {
			w.call(a, now)
		}
	}
	ids := lo.Keyify(lo.Map(open, func(a alerts.Alarm, _ int) alerts.AlarmID { return a.ID }))
	w.sounded = lo.PickBy(w.sounded, func(id alerts.AlarmID, _ time.Time) bool { return lo.HasKey(ids, id) })
}

func (w *watch) raise(o alerts.Outcome, now time.Time) {
	for _, t := range o.Transitions {
		if t.Change.Asks() && urgent(t.Alarm) {
			w.call(t.Alarm, now)
		}
	}
}

// call sounds. Nobody can answer a call for help here, so that it would sound for ever: at home it is
// answered by having been heard, and the next one sounds again. At the server it waits for somebody.
func (w *watch) call(a alerts.Alarm, now time.Time) {
	w.sounded[a.ID] = now
	w.sound(a)
	if a.Condition.Call() {
		heard := alerts.Command{
			Kind: alerts.Acknowledge, Alarm: a.ID, SeenVersion: a.Version, SeenPriority: a.Priority, Role: vitals.Nurse,
		}
		_, _, _ = w.engine.Command(heard, now) // one that is over already needs no answer
	}
}

// urgent is what the home must hear of: the patient, not the technology, and at once; but not twice of what
// another alarm says already.
func urgent(a alerts.Alarm) bool {
	return a.Priority == alerts.High && a.Condition.Spec().Type == alerts.Physiological && a.Suppressor == ""
}

func (w *watch) open() []alerts.View {
	return lo.Map(w.engine.Open(), func(a alerts.Alarm, _ int) alerts.View { return a.View() })
}

// siren runs the program that makes an alarm heard: one at a time, and one after the other.
type siren struct {
	command []string
	log     *slog.Logger
	mu      sync.Mutex
	waiting []alerts.Alarm // to be heard; the first is under way
	running sync.WaitGroup
}

// mostWaiting is how many alarms wait to be heard. A home has few, and each that lasts sounds again.
const mostWaiting = 8

// sound logs the alarm, which is all that happens where no program is configured, and has the program
// run beside the caller: at once, or when it has told of those before. What waits is not told twice.
func (s *siren) sound(ctx context.Context, a alerts.Alarm) {
	s.log.Warn("alarm", "condition", a.Condition, "label", a.Condition.Spec().Label, "detail", a.Detail, "onset", a.Onset)
	s.mu.Lock()
	defer s.mu.Unlock()
	same := func(w alerts.Alarm) bool { return w.ID == a.ID }
	if len(s.command) == 0 || len(s.waiting) >= mostWaiting || slices.ContainsFunc(s.waiting, same) {
		return
	}
	if s.waiting = append(s.waiting, a); len(s.waiting) == 1 {
		s.running.Go(func() { s.tell(ctx, a) })
	}
}

// tell runs the program for the alarm, and for those that came meanwhile.
func (s *siren) tell(ctx context.Context, a alerts.Alarm) {
	for more := true; more; {
		if err := s.run(ctx, a); err != nil {
			s.log.Error("alarm was not sounded", "error", err)
		}
		s.mu.Lock()
		s.waiting = s.waiting[1:]
		if more = len(s.waiting) > 0; more {
			a = s.waiting[0]
		}
		s.mu.Unlock()
	}
}

func (s *siren) run(ctx context.Context, a alerts.Alarm) error {
	ctx, cancel := context.WithTimeout(ctx, soundTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, s.command[0], s.command[1:]...) //nolint:gosec // chosen by who set up the hub
	cmd.Env = append(os.Environ(),
		"VIGIL_ALARM_CONDITION="+string(a.Condition), "VIGIL_ALARM_LABEL="+a.Condition.Spec().Label,
		"VIGIL_ALARM_DETAIL="+a.Detail, "VIGIL_ALARM_ID="+string(a.ID))
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("run %s: %w", s.command[0], errors.Join(err, errors.New(string(out[:min(len(out), 200)]))))
	}
	return nil
}
