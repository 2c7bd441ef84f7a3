package hub

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"sync/atomic"
	"time"
)

// Cable is the line of a simulated home, which can be pulled out.
type Cable struct {
	// HangUp ends the connection that is up; set before the first Cut.
	HangUp func()

	out atomic.Bool
}

var errCut = errors.New("the hub is cut off")

// Cut pulls the cable out, or plugs it in again: the connection ends without a word, and until it is
// plugged in none can be made. The spool keeps filling.
func (c *Cable) Cut(out bool) {
	if c.out.Swap(out) != out && out {
		c.HangUp()
	}
}

// Dial connects to the server while the cable is plugged in.
func (c *Cable) Dial(ctx context.Context, server *url.URL) (net.Conn, error) {
	const timeout = 10 * time.Second
	if c.out.Load() {
		return nil, errCut
	}
	conn, err := (&net.Dialer{Timeout: timeout}).DialContext(ctx, "tcp", server.Host)
	if err != nil {
		return nil, fmt.Errorf("plug in: %w", err)
	}
	return conn, nil
}
