package notify_test

import (
	"bufio"
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"strings"
	"testing"

	"vigil/alerts"
	"vigil/server/notify"
)

func TestNtfyIsToldHowUrgentItIs(t *testing.T) {
	for priority, want := range map[alerts.Priority]float64{alerts.High: 5, alerts.Medium: 4, alerts.Low: 3} {
		l := listen(t, http.StatusOK)
		n := aNotice("noras-topic", alerts.Ntfy)
		n.Priority = priority
		if err := (notify.Ntfy{URL: l.URL, Token: "tk_1", Click: "https://vigil.test/", HTTP: client(t)}).Send(t.Context(), n); err != nil {
			t.Fatal(err)
		}
		var got map[string]any
		if err := json.Unmarshal(l.body, &got); err != nil {
			t.Fatal(err)
		}
		if got["topic"] != "noras-topic" || got["message"] != n.Text || got["priority"] != want || got["click"] != "https://vigil.test/notice/"+n.ID() || l.header.Get("Authorization") != "Bearer tk_1" {
			t.Errorf("%s: %s", priority, l.body)
		}
	}
}

// browser is a subscription, with what only the browser knows of it.
type browser struct {
	private *ecdh.PrivateKey
	auth    []byte
}

func newBrowser(t *testing.T) browser {
	t.Helper()
	private, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	b := browser{private, make([]byte, 16)}
	_, _ = rand.Read(b.auth)
	return b
}

func (b browser) subscribe(n alerts.Notice) alerts.Notice {
	n.Contact.Key = base64.RawURLEncoding.EncodeToString(b.private.PublicKey().Bytes())
	n.Contact.Auth = base64.RawURLEncoding.EncodeToString(b.auth)
	return n
}

