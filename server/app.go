package main

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"vigil/alerts"
	"vigil/server/api"
	"vigil/server/audit"
	"vigil/server/clouds"
	"vigil/server/identity"
	"vigil/server/ingest"
	"vigil/server/journal"
	"vigil/server/live"
	"vigil/server/monitor"
	"vigil/server/notify"
	"vigil/server/store"
	"vigil/vitals"
	"vigil/web"
)

// Times of the server.
const (
	feedRefresh     = 5 * time.Second // what the feed missed is found again within
	pruneEvery      = time.Hour
	shutdownLimit   = 10 * time.Second
	readHeaderLimit = 5 * time.Second
	idleLimit       = 2 * time.Minute
	laggingBehind   = 10 * time.Second // a node that is later than this is not fit to serve
	maxHeader       = 32 << 10
)

// app is the running server: the only place where the parts meet. They are opened in order and
// closed in reverse.
type app struct {
	cfg     config
	log     *slog.Logger
	closers []func() error

	store   *store.Store
	desk    *identity.Desk
	journal *journal.Journal
	feed    *live.Feed
	monitor *monitor.Monitor
	node    string // this run of this process, to the others
	self    *selfWatch
	dog     *watchdog
	sites   *siteWatch
	audit   *audit.Recorder
	ingest  *ingest.Handler
	clouds  *clouds.Fetcher
	screens *live.Socket
	calls   *notify.Notifier
	reach   api.Reach
	drawn   prometheus.Histogram
	alarms  *alarmCounts

	http     *http.Server
	listener net.Listener
	httpAddr net.Addr
	mqttAddr net.Addr
	mllpAddr net.Addr // nil without such a door
}

// open builds the server up to the point where its doors listen.
func open(ctx context.Context, cfg config, log *slog.Logger, stdout io.Writer) (*app, error) {
	a := &app{cfg: cfg, log: log, drawn: drawTimes(), alarms: newAlarmCounts()}
	for _, step := range []func(context.Context) error{a.openStore, a.openJournal, a.openMonitor, a.openDoors} {
		if err := step(ctx); err != nil {
			return nil, errors.Join(err, a.close())
		}
	}
	if err := a.welcome(ctx, stdout); err != nil {
		return nil, errors.Join(err, a.close())
	}
	return a, nil
}

func (a *app) onClose(f func() error) { a.closers = append(a.closers, f) }

func (a *app) close() error {
	var faults []error
	for _, f := range slices.Backward(a.closers) {
		faults = append(faults, f())
	}
	a.closers = nil
	return errors.Join(faults...)
}

// records says where the database is.
func (c config) records() store.Config {
	return store.Config{Dir: c.DataDir, URL: c.DatabaseURL, Program: programVersion()}
}

func (a *app) openStore(ctx context.Context) error {
	if err := a.cfg.makeDataDir(); err != nil {
		return err
	}
	var err error
	if a.store, err = store.Open(ctx, a.cfg.records()); err != nil {
		return fmt.Errorf("open the database: %w", err)
	}
	a.onClose(a.store.Close)
	if a.desk, err = identity.New(identity.Options{Store: a.store, Log: a.log}); err != nil {
		return fmt.Errorf("open the desk: %w", err)
	}
	return nil
}

func (a *app) openJournal(ctx context.Context) error {
	var err error
	a.journal, err = journal.Open(ctx, journal.Config{Dir: a.cfg.journalDir(), URL: a.cfg.NATSURL, Logger: a.log})
	if err != nil {
		return fmt.Errorf("open the journal: %w", err)
	}
	a.onClose(a.journal.Close)
	// What the database has of the journal must be in it, before a hub can put something else there.
	leases, err := a.store.Leases(ctx)
	if err != nil {
		return fmt.Errorf("read the positions in the journal: %w", err)
	}
	for _, l := range leases {
		if err := a.journal.Expect(ctx, l.Journal, l.Position); err != nil {
			return fmt.Errorf("check the journal: %w", err)
		}
	}
	return nil
}

