package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"sync"
	"time"

	"vigil/devices/sim/heart"
	"vigil/devices/sim/home"
	"vigil/devices/sim/hub"
	"vigil/devices/sim/screen"
	"vigil/devices/sim/ward"
	"vigil/vitals"
)

// Times of a measurement.
const (
	grace       = 30 * time.Second // for the last acks
	reportEvery = 10 * time.Second
	lookEvery   = 200 * time.Millisecond
	rejoinAfter = time.Second
)

// Loops that the patients of a load test share; each begins at another place.
const (
	loops      = 16
	loopLength = time.Minute
)

// summary is the result of a load test.
type summary struct {
	Patients     int          `json:"patients"`
	Seconds      float64      `json:"seconds"`
	Made         uint64       `json:"frames_made"`
	Sent         uint64       `json:"frames_sent"`
	Stored       uint64       `json:"frames_acknowledged"`
	Refused      uint64       `json:"frames_refused"`
	Repeated     uint64       `json:"frames_repeated"`
	Queue        int          `json:"frames_unacknowledged"`
	WorstAge     float64      `json:"worst_unacknowledged_seconds"`
	Reconnects   int          `json:"reconnects"`
	Screen       int          `json:"screen_joins"`
	Trace        *percentiles `json:"trace_latency"`
	TraceMeaning string       `json:"trace_latency_meaning"`
	Passed       bool         `json:"passed"`
}

// percentiles of latencies in milliseconds.
type percentiles struct {
	Pieces int     `json:"pieces"`
	P50    float64 `json:"p50_ms"`
	P99    float64 `json:"p99_ms"`
	Max    float64 `json:"max_ms"`
}

const traceMeaning = "from the moment the hub sent an ECG chunk, which is the time of its last sample, to the chunk's arrival " +
	"on the dashboard socket; a chunk's first sample is one second older"

var errUnacknowledged = errors.New("frames were not acknowledged")

// runLoad loads the server with patients and measures it from outside.
func runLoad(ctx context.Context, o options, log *slog.Logger, stdout io.Writer) error {
	client, err := o.signIn(ctx)
	if err != nil {
		return err
	}
	defer client.Close()
	residents := o.crowd()
	if err := o.enrol(ctx, client, loadUnit, residents, log); err != nil {
		return err
	}
	for _, r := range residents {
		r.link.Log = slog.New(warnings{log.Handler()}) // thousands of lines that all is well help nobody
	}
	m := &meter{residents: residents, began: time.Now()}
	if err := m.run(ctx, o, client, log); err != nil {
		return err
	}
	s := m.summary(o)
	out := json.NewEncoder(stdout)
	out.SetIndent("", "  ")
	if err := out.Encode(s); err != nil {
		return fmt.Errorf("write the summary: %w", err)
	}
	if !s.Passed {
		return fmt.Errorf("%d of %d: %w within %v, %d refused", s.Queue, s.Made, errUnacknowledged, grace, s.Refused)
	}
	return nil
}

// warnings passes on what is wrong.
type warnings struct{ slog.Handler }

// Enabled leaves out everything below a warning.
func (w warnings) Enabled(_ context.Context, level slog.Level) bool { return level >= slog.LevelWarn }

func (o options) crowd() []*resident {
	script := heart.Script{{Rhythm: heart.Sinus, For: time.Hour}}
	made := make([][]int16, loops)
	for i := range made {
		h := heart.New(heartOf(i, o), script, patchRate.Hz())
		made[i] = h.ECG(int(loopLength.Seconds() * patchRate.Hz()))
	}
	all := make([]*resident, 0, o.load)
	for n := range o.load {
		h := heartOf(n%loops, o)
		p := &home.Recording{
			Samples: made[n%loops], Position: n * 977 % len(made[0]), HeartRate: h.Rate, Oxygen: h.SpO2,
		}
		id := func(device int) vitals.DeviceID { return deviceID(loadRange, n+1, device) }
		all = append(all, &resident{enrol: loadHome(n), patient: p, worn: []home.Wearable{
			&home.Patch{ID: id(patchDevice), Patient: p, Kind: vitals.ECGII, Rate: patchRate},
			&home.Oximeter{ID: id(oximeterDevice), Patient: p},
			&home.ChestStrap{ID: id(strapDevice), Patient: p},
		}})
	}
	return all
}

// meter measures while the homes live.
type meter struct {
	residents []*resident
	began     time.Time

	mu        sync.Mutex
	latencies []time.Duration
	joins     int
	worst     time.Duration
	last      totals
}

