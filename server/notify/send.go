package notify

import (
	"context"
	"errors"
	"strings"

	"vigil/alerts"
)

// Try sends a test to a contact, once, as urgently as the call to a HIGH alarm.
func (n *Notifier) Try(ctx context.Context, c alerts.Contact) error {
	now := n.Now()
	return n.send(ctx, alerts.Notice{
		Step: alerts.TestID(now), Contact: c, Priority: alerts.High, Text: "This is a test. Nobody is in need.", Made: now,
	})
}

// send makes one attempt.
func (n *Notifier) send(ctx context.Context, x alerts.Notice) error {
	ctx, cancel := context.WithTimeout(ctx, sendLimit)
	defer cancel()
	sender, known := n.Senders[x.Contact.Channel]
	if !known {
		return errors.New("this server is not set up for the channel")
	}
	return sender.Send(ctx, x)
}

// link is where whoever gets a notice reads what it does not say, once they have signed in; empty where the address
// of Vigil is not known.
func link(vigil string, n alerts.Notice) string {
	if vigil == "" || n.Step.Test() {
		return vigil
	}
	return strings.TrimRight(vigil, "/") + "/notice/" + n.ID()
}
