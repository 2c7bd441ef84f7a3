package ingest_test

import (
	"bytes"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fxamacker/cbor/v2"
	"github.com/gorilla/websocket"

	"vigil/devices/uplink"
	"vigil/server/ingest"
	"vigil/vitals"
)

// mixed is the message of a hub with ten good heart rates, one of them twice, and one each of what is refused: of a kind
// that is not known, out of range, not a number, of a time before anybody wore the strap, and of the future.
func mixed(t *testing.T, seq uint64) []byte {
	t.Helper()
	type item = map[int]any
	at := func(rate, second int) item {
		return item{1: 147842, 2: rate, 3: 0, 4: 264864, 6: noon.Add(time.Duration(second) * time.Second).UnixMicro()}
	}
	with := func(i item, key int, value any) item { i[key] = value; return i }
	items := []item{
		at(70, -7200), at(70, -9), with(at(71, -8), 1, 99), at(71, -8), at(412, -8), at(72, -7), at(73, -6), with(at(0, -6), 2, "high"),
		at(74, -5), at(75, -4), at(76, -3), at(76, 3600), at(77, -2), at(78, -1), at(79, 0), at(79, 0),
	}
	b, err := cbor.Marshal(item{
		0: 1, 1: 7, 2: seq, 3: noon.UnixMicro(), 4: item{0: 1}, 5: 1, 6: []byte{0xa0, 0x9e, 0x1a, 0, 0, 1}, 7: items,
	})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// refusedOfMixed is what the hub is told of it.
const refusedOfMixed = "reading 0: heart_rate at 2026-03-01T10:00:00Z: the device was not bound to the patient of the rest then; " +
	"reading 2: code 99 is not one that Vigil measures: malformed; " +
	"reading 4: heart_rate 412 beats/minute is outside 20 to 300: implausible value; " +
	"reading 7: UTF-8 text string cannot stand in field 2: malformed; " +
	"reading 11: heart_rate at 2026-03-01T13:00:00Z is more than 5m0s ahead of the server"

// A hub never sends again what is refused, and never stops to send what is neither refused nor stored.
func TestABadValueInAHubsMessageCostsNoOtherAtAnyDoor(t *testing.T) {
	doors := map[string]func(*testing.T, *ingest.Handler) (send func([]byte) (refused []uplink.Nack)){
		"MQTT": func(t *testing.T, h *ingest.Handler) func([]byte) []uplink.Nack {
			t.Helper()
			c := connect(t, listen(t, h))
			c.subscribe(t, uplink.NackTopic(home))
			return func(payload []byte) []uplink.Nack {
				if code, _ := c.publish(t, uplink.UpTopic(home, uplink.Observations), payload); code != 0 && code != 0x99 {
					t.Errorf("PUBACK %#x", code)
				}
				return untilTold(t, func() uplink.Nack {
					n, err := uplink.DecodeNack(c.down(t).Payload)
					if err != nil {
						t.Fatal(err)
					}
					return n
				})
			}
		},
		"WebSocket": func(t *testing.T, h *ingest.Handler) func([]byte) []uplink.Nack {
			t.Helper()
			conn := onSocket(t, h)
			return func(payload []byte) []uplink.Nack {
				if err := conn.WriteMessage(websocket.BinaryMessage, payload); err != nil {
					t.Fatal(err)
				}
				return untilTold(t, func() uplink.Nack {
					for {
						if d := down(t, conn); d.Nack != nil {
							return *d.Nack
						}
					}
				})
			}
		},
		"HTTPS": func(t *testing.T, h *ingest.Handler) func([]byte) []uplink.Nack {
			t.Helper()
			return func(payload []byte) []uplink.Nack {
				request := httptest.NewRequest("POST", "/", bytes.NewReader(payload))
				request.SetBasicAuth(string(home), secret)
				answer := httptest.NewRecorder()
				h.Batches().ServeHTTP(answer, request)
				frames, err := uplink.Split(answer.Body.Bytes())
				if err != nil || answer.Code != 202 {
					t.Fatalf("%d %v", answer.Code, err)
				}
				var all []uplink.Nack
				for _, frame := range frames {
					if d, err := uplink.DecodeDown(frame); err != nil || d.Nack != nil {
						all = append(all, *d.Nack)
					}
				}
				return all
			}
		},
	}
	for name, open := range doors {
		t.Run(name, func(t *testing.T) {
			w := newWard()
			h := w.handler()
			send := open(t, h)
			var reasons []string
			for _, n := range send(mixed(t, 1)) {
				reasons = append(reasons, n.Reason)
				if n.Code != uplink.CodeUnbound || !n.Kept || n.Seq != 1 {
					t.Errorf("%+v", n)
				}
			}
			if got := strings.Join(reasons, "; "); got != refusedOfMixed {
				t.Errorf("told %q", got)
			}
			published, aside := w.seen()
			if len(published) != 1 || len(aside) != 1 || aside[0].Reason != refusedOfMixed || aside[0].Whole {
				t.Fatalf("%d published, aside %+v", len(published), aside)
			}
			if got := rates(published[0].Batch); got != "70 71 72 73 74 75 76 77 78 79 79" {
				t.Errorf("charted %s", got)
			}
			stranger := message(t, 1, func(m *uplink.Message) { m.Batch.Device = stray })
			if n := send(stranger); len(n) != 1 || n[0].Code != uplink.CodeUnbound || n[0].Kept || n[0].Device != stray {
				t.Errorf("of a device of nobody: %+v", n)
			}
			w.storeAll(h)
			if upto, err := w.Positions(t.Context(), home); err != nil || len(upto) != 2 || upto[0].Upto != 1 || upto[1].Upto != 1 {
				t.Errorf("the hub may forget %+v, %v", upto, err)
			}
			if nack, err := h.Receive(t.Context(), home, mixed(t, 1)); nack != nil || err != nil {
				t.Errorf("the second time: %+v, %v", nack, err)
			}
			if published, _ := w.seen(); len(published) != 1 || h.Counts().Partial != 1 || h.Counts().Duplicates != 1 {
				t.Errorf("%d published after the second time, %+v", len(published), h.Counts())
			}
		})
	}
}

// untilTold hears the nacks of a message: all that is wrong with the mixed one, or the one reason that there is.
func untilTold(t *testing.T, hear func() uplink.Nack) (all []uplink.Nack) {
	t.Helper()
	for {
		n := hear()
		all = append(all, n)
		if !n.Kept || strings.HasSuffix(refusedOfMixed, n.Reason) {
			return all
		}
	}
}

func rates(b vitals.Batch) string {
	var all []string
	for _, r := range b.Readings {
		all = append(all, r.Value.String())
	}
	return strings.Join(all, " ")
}

// What was measured while somebody else wore the device is theirs, whatever stands beside it.
func TestAMessageAcrossAChangeOfPatientsIsChartedForOne(t *testing.T) {
	w := newWard()
	w.bindings = []vitals.Binding{
		{Device: strap, Patient: "before", From: noon.Add(-time.Hour), Until: noon},
		{Device: strap, Patient: "now", From: noon},
	}
	h := w.handler()
	nack, err := h.Receive(t.Context(), home, message(t, 1, func(m *uplink.Message) {
		m.Batch.Readings = []vitals.Reading{
			reading(vitals.HeartRate, 70, noon.Add(-2*time.Second)), reading(vitals.HeartRate, 71, noon.Add(-time.Second)), reading(vitals.HeartRate, 72, noon),
		}
	}))
	if err != nil || nack == nil || nack.Code != uplink.CodeUnbound || !nack.Kept || !strings.HasPrefix(nack.Reason, "reading 2: heart_rate at 2026-03-01T12:00:00Z: the device was not bound") {
		t.Errorf("%+v, %v", nack, err)
	}
	if published, _ := w.seen(); len(published) != 1 || published[0].Patient != "before" || rates(published[0].Batch) != "70 71" {
		t.Errorf("%+v", published)
	}
}

// A clock that was reset takes one reading to a time at which nobody wore the strap, before the good ones.
func TestAReadingOfNobodysTimeIsHeardToHaveBeenRefusedWhileTheDatabaseIsAway(t *testing.T) {
	w := newWard()
	h := w.handler()
	send(t, h, message(t, 1, nil), nil) // the bindings are known now
	w.set(func() { w.storeDown = true })
	half := message(t, 2, func(m *uplink.Message) {
		m.Batch.Readings = []vitals.Reading{reading(vitals.HeartRate, 30, time.UnixMicro(0)), reading(vitals.HeartRate, 30, noon)}
	})
	if nack, err := h.Receive(t.Context(), home, half); nack != nil || err == nil {
		t.Errorf("what is refused is not kept: %+v, %v", nack, err)
	}
	if published, _ := w.seen(); len(published) != 2 || rates(published[1].Batch) != "30" {
		t.Errorf("the alarm waits for the database: %+v", published)
	}
}

func TestABodyThatBreaksOffIsTakenUpToThere(t *testing.T) {
	w := newWard()
	server := httptest.NewServer(w.handler().Batches())
	defer server.Close()
	null := []byte{0xa1, 0x07, 0xf6} // a message that nobody can name
	body := slices.Concat(message(t, 1, nil), null, message(t, 2, nil))
	status, said, _ := post(t, server.URL, string(home), secret, body)
	if status != 202 || !strings.Contains(said, `"code":"malformed","reason":"message 2 of the sequence: `) {
		t.Errorf("%d %s", status, said)
	}
	status, said, _ = post(t, server.URL, string(home), secret, append(body, message(t, 3, nil)[:20]...))
	if status != 400 || !strings.Contains(said, "message 4 of the sequence: the bytes end too early: malformed; the 3 before it were received") {
		t.Errorf("%d %s", status, said)
	}
	published, aside := w.seen()
	if len(published) != 4 || len(aside) != 3 || !bytes.Equal(aside[2].Payload, message(t, 3, nil)[:20]) {
		t.Errorf("%d published, %d aside", len(published), len(aside))
	}
}

// Each sample of a flat line takes a bit on the way to the server, and two bytes in the journal.
func TestNoDeliveryIsLargerThanTheJournalTakes(t *testing.T) {
	w := clinicWard()
	h := w.handler()
	flat := vitals.Waveform{Kind: vitals.ECG, Rate: vitals.Rate{Num: 250, Den: 1}, Scale: vitals.Int(1), Samples: make([]int16, 65_000)}
	var deposits []vitals.Deposit
	for i := range 10 {
		piece := flat
		piece.Start = noon.Add(time.Duration(i-20) * time.Minute)
		d := deposit(strap, reading(vitals.HeartRate, 72, piece.Start))
		d.Batch.Waveforms = []vitals.Waveform{piece}
		d.Batch.Events = []vitals.Event{{Code: vitals.SOS, Time: noon}}
		deposits = append(deposits, d)
	}
	answers, err := h.Deposit(t.Context(), deposits, true)
	if err != nil || len(answers) != 10 {
		t.Fatal(err)
	}
	published, _ := w.seen()
	waves, readings := 0, 0
	for i, d := range published {
		if n := len(d.Batch.Waveforms); n > 4 || (len(d.Batch.Events) > 0) != (i == 0) {
			t.Errorf("delivery %d has %d waveforms of 130 kB, and %d calls", i, n, len(d.Batch.Events))
		}
		waves, readings = waves+len(d.Batch.Waveforms), readings+len(d.Batch.Readings)
	}
	if waves != 10 || readings != 10 || w.settled[patient] != uint64(len(published)) {
		t.Errorf("%d waveforms, %d readings, settled %v", waves, readings, w.settled)
	}
}
