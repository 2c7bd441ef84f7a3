package live

import (
	"bytes"
	"encoding/json"
	"errors"
	"time"

	"vigil/alerts"
	"vigil/vitals"
)

// The text frames of subprotocol vigil.v1; docs/dashboard-protocol.md describes them for others.
type (
	hello struct {
		Version int           `json:"v"`
		Station string        `json:"station"`
		Unit    vitals.UnitID `json:"unit"`
	}
	welcome struct {
		Type        string `json:"t"`
		Session     string `json:"session"`
		ServerMS    int64  `json:"server_ms"`
		HeartbeatMS int64  `json:"hb_ms"`
	}
	snapshot struct {
		Type     string        `json:"t"`
		Seq      uint64        `json:"seq"`
		AlarmRev uint64        `json:"alarm_rev"`
		Unit     vitals.UnitID `json:"unit"`
		Numerics []numericView `json:"numerics"`
		Alarms   []alerts.View `json:"alarms"`
		Channels []channelView `json:"channels"`

		Cares   []alerts.CareView `json:"cares"`
		Station stationView       `json:"station"`
	}
	event struct {
		Type     string       `json:"t"`
		Seq      uint64       `json:"seq"`
		Kind     string       `json:"kind"`
		AlarmRev uint64       `json:"alarm_rev,omitempty"`
		Alarm    *alerts.View `json:"alarm,omitempty"`
		Numeric  *numericView `json:"numeric,omitempty"`
		Channel  *channelView `json:"channel,omitempty"`

		Care    *alerts.CareView `json:"care,omitempty"`
		Station *stationView     `json:"station,omitempty"`
	}
	// stationView is what is decided about the station itself.
	stationView struct {
		Paused *alerts.DecidedView `json:"paused"` // its sound is silent for a moment
	}
	heartbeat struct {
		Type     string    `json:"t"`
		Seq      uint64    `json:"seq"` // of the last snap or ev before it
		ServerMS int64     `json:"server_ms"`
		AlarmRev uint64    `json:"alarm_rev"`
		Open     openCount `json:"open"`
		Digest   string    `json:"digest"`
	}
	openCount struct {
		High   int `json:"high"`
		Medium int `json:"medium"`
		Low    int `json:"low"`
	}
	numericView struct {
		Patient vitals.PatientID `json:"patient"`
		Device  vitals.DeviceID  `json:"device"`
		Kind    string           `json:"kind"`
		Value   string           `json:"value"`
		Unit    string           `json:"unit"`
		Time    time.Time        `json:"time"`
		AgeMS   int64            `json:"age_ms"`
		Quality string           `json:"quality"`
	}
	channelView struct {
		Index   uint16           `json:"idx"`
		Patient vitals.PatientID `json:"patient"`
		Device  vitals.DeviceID  `json:"device"`
		Kind    string           `json:"kind"`
		Label   string           `json:"label"`
		RateHz  float64          `json:"rate_hz"`
		Scale   float64          `json:"scale"`
		Unit    string           `json:"unit"`
	}
	// request is any frame that a browser sends after hello.
	request struct {
		Type         string           `json:"t"`
		Wave         uint32           `json:"wave"`
		Seq          uint64           `json:"seq"`
		Visible      bool             `json:"visible"`
		Audio        string           `json:"audio"`
		Rendered     []alerts.AlarmID `json:"rendered"`
		Sounded      []alerts.AlarmID `json:"sounded"`
		Channels     []uint16         `json:"channels"`
		Command      string           `json:"cmd_id"`
		Op           string           `json:"op"`
		Alarm        alerts.AlarmID   `json:"alarm"`
		SeenVersion  int              `json:"seen_version"`
		SeenPriority string           `json:"seen_priority"`
		Patient      vitals.PatientID `json:"patient"`
		Condition    alerts.Condition `json:"condition"`
		Seconds      int              `json:"seconds"`
		Where        string           `json:"where"`
		Reason       string           `json:"reason"`
		AckReason    alerts.AckReason `json:"ack_reason"`
		Seen         []seenAlarm      `json:"seen"`
	}
	// seenAlarm is an alarm as it was on the screen.
	seenAlarm struct {
		Alarm   alerts.AlarmID `json:"alarm"`
		Version int            `json:"version"`
	}
	result struct {
		Type    string       `json:"t"`
		Command string       `json:"cmd_id"`
		OK      bool         `json:"ok"`
		Code    string       `json:"code,omitempty"`
		Message string       `json:"message,omitempty"`
		Alarm   *alerts.View `json:"alarm,omitempty"`

		Care *alerts.CareView  `json:"care,omitempty"`
		Each []alerts.EachView `json:"each,omitempty"`
	}
)

// told is the alarm that the event is about, if it is about one.
func (e event) told() []alerts.View {
	if e.Alarm == nil {
		return nil
	}
	return []alerts.View{*e.Alarm}
}

func (n numeric) view(now time.Time) numericView {
	quality := "good"
	if n.Quality == vitals.Questionable {
		quality = "questionable"
	}
	return numericView{
		Patient: n.Patient, Device: n.Device, Kind: n.Kind.String(),
		Value: n.Value.String(), Unit: n.Kind.Info().UnitText,
		Time: n.Time, AgeMS: max(now.Sub(n.received).Milliseconds(), 0), Quality: quality,
	}
}

func (c *channel) view() channelView {
	info := c.key.kind.Info()
	return channelView{
		Index: c.index, Patient: c.key.patient, Device: c.key.device, Kind: info.Name,
		Label: info.Label, RateHz: c.rate.Hz(), Scale: c.scale.Float(), Unit: info.UnitText,
	}
}

// errNUL says that a text holds the one character that PostgreSQL stores in none.
var errNUL = errors.New("a text must not hold a NUL")

// decode takes a frame of a browser.
func decode(data []byte, frame any) error {
	if bytes.Contains(data, []byte(`\u0000`)) {
		return errNUL
	}
	return json.Unmarshal(data, frame)
}
