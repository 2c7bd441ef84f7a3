package foreign_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/eclipse/paho.golang/packets"
	"go.uber.org/goleak"

	"vigil/devices/sim/fault"
	"vigil/devices/sim/foreign"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// desk is a door that remembers what was brought, and answers as it is told.
type desk struct {
	brought []string
	answer  func(attempt int) error
	tried   int
}

func (d *desk) Bring(_ context.Context, payload []byte) error {
	d.tried++
	if d.answer != nil {
		if err := d.answer(d.tried); err != nil {
			return err
		}
	}
	d.brought = append(d.brought, string(payload))
	return nil
}

func (d *desk) Close() {}

// numbered measures what number the measurement has.
func numbered(n int, _ time.Time) []byte { return fmt.Appendf(nil, "%d", n) }

// sent is what a sender that measures every minute brings within so many of them.
func sent(t *testing.T, minutes int, faults *fault.Home, d *desk) []string {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := &foreign.Sender{Name: "cuff", Period: time.Minute, Make: numbered, Door: d, Faults: faults, Log: slog.New(slog.DiscardHandler)}
		ctx, cancel := context.WithTimeout(t.Context(), time.Duration(minutes)*time.Minute-time.Second)
		defer cancel()
		if err := s.Run(ctx, time.Now()); err != nil {
			t.Error(err)
		}
	})
	return d.brought
}

func TestWhatTheServerCannotTakeComesLaterInOrder(t *testing.T) {
	away := errors.New("the server is away")
	for _, tt := range []struct {
		name   string
		answer func(attempt int) error
		want   []string
	}{
		{"all is taken", nil, []string{"0", "1", "2", "3", "4", "5"}},
		{"the server is away for three minutes", func(n int) error {
			if n >= 2 && n <= 4 {
				return away
			}
			return nil
		}, []string{"0", "1", "2", "3", "4", "5"}},
		{"the second is not wanted", func(n int) error {
			if n == 2 {
				return fmt.Errorf("%w: no such device", foreign.ErrRefused)
			}
			return nil
		}, []string{"0", "2", "3", "4", "5"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := sent(t, 6, nil, &desk{answer: tt.answer}); !slices.Equal(got, tt.want) {
				t.Errorf("%q", got)
			}
		})
	}
}

func TestFaultsOfASenderShowInWhatItBrings(t *testing.T) {
	everything := make([]string, 40)
	for i := range everything {
		everything[i] = string(numbered(i, time.Time{}))
	}
	twice := sent(t, 40, fault.Plan{Duplicate: 0.3}.Home(1, 0), &desk{})
	if got := slices.Compact(slices.Clone(twice)); len(twice) < 45 || !slices.Equal(got, everything) {
		t.Errorf("repeated: %q", twice)
	}
	overtaken := sent(t, 40, fault.Plan{Reorder: 0.3}.Home(1, 0), &desk{})
	if slices.IsSortedFunc(overtaken, func(a, b string) int { return slices.Index(everything, a) - slices.Index(everything, b) }) || len(overtaken) < 38 {
		t.Errorf("reordered: %q", overtaken)
	}
	spoilt := sent(t, 40, fault.Plan{Corrupt: 0.3}.Home(1, 0), &desk{})
	if slices.Equal(spoilt, everything) || len(spoilt) != 40 {
		t.Errorf("spoilt: %q", spoilt)
	}
	cut := &desk{}
	if got := sent(t, 40, fault.Plan{Outage: 10 * time.Minute}.Home(1, 0), cut); !slices.Equal(got, everything) || cut.tried != 40 {
		t.Errorf("cut off: %q in %d attempts", got, cut.tried)
	}
}

func TestAnswersOfTheWebSayWhetherToTryAgain(t *testing.T) {
	status := 200
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if user, secret, _ := r.BasicAuth(); user != "cuff-1" || secret != "sesame" || r.URL.Path != "/ingest/v1/gateways/cuff-1" {
			t.Errorf("%s by %s", r.URL, user)
		}
		w.WriteHeader(status)
	}))
	defer server.Close()
	door := &foreign.Web{URL: foreign.WebhookOf(server.URL, "cuff-1"), Type: "application/json", User: "cuff-1", Secret: "sesame"}
	defer door.Close()
	for code, want := range map[int]string{200: "taken", 201: "taken", 401: "refused", 422: "refused", 413: "refused", 429: "again", 503: "again"} {
		status = code
		got := "taken"
		if err := door.Bring(t.Context(), []byte("{}")); errors.Is(err, foreign.ErrRefused) {
			got = "refused"
		} else if err != nil {
			got = "again"
		}
		if got != want {
			t.Errorf("%d: %s, want %s", code, got, want)
		}
	}
}

