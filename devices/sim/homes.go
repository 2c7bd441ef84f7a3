package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/samber/lo"
	"golang.org/x/sync/errgroup"

	"vigil/devices/gatt"
	"vigil/devices/hub/link"
	"vigil/devices/sim/fault"
	"vigil/devices/sim/heart"
	"vigil/devices/sim/home"
	"vigil/devices/sim/hub"
	"vigil/devices/sim/ward"
	"vigil/devices/uplink"
	"vigil/vitals"
	"vigil/vitals/wfdb"
)

// patchRate is what most ECG patches sample at.
var patchRate = vitals.Rate{Num: 250, Den: 1}

// resident is a home with what is to be enrolled of it.
type resident struct {
	enrol   ward.Home
	patient home.Patient
	worn    []home.Wearable
	faults  *fault.Home // nil where nothing goes wrong
	spool   *hub.Spool
	devices *hub.Register
	link    *link.Link
	cable   *hub.Cable
}

// version is what simulated hubs call themselves.
const version = "sim-1"

func (o options) signIn(ctx context.Context) (*ward.Client, error) {
	client, err := ward.NewClient(o.url)
	if err != nil {
		return nil, fmt.Errorf("prepare for the server: %w", err)
	}
	if err := client.Ready(ctx); err != nil {
		client.Close()
		return nil, fmt.Errorf("prepare for the server: %w", err)
	}
	if err := client.SignIn(ctx, o.user, o.password); err != nil {
		client.Close()
		return nil, fmt.Errorf("sign in as %s: %w", o.user, err)
	}
	return client, nil
}

// enrol makes the residents known to the server and gives each a link.
func (o options) enrol(ctx context.Context, client *ward.Client, unit ward.Unit, residents []*resident, log *slog.Logger) error {
	secrets, err := ward.LoadSecrets(o.state)
	if err != nil {
		return fmt.Errorf("prepare the hubs: %w", err)
	}
	began := time.Now()
	homes := lo.Map(residents, func(r *resident, _ int) ward.Home { return r.enrol })
	_, err = client.Enrol(ctx, unit, homes, secrets)
	if err := errors.Join(err, secrets.Save(o.state)); err != nil { // secrets are told once: kept even if the rest failed
		return fmt.Errorf("enrol the homes: %w", err)
	}
	log.Info("homes are enrolled", "homes", len(homes), "unit", unit.ID, "took", time.Since(began).Round(time.Millisecond))
	for _, r := range residents {
		r.spool = hub.NewSpool(rand.Uint32(), rand.Uint64(), 0) //nolint:gosec // drawn anew at each start, not secret
		r.devices = hub.NewRegister(r.spool, lo.Map(r.enrol.Devices, func(d ward.Device, _ int) uplink.DeviceStatus { return statusOf(d) }))
		r.cable = &hub.Cable{}
		r.link = &link.Link{
			Hub: r.enrol.Hub, Secret: secrets.Of(client.Base(), r.enrol.Hub), MQTT: o.server, Dial: r.cable.Dial,
			Spool: r.faults.Spool(r.spool), Clock: hub.Clock, Log: log.With("hub", r.enrol.Hub), Version: version, Began: began,
			Report: func(s *uplink.Status) {
				r.devices.Report(s)
				s.Time = s.Time.Add(r.faults.Clock(time.Since(began)))
			},
		}
		r.cable.HangUp = r.link.HangUp
	}
	return nil
}

