package hub_test

import (
	"testing"
	"time"

	"vigil/devices/sim/hub"
	"vigil/devices/uplink"
	"vigil/vitals"
)

func TestAHubTellsOfItsDevicesAsItHearsThem(t *testing.T) {
	spool := hub.NewSpool(1, 1, 0)
	r := hub.NewRegister(spool, []uplink.DeviceStatus{{Device: patch, Description: vitals.Description{Model: "Patch"}}, {Device: clip}})
	told := func() []uplink.DeviceStatus {
		var s uplink.Status
		r.Report(&s)
		return s.Devices
	}
	if d := told(); len(d) != 2 || !d[0].Heard.IsZero() || !d[0].Read.IsZero() || d[0].Battery != nil {
		t.Errorf("before anything was heard: %+v", d)
	}
	battery := vitals.Batch{Device: patch, Events: []vitals.Event{{Code: vitals.BatteryLevel, Time: noon, Value: vitals.Int(90)}}}
	for i, b := range []vitals.Batch{battery, pulse(patch)} {
		if err := r.Add(b, noon.Add(time.Duration(i)*time.Minute)); err != nil {
			t.Fatal(err)
		}
	}
	d := told()
	if d[0].Model != "Patch" || !d[0].Read.Equal(noon) || !d[0].Heard.Equal(noon.Add(time.Minute)) || d[0].Battery == nil || *d[0].Battery != 90 || !d[1].Heard.IsZero() {
		t.Errorf("%+v", d)
	}
	if s := spool.Stats(); s.Made != 2 {
		t.Errorf("%d messages were kept", s.Made)
	}
}