// totals of all homes.
type totals struct {
	hub.Stats
	Reconnects int
}

func (m *meter) totals() totals {
	var t totals
	for _, r := range m.residents {
		s := r.spool.Stats()
		t.Made += s.Made
		t.Sent += s.Sent
		t.Stored += s.Stored
		t.Refused += s.Refused
		t.Repeated += s.Repeated
		t.Queue += s.Queue
		if !s.Oldest.IsZero() && (t.Oldest.IsZero() || s.Oldest.Before(t.Oldest)) {
			t.Oldest = s.Oldest
		}
		t.Reconnects += r.link.Reconnects()
	}
	return t
}

func (t totals) age(now time.Time) time.Duration {
	if t.Oldest.IsZero() {
		return 0
	}
	return now.Sub(t.Oldest)
}

// run lets the homes measure for the time asked for and then waits for the last acks.
func (m *meter) run(ctx context.Context, o options, client *ward.Client, log *slog.Logger) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	measuring, rest := context.WithTimeout(ctx, o.runFor)
	defer rest()
	var beside sync.WaitGroup
	defer beside.Wait()
	defer stop()
	beside.Go(func() { m.watch(measuring, client, log) })
	beside.Go(func() {
		m.report(measuring, log)
		m.settle(ctx)
		stop()
	})
	return live(ctx, m.residents, o.runFor, log)
}

// report says every ten seconds how far the server is.
func (m *meter) report(measuring context.Context, log *slog.Logger) {
	ticker := time.NewTicker(reportEvery)
	defer ticker.Stop()
	for {
		select {
		case <-measuring.Done():
			return
		case now := <-ticker.C:
			t := m.totals()
			m.mu.Lock()
			m.worst = max(m.worst, t.age(now))
			pieces := len(m.latencies)
			m.mu.Unlock()
			log.Info("load", "frames_made", t.Made, "frames_sent", t.Sent, "frames_acknowledged", t.Stored,
				"oldest_unacknowledged", t.age(now).Round(100*time.Millisecond), "refused", t.Refused,
				"repeated", t.Repeated, "reconnects", t.Reconnects, "trace_pieces", pieces)
		}
	}
}

// settle waits until everything is acknowledged, or for as long as the server may take.
func (m *meter) settle(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, grace)
	defer cancel()
	ticker := time.NewTicker(lookEvery)
	defer ticker.Stop()
	for ctx.Err() == nil {
		select { // the homes' last measurements come in meanwhile
		case <-ctx.Done():
		case <-ticker.C:
		}
		t := m.totals()
		m.mu.Lock()
		m.last = t
		m.worst = max(m.worst, t.age(time.Now()))
		m.mu.Unlock()
		if t.Queue == 0 {
			return
		}
	}
}

// watch looks at a screen all the time, and joins again when it is thrown out.
func (m *meter) watch(ctx context.Context, client *ward.Client, log *slog.Logger) {
	for ctx.Err() == nil {
		s := &screen.Screen{Base: client.Base(), Cookies: client.Cookies(), Unit: loadUnit.ID, Station: "vigil-sim", Saw: m.saw}
		m.mu.Lock()
		m.joins++
		m.mu.Unlock()
		if err := s.Run(ctx); err != nil && ctx.Err() == nil {
			log.Warn("screen was lost", "error", err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(rejoinAfter):
		}
	}
}

func (m *meter) saw(p screen.Piece) {
	if p.End.Before(m.began) {
		return // sent before the measurement
	}
	late := time.Since(p.End)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.latencies = append(m.latencies, late)
}

func (m *meter) summary(o options) summary {
	m.mu.Lock()
	defer m.mu.Unlock()
	t := m.last
	s := summary{
		Patients: o.load, Seconds: o.runFor.Seconds(), Made: t.Made, Sent: t.Sent, Stored: t.Stored, Refused: t.Refused,
		Repeated: t.Repeated, Queue: t.Queue, WorstAge: m.worst.Seconds(), Reconnects: t.Reconnects, Screen: m.joins,
		TraceMeaning: traceMeaning, Passed: t.Made > 0 && t.Queue == 0 && t.Refused == 0,
	}
	if n := len(m.latencies); n > 0 {
		slices.Sort(m.latencies)
		at := func(percent int) float64 {
			return float64(m.latencies[min(n-1, n*percent/100)]) / float64(time.Millisecond)
		}
		s.Trace = &percentiles{Pieces: n, P50: at(50), P99: at(99), Max: at(100)}
	}
	return s
}
