package clouds

import (
	"context"
	"net/http"
	"sync"
	"time"

	"vigil/vitals"
)

// kept are the gateways that this node is connected to.
type kept struct {
	running sync.WaitGroup
	to      map[vitals.HubID]connection
}

type connection struct {
	gateway vitals.Gateway // as it was registered
	end     context.CancelFunc
}

// keep connects to the gateways that are this node's, and leaves those that are not, or not any more.
func (f *Fetcher) keep(ctx context.Context, k *kept, gateways []vitals.Gateway) {
	wanted := map[vitals.HubID]vitals.Gateway{}
	for _, g := range gateways {
		g.Seen = time.Time{} // which changes all the time
		if g.Kind == "cassia" && g.Address != "" && f.Owns(g.ID) {
			wanted[g.ID] = g
		}
	}
	for id, c := range k.to {
		if wanted[id] != c.gateway {
			c.end()
			delete(k.to, id)
		}
	}
	for id, g := range wanted {
		if _, connected := k.to[id]; connected {
			continue
		}
		own, end := context.WithCancel(ctx)
		k.to[id] = connection{g, end}
		c := &Cassia{
			Gateway: g, Sink: f.Relay, Log: f.Log, Now: f.Now, HTTP: &http.Client{Transport: f.HTTP.Transport},
			Devices: func(ctx context.Context) ([]vitals.DeviceID, error) { return f.Store.DevicesOf(ctx, id) },
		}
		k.running.Go(func() { c.Run(own) })
	}
}

// leave ends all connections.
func (k *kept) leave() {
	for _, c := range k.to {
		c.end()
	}
	k.running.Wait()
}
