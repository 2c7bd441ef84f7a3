package home

import (
	"errors"
	"fmt"
	"math"
	"time"

	"vigil/devices"
	"vigil/devices/gatt"
	"vigil/devices/sim/fault"
	"vigil/devices/sim/heart"
	"vigil/vitals"
)

// Patch is an ECG patch whose hub sends one chunk a second. Its samples are already evenly placed.
type Patch struct {
	ID      vitals.DeviceID
	Patient Patient
	Kind    vitals.Kind
	Rate    vitals.Rate

	end   time.Time // of the chunk before
	first uint64
	off   bool
}

// Device names the patch.
func (p *Patch) Device() vitals.DeviceID { return p.ID }

// Every is a second, to the sample.
func (p *Patch) Every() time.Duration { return p.Rate.Span(p.chunk()) }

func (p *Patch) chunk() int { return int(math.Round(p.Rate.Hz())) }

// Measure is the chunk that ended at the time.
func (p *Patch) Measure(at time.Time) (vitals.Batch, error) {
	start := at.Add(-p.Every())
	if gap := start.Sub(p.end); !p.end.IsZero() && gap > p.Rate.Span(1)/2 {
		p.first += uint64(math.Round(gap.Seconds() * p.Rate.Hz()))
	}
	samples := p.Patient.ECG(p.chunk())
	b := vitals.Batch{Device: p.ID, Waveforms: []vitals.Waveform{{
		Kind: p.Kind, Start: start.Truncate(time.Microsecond), Rate: p.Rate, Scale: vitals.Int(1), First: p.first, Samples: samples,
	}}}
	p.end, p.first = at, p.first+uint64(len(samples))
	if off := p.Patient.Rhythm() == heart.LeadsOff; off || p.off {
		code := vitals.ContactMade
		if off {
			code = vitals.ContactLost
		}
		b.Events, p.off = []vitals.Event{{Code: code, Time: at}}, off
	}
	return b, nil
}

// ChestStrap is a strap that sends heart rate and, as a Polar H10 does, a raw ECG.
type ChestStrap struct {
	ID      vitals.DeviceID
	Patient Patient
	RawECG  bool
	Air     *fault.Home

	strap   uint64 // ns, its own clock
	place   gatt.PMDClock
	rateDue time.Time
}

// strapBegan is where an H10's clock starts when it is put on: 2019-01-01, in ns since 2000.
const strapBegan = 599_616_000_000_000_000

// Device names the strap.
func (s *ChestStrap) Device() vitals.DeviceID { return s.ID }

// Every is the time of an ECG frame, or a second without one.
func (s *ChestStrap) Every() time.Duration {
	if s.RawECG {
		return gatt.PMDRate.Span(gatt.PMDSamples)
	}
	return time.Second
}

// Measure is what arrived from the strap: an ECG frame, and once a second the heart rate.
func (s *ChestStrap) Measure(at time.Time) (vitals.Batch, error) {
	b := vitals.Batch{Device: s.ID}
	if s.RawECG {
		var err error
		if b, err = s.ecg(at); err != nil {
			return b, err
		}
	}
	if at.Before(s.rateDue) {
		return b, nil
	}
	s.rateDue = at.Add(time.Second - s.Every()/2)
	rate, err := s.rate(at)
	if err != nil {
		return b, err
	}
	b.Readings, b.Events = rate.Readings, append(b.Events, rate.Events...)
	return b, nil
}

// ecg sends a frame through the air, so that what is charted is what a strap sent.
func (s *ChestStrap) ecg(at time.Time) (vitals.Batch, error) {
	const rail = 20_000 // µV: what an open electrode shows
	if s.strap == 0 {
		s.strap = strapBegan
	}
	s.strap += uint64(s.Every())
	sent := gatt.PMDFrame{Clock: s.strap}
	for _, uv := range s.Patient.ECG(gatt.PMDSamples) {
		if uv == vitals.Missing {
			uv = rail
		}
		sent.Microvolts = append(sent.Microvolts, int32(uv))
	}
	value, err := gatt.EncodePMD(sent)
	if err != nil {
		return vitals.Batch{}, fmt.Errorf("send ECG frame: %w", err)
	}
	f := devices.Frame{Device: s.ID, Received: at, Bytes: s.Air.Carry(value)}
	read, err := gatt.DecodePMD(f.Bytes)
	if err != nil {
		return received(vitals.Batch{}, err, f)
	}
	return vitals.Batch{Device: s.ID, Waveforms: []vitals.Waveform{s.place.Place(read, at)}}, nil
}

