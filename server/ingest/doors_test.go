package ingest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/eclipse/paho.golang/paho"
	"github.com/fxamacker/cbor/v2"
	"github.com/gorilla/websocket"

	"vigil/devices/uplink"
	"vigil/server/ingest"
	"vigil/vitals"
)

const patience = 5 * time.Second

// hub is a home hub on MQTT.
type hub struct {
	conn   net.Conn
	client *paho.Client
	downs  chan *paho.Publish
}

type credentials struct{ client, user, secret, will string }

func listen(t *testing.T, h *ingest.Handler) net.Addr {
	t.Helper()
	door, err := ingest.ListenMQTT("127.0.0.1:0", nil, h, &registry{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := door.Close(); err != nil {
			t.Error(err)
		}
	})
	return door.Addr()
}

func dial(t *testing.T, addr net.Addr, c credentials) (*hub, error) {
	t.Helper()
	return dialFrom(t, nil, addr, c)
}

// dialFrom connects from an address of this computer's; nil: from any.
func dialFrom(t *testing.T, from, addr net.Addr, c credentials) (*hub, error) {
	t.Helper()
	conn, err := (&net.Dialer{LocalAddr: from}).DialContext(t.Context(), "tcp", addr.String())
	if err != nil {
		t.Fatal(err)
	}
	downs := make(chan *paho.Publish, 64)
	client := paho.NewClient(paho.ClientConfig{
		Conn: conn,
		OnPublishReceived: []func(paho.PublishReceived) (bool, error){func(p paho.PublishReceived) (bool, error) {
			downs <- p.Packet
			return true, nil
		}},
	})
	connect := &paho.Connect{
		ClientID: c.client, CleanStart: true, KeepAlive: 30,
		UsernameFlag: true, Username: c.user, PasswordFlag: true, Password: []byte(c.secret),
	}
	if c.will != "" {
		connect.WillMessage = &paho.WillMessage{Topic: c.will, Payload: []byte("gone"), Retain: true}
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	connack, err := client.Connect(ctx, connect)
	if err != nil {
		_ = conn.Close()
		return nil, err
	}
	if most := connack.Properties.MaximumPacketSize; most == nil || *most < uplink.MaxMessage {
		t.Error("the largest packet is not announced")
	}
	t.Cleanup(func() { _ = client.Disconnect(&paho.Disconnect{}); <-client.Done() })
	return &hub{conn, client, downs}, nil
}

func connect(t *testing.T, addr net.Addr) *hub {
	t.Helper()
	h, err := dial(t, addr, credentials{client: string(home), user: string(home), secret: secret})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func (h *hub) subscribe(t *testing.T, topic string) byte {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	ack, _ := h.client.Subscribe(ctx, &paho.Subscribe{Subscriptions: []paho.SubscribeOptions{{Topic: topic, QoS: 1}}})
	if ack == nil || len(ack.Reasons) != 1 {
		t.Fatalf("no answer to the subscription of %s", topic)
	}
	return ack.Reasons[0]
}

func (h *hub) publish(t *testing.T, topic string, payload []byte) (code byte, reason string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	ack, _ := h.client.Publish(ctx, &paho.Publish{Topic: topic, QoS: 1, Payload: payload})
	if ack == nil {
		t.Fatalf("no PUBACK on %s", topic)
	}
	if ack.Properties != nil {
		reason = ack.Properties.ReasonString
	}
	return ack.ReasonCode, reason
}

func (h *hub) down(t *testing.T) *paho.Publish {
	t.Helper()
	select {
	case p := <-h.downs:
		return p
	case <-time.After(patience):
		t.Fatal("the server said nothing")
		return nil
	}
}

func (h *hub) ack(t *testing.T) uplink.Ack {
	t.Helper()
	p := h.down(t)
	if p.Topic != uplink.AckTopic(home) {
		t.Fatalf("heard on %s, want an ack", p.Topic)
	}
	a, err := uplink.DecodeAck(p.Payload)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestOnlyAHubItselfGetsInOverMQTT(t *testing.T) {
	addr := listen(t, newWard().handler())
	stories := map[string]credentials{
		"wrong secret":               {client: string(home), user: string(home), secret: "guess"},
		"unknown hub":                {client: "home-9", user: "home-9", secret: secret},
		"right secret, other client": {client: "home-2", user: string(home), secret: secret},
		"no client id":               {user: string(home), secret: secret},
		"a will in another's name":   {client: string(home), user: string(home), secret: secret, will: "vigil/1/home-2/status"},
	}
	for name, c := range stories {
		t.Run(name, func(t *testing.T) {
			if _, err := dial(t, addr, c); err == nil {
				t.Fatal("let in")
			}
		})
	}
}

func TestAHubHearsItsPositionThenWhatIsStored(t *testing.T) {
	w := newWard()
	handler := w.handler()
	w.set(func() { w.storeLocked(vitals.Stream{Hub: home, Device: strap, Epoch: 7}, 1) })
	h := connect(t, listen(t, handler))
	if code := h.subscribe(t, uplink.AckTopic(home)); code > 2 {
		t.Fatalf("subscription refused: %#x", code)
	}
	if got := h.ack(t).Positions; len(got) != 1 || got[0].Upto != 1 || got[0].Device != strap {
		t.Fatalf("position at connect = %+v, want up to 1", got)
	}
	if code, _ := h.publish(t, uplink.UpTopic(home, uplink.Observations), message(t, 2, nil)); code != 0 {
		t.Fatalf("PUBACK %#x, want success", code)
	}
	select {
	case p := <-h.downs:
		t.Fatalf("heard on %s before anything was stored", p.Topic)
	default:
	}
	w.storeAll(handler)
	if got := h.ack(t).Positions; len(got) != 1 || got[0].Upto != 2 {
		t.Fatalf("ack = %+v, want up to 2", got)
	}
}

func TestAHubIsToldWhyOverMQTT(t *testing.T) {
	w := newWard()
	h := connect(t, listen(t, w.handler()))
	h.subscribe(t, uplink.NackTopic(home))
	up := uplink.UpTopic(home, uplink.Observations)

	code, reason := h.publish(t, up, []byte("hello"))
	if code != 0x99 || reason == "" {
		t.Errorf("malformed: PUBACK %#x %q, want 0x99 with a reason", code, reason)
	}
	nack, err := uplink.DecodeNack(h.down(t).Payload)
	if err != nil || nack.Reason == "" {
		t.Errorf("nack = %+v, %v, want the reason", nack, err)
	}
	w.set(func() { w.journalDown = true })
	if code, _ := h.publish(t, up, message(t, 1, nil)); code != 0x97 {
		t.Errorf("journal away: PUBACK %#x, want 0x97", code)
	}
	if code, _ := h.publish(t, "vigil/1/home-2/up/obs", message(t, 1, nil)); code != 0x87 {
		t.Errorf("another hub's topic: PUBACK %#x, want 0x87", code)
	}
	for _, topic := range []string{"vigil/1/home-2/down/ack", "vigil/1/+/down/ack", "#", "$SYS/#", "vigil/1/home-1/up/obs"} {
		if code := h.subscribe(t, topic); code < 0x80 {
			t.Errorf("subscription to %s granted", topic)
		}
	}
}

func TestAMessageLargerThanTheBoundEndsTheConnection(t *testing.T) {
	w := newWard()
	h := connect(t, listen(t, w.handler()))
	// The client library keeps to the bound that the server announces, so the packet is made by hand:
	// a PUBLISH with QoS 1 that claims 4 MiB.
	if _, err := h.conn.Write([]byte{0x32, 0x80, 0x80, 0x80, 0x02}); err != nil {
		t.Fatal(err)
	}
	select {
	case <-h.client.Done():
	case <-time.After(patience):
		t.Fatal("the connection stayed")
	}
	if published, _ := w.seen(); len(published) != 0 {
		t.Error("charted all the same")
	}
}

func TestStatusAndDisconnectAreNoted(t *testing.T) {
	w := newWard()
	handler := w.handler()
	h := connect(t, listen(t, handler))
	h.subscribe(t, uplink.AckTopic(home))
	status, err := uplink.Status{Online: true, Version: "1"}.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if code, _ := h.publish(t, uplink.StatusTopic(home), status); code != 0 {
		t.Fatalf("status: PUBACK %#x", code)
	}
	if code, _ := h.publish(t, uplink.StatusTopic(home), []byte("?")); code != 0x99 {
		t.Errorf("malformed status: PUBACK %#x, want 0x99", code)
	}
	online := func() (on bool) { w.set(func() { on = w.online[home] }); return on }
	if !online() || handler.Online() != 1 {
		t.Fatal("not noted as online")
	}
	_ = h.client.Disconnect(&paho.Disconnect{})
	for deadline := time.Now().Add(patience); online(); {
		if time.Now().After(deadline) {
			t.Fatal("still noted as online")
		}
	}
}

func TestAHubThatIsBackOnAnotherNodeIsThereWhenTheEndOfItsDeadLineIsNoticed(t *testing.T) {
	w := newWard()
	first, second := w.handler(), w.handler()
	ingest.SetClock(first, time.Now)
	ingest.SetClock(second, func() time.Time { return time.Now().Add(time.Second / 2) }) // it comes there after a while
	knock(t, listen(t, first), 1).join()
	ingest.Join(t.Context(), second, home)
	for deadline := time.Now().Add(patience); first.Online() > 0; { // its line says nothing more
		if time.Now().After(deadline) {
			t.Fatal("the dead line is not noticed")
		}
	}
	lost, online := false, false
	for deadline := time.Now().Add(patience); !lost; {
		w.set(func() { lost, online = w.lost > 0, w.online[home] })
		if time.Now().After(deadline) {
			t.Fatal("its end is not noted")
		}
	}
	if !online {
		t.Error("the hub is connected to another node, and noted as away")
	}
}

func TestAHubThatIsBackWhileItsEndIsNotedIsThere(t *testing.T) {
	w := newWard()
	h := w.handler()
	_, leave := ingest.Join(t.Context(), h, home)
	back := false
	ingest.SetClock(h, func() time.Time {
		if !back {
			back = true
			ingest.Join(t.Context(), h, home)
		}
		return noon
	})
	leave()
	if !back || !w.online[home] {
		t.Error("the hub is connected, and noted as away")
	}
}

func post(t *testing.T, url, id, password string, body []byte) (int, string, http.Header) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.SetBasicAuth(id, password)
	r.Header.Set("Accept", "application/json")
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	answer, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(answer), res.Header
}

// oversized is a message with something in it that makes it larger than may be.
func oversized(t *testing.T, seq uint64) []byte {
	t.Helper()
	var fields map[int]any
	if err := cbor.Unmarshal(message(t, seq, nil), &fields); err != nil {
		t.Fatal(err)
	}
	fields[9] = make([]byte, uplink.MaxMessage)
	b, err := cbor.Marshal(fields)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestBatchesOverHTTPS(t *testing.T) {
	stories := map[string]struct {
		id, secret string
		prepare    func(*ward)
		body       func(t *testing.T) []byte
		wantStatus int
		wantText   string
	}{
		"two messages":      {string(home), secret, nil, func(t *testing.T) []byte { t.Helper(); return append(message(t, 1, nil), message(t, 2, nil)...) }, 202, `"refused":[]`},
		"wrong secret":      {string(home), "guess", nil, func(*testing.T) []byte { return nil }, 401, "wrong secret"},
		"gate away":         {string(home), secret, func(w *ward) { w.gateDown = true }, func(*testing.T) []byte { return nil }, 503, "send it again"},
		"not a sequence":    {string(home), secret, nil, func(*testing.T) []byte { return []byte{0xff, 0x01} }, 400, "malformed"},
		"journal away":      {string(home), secret, func(w *ward) { w.journalDown = true }, func(t *testing.T) []byte { t.Helper(); return message(t, 1, nil) }, 503, "0 of 1 messages received"},
		"fifty megabytes":   {string(home), secret, nil, func(*testing.T) []byte { return make([]byte, 50<<20) }, 413, "larger than"},
		"one bad, one good": {string(home), secret, nil, func(t *testing.T) []byte { t.Helper(); return append([]byte{0x01}, message(t, 1, nil)...) }, 202, `"code":"malformed"`},
		"one too large": {
			string(home), secret, nil, func(t *testing.T) []byte { t.Helper(); return oversized(t, 5) }, 202,
			`"device":"a09e1a000001","stream":7,"seq":5,"code":"too_large","reason":"message of `,
		},
		"too many messages": {string(home), secret, nil, func(*testing.T) []byte { return make([]byte, uplink.MaxSequence+1) }, 413, "more than 1000 messages"},
		"a device of nobody": {string(home), secret, nil, func(t *testing.T) []byte {
			t.Helper()
			return message(t, 1, func(m *uplink.Message) { m.Batch.Device = stray })
		}, 202, "was bound to nobody"},
	}
	for name, story := range stories {
		t.Run(name, func(t *testing.T) {
			w := newWard()
			if story.prepare != nil {
				story.prepare(w)
			}
			server := httptest.NewServer(w.handler().Batches())
			defer server.Close()
			status, answer, header := post(t, server.URL, story.id, story.secret, story.body(t))
			if status != story.wantStatus || !strings.Contains(answer, story.wantText) {
				t.Errorf("answer %d %s, want %d with %q", status, answer, story.wantStatus, story.wantText)
			}
			if status == 503 && header.Get("Retry-After") == "" {
				t.Error("503 without Retry-After")
			}
		})
	}
	http.DefaultClient.CloseIdleConnections()
}

// What stands behind a message that the journal did not confirm may be stored when it is sent again, and is not looked
// at then.
func TestWhatIsRefusedOfABodyIsKeptAsideThoughAMessageBeforeWasNotTaken(t *testing.T) {
	w := newWard()
	w.unconfirmed = 1
	server := httptest.NewServer(w.handler().Batches())
	defer server.Close()
	body := append(message(t, 1, nil), message(t, 2, func(m *uplink.Message) {
		m.Batch.Readings = append(m.Batch.Readings, reading(vitals.HeartRate, 412, noon))
	})...)
	if status, said, _ := post(t, server.URL, string(home), secret, body); status != http.StatusServiceUnavailable || !strings.Contains(said, "0 of 2") {
		t.Errorf("%d %s", status, said)
	}
	if _, aside := w.seen(); len(aside) != 1 || aside[0].Seq != 2 {
		t.Errorf("kept aside: %+v", aside)
	}
}

func TestTheHTTPSAnswerTellsThePosition(t *testing.T) {
	w := newWard()
	h := w.handler()
	server := httptest.NewServer(h.Batches())
	defer server.Close()
	defer http.DefaultClient.CloseIdleConnections()
	post(t, server.URL, string(home), secret, append(message(t, 1, nil), message(t, 2, nil)...))
	w.storeAll(h)
	_, answer, _ := post(t, server.URL, string(home), secret, nil)
	var got struct {
		Stored []struct {
			Device string
			Upto   uint64
		}
	}
	if err := json.Unmarshal([]byte(answer), &got); err != nil || len(got.Stored) != 1 || got.Stored[0].Upto != 2 {
		t.Errorf("answer %s, want stored up to 2", answer)
	}
}

func openSocket(t *testing.T, url, password string, header http.Header) (*websocket.Conn, int) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.SetBasicAuth(string(home), password)
	if header == nil {
		header = http.Header{}
	}
	header.Set("Authorization", r.Header.Get("Authorization"))
	conn, res, err := websocket.DefaultDialer.DialContext(t.Context(), "ws"+strings.TrimPrefix(url, "http"), header)
	if res != nil {
		_ = res.Body.Close()
	}
	if err != nil {
		return nil, res.StatusCode
	}
	return conn, res.StatusCode
}

// onSocket is the hub on a WebSocket door of its own.
func onSocket(t *testing.T, h *ingest.Handler) *websocket.Conn {
	t.Helper()
	door := ingest.NewSocket(h)
	server := httptest.NewServer(door)
	t.Cleanup(server.Close)
	t.Cleanup(door.Close)
	conn, status := openSocket(t, server.URL, secret, nil)
	if conn == nil {
		t.Fatalf("not let in: %d", status)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

func down(t *testing.T, conn *websocket.Conn) uplink.Down {
	t.Helper()
	_ = conn.SetReadDeadline(time.Now().Add(patience))
	_, frame, err := conn.ReadMessage()
	if err != nil {
		t.Fatal(err)
	}
	d, err := uplink.DecodeDown(frame)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestAHubOnAWebSocket(t *testing.T) {
	w := newWard()
	h := w.handler()
	w.set(func() { w.storeLocked(vitals.Stream{Hub: home, Device: strap, Epoch: 7}, 1) })
	door := ingest.NewSocket(h)
	server := httptest.NewServer(door)
	defer server.Close()
	defer door.Close()

	if _, status := openSocket(t, server.URL, "guess", nil); status != 401 {
		t.Errorf("wrong secret: %d, want 401", status)
	}
	if _, status := openSocket(t, server.URL, secret, http.Header{"Origin": {"https://evil.example"}}); status != 403 {
		t.Errorf("a web page: %d, want 403", status)
	}
	conn, _ := openSocket(t, server.URL, secret, nil)
	defer func() { _ = conn.Close() }()
	if d := down(t, conn); d.Ack == nil || d.Ack.Positions[0].Upto != 1 {
		t.Fatalf("first frame %+v, want the position", d)
	}
	if err := conn.WriteMessage(websocket.BinaryMessage, []byte("hello")); err != nil {
		t.Fatal(err)
	}
	if d := down(t, conn); d.Nack == nil || d.Nack.Code != uplink.CodeMalformed {
		t.Fatalf("frame %+v, want a nack", d)
	}
	if err := conn.WriteMessage(websocket.BinaryMessage, message(t, 2, nil)); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(patience); ; {
		if published, _ := w.seen(); len(published) == 1 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("not charted")
		}
	}
	w.storeAll(h)
	if d := down(t, conn); d.Ack == nil || d.Ack.Positions[0].Upto != 2 {
		t.Fatalf("frame %+v, want the ack up to 2", d)
	}
}

func TestAHubIsHeardThoughTheDatabaseSaysNothingAtAll(t *testing.T) {
	stories := map[string]func(t *testing.T, h *ingest.Handler){
		"over MQTT": func(t *testing.T, h *ingest.Handler) {
			t.Helper()
			connect(t, listen(t, h)).publish(t, uplink.UpTopic(home, uplink.Observations), message(t, 1, nil))
		},
		"over WebSocket": func(t *testing.T, h *ingest.Handler) {
			t.Helper()
			conn := onSocket(t, h)
			if err := conn.WriteMessage(websocket.BinaryMessage, message(t, 1, nil)); err != nil {
				t.Fatal(err)
			}
		},
		"over HTTPS": func(t *testing.T, h *ingest.Handler) {
			t.Helper()
			server := httptest.NewServer(h.Batches())
			t.Cleanup(server.Close)
			t.Cleanup(http.DefaultClient.CloseIdleConnections)
			if status, said, _ := post(t, server.URL, string(home), secret, message(t, 1, nil)); status != http.StatusAccepted {
				t.Errorf("%d %s", status, said)
			}
		},
	}
	for name, send := range stories {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWard()
			w.silent = true
			sent := time.Now()
			send(t, w.handler())
			const soon = 3 * patience
			for {
				if published, _ := w.seen(); len(published) == 1 {
					break
				}
				if time.Since(sent) > soon {
					t.Fatal("what the hub sent is not in the journal")
				}
			}
		})
	}
}

func TestTheWebSocketDoorClosesThoughTheDatabaseSaysNothingAtAll(t *testing.T) {
	w := newWard()
	door := ingest.NewSocket(w.handler())
	server := httptest.NewServer(door)
	defer server.Close()
	conn, _ := openSocket(t, server.URL, secret, nil)
	defer func() { _ = conn.Close() }()
	down(t, conn) // it is connected
	asked := make(chan struct{})
	w.set(func() { w.silent, w.asked = true, asked })
	if err := conn.WriteMessage(websocket.BinaryMessage, []byte("hello")); err != nil {
		t.Fatal(err)
	}
	<-asked // to keep it aside
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		door.Close()
	}()
	select {
	case <-closed:
	case <-time.After(patience):
		t.Fatal("the door waits for the database")
	}
}
