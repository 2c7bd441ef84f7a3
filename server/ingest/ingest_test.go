package ingest_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"vigil/devices/uplink"
	"vigil/server/ingest"
	"vigil/vitals"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	home    vitals.HubID     = "home-1"
	secret                   = "right"
	strap   vitals.DeviceID  = "a09e1a000001"
	stray   vitals.DeviceID  = "a09e1a0000ff"
	foreign vitals.DeviceID  = "a09e1a0000fe" // registered to another hub
	patient vitals.PatientID = "p1"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// ward is a hospital in memory: a store, a journal and a gate, each of which can be broken.
type ward struct {
	mu          sync.Mutex
	published   []vitals.Delivery
	quarantined []vitals.Refusal
	progress    map[vitals.Stream]*vitals.Progress
	online      map[vitals.HubID]bool
	last        map[vitals.HubID]time.Time // when it was noted last whether it is online
	touches     int
	lost        int // connections
	bindings    []vitals.Binding
	settled     map[vitals.PatientID]uint64
	receipts    map[string]string
	looked      func()        // runs while positions are looked up
	checking    func()        // runs before a hub's secret is checked
	taking      func()        // runs before the journal takes something
	silent      bool          // the database takes questions and answers none
	asked       chan struct{} // told of each of these; may be nil
	confirming  chan struct{} // nothing that was begun is confirmed before it is closed; nil: at once
	unconfirmed uint64        // number of a message that the journal has, and does not confirm
	hangs       bool          // the journal says nothing of what is begun
	unsaid      []func(error) // who is to be told
	storeDown   bool
	journalDown bool
	gateDown    bool
}

var errDown = errors.New("down")

func newWard() *ward {
	return &ward{
		progress: map[vitals.Stream]*vitals.Progress{}, online: map[vitals.HubID]bool{}, last: map[vitals.HubID]time.Time{}, settled: map[vitals.PatientID]uint64{}, receipts: map[string]string{},
		bindings: []vitals.Binding{
			{Device: strap, Patient: patient, From: noon.Add(-time.Hour), Hub: home, Record: "4711"},
			{Device: foreign, Patient: patient, From: noon.Add(-time.Hour), Hub: "home-2"},
		},
	}
}

func (w *ward) Bindings(context.Context) ([]vitals.Binding, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.storeDown {
		return nil, errDown
	}
	return w.bindings, nil
}

// answers waits for as long as somebody who is not answered.
func (w *ward) answers(ctx context.Context) error {
	w.mu.Lock()
	silent, asked := w.silent, w.asked
	w.mu.Unlock()
	if silent {
		select {
		case asked <- struct{}{}:
		case <-ctx.Done():
		}
		<-ctx.Done()
	}
	return ctx.Err()
}

