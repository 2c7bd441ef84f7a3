package main_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"vigil/alerts"
	"vigil/server/porttest"
	"vigil/server/store/storetest"
	"vigil/vitals"
)

// The tests of this package run the real program as a child process, kill it, and look at what is
// left. This file starts and stops it and speaks to it as a technician, a nurse and a screen would.

const (
	adminPassword = "a password for tests only"
	demoUnit      = "demo"
	readyLimit    = 60 * time.Second // on a machine that is busy with other tests
)

// built is the program, built once for all tests.
var built struct {
	sync.Once
	folder, path string
	err          error
}

func TestMain(m *testing.M) {
	// They wait for their children's clocks more than they compute.
	if err := flag.Set("test.parallel", "8"); err != nil {
		panic(err)
	}
	code := storetest.Main(m)
	if built.folder != "" {
		_ = os.RemoveAll(built.folder)
	}
	os.Exit(code)
}

// program is the path of the built server.
func program(t testing.TB) string {
	t.Helper()
	built.Do(func() {
		if built.folder, built.err = os.MkdirTemp("", "vigil-process-"); built.err != nil { //nolint:usetesting // it outlives the test that needs it first
			return
		}
		built.path = filepath.Join(built.folder, "vigil")
		if out, err := exec.Command("go", "build", "-o", built.path, ".").CombinedOutput(); err != nil {
			built.err = fmt.Errorf("build the server: %w: %s", err, out)
		}
	})
	if built.err != nil {
		t.Fatal(built.err)
	}
	return built.path
}

// eventually checks until there is no error, and fails the test with the last one when time is up.
func eventually(t testing.TB, within time.Duration, what string, check func() error) {
	t.Helper()
	end := time.NewTimer(within)
	defer end.Stop()
	tick := time.NewTicker(25 * time.Millisecond)
	defer tick.Stop()
	for {
		err := check()
		if err == nil {
			return
		}
		select {
		case <-end.C:
			t.Fatalf("%s: not within %s: %v", what, within, err)
		case <-tick.C:
		}
	}
}

// passes waits for a time that is part of the story, such as that of an outage.
func passes(d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	<-timer.C
}

// server is one server and its folder. It can be started again after it was killed.
type server struct {
	t      testing.TB
	name   string
	http   string
	mqtt   string
	folder string
	env    []string

	cmd   *exec.Cmd
	said  *transcript
	ended chan struct{}
	boots int
	began time.Time // of the present process
}

// newServer is a server that does not run yet; env are further settings.
func newServer(t testing.TB, name string, env ...string) *server {
	t.Helper()
	s := &server{t: t, name: name, http: porttest.New(t).String(), mqtt: porttest.New(t).String(), folder: t.TempDir(), said: &transcript{}}
	s.env = append([]string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + s.folder, "VIGIL_DEMO=1", "VIGIL_ADMIN_PASSWORD=" + adminPassword,
		"VIGIL_HTTP_ADDR=" + s.http, "VIGIL_MQTT_ADDR=" + s.mqtt, "VIGIL_DATA_DIR=" + s.folder,
	}, env...)
	t.Cleanup(func() {
		s.kill()
		if t.Failed() {
			t.Logf("%s said:\n%s", name, s.said.tail(16<<10))
		}
	})
	return s
}

