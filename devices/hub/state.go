package main

import (
	"time"

	"vigil/devices/uplink"
	"vigil/vitals"
)

// deviceState is what the status page tells of a device.
type deviceState struct {
	Connected bool      `json:"connected"`
	Heard     time.Time `json:"heard,omitzero"`
	Battery   *uint8    `json:"battery,omitempty"` // percent
	Fault     string    `json:"fault,omitempty"`

	said vitals.Description
	mute bool                // it does not say
	link uplink.LinkSecurity // of the last connection
}

// knows is what the hub knows of a device.
func (h *hub) knows(d vitals.DeviceID) deviceState {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.state[d]
}

// learn changes what the hub knows of a device.
func (h *hub) learn(d vitals.DeviceID, change func(*deviceState)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	state := h.state[d]
	change(&state)
	h.state[d] = state
}

// remember keeps what the status tells of a device.
func (h *hub) remember(b vitals.Batch, now time.Time) {
	state := h.state[b.Device]
	if len(b.Readings)+len(b.Waveforms) > 0 {
		state.Heard = now
	}
	for _, e := range b.Events {
		if e.Code == vitals.BatteryLevel {
			state.Battery = new(uint8(e.Value.Float()))
		}
	}
	h.state[b.Device] = state
}

// note keeps whether a device is connected, and why it is not.
func (h *hub) note(d vitals.DeviceID, connected bool, err error) {
	h.learn(d, func(state *deviceState) {
		state.Connected, state.Fault = connected, ""
		if err != nil {
			state.Fault = err.Error()
		}
	})
}
