package fake

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"vigil/vitals"
)

// Desk is the REST interface and the dashboard socket, as far as simulated homes use them.
type Desk struct {
	Password string
	NotReady int // how often it is asked before it is ready

	mu       sync.Mutex
	things   map[string][]map[string]any // by collection
	rotated  int
	bindings map[vitals.DeviceID]vitals.PatientID
	screens  []chan []byte
	gone     chan struct{}
	serving  sync.WaitGroup
}

// Handler serves it.
func (d *Desk) Handler() http.Handler {
	d.things = map[string][]map[string]any{}
	d.bindings = map[vitals.DeviceID]vitals.PatientID{}
	d.gone = make(chan struct{})
	mux := http.NewServeMux()
	mux.HandleFunc("GET /readyz", d.ready)
	mux.HandleFunc("POST /api/v1/login", d.login)
	mux.HandleFunc("GET /ws/v1", d.signedIn(d.socket))
	for _, collection := range []string{"units", "patients", "hubs", "devices", "bindings"} {
		mux.HandleFunc("GET /api/v1/"+collection, d.signedIn(func(w http.ResponseWriter, _ *http.Request) {
			d.mu.Lock()
			defer d.mu.Unlock()
			answer(w, http.StatusOK, map[string]any{collection: append([]map[string]any{}, d.things[collection]...)})
		}))
		mux.HandleFunc("POST /api/v1/"+collection, d.signedIn(func(w http.ResponseWriter, r *http.Request) { d.add(w, r, collection) }))
	}
	mux.HandleFunc("POST /ingest/v1/batches", func(w http.ResponseWriter, r *http.Request) {
		if _, secret, _ := r.BasicAuth(); secret != "sesame" {
			answer(w, http.StatusUnauthorized, map[string]any{"title": "wrong secret"})
			return
		}
		w.WriteHeader(http.StatusAccepted)
	})
	mux.HandleFunc("POST /api/v1/hubs/{id}/secret", d.signedIn(func(w http.ResponseWriter, r *http.Request) {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.rotated++
		answer(w, http.StatusOK, map[string]any{"id": r.PathValue("id"), "secret": "sesame"})
	}))
	return mux
}

// Count is how many things of a collection were made.
func (d *Desk) Count(collection string) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.things[collection])
}

// Rotated is how many hubs got a new secret.
func (d *Desk) Rotated() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.rotated
}

// Close ends all screens.
func (d *Desk) Close() {
	close(d.gone)
	d.serving.Wait()
}

// Show sends the end of a waveform to all screens, as the first channel of its patient.
func (d *Desk) Show(b vitals.Batch, now time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, w := range b.Waveforms {
		channel, frame := d.frame(b.Device, w, now)
		for _, s := range d.screens {
			s <- channel
			s <- frame
		}
	}
}

func (d *Desk) frame(device vitals.DeviceID, w vitals.Waveform, now time.Time) (channel, frame []byte) {
	index := slices.IndexFunc(d.things["bindings"], func(b map[string]any) bool { return b["device"] == string(device) })
	channel = encode(map[string]any{"t": "ev", "seq": 2, "kind": "channel", "channel": map[string]any{
		"idx": index, "patient": d.bindings[device], "rate_hz": w.Rate.Hz(),
	}})
	frame = append(frame, 1, 1, 0, 0, 1, 0, 0, 0)
	frame = binary.LittleEndian.AppendUint64(frame, uint64(now.UnixMilli()))
	frame = binary.LittleEndian.AppendUint16(frame, uint16(index))
	frame = binary.LittleEndian.AppendUint16(frame, uint16(len(w.Samples)))
	frame = binary.LittleEndian.AppendUint32(frame, uint32(int32(w.Start.Sub(now).Milliseconds())))
	return channel, append(frame, make([]byte, 4+2*len(w.Samples))...)
}

func (d *Desk) ready(w http.ResponseWriter, _ *http.Request) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.NotReady--; d.NotReady >= 0 {
		answer(w, http.StatusServiceUnavailable, map[string]any{"title": "starting"})
		return
	}
	answer(w, http.StatusOK, map[string]any{})
}

const cookie = "vigil_session"

func (d *Desk) login(w http.ResponseWriter, r *http.Request) {
	var who struct{ User, Password string }
	if json.NewDecoder(r.Body).Decode(&who) != nil || who.Password != d.Password {
		answer(w, http.StatusUnauthorized, map[string]any{"title": "wrong password"})
		return
	}
	http.SetCookie(w, &http.Cookie{Name: cookie, Value: "1", Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode}) //nolint:gosec // a test without TLS
	answer(w, http.StatusOK, map[string]any{})
}

func (d *Desk) signedIn(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if _, err := r.Cookie(cookie); err != nil {
			answer(w, http.StatusUnauthorized, map[string]any{"title": "sign in first"})
			return
		}
		next(w, r)
	}
}

func (d *Desk) add(w http.ResponseWriter, r *http.Request, collection string) {
	var thing map[string]any
	if err := json.NewDecoder(r.Body).Decode(&thing); err != nil {
		answer(w, http.StatusBadRequest, map[string]any{"title": err.Error()})
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	key := map[string]string{"patients": "mrn", "bindings": "device"}[collection]
	if key == "" {
		key = "id"
	}
	if slices.ContainsFunc(d.things[collection], func(t map[string]any) bool { return t[key] == thing[key] }) {
		answer(w, http.StatusConflict, map[string]any{"title": "exists"})
		return
	}
	if collection == "patients" {
		thing["id"] = fmt.Sprintf("p%d", len(d.things[collection])+1)
	}
	if collection == "bindings" {
		device, _ := thing["device"].(string)
		patient, _ := thing["patient"].(string)
		d.bindings[vitals.DeviceID(device)] = vitals.PatientID(patient)
	}
	d.things[collection] = append(d.things[collection], thing)
	made := map[string]any{"id": thing["id"]}
	if collection == "hubs" {
		made["secret"] = "sesame"
	}
	answer(w, http.StatusCreated, made)
}

func (d *Desk) socket(w http.ResponseWriter, r *http.Request) {
	d.serving.Add(1)
	defer d.serving.Done()
	conn, err := (&websocket.Upgrader{Subprotocols: []string{"vigil.v1"}}).Upgrade(w, r, nil)
	if err != nil {
		return // the upgrader has answered
	}
	defer conn.Close()
	const room = 10_000
	frames := make(chan []byte, room)
	frames <- encode(map[string]any{"t": "welcome"})
	frames <- encode(map[string]any{"t": "snap", "seq": 1, "channels": []any{}, "alarms": []any{
		map[string]any{"id": "A", "state": "active_unack"}, map[string]any{"id": "B", "state": "closed"},
	}})
	d.mu.Lock()
	d.screens = append(d.screens, frames)
	d.mu.Unlock()
	left := make(chan struct{})
	d.serving.Go(func() {
		defer close(left)
		for {
			if _, _, err := conn.ReadMessage(); err != nil {
				return
			}
		}
	})
	for {
		select {
		case <-left:
			return
		case <-d.gone:
			return
		case f := <-frames:
			kind := websocket.BinaryMessage
			if f[0] == '{' {
				kind = websocket.TextMessage
			}
			if conn.WriteMessage(kind, f) != nil {
				return
			}
		}
	}
}

func encode(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("fake: encode: %v", err)) // a fault of the test
	}
	return b
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(encode(body)) // who left hears nothing
}
