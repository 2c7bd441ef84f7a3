package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"vigil/alerts"
	"vigil/server/notify"
	"vigil/server/store"
)

// notifier calls people in the ways that the operator has set up.
func (a *app) notifier(ctx context.Context) (*notify.Notifier, error) {
	o := notify.Options{
		Records: callers{a.store}, Note: a.audit.Note, Log: a.log, Now: time.Now,
		Senders: map[alerts.Channel]notify.Sender{},
		Owns:    func(partition int) bool { return a.monitor.Owns(partition) || a.dog.calls(partition) },
	}
	client := notify.HTTPClient()
	a.onClose(func() error { client.CloseIdleConnections(); return nil })
	if a.cfg.NotifyWebhook != "" {
		secret, _ := webhookSecret(a.cfg.NotifySecret) // config has been checked
		o.House = alerts.Contact{ID: "house", Channel: alerts.Webhook, Address: a.cfg.NotifyWebhook}
		o.Senders[alerts.Webhook] = notify.Webhook{Secret: secret, HTTP: client, Now: time.Now}
	}
	if a.cfg.SMTPURL != "" {
		mail, err := a.cfg.mail()
		if err != nil {
			return nil, fmt.Errorf("set up mail: %w", err)
		}
		o.Senders[alerts.Mail] = mail
	}
	if a.cfg.NtfyURL != "" {
		o.Senders[alerts.Ntfy] = notify.Ntfy{URL: a.cfg.NtfyURL, Token: a.cfg.NtfyToken, Click: a.cfg.PublicURL, HTTP: client}
	}
	if contact := a.cfg.pushContact(); contact != "" {
		push, err := a.push(ctx, contact)
		if err != nil {
			return nil, err
		}
		o.Senders[alerts.WebPush], a.reach.PushKey = push, push.Keys.Public
	}
	for _, c := range []alerts.Channel{alerts.WebPush, alerts.Mail, alerts.Ntfy} {
		if o.Senders[c] != nil {
			a.reach.Channels = append(a.reach.Channels, c)
		}
	}
	return notify.New(o), nil
}

// push sends with the keys of the installation: with others, everybody would have to subscribe again.
func (a *app) push(ctx context.Context, contact string) (notify.Push, error) {
	fresh, err := notify.NewVAPID()
	if err != nil {
		return notify.Push{}, err
	}
	text, err := json.Marshal(fresh)
	if err != nil {
		return notify.Push{}, fmt.Errorf("encode keys for Web Push: %w", err)
	}
	if text, err = a.store.Secret(ctx, "web_push_keys", text); err != nil {
		return notify.Push{}, err
	}
	client := notify.PublicClient()
	a.onClose(func() error { client.CloseIdleConnections(); return nil })
	p := notify.Push{Contact: contact, HTTP: client}
	if err := json.Unmarshal(text, &p.Keys); err != nil {
		return p, fmt.Errorf("read the keys for Web Push: %w", err)
	}
	return p, nil
}

// webhookSecret reads a secret as Standard Webhooks writes it: whsec_ and 24 to 64 bytes in Base64.
func webhookSecret(text string) ([]byte, error) {
	encoded, found := strings.CutPrefix(text, "whsec_")
	secret, err := base64.StdEncoding.DecodeString(encoded)
	const least, most = 24, 64
	if !found || err != nil || len(secret) < least || len(secret) > most {
		return nil, fmt.Errorf("want whsec_ and %d to %d random bytes in Base64", least, most)
	}
	return secret, nil
}

// callers is what notify has to know of who there is.
type callers struct{ *store.Store }

// Directory reads all of it.
func (c callers) Directory(ctx context.Context) (d notify.Directory, err error) {
	if d.Staff, err = c.Staff(ctx); err != nil {
		return d, err
	}
	if d.Units, err = c.Units(ctx, everywhere); err != nil {
		return d, err
	}
	if d.Patients, err = c.Patients(ctx, everywhere, ""); err != nil {
		return d, err
	}
	if d.Roster, err = c.Roster(ctx, everywhere, time.Now()); err != nil {
		return d, err
	}
	if d.Policies, err = c.Policies(ctx, everywhere); err != nil {
		return d, err
	}
	d.Contacts, err = c.Contacts(ctx)
	return d, err
}
