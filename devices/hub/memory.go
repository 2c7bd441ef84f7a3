package main

import (
	"context"
	"encoding/binary"
	"hash/fnv"
	"time"

	"vigil/devices"
	"vigil/devices/gatt"
	"vigil/devices/hub/records"
	"vigil/devices/hub/spool"
	"vigil/vitals"
)

var (
	recordControl  = short("2a52")
	cgmMeasurement = short("2aa7")
	cgmSession     = short("2aaa")
	cgmFeature     = short("2aa8")
)

// memories are the characteristics whose past values a device keeps and reports when it is asked.
var memories = map[string]func(*memory){
	short("2a18"):  func(m *memory) { m.numbered, m.keys = true, glucoseKeys },
	short("2a5e"):  func(m *memory) { m.keys = oximeterKeys },
	cgmMeasurement: func(m *memory) { m.numbered, m.keys = true, cgmKeys },
}

// memory fetches what a device has stored, each record once.
type memory struct {
	session  *session
	uuid     string
	source   string
	numbered bool                                        // records can be asked for from a number on
	keys     func([]byte) (parts [][]byte, ids []uint64) // records of a value, and what each is known by

	fetch *records.Fetch
	known spool.Fetched
	came  map[uint64]bool // in this fetch
}

func glucoseKeys(value []byte) ([][]byte, []uint64) {
	g, err := gatt.DecodeGlucose(value)
	if err != nil {
		return nil, nil
	}
	return [][]byte{value}, []uint64{uint64(g.Sequence) + 1} // numbers begin with 0
}

// oximeterKeys knows a record by what it says: those of an oximeter have no number. One that is live is
// no record.
func oximeterKeys(value []byte) ([][]byte, []uint64) {
	p, err := gatt.DecodeSpotOximeter(value)
	if err != nil || p.Status == nil || *p.Status&gatt.MeasurementFromStorage == 0 {
		return nil, nil
	}
	h := fnv.New64a()
	_, _ = h.Write(value)
	return [][]byte{value}, []uint64{h.Sum64() | 1<<63} // never within "all up to"
}

func cgmKeys(value []byte) (parts [][]byte, ids []uint64) {
	all, err := gatt.DecodeCGM(value)
	if err != nil {
		return nil, nil
	}
	for _, r := range all {
		size := int(value[0])
		parts, ids = append(parts, value[:size]), append(ids, uint64(r.Offset)+1)
		value = value[size:]
	}
	return parts, ids
}

// remember prepares to fetch what the device has stored of a characteristic.
func (s *session) remember(ctx context.Context, uuid string) error {
	prepare, stored := memories[uuid]
	if !stored {
		return nil
	}
	m := &memory{session: s, uuid: uuid, source: uuid[4:8]}
	prepare(m)
	if uuid == cgmMeasurement {
		known, err := s.beginCGM(ctx)
		if err != nil || !known {
			return err
		}
		m.source += " " + s.cgm.At.String()
	}
	if _, err := s.link.Characteristic(recordControl); err != nil {
		return nil //nolint:nilerr // a device without a memory sends what it measures, and no more
	}
	if err := s.link.Subscribe(ctx, recordControl); err != nil {
		return err
	}
	s.memory = m
	return m.ask(ctx)
}

// ask requests what is not known yet.
func (m *memory) ask(ctx context.Context) error {
	m.known = m.session.hub.spool.Fetched(m.session.device.id, m.source)
	m.came = map[uint64]bool{}
	var from *uint16
	const last = 1 << 16
	if m.numbered && m.known.Upto > 0 && m.known.Upto < last {
		from = new(uint16(m.known.Upto)) // a key is one more than the number
	}
	fetch, request, err := records.Begin(from, time.Now())
	if err != nil {
		return err
	}
	m.fetch = fetch
	return m.session.link.Write(ctx, recordControl, request)
}

// running reports whether records may come.
func (m *memory) running() bool { return m != nil && m.fetch.Running() }

// answer takes what the control point indicated.
func (m *memory) answer(ctx context.Context, value []byte, received time.Time) error {
	if request := m.fetch.Answer(value, received); request != nil {
		return m.session.link.Write(ctx, recordControl, request)
	}
	return m.after(ctx, received)
}

// due lets time pass.
func (m *memory) due(ctx context.Context, now time.Time) error {
	if !m.running() {
		return nil
	}
	if request := m.fetch.Due(now); request != nil {
		return m.session.link.Write(ctx, recordControl, request)
	}
	return m.after(ctx, now)
}