// start starts the process and waits until it answers.
func (s *server) start() {
	s.t.Helper()
	s.boots++
	s.began = time.Now()
	cmd := exec.Command(program(s.t))
	cmd.Env, cmd.Stdout, cmd.Stderr = s.env, s.said, s.said
	if err := startTied(cmd); err != nil {
		s.t.Fatalf("start %s: %v", s.name, err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = cmd.Wait() // killed, as a rule
	}()
	s.cmd, s.ended = cmd, ended
	eventually(s.t, readyLimit, s.name+" answers", func() error {
		select {
		case <-ended:
			return errors.New("it ended by itself")
		default:
			return s.get("/healthz")
		}
	})
}

// ready waits until the server watches its patients.
func (s *server) ready() {
	s.t.Helper()
	began := time.Now()
	eventually(s.t, readyLimit, s.name+" is ready", func() error { return s.get("/readyz") })
	s.t.Logf("%s is ready %s after it answered", s.name, time.Since(began).Round(10*time.Millisecond))
}

// readyWithin is how soon after a crash a server on its own must watch its patients again, not counted the time for
// which the machine was busy with other things.
const readyWithin = 5 * time.Second

// watching waits until the server watches all patients, having read all that was received.
func (s *server) watching() {
	s.t.Helper()
	eventually(s.t, readyLimit, s.name+" watches all patients", func() error {
		live, err := s.metric("vigil_monitor_partitions_live")
		if err == nil && live != vitals.Partitions {
			err = fmt.Errorf("%g partitions", live)
		}
		return err
	})
	took, waited := time.Since(s.began).Round(10*time.Millisecond), starved(s.cmd.Process.Pid).Round(10*time.Millisecond)
	s.t.Logf("%s watches all patients %s after its start, in which its threads waited %s for a processor", s.name, took, waited)
	if took-waited > readyWithin && s.boots > 1 {
		s.t.Errorf("%s was blind for %s after a crash", s.name, took)
	}
}

func (s *server) get(path string) error {
	res, err := http.Get("http://" + s.http + path)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %d %s", path, res.StatusCode, body)
	}
	return err
}

// kill is kill -9. It returns when the process is gone; one that is gone already stays gone.
func (s *server) kill() {
	if s.cmd == nil {
		return
	}
	_ = s.cmd.Process.Kill()
	<-s.ended
	s.cmd = nil
}

// metric is the value of one metric without labels.
func (s *server) metric(name string) (float64, error) {
	res, err := http.Get("http://" + s.http + "/metrics")
	if err != nil {
		return 0, err
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return 0, err
	}
	found := regexp.MustCompile(`(?m)^` + name + ` (\S+)$`).FindSubmatch(body)
	if found == nil {
		return 0, fmt.Errorf("no metric %s", name)
	}
	return strconv.ParseFloat(string(found[1]), 64)
}

// transcript is what a process said.
type transcript struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (t *transcript) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.text.Write(p)
}

func (t *transcript) all() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.text.String()
}

func (t *transcript) tail(n int) string {
	text := t.all()
	return text[max(0, len(text)-n):]
}

// has reports whether the words were said behind a place that mark gave.
func (t *transcript) has(since int, words string) bool {
	return strings.Contains(t.all()[since:], words)
}

func (t *transcript) mark() int { return len(t.all()) }

// startTied starts the command from a thread that lives as long as this process, so that the
// child ends with it, however it ends.
func startTied(cmd *exec.Cmd) error {
	tie(cmd)
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		started <- cmd.Start()
		select {} // holds the thread
	}()
	return <-started
}

// client is a person at the REST interface.
type client struct {
	server *server
	http   *http.Client
}

// signIn is a session of a person.
func (s *server) signIn(user, password string) *client {
	s.t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		s.t.Fatal(err)
	}
	c := &client{server: s, http: &http.Client{Jar: jar, Timeout: 30 * time.Second}}
	if err := c.call(http.MethodPost, "/api/v1/login", map[string]string{"user": user, "password": password}, nil); err != nil {
		s.t.Fatalf("sign in as %s: %v", user, err)
	}
	return c
}

func (s *server) admin() *client {
	s.t.Helper()
	return s.signIn("admin", adminPassword)
}

// nurse signs in.
func (s *server) nurse() *client {
	s.t.Helper()
	return s.person("nurse")
}

// person signs somebody of the demo's staff in, with the password that the server printed last.
func (s *server) person(login string) *client {
	s.t.Helper()
	found := regexp.MustCompile("user "+login+`, password (\S+)`).FindAllStringSubmatch(s.said.all(), -1)
	if len(found) == 0 {
		s.t.Fatalf("the server printed no password for %s", login)
	}
	return s.signIn(login, found[len(found)-1][1])
}

// at is the same person at another node.
func (c *client) at(s *server) *client { return &client{server: s, http: c.http} }

// refusal is an answer that is not a success.
type refusal struct {
	Status int
	Code   string `json:"code"`
	Detail string `json:"detail"`
}