func (w *ward) Positions(ctx context.Context, hub vitals.HubID) ([]vitals.Position, error) {
	if err := w.answers(ctx); err != nil {
		return nil, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.looked != nil {
		defer w.looked()
	}
	var all []vitals.Position
	for s, p := range w.progress {
		if s.Hub == hub {
			all = append(all, vitals.Position{Stream: s, Upto: p.Upto})
		}
	}
	return all, nil
}

func (w *ward) Quarantine(ctx context.Context, r vitals.Refusal) (vitals.Position, error) {
	if err := w.answers(ctx); err != nil {
		return vitals.Position{}, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.storeDown {
		return vitals.Position{}, errDown
	}
	w.quarantined = append(w.quarantined, r)
	if !r.Whole {
		return vitals.Position{}, nil
	}
	return w.storeLocked(r.Stream, r.Seq), nil
}

func (w *ward) storeLocked(s vitals.Stream, seq uint64) vitals.Position {
	if w.progress[s] == nil {
		w.progress[s] = &vitals.Progress{}
	}
	w.progress[s].Add(vitals.Span{First: seq, Last: seq})
	return vitals.Position{Stream: s, Upto: w.progress[s].Upto}
}

func (w *ward) LoseHub(ctx context.Context, hub vitals.HubID, heard, at time.Time) error {
	w.mu.Lock()
	since := w.last[hub].After(heard)
	w.mu.Unlock()
	defer w.set(func() { w.lost++ })
	if since {
		return w.answers(ctx)
	}
	return w.TouchHub(ctx, hub, at, false)
}

func (w *ward) TouchHub(ctx context.Context, hub vitals.HubID, at time.Time, online bool) error {
	if err := w.answers(ctx); err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.touches++
	if !w.last[hub].After(at) { // else it is known better
		w.online[hub], w.last[hub] = online, at
	}
	return nil
}

func (w *ward) Publish(_ context.Context, d vitals.Delivery) error {
	w.mu.Lock()
	taking := w.taking
	w.mu.Unlock()
	if taking != nil {
		taking()
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.journalDown {
		return errDown
	}
	w.published = append(w.published, d)
	return nil
}

func (w *ward) Begin(d vitals.Delivery, arrived func(error)) (func(context.Context) error, error) {
	err := w.Publish(context.Background(), d)
	w.set(func() {
		if !w.hangs {
			arrived(err)
			return
		}
		w.unsaid = append(w.unsaid, arrived)
	})
	return func(ctx context.Context) error {
		if d.Seq == w.unconfirmed {
			return errDown
		}
		if w.confirming == nil {
			return err
		}
		select {
		case <-w.confirming:
			return err
		case <-ctx.Done():
			return ctx.Err()
		}
	}, nil
}

// Append is Publish; the place is counted from 1.
func (w *ward) Append(ctx context.Context, d vitals.Delivery) (vitals.Place, error) {
	if err := w.Publish(ctx, d); err != nil {
		return vitals.Place{}, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return vitals.Place{Journal: "journal-1", Seq: uint64(len(w.published))}, nil
}

// Settle notes up to where senders waited.
func (w *ward) Settle(_ context.Context, p vitals.PatientID, at vitals.Place) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.storeDown {
		return errDown
	}
	w.settled[p] = at.Seq
	return nil
}

func (w *ward) Receipts(_ context.Context, source vitals.HubID, names []string) (map[string]string, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	found := map[string]string{}
	for _, name := range names {
		if answer, there := w.receipts[string(source)+name]; there {
			found[name] = answer
		}
	}
	return found, nil
}

func (w *ward) SaveReceipts(_ context.Context, source vitals.HubID, answers map[string]string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	for name, answer := range answers {
		w.receipts[string(source)+name] = answer
	}
	return nil
}

// CheckHub lets a hub in again that it knows, as the desk does, where the database does not say.
func (w *ward) CheckHub(ctx context.Context, hub vitals.HubID, s string) error {
	if w.checking != nil {
		w.checking()
	}
	_ = w.answers(ctx)
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case w.gateDown:
		return errDown
	case hub != home || s != secret:
		return fmt.Errorf("check %s: %w", hub, vitals.ErrNotFound)
	}
	return nil
}

// storeAll is the checkpoint: all that was published becomes stored, and the hub is told.
func (w *ward) storeAll(h *ingest.Handler) {
	w.mu.Lock()
	latest := map[vitals.Stream]vitals.Position{}
	for _, d := range w.published {
		latest[d.Stream] = w.storeLocked(d.Stream, d.Seq)
	}
	w.mu.Unlock()
	for _, p := range latest {
		h.Stored([]vitals.Position{p})
	}
}

func (w *ward) set(f func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	f()
}

func (w *ward) seen() (published []vitals.Delivery, quarantined []vitals.Refusal) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]vitals.Delivery{}, w.published...), append([]vitals.Refusal{}, w.quarantined...)
}

func (w *ward) handler() *ingest.Handler {
	return ingest.New(ingest.Options{
		Store: w, Journal: w, Owner: w, Gate: w, Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return noon },
	})
}

func message(t *testing.T, seq uint64, change func(*uplink.Message)) []byte {
	t.Helper()
	m := uplink.Message{
		Stream: 7, Seq: seq, HubTime: noon,
		Batch: vitals.Batch{Device: strap, Readings: []vitals.Reading{{Kind: vitals.HeartRate, Time: noon, Value: vitals.Int(72)}}},
	}
	if change != nil {
		change(&m)
	}
	b, err := m.Encode()
	if err != nil {
		t.Fatalf("encode: %v", err)
	}
	return b
}

func reading(kind vitals.Kind, value int64, at time.Time) vitals.Reading {
	return vitals.Reading{Kind: kind, Value: vitals.Int(value), Time: at}
}