// live runs the residents' hubs until the context ends, and their wearables for as long as is
// asked for; zero is no limit.
func live(ctx context.Context, residents []*resident, measureFor time.Duration, log *slog.Logger) error {
	group, ctx := errgroup.WithContext(ctx)
	measuring := ctx
	if measureFor > 0 {
		var cancel context.CancelFunc
		measuring, cancel = context.WithTimeout(ctx, measureFor)
		defer cancel()
	}
	begin := time.Now()
	for i, r := range residents {
		h := &home.Home{
			Hub: r.enrol.Hub, Patient: r.patient, Wearables: r.worn, Spool: r.devices, Cut: r.cable.Cut, Faults: r.faults, Log: log,
		}
		// homes do not measure in step
		phase := time.Duration(i) * time.Second / time.Duration(len(residents))
		group.Go(func() error { return r.link.Run(ctx) })
		group.Go(func() error { return h.Run(measuring, begin.Add(phase)) })
	}
	if err := group.Wait(); err != nil {
		return fmt.Errorf("live in the homes: %w", err)
	}
	return nil
}

// runHomes shows a ward of simulated or recorded patients.
func runHomes(ctx context.Context, o options, log *slog.Logger) error {
	if o.runFor > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, o.runFor)
		defer cancel()
	}
	residents, err := o.residents()
	if err != nil {
		return err
	}
	client, err := o.signIn(ctx)
	if err != nil {
		return err
	}
	defer client.Close()
	if err := o.enrol(ctx, client, demoUnit, residents, log); err != nil {
		return err
	}
	foreigners, err := o.foreigners(ctx, client, log)
	if err != nil {
		return err
	}
	group, living := errgroup.WithContext(ctx)
	begin := time.Now()
	for i, f := range foreigners {
		group.Go(func() error { return f.Run(living, begin.Add(firstForeign+time.Duration(i)*time.Second)) })
	}
	group.Go(func() error { return live(living, residents, 0, log) })
	err = group.Wait()
	log.Info("homes are closed", "stored", lo.SumBy(residents, func(r *resident) uint64 { return r.spool.Stats().Stored }))
	return err
}

// residents are as many homes as -homes: the first play records, where there are any, and the others
// are simulated.
func (o options) residents() ([]*resident, error) {
	all := make([]*resident, 0, o.homes)
	if o.wfdb != "" {
		var err error
		if all, err = o.recorded(); err != nil {
			return nil, err
		}
	}
	for n := len(all); n < o.homes; n++ {
		script, err := scriptOf(n, o.script)
		if err != nil {
			return nil, err
		}
		all = append(all, o.simulated(n, script))
	}
	return all, nil
}

// How often the devices of a demonstration measure: sooner than real ones, so that there is something to
// see.
const (
	spotEvery   = 5 * time.Minute
	sensorEvery = time.Minute
)

// ecgDevice is what a home's ECG comes from: by turns a patch beside a plain strap, a strap that sends
// its ECG, and now and then a Movesense sensor.
func ecgDevice(n int) int {
	const movesense = 6 // of eight homes
	switch {
	case n%8 == movesense:
		return movesenseDevice
	case n%2 == 1:
		return strapDevice
	default:
		return patchDevice
	}
}

// simulated is a home with an oximeter, something that takes an ECG, and what measures now and then.
func (o options) simulated(n int, script heart.Script) *resident {
	id := func(device int) vitals.DeviceID { return deviceID(demoRange, n+1, device) }
	ecg := ecgDevice(n)
	rate := patchRate
	if ecg == strapDevice {
		rate = gatt.PMDRate
	}
	h := heart.New(heartOf(n, o), script, rate.Hz())
	r := &resident{patient: h, faults: o.faultsOf(n)}
	r.worn = []home.Wearable{&home.Oximeter{ID: id(oximeterDevice), Patient: h, Wave: hasWave(n), Air: r.faults}}
	devices := []int{oximeterDevice, ecg}
	switch ecg {
	case movesenseDevice:
		r.worn = append(r.worn, &home.Movesense{ID: id(movesenseDevice), Patient: h, RateHz: patchRate.Num, Air: r.faults})
	case strapDevice:
		r.worn = append(r.worn, &home.ChestStrap{ID: id(strapDevice), Patient: h, RawECG: true, Air: r.faults})
	default:
		devices = append(devices, strapDevice)
		r.worn = append(r.worn, &home.ChestStrap{ID: id(strapDevice), Patient: h, Air: r.faults},
			&home.Patch{ID: id(patchDevice), Patient: h, Kind: vitals.ECGII, Rate: patchRate})
	}
	spots := spotDevices(n)
	if checksOxygen(n) {
		spots = append(spots, spotOximeterDevice)
	}
	for _, device := range spots {
		devices = append(devices, device)
		r.worn = append(r.worn, r.spot(device, id(device), personOf(n)))
	}
	if acts, has := pendantActs[n%demoCycle]; has {
		devices = append(devices, pendantDevice)
		r.worn = append(r.worn, &home.Pendant{ID: id(pendantDevice), Acts: acts, Cycle: pendantCycle, Air: r.faults})
	}
	r.enrol = demoHome(n, devices...)
	return r
}

