package ingest_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/eclipse/paho.golang/paho"
	"github.com/samber/lo"

	"vigil/devices"
	"vigil/devices/gateway"
	"vigil/devices/uplink"
	"vigil/server/ingest"
	"vigil/vitals"
)

const button vitals.DeviceID = "d43a2c000003"

func relayWard() *ward {
	w := newWard()
	w.bindings = append(w.bindings, vitals.Binding{Device: button, Patient: patient, From: noon.Add(-time.Hour)})
	return w
}

func TestARelayIsHeardOnItsOwnTopicsOnly(t *testing.T) {
	stories := map[string]struct {
		user, topic, payload string
		code                 byte
		published            int
		quarantined          int
	}{
		"a press of the button that the patient wears": {
			user: "theengs", topic: "home/theengs/BTtoMQTT/D43A2C000003", published: 1,
			payload: `{"id":"D4:3A:2C:00:00:03","model_id":"SBBT-002C","button":1}`,
		},
		"an address that the payload shortens": {
			user: "theengs", topic: "home/theengs/BTtoMQTT/D43A2C000003", published: 1, payload: `{"id":"D4:3A:2C","batt":80}`,
		},
		"the neighbours' thermometer is no business of ours": {
			user: "theengs", topic: "home/theengs/BTtoMQTT/F35285000001", payload: `{"id":"F3:52:85:00:00:01","batt":80}`,
		},
		"a status": {user: "theengs", topic: "home/theengs/SYStoMQTT", payload: `{"uptime":12}`},
		"an array of Minew's": {
			user: "minew", topic: "/gw/minew/status", published: 1,
			payload: `[{"type":"Gateway","mac":"AC233FC00001"},{"type":"S1","mac":"D43A2C000003","battery":50,"timestamp":"2026-03-01T11:59:59Z"}]`,
		},
		"a part that cannot be read is kept for the staff": {
			user: "minew", topic: "/gw/minew/status", code: 0x99, quarantined: 1,
			payload: `[{"type":"S1","mac":"D43A2C000003","battery":500}]`,
		},
		"what is no JSON is refused with the reason": {
			user: "theengs", topic: "home/theengs/BTtoMQTT/D43A2C000003", payload: "hello", code: 0x99, quarantined: 1,
		},
		"another gateway's topic": {user: "theengs", topic: "home/other/BTtoMQTT/D43A2C000003", payload: `{}`, code: 0x87},
		"a hub's topic":           {user: "theengs", topic: uplink.AckTopic(home), payload: `{}`, code: 0x87},
	}
	for name, story := range stories {
		t.Run(name, func(t *testing.T) {
			w := relayWard()
			addr := listen(t, w.handler())
			client, err := dial(t, addr, credentials{client: story.user, user: story.user, secret: secret})
			if err != nil {
				t.Fatal(err)
			}
			code, reason := client.publish(t, story.topic, []byte(story.payload))
			if code != story.code || code == 0x99 && reason == "" {
				t.Errorf("code %#x, reason %q", code, reason)
			}
			published, quarantined := w.seen()
			if len(published) != story.published || len(quarantined) != story.quarantined {
				t.Fatalf("%d published, %d in quarantine", len(published), len(quarantined))
			}
			for _, d := range published {
				if d.Patient != patient || d.Batch.Device != button || d.Stream.Hub != "" {
					t.Errorf("%+v", d)
				}
			}
		})
	}
}