func TestBadInputIsRefusedWithAReasonAndNothingElseIsLost(t *testing.T) {
	lead := vitals.Waveform{Kind: vitals.ECG, Start: noon, Rate: vitals.Rate{Num: 250, Den: 1}, Scale: vitals.Int(1), Samples: []int16{1, 2, 3}}
	stories := map[string]struct {
		payload    func(t *testing.T) []byte
		wantNack   uplink.Nack
		wantKept   int // readings and waveforms that were charted all the same
		wantReason string
		countsAs   bool // the message counts as dealt with in its stream
	}{
		"bytes that are no CBOR": {
			payload:  func(*testing.T) []byte { return []byte("hello") },
			wantNack: uplink.Nack{Code: uplink.CodeMalformed},
		},
		"a message cut short": {
			payload:  func(t *testing.T) []byte { t.Helper(); m := message(t, 2, nil); return m[:len(m)-3] },
			wantNack: uplink.Nack{Code: uplink.CodeMalformed},
		},
		"bytes behind the message": {
			payload:  func(t *testing.T) []byte { t.Helper(); return append(message(t, 2, nil), 0) },
			wantNack: uplink.Nack{Code: uplink.CodeMalformed},
		},
		"a device that is bound to nobody": {
			payload: func(t *testing.T) []byte {
				t.Helper()
				return message(t, 2, func(m *uplink.Message) { m.Batch.Device = stray })
			},
			wantNack: uplink.Nack{Device: stray, Stream: 7, Seq: 2, Code: uplink.CodeUnbound, Reason: "device a09e1a0000ff was bound to nobody at 2026-03-01T12:00:00Z"},
			countsAs: true,
		},
		"a device that is bound now and was not at the first sample": {
			payload: func(t *testing.T) []byte {
				t.Helper()
				return message(t, 2, func(m *uplink.Message) { m.Batch.Readings[0].Time = noon.Add(-2 * time.Hour) })
			},
			wantNack: uplink.Nack{
				Device: strap, Stream: 7, Seq: 2, Code: uplink.CodeUnbound,
				Reason: "device a09e1a000001 was bound to nobody at 2026-03-01T10:00:00Z",
			},
			countsAs: true,
		},
		"a device that is registered to another hub": {
			payload: func(t *testing.T) []byte {
				t.Helper()
				return message(t, 2, func(m *uplink.Message) { m.Batch.Device = foreign })
			},
			wantNack: uplink.Nack{
				Device: foreign, Stream: 7, Seq: 2, Code: uplink.CodeUnbound, Reason: "device a09e1a0000fe belongs to another hub",
			},
			countsAs: true,
		},
		"a heart rate of 412 between two good readings": {
			payload: func(t *testing.T) []byte {
				t.Helper()
				return message(t, 2, func(m *uplink.Message) {
					m.Batch.Readings = []vitals.Reading{reading(vitals.HeartRate, 71, noon), reading(vitals.HeartRate, 412, noon), reading(vitals.HeartRate, 73, noon)}
				})
			},
			wantNack: uplink.Nack{
				Device: strap, Stream: 7, Seq: 2, Code: uplink.CodeImplausible, Kept: true,
				Reason: "reading 1: heart_rate 412 beats/minute is outside 20 to 300: implausible value",
			},
			wantKept: 2,
		},
		"an ECG far beyond what a body makes, beside a good reading": {
			payload: func(t *testing.T) []byte {
				t.Helper()
				return message(t, 2, func(m *uplink.Message) {
					wild := lead
					wild.Samples = []int16{1, 32000, 3}
					m.Batch.Waveforms = []vitals.Waveform{wild}
				})
			},
			wantNack: uplink.Nack{
				Device: strap, Stream: 7, Seq: 2, Code: uplink.CodeImplausible, Kept: true,
				Reason: "waveform 0: ecg sample 1 of 32000 µV is outside -20000 to 20000: implausible value",
			},
			wantKept: 1,
		},
		"a reading from ten minutes ahead": {
			payload: func(t *testing.T) []byte {
				t.Helper()
				return message(t, 2, func(m *uplink.Message) {
					m.Batch.Readings = append(m.Batch.Readings, reading(vitals.SpO2, 97, noon.Add(10*time.Minute)))
				})
			},
			wantNack: uplink.Nack{
				Device: strap, Stream: 7, Seq: 2, Code: uplink.CodeFuture, Kept: true,
				Reason: "reading 1: spo2 at 2026-03-01T12:10:00Z is more than 5m0s ahead of the server",
			},
			wantKept: 1,
		},
	}
	for name, story := range stories {
		t.Run(name, func(t *testing.T) {
			w := newWard()
			h := w.handler()
			payload := story.payload(t)
			send(t, h, message(t, 1, nil), nil)
			nack, err := h.Receive(t.Context(), home, payload)
			if err != nil {
				t.Fatalf("the sender is told to send again (%v), want a refusal", err)
			}
			send(t, h, message(t, 3, nil), nil)
			checkNack(t, nack, story.wantNack)

			published, quarantined := w.seen()
			if len(quarantined) != 1 || !bytes.Equal(quarantined[0].Payload, payload) {
				t.Fatalf("quarantine holds %d messages, want the refused one as it came", len(quarantined))
			}
			if quarantined[0].Whole != story.countsAs {
				t.Errorf("counts as dealt with = %v, want %v", quarantined[0].Whole, story.countsAs)
			}
			items := 0
			for _, d := range published {
				if d.Seq == 2 {
					items += len(d.Batch.Readings) + len(d.Batch.Waveforms)
				}
			}
			if items != story.wantKept {
				t.Errorf("%d items of the message were charted, want %d", items, story.wantKept)
			}
			if first, last := published[0].Seq, published[len(published)-1].Seq; first != 1 || last != 3 {
				t.Errorf("charted from %d to %d, want the messages before and after it too", first, last)
			}
		})
	}
}

