package notify

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strconv"

	"github.com/wneessen/go-mail"

	"vigil/alerts"
)

// Mail sends notices by SMTP, encrypted unless the server is this machine.
type Mail struct {
	client []mail.Option
	host   string
	from   string
	click  string
}

// NewMail reads where mail is handed in: smtps://user:password@host, or smtp:// for one that encrypts after it
// was greeted (STARTTLS, which is then demanded). Click is where Vigil is; empty where that is not known.
func NewMail(address, from, click string, local func(host string) bool) (Mail, error) {
	u, err := url.Parse(address)
	if err != nil || u.Hostname() == "" || u.Scheme != "smtp" && u.Scheme != "smtps" {
		return Mail{}, errors.New("want smtps://user:password@host or smtp://user:password@host") // the text may hold a password
	}
	if err := mail.NewMsg().From(from); err != nil {
		return Mail{}, fmt.Errorf("sender of mail: %w", err)
	}
	m := Mail{host: u.Hostname(), from: from, click: click, client: []mail.Option{mail.WithTimeout(sendLimit)}}
	switch {
	case u.Scheme == "smtps":
		m.client = append(m.client, mail.WithSSL(), mail.WithPort(mail.DefaultPortSSL))
	case local(u.Hostname()):
		m.client = append(m.client, mail.WithTLSPolicy(mail.NoTLS), mail.WithPort(mail.DefaultPort))
	default:
		m.client = append(m.client, mail.WithTLSPolicy(mail.TLSMandatory), mail.WithPort(mail.DefaultPortTLS))
	}
	if port, err := strconv.Atoi(u.Port()); err == nil {
		m.client = append(m.client, mail.WithPort(port))
	}
	if password, given := u.User.Password(); given {
		m.client = append(m.client, mail.WithSMTPAuth(mail.SMTPAuthAutoDiscover),
			mail.WithUsername(u.User.Username()), mail.WithPassword(password))
	}
	return m, nil
}

// Send hands a message in. Its Message-ID is the notice's, so that a repeat can be told.
func (m Mail) Send(ctx context.Context, n alerts.Notice) error {
	msg := mail.NewMsg()
	if err := errors.Join(msg.From(m.from), msg.To(n.Contact.Address)); err != nil {
		return fmt.Errorf("address a mail: %w", err)
	}
	msg.Subject(n.Text)
	msg.SetBodyString(mail.TypeTextPlain, n.Text+"\n"+link(m.click, n)+"\n")
	msg.SetDateWithValue(n.Made)
	msg.SetMessageIDWithValue(n.ID() + "@" + m.host)
	msg.SetGenHeader("Auto-Submitted", "auto-generated") // no holiday notes in answer (RFC 3834)
	if n.Priority == alerts.High {
		msg.SetImportance(mail.ImportanceUrgent)
	}
	client, err := mail.NewClient(m.host, m.client...)
	if err != nil {
		return fmt.Errorf("prepare a mail: %w", err)
	}
	// A mail that was taken is not sent again because the server says nothing to the goodbye.
	if err := client.DialAndSendWithContext(ctx, msg); err != nil && !msg.IsDelivered() {
		return fmt.Errorf("send a mail: %w", err)
	}
	return nil
}
