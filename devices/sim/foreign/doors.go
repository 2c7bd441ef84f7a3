package foreign

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/eclipse/paho.golang/paho"
)

// answerWithin is how long a server may take to answer: values are on disk by then.
const answerWithin = 30 * time.Second

// mostAnswer is how much of an answer is read.
const mostAnswer = 1 << 20

// Web is a door of HTTP: a webhook, or FHIR.
type Web struct {
	URL          string
	Type         string // of the content
	User, Secret string // HTTP Basic

	client http.Client
}

// Bring posts the payload.
func (d *Web) Bring(ctx context.Context, payload []byte) error {
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, d.URL, bytes.NewReader(payload))
	if err != nil {
		return fmt.Errorf("prepare to post: %w", err)
	}
	r.SetBasicAuth(d.User, d.Secret)
	r.Header.Set("Content-Type", d.Type)
	res, err := d.client.Do(r)
	if err != nil {
		return fmt.Errorf("post: %w", err)
	}
	said, err := io.ReadAll(io.LimitReader(res.Body, mostAnswer))
	if err := errors.Join(err, res.Body.Close()); err != nil {
		return fmt.Errorf("read the answer: %w", err)
	}
	switch {
	case res.StatusCode < http.StatusMultipleChoices:
		return keptAside(said)
	case res.StatusCode == http.StatusTooManyRequests, res.StatusCode >= http.StatusInternalServerError:
		return fmt.Errorf("post: %s", res.Status)
	default:
		return refused("%s: %s", res.Status, said)
	}
}

// keptAside says what a webhook has not taken of what it has: it is stored for the staff, with a reason.
func keptAside(said []byte) error {
	var answer struct {
		Refused []struct{ Code, Reason string } `json:"refused"`
	}
	_ = json.Unmarshal(said, &answer) // other doors answer in other words
	if len(answer.Refused) == 0 {
		return nil
	}
	return refused("%s: %s", answer.Refused[0].Code, answer.Refused[0].Reason)
}

// Close lets go of idle connections.
func (d *Web) Close() { d.client.CloseIdleConnections() }

// Relay is a door of MQTT, which a gateway takes for its broker.
type Relay struct {
	Broker       string // host:port
	User, Secret string
	Topic        string

	client *paho.Client
}

// Bring publishes the payload, and connects where that is needed.
func (d *Relay) Bring(ctx context.Context, payload []byte) error {
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	if d.client == nil {
		if err := d.connect(ctx); err != nil {
			return err
		}
	}
	answer, err := d.client.Publish(ctx, &paho.Publish{Topic: d.Topic, QoS: 1, Payload: payload})
	switch {
	case err == nil:
		return nil
	case answer != nil && answer.ReasonCode == payloadInvalid:
		return refused("publish: %v", err)
	default:
		d.Close()
		return fmt.Errorf("publish: %w", err)
	}
}

// payloadInvalid is the reason code of what the server will never take (MQTT 5, 3.4.2.1).
const payloadInvalid = 0x99

func (d *Relay) connect(ctx context.Context) error {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", d.Broker)
	if err != nil {
		return fmt.Errorf("dial: %w", err)
	}
	client := paho.NewClient(paho.ClientConfig{Conn: conn, ClientID: d.User})
	answer, err := client.Connect(ctx, &paho.Connect{
		ClientID: d.User, CleanStart: true, KeepAlive: 60, UsernameFlag: true, Username: d.User, PasswordFlag: true, Password: []byte(d.Secret),
	})
	if err != nil {
		_ = conn.Close()
		if answer != nil {
			return refused("connect: reason code %#x", answer.ReasonCode)
		}
		return fmt.Errorf("connect: %w", err)
	}
	d.client = client
	return nil
}

// Close ends the connection.
func (d *Relay) Close() {
	if d.client == nil {
		return
	}
	_ = d.client.Disconnect(&paho.Disconnect{}) // it may be gone already
	<-d.client.Done()
	d.client = nil
}

// Monitors is the door of hospital monitors: MLLP.
type Monitors struct {
	Address string // host:port

	conn net.Conn
	in   *bufio.Reader
}

// How MLLP frames a message (HL7 v2 Transport Specification: MLLP).
const (
	beginBlock = 0x0b
	endBlock   = "\x1c\r"
)

// Bring sends the message and waits for its acknowledgement.
func (d *Monitors) Bring(ctx context.Context, payload []byte) error {
	if d.conn == nil {
		conn, err := new(net.Dialer).DialContext(ctx, "tcp", d.Address)
		if err != nil {
			return fmt.Errorf("dial: %w", err)
		}
		d.conn, d.in = conn, bufio.NewReader(conn)
	}
	answer, err := d.ask(payload)
	if err != nil {
		d.Close()
		return err
	}
	switch {
	case strings.Contains(answer, "\rMSA|AA|"):
		return nil
	case strings.Contains(answer, "\rMSA|AR|"):
		return refused("%q", answer)
	default: // AE: it is not known to be stored
		return fmt.Errorf("not acknowledged: %q", answer)
	}
}

func (d *Monitors) ask(payload []byte) (string, error) {
	if err := d.conn.SetDeadline(time.Now().Add(answerWithin)); err != nil {
		return "", fmt.Errorf("set a deadline: %w", err)
	}
	block := append(append([]byte{beginBlock}, payload...), endBlock...)
	if _, err := d.conn.Write(block); err != nil {
		return "", fmt.Errorf("send: %w", err)
	}
	answer, err := d.in.ReadString(endBlock[0])
	if err != nil {
		return "", fmt.Errorf("read the acknowledgement: %w", err)
	}
	return answer, nil
}

// Close ends the connection.
func (d *Monitors) Close() {
	if d.conn != nil {
		_ = d.conn.Close() // nothing is on its way
		d.conn = nil
	}
}

// WebhookOf is where the gateway posts at the server.
func WebhookOf(base, gateway string) string {
	return base + "/ingest/v1/gateways/" + url.PathEscape(gateway)
}

// MinewTopic is where the gateway of that name publishes.
func MinewTopic(gateway string) string { return "/gw/" + gateway + "/status" }

// TheengsTopic is where the gateway of that name publishes what it heard of the address.
func TheengsTopic(gateway, address string) string {
	return "home/" + gateway + "/BTtoMQTT/" + strings.ToUpper(address)
}
