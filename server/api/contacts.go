package api

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/oklog/ulid/v2"
	"github.com/samber/lo"

	"vigil/alerts"
	"vigil/vitals"
)

// Calls are what went out to people, and where they can be reached.
type Calls interface {
	Notices
	Contacts
}

// Contacts are how people can be reached.
type Contacts interface {
	// Contacts lists how everybody can be reached.
	Contacts(ctx context.Context) ([]alerts.Contact, error)
	// SaveContact keeps how somebody can be reached.
	SaveContact(ctx context.Context, c alerts.Contact) error
	// RemoveContact forgets one of somebody's contacts.
	RemoveContact(ctx context.Context, of vitals.StaffID, id string) error
}

// Reach is how this installation can reach people.
type Reach struct {
	Channels []alerts.Channel // that somebody can have a contact of
	PushKey  string           // to which browsers subscribe; empty where they cannot
	// Try sends a test to a contact. An error that wraps alerts.ErrGone says that it is no longer there.
	Try func(ctx context.Context, c alerts.Contact) error
}

// tryEvery is how long somebody waits between two tests, after the first few.
const (
	tryEvery = 10 * time.Second
	tryBurst = 3
)

// maxContacts bounds how many ways somebody is called at once.
const maxContacts = 10

type contactView struct {
	ID      string         `json:"id"`
	Channel alerts.Channel `json:"channel" enum:"mail,push,ntfy"`
	Address string         `json:"address"`
	Added   time.Time      `json:"added"`
}

type contactsOutput struct {
	Body struct {
		Contacts []contactView    `json:"contacts" nullable:"false"`
		Channels []alerts.Channel `json:"channels" nullable:"false" doc:"Those that the operator has set up."`
		PushKey  string           `json:"push_key" doc:"applicationServerKey of a browser's subscription; empty where there is no Web Push."`
	}
}

type contactInput struct {
	Body struct {
		Channel alerts.Channel `json:"channel" enum:"mail,push,ntfy"`
		Address string         `json:"address" maxLength:"1024" doc:"Mail address, topic at the ntfy server, or endpoint of the subscription."`
		Key     string         `json:"key,omitempty" maxLength:"128" doc:"p256dh of the subscription."`
		Auth    string         `json:"auth,omitempty" maxLength:"64" doc:"auth of the subscription."`
	}
}

type contactOutput struct{ Body contactView }

type contactPathInput struct {
	ID string `path:"id" maxLength:"64"`
}

func (s *service) registerContacts() {
	register(s, route{http.MethodGet, "/me/contacts", "list-contacts", "How I am called beside the screens.", 0, everyone}, s.myContacts)
	register(s, route{http.MethodPost, "/me/contacts", "add-contact", "Have me called there, too.", http.StatusCreated, everyone}, s.addContact)
	register(s, route{http.MethodDelete, "/me/contacts/{id}", "remove-contact", "Call me there no more.", http.StatusNoContent, everyone}, s.removeContact)
	register(s, route{http.MethodPost, "/me/contacts/{id}/test", "test-contact", "Send me a test there. It has arrived at the other side once this is answered.", http.StatusNoContent, everyone}, s.testContact)
}

func (s *service) contactsOf(ctx context.Context, who vitals.StaffID) ([]alerts.Contact, error) {
	all, err := s.Records.Contacts(ctx)
	return lo.Filter(all, func(c alerts.Contact, _ int) bool { return c.Staff == who }), err
}

func viewContact(c alerts.Contact) contactView {
	return contactView{ID: c.ID, Channel: c.Channel, Address: c.Address, Added: c.Added}
}

func (s *service) myContacts(ctx context.Context, _ *empty) (*contactsOutput, error) {
	mine, err := s.contactsOf(ctx, staffOf(ctx).ID)
	if err != nil {
		return nil, err
	}
	out := &contactsOutput{}
	out.Body.Contacts = lo.Map(mine, func(c alerts.Contact, _ int) contactView { return viewContact(c) })
	out.Body.Channels = append([]alerts.Channel{}, s.Reach.Channels...)
	out.Body.PushKey = s.Reach.PushKey
	return out, nil
}

// addContact answers with the contact that there is, where it is there already.
func (s *service) addContact(ctx context.Context, in *contactInput) (*contactOutput, error) {
	who, now := staffOf(ctx), s.Now()
	c := alerts.Contact{
		ID: ulid.MustNew(ulid.Timestamp(now), ulid.DefaultEntropy()).String(), Staff: who.ID, Channel: in.Body.Channel, Address: in.Body.Address,
		Key: in.Body.Key, Auth: in.Body.Auth, Added: now,
	}
	if !lo.Contains(s.Reach.Channels, c.Channel) {
		return nil, newProblem(http.StatusUnprocessableEntity, "this installation is not set up for the channel")
	}
	if err := c.Validate(); err != nil {
		return nil, err
	}
	mine, err := s.contactsOf(ctx, who.ID)
	if err != nil {
		return nil, err
	}
	if before, there := lo.Find(mine, func(x alerts.Contact) bool { return x.Channel == c.Channel && x.Address == c.Address }); there {
		c.ID, c.Added = before.ID, before.Added
	} else if len(mine) >= maxContacts {
		return nil, newProblem(http.StatusConflict, "nobody is called in more than 10 ways")
	}
	if err := s.Records.SaveContact(ctx, c); err != nil {
		return nil, err
	}
	s.Changed(ctx)
	return &contactOutput{Body: viewContact(c)}, nil
}

func (s *service) removeContact(ctx context.Context, in *contactPathInput) (*empty, error) {
	if err := s.Records.RemoveContact(ctx, staffOf(ctx).ID, in.ID); err != nil {
		return nil, naming(err, "contact of yours")
	}
	s.Changed(ctx)
	return &empty{}, nil
}

// testContact says why a contact cannot be reached. One that is gone is forgotten.
func (s *service) testContact(ctx context.Context, in *contactPathInput) (*empty, error) {
	who := staffOf(ctx)
	mine, err := s.contactsOf(ctx, who.ID)
	if err != nil {
		return nil, err
	}
	c, there := lo.Find(mine, func(x alerts.Contact) bool { return x.ID == in.ID })
	switch {
	case !there:
		return nil, naming(vitals.ErrNotFound, "contact of yours")
	case !lo.Contains(s.Reach.Channels, c.Channel):
		return nil, newProblem(http.StatusUnprocessableEntity, "this installation is not set up for the channel")
	case !s.tries.allow(string(who.ID), s.Now()):
		return nil, TooManyRequests("one test in ten seconds is enough", tryEvery)
	}
	err = s.Reach.Try(ctx, c)
	switch {
	case errors.Is(err, alerts.ErrGone):
		if err := s.Records.RemoveContact(ctx, who.ID, c.ID); err != nil {
			return nil, err
		}
		s.Changed(ctx)
		return nil, newProblem(http.StatusConflict, "there is nobody any more: the device has ended its subscription. Subscribe again")
	case err != nil:
		s.Log.WarnContext(ctx, "test of a contact failed", "channel", c.Channel, "error", err)
		return nil, newProblem(http.StatusBadGateway, "the test did not arrive: "+err.Error())
	default:
		return &empty{}, nil
	}
}