// after acts on how a fetch ended. A device that does not report its records is read on: what it
// measures now still comes.
func (m *memory) after(ctx context.Context, now time.Time) error {
	switch m.fetch.State() {
	case records.Complete:
		return m.settle(now)
	case records.Partial:
		if len(m.came) > 0 {
			return m.ask(ctx)
		}
	case records.Failed:
		m.session.log.Warn("device's records were not fetched", "error", m.fetch.Err())
		m.session.hub.note(m.session.device.id, true, m.fetch.Err())
		m.session.memory = nil
	default:
	}
	return nil
}

// settle notes that everything is known that the device has.
func (m *memory) settle(now time.Time) error {
	mark := spool.Mark{Source: m.source, Key: m.known.Upto}
	var keep []uint64
	for key := range m.came {
		if m.numbered {
			mark.Key = max(mark.Key, key)
			continue
		}
		keep = append(keep, key)
	}
	if mark.Key == m.known.Upto && m.numbered && len(m.came) == 0 {
		return nil
	}
	m.known = spool.Fetched{Upto: mark.Key, Beyond: map[uint64]bool{}}
	for _, key := range keep {
		m.known.Beyond[key] = true
	}
	m.came = map[uint64]bool{}
	return m.session.hub.spool.Settle(m.session.device.id, mark, keep, now)
}

// take keeps the records of a value that are not known; it says whether the value was one of the
// memory.
func (m *memory) take(value []byte, received time.Time) (bool, error) {
	parts, keys := m.keys(value)
	for i, key := range keys {
		m.fetch.Heard(received)
		if m.known.Has(key) || m.came[key] {
			m.came[key] = true
			continue
		}
		b, err := m.session.decode(m.uuid, parts[i], received)
		if err != nil {
			return true, err
		}
		m.came[key] = true
		m.session.hub.keepRecord(b, spool.Mark{Source: m.source, Key: key}, received)
	}
	if len(keys) > 0 && !m.running() && m.numbered { // measured while connected, and all before it is known
		return true, m.settle(received)
	}
	return len(keys) > 0, nil
}

// abort tells the device that nobody takes its records any more, even when the hub is stopping.
func (m *memory) abort(ctx context.Context) {
	if !m.running() {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
	defer cancel()
	if request := m.fetch.Abort(time.Now()); request != nil {
		if err := m.session.link.Write(ctx, recordControl, request); err != nil {
			m.session.log.Debug("device was not told to stop its records", "error", err)
		}
	}
}

// beginCGM reads when a sensor's session began, without which its records have no time; a sensor that
// does not know is told the time, where it can be.
func (s *session) beginCGM(ctx context.Context) (known bool, err error) {
	c, err := s.link.Characteristic(cgmSession)
	if err != nil {
		return false, nil //nolint:nilerr // only what it measures now has a time: that of its arrival
	}
	read := func() (bool, error) {
		value, err := s.link.Read(ctx, cgmSession)
		if err != nil {
			return false, err
		}
		if s.cgm, err = gatt.DecodeSessionStart(value); err != nil {
			return false, err
		}
		_, ok := s.cgm.Time()
		return ok, nil
	}
	if known, err = read(); err != nil || known || !c.Writable() || !s.hub.synced() {
		return known, err
	}
	if err := s.link.Write(ctx, cgmSession, s.sessionStart(ctx, time.Now())); err != nil {
		return false, err
	}
	return read()
}

// sessionStart is the value that begins a session now, with the checksum that some sensors want (CGMS
// 1.0.2, 3.3: bit 12 of the features).
func (s *session) sessionStart(ctx context.Context, now time.Time) []byte {
	const features, checked = 3, 1 << 4
	value := gatt.EncodeSessionStart(now.In(s.hub.zone))
	if f, err := s.link.Read(ctx, cgmFeature); err == nil && len(f) >= features && f[1]&checked != 0 {
		value = binary.LittleEndian.AppendUint16(value, gatt.E2ECRC(value))
	}
	return value
}

// cgmBatch charts records by the start of the session.
func (s *session) cgmBatch(f devices.Frame) (vitals.Batch, error) {
	b, err := s.cgm.Batch(f)
	if err != nil || s.cgm.Zone != gatt.UnknownZone {
		return b, err
	}
	return gatt.Zoned(b, s.hub.zone), nil
}
