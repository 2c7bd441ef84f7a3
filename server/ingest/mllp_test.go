package ingest_test

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"io"
	"math/big"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"vigil/server/ingest"
	"vigil/vitals"
)

const monitor vitals.DeviceID = "0009fbffff9b42b3"

// monitored is a message of one heart rate of the monitor at noon; change replaces text in it.
func monitored(change ...string) string {
	text := strings.Join([]string{
		`MSH|^~\&|MONITOR|WARD|VIGIL|HERE|20260301120000+0000||ORU^R01^ORU_R01|17|P|2.6`,
		`PID|||4711^^^Hospital^MR`,
		`OBR|1||0009FBFFFF9B42B3^^^EUI-64|69837^MDC_OBS_HEMODYN^MDC|||20260301120000`,
		`OBX|1|NM|147842^MDC_ECG_HEART_RATE^MDC|1.2.1.1|60|264864^^MDC|||||F`,
		`OBX|2|NM|150456^MDC_PULS_OXIM_SAT_O2^MDC|1.3.1.1|97|262688^^MDC|||||F`,
	}, "\r") + "\r"
	return strings.NewReplacer(change...).Replace(text)
}

func frame(message string) string { return "\x0b" + message + "\x1c\r" }

// bedside is a connection of a monitor to the door.
type bedside struct {
	*testing.T
	net.Conn
	in *bufio.Reader
}

// openMLLP opens the door to a ward whose patient wears the monitor.
func openMLLP(t *testing.T, config *tls.Config) (*ward, *ingest.MLLP) {
	t.Helper()
	w := newWard()
	w.bindings = append(w.bindings, vitals.Binding{Device: monitor, Patient: patient, From: noon.Add(-time.Hour), Record: "4711"})
	door, err := ingest.ListenMLLP("127.0.0.1:0", config, w.handler())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := door.Close(); err != nil {
			t.Error(err)
		}
	})
	return w, door
}