func (r *refusal) Error() string { return fmt.Sprintf("%d %s %s", r.Status, r.Code, r.Detail) }

func (c *client) call(method, path string, body, into any) error {
	data, err := json.Marshal(body)
	if err != nil {
		return err
	}
	r, err := http.NewRequest(method, "http://"+c.server.http+path, bytes.NewReader(data))
	if err != nil {
		return err
	}
	r.Header.Set("Origin", "http://"+c.server.http)
	r.Header.Set("Content-Type", "application/json")
	res, err := c.http.Do(r)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	answer, err := io.ReadAll(res.Body)
	if err != nil {
		return err
	}
	if res.StatusCode >= http.StatusBadRequest {
		no := &refusal{Status: res.StatusCode, Detail: string(answer)}
		_ = json.Unmarshal(answer, no) // the text is as good
		return no
	}
	if into == nil {
		return nil
	}
	return json.Unmarshal(answer, into)
}

func (c *client) must(method, path string, body, into any) {
	c.server.t.Helper()
	if err := c.call(method, path, body, into); err != nil {
		c.server.t.Fatalf("%s %s: %v", method, path, err)
	}
}

// enrolHub makes a hub known and returns its secret.
func (c *client) enrolHub(id vitals.HubID) string {
	c.server.t.Helper()
	var made struct {
		Secret string `json:"secret"`
	}
	c.must(http.MethodPost, "/api/v1/hubs", map[string]any{"id": id, "name": "Home " + string(id)}, &made)
	return made.Secret
}

// admit takes a made-up patient under care and gives them devices, since long enough for old data.
func (c *client) admit(mrn string, devices ...vitals.DeviceID) vitals.PatientID {
	c.server.t.Helper()
	return c.admitSince(time.Now().Add(-24*time.Hour), mrn, devices...)
}

func (c *client) admitSince(since time.Time, mrn string, devices ...vitals.DeviceID) vitals.PatientID {
	c.server.t.Helper()
	var made struct {
		ID vitals.PatientID `json:"id"`
	}
	c.must(http.MethodPost, "/api/v1/patients", map[string]any{
		"unit": demoUnit, "mrn": mrn, "family": "Test", "given": mrn, "bed": mrn, "test": true,
	}, &made)
	for _, d := range devices {
		c.must(http.MethodPost, "/api/v1/devices", map[string]any{
			"id": d, "manufacturer": "Vigil", "model": "test", "serial": string(d),
		}, nil)
		c.must(http.MethodPost, "/api/v1/bindings", map[string]any{
			"device": d, "patient": made.ID, "from": since.UTC(),
		}, nil)
	}
	return made.ID
}

// alarms lists a patient's alarms of one condition.
func (c *client) alarms(patient vitals.PatientID, condition alerts.Condition, state string) ([]alerts.View, error) {
	var list struct {
		Alarms []alerts.View `json:"alarms"`
	}
	if err := c.call(http.MethodGet, "/api/v1/alarms?limit=1000&state="+state+"&patient="+string(patient), nil, &list); err != nil {
		return nil, err
	}
	var found []alerts.View
	for _, a := range list.Alarms {
		if a.Condition == condition {
			found = append(found, a)
		}
	}
	return found, nil
}

// only is the one alarm of the condition that there ever was.
func (c *client) only(patient vitals.PatientID, condition alerts.Condition) (alerts.View, error) {
	all, err := c.alarms(patient, condition, "all")
	if err != nil {
		return alerts.View{}, err
	}
	if len(all) != 1 {
		return alerts.View{}, fmt.Errorf("%d alarms %s, want one: %+v", len(all), condition, all)
	}
	return all[0], nil
}

// acknowledge sends a command once.
func (c *client) acknowledge(a alerts.View, command string) (alerts.View, error) {
	var answer struct {
		Alarm alerts.View `json:"alarm"`
	}
	err := c.call(http.MethodPost, "/api/v1/alarms/"+string(a.ID)+"/ack", map[string]any{
		"cmd_id": command, "seen_version": a.Version, "seen_priority": a.Priority, "station": "test",
	}, &answer)
	return answer.Alarm, err
}

