package clouds

import (
	"time"

	"vigil/vitals"
)

// walk is how far the pages of an account were taken. One attempt takes so many; the next goes on from there, and
// only at the end the account's place moves on. A restart begins with the first page again.
type walk struct {
	since time.Time // the account's place
	until time.Time // where it moves on to; zero before the first page
	kind  int       // of the kinds that are asked for one after another
	page  string    // to go on with, as the cloud names it; empty: the first
	done  bool
}

// walked is how far the account's pages were taken: nowhere, where its place is another now.
func (f *Fetcher) walked(a vitals.Account) walk {
	if w, begun := f.walks[place{a.Gateway, a.Name}]; begun && w.since.Equal(a.Fetched) {
		return w
	}
	return walk{since: a.Fetched}
}
