// Package porttest gives tests loopback ports that stay theirs until they end, also while the server that listens there is
// down. It is for tests of the server's packages and knows nothing of Vigil.
package porttest

import (
	"net"
	"net/netip"
	"testing"
)

// Ports below those that systems give by themselves: Linux begins at 32768, macOS at 49152. Of a port that the system gave and
// that was closed again, anybody's next connection may take the place.
const (
	lowest  uint16 = 20_000
	highest uint16 = 32_000
)

// New is a loopback address that nobody listens on, and that no other test is given until this one ends.
func New(tb testing.TB) netip.AddrPort {
	tb.Helper()
	for port := lowest; port < highest; port++ {
		address := netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), port)
		if claim(tb, address) {
			return address
		}
	}
	tb.Fatal("all ports are taken")
	panic("unreachable")
}

// claim takes a port's number for this test, in all processes: it holds the UDP port of the same number, which TCP leaves free.
func claim(tb testing.TB, address netip.AddrPort) bool {
	tb.Helper()
	held, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(address))
	if err != nil {
		return false
	}
	l, err := net.ListenTCP("tcp", net.TCPAddrFromAddrPort(address))
	if err != nil {
		_ = held.Close()
		return false
	}
	_ = l.Close()
	tb.Cleanup(func() { _ = held.Close() })
	return true
}
