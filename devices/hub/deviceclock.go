package main

import (
	"context"
	"errors"
	"time"

	"vigil/devices/gatt"
	"vigil/devices/hub/bluez"
	"vigil/vitals"
)

var (
	currentTime = short("2a2b")
	dateTime    = short("2a08")
)

const (
	// clockTolerance is how far a device's clock may be off; it shows whole seconds.
	clockTolerance = 2 * time.Second
	// settleBefore is how long a device must be quiet before its clock is set: what it has stored
	// carries the time of the clock as it was.
	settleBefore = 2 * time.Second
)

// deviceClock is the clock of a wearable: how far it stands before the hub's, and whether it is to be
// set.
type deviceClock struct {
	uuid  string // empty: nobody can read it
	known bool
	ahead time.Duration
	set   bool // it has been set, or cannot be
}

// readClock takes the time of the device's clock and of the hub's at the same moment.
func (s *session) readClock(ctx context.Context) {
	s.clock = deviceClock{set: true}
	if !s.hub.synced() {
		return // nobody knows which of the two is right
	}
	for _, uuid := range []string{currentTime, dateTime} {
		c, err := s.link.Characteristic(uuid)
		if err != nil || !c.Readable() {
			continue
		}
		ahead, known, err := s.askClock(ctx, uuid)
		if err != nil {
			s.log.Warn("device's clock cannot be read", "error", err)
			continue
		}
		s.clock = deviceClock{uuid: uuid, known: known, ahead: ahead, set: !c.Writable()}
		return
	}
}

// askClock reads how far the device's clock is ahead; known is false for one that was never set.
func (s *session) askClock(ctx context.Context, uuid string) (ahead time.Duration, known bool, err error) {
	asked := time.Now()
	value, err := s.link.Read(ctx, uuid)
	if err != nil {
		return 0, false, err
	}
	now := asked.Add(time.Since(asked) / 2) // the answer was true half way
	var t time.Time
	if uuid == currentTime {
		var c gatt.CurrentTime
		if c, err = gatt.DecodeCurrentTime(value); err == nil {
			t, known = c.Time()
		}
	} else {
		var d gatt.DateTime
		if d, err = gatt.DecodeDateTime(value); err == nil {
			t, known = d.Time()
		}
	}
	if err != nil || !known {
		return 0, false, err
	}
	return t.Sub(now.UTC()), true, nil
}

// setClock sets the device's clock once what it had stored has come, and reads it again.
func (s *session) setClock(ctx context.Context, now time.Time) {
	if s.clock.set || s.memory.running() || now.Sub(s.heard) < settleBefore || !s.hub.synced() {
		return
	}
	s.clock.set = true
	local := now.In(s.hub.zone)
	_, offset := local.Zone()
	if s.clock.known && (s.clock.ahead-time.Duration(offset)*time.Second).Abs() <= clockTolerance {
		return
	}
	value := gatt.EncodeDateTime(gatt.DateTimeOf(local))
	if s.clock.uuid == currentTime {
		value = gatt.EncodeCurrentTime(gatt.CurrentTimeOf(local, gatt.AdjustedByExternal))
	}
	if err := s.link.Write(ctx, s.clock.uuid, value); err != nil {
		if !errors.Is(err, bluez.ErrLost) {
			s.log.Info("device keeps its own time", "error", err)
		}
		return
	}
	s.log.Info("device's clock was set", "was_ahead", s.clock.ahead, "was_known", s.clock.known)
	ahead, known, err := s.askClock(ctx, s.clock.uuid)
	if err != nil {
		ahead, known = time.Duration(offset)*time.Second, true // as it was told
	}
	s.clock.ahead, s.clock.known = ahead, known
}

// timed moves what carries the device's own time to the hub's time line.
func (s *session) timed(b vitals.Batch) vitals.Batch {
	if s.clock.known {
		return gatt.Corrected(b, s.clock.ahead)
	}
	return gatt.Zoned(b, s.hub.zone)
}
