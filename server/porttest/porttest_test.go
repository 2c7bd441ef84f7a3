package porttest_test

import (
	"net"
	"net/netip"
	"testing"

	"vigil/server/porttest"
)

func TestAPortIsGivenOnceAndCanBeListenedOnAgainAndAgain(t *testing.T) {
	given := map[netip.AddrPort]bool{}
	for range 200 {
		address := porttest.New(t)
		if given[address] {
			t.Fatalf("%s is given twice", address)
		}
		given[address] = true
		for range 2 {
			l, err := net.Listen("tcp", address.String())
			if err != nil {
				t.Fatal(err)
			}
			if err := l.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestAPortIsNoneThatTheSystemGives(t *testing.T) {
	address := porttest.New(t)
	for range 200 {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = l.Close() }()
		if at := netip.MustParseAddrPort(l.Addr().String()); at.Port() <= address.Port() {
			t.Fatalf("the system gave %s, and %s was given here", at, address)
		}
	}
}