func checkNack(t *testing.T, got *uplink.Nack, want uplink.Nack) {
	t.Helper()
	if got == nil {
		t.Fatal("no nack")
	}
	if want.Code == uplink.CodeMalformed {
		if got.Reason == "" {
			t.Error("a refusal without a reason")
		}
		want.Reason = got.Reason
	}
	if diff := cmp.Diff(want, *got); diff != "" {
		t.Errorf("nack (-want +got):\n%s", diff)
	}
}

func send(t *testing.T, h *ingest.Handler, payload []byte, want error) {
	t.Helper()
	nack, err := h.Receive(t.Context(), home, payload)
	if !errors.Is(err, want) {
		t.Fatalf("receive: %v, want %v", err, want)
	}
	if nack != nil {
		t.Fatalf("refused: %s", nack.Reason)
	}
}

func TestWhatTheServerCannotTakeIsSentAgain(t *testing.T) {
	stories := map[string]func(*ward){
		"the journal is away":  func(w *ward) { w.journalDown = true },
		"the database is away": func(w *ward) { w.storeDown = true },
	}
	for name, breakIt := range stories {
		t.Run(name, func(t *testing.T) {
			w := newWard()
			h := w.handler()
			w.set(func() { breakIt(w) })
			send(t, h, message(t, 1, nil), ingest.ErrUnavailable)
			w.set(func() { w.journalDown, w.storeDown = false, false })
			send(t, h, message(t, 1, nil), nil)
			if published, _ := w.seen(); len(published) != 1 {
				t.Errorf("%d messages charted, want 1", len(published))
			}
		})
	}
}

func TestAnUnboundDeviceDuringADatabaseOutageIsNotForgotten(t *testing.T) {
	w := newWard()
	h := w.handler()
	send(t, h, message(t, 1, nil), nil) // the bindings are known now
	w.set(func() { w.storeDown = true })
	stranger := message(t, 1, func(m *uplink.Message) { m.Batch.Device = stray })
	send(t, h, stranger, ingest.ErrUnavailable)
}

func TestABoundDeviceIsHeardWhileTheDatabaseIsAway(t *testing.T) {
	w := newWard()
	now := noon
	h := ingest.New(ingest.Options{
		Store: w, Journal: w, Gate: w, Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return now },
	})
	send(t, h, message(t, 1, nil), nil) // the bindings are known now
	w.set(func() { w.storeDown = true })
	for seq := range uint64(10) {
		now = now.Add(time.Minute)
		send(t, h, message(t, seq+2, nil), nil)
	}
	w.set(func() { w.storeDown, w.bindings[0].Until = false, noon.Add(time.Hour) })
	now = now.Add(time.Minute)
	late := func(m *uplink.Message) { m.Batch.Readings[0].Time = noon.Add(2 * time.Hour) }
	if nack, err := h.Receive(t.Context(), home, message(t, 12, late)); err != nil || nack == nil {
		t.Errorf("what became of the binding meanwhile is not known: %v, %v", nack, err)
	}
}