func atBed(t *testing.T, door *ingest.MLLP) bedside {
	t.Helper()
	conn, err := net.Dial("tcp", door.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
	return bedside{t, conn, bufio.NewReader(conn)}
}

func (b bedside) send(bytes string) {
	b.Helper()
	if _, err := io.WriteString(b.Conn, bytes); err != nil {
		b.Fatal(err)
	}
}

// answer reads one answer, without its frame.
func (b bedside) answer() string {
	b.Helper()
	text, err := b.in.ReadString(0x1c)
	if err != nil {
		b.Fatalf("no answer: %v %q", err, text)
	}
	if end, _ := b.in.ReadByte(); end != '\r' || text[0] != 0x0b {
		b.Fatalf("not framed: %q", text)
	}
	return strings.Trim(text, "\x0b\x1c")
}

// closed reports whether the server has ended the connection.
func (b bedside) closed() bool {
	_, err := b.in.ReadByte()
	return err == io.EOF
}

func TestAMonitorsMessageIsAnsweredWhenItIsStored(t *testing.T) {
	w, door := openMLLP(t, nil)
	bed := atBed(t, door)
	bed.send(frame(monitored()))
	if got := bed.answer(); !strings.Contains(got, "MSA|AA|17\r") || strings.Contains(got, "ERR") || !strings.Contains(got, "|ACK^R01^ACK|") {
		t.Errorf("%q", got)
	}
	published, _ := w.seen()
	if len(published) != 1 || len(published[0].Batch.Readings) != 2 || published[0].Patient != patient || w.settled[patient] != 1 {
		t.Errorf("%+v, settled %v", published, w.settled)
	}
	bed.send("\r\n" + frame(monitored())) // the sender did not hear the answer
	if got := bed.answer(); !strings.Contains(got, "MSA|AA|17\r") {
		t.Errorf("the second time: %q", got)
	}
	bed.send(frame(monitored("|60|", "|61|"))) // it was started anew and counts from the beginning
	if got := bed.answer(); !strings.Contains(got, "MSA|AA|17\r") {
		t.Errorf("the same number with another value: %q", got)
	}
	if published, _ := w.seen(); len(published) != 2 {
		t.Errorf("%d deliveries of two messages, one of them sent twice", len(published))
	}
}

func TestWhatCannotBeChartedIsNamedInTheAnswer(t *testing.T) {
	for name, story := range map[string]struct {
		change   []string
		code     string
		err      string
		readings int
	}{
		"one value without a unit":          {[]string{"262688^^MDC", ""}, "AA", "ERR||OBX^2|102^^HL70357|W||||spo2 without a unit", 1},
		"a heart rate of 412":               {[]string{"|60|", "|412|"}, "AA", "|W||||heart_rate 412", 1},
		"a monitor that nobody is bound to": {[]string{"0009FBFFFF9B42B3", "0009FBFFFF000000"}, "AR", "|E||||device 0009fbffff000000 was bound to nobody", 0},
		"another patient's record number":   {[]string{"4711", "4712"}, "AR", "bound to another patient", 0},
		"a message for training":            {[]string{"|P|", "|T|"}, "AR", "test data", 0},
		"an admission":                      {[]string{"ORU^R01^ORU_R01", "ADT^A01"}, "AR", "|200^^HL70357|E", 0},
		"bytes that are no text":            {[]string{"MONITOR", "M\xff"}, "AR", "no ASCII", 0},
		"all values are without a unit":     {[]string{"^^MDC", ""}, "AR", "|E||||", 0},
		"nothing that is charted here":      {[]string{"147842^MDC_ECG_HEART_RATE", "1", "150456", "2"}, "AA", "", 0},
	} {
		t.Run(name, func(t *testing.T) {
			w, door := openMLLP(t, nil)
			bed := atBed(t, door)
			bed.send(frame(monitored(story.change...)))
			got := bed.answer()
			if !strings.Contains(got, "MSA|"+story.code+"|17\r") || !strings.Contains(got, story.err) || (story.err == "") == strings.Contains(got, "ERR") {
				t.Errorf("%q, want %s …%s…", got, story.code, story.err)
			}
			published, refused := w.seen()
			n := 0
			for _, d := range published {
				n += len(d.Batch.Readings)
			}
			if n != story.readings || (len(refused) > 0) != (story.err != "") {
				t.Errorf("%d readings charted, %d messages in quarantine", n, len(refused))
			}
		})
	}
}

func TestAFrameThatIsNoneIsAnsweredAndTheNextOneHeard(t *testing.T) {
	w, door := openMLLP(t, nil)
	bed := atBed(t, door)

	bed.send("\x0b" + monitored()[:200] + frame(monitored("|17|", "|18|"))) // the first has no trailer
	if got := bed.answer(); !strings.Contains(got, "MSA|AR|17\r") || !strings.Contains(got, "no end") {
		t.Errorf("without a trailer: %q", got)
	}
	if got := bed.answer(); !strings.Contains(got, "MSA|AA|18\r") {
		t.Errorf("the one behind it: %q", got)
	}
	bed.send(frame(monitored("|17|", "|19|") + "NTE|" + strings.Repeat("x", 1<<20)))
	if got := bed.answer(); !strings.Contains(got, "MSA|AR|19\r") || !strings.Contains(got, "longer than 1048576") {
		t.Errorf("too long: %q", got)
	}
	bed.send(frame(monitored("|17|", "|20|")))
	if got := bed.answer(); !strings.Contains(got, "MSA|AA|20\r") {
		t.Errorf("the one behind it: %q", got)
	}
	if _, refused := w.seen(); len(refused) != 2 {
		t.Errorf("%d in quarantine", len(refused))
	}

	bed.send("GET / HTTP/1.1\r\nHost: here\r\n\r\n")
	if got := bed.answer(); !strings.Contains(got, "MSA|AR|") || !strings.Contains(got, "begins with 0x0B") || !bed.closed() {
		t.Errorf("something else: %q", got)
	}

	half := atBed(t, door)
	half.send("\x0b" + monitored())
	_ = half.Conn.(*net.TCPConn).CloseWrite()
	if got := half.answer(); !strings.Contains(got, "MSA|AR|17\r") || !half.closed() {
		t.Errorf("a message whose sender leaves before its end: %q", got)
	}
}

func TestALineEndBetweenMessagesIsNotTheBeginningOfOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWard()
		w.bindings = append(w.bindings, vitals.Binding{Device: monitor, Patient: patient, From: noon.Add(-time.Hour), Record: "4711"})
		here, there := net.Pipe()
		var serving sync.WaitGroup
		serving.Go(func() { ingest.ServeMonitor(t.Context(), w.handler(), there) })
		bed := bedside{t, here, bufio.NewReader(here)}
		for _, number := range []string{"17", "18"} {
			_ = here.SetDeadline(time.Now().Add(20 * time.Second))
			bed.send(frame(monitored("|17|", "|"+number+"|")) + "\r\n")
			if got := bed.answer(); !strings.Contains(got, "MSA|AA|"+number+"\r") {
				t.Errorf("message %s: %q", number, got)
			}
			time.Sleep(time.Hour) // of the bubble
		}
		_ = here.Close()
		serving.Wait()
		if published, refused := w.seen(); len(published) != 2 || len(refused) != 0 {
			t.Errorf("%d published, %d in quarantine", len(published), len(refused))
		}
	})
}

