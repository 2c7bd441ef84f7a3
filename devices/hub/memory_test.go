package main_test

import (
	"encoding/binary"
	"encoding/hex"
	"strings"
	"sync"
	"testing"
	"time"

	"vigil/devices/gatt"
	"vigil/devices/hub/bluez/fake"
	"vigil/vitals"
)

const (
	glucose     = "00002a18-0000-1000-8000-00805f9b34fb"
	oximeter    = "00002a5e-0000-1000-8000-00805f9b34fb"
	cgm         = "00002aa7-0000-1000-8000-00805f9b34fb"
	cgmStart    = "00002aaa-0000-1000-8000-00805f9b34fb"
	cgmFeature  = "00002aa8-0000-1000-8000-00805f9b34fb"
	control     = "00002a52-0000-1000-8000-00805f9b34fb"
	currentTime = "00002a2b-0000-1000-8000-00805f9b34fb"
	battery     = "00002a19-0000-1000-8000-00805f9b34fb"
)

// meter is a device with a memory and a clock of its own.
type meter struct {
	uuid string // of its records

	mu      sync.Mutex
	device  *fake.Device
	records [][]byte
	break1  int // records after which it leaves in the middle, once; 0: never
	ahead   time.Duration
	asked   []string
	clocks  int // times that its clock was set
}

func (m *meter) store(record []byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.records = append(m.records, record)
}

func (m *meter) now() time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	return time.Now().UTC().Add(m.ahead)
}

// request answers what is written to the control point: records from a number on, else all.
func (m *meter) request(value []byte) error {
	m.mu.Lock()
	m.asked = append(m.asked, hex.EncodeToString(value))
	records, breaks, device := m.records, m.break1, m.device
	m.break1 = 0
	if len(value) == 5 {
		records = records[min(len(records), int(binary.LittleEndian.Uint16(value[3:]))):] // their number is their place
	}
	m.mu.Unlock()
	go func() { // the write is confirmed before the records come
		for i, r := range records {
			if breaks > 0 && i == breaks {
				device.Drop()
				return
			}
			device.Notify(m.uuid, r)
		}
		if len(records) == 0 {
			device.Notify(control, []byte{6, 0, 1, 6})
			return
		}
		device.Notify(control, []byte{6, 0, 1, 1})
	}()
	return nil
}

func (m *meter) chars() []fake.Char {
	readable := []string{"read", "write"}
	return []fake.Char{
		{UUID: m.uuid},
		{UUID: control, Written: m.request},
		{
			UUID: currentTime, Flags: readable,
			Read: func() []byte { return gatt.EncodeCurrentTime(gatt.CurrentTimeOf(m.now(), 0)) },
			Written: func(value []byte) error {
				c, err := gatt.DecodeCurrentTime(value)
				if err != nil {
					return err
				}
				m.mu.Lock()
				defer m.mu.Unlock()
				t, _ := c.Time()
				m.ahead, m.clocks = time.Until(t), m.clocks+1
				return nil
			},
		},
		{UUID: battery, Flags: []string{"read"}, Read: func() []byte { return []byte{87} }},
	}
}

func (m *meter) questions() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return strings.Join(m.asked, " ")
}

// visit runs the hub in a house with the meter.
func (m *meter) visit(t *testing.T, read string, more ...fake.Char) *house {
	t.Helper()
	h := &house{told: make(chan []byte, 100)}
	h.build(t, `"zone":"UTC",`, read, append(m.chars(), more...)...)
	m.mu.Lock()
	m.device = h.strap
	m.mu.Unlock()
	h.run(t)
	return h
}

func glucoseRecord(t *testing.T, number uint16, at time.Time, mgdl int32) []byte {
	t.Helper()
	value, err := gatt.EncodeGlucose(gatt.Glucose{
		Sequence: number, Base: gatt.DateTimeOf(at),
		Sample: &gatt.GlucoseSample{Concentration: gatt.Number{Mantissa: mgdl, Exp: -5}, Type: gatt.CapillaryBlood, Site: gatt.FromFinger},
	})
	if err != nil {
		t.Fatal(err)
	}
	return value
}