func TestADeviceThatWasBoundThisMomentIsHeard(t *testing.T) {
	w := newWard()
	w.set(func() { w.bindings = nil })
	h := w.handler()
	if nack, err := h.Receive(t.Context(), home, message(t, 1, nil)); err != nil || nack == nil {
		t.Fatalf("a device that nobody wears: %v, %v", nack, err)
	}
	w.set(func() { w.bindings = []vitals.Binding{{Device: strap, Patient: patient, From: noon}} })
	h.CensusChanged()
	send(t, h, message(t, 2, nil), nil)
}

func TestAMessageThatIsStoredAlreadyIsNotChartedTwice(t *testing.T) {
	w := newWard()
	h := w.handler()
	send(t, h, message(t, 1, nil), nil)
	w.storeAll(h)
	send(t, h, message(t, 1, nil), nil)
	if published, _ := w.seen(); len(published) != 1 {
		t.Errorf("%d messages charted, want 1", len(published))
	}
	if got := h.Counts(); got.Duplicates != 1 || got.Received != 1 {
		t.Errorf("counts = %+v, want one received and one duplicate", got)
	}
}

func TestABindingCountsByTheTimeOfTheSample(t *testing.T) {
	w := newWard()
	w.bindings = []vitals.Binding{
		{Device: strap, Patient: "before", From: noon.Add(-2 * time.Hour), Until: noon.Add(-time.Hour)},
		{Device: strap, Patient: "now", From: noon.Add(-time.Hour)},
	}
	h := w.handler()
	send(t, h, message(t, 1, func(m *uplink.Message) { m.Batch.Readings[0].Time = noon.Add(-90 * time.Minute) }), nil)
	send(t, h, message(t, 2, nil), nil)
	published, _ := w.seen()
	if published[0].Patient != "before" || published[1].Patient != "now" {
		t.Errorf("charted for %s and %s, want before and now", published[0].Patient, published[1].Patient)
	}
}

func TestAGapInTheSequenceKeepsTheAckBackUntilItIsFilled(t *testing.T) {
	w := newWard()
	h := w.handler()
	stream := vitals.Stream{Hub: home, Device: strap, Epoch: 7}
	upto := func() uint64 {
		positions, err := w.Positions(t.Context(), home)
		if err != nil || len(positions) != 1 || positions[0].Stream != stream {
			t.Fatalf("positions %+v, %v", positions, err)
		}
		return positions[0].Upto
	}
	send(t, h, message(t, 1, nil), nil)
	send(t, h, message(t, 3, nil), nil)
	w.storeAll(h)
	if got := upto(); got != 1 {
		t.Errorf("acknowledged up to %d while 2 is missing, want 1", got)
	}
	send(t, h, message(t, 2, nil), nil)
	w.storeAll(h)
	if got := upto(); got != 3 {
		t.Errorf("acknowledged up to %d after 2 came, want 3", got)
	}
	if published, _ := w.seen(); len(published) != 3 {
		t.Errorf("%d messages charted, want 3", len(published))
	}
}

func TestAReadingThatIsNotANumberIsChartedAsAbsent(t *testing.T) {
	w := newWard()
	h := w.handler()
	send(t, h, message(t, 1, func(m *uplink.Message) {
		m.Batch.Readings = []vitals.Reading{
			{Kind: vitals.SpO2, Time: noon, Absent: vitals.NotANumber},
			reading(vitals.PulseRate, 70, noon),
		}
	}), nil)
	published, quarantined := w.seen()
	if len(published) != 1 || len(published[0].Batch.Readings) != 2 || published[0].Batch.Readings[0].Absent != vitals.NotANumber {
		t.Errorf("charted %+v, want both readings, the first without a value", published)
	}
	if len(quarantined) != 0 {
		t.Errorf("%d messages in quarantine, want none: a sensor off the finger is no fault", len(quarantined))
	}
}

