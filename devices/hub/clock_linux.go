package main

import (
	"syscall"
	"time"

	"vigil/devices/uplink"
)

// What adjtimex says of a clock that follows no source (linux/timex.h).
const (
	timeError = 5
	staUnsync = 0x0040
)

// clockQuality asks the kernel whether anything keeps its clock right. A Raspberry Pi has no clock
// that runs without power: at every start it is wrong until the network has told the time.
func clockQuality() uplink.ClockQuality {
	var t syscall.Timex
	state, err := syscall.Adjtimex(&t) // Modes is zero: only asks
	if err != nil || state == timeError || t.Status&staUnsync != 0 {
		return uplink.ClockQuality{Source: uplink.ClockUnsynced}
	}
	bound := time.Duration(t.Maxerror) * time.Microsecond
	return uplink.ClockQuality{Source: uplink.ClockNTP, Bound: bound.Round(time.Millisecond)}
}
