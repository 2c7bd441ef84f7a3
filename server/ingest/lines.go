package ingest

import (
	"errors"
	"os"
	"sync"
	"time"

	"github.com/samber/lo"

	"vigil/devices/uplink"
	"vigil/vitals"
)

// line is one connection to a hub. Its methods never wait.
type line interface {
	ack(positions []vitals.Position)
	nack(n uplink.Nack)
}

// silence is how long nothing was heard over a line when it ended: as long as was waited, where that is why.
func silence(fault error, waited time.Duration) time.Duration {
	if errors.Is(fault, os.ErrDeadlineExceeded) {
		return waited
	}
	return 0
}

// guide is a line that carries what is wanted of a hub, too; a hub on another one asks for it.
type guide interface {
	// direct tells what is wanted of the hub; config is nil where nothing is.
	direct(config []byte, commands [][]byte)
}

// lines are the hubs that are connected to this node.
type lines struct {
	mu    sync.Mutex
	byHub map[vitals.HubID]map[line]struct{}
}

func newLines() *lines { return &lines{byHub: map[vitals.HubID]map[line]struct{}{}} }

// add tells a line where the hub's streams stand, and has it hear what comes after that.
func (l *lines) add(hub vitals.HubID, ln line, positions func() []vitals.Position) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.byHub[hub] == nil {
		l.byHub[hub] = map[line]struct{}{}
	}
	l.byHub[hub][ln] = struct{}{}
	ln.ack(positions())
}

// remove reports whether the hub has no line left.
func (l *lines) remove(hub vitals.HubID, ln line) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, joined := l.byHub[hub][ln]; !joined {
		return false
	}
	delete(l.byHub[hub], ln)
	if len(l.byHub[hub]) > 0 {
		return false
	}
	delete(l.byHub, hub)
	return true
}

func (l *lines) connected(hub vitals.HubID) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.byHub[hub]) > 0
}

func (l *lines) hubs() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.byHub)
}

// guided reports whether the hub can be told what is wanted of it.
func (l *lines) guided(hub vitals.HubID) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for ln := range l.byHub[hub] {
		if _, is := ln.(guide); is {
			return true
		}
	}
	return false
}

func (l *lines) direct(hub vitals.HubID, config []byte, commands [][]byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for ln := range l.byHub[hub] {
		if g, is := ln.(guide); is {
			g.direct(config, commands)
		}
	}
}

func (l *lines) ack(hub vitals.HubID, positions []vitals.Position) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for ln := range l.byHub[hub] {
		ln.ack(positions)
	}
}

// acksOf writes positions as a hub reads them, in as many acks as their bound needs. No position is an
// ack, too: a hub need not wonder whether more is to come.
func acksOf(positions []vitals.Position) []uplink.Ack {
	own := lo.Map(positions, func(p vitals.Position, _ int) uplink.Position {
		return uplink.Position{Device: p.Stream.Device, Stream: p.Stream.Epoch, Upto: p.Upto}
	})
	if len(own) == 0 {
		return []uplink.Ack{{}}
	}
	return lo.Map(lo.Chunk(own, uplink.MaxAck), func(part []uplink.Position, _ int) uplink.Ack {
		return uplink.Ack{Positions: part}
	})
}
