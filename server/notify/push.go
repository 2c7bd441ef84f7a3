package notify

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"syscall"
	"time"

	"github.com/SherClockHolmes/webpush-go"

	"vigil/alerts"
)

// Push sends notices to browsers and phones that subscribed (Web Push, RFC 8030; encrypted for the browser,
// RFC 8291; signed as ours, RFC 8292).
type Push struct {
	Keys    VAPID
	Contact string // whom a push service can ask about us: mailto: or https:
	HTTP    *http.Client
}

// VAPID is the pair of keys by which push services know this installation. Browsers subscribe to the public one.
type VAPID struct {
	Private string `json:"private"`
	Public  string `json:"public"`
}

// NewVAPID makes a pair.
func NewVAPID() (v VAPID, err error) {
	if v.Private, v.Public, err = webpush.GenerateVAPIDKeys(); err != nil {
		return v, fmt.Errorf("make keys for Web Push: %w", err)
	}
	return v, nil
}

// pushLife is how long a push service keeps a notice for a device that is off: whoever switches it on later finds
// the alarm answered, or is called again.
const pushLife = 10 * time.Minute

// pushed is what the service worker gets. It knows where it is from: the notice is at /notice/ and the id.
type pushed struct {
	ID   string `json:"id,omitempty"` // missing in a test, which leads nowhere
	Text string `json:"text"`
}

// Send hands the notice to the browser's push service. The service keeps one message of a topic, so a repeat takes
// the place of the first. A subscription that has ended is gone: 404 or 410 (RFC 8030, section 7.3).
func (p Push) Send(ctx context.Context, n alerts.Notice) error {
	message := pushed{ID: n.ID(), Text: n.Text}
	if n.Step.Test() {
		message.ID = ""
	}
	body, err := json.Marshal(message)
	if err != nil {
		return fmt.Errorf("encode a push: %w", err)
	}
	urgency := webpush.UrgencyNormal
	if n.Priority == alerts.High {
		urgency = webpush.UrgencyHigh
	}
	answer, err := webpush.SendNotificationWithContext(ctx, body, &webpush.Subscription{
		Endpoint: n.Contact.Address, Keys: webpush.Keys{P256dh: n.Contact.Key, Auth: n.Contact.Auth},
	}, &webpush.Options{
		HTTPClient: p.HTTP, Subscriber: p.Contact, Topic: n.ID(), TTL: int(pushLife.Seconds()), Urgency: urgency,
		VAPIDPublicKey: p.Keys.Public, VAPIDPrivateKey: p.Keys.Private,
	})
	if err != nil {
		return hidden("push", err)
	}
	err = finish(answer)
	if no, refused := errors.AsType[refusedError](err); refused && (no.status == http.StatusNotFound || no.status == http.StatusGone) {
		return fmt.Errorf("push: %w: %w", alerts.ErrGone, err)
	}
	return err
}

// PublicClient is an HTTPClient that reaches no address of the house: where a browser's push service is, says
// whoever subscribes, and that must not be a door into the network that Vigil runs in.
func PublicClient() *http.Client {
	client := HTTPClient()
	dialer := &net.Dialer{Timeout: sendLimit, Control: func(_, address string, _ syscall.RawConn) error {
		at, err := netip.ParseAddrPort(address)
		if err != nil || !public(at.Addr()) {
			return errors.New("a push service is not in this network")
		}
		return nil
	}}
	client.Transport = &http.Transport{DialContext: dialer.DialContext, TLSHandshakeTimeout: sendLimit, ForceAttemptHTTP2: true, MaxIdleConnsPerHost: maxPerTarget}
	return client
}

// public reports whether an address is one of the internet.
func public(a netip.Addr) bool {
	a = a.Unmap()
	return a.IsGlobalUnicast() && !a.IsPrivate() && !netip.MustParsePrefix("100.64.0.0/10").Contains(a)
}