// spot is a device that measures now and then.
func (r *resident) spot(device int, id vitals.DeviceID, who home.Person) home.Wearable {
	var s *home.Spot
	switch device {
	case cuffDevice:
		s = home.Cuff(id, spotEvery, r.patient, who)
	case thermometerDevice:
		s = home.Thermometer(id, spotEvery, who)
	case meterDevice:
		s = home.GlucoseMeter(id, spotEvery, who)
	case scaleDevice:
		s = home.Scale(id, spotEvery, who)
	case spotOximeterDevice:
		s = home.SpotOximeter(id, spotEvery, r.patient)
	default:
		sensor := home.Sensor(id, sensorEvery, who)
		sensor.Air = r.faults
		return sensor
	}
	s.Air = r.faults
	return s
}

// faultsOf is what goes wrong in a home; nil where nothing shall.
func (o options) faultsOf(n int) *fault.Home {
	if o.faults == (fault.Plan{}) {
		return nil
	}
	return o.faults.Home(o.seed, n)
}

var errNoRecord = errors.New("no record to play")

// recorded are homes whose patches play records, at most -homes.
func (o options) recorded() ([]*resident, error) {
	names := lo.Compact(strings.Split(o.record, ","))
	if len(names) == 0 {
		all, err := wfdb.Records(o.wfdb)
		if err != nil {
			return nil, fmt.Errorf("list records: %w", err)
		}
		names = all
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("play %s: %w", o.wfdb, errNoRecord)
	}
	var all []*resident
	for n, name := range names[:min(len(names), o.homes)] {
		r, err := o.playing(n, strings.TrimSpace(name))
		if err != nil {
			return nil, fmt.Errorf("play record %s: %w", name, err)
		}
		all = append(all, r)
	}
	return all, nil
}

func (o options) playing(n int, name string) (*resident, error) {
	record, err := wfdb.Open(o.wfdb, name)
	if err != nil {
		return nil, err
	}
	lead := max(0, slices.IndexFunc(record.Signals, func(s wfdb.Signal) bool { return strings.Contains(s.Name, "II") }))
	samples, err := record.Microvolts(lead)
	if err != nil {
		return nil, err
	}
	begin := int(o.start.Seconds() * record.Rate)
	if begin >= len(samples) {
		return nil, fmt.Errorf("begin at %v: %w", o.start, errNoRecord)
	}
	const exact = 1000 // rates of records have at most three decimals
	rate := vitals.Rate{Num: uint32(math.Round(record.Rate)), Den: 1}
	if record.Rate != math.Trunc(record.Rate) {
		rate = vitals.Rate{Num: uint32(math.Round(record.Rate * exact)), Den: exact}
	}
	patient := &home.Recording{Samples: samples, Position: begin, Once: o.once}
	return &resident{
		enrol: demoHome(n, patchDevice), patient: patient,
		worn: []home.Wearable{&home.Patch{ID: deviceID(demoRange, n+1, patchDevice), Patient: patient, Kind: vitals.ECGII, Rate: rate}},
	}, nil
}