func TestARelayIsLetInByItsSecretUnderItsOwnName(t *testing.T) {
	w := relayWard()
	addr := listen(t, w.handler())
	stories := map[string]struct {
		credentials
		in bool
	}{
		"its own name":                {credentials{client: "theengs", user: "theengs", secret: secret}, true},
		"no name":                     {credentials{user: "theengs", secret: secret}, true},
		"its last will, kept":         {credentials{client: "theengs", user: "theengs", secret: secret, will: "home/theengs/LWT"}, true},
		"the name of a hub":           {credentials{client: string(home), user: "theengs", secret: secret}, false},
		"a wrong secret":              {credentials{client: "theengs", user: "theengs", secret: "wrong"}, false},
		"a cloud that does not relay": {credentials{client: "tenovi", user: "tenovi", secret: secret}, false},
		"a will in another's name":    {credentials{client: "theengs", user: "theengs", secret: secret, will: "home/other/LWT"}, false},
	}
	for name, story := range stories {
		t.Run(name, func(t *testing.T) {
			client, err := dial(t, addr, story.credentials)
			if (err == nil) != story.in {
				t.Fatalf("let in: %v", err)
			}
			if err == nil {
				if code := client.subscribe(t, uplink.AckTopic(home)); code < 0x80 {
					t.Errorf("it may listen to a hub: %#x", code)
				}
			}
		})
	}
}

// Behind a balancer or a router all come from the same few ports.
func TestAHubThatComesFromWhereARelayJustWasIsAHub(t *testing.T) {
	w := relayWard()
	held, release := make(chan struct{}), make(chan struct{})
	w.taking = func() {
		close(held)
		<-release
	}
	addr := listen(t, w.handler())
	balancer := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 77)} // of which nobody else takes a port in between
	relay, err := dialFrom(t, balancer, addr, credentials{client: "theengs", user: "theengs", secret: secret})
	if err != nil {
		t.Fatal(err)
	}
	var publishing sync.WaitGroup
	defer publishing.Wait()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	publishing.Go(func() {
		_, _ = relay.client.Publish(ctx, &paho.Publish{
			Topic: "home/theengs/BTtoMQTT/D43A2C000003", QoS: 1, Payload: []byte(`{"id":"D4:3A:2C:00:00:03","model_id":"SBBT-002C","button":1}`),
		})
	})
	defer close(release)
	<-held // the server has not noticed that the relay is gone
	from := relay.conn.LocalAddr()
	if err := errors.Join(relay.conn.(*net.TCPConn).SetLinger(0), relay.conn.Close()); err != nil {
		t.Fatal(err)
	}
	h, err := dialFrom(t, from, addr, credentials{client: string(home), user: string(home), secret: secret})
	if err != nil {
		t.Fatal(err)
	}
	if code := h.subscribe(t, uplink.AckTopic(home)); code >= 0x80 {
		t.Errorf("the hub may not hear its acks: %#x", code)
	}
}

// MQTT 3.1.1 has one confirmation, which means that the message is taken. A gateway that gets none sends again.
func TestARelayOnMQTT311IsNotToldThatAPressWasTakenWhenItWasNot(t *testing.T) {
	for name, story := range map[string]struct {
		breaks    func(*ward)
		confirmed bool
	}{
		"all is well":          {func(*ward) {}, true},
		"the journal is away":  {func(w *ward) { w.journalDown = true }, false},
		"the database is away": {func(w *ward) { w.storeDown = true }, true},
	} {
		t.Run(name, func(t *testing.T) {
			w := relayWard()
			h := w.handler()
			conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", listen(t, h).String())
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = conn.Close() }()
			if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
				t.Fatal(err)
			}
			text := func(s string) string { return string([]byte{0, byte(len(s))}) + s }
			ask := func(kind byte, body string) (answer [4]byte, err error) {
				if _, err := conn.Write(append([]byte{kind, byte(len(body))}, body...)); err != nil {
					t.Fatal(err)
				}
				_, err = io.ReadFull(conn, answer[:])
				return answer, err
			}
			const connect, cleanWithSecret, publishOnce = 0x10, "\xc2", 0x32
			if hello, err := ask(connect, text("MQTT")+"\x04"+cleanWithSecret+"\x00\x1e"+text("theengs")+text("theengs")+text(secret)); err != nil || hello[3] != 0 {
				t.Fatalf("%x, %v", hello, err)
			}
			press := func() ([4]byte, error) {
				return ask(publishOnce, text("home/theengs/BTtoMQTT/D43A2C000003")+"\x00\x07"+`{"id":"D4:3A:2C:00:00:03","model_id":"SBBT-002C","button":1}`)
			}
			if _, err := press(); err != nil { // whose button it is is known from now on
				t.Fatal(err)
			}
			w.set(func() { story.breaks(w) })
			if puback, err := press(); (err == nil) != story.confirmed {
				t.Errorf("%x, %v", puback, err)
			}
			if published, _ := w.seen(); len(published) != lo.Ternary(story.confirmed, 2, 1) {
				t.Errorf("%d presses are published", len(published))
			}
		})
	}
}

