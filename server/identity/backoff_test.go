package identity_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"vigil/server/identity"
)

func TestAFloodOfLoginsFreesNobody(t *testing.T) {
	b := identity.NewBackoff()
	for range 6 {
		_ = b.Try("victim", dawn)
	}
	for i := range identity.MaxTracked + 200 {
		must(t, b.Try(fmt.Sprint("made up ", i), dawn))
	}
	if n := b.Tracked(); n > identity.MaxTracked {
		t.Fatalf("remembers %d logins", n)
	}
	if _, slowed := errors.AsType[*identity.BackoffError](b.Try("victim", dawn)); !slowed {
		t.Fatal("the victim's failures were forgotten")
	}
	must(t, b.Try("victim", dawn.Add(time.Hour))) // long ago
	must(t, b.Try("somebody new", dawn.Add(2*time.Hour)))
	if n := b.Tracked(); n > 2 {
		t.Fatalf("still remembers %d logins of yesterday", n)
	}
}