func (a *app) openMonitor(ctx context.Context) error {
	if a.cfg.alone() { // nobody but a former self can own anything: patients need not wait for its lease to end
		if err := a.store.ReleaseAll(ctx); err != nil {
			return fmt.Errorf("take over the partitions: %w", err)
		}
	}
	a.audit = audit.New(a.store, a.log)
	a.feed = live.New(feedStore{a.store}, a.log, time.Now)
	a.node, a.self, a.sites = rand.Text(), newSelfWatch(a.feed.Wards), newSiteWatch(a.feed.Wards)
	a.dog = newWatchdog(a.node, a.sendTest, a.tellAlone, a.log)
	a.monitor = monitor.New(monitor.Config{
		Node:   a.node,
		Leases: a.store, Store: monitorStore{a.store}, Journal: a.journal, Feed: countingFeed{a.journal, a.alarms, a.feed.UnitOf, a.alarmChanged},
		Acked: a.journal.PublishPositions, Health: a.health, Outages: a.sites.outages, Logger: a.log,
	})
	key, err := a.store.SigningKey(ctx)
	if err != nil {
		return fmt.Errorf("find the key for hubs: %w", err)
	}
	a.ingest = ingest.New(ingest.Options{
		Store: a.store, Journal: a.journal, Owner: a.monitor, Gate: gate{a.desk}, Fleet: fleet{a.store, a.desk}, Key: key,
		Log: a.log, Now: time.Now,
	})
	a.clouds = clouds.New(clouds.Options{
		Store: a.store, Sink: a.ingest, Relay: a.ingest, Log: a.log, Now: time.Now,
		// Gateways are shared among the nodes as patients are.
		Owns: func(id vitals.HubID) bool { return a.monitor.Owns(vitals.PartitionOf(vitals.PatientID(id))) },
	})
	if a.calls, err = a.notifier(ctx); err != nil {
		return err
	}
	a.reach.Try = a.calls.Try
	stop, err := a.journal.Subscribe(journal.Handlers{
		Alarm:     a.alarmChanged,
		Care:      a.feed.Care,
		Wave:      a.feed.Wave,
		Reading:   func(c vitals.Charted) { a.feed.Reading(c, time.Now()) },
		Census:    a.censusChanged,
		Positions: a.ingest.Stored,
		Health:    func(h journal.Health) { a.self.hear(h, time.Now()) },
		Sights:    func(s journal.Sights) { a.sites.hear(s, time.Now()) },
	})
	if err != nil {
		return fmt.Errorf("subscribe to the feed: %w", err)
	}
	a.onClose(func() error { stop(); return nil })
	// A screen must not find an empty ward because it was quicker than the database.
	if err := a.feed.Refresh(ctx); err != nil {
		return fmt.Errorf("read the present state: %w", err)
	}
	return nil
}

// alarmChanged tells the screens, and whoever calls people.
func (a *app) alarmChanged(t alerts.Transition) {
	a.feed.Alarm(t)
	if !alerts.Synthetic(t.Alarm.Patient) && !t.Retold {
		a.calls.Transition(t)
	}
}

// sendTest begins a test of the watchdog. Whether it arrives is what is tested.
func (a *app) sendTest(d vitals.Delivery) {
	if _, err := a.journal.Begin(d, func(error) {}); err != nil {
		a.log.Debug("test not sent", "error", err)
	}
}

// tellAlone tells of this node's own alarm whoever calls people, and then its screens, which may be what is stuck.
func (a *app) tellAlone(t alerts.Transition) {
	a.calls.Transition(t)
	a.feed.Alarm(t)
}

// censusChanged makes a change of the census felt at once instead of within seconds.
func (a *app) censusChanged() {
	a.ingest.CensusChanged()
	a.monitor.CensusChanged()
	a.feed.CensusChanged()
	a.calls.Changed()
}

