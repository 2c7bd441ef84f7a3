package main

import (
	"context"
	"encoding/json"
	"html/template"
	"net"
	"net/http"
	"time"

	"github.com/samber/lo"

	"vigil/alerts"
	"vigil/vitals"
)

const (
	pageTimeout  = 5 * time.Second
	pageClosing  = time.Second
	contentTypes = "Content-Type"
)

// status is what the hub shows to who stands beside it. It names no patient: the hub knows none.
type status struct {
	Hub     vitals.HubID                    `json:"hub"`
	Version string                          `json:"version"`
	Began   time.Time                       `json:"began"`
	Door    string                          `json:"door"`   // mqtt, https, none
	Synced  bool                            `json:"synced"` // the clock
	Queue   int                             `json:"queue"`
	Oldest  time.Time                       `json:"oldest,omitzero"`
	Bytes   int64                           `json:"bytes"`
	Limit   int64                           `json:"limit"`
	Devices map[vitals.DeviceID]deviceState `json:"devices"`
	Alarms  []alerts.View                   `json:"alarms"`
}

var page = template.Must(template.New("status").Parse(`<!doctype html><meta charset="utf-8"><meta http-equiv="refresh" content="5">
<title>{{.Hub}}</title><h1>{{.Hub}}</h1>
<p>Version {{.Version}}, since {{.Began.Format "2006-01-02 15:04:05Z07:00"}}. Way to the server: {{.Door}}.
Clock {{if .Synced}}follows the network{{else}}is not set{{end}}.
<p>{{.Queue}} messages wait{{if .Queue}}, the oldest since {{.Oldest.Format "2006-01-02 15:04:05Z07:00"}}{{end}}; {{.Bytes}} of {{.Limit}} bytes used.
<h2>Alarms</h2><ul>{{range .Alarms}}<li>{{.Label}} ({{.Priority}}, {{.State}}): {{.Detail}}{{else}}<li>none{{end}}</ul>
<h2>Devices</h2><ul>{{range $id, $d := .Devices}}<li>{{$id}}: {{if $d.Connected}}connected{{else}}not connected{{end}}{{if not $d.Heard.IsZero}}, heard {{$d.Heard.Format "15:04:05Z07:00"}}{{end}}{{with $d.Fault}}: {{.}}{{end}}{{end}}</ul>
`))

func (h *hub) status() status {
	stats := h.spool.Stats()
	h.mu.Lock()
	defer h.mu.Unlock()
	return status{
		Hub: h.config.Hub, Version: version, Began: h.began, Door: h.link.Door(), Synced: h.clock().Source != 0,
		Queue: stats.Queue, Oldest: stats.Oldest, Bytes: stats.Bytes, Limit: stats.Limit, Alarms: h.watch.open(),
		Devices: lo.SliceToMap(h.ids(), func(id vitals.DeviceID) (vitals.DeviceID, deviceState) { return id, h.state[id] }),
	}
}

// serveStatus shows the status on this computer until the context ends. A hub works without it.
func (h *hub) serveStatus(ctx context.Context) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", h.config.Status)
	if err != nil {
		h.log.Error("status page is not shown", "error", err)
		return
	}
	server := &http.Server{Handler: h.pages(), ReadTimeout: pageTimeout, WriteTimeout: pageTimeout}
	stop := context.AfterFunc(ctx, func() {
		closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), pageClosing)
		defer cancel()
		_ = server.Shutdown(closing)
	})
	defer stop()
	if err := server.Serve(listener); err != nil && ctx.Err() == nil {
		h.log.Error("status page is not shown", "error", err)
	}
}

func (h *hub) pages() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /status.json", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set(contentTypes, "application/json")
		_ = json.NewEncoder(w).Encode(h.status())
	})
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set(contentTypes, "text/html; charset=utf-8")
		_ = page.Execute(w, h.status())
	})
	return local(mux)
}

// local turns away pages of other sites that reach this computer under a name of theirs.
func local(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host, _, err := net.SplitHostPort(r.Host)
		if err != nil {
			host = r.Host
		}
		if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
			http.Error(w, "only for this computer", http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}