func TestAMessageThatIsNotStoredIsNotAccepted(t *testing.T) {
	w, door := openMLLP(t, nil)
	bed := atBed(t, door)
	w.set(func() { w.journalDown = true })
	bed.send(frame(monitored()))
	if got := bed.answer(); !strings.Contains(got, "MSA|AE|17\r") || !strings.Contains(got, "send it again") {
		t.Errorf("%q", got)
	}
	w.set(func() { w.journalDown = false })
	bed.send(frame(monitored()))
	if got := bed.answer(); !strings.Contains(got, "MSA|AA|17\r") {
		t.Errorf("the second time: %q", got)
	}
}

// certificate is a key with a certificate that it signed itself, or that a parent signed.
func certificate(t *testing.T, name string, parent *tls.Certificate) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: parent == nil, BasicConstraintsValid: true,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth},
	}
	issuer, signer := template, any(key)
	if parent != nil {
		issuer, signer = parent.Leaf, parent.PrivateKey
	}
	der, err := x509.CreateCertificate(rand.Reader, template, issuer, &key.PublicKey, signer)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}
}

func TestUnderTLSOnlyAMonitorWithACertificateIsHeard(t *testing.T) {
	authority := certificate(t, "hospital", nil)
	trusted := x509.NewCertPool()
	trusted.AddCert(authority.Leaf)
	_, door := openMLLP(t, &tls.Config{
		Certificates: []tls.Certificate{certificate(t, "vigil", &authority)}, MinVersion: tls.VersionTLS13,
		ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: trusted,
	})
	for name, own := range map[string][]tls.Certificate{
		"with a certificate of the hospital": {certificate(t, "monitor", &authority)},
		"with one of somebody":               {certificate(t, "somebody", nil)},
		"with none":                          nil,
	} {
		t.Run(name, func(t *testing.T) {
			plain := atBed(t, door)
			conn := tls.Client(plain.Conn, &tls.Config{RootCAs: trusted, ServerName: "127.0.0.1", Certificates: own})
			bed := bedside{t, conn, bufio.NewReader(conn)}
			_, _ = io.WriteString(conn, frame(monitored())) // refused at the latest when the answer is read
			if strings.HasSuffix(name, "hospital") {
				if got := bed.answer(); !strings.Contains(got, "MSA|AA|17") {
					t.Errorf("%q", got)
				}
				return
			}
			if b, err := bed.in.ReadByte(); err == nil {
				t.Errorf("answered with %q", b)
			}
		})
	}
}

func TestTheDoorClosesWithMonitorsConnected(t *testing.T) {
	w := newWard()
	door, err := ingest.ListenMLLP("127.0.0.1:0", nil, w.handler())
	if err != nil {
		t.Fatal(err)
	}
	bed := atBed(t, door)
	bed.send("\x0bMSH|") // in the middle of a message
	if err := door.Close(); err != nil {
		t.Error(err)
	}
	_, _ = io.Copy(io.Discard, bed.in)
	if _, err := ingest.ListenMLLP("nowhere:x", nil, w.handler()); err == nil {
		t.Error("listens nowhere")
	}
}