func TestAHubThatTalksIsNotedEveryHalfMinute(t *testing.T) {
	w := newWard()
	now := noon
	h := ingest.New(ingest.Options{
		Store: w, Journal: w, Gate: w, Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return now },
	})
	for seq := range uint64(121) {
		send(t, h, message(t, seq+1, func(m *uplink.Message) { m.Batch.Readings[0].Time = now }), nil)
		now = now.Add(time.Second)
	}
	if w.touches != 5 || !w.online[home] {
		t.Errorf("noted %d times in two minutes, online %v", w.touches, w.online[home])
	}
}

// A hub takes the first ack of a connection for all that the server knows, and sends everything else again.
func TestTheFirstAckOfAConnectionTellsAllPositions(t *testing.T) {
	w := newWard()
	h := w.handler()
	other := vitals.Stream{Hub: home, Device: strap, Epoch: 8}
	w.mu.Lock()
	w.storeLocked(vitals.Stream{Hub: home, Device: strap, Epoch: 7}, 1)
	w.storeLocked(other, 1)
	w.mu.Unlock()
	stop, hammering := make(chan struct{}), sync.WaitGroup{}
	for range 8 {
		hammering.Go(func() { // checkpoints of what the connection before had sent
			for {
				select {
				case <-stop:
					return
				default:
					h.Stored([]vitals.Position{{Stream: other, Upto: 1}})
				}
			}
		})
	}
	defer hammering.Wait()
	defer close(stop)
	for i := range 12_000 {
		told, leave := ingest.Join(t.Context(), h, home)
		leave()
		if first := told()[0]; len(first) != 2 {
			t.Fatalf("connection %d begins with the positions of %d streams", i, len(first))
		}
	}
}

func TestWhatIsStoredWhileAHubConnectsIsAcked(t *testing.T) {
	w := newWard()
	h := w.handler()
	known, fresh := vitals.Stream{Hub: home, Device: strap, Epoch: 7}, vitals.Stream{Hub: home, Device: strap, Epoch: 8}
	w.mu.Lock()
	w.storeLocked(known, 1)
	w.mu.Unlock()
	w.looked = func() { h.Stored([]vitals.Position{{Stream: known, Upto: 5}, {Stream: fresh, Upto: 3}}) }
	told, leave := ingest.Join(t.Context(), h, home)
	defer leave()
	got := map[vitals.Stream]uint64{}
	for _, p := range told()[0] {
		got[p.Stream] = p.Upto
	}
	if diff := cmp.Diff(map[vitals.Stream]uint64{known: 5, fresh: 3}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	// A database that was restored from a backup knows less, and what it says holds.
	w.looked = nil
	again, leaveAgain := ingest.Join(t.Context(), h, home)
	defer leaveAgain()
	if first := again()[0]; len(first) != 1 || first[0].Upto != 1 {
		t.Errorf("%+v", first)
	}
}

// A stream that began after the backup is not in the database that was restored from it, and the server goes on.
func TestAStreamThatARestoredDatabaseHasForgottenIsTakenAnew(t *testing.T) {
	connections := map[string]func(*testing.T, *ingest.Handler){
		"over MQTT": func(t *testing.T, h *ingest.Handler) {
			t.Helper()
			_, leave := ingest.Join(t.Context(), h, home)
			t.Cleanup(leave)
		},
		"over HTTPS": func(t *testing.T, h *ingest.Handler) {
			t.Helper()
			server := httptest.NewServer(h.Batches())
			t.Cleanup(server.Close)
			if status, said, _ := post(t, server.URL, string(home), secret, nil); status != http.StatusAccepted || strings.Contains(said, string(strap)) {
				t.Errorf("%d %s", status, said)
			}
		},
	}
	for name, connect := range connections {
		t.Run(name, func(t *testing.T) {
			w := newWard()
			h := w.handler()
			send(t, h, message(t, 1, nil), nil)
			w.storeAll(h)
			w.set(func() { w.progress, w.published = map[vitals.Stream]*vitals.Progress{}, nil })
			connect(t, h)
			send(t, h, message(t, 1, nil), nil) // the hub keeps what is stored for three days
			if published, _ := w.seen(); len(published) != 1 {
				t.Errorf("what the database has lost is acknowledged instead of stored: %+v", h.Counts())
			}
		})
	}
}
