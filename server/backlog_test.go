package main_test

import (
	"cmp"
	"context"
	"log/slog"
	"net/url"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"vigil/devices/gatt"
	"vigil/devices/hub/link"
	"vigil/devices/hub/spool"
	simulated "vigil/devices/sim/heart"
	"vigil/devices/uplink"
	"vigil/vitals"
)

// timed measures how long what shows the present takes from the disk to the server.
type timed struct {
	*spool.Spool

	since time.Time // what was made before is no present

	mu    sync.Mutex
	took  []time.Duration
	began map[any]time.Time
}

func (s *timed) Live(now time.Time) (uplink.Parcel, bool) {
	p, ok := s.Spool.Live(now)
	if m, err := uplink.Decode(p.Payload); ok && err == nil && m.HubTime.After(s.since) {
		s.mu.Lock()
		s.began[p.Entry] = m.HubTime
		s.mu.Unlock()
	}
	return p, ok
}

func (s *timed) Received(p uplink.Parcel, now time.Time) {
	s.mu.Lock()
	if began, live := s.began[p.Entry]; live {
		s.took = append(s.took, now.Sub(began))
		delete(s.began, p.Entry)
	}
	s.mu.Unlock()
	s.Spool.Received(p, now)
}

// family is what a home with a strap and an oximeter sends.
type family struct {
	strap, clip vitals.DeviceID
	ecg         []int16
	index       int
}

// second adds what the two send in a second: ECG frames, a heart rate, an oximetry.
func (f *family) second(tb testing.TB, s *spool.Spool, at time.Time) {
	good := uplink.ClockQuality{Source: uplink.ClockNTP, Bound: 20 * time.Millisecond}
	add := func(b vitals.Batch) {
		if err := s.Add(b, good, at); err != nil {
			tb.Fatal(err)
		}
	}
	for end := (at.Unix() + 1) * 130 / gatt.PMDSamples; int64(f.index) < end || f.index == 0; f.index++ {
		if f.index == 0 {
			f.index = int(end) - 2
		}
		from := f.index * gatt.PMDSamples % (len(f.ecg) - gatt.PMDSamples)
		add(vitals.Batch{Device: f.strap, Waveforms: []vitals.Waveform{{
			Kind: vitals.ECG, Start: at, Rate: gatt.PMDRate, Scale: vitals.Int(1),
			First: uint64(f.index * gatt.PMDSamples), Samples: f.ecg[from : from+gatt.PMDSamples],
		}}})
	}
	add(vitals.Batch{Device: f.strap, Readings: []vitals.Reading{{Kind: vitals.HeartRate, Time: at, Value: vitals.Int(72)}}})
	add(vitals.Batch{Device: f.clip, Readings: []vitals.Reading{
		{Kind: vitals.SpO2, Time: at, Value: vitals.Int(97)},
		{Kind: vitals.PulseRate, Time: at, Value: vitals.Int(72)},
		{Kind: vitals.PerfusionIndex, Time: at, Value: vitals.NewDecimal(412, -2)},
	}})
}

// BenchmarkBacklog delivers what a home kept through an outage, while it goes on measuring, from a real
// spool to a real server on this machine. VIGIL_BACKLOG is how long the outage was, 2h by default.
func BenchmarkBacklog(b *testing.B) {
	outage, err := time.ParseDuration(cmp.Or(os.Getenv("VIGIL_BACKLOG"), "2h"))
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		backlog(b, outage)
	}
}

func backlog(b *testing.B, outage time.Duration) {
	s := newServer(b, "server")
	s.start()
	s.ready()
	admin := s.admin()
	const rateHz = 130
	f := &family{strap: deviceNamed("strap"), clip: deviceNamed("clip")}
	f.ecg = simulated.New(simulated.Patient{Seed: 1, Rate: 72, SpO2: 97, Gain: 1}, nil, rateHz).ECG(600 * rateHz)
	secret := admin.enrolHub("home-1")
	admin.admitSince(time.Now().Add(-outage-time.Hour), "MRN-backlog", f.strap, f.clip)
	kept, err := spool.Open(spool.Config{Dir: b.TempDir()}, time.Now())
	if err != nil {
		b.Fatal(err)
	}
	now := time.Now().UTC().Truncate(time.Second)
	for at := now.Add(-outage); at.Before(now); at = at.Add(time.Second) {
		f.second(b, kept, at)
	}
	if err := kept.Sync(now); err != nil {
		b.Fatal(err)
	}
	past, bytes := kept.Stats().Queue, kept.Stats().Unstored

	watched := &timed{Spool: kept, since: time.Now(), began: map[any]time.Time{}}
	l := &link.Link{
		Hub: "home-1", Secret: secret, MQTT: &url.URL{Scheme: "mqtt", Host: s.mqtt}, Spool: watched, Log: slog.New(slog.DiscardHandler),
		Clock: func() uplink.ClockQuality { return uplink.ClockQuality{Source: uplink.ClockNTP} },
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	began := time.Now()
	var running sync.WaitGroup
	running.Go(func() { _ = l.Run(ctx) })
	defer running.Wait()
	defer cancel()
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	const few = 100 // the present's own, which wait for the next checkpoint
	for kept.Stats().Queue > few {
		at := <-tick.C
		f.second(b, kept, at.UTC())
		if err := kept.Sync(at); err != nil {
			b.Fatal(err)
		}
	}
	took := time.Since(began)
	slices.Sort(watched.took)
	b.ReportMetric(float64(past), "messages")
	b.ReportMetric(float64(bytes)/1e6, "MB")
	b.ReportMetric(took.Seconds(), "s")
	b.ReportMetric(float64(past)/took.Seconds(), "messages/s")
	b.ReportMetric(float64(kept.Stats().Repeated), "repeated")
	b.ReportMetric(float64(watched.took[len(watched.took)/2].Milliseconds()), "live-p50-ms")
	b.ReportMetric(float64(watched.took[len(watched.took)*99/100].Milliseconds()), "live-p99-ms")
	b.ReportMetric(7*24/outage.Hours()*took.Minutes(), "min/week")
}