// readings awaits so many readings.
func (h *house) readings(t *testing.T, n int) []vitals.Reading {
	t.Helper()
	var all []vitals.Reading
	for len(all) < n {
		m := h.await(t, "another reading", func(b vitals.Batch) bool { return len(b.Readings) > 0 })
		all = append(all, m.Batch.Readings...)
	}
	return all
}

func TestRecordsOfAMeterAreFetchedOnceAtTheirRightTime(t *testing.T) {
	m := &meter{uuid: glucose, ahead: -3 * time.Hour} // a clock that is three hours late
	measured := time.Now().UTC().Add(-40 * time.Minute).Truncate(time.Second)
	shown := measured.Add(-3 * time.Hour)
	for i := range 3 {
		m.store(glucoseRecord(t, uint16(i), shown.Add(time.Duration(i)*time.Minute), int32(100+i)))
	}
	h := m.visit(t, `["glucose"]`)
	for i, r := range h.readings(t, 3) {
		want := measured.Add(time.Duration(i) * time.Minute)
		if r.Time.Sub(want).Abs() > 2*time.Second || r.Value.String() != vitals.Int(int64(100+i)).String() || r.TimeQuality != vitals.TimeDevice {
			t.Errorf("record %d: %+v, want %s", i, r, want)
		}
	}
	if b := h.await(t, "the battery", event(vitals.BatteryLevel)); b.Batch.Events[0].Value != vitals.Int(87) {
		t.Errorf("%+v", b.Batch.Events)
	}
	h.until(t, "the meter's clock is set", func() bool {
		m.mu.Lock()
		defer m.mu.Unlock()
		return m.clocks == 1 && m.ahead.Abs() < 3*time.Second
	})

	m.store(glucoseRecord(t, 3, m.now(), 103)) // by the clock that is right now
	h.strap.Drop()
	if r := h.readings(t, 1)[0]; r.Value.String() != "103" || time.Since(r.Time).Abs() > 30*time.Second {
		t.Errorf("%+v", r)
	}
	h.stop()

	m.store(glucoseRecord(t, 4, m.now(), 104))
	h.open(t)
	h.run(t)
	if r := h.readings(t, 1)[0]; r.Value.String() != "104" {
		t.Errorf("a hub that began anew fetched %+v", r)
	}
	if got := m.questions(); got != "0101 0103010300 0103010400" {
		t.Errorf("the meter was asked %s", got)
	}
}

func TestFetchThatWasInterruptedGoesOnWithoutRepeats(t *testing.T) {
	m := &meter{uuid: glucose, break1: 2}
	at := time.Now().UTC().Add(-time.Hour)
	for i := range 5 {
		m.store(glucoseRecord(t, uint16(i), at.Add(time.Duration(i)*time.Minute), int32(100+i)))
	}
	h := m.visit(t, `["glucose"]`)
	for i, r := range h.readings(t, 5) {
		if r.Value.String() != vitals.Int(int64(100+i)).String() {
			t.Errorf("reading %d is %s", i, r.Value)
		}
	}
	h.stop()
	h.none(t)
	if got := m.questions(); got != "0101 0101" {
		t.Errorf("the meter was asked %s", got)
	}
}

