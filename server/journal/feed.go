package journal

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"

	"vigil/alerts"
	"vigil/vitals"
)

// The subjects of the feed. Waves and readings carry the partition, so that whoever wants a few
// patients does not have to read everybody.
const (
	feedAlarm   = "feed.alarm"
	feedCare    = "feed.care"
	feedCensus  = "feed.census"
	feedHealth  = "feed.health"
	feedWave    = "feed.wave."
	feedReading = "feed.reading."
)

// Handlers receive the feed; a nil one is not subscribed. Each is called by one goroutine at a
// time and must not wait: what is too slow loses messages.
type Handlers struct {
	Alarm     func(alerts.Transition)
	Care      func(alerts.Care)
	Wave      func(vitals.PatientID, vitals.DeviceID, vitals.Waveform)
	Reading   func(vitals.Charted)
	Positions func([]vitals.Position)
	Census    func()
	Health    func(Health)
	Sights    func(Sights)
}

// Health is how a node is, for the others.
type Health struct {
	Node    string
	Lag     time.Duration   // between receipt and judgement
	Waiting time.Duration   // age of the oldest thing that the node received and the journal does not have
	Silent  time.Duration   // for how long no alarm of the node's watchdog has come through, where it is longest
	Parts   int             // in how many parts of the patients that is too long
	Away    time.Duration   // how long its database has taken nothing
	Audible []vitals.UnitID // of which a station is connected to the node and can be heard
}

// PublishHealth tells all nodes how this one is.
func (j *Journal) PublishHealth(h Health) { j.tell(feedHealth, toWireHealth(h)) }

// PublishAlarm tells everybody about a change of an alarm.
func (j *Journal) PublishAlarm(t alerts.Transition) { j.tell(feedAlarm, toWireTransition(t)) }

// PublishCare tells everybody what people have decided about a patient.
func (j *Journal) PublishCare(c alerts.Care) { j.tell(feedCare, toWireCare(c)) }

// PublishWave shows a piece of a waveform.
func (j *Journal) PublishWave(patient vitals.PatientID, device vitals.DeviceID, w vitals.Waveform) {
	j.tell(feedWave+strconv.Itoa(vitals.PartitionOf(patient)), wireFeedWave{
		Version: wireVersion, Patient: string(patient), Device: string(device), Wave: toWireWave(w),
	})
}

// PublishReading shows a reading.
func (j *Journal) PublishReading(c vitals.Charted) {
	j.tell(feedReading+strconv.Itoa(vitals.PartitionOf(c.Patient)), wireFeedReading{
		Version: wireVersion, Patient: string(c.Patient), Device: string(c.Device), Reading: toWireReading(c.Reading),
	})
}

// PublishCensus tells everybody to read the census again.
func (j *Journal) PublishCensus() { j.tell(feedCensus, []uint8{wireVersion}) }

// tell hands a message to the connection and does not wait: while the server is away the
// connection keeps what it can.
func (j *Journal) tell(subject string, message any) {
	data, err := encoding.Marshal(message)
	if err == nil {
		err = j.talk.Publish(subject, data)
	}
	if err != nil {
		j.feedLoss.Add(1)
		j.log.Error("feed message lost", "subject", subject, "error", err)
	}
}

// Subscribe hands over the feed until stopped.
func (j *Journal) Subscribe(h Handlers) (stop func(), err error) {
	var subs []*nats.Subscription
	stop = func() {
		for _, sub := range subs {
			if err := sub.Unsubscribe(); err != nil && !errors.Is(err, nats.ErrConnectionClosed) {
				j.log.Warn("feed not unsubscribed", "subject", sub.Subject, "error", err)
			}
		}
	}
	for subject, take := range j.takers(h) {
		sub, err := j.talk.Subscribe(subject, func(msg *nats.Msg) {
			if err := take(msg.Data); err != nil {
				j.poison.Add(1)
				j.log.Error("feed message does not decode", "subject", msg.Subject, "error", err)
			}
		})
		if err != nil {
			stop()
			return nil, fmt.Errorf("subscribe to %s: %w: %w", subject, ErrUnavailable, err)
		}
		subs = append(subs, sub)
	}
	// The subscriptions hold from here on, for every node: what is published next is heard.
	if err := j.talk.FlushTimeout(j.cfg.PublishTimeout); err != nil {
		stop()
		return nil, fmt.Errorf("subscribe to the feed: %w: %w", ErrUnavailable, err)
	}
	return stop, nil
}

// takers decode for the handlers that are there.
func (*Journal) takers(h Handlers) map[string]func([]byte) error {
	takers := map[string]func([]byte) error{}
	if h.Alarm != nil {
		takers[feedAlarm] = func(data []byte) error { return give(data, wireTransition.transition, h.Alarm) }
	}
	if h.Care != nil {
		takers[feedCare] = func(data []byte) error { return give(data, wireCare.care, h.Care) }
	}
	if h.Reading != nil {
		takers[feedReading+"*"] = func(data []byte) error { return give(data, wireFeedReading.charted, h.Reading) }
	}
	if h.Wave != nil {
		takers[feedWave+"*"] = func(data []byte) error {
			return give(data, wireFeedWave.shown, func(s shownWave) { h.Wave(s.patient, s.device, s.wave) })
		}
	}
	if h.Positions != nil {
		takers[feedPositions] = func(data []byte) error { return give(data, wirePositions.positions, h.Positions) }
	}
	if h.Health != nil {
		takers[feedHealth] = func(data []byte) error { return give(data, wireHealth.health, h.Health) }
	}
	if h.Sights != nil {
		takers[feedSights] = func(data []byte) error { return give(data, wireSights.sights, h.Sights) }
	}
	if h.Census != nil {
		takers[feedCensus] = func([]byte) error { h.Census(); return nil }
	}
	return takers
}

func give[W, V any](data []byte, convert func(W) (V, error), to func(V)) error {
	var w W
	if err := decode(data, &w); err != nil {
		return err
	}
	v, err := convert(w)
	if err != nil {
		return err
	}
	to(v)
	return nil
}
