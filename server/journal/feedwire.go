package journal

import (
	"fmt"
	"time"

	"github.com/samber/lo"

	"vigil/alerts"
	"vigil/vitals"
)

type (
	wireFeedWave struct {
		_       struct{} `cbor:",toarray"`
		Version uint8
		Patient string
		Device  string
		Wave    wireWave
	}
	wireFeedReading struct {
		_       struct{} `cbor:",toarray"`
		Version uint8
		Patient string
		Device  string
		Reading wireReading
	}
	wireTransition struct {
		_       struct{} `cbor:",toarray"`
		Version uint8
		Change  string
		Before  uint8
		Alarm   wireAlarm
		At      int64
		Actor   string
		Command string
		Station string

		Unrecorded bool
		Retold     bool
		Ahead      int64
	}
	wireAlarm struct {
		_         struct{} `cbor:",toarray"`
		ID        string
		Patient   string
		Condition string
		Site      string
		Priority  uint8
		State     uint8
		Truth     uint8
		Version   int
		Onset     int64
		Evidence  int64
		Raised    int64
		Ended     int64
		Changed   int64
		Count     int
		Detail    string
		Value     [2]int64 // mantissa, exponent
		Limit     [2]int64
		AckedBy   string
		AckedName string
		AckedAt   int64
		Reason    string

		Worst      [2]int64
		Suppressor string
		Previous   string
		Chattering bool
		Snooze     int64
		Command    string
		AckReason  string
	}
	wireHealth struct {
		_       struct{} `cbor:",toarray"`
		Version uint8
		Node    string
		LagMS   int64
		AwayMS  int64
		WaitMS  int64
		StillMS int64
		Parts   int
		Audible []string
	}
	shownWave struct {
		patient vitals.PatientID
		device  vitals.DeviceID
		wave    vitals.Waveform
	}
)

func (w wireFeedWave) shown() (shownWave, error) {
	if w.Version != wireVersion {
		return shownWave{}, fmt.Errorf("wave of version %d: %w", w.Version, errMalformed)
	}
	wave, err := w.Wave.waveform()
	return shownWave{vitals.PatientID(w.Patient), vitals.DeviceID(w.Device), wave}, err
}

func (w wireFeedReading) charted() (vitals.Charted, error) {
	if w.Version != wireVersion {
		return vitals.Charted{}, fmt.Errorf("reading of version %d: %w", w.Version, errMalformed)
	}
	reading, err := w.Reading.reading()
	return vitals.Charted{
		Patient: vitals.PatientID(w.Patient), Device: vitals.DeviceID(w.Device), Reading: reading,
	}, err
}

func toWireTransition(t alerts.Transition) wireTransition {
	return wireTransition{
		Version: transitionVersion, Change: string(t.Change), Before: uint8(t.Before), Alarm: toWireAlarm(t.Alarm),
		At: toMicros(t.At), Actor: t.Actor, Command: t.Command, Station: t.Station,
		Unrecorded: t.Unrecorded, Retold: t.Retold, Ahead: t.Ahead.Microseconds(),
	}
}

func (w wireTransition) transition() (alerts.Transition, error) {
	if w.Version != transitionVersion {
		return alerts.Transition{}, fmt.Errorf("transition of version %d: %w", w.Version, errMalformed)
	}
	return alerts.Transition{
		Change: alerts.Change(w.Change), Before: alerts.State(w.Before), Alarm: w.Alarm.alarm(),
		At: fromMicros(w.At), Actor: w.Actor, Command: w.Command, Station: w.Station,
		Unrecorded: w.Unrecorded, Retold: w.Retold, Ahead: time.Duration(w.Ahead) * time.Microsecond,
	}, nil
}