// open decrypts a message as RFC 8291, section 3.4 says.
func (b browser) open(t *testing.T, body []byte) []byte {
	t.Helper()
	must := func(v []byte, err error) []byte {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	salt, sender, sealed := body[:16], body[21:21+65], body[21+65:]
	key, err := ecdh.P256().NewPublicKey(sender)
	if err != nil {
		t.Fatal(err)
	}
	shared := must(b.private.ECDH(key))
	info := "WebPush: info\x00" + string(b.private.PublicKey().Bytes()) + string(sender)
	secret := must(hkdf.Key(sha256.New, shared, b.auth, info, 32))
	block, err := aes.NewCipher(must(hkdf.Key(sha256.New, secret, salt, "Content-Encoding: aes128gcm\x00", 16)))
	if err != nil {
		t.Fatal(err)
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		t.Fatal(err)
	}
	text := must(gcm.Open(nil, must(hkdf.Key(sha256.New, secret, salt, "Content-Encoding: nonce\x00", 12)), sealed, nil))
	return bytes.TrimSuffix(bytes.TrimRight(text, "\x00"), []byte{2})
}

func TestABrowserIsPushedWhatOnlyItCanRead(t *testing.T) {
	keys, err := notify.NewVAPID()
	if err != nil {
		t.Fatal(err)
	}
	l, b := listen(t, http.StatusCreated), newBrowser(t)
	push := notify.Push{Keys: keys, Contact: "ops@vigil.test", HTTP: client(t)}
	n := b.subscribe(aNotice(l.URL+"/subscription", alerts.WebPush))
	if err := push.Send(t.Context(), n); err != nil {
		t.Fatal(err)
	}
	var got map[string]string
	header := l.header
	if err := json.Unmarshal(b.open(t, l.body), &got); err != nil {
		t.Fatal(err)
	}
	if got["text"] != n.Text || got["id"] != n.ID() || len(got) != 2 {
		t.Errorf("%v", got)
	}
	test := n
	test.Step = alerts.TestID(test.Made)
	if err := push.Send(t.Context(), test); err != nil {
		t.Fatal(err)
	}
	if text := string(b.open(t, l.body)); text != `{"text":"`+n.Text+`"}` {
		t.Errorf("a test says %s", text)
	}
	if l.header.Get("Topic") != test.ID() {
		t.Error("a test takes the place of a call")
	}
	h := header
	if h.Get("Topic") != n.ID() || h.Get("Ttl") != "600" || h.Get("Urgency") != "high" || !strings.Contains(h.Get("Authorization"), keys.Public) {
		t.Errorf("%v", h)
	}
}

func TestASubscriptionThatHasEndedIsGone(t *testing.T) {
	keys, err := notify.NewVAPID()
	if err != nil {
		t.Fatal(err)
	}
	for status, gone := range map[int]bool{404: true, 410: true, 429: false, 500: false} {
		l := listen(t, status)
		err := notify.Push{Keys: keys, HTTP: client(t)}.Send(t.Context(), newBrowser(t).subscribe(aNotice(l.URL, alerts.WebPush)))
		if err == nil || errors.Is(err, alerts.ErrGone) != gone {
			t.Errorf("%d: %v", status, err)
		}
	}
}

// TestAPushServiceInTheHouseIsNotReached: whoever subscribes says where it is.
func TestAPushServiceInTheHouseIsNotReached(t *testing.T) {
	keys, err := notify.NewVAPID()
	if err != nil {
		t.Fatal(err)
	}
	l := listen(t, http.StatusCreated)
	public := notify.PublicClient()
	t.Cleanup(public.CloseIdleConnections)
	err = notify.Push{Keys: keys, HTTP: public}.Send(t.Context(), newBrowser(t).subscribe(aNotice(l.URL, alerts.WebPush)))
	if err == nil || l.body != nil {
		t.Errorf("%v, and it got %d bytes", err, len(l.body))
	}
}

// postOffice takes mail, and refuses it where it is told to.
type postOffice struct {
	net.Listener

	refuses bool
	curt    bool // it has nothing to say once it has taken a mail
	lines   chan string
}

func newPostOffice(t *testing.T, refuses, curt bool) *postOffice {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &postOffice{listener, refuses, curt, make(chan string, 1000)}
	done := make(chan struct{})
	go func() { defer close(done); p.serve() }()
	t.Cleanup(func() { _ = listener.Close(); <-done })
	return p
}

func (p *postOffice) serve() {
	conn, err := p.Accept()
	if err != nil {
		return
	}
	defer func() { _ = conn.Close() }()
	say := func(s string) { _, _ = conn.Write([]byte(s + "\r\n")) }
	say("220 post")
	lines := bufio.NewScanner(conn)
	inMail := false
	for lines.Scan() {
		line := lines.Text()
		p.lines <- line
		switch verb, _, _ := strings.Cut(line, " "); {
		case inMail && line == ".":
			inMail = false
			say("250 taken")
			if p.curt {
				return
			}
		case inMail:
		case verb == "RCPT" && p.refuses:
			say("450 not now")
		case verb == "DATA":
			inMail = true
			say("354 go on")
		case verb == "QUIT":
			say("221 bye")
			return
		default:
			say("250 yes")
		}
	}
}

func (p *postOffice) heard() string {
	var all []string
	for len(p.lines) > 0 {
		all = append(all, <-p.lines)
	}
	return strings.Join(all, "\n")
}

func TestAMailIsHandedIn(t *testing.T) {
	everywhere := func(string) bool { return true }
	p := newPostOffice(t, false, false)
	m, err := notify.NewMail("smtp://"+p.Addr().String(), "vigil@vigil.test", "https://vigil.test/", everywhere)
	if err != nil {
		t.Fatal(err)
	}
	n := aNotice("nora@vigil.test", alerts.Mail)
	if err := m.Send(t.Context(), n); err != nil {
		t.Fatal(err)
	}
	got := p.heard()
	for _, want := range []string{"RCPT TO:<nora@vigil.test>", "Subject: HIGH alarm, Cardiology. Open Vigil.", n.ID(), "https://vigil.test/notice/", "Auto-Submitted: auto-generated"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not in\n%s", want, got)
		}
	}
	if strings.Contains(got, string(patient)) {
		t.Errorf("the mail names the patient:\n%s", got)
	}
	full := newPostOffice(t, true, false)
	if m, err = notify.NewMail("smtp://"+full.Addr().String(), "vigil@vigil.test", "", everywhere); err != nil {
		t.Fatal(err)
	}
	if err := m.Send(t.Context(), n); err == nil {
		t.Error("a mail that nobody took counts as delivered")
	}
}

// A server takes a mail and then says nothing more: it was taken, and to send it again would be to call twice, every minute.
func TestAMailThatWasTakenIsNotSentAgainForWantOfAGoodbye(t *testing.T) {
	p := newPostOffice(t, false, true)
	m, err := notify.NewMail("smtp://"+p.Addr().String(), "vigil@vigil.test", "", func(string) bool { return true })
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Send(t.Context(), aNotice("nora@vigil.test", alerts.Mail)); err != nil {
		t.Error(err)
	}
}

func TestMailThatIsNotSetUpIsRefusedWithoutItsPassword(t *testing.T) {
	for name, address := range map[string]string{"another scheme": "http://u:hush@host", "no host": "smtp://", "no address": "::hush"} {
		if _, err := notify.NewMail(address, "vigil@vigil.test", "", nil); err == nil || strings.Contains(err.Error(), "hush") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := notify.NewMail("smtps://host", "nobody", "", nil); err == nil {
		t.Error("a sender that is no address")
	}
}