func TestAnswersToAMonitorSayWhetherToTryAgain(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	answers := make(chan string, 8)
	heard := make(chan string, 8)
	served := make(chan struct{})
	go func() {
		defer close(served)
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			in := bufio.NewReader(conn)
			for {
				message, err := in.ReadString('\x1c')
				if err != nil {
					break
				}
				heard <- message
				answer := <-answers
				if answer == "" {
					break // it hangs up
				}
				_, _ = io.WriteString(conn, "\x0bMSH|^~\\&\r"+answer+"\r\x1c\r")
				_, _ = in.ReadByte() // the line end behind the message
			}
			_ = conn.Close()
		}
	}()
	door := &foreign.Monitors{Address: listener.Addr().String()}
	for _, tt := range []struct{ answer, want string }{
		{"MSA|AA|1", "taken"}, {"MSA|AE|2", "again"}, {"", "again"}, {"MSA|AR|3", "refused"}, {"MSA|AA|4", "taken"},
	} {
		answers <- tt.answer
		got := "taken"
		if err := door.Bring(t.Context(), []byte("MSH|^~\\&\r")); errors.Is(err, foreign.ErrRefused) {
			got = "refused"
		} else if err != nil {
			got = "again"
		}
		if message := <-heard; got != tt.want || message != "\x0bMSH|^~\\&\r\x1c" && message != "\r\x0bMSH|^~\\&\r\x1c" {
			t.Errorf("%q: %s of %q, want %s", tt.answer, got, message, tt.want)
		}
	}
	door.Close()
	_ = listener.Close()
	<-served
}

func TestAnswersToARelaySayWhetherToTryAgain(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	codes := make(chan byte, 1)
	served := make(chan struct{})
	go func() {
		defer close(served)
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			for {
				said, err := packets.ReadPacket(conn)
				if err != nil || said.Type == packets.DISCONNECT {
					break
				}
				var answer packets.Packet
				switch p := said.Content.(type) {
				case *packets.Publish:
					answer = &packets.Puback{PacketID: p.PacketID, ReasonCode: <-codes, Properties: &packets.Properties{}}
				case *packets.Pingreq:
					answer = &packets.Pingresp{}
				default:
					answer = &packets.Connack{Properties: &packets.Properties{}}
				}
				_, _ = answer.WriteTo(conn)
			}
			_ = conn.Close()
		}
	}()
	door := &foreign.Relay{Broker: listener.Addr().String(), User: "minew", Secret: "sesame", Topic: foreign.MinewTopic("minew")}
	for _, tt := range []struct {
		code byte
		want string
	}{{0, "taken"}, {0x97, "again"}, {0x99, "refused"}, {0x10, "taken"}} {
		codes <- tt.code
		got := "taken"
		if err := door.Bring(t.Context(), []byte("{}")); errors.Is(err, foreign.ErrRefused) {
			got = "refused"
		} else if err != nil {
			got = "again"
		}
		if got != tt.want {
			t.Errorf("%#x: %s, want %s", tt.code, got, tt.want)
		}
	}
	door.Close()
	_ = listener.Close()
	<-served
}

func TestARouterConnectsAStrapAndTellsWhatItSends(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	r := &foreign.Router{Address: address, Strap: "02:02:00:00:00:01", Person: foreign.Person{Pulse: 70}}
	go func() { ended <- r.Run(ctx, time.Now()) }()
	client := &http.Client{}
	defer client.CloseIdleConnections()
	ask := func(method, path, body string) *http.Response {
		t.Helper()
		for {
			q, err := http.NewRequestWithContext(ctx, method, "http://"+address+path, strings.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			if res, err := client.Do(q); err == nil { // else it does not listen yet
				return res
			}
		}
	}
	for _, tt := range []struct {
		method, path, body string
		status             int
	}{
		{http.MethodPost, "/gap/nodes/02:02:00:00:00:01/connection", `{"type":"public"}`, http.StatusInternalServerError},
		{http.MethodPost, "/gap/nodes/02:02:00:00:00:01/connection", `{"type":"random"}`, http.StatusOK},
		{http.MethodGet, "/gatt/nodes/02:02:00:00:00:01/services/characteristics/descriptors", "", http.StatusOK},
		{http.MethodGet, "/gatt/nodes/02:02:00:00:00:01/handle/53/value/0100", "", http.StatusOK},
		{http.MethodPost, "/gap/nodes/02:02:00:00:00:02/connection", `{"type":"random"}`, http.StatusNotFound},
	} {
		res := ask(tt.method, tt.path, tt.body)
		if res.StatusCode != tt.status {
			t.Errorf("%s %s %s: %s", tt.method, tt.path, tt.body, res.Status)
		}
		_ = res.Body.Close()
	}
	stream := ask(http.MethodGet, "/gatt/nodes", "")
	event, err := bufio.NewReader(stream.Body).ReadString('\n')
	if want := `data: {"value":"0646","handle":52,"id":"02:02:00:00:00:01","dataType":"notification"}` + "\n"; err != nil || event != want {
		t.Errorf("%q, %v", event, err)
	}
	_ = stream.Body.Close()
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