func toWireAlarm(a alerts.Alarm) wireAlarm {
	return wireAlarm{
		ID: string(a.ID), Patient: string(a.Patient), Condition: string(a.Condition), Site: a.Site,
		Priority: uint8(a.Priority), State: uint8(a.State), Truth: uint8(a.Truth), Version: a.Version,
		Onset: toMicros(a.Onset), Evidence: toMicros(a.Evidence), Raised: toMicros(a.Raised),
		Ended: toMicros(a.Ended), Changed: toMicros(a.Changed), Count: a.Count, Detail: a.Detail,
		Value:   [2]int64{a.Value.Mantissa, int64(a.Value.Exp)},
		Limit:   [2]int64{a.Limit.Mantissa, int64(a.Limit.Exp)},
		AckedBy: a.AckedBy, AckedName: a.AckedName, AckedAt: toMicros(a.AckedAt), Reason: string(a.Reason),
		Worst:      [2]int64{a.Worst.Mantissa, int64(a.Worst.Exp)},
		Suppressor: string(a.Suppressor), Previous: string(a.Previous), Chattering: a.Chattering,
		Snooze: toMicros(a.SnoozeUntil), Command: a.Command, AckReason: string(a.AckReason),
	}
}

func (w wireAlarm) alarm() alerts.Alarm {
	return alerts.Alarm{
		ID: alerts.AlarmID(w.ID), Patient: vitals.PatientID(w.Patient), Condition: alerts.Condition(w.Condition),
		Site: w.Site, Priority: alerts.Priority(w.Priority), State: alerts.State(w.State),
		Truth: alerts.Truth(w.Truth), Version: w.Version,
		Onset: fromMicros(w.Onset), Evidence: fromMicros(w.Evidence), Raised: fromMicros(w.Raised),
		Ended: fromMicros(w.Ended), Changed: fromMicros(w.Changed), Count: w.Count, Detail: w.Detail,
		Value:   vitals.NewDecimal(w.Value[0], int8(w.Value[1])),
		Limit:   vitals.NewDecimal(w.Limit[0], int8(w.Limit[1])),
		AckedBy: w.AckedBy, AckedName: w.AckedName, AckedAt: fromMicros(w.AckedAt), Reason: alerts.CloseReason(w.Reason),
		Worst:      vitals.NewDecimal(w.Worst[0], int8(w.Worst[1])),
		Suppressor: alerts.AlarmID(w.Suppressor), Previous: alerts.AlarmID(w.Previous), Chattering: w.Chattering,
		SnoozeUntil: fromMicros(w.Snooze), Command: w.Command, AckReason: alerts.AckReason(w.AckReason),
	}
}

func toWireHealth(h Health) wireHealth {
	return wireHealth{
		Version: healthVersion, Node: h.Node, LagMS: h.Lag.Milliseconds(), AwayMS: h.Away.Milliseconds(),
		WaitMS: h.Waiting.Milliseconds(), StillMS: h.Silent.Milliseconds(), Parts: h.Parts,
		Audible: lo.Map(h.Audible, func(u vitals.UnitID, _ int) string { return string(u) }),
	}
}

func (w wireHealth) health() (Health, error) {
	if w.Version != healthVersion {
		return Health{}, fmt.Errorf("health of version %d: %w", w.Version, errMalformed)
	}
	const longest = int64(365 * 24 * time.Hour / time.Millisecond)
	for _, ms := range []int64{w.LagMS, w.AwayMS, w.WaitMS, w.StillMS} {
		if ms < 0 || ms > longest {
			return Health{}, fmt.Errorf("health with a time of %d ms: %w", ms, errMalformed)
		}
	}
	return Health{
		Node: w.Node, Lag: time.Duration(w.LagMS) * time.Millisecond, Away: time.Duration(w.AwayMS) * time.Millisecond,
		Waiting: time.Duration(w.WaitMS) * time.Millisecond, Silent: time.Duration(w.StillMS) * time.Millisecond, Parts: w.Parts,
		Audible: lo.Map(w.Audible, func(u string, _ int) vitals.UnitID { return vitals.UnitID(u) }),
	}, nil
}
