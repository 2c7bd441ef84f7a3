package monitor_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"vigil/alerts"
	"vigil/server/monitor"
	"vigil/server/store/storetest"
	"vigil/vitals"
)

// pour is a journal that hands over as fast as it is read.
type pour struct {
	n    int
	make func(i int) vitals.Delivery
	done chan struct{}
}

func (*pour) Resolve(string, uint64) uint64                                      { return 0 }
func (*pour) Head(context.Context) (string, uint64, error)                       { return "pour", 1 << 40, nil }
func (*pour) TimeOf(context.Context, int, uint64) (t time.Time, f bool, e error) { return t, f, e }
func (*pour) Serve(int, func([]byte) []byte) (func(), error)                     { return func() {}, nil }

func (*pour) Request(context.Context, int, []byte) ([]byte, error) { return nil, errNoOwner }

func (p *pour) Consume(
	_ context.Context, partition int, _ uint64, _ time.Time, handle func(uint64, uint64, vitals.Delivery),
) (uint64, func(), error) {
	if partition != 0 {
		return 0, func() {}, nil
	}
	go func() {
		defer close(p.done)
		for i := range p.n {
			handle(uint64(i+1), uint64(p.n-i-1), p.make(i))
		}
	}()
	return uint64(p.n), func() { <-p.done }, nil
}

// blind is a feed that nobody watches.
type blind struct{}

func (blind) PublishAlarm(alerts.Transition)                                 {}
func (blind) PublishCare(alerts.Care)                                        {}
func (blind) PublishWave(vitals.PatientID, vitals.DeviceID, vitals.Waveform) {}
func (blind) PublishReading(vitals.Charted)                                  {}

// BenchmarkPartition is the way of one second of one patient (250 Hz of ECG, heart rate, SpO2)
// through one partition: engine, feed, blocks and checkpoints into SQLite.
func BenchmarkPartition(b *testing.B) {
	engines := map[string]func(vitals.PatientID) monitor.Engine{
		"real engine":   nil,
		"simple engine": newSimple,
	}
	for name, engine := range engines {
		b.Run(name, func(b *testing.B) { benchmarkPartition(b, engine) })
	}
}

func benchmarkPartition(b *testing.B, engine func(vitals.PatientID) monitor.Engine) {
	b.Helper()
	s := storetest.SQLite(b)
	patient := somebody()
	must := func(err error) {
		if err != nil {
			b.Fatal(err)
		}
	}
	begin := time.Now().UTC().Truncate(time.Minute)
	must(s.SaveUnit(b.Context(), vitals.Unit{ID: "unit", Name: "Unit", Zone: "UTC"}))
	must(s.Admit(b.Context(), vitals.Patient{ID: patient, Unit: "unit", MRN: "1", Sex: vitals.UnknownSex, Admitted: begin}))
	must(s.SaveDevice(b.Context(), vitals.Device{ID: strap}))
	must(s.Bind(b.Context(), vitals.Binding{Device: strap, Patient: patient, From: begin}))
	samples := make([]int16, 250)
	for i := range samples {
		samples[i] = int16(i * i % 1999)
	}
	p := &pour{n: b.N, done: make(chan struct{}), make: func(i int) vitals.Delivery {
		at := begin.Add(time.Duration(i) * time.Second)
		return vitals.Delivery{
			Patient: patient, Stream: vitals.Stream{Hub: "hub", Device: strap, Epoch: 1}, Seq: uint64(i + 1), Received: at,
			Batch: vitals.Batch{
				Device: strap,
				Readings: []vitals.Reading{
					{Kind: vitals.PulseRate, Time: at, Value: vitals.Int(72)}, {Kind: vitals.SpO2, Time: at, Value: vitals.Int(97)},
				},
				Waveforms: []vitals.Waveform{{
					Kind: vitals.ECGII, Start: at, Rate: vitals.Rate{Num: 250, Den: 1}, Scale: vitals.Int(1),
					First: uint64(i * 250), Samples: samples,
				}},
			},
		}
	}}
	db := &realStore{Store: s}
	m := monitor.New(monitor.Config{
		Node: fmt.Sprint("node-", b.N), Leases: db, Store: db, Journal: p, Feed: blind{}, NewEngine: engine,
	})
	ctx, cancel := context.WithCancel(b.Context())
	ended := make(chan struct{})
	b.ResetTimer()
	go func() {
		defer close(ended)
		_ = m.Run(ctx)
	}()
	<-p.done
	cancel()
	<-ended
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "deliveries/s")
}