// screen is a nurse's screen on the dashboard socket.
type screen struct {
	conn    *websocket.Conn
	writing sync.Mutex

	mu     sync.Mutex
	seq    uint64
	wave   uint32
	alarms map[alerts.AlarmID]alerts.View
	heard  time.Time // last heartbeat
	over   error     // why it was closed
}

// screen joins the demo unit, trying until the server lets it.
func (c *client) screen() *screen {
	t := c.server.t
	t.Helper()
	s := &screen{alarms: map[alerts.AlarmID]alerts.View{}}
	header := http.Header{"Origin": {"http://" + c.server.http}}
	address := "ws://" + c.server.http + "/ws/v1"
	login, err := http.NewRequest(http.MethodGet, "http://"+c.server.http, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, cookie := range c.http.Jar.Cookies(login.URL) {
		header.Add("Cookie", cookie.Name+"="+cookie.Value)
	}
	eventually(t, readyLimit, "a screen joins "+c.server.name, func() error {
		conn, res, err := (&websocket.Dialer{Subprotocols: []string{"vigil.v1"}}).Dial(address, header)
		if res != nil {
			_ = res.Body.Close()
		}
		s.conn = conn
		return err
	})
	if err := s.conn.WriteJSON(map[string]any{"t": "hello", "v": 1, "station": "test", "unit": demoUnit}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(s.read)
	running.Go(func() { s.giveCredit(ctx) })
	t.Cleanup(func() {
		cancel()
		s.conn.Close()
		running.Wait()
	})
	return s
}

func (s *screen) read() {
	for {
		kind, data, err := s.conn.ReadMessage()
		s.mu.Lock()
		switch {
		case err != nil:
			s.over = err
		case kind == websocket.BinaryMessage:
			s.wave = uint32(data[4]) | uint32(data[5])<<8 | uint32(data[6])<<16 | uint32(data[7])<<24
		default:
			s.note(data)
		}
		s.mu.Unlock()
		if err != nil {
			return
		}
	}
}

func (s *screen) note(data []byte) {
	var f struct {
		Type   string        `json:"t"`
		Seq    uint64        `json:"seq"`
		Alarms []alerts.View `json:"alarms"`
		Alarm  *alerts.View  `json:"alarm"`
	}
	if err := json.Unmarshal(data, &f); err != nil {
		s.over = err
		return
	}
	if f.Type == "hb" {
		s.heard = time.Now()
	}
	s.seq = max(s.seq, f.Seq)
	if f.Alarm != nil {
		f.Alarms = append(f.Alarms, *f.Alarm)
	}
	for _, a := range f.Alarms {
		s.alarms[a.ID] = a
	}
}

// giveCredit says that everything was drawn, as often as the server wants to hear it.
func (s *screen) giveCredit(ctx context.Context) {
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		s.mu.Lock()
		credit := map[string]any{"t": "cred", "wave": s.wave, "seq": s.seq, "visible": true, "audio": "running", "rendered": []string{}}
		s.mu.Unlock()
		if s.say(credit) != nil {
			return // the reader meets the same end
		}
	}
}

// say writes a frame.
func (s *screen) say(frame any) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	return s.conn.WriteJSON(frame)
}

// command wants something of an alarm as it is on the screen.
func (s *screen) command(op string, a alerts.View) error {
	return s.say(map[string]any{
		"t": "cmd", "cmd_id": op + string(a.ID), "op": op, "alarm": a.ID, "seen_version": a.Version, "seen_priority": a.Priority,
	})
}

// shows finds an alarm that the screen was told of.
func (s *screen) shows(patient vitals.PatientID, condition alerts.Condition) (alerts.View, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, a := range s.alarms {
		if a.Patient == patient && a.Condition == condition {
			return a, nil
		}
	}
	return alerts.View{}, fmt.Errorf("no alarm %s among %d (screen over: %s)", condition, len(s.alarms), fmt.Sprint(s.over))
}

// alive reports an error when the screen was closed or has not heard a heartbeat lately.
func (s *screen) alive() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over != nil {
		return fmt.Errorf("the screen was closed: %w", s.over)
	}
	if silent := time.Since(s.heard); silent > 5*time.Second {
		return fmt.Errorf("no heartbeat for %s", silent)
	}
	return nil
}
