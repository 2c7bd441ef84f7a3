package journal_test

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"vigil/server/journal"
)

// pretender is a server that says which version it is and answers pings.
func pretender(t *testing.T, version string) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go pretend(conn, version)
		}
	}()
	return "nats://" + listener.Addr().String()
}

func pretend(conn net.Conn, version string) {
	defer func() { _ = conn.Close() }()
	_, _ = fmt.Fprintf(conn, "INFO {\"server_id\":\"X\",\"version\":%q,\"headers\":true,\"max_payload\":1048576}\r\n", version)
	lines := bufio.NewScanner(conn)
	for lines.Scan() {
		if strings.HasPrefix(lines.Text(), "PING") {
			_, _ = fmt.Fprint(conn, "PONG\r\n")
		}
	}
}

func TestOldServersAreRefused(t *testing.T) {
	for _, version := range []string{"2.9.10", "1.4.0", "odd", "2", "x.y.z", "2.x.1"} {
		t.Run(version, func(t *testing.T) {
			_, err := journal.Open(t.Context(), journal.Config{URL: pretender(t, version), PublishTimeout: time.Second})
			if !errors.Is(err, journal.ErrUnfit) {
				t.Error(err)
			}
		})
	}
}

// admin speaks with an external server past the journal.
func admin(t *testing.T, url string) jetstream.JetStream {
	t.Helper()
	conn, err := nats.Connect(url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Close)
	js, err := jetstream.New(conn)
	if err != nil {
		t.Fatal(err)
	}
	return js
}

func TestAStreamThatIsNotOursIsRefused(t *testing.T) {
	stories := map[string]jetstream.StreamConfig{
		"in memory":              {Subjects: []string{"in.>"}, Storage: jetstream.MemoryStorage},
		"of other subjects":      {Subjects: []string{"in.*"}},
		"that refuses when full": {Subjects: []string{"in.>"}, Discard: jetstream.DiscardNew},
		"a work queue":           {Subjects: []string{"in.>"}, Retention: jetstream.WorkQueuePolicy},
		"of few messages":        {Subjects: []string{"in.>"}, MaxMsgs: 10},
		"without confirmations":  {Subjects: []string{"in.>"}, NoAck: true},
	}
	for story, cfg := range stories {
		t.Run(story, func(t *testing.T) {
			ns := external(t, t.TempDir(), -1)
			cfg.Name = "IN"
			if _, err := admin(t, ns.ClientURL()).CreateStream(t.Context(), cfg); err != nil {
				t.Fatal(err)
			}
			if _, err := journal.Open(t.Context(), journal.Config{URL: ns.ClientURL()}); !errors.Is(err, journal.ErrUnfit) {
				t.Error(err)
			}
		})
	}
}

func TestLimitsFollowTheConfiguration(t *testing.T) {
	ns := external(t, t.TempDir(), -1)
	js := admin(t, ns.ClientURL())
	if _, err := js.CreateStream(t.Context(), jetstream.StreamConfig{Name: "IN", Subjects: []string{"in.>"}}); err != nil {
		t.Fatal(err)
	}
	j := open(t, journal.Config{URL: ns.ClientURL(), MaxAge: time.Hour, MaxBytes: 1 << 20})
	stream, err := js.Stream(t.Context(), "IN")
	if err != nil {
		t.Fatal(err)
	}
	got := stream.CachedInfo().Config
	equal(t, time.Hour, got.MaxAge)
	equal(t, int64(1<<20), got.MaxBytes)
	other := open(t, journal.Config{URL: ns.ClientURL(), MaxAge: 2 * time.Hour, MaxBytes: 1 << 20})
	equal(t, j.ID(), other.ID())
}

func TestAStreamThatSomebodyDeletedIsMadeAnew(t *testing.T) {
	ns := external(t, t.TempDir(), -1)
	j := open(t, journal.Config{URL: ns.ClientURL(), MaxBytes: 1 << 20})
	publish(t, j, delivery(ann, 1))
	id, last, err := j.Head(t.Context())
	if err != nil || last != 1 {
		t.Fatal(last, err)
	}
	if err := admin(t, ns.ClientURL()).DeleteStream(t.Context(), "IN"); err != nil {
		t.Fatal(err)
	}
	again, last, err := j.Head(t.Context())
	if err != nil || last != 0 || again == id {
		t.Error(again, last, err)
	}
	publish(t, j, delivery(ann, 1))
}
