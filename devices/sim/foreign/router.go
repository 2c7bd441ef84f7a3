package foreign

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"vigil/devices/gatt"
)

// Router is a Bluetooth router of Cassia, which does not send but is asked: the server has it connect a chest
// strap, discovers its handles, switches it on, and reads an event stream.
type Router struct {
	Address string // where it listens, host:port
	Strap   string // address of the strap, with colons
	Person  Person
}

// Handles of the strap's Heart Rate Measurement and of what switches it on.
const (
	rateHandle   = 52
	switchHandle = 53
)

// Run answers until the context ends.
func (r *Router) Run(ctx context.Context, _ time.Time) error {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", r.Address)
	if err != nil {
		return fmt.Errorf("listen as a router: %w", err)
	}
	group, serving := errgroup.WithContext(ctx)
	server := &http.Server{
		Handler: r.handler(), ReadHeaderTimeout: answerWithin,
		BaseContext: func(net.Listener) context.Context { return serving }, // ends the streams
	}
	group.Go(func() error { return server.Serve(listener) })
	group.Go(func() error {
		<-serving.Done()
		return server.Close()
	})
	if err := group.Wait(); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("answer as a router: %w", err)
	}
	return nil
}

func (r *Router) handler() http.Handler {
	mux := http.NewServeMux()
	node := "/nodes/" + r.Strap
	mux.HandleFunc("POST /gap"+node+"/connection", func(w http.ResponseWriter, q *http.Request) {
		body, _ := io.ReadAll(io.LimitReader(q.Body, mostAnswer))
		if !strings.Contains(string(body), "random") { // as straps have
			http.Error(w, "chip is not available", http.StatusInternalServerError)
		}
	})
	mux.HandleFunc("GET /gatt"+node+"/services/characteristics/descriptors", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = fmt.Fprintf(w, `[{"uuid":"180d","characteristics":[{"handle":%d,"properties":16,"uuid":"2a37","descriptors":[{"handle":%d,"uuid":"2902"}]}]}]`,
			rateHandle, switchHandle)
	})
	mux.HandleFunc(fmt.Sprintf("GET /gatt%s/handle/%d/value/0100", node, switchHandle), func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("GET /gatt/nodes", r.stream)
	return mux
}

// stream tells the strap's heart rate once a second, until the server hangs up.
func (r *Router) stream(w http.ResponseWriter, q *http.Request) {
	flush := http.NewResponseController(w).Flush
	ticks := time.NewTicker(time.Second)
	defer ticks.Stop()
	for n := 0; ; n++ {
		select {
		case <-q.Context().Done():
			return
		case <-ticks.C:
		}
		value, err := gatt.EncodeHeartRate(gatt.HeartRate{BPM: uint16(waver(r.Person.Pulse, n, 3)), Contact: gatt.ContactDetected})
		if err != nil {
			return
		}
		if _, err := fmt.Fprintf(w, "data: {\"value\":%q,\"handle\":%d,\"id\":%q,\"dataType\":\"notification\"}\n\n",
			hex.EncodeToString(value), rateHandle, r.Strap); err != nil || flush() != nil {
			return
		}
	}
}
