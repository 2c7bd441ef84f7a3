package alerts_test

import (
	"encoding/base64"
	"errors"
	"testing"

	"vigil/alerts"
)

func TestWhereSomebodyCanBeReached(t *testing.T) {
	key, auth := base64.RawURLEncoding.EncodeToString(make([]byte, 65)), base64.RawURLEncoding.EncodeToString(make([]byte, 16))
	for name, story := range map[string]struct {
		contact alerts.Contact
		good    bool
	}{
		"a mail address":                 {alerts.Contact{Channel: alerts.Mail, Address: "nora@example.org"}, true},
		"a name beside it":               {alerts.Contact{Channel: alerts.Mail, Address: "Nora <nora@example.org>"}, false},
		"two lines":                      {alerts.Contact{Channel: alerts.Mail, Address: "nora@example.org\r\nBcc: all@example.org"}, false},
		"a topic":                        {alerts.Contact{Channel: alerts.Ntfy, Address: "nora-4f7a"}, true},
		"a topic that leads elsewhere":   {alerts.Contact{Channel: alerts.Ntfy, Address: "../admin"}, false},
		"a subscription":                 {alerts.Contact{Channel: alerts.WebPush, Address: "https://push.example.org/x", Key: key, Auth: auth}, true},
		"a subscription in clear":        {alerts.Contact{Channel: alerts.WebPush, Address: "http://push.example.org/x", Key: key, Auth: auth}, false},
		"a subscription without its key": {alerts.Contact{Channel: alerts.WebPush, Address: "https://push.example.org/x", Auth: auth}, false},
		"keys of another size":           {alerts.Contact{Channel: alerts.WebPush, Address: "https://push.example.org/x", Key: auth, Auth: key}, false},
		"the house's paging system":      {alerts.Contact{Channel: alerts.Webhook, Address: "https://pager.example.org"}, false},
		"smoke signals":                  {alerts.Contact{Channel: "smoke", Address: "hill"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			if err := story.contact.Validate(); (err == nil) != story.good || err != nil && !errors.Is(err, alerts.ErrContact) {
				t.Errorf("%v", err)
			}
		})
	}
}
