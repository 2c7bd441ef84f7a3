// Package nights plays recorded nights: what devices measured and what people did, second by second, told so that
// anybody can read them. Tests hold the engine of the server and the one of the home hub to the same alarms with
// them; nothing else uses it. It knows no engine: whoever plays a night says what becomes of it.
//
// A night is a file of lines. Those that begin with # tell the story. The others are JSON: seconds that pass with
// the same measurements in each, or, without "for", something that happens in between.
package nights

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"vigil/vitals"
)

// The devices of every night, which one hub hears.
const (
	Patch    = vitals.DeviceID("a09e1a000001") // an ECG
	Oximeter = vitals.DeviceID("a09e1a000003")
	Strap    = vitals.DeviceID("a09e1a000004") // counts the heart rate itself
	Button   = vitals.DeviceID("a09e1a000006")
)

// Devices lists them.
func Devices() []vitals.DeviceID { return []vitals.DeviceID{Patch, Oximeter, Strap, Button} }

// Act is something that happens in a moment.
type Act struct {
	// Do is what: ack, unack, alarm_off, alarm_on, standby, resume, or hub_away, hub_back, restart.
	Do        string `json:"do"`
	Condition string `json:"condition"`
	Seconds   int    `json:"seconds"`
}

// Player is whoever the night is played to.
type Player interface {
	// Observe takes what one device sent in the second before.
	Observe(b vitals.Batch, now time.Time)
	// Do lets something happen.
	Do(a Act, now time.Time)
	// Tick ends the second.
	Tick(now time.Time)
}

// line is a line that is not the story.
type line struct {
	Act

	For     int    `json:"for"`
	ECG     string `json:"ecg"`     // beats per minute; vf, stop, off, noise; empty: the patch is silent
	SpO2    int    `json:"spo2"`    // percent; 0: the oximeter is silent
	Rate    int    `json:"rate"`    // that the strap counts; 0: it is silent
	Contact string `json:"contact"` // of the oximeter: lost, made
	Battery int    `json:"battery"` // of the patch, percent
	Call    string `json:"call"`    // sos, fall, fall_cancelled
}

// Night is a story that can be played.
type Night struct {
	Story string
	lines []line
}

// Read reads a night.
func Read(file []byte) (Night, error) {
	var n Night
	for i, text := range strings.Split(string(bytes.TrimSpace(file)), "\n") {
		if prose, is := strings.CutPrefix(text, "#"); is {
			n.Story += strings.TrimSpace(prose) + "\n"
			continue
		}
		var l line
		decoder := json.NewDecoder(strings.NewReader(text))
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(&l); err != nil {
			return Night{}, fmt.Errorf("line %d: %w", i+1, err)
		}
		if (l.For > 0) == (l.Do != "") {
			return Night{}, fmt.Errorf("line %d: seconds pass, or something is done", i+1)
		}
		n.lines = append(n.lines, l)
	}
	return n, nil
}

// Play plays the night, which begins at the time.
func (n Night) Play(start time.Time, p Player) {
	now := start
	var signal ecg
	for _, l := range n.lines {
		if l.For == 0 {
			p.Do(l.Act, now)
			continue
		}
		for i := range l.For {
			at := now
			now = now.Add(time.Second)
			if l.ECG != "" {
				p.Observe(vitals.Batch{Device: Patch, Waveforms: []vitals.Waveform{signal.second(l.ECG, at)}}, now)
			} else {
				signal.skip()
			}
			for _, b := range l.values(at, i == 0) {
				p.Observe(b, now)
			}
			p.Tick(now)
		}
	}
}

// values are what the other devices sent in the second; events come once, with the first of a line.
func (l line) values(at time.Time, first bool) (all []vitals.Batch) {
	number := func(device vitals.DeviceID, kind vitals.Kind, v int) {
		if v > 0 {
			all = append(all, vitals.Batch{Device: device, Readings: []vitals.Reading{{Kind: kind, Time: at, Value: vitals.Int(int64(v))}}})
		}
	}
	event := func(device vitals.DeviceID, code vitals.EventCode, value int) {
		all = append(all, vitals.Batch{Device: device, Events: []vitals.Event{{Code: code, Time: at.Add(time.Second / 2), Value: vitals.Int(int64(value))}}})
	}
	if first && l.Contact != "" {
		event(Oximeter, map[string]vitals.EventCode{"lost": vitals.ContactLost, "made": vitals.ContactMade}[l.Contact], 0)
	}
	if first && l.Battery > 0 {
		event(Patch, vitals.BatteryLevel, l.Battery)
	}
	if first && l.Call != "" {
		event(Button, vitals.EventCode(l.Call), 0)
	}
	number(Oximeter, vitals.SpO2, l.SpO2)
	number(Strap, vitals.HeartRate, l.Rate)
	return all
}
