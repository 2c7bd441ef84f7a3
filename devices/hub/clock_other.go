//go:build !linux

package main

import "vigil/devices/uplink"

// clockQuality promises nothing where the kernel cannot be asked.
func clockQuality() uplink.ClockQuality { return uplink.ClockQuality{Source: uplink.ClockUnsynced} }