func (a *app) openDoors(ctx context.Context) error {
	encryption, err := a.cfg.tls()
	if err != nil {
		return err
	}
	if a.listener, err = new(net.ListenConfig).Listen(ctx, "tcp", a.cfg.HTTPAddr); err != nil {
		return fmt.Errorf("listen for HTTP: %w", err)
	}
	a.onClose(func() error { return ignoreClosed(a.listener.Close()) })
	a.httpAddr = a.listener.Addr()
	a.screens = live.NewSocket(a.feed, live.Options{
		Commands: a.commands(), Identify: a.identify, PublicURL: a.cfg.PublicURL, Log: a.log,
		Drawn: func(took time.Duration) { a.drawn.Observe(took.Seconds()) }, Note: a.audit.Note,
	})
	hubs := ingest.NewSocket(a.ingest)
	a.onClose(func() error { a.screens.Close(); hubs.Close(); return nil })
	a.http = &http.Server{
		Handler: a.handler(hubs, encryption), TLSConfig: encryption,
		ReadHeaderTimeout: readHeaderLimit, IdleTimeout: idleLimit, MaxHeaderBytes: maxHeader,
		ErrorLog: slog.NewLogLogger(a.log.Handler(), slog.LevelDebug), // scans and broken handshakes are no news
	}
	door, err := ingest.ListenMQTT(a.cfg.MQTTAddr, encryption, a.ingest, gateways{a.clouds, a.desk, a.store})
	if err != nil {
		return err
	}
	a.onClose(door.Close)
	a.mqttAddr = door.Addr()
	return a.openMonitorsDoor()
}

// openMonitorsDoor listens for hospital monitors, where it is asked for.
func (a *app) openMonitorsDoor() error {
	if a.cfg.MLLPAddr == "" {
		return nil
	}
	encryption, err := a.cfg.monitorsTLS()
	if err != nil {
		return err
	}
	door, err := ingest.ListenMLLP(a.cfg.MLLPAddr, encryption, a.ingest)
	if err != nil {
		return err
	}
	a.onClose(door.Close)
	a.mllpAddr = door.Addr()
	return nil
}

func (a *app) handler(hubs http.Handler, encryption *tls.Config) http.Handler {
	return api.New(api.Options{
		Records: a.store, Identity: frontDesk{a.desk}, Alarms: commander{a.commands()},
		Intake: intake{gate{a.desk}, a.ingest, a.store},
		Now:    time.Now, Log: a.log,
		Changed:   func(context.Context) { a.journal.PublishCensus() },
		PublicURL: a.cfg.PublicURL, Secure: encryption != nil,
		Version: version, Started: time.Now(), SecurityContact: a.cfg.SecurityContact,
		Ready: []api.Check{
			{Name: "database", Run: a.store.Ping},
			{Name: "journal", Run: a.journal.Ping},
			{Name: "monitor", Run: a.watching},
		},
		Dashboard: web.Handler(), Socket: a.screens,
		IngestHTTP: a.ingest.Batches(), IngestSocket: hubs,
		IngestHub: a.ingest.Introduce(), IngestSecret: a.ingest.Renew(),
		IngestStatus: a.ingest.Status(), IngestResults: a.ingest.Results(),
		Reach: a.reach, Note: a.audit.Note,
		Fleet: a.store, Told: a.ingest.Push,
		Metrics:        a.metrics(),
		IngestWebhooks: a.ingest.Webhooks(gateways{a.clouds, a.desk, a.store}),
	})
}

// watching says why this node does not watch its patients as it should.
func (a *app) watching(context.Context) error {
	s := a.monitor.Stats()
	switch {
	case s.Partitions == 0 && a.cfg.NATSURL == "":
		return errors.New("this node owns no patients yet")
	case s.Lag > laggingBehind:
		return fmt.Errorf("deliveries are handled %s late", s.Lag.Round(time.Second))
	default:
		return nil
	}
}
