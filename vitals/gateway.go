package vitals

import "time"

// Gateway is somebody else's gateway or cloud, as an administrator registered it. Its id is of the same
// kind as a hub's, because a device may be registered to either.
type Gateway struct {
	ID   HubID
	Kind string // what reads its payloads: "tenovi"
	Name string // for people

	// Where the server fetches by itself; empty for one that only sends.
	Address string // of a gateway: https://…
	Client  string // who the server is there
	Secret  string // and how it proves that

	Seen time.Time // when it was last heard; zero when it never was
}

// Account is somebody's account with a cloud, from which the server fetches.
type Account struct {
	Gateway HubID
	Name    string // as the cloud names it

	Refresh string // the token that gets new tokens
	Access  string // the token that gets values, until Expires
	Expires time.Time

	Fetched time.Time // everything that the cloud got to know before is stored
	Fault   string    // why the last attempt failed; empty when it did not
}
