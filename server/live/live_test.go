package live_test

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"go.uber.org/goleak"

	"vigil/alerts"
	"vigil/server/live"
	"vigil/vitals"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const patience = 5 * time.Second

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// house is what the feed reads and commands: two units with a patient each.
type house struct {
	mu       sync.Mutex
	alarms   map[alerts.AlarmID]alerts.Alarm
	patients map[vitals.PatientID]vitals.UnitID
	latest   []vitals.Charted
	staff    vitals.Staff
	signedIn bool
	notes    []alerts.Note
	asked    []alerts.Command
	care     []alerts.Care
	answer   error
	down     bool
	mute     bool          // nobody is told who is here, nor that it cannot be said
	hangs    chan struct{} // who is signed in is asked for here, and nobody answers; nil: somebody does
	clock    time.Time
}

func newHouse() *house {
	return &house{
		alarms:   map[alerts.AlarmID]alerts.Alarm{},
		patients: map[vitals.PatientID]vitals.UnitID{"p1": "west", "p2": "east"},
		staff:    vitals.Staff{ID: "s1", Name: "K. Lee", Role: vitals.Nurse, Units: []vitals.UnitID{"west"}},
		signedIn: true, clock: noon,
	}
}

func (h *house) now() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.clock
}

func (h *house) Admissions(ctx context.Context) ([]vitals.Admission, error) {
	h.mu.Lock()
	mute := h.mute
	h.mu.Unlock()
	if mute {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	var all []vitals.Admission
	for p, u := range h.patients {
		all = append(all, vitals.Admission{Patient: vitals.Patient{ID: p, Unit: u}})
	}
	return all, nil
}

func (h *house) OpenAlarms(context.Context) ([]alerts.Alarm, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.down {
		return nil, errors.New("database is away")
	}
	var open []alerts.Alarm
	for _, a := range h.alarms {
		if a.State.Open() {
			open = append(open, a)
		}
	}
	return open, nil
}

func (h *house) AlarmByID(_ context.Context, id alerts.AlarmID) (alerts.Alarm, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.down {
		return alerts.Alarm{}, errors.New("database is away")
	}
	a, ok := h.alarms[id]
	if !ok {
		return alerts.Alarm{}, vitals.ErrNotFound
	}
	return a, nil
}

func (h *house) Latest(_ context.Context, p vitals.PatientID) ([]vitals.Charted, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if p != "p1" {
		return nil, nil
	}
	return h.latest, nil
}

func (h *house) AllCare(context.Context) ([]alerts.Care, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.care, nil
}

func (h *house) Command(_ context.Context, p vitals.PatientID, c alerts.Command) (alerts.Answer, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.answer != nil {
		return alerts.Answer{}, h.answer
	}
	h.asked = append(h.asked, c)
	if c.Kind == alerts.AcknowledgeLow {
		a := h.alarms[c.Seen[0].Alarm]
		a.State, a.AckedName = alerts.ActiveAck, c.ActorName
		return alerts.Answer{Each: []alerts.Each{{ID: a.ID, Alarm: a}, {ID: "01GONE", Refused: alerts.UnknownAlarm}}}, nil
	}
	if c.Alarm == "" {
		return alerts.Answer{Care: alerts.Care{
			Patient: p, Version: 1, Paused: alerts.Decided{Since: h.clock, Until: h.clock.Add(c.For), ByName: c.ActorName},
		}}, nil
	}
	after := h.alarms[c.Alarm]
	if after.State == alerts.Closed {
		return alerts.Answer{}, &alerts.RefusedError{Code: alerts.ClosedAlarm, Current: after}
	}
	after.State, after.AckedName, after.Version = alerts.ActiveAck, c.ActorName, after.Version+1
	h.alarms[c.Alarm] = after
	return alerts.Answer{Alarm: after}, nil
}

func (h *house) identify(r *http.Request) (vitals.Staff, error) {
	h.mu.Lock()
	hangs := h.hangs
	h.mu.Unlock()
	if hangs != nil {
		select {
		case hangs <- struct{}{}:
		case <-r.Context().Done():
		}
		<-r.Context().Done()
		return vitals.Staff{}, r.Context().Err()
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.down {
		return vitals.Staff{}, errors.New("database is away")
	}
	if !h.signedIn {
		return vitals.Staff{}, live.ErrSignedOut
	}
	return h.staff, nil
}

func (h *house) set(f func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	f()
}

type station struct {
	t    *testing.T
	conn *websocket.Conn
}

type frame struct {
	T        string           `json:"t"`
	Seq      uint64           `json:"seq"`
	Kind     string           `json:"kind"`
	Alarm    *alerts.View     `json:"alarm"`
	Alarms   []alerts.View    `json:"alarms"`
	Numeric  map[string]any   `json:"numeric"`
	Numerics []map[string]any `json:"numerics"`
	Channels []map[string]any `json:"channels"`
	Digest   string           `json:"digest"`
	Open     map[string]int   `json:"open"`
	OK       bool             `json:"ok"`
	Code     string           `json:"code"`
	Command  string           `json:"cmd_id"`

	Care  *alerts.CareView  `json:"care"`
	Cares []alerts.CareView `json:"cares"`
	Each  []alerts.EachView `json:"each"`

	Station struct {
		Paused *alerts.DecidedView `json:"paused"`
	} `json:"station"`
}

type scene struct {
	house *house
	feed  *live.Feed
	sock  *live.Socket
	url   string
}

func open(t *testing.T) *scene {
	t.Helper()
	h := newHouse()
	feed := live.New(h, slog.New(slog.DiscardHandler), h.now)
	if err := feed.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	sock := live.NewSocket(feed, live.Options{
		Commands: h, Identify: h.identify, Drawn: func(time.Duration) {}, Note: h.note, Log: slog.New(slog.DiscardHandler),
	})
	server := httptest.NewServer(sock)
	t.Cleanup(server.Close)
	t.Cleanup(sock.Close)
	return &scene{h, feed, sock, server.URL}
}

func (s *scene) dial(t *testing.T, origin string) (*websocket.Conn, int) {
	t.Helper()
	header := http.Header{}
	if origin != "" {
		header.Set("Origin", origin)
	}
	d := websocket.Dialer{Subprotocols: []string{live.Protocol}}
	conn, res, err := d.DialContext(t.Context(), "ws"+strings.TrimPrefix(s.url, "http"), header)
	if res == nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if err != nil {
		return nil, res.StatusCode
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn, res.StatusCode
}

// join opens a screen on the unit and returns its first snapshot.
func (s *scene) join(t *testing.T, unit string) (*station, frame) {
	t.Helper()
	conn, status := s.dial(t, s.url)
	if conn == nil {
		t.Fatalf("refused: %d", status)
	}
	st := &station{t, conn}
	st.say(map[string]any{"t": "hello", "v": 1, "station": "desk", "unit": unit})
	if f := st.next(); f.T != "welcome" {
		t.Fatalf("first frame %q, want welcome", f.T)
	}
	f := st.next()
	if f.T != "snap" || f.Seq != 1 {
		t.Fatalf("second frame %q with seq %d, want snap with 1", f.T, f.Seq)
	}
	return st, f
}

func (st *station) say(v any) {
	st.t.Helper()
	if err := st.conn.WriteJSON(v); err != nil {
		st.t.Fatal(err)
	}
}

func (st *station) read() (int, []byte, error) {
	_ = st.conn.SetReadDeadline(time.Now().Add(patience))
	return st.conn.ReadMessage()
}

func (st *station) next() frame {
	st.t.Helper()
	for {
		kind, data, err := st.read()
		if err != nil {
			st.t.Fatal(err)
		}
		if kind != websocket.TextMessage {
			continue
		}
		var f frame
		if err := json.Unmarshal(data, &f); err != nil {
			st.t.Fatal(err)
		}
		return f
	}
}

// until skips frames of other types.
func (st *station) until(types ...string) frame {
	st.t.Helper()
	for {
		f := st.next()
		for _, t := range types {
			if f.T == t || f.T+":"+f.Kind == t {
				return f
			}
		}
	}
}

func asystole(version int, state alerts.State) alerts.Alarm {
	return alerts.Alarm{
		ID: "01A", Patient: "p1", Condition: "ASYSTOLE", Priority: alerts.High, State: state,
		Truth: alerts.True, Version: version, Onset: noon, Raised: noon, Changed: noon, Count: 1,
	}
}

func TestAScreenSeesThePresentThenEveryChange(t *testing.T) {
	s := open(t)
	s.house.latest = []vitals.Charted{{Patient: "p1", Device: "a0", Reading: vitals.Reading{Kind: vitals.Systolic, Value: vitals.Int(128), Time: noon}}}
	s.feed.Alarm(alerts.Transition{Alarm: asystole(1, alerts.ActiveUnack)})
	st, snap := s.join(t, "west")
	if len(snap.Alarms) != 1 || snap.Alarms[0].State != "active_unack" {
		t.Fatalf("snapshot shows %+v, want the open alarm", snap.Alarms)
	}
	s.feed.Alarm(alerts.Transition{Alarm: asystole(2, alerts.ActiveAck)})
	if f := st.until("ev:alarm"); f.Alarm.Version != 2 || f.Seq != 2 {
		t.Fatalf("event %+v, want version 2 with seq 2", f)
	}
	s.feed.Alarm(alerts.Transition{Alarm: asystole(1, alerts.ActiveUnack)}) // overtaken on the way
	s.feed.Alarm(alerts.Transition{Alarm: asystole(3, alerts.Closed)})
	if f := st.until("ev:alarm"); f.Alarm.Version != 3 || f.Alarm.State != "closed" {
		t.Fatalf("event %+v, want the closing, not the old version", f.Alarm)
	}
}

func TestAScreenSeesItsOwnUnitOnly(t *testing.T) {
	s := open(t)
	st, _ := s.join(t, "west")
	other := asystole(1, alerts.ActiveUnack)
	other.Patient, other.ID = "p2", "01B"
	s.feed.Alarm(alerts.Transition{Alarm: other})
	s.feed.Reading(vitals.Charted{Patient: "p2", Reading: vitals.Reading{Kind: vitals.HeartRate, Value: vitals.Int(80), Time: noon}}, noon)
	s.feed.Reading(vitals.Charted{Patient: "p1", Reading: vitals.Reading{Kind: vitals.HeartRate, Value: vitals.Int(72), Time: noon}}, noon)
	if f := st.until("ev:alarm", "ev:numeric"); f.T != "ev" || f.Numeric["patient"] != "p1" {
		t.Fatalf("first event %+v, want the own patient's heart rate", f)
	}
}

func TestAValueFromTheFutureDoesNotKeepOutLaterOnes(t *testing.T) {
	s := open(t)
	st, _ := s.join(t, "west")
	heart := func(ahead time.Duration, rate int64) {
		s.feed.Reading(vitals.Charted{Patient: "p1", Device: "a0", Reading: vitals.Reading{
			Kind: vitals.HeartRate, Value: vitals.Int(rate), Time: noon.Add(ahead),
		}}, noon)
	}
	for _, step := range []struct {
		ahead time.Duration
		rate  int64
		want  string
	}{{4 * time.Minute, 72, "72"}, {time.Second, 160, "160"}} {
		heart(step.ahead, step.rate)
		if f := st.until("ev:numeric"); f.Numeric["value"] != step.want {
			t.Fatalf("event %+v, want %s", f, step.want)
		}
	}
	heart(0, 90) // merely late
	heart(2*time.Second, 161)
	if f := st.until("ev:numeric"); f.Numeric["value"] != "161" {
		t.Fatalf("event %+v, want 161", f)
	}
}

func TestTheHeartbeatProvesTheOpenAlarms(t *testing.T) {
	s := open(t)
	st, _ := s.join(t, "west")
	s.feed.Alarm(alerts.Transition{Alarm: asystole(4, alerts.LatchedUnack)})
	f := st.until("hb")
	h := fnv.New64a()
	_, _ = h.Write([]byte("01A|4|latched_unack\n"))
	if want := fmt.Sprintf("%016x", h.Sum64()); f.Digest != want || f.Open["high"] != 1 {
		t.Errorf("heartbeat %+v, want digest %s and one high", f, want)
	}
	if f.Seq != 2 {
		t.Errorf("heartbeat counts %d events, want 2: it must not overtake the alarm", f.Seq)
	}
}

func TestWhatTheFeedMissedComesFromTheDatabase(t *testing.T) {
	s := open(t)
	st, _ := s.join(t, "west")
	s.house.set(func() { s.house.alarms["01A"] = asystole(1, alerts.ActiveUnack) })
	refresh(t, s)
	if f := st.until("ev:alarm"); f.Alarm.Version != 1 {
		t.Fatalf("event %+v, want the alarm that the feed missed", f.Alarm)
	}
	s.house.set(func() { s.house.alarms["01A"] = asystole(2, alerts.Closed) })
	refresh(t, s)
	if f := st.until("ev:alarm"); f.Alarm.State != "closed" {
		t.Fatalf("event %+v, want the closing that the feed missed", f.Alarm)
	}
}

func refresh(t *testing.T, s *scene) {
	t.Helper()
	if err := s.feed.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestAnAlarmThatIsNotYetRecordedStaysOnTheScreen(t *testing.T) {
	s := open(t)
	s.feed.Alarm(alerts.Transition{Alarm: asystole(1, alerts.ActiveUnack)})
	refresh(t, s) // the database does not know it yet
	if _, snap := s.join(t, "west"); len(snap.Alarms) != 1 {
		t.Error("the alarm vanished")
	}
}

func TestACensusChangeIsAnnouncedAndTheDepartedForgotten(t *testing.T) {
	s := open(t)
	s.feed.Alarm(alerts.Transition{Alarm: asystole(1, alerts.ActiveUnack)})
	st, _ := s.join(t, "west")
	s.house.set(func() { delete(s.house.patients, "p1") })
	refresh(t, s)
	st.until("ev:census")
	st.say(map[string]any{"t": "resync"})
	if f := st.until("snap"); len(f.Alarms) != 0 {
		t.Errorf("snapshot shows %+v of a patient who left", f.Alarms)
	}
}

func TestWavesNeedCredit(t *testing.T) {
	s := open(t)
	st, _ := s.join(t, "west")
	piece := func(first int16) vitals.Waveform {
		return vitals.Waveform{
			Kind: vitals.ECGII, Start: noon.Add(-time.Second), Rate: vitals.Rate{Num: 250, Den: 1},
			Scale: vitals.Int(1), Samples: []int16{first, vitals.Missing},
		}
	}
	batch := func(v int16) []byte {
		t.Helper()
		s.feed.Wave("p1", "a0", piece(v))
		for {
			kind, data, err := st.read()
			if err != nil {
				t.Fatal(err)
			}
			if kind == websocket.BinaryMessage {
				return data
			}
		}
	}
	first := batch(5)
	if got := binary.LittleEndian.Uint32(first[4:]); got != 1 {
		t.Fatalf("batch %d, want 1", got)
	}
	if got := int32(binary.LittleEndian.Uint32(first[20:])); got != -1000 {
		t.Errorf("first sample at %d ms, want -1000", got)
	}
	if got := int16(binary.LittleEndian.Uint16(first[28:])); got != 5 {
		t.Errorf("first sample %d, want 5", got)
	}
	batch(6)
	s.feed.Wave("p1", "a0", piece(7)) // two are unconfirmed: this one is dropped
	st.until("hb")
	st.say(map[string]any{"t": "cred", "wave": 2, "seq": 2, "visible": true, "audio": "running"})
	st.say(map[string]any{"t": "resync"})
	st.until("snap")
	third := batch(8)
	if got := binary.LittleEndian.Uint16(third[24:]); got != 1 {
		t.Errorf("flags %d after a dropped piece, want the gap bit", got)
	}
	if got := int16(binary.LittleEndian.Uint16(third[28:])); got != 8 {
		t.Errorf("sample %d, want 8: what was dropped must not come late", got)
	}
}

func TestAcknowledgingOverTheSocket(t *testing.T) {
	ack := map[string]any{"t": "cmd", "cmd_id": "c1", "op": "ack", "alarm": "01A", "seen_version": 1, "seen_priority": "high"}
	stories := map[string]struct {
		prepare  func(*scene)
		command  map[string]any
		wantCode string
	}{
		"a nurse takes it":                       {nil, ack, ""},
		"and says what it was":                   {nil, with(ack, "ack_reason", "artefact"), ""},
		"a reason that is none":                  {nil, with(ack, "ack_reason", "bored"), "bad_request"},
		"somebody says what it was":              {nil, with(with(ack, "op", "explain"), "ack_reason", "watching"), ""},
		"without saying it":                      {nil, with(ack, "op", "explain"), "bad_request"},
		"somebody was quicker":                   {func(s *scene) { s.house.answer = &alerts.RefusedError{Code: alerts.AlreadyAcked} }, ack, "already_acked"},
		"the database is away":                   {func(s *scene) { s.house.answer = errors.New("timeout") }, ack, "unavailable"},
		"a viewer may not":                       {func(s *scene) { s.house.staff.Role = vitals.Viewer }, ack, "forbidden"},
		"an alarm of another unit":               {nil, with(ack, "alarm", "01B"), "unknown"},
		"an alarm that there is not":             {nil, with(ack, "alarm", "01C"), "unknown"},
		"a priority that is no priority":         {nil, with(ack, "seen_priority", "urgent"), "bad_request"},
		"an operation that does not exist":       {nil, with(ack, "op", "erase"), "bad_request"},
		"a command without an id to repeat with": {nil, with(ack, "cmd_id", ""), "bad_request"},
	}
	for name, story := range stories {
		t.Run(name, func(t *testing.T) {
			s := open(t)
			other := asystole(1, alerts.ActiveUnack)
			other.ID, other.Patient = "01B", "p2"
			s.house.alarms["01A"] = asystole(1, alerts.ActiveUnack)
			s.feed.Alarm(alerts.Transition{Alarm: asystole(1, alerts.ActiveUnack)})
			s.feed.Alarm(alerts.Transition{Alarm: other})
			if story.prepare != nil {
				story.prepare(s)
			}
			st, _ := s.join(t, "west")
			st.say(story.command)
			f := st.until("res")
			if f.Code != story.wantCode || f.OK != (story.wantCode == "") {
				t.Errorf("answer %+v, want code %q", f, story.wantCode)
			}
			if f.OK && (f.Alarm == nil || *f.Alarm.AckedBy != "K. Lee") {
				t.Errorf("answer shows %+v, want the nurse's name", f.Alarm)
			}
		})
	}
}

func TestAnAlarmThatIsOverSaysSo(t *testing.T) {
	s := open(t)
	s.house.alarms["01A"] = asystole(3, alerts.Closed) // and is on no screen any more
	st, _ := s.join(t, "west")
	st.say(map[string]any{"t": "cmd", "cmd_id": "c1", "op": "ack", "alarm": "01A", "seen_version": 2, "seen_priority": "high"})
	if f := st.until("res"); f.Code != "closed" || f.Alarm == nil || f.Alarm.Version != 3 {
		t.Errorf("answer %+v", f)
	}
}

func TestWhatIsDecidedAboutAPatientIsOnEveryScreenOfTheUnit(t *testing.T) {
	pause := map[string]any{"t": "cmd", "cmd_id": "c1", "op": "pause", "patient": "p1", "seconds": 90}
	s := open(t)
	s.house.care = []alerts.Care{{Patient: "p1", Version: 1, Away: alerts.Decided{Since: noon, Until: noon.Add(time.Hour), Where: "X-ray"}}}
	refresh(t, s)
	st, snap := s.join(t, "west")
	if len(snap.Cares) != 1 || snap.Cares[0].Away == nil || snap.Cares[0].Away.Where != "X-ray" {
		t.Fatalf("snapshot %+v", snap.Cares)
	}
	s.feed.Care(alerts.Care{Patient: "p2", Version: 7})
	s.feed.Care(alerts.Care{Patient: "p1", Version: 1}) // known
	s.feed.Care(alerts.Care{Patient: "p1", Version: 2})
	if f := st.until("ev:care"); f.Care.Patient != "p1" || f.Care.Version != 2 || f.Care.Away != nil {
		t.Errorf("event %+v", f)
	}
	st.say(pause)
	if f := st.until("res"); !f.OK || f.Care.Paused == nil || f.Care.Paused.By != "K. Lee" {
		t.Errorf("answer %+v", f)
	}
	if c := s.house.asked[0]; c.Kind != alerts.PauseAudio || c.For != 90*time.Second || c.Role != vitals.Nurse || c.Station != "desk" {
		t.Errorf("asked %+v", c)
	}
	for name, say := range map[string]map[string]any{
		"a patient of another unit": with(pause, "patient", "p2"), "a time that is none": with(pause, "seconds", -1),
		"a pause of an alarm": with(pause, "seen_priority", "high"),
	} {
		st.say(say)
		if f := st.until("res"); f.OK || f.Code != "unknown" && f.Code != "bad_request" {
			t.Errorf("%s: %+v", name, f)
		}
	}
}

func with(m map[string]any, key string, value any) map[string]any {
	changed := maps.Clone(m)
	changed[key] = value
	return changed
}

func TestWhoGetsIn(t *testing.T) {
	s := open(t)
	for name, origin := range map[string]string{"a page of another site": "https://evil.example", "no origin": "", "null": "null"} {
		if conn, status := s.dial(t, origin); conn != nil || status != http.StatusForbidden {
			t.Errorf("%s: %d, want 403", name, status)
		}
	}
	conn, _ := s.dial(t, s.url)
	st := &station{t, conn}
	st.say(map[string]any{"t": "hello", "v": 1, "station": "desk", "unit": "east"})
	if code := st.closed(); code != 4403 {
		t.Errorf("another unit: close code %d, want 4403", code)
	}
	s.house.set(func() { s.house.signedIn = false })
	if conn, status := s.dial(t, s.url); conn != nil || status != http.StatusUnauthorized {
		t.Errorf("signed out: %d, want 401", status)
	}
}

// closed reads until the connection ends and returns the close code.
func (st *station) closed() int {
	st.t.Helper()
	for {
		if _, _, err := st.read(); err != nil {
			var c *websocket.CloseError
			if !errors.As(err, &c) {
				st.t.Fatal(err)
			}
			return c.Code
		}
	}
}

func TestAScreenLosesItsRights(t *testing.T) {
	s := open(t)
	st, _ := s.join(t, "west")
	s.house.set(func() { s.house.signedIn = false })
	if code := st.closed(); code != 4401 {
		t.Errorf("close code %d, want 4401", code)
	}
}

func TestAScreenStaysWhileTheDatabaseIsAway(t *testing.T) {
	s := open(t)
	st, _ := s.join(t, "west")
	s.house.set(func() { s.house.down = true })
	st.until("hb")
	st.until("hb") // the rights are asked for as often
	s.feed.Alarm(alerts.Transition{Alarm: asystole(1, alerts.ActiveUnack)})
	st.until("ev:alarm")
}

func TestAScreenIsToldOfAnAlarmThoughTheDatabaseSaysNothingAtAll(t *testing.T) {
	s := open(t)
	st, _ := s.join(t, "west")
	asked := make(chan struct{})
	s.house.set(func() { s.house.hangs = asked })
	select {
	case <-asked: // whether somebody is still signed in
	case <-time.After(patience):
		t.Fatal("nobody asked")
	}
	s.feed.Alarm(alerts.Transition{Alarm: asystole(1, alerts.ActiveUnack)})
	st.until("ev:alarm")
	st.until("hb")
	st.until("hb")
}

func TestAScreenThatConfirmsNothingIsClosedAndTheNextOneSeesEverything(t *testing.T) {
	s := open(t)
	st, _ := s.join(t, "west")
	for v := range 1000 {
		s.feed.Alarm(alerts.Transition{Alarm: asystole(v+1, alerts.ActiveUnack)})
	}
	st.until("hb")
	s.house.set(func() { s.house.clock = noon.Add(6 * time.Second) })
	if code := st.closed(); code != 4429 {
		t.Errorf("close code %d, want 4429", code)
	}
	if _, snap := s.join(t, "west"); snap.Alarms[0].Version != 1000 {
		t.Errorf("the next snapshot shows version %d, want 1000", snap.Alarms[0].Version)
	}
}

func TestNobodyWaitsForAScreenThatDoesNotRead(t *testing.T) {
	s := open(t)
	s.join(t, "west") // and then reads nothing more
	for v := range 50_000 {
		s.feed.Alarm(alerts.Transition{Alarm: asystole(v+1, alerts.ActiveUnack)})
	}
	if _, snap := s.join(t, "west"); snap.Alarms[0].Version != 50_000 {
		t.Errorf("the snapshot shows version %d, want 50000", snap.Alarms[0].Version)
	}
}

func TestFramesThatAreNoneAreAnswered(t *testing.T) {
	s := open(t)
	st, _ := s.join(t, "west")
	for name, say := range map[string]any{
		"no object":                    []int{1},
		"of a type that there is not":  map[string]any{"t": "dance"},
		"with what no database stores": map[string]any{"t": "cmd", "cmd_id": "c\x001", "op": "pause", "patient": "p1", "seconds": 90},
	} {
		st.say(say)
		if f := st.until("res"); f.Code != "bad_request" {
			t.Errorf("%s: answer %+v, want bad_request", name, f)
		}
	}
	if len(s.house.asked) > 0 {
		t.Errorf("asked %+v", s.house.asked)
	}
}
