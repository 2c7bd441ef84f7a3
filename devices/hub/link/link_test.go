package link_test

import (
	"cmp"
	"context"
	"crypto/ed25519"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"sync"
	"sync/atomic"
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
func linked(t *testing.T, mqtt, https *url.URL, change ...func(*link.Link)) (*link.Link, *spool.Spool) {
	t.Helper()
	s, err := spool.Open(spool.Config{Dir: t.TempDir()}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	l := &link.Link{
		Hub: "home-1", Secret: "sesame", MQTT: mqtt, HTTPS: https, Spool: s, Log: slog.New(slog.DiscardHandler),
		Clock: func() uplink.ClockQuality { return uplink.ClockQuality{} }, Version: "test", Began: time.Now(),
	}
	for _, c := range change {
		c(l)
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
	secret   string
	progress map[vitals.Stream]vitals.Progress
	busy     int      // answers of 503 that are left
	wanted   [][]byte // told once
	statuses []uplink.Status
	results  []uplink.Result
}

func (d *door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if hub, secret, _ := r.BasicAuth(); hub != "home-1" || secret != cmp.Or(d.secret, "sesame") {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	body, _ := io.ReadAll(r.Body)
	switch r.URL.Path {
	case "/ingest/v1/status":
		s, _ := uplink.DecodeStatus(body)
		d.statuses = append(d.statuses, s)
		_, _ = w.Write(slices.Concat(d.wanted...))
		d.wanted = nil
		return
	case "/ingest/v1/results":
		result, _ := uplink.DecodeResult(body)
		d.results = append(d.results, result)
		return
	}
	if d.busy--; d.busy >= 0 {
		w.Header().Set("Retry-After", "1")
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
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

// A post that was begun on a dead line hangs for half a minute, though the network is there again and MQTT with it.
func TestNobodyWaitsForAPostThatHangsOnceMQTTComesThrough(t *testing.T) {
	b := &fake.Broker{Secret: "sesame"}
	if err := b.Listen(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close() })
	hangs := make(chan struct{}, 1)
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		if r.URL.Path == "/ingest/v1/batches" {
			select {
			case hangs <- struct{}{}:
			default:
			}
		}
		<-r.Context().Done()
	}))
	t.Cleanup(server.Close)
	https, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	var up atomic.Bool
	_, s := linked(t, b.URL(), https, func(l *link.Link) {
		l.Dial = func(ctx context.Context, server *url.URL) (net.Conn, error) {
			if !up.Load() {
				return nil, errors.New("no way out")
			}
			return new(net.Dialer).DialContext(ctx, "tcp", server.Host)
		}
	})
	keep(t, s, 5)
	<-hangs
	up.Store(true)
	const soon = 12 * time.Second // of which the link may wait 8 before it tries MQTT again
	began := time.Now()
	settled(t, s)
	if took := time.Since(began); took > soon {
		t.Errorf("stored only after %s", took)
	}
}

// butler does what it is told and says how it is, as a hub does.
type butler struct {
	key        ed25519.PublicKey
	link       *link.Link
	door       *door
	configured chan uplink.Desired
}

func (b *butler) Configure(signed []byte) {
	if d, err := uplink.OpenDesired(signed, b.key, "home-1"); err == nil {
		b.configured <- d
	}
}

func (b *butler) Command(_ context.Context, signed []byte) uplink.Result {
	c, err := uplink.OpenCommand(signed, b.key, "home-1")
	if err != nil {
		return uplink.Result{Outcome: uplink.Refused}
	}
	b.door.mu.Lock() // the server knows no other from now on
	b.door.secret = "open up"
	b.door.mu.Unlock()
	b.link.Renew("open up")
	return uplink.Result{ID: c.ID, Outcome: uplink.Done}
}

func (b *butler) Report(s *uplink.Status) { s.Config = 7 }

// await looks at the door until what the story tells is true.
func (d *door) await(t *testing.T, story string, is func() bool) {
	t.Helper()
	limit := time.After(30 * time.Second)
	look := time.NewTicker(5 * time.Millisecond)
	defer look.Stop()
	for {
		d.mu.Lock()
		done := is()
		d.mu.Unlock()
		if done {
			return
		}
		select {
		case <-look.C:
		case <-limit:
			t.Fatalf("never: %s", story)
		}
	}
}

func (d *door) open(t *testing.T) *url.URL {
	t.Helper()
	server := httptest.NewServer(d)
	t.Cleanup(server.Close)
	https, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	return https
}

var nowhere = &url.URL{Scheme: "mqtt", Host: "127.0.0.1:1"}

func TestWhatTheServerWantsComesOverHTTPSToo(t *testing.T) {
	public, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	desired, err := uplink.Desired{Hub: "home-1", Version: 8}.Sign(key)
	if err != nil {
		t.Fatal(err)
	}
	command, err := uplink.Command{Hub: "home-1", ID: "c-1", What: uplink.RotateKey, Expires: time.Now().Add(time.Minute)}.Sign(key)
	if err != nil {
		t.Fatal(err)
	}
	d := &door{progress: map[vitals.Stream]vitals.Progress{}, wanted: [][]byte{command, desired}}
	b := &butler{key: public, door: d, configured: make(chan uplink.Desired, 1)}
	linked(t, nowhere, d.open(t), func(l *link.Link) { b.link, l.Manage, l.Report = l, b, b.Report })
	d.await(t, "the hub tells its state", func() bool { return len(d.statuses) > 0 && d.statuses[0].Online && d.statuses[0].Config == 7 })
	d.await(t, "the command is answered", func() bool { return len(d.results) == 1 && d.results[0].ID == "c-1" })
	select {
	case got := <-b.configured:
		if got.Version != 8 {
			t.Errorf("%+v", got)
		}
	case <-time.After(30 * time.Second):
		t.Fatal("the hub is not configured")
	}
}

func TestTheOtherSecretIsTriedWhereTheFirstIsTurnedAway(t *testing.T) {
	d := &door{progress: map[vitals.Stream]vitals.Progress{}, secret: "the newer one"}
	_, s := linked(t, nowhere, d.open(t), func(l *link.Link) { l.Spare = "the newer one" })
	keep(t, s, 1)
	settled(t, s)

	b := &fake.Broker{Secret: "the newer one", Heard: func(vitals.HubID, uplink.Message) {}}
	if err := b.Listen(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close() })
	l, s := linked(t, b.URL(), nil, func(l *link.Link) { l.Spare = "the newer one" })
	keep(t, s, 1)
	settled(t, s)
	if got := l.Credentials().Secret; got != "the newer one" || l.Door() != "mqtt" {
		t.Errorf("%q over %s", got, l.Door())
	}
}