func (s *ChestStrap) rate(at time.Time) (vitals.Batch, error) {
	h := gatt.HeartRate{BPM: uint16(math.Round(s.Patient.Rate())), Contact: gatt.ContactDetected}
	for _, rr := range s.Patient.Intervals() {
		h.RR = append(h.RR, uint16(math.Round(rr*1024)))
	}
	if s.RawECG && s.Patient.Rhythm() == heart.LeadsOff {
		h = gatt.HeartRate{Contact: gatt.ContactMissing}
	}
	value, err := gatt.EncodeHeartRate(h)
	if err != nil {
		return vitals.Batch{}, fmt.Errorf("send heart rate: %w", err)
	}
	return receive("gatt/2a37", devices.Frame{Device: s.ID, Received: at, Bytes: s.Air.Carry(value)})
}

// Oximeter is a finger oximeter that sends once a second.
type Oximeter struct {
	ID      vitals.DeviceID
	Patient Patient
	Wave    bool // it sends its wave, too
	Air     *fault.Home

	light     light
	pulseless int // seconds
	last      uint16
}

// Device names the oximeter.
func (o *Oximeter) Device() vitals.DeviceID { return o.ID }

// Every is a second.
func (o *Oximeter) Every() time.Duration { return time.Second }

// searching is how many seconds an oximeter shows its last pulse before it gives up.
const searching = 8

// Measure is the continuous measurement of that second.
func (o *Oximeter) Measure(at time.Time) (vitals.Batch, error) {
	value, err := gatt.EncodePulseOximeter(o.shown())
	if err != nil {
		return vitals.Batch{}, fmt.Errorf("send oximetry: %w", err)
	}
	b, err := receive("gatt/2a5f", devices.Frame{Device: o.ID, Received: at, Bytes: o.Air.Carry(value)})
	if err == nil && o.Wave {
		b.Waveforms = []vitals.Waveform{o.light.chunk(o.Patient, at)}
	}
	return b, err
}

func (o *Oximeter) shown() gatt.PulseOximeter {
	const fullyQualified = gatt.MeasurementStatus(1 << 8)
	status, sensor := fullyQualified, gatt.SensorStatus(0)
	rate := uint16(math.Round(o.Patient.Rate()))
	if rate > 0 {
		o.pulseless, o.last = 0, rate
	} else {
		o.pulseless++
		sensor = gatt.SensorNonPulsatile | gatt.SensorInadequateSignal
	}
	p := gatt.PulseOximeter{
		Normal: gatt.SpO2PR{
			SpO2:  gatt.Number{Mantissa: int32(math.Round(o.Patient.SpO2()))},
			Pulse: gatt.Number{Mantissa: int32(o.last)},
		},
		Status: &status, Sensor: &sensor,
		Amplitude: &gatt.Number{Mantissa: 412, Exp: -2},
	}
	if o.pulseless > searching {
		status = gatt.MeasurementUnavailable
		none := gatt.Number{Special: gatt.NotANumber}
		p.Normal, p.Amplitude = gatt.SpO2PR{SpO2: none, Pulse: none}, nil
	}
	return p
}

// receive is what the hub does with a value: it looks up the decoder of its characteristic.
func receive(decoder string, f devices.Frame) (vitals.Batch, error) {
	decode, ok := devices.Lookup(decoder)
	if !ok {
		return vitals.Batch{}, fmt.Errorf("decode %s: %w", decoder, devices.ErrMalformed)
	}
	b, err := decode(f)
	return received(b, err, f)
}

// received is what a decoder made of a frame; one that cannot be read becomes an event, as in a hub.
func received(b vitals.Batch, err error, f devices.Frame) (vitals.Batch, error) {
	if errors.Is(err, devices.ErrMalformed) {
		return vitals.Batch{Device: f.Device, Events: []vitals.Event{
			{Code: vitals.DecodeFault, Time: f.Received, Detail: err.Error()},
		}}, nil
	}
	if err != nil {
		return vitals.Batch{}, fmt.Errorf("read a frame of device %s: %w", f.Device, err)
	}
	return b, nil
}
