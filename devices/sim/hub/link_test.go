package hub_test

import (
	"context"
	"io"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"vigil/devices/hub/link"
	"vigil/devices/sim/fake"
	"vigil/devices/sim/hub"
	"vigil/devices/uplink"
	"vigil/vitals"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// setting is a hub linked to a server in memory.
type setting struct {
	broker *fake.Broker
	spool  *hub.Spool
	link   *link.Link
	cable  *hub.Cable
	heard  chan uplink.Message
	log    *strings.Builder
}

func linked(t *testing.T, refuse func(uplink.Message) string) *setting {
	t.Helper()
	s := &setting{heard: make(chan uplink.Message, 1000), spool: hub.NewSpool(7, 1, 0), log: &strings.Builder{}}
	s.broker = &fake.Broker{Secret: "sesame", Refuse: refuse, Heard: func(_ vitals.HubID, m uplink.Message) { s.heard <- m }}
	if err := s.broker.Listen(t.Context()); err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.NewTextHandler(&locked{w: s.log}, nil))
	s.cable = &hub.Cable{}
	s.link = &link.Link{
		Hub: "home-1", Secret: "sesame", MQTT: s.broker.URL(), Dial: s.cable.Dial, Spool: s.spool, Log: log,
		Clock: func() uplink.ClockQuality { return uplink.ClockQuality{} },
	}
	s.cable.HangUp = s.link.HangUp
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() {
		if err := s.link.Run(ctx); err != nil {
			t.Errorf("run: %v", err)
		}
	})
	t.Cleanup(func() {
		cancel()
		running.Wait()
		if err := s.broker.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

type locked struct {
	mu sync.Mutex
	w  io.Writer
}

func (l *locked) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(p)
}

func (s *setting) add(t *testing.T, n int) {
	t.Helper()
	for range n {
		if err := s.spool.Add(pulse(patch), time.Now()); err != nil {
			t.Fatal(err)
		}
	}
}

func (s *setting) hear(t *testing.T, n int) []uint64 {
	t.Helper()
	var seqs []uint64
	for range n {
		select {
		case m := <-s.heard:
			seqs = append(seqs, m.Seq)
		case <-time.After(20 * time.Second):
			t.Fatalf("heard %v, then nothing", seqs)
		}
	}
	return seqs
}

// settled waits until the spool looks as it should.
func (s *setting) settled(t *testing.T, ok func(hub.Stats) bool) hub.Stats {
	t.Helper()
	limit := time.After(20 * time.Second)
	look := time.NewTicker(5 * time.Millisecond)
	defer look.Stop()
	for {
		stats := s.spool.Stats()
		if ok(stats) {
			return stats
		}
		select {
		case <-look.C:
		case <-limit:
			t.Fatalf("spool stays at %+v", stats)
		}
	}
}

func empty(s hub.Stats) bool { return s.Queue == 0 }

func TestEveryMessageIsKeptUntilItIsStored(t *testing.T) {
	s := linked(t, nil)
	s.broker.Hold(true)
	s.add(t, 5)
	s.hear(t, 5)
	stats := s.settled(t, func(s hub.Stats) bool { return s.Sent == 5 })
	if stats.Queue != 5 || stats.Stored != 0 {
		t.Errorf("without acks the spool is %+v", stats)
	}
	s.broker.Hold(false)
	if stats := s.settled(t, empty); stats.Stored != 5 || stats.Repeated != 0 {
		t.Errorf("%+v", stats)
	}
}

func TestWhatWasNotStoredIsSentAgainAfterTheCableWasOut(t *testing.T) {
	s := linked(t, nil)
	s.broker.Hold(true)
	s.add(t, 3)
	s.hear(t, 3)
	s.cable.Cut(true)
	s.add(t, 2) // the home goes on measuring
	s.broker.Forget()
	s.cable.Cut(false)
	got := s.hear(t, 5)
	for i, seq := range got {
		if seq != uint64(i+1) {
			t.Fatalf("after the cable was back came %v", got)
		}
	}
	s.broker.Hold(false)
	if stats := s.settled(t, empty); stats.Stored != 5 || s.link.Reconnects() == 0 {
		t.Errorf("%+v, %d reconnects", stats, s.link.Reconnects())
	}
}

func TestPositionToldAtConnectSparesTheRepeat(t *testing.T) {
	s := linked(t, nil)
	s.broker.Hold(true)
	s.add(t, 3)
	s.hear(t, 3)
	s.cable.Cut(true)
	s.broker.Hold(false) // the acks find nobody
	s.cable.Cut(false)
	stats := s.settled(t, empty)
	if stats.Stored != 3 || stats.Repeated != 0 {
		t.Errorf("%+v", stats)
	}
}

func TestRefusedMessageIsDroppedWithItsReason(t *testing.T) {
	s := linked(t, func(m uplink.Message) string {
		if m.Seq == 2 {
			return uplink.CodeImplausible
		}
		return ""
	})
	s.add(t, 3)
	s.hear(t, 2)
	stats := s.settled(t, empty)
	if stats.Refused+stats.Stored != 3 || stats.Made != 3 {
		t.Errorf("%+v", stats)
	}
}