func TestMemoryOfAnOximeterIsReadAgainAndKeptOnce(t *testing.T) {
	m := &meter{uuid: oximeter}
	check := func(i int) []byte {
		status := gatt.MeasurementFromStorage
		value, err := gatt.EncodeSpotOximeter(gatt.SpotOximeter{
			SpO2PR: gatt.SpO2PR{SpO2: gatt.Number{Mantissa: int32(90 + i)}, Pulse: gatt.Number{Mantissa: 60}},
			At:     new(gatt.DateTimeOf(m.now().Add(time.Duration(i)*time.Minute - time.Hour))), Status: &status,
		})
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
	m.store(check(0))
	m.store(check(1))
	h := m.visit(t, `["plx-spot"]`)
	h.readings(t, 4) // saturation and pulse of each
	m.store(check(2))
	h.strap.Drop()
	if r := h.readings(t, 2)[0]; r.Value.String() != "92" {
		t.Errorf("%+v", r)
	}
	h.stop()
	h.none(t)
}

func TestRecordsOfASensorHaveTheTimeOfItsSession(t *testing.T) {
	began := time.Now().UTC().Add(-3 * time.Hour).Truncate(time.Second)
	m := &meter{uuid: cgm}
	for i := range 3 {
		m.store([]byte{6, 0, byte(100 + i), 0, byte(i), 0}) // mg/dL, minutes
	}
	start := fake.Char{UUID: cgmStart, Flags: []string{"read"}, Read: func() []byte { return gatt.EncodeSessionStart(began) }}
	h := m.visit(t, `["cgm"]`, start)
	for i, r := range h.readings(t, 3) {
		if !r.Time.Equal(began.Add(time.Duration(i)*time.Minute)) || r.Value.String() != vitals.Int(int64(100+i)).String() {
			t.Errorf("record %d: %+v", i, r)
		}
	}
	h.strap.Notify(cgm, []byte{6, 0, 103, 0, 3, 0}) // measured now
	if r := h.readings(t, 1)[0]; !r.Time.Equal(began.Add(3 * time.Minute)) {
		t.Errorf("%+v", r)
	}
	m.store([]byte{6, 0, 103, 0, 3, 0})
	m.store([]byte{6, 0, 104, 0, 4, 0})
	h.strap.Drop()
	if r := h.readings(t, 1)[0]; r.Value.String() != "104" {
		t.Errorf("%+v", r)
	}
}

func TestSensorThatDoesNotKnowItsSessionIsToldTheTime(t *testing.T) {
	m := &meter{uuid: cgm}
	value := make([]byte, 9)
	var mu sync.Mutex
	start := fake.Char{
		UUID: cgmStart, Flags: []string{"read", "write"},
		Read: func() []byte {
			mu.Lock()
			defer mu.Unlock()
			return value
		},
		Written: func(told []byte) error {
			mu.Lock()
			defer mu.Unlock()
			value = told
			return nil
		},
	}
	feature := fake.Char{UUID: cgmFeature, Flags: []string{"read"}, Read: func() []byte { return []byte{0, 0x10, 0, 0x19, 0, 0} }}
	m.store([]byte{6, 0, 100, 0, 0, 0})
	h := m.visit(t, `["cgm"]`, start, feature)
	if r := h.readings(t, 1)[0]; time.Since(r.Time).Abs() > time.Minute || r.Quality != vitals.Good {
		t.Errorf("%+v", r)
	}
	mu.Lock()
	defer mu.Unlock()
	if s, err := gatt.DecodeSessionStart(value); err != nil || s.CRC == nil {
		t.Errorf("told %x: %v", value, err)
	}
}

// until waits for what a device is told.
func (h *house) until(t *testing.T, story string, is func() bool) {
	t.Helper()
	limit := time.After(30 * time.Second)
	look := time.NewTicker(10 * time.Millisecond)
	defer look.Stop()
	for !is() {
		select {
		case <-look.C:
		case <-limit:
			t.Fatalf("never: %s", story)
		}
	}
}

// none makes sure that no reading is left over once the hub has stopped, which sends what it has.
func (h *house) none(t *testing.T) {
	t.Helper()
	for {
		select {
		case m := <-h.server:
			h.heard = append(h.heard, m)
			continue
		default:
		}
		break
	}
	for _, m := range h.heard {
		if len(m.Batch.Readings) > 0 {
			t.Errorf("and then came %+v", m.Batch.Readings)
		}
	}
}