func TestACallForHelpBehindANeighboursIsHeardWhileTheDatabaseIsAway(t *testing.T) {
	w := relayWard()
	h := w.handler()
	source, _ := gateway.Lookup("minew")
	relay := func(payload string) error {
		parts, err := source.Read(devices.Frame{Received: noon, Bytes: []byte(payload)})
		if err != nil {
			t.Fatal(err)
		}
		return h.Relay(t.Context(), "minew", parts, false)
	}
	const ours, neighbours = `{"type":"S1","mac":"D43A2C000003","battery":50}`, `{"type":"S1","mac":"AC233F000009","battery":50}`
	if err := relay("[" + ours + "]"); err != nil {
		t.Fatal(err)
	}
	w.set(func() { w.storeDown = true })
	h.CensusChanged() // the bindings are asked for again
	const unreadable = `{"type":"S1","mac":"D43A2C000003","battery":500}`
	if err := relay("[" + strings.Join([]string{neighbours, unreadable, ours}, ",") + "]"); !errors.Is(err, ingest.ErrUnavailable) {
		t.Errorf("%v", err)
	}
	if published, _ := w.seen(); len(published) != 2 {
		t.Errorf("%d are published", len(published))
	}
}

func TestAGatewayThatHoldsConnectionsIsMissedWhenItIsSilent(t *testing.T) {
	w := relayWard()
	h := w.handler()
	source, _ := gateway.Lookup("json")
	send := func() {
		parts, err := source.Read(devices.Frame{Device: button, Received: noon, Bytes: []byte(
			`{"readings":[{"kind":"heart_rate","value":72,"unit":"/min","time":"2026-03-01T12:00:00Z"}]}`)})
		if err == nil {
			err = h.Relay(t.Context(), "cassia", parts, true)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	send()
	send()
	published, _ := w.seen()
	if len(published) != 2 || published[0].Stream.Hub != "cassia" || published[0].Seq != 1 || published[1].Seq != 2 ||
		published[0].Stream != published[1].Stream {
		t.Errorf("%+v", published)
	}
	w.set(func() { w.journalDown = true })
	parts, _ := source.Read(devices.Frame{Device: button, Received: noon, Bytes: []byte(`{"events":[{"code":"sos","time":"2026-03-01T12:00:00Z"}]}`)})
	if err := h.Relay(t.Context(), "cassia", parts, true); !errors.Is(err, ingest.ErrUnavailable) {
		t.Errorf("what was not taken was answered with %v", err)
	}
}

func TestARelayThatPostsIsHeardAsOneThatPublishes(t *testing.T) {
	w := relayWard()
	answer := hook(w.handler().Webhooks(&registry{}), "minew", "Bearer right",
		`[{"type":"Gateway","mac":"AC233FC00001"},{"type":"S1","mac":"D43A2C000003","battery":50},{"type":"S1","mac":"AC233F000009","battery":50}]`)
	if got := told(t, answer); answer.Code != http.StatusOK || got.Passed != 2 {
		t.Errorf("%d %+v", answer.Code, got)
	}
	if published, quarantined := w.seen(); len(published) != 1 || len(quarantined) != 0 {
		t.Errorf("%d published, %d of the neighbours' kept", len(published), len(quarantined))
	}
}
