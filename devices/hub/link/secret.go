package link

import (
	"net/url"

	"github.com/eclipse/paho.golang/paho"

	"vigil/vitals"
)

// Credentials are what a hub shows at a door.
type Credentials struct {
	Hub    vitals.HubID
	Secret string
}

// Renew takes another secret, which the server knows from now on.
func (l *Link) Renew(secret string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.Secret, l.Spare = secret, ""
}

// Offer names a secret of which nobody knows whether the server has taken it. It is tried where the other
// one is turned away.
func (l *Link) Offer(secret string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.Spare = secret
}

// Credentials are those that the hub shows at the moment.
func (l *Link) Credentials() Credentials {
	l.mu.Lock()
	defer l.mu.Unlock()
	return Credentials{Hub: l.Hub, Secret: l.Secret}
}

// turnedAway has the other secret tried next, unless that is done already: both doors may show the same one.
func (l *Link) turnedAway(shown string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.Spare != "" && l.Secret == shown {
		l.Secret, l.Spare = l.Spare, l.Secret
		l.Log.Info("the hub's other secret is tried")
	}
}

// identify puts the secret of the moment into what MQTT begins with.
func (l *Link) identify(c *paho.Connect, _ *url.URL) (*paho.Connect, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.shown = l.Secret
	c.PasswordFlag, c.Password = true, []byte(l.shown)
	return c, nil
}
