package link_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"vigil/devices/hub/link"
	"vigil/devices/hub/spool"
	"vigil/devices/sim/fake"
	"vigil/devices/uplink"
	"vigil/vitals"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const patch = vitals.DeviceID("020000000101")

func pulse() vitals.Batch {
	at := time.Now().Truncate(time.Microsecond)
	return vitals.Batch{Device: patch, Readings: []vitals.Reading{{Kind: vitals.HeartRate, Time: at, Value: vitals.Int(72)}}}
}

func keep(t *testing.T, s *spool.Spool, n int) {
	t.Helper()
	for range n {
		if err := s.Add(pulse(), uplink.ClockQuality{}, time.Now()); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Sync(time.Now()); err != nil {
		t.Fatal(err)
	}
}

// linked runs a link from a new spool.
func linked(t *testing.T, mqtt, https *url.URL) (*link.Link, *spool.Spool) {
	t.Helper()
	s, err := spool.Open(spool.Config{Dir: t.TempDir()}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	l := &link.Link{
		Hub: "home-1", Secret: "sesame", MQTT: mqtt, HTTPS: https, Spool: s, Log: slog.New(slog.DiscardHandler),
		Clock: func() uplink.ClockQuality { return uplink.ClockQuality{} }, Version: "test", Began: time.Now(),
	}
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() {
		if err := l.Run(ctx); err != nil {
			t.Errorf("run: %v", err)
		}
	})
	t.Cleanup(func() {
		cancel()
		running.Wait()
		_ = s.Close()
	})
	return l, s
}

// settled waits until nothing is left to be stored.
func settled(t *testing.T, s *spool.Spool) {
	t.Helper()
	limit := time.After(30 * time.Second)
	look := time.NewTicker(5 * time.Millisecond)
	defer look.Stop()
	for s.Stats().Queue > 0 {
		select {
		case <-look.C:
		case <-limit:
			t.Fatalf("spool stays at %+v", s.Stats())
		}
	}
}

func TestMessagesAreStoredOverMQTT(t *testing.T) {
	b := &fake.Broker{Secret: "sesame", Heard: func(vitals.HubID, uplink.Message) {}}
	if err := b.Listen(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close() })
	l, s := linked(t, b.URL(), nil)
	keep(t, s, 5)
	settled(t, s)
	if got := s.Stats(); got.Stored != 5 || l.Door() != "mqtt" {
		t.Errorf("%+v over %s", got, l.Door())
	}
}

// door is the HTTPS door of a server.
type door struct {
	mu       sync.Mutex
	progress map[vitals.Stream]vitals.Progress
	busy     int // answers of 503 that are left
}

func (d *door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if hub, secret, _ := r.BasicAuth(); hub != "home-1" || secret != "sesame" || r.URL.Path != "/ingest/v1/batches" {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	if d.busy--; d.busy >= 0 {
		w.Header().Set("Retry-After", "1")
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	body, _ := io.ReadAll(r.Body)
	parts, _ := uplink.Split(body)
	for _, part := range parts {
		m, err := uplink.Decode(part)
		if err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		k := vitals.Stream{Device: m.Batch.Device, Epoch: m.Stream}
		p := d.progress[k]
		p.Add(vitals.Span{First: m.Seq, Last: m.Seq})
		d.progress[k] = p
	}
	var a uplink.Ack
	for k, p := range d.progress {
		a.Positions = append(a.Positions, uplink.Position{Device: k.Device, Stream: k.Epoch, Upto: p.Upto})
	}
	answer, _ := a.Encode()
	w.WriteHeader(http.StatusAccepted)
	_, _ = w.Write(answer)
}

func TestHTTPSStepsInWhereMQTTDoesNotComeThrough(t *testing.T) {
	d := &door{progress: map[vitals.Stream]vitals.Progress{}, busy: 1}
	server := httptest.NewServer(d)
	t.Cleanup(server.Close)
	https, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	l, s := linked(t, &url.URL{Scheme: "mqtt", Host: "127.0.0.1:1"}, https)
	keep(t, s, 5)
	settled(t, s)
	if got := s.Stats(); got.Stored != 5 || l.Door() != "https" {
		t.Errorf("%+v over %s", got, l.Door())
	}
}
