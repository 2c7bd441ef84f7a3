package store_test

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"testing"
	"time"

	"github.com/samber/lo"

	"vigil/server/store"
	"vigil/server/store/storetest"
	"vigil/vitals"
)

func TestEveryNodeSignsWithOneKey(t *testing.T) {
	eachStore(t, func(t *testing.T, s *store.Store) {
		first := got[ed25519.PrivateKey](t)(s.SigningKey(context.Background()))
		same(t, got[ed25519.PrivateKey](t)(s.SigningKey(context.Background())), first)
	})
}

func TestWhatAHubReportsIsKept(t *testing.T) {
	eachStore(t, func(t *testing.T, s *store.Store) {
		ctx := context.Background()
		must(t, s.SaveHub(ctx, vitals.Hub{ID: aHub, Name: "Hub"}, []byte("x")))
		must(t, s.SaveDevice(ctx, vitals.Device{ID: "c00000000001", Model: "old", Serial: "7"}))
		must(t, s.SaveDevice(ctx, vitals.Device{ID: "c00000000002", Model: "another hub's", Hub: "hub-2"}))
		report := vitals.HubReport{
			Version: "1.2.3", Queue: 4, Oldest: noon, Clock: "ntp", Bound: 20 * time.Millisecond, Config: 3, At: noon,
			Ahead: new(-181500 * time.Millisecond),
			Devices: []vitals.DeviceReport{
				{
					Device: "c00000000001", Battery: new(80), Heard: noon, Link: "bonded",
					Description: vitals.Description{
						Model: "H10", Firmware: "5.0", Hardware: "39044024.10", Software: "3.1.1", SystemID: "a09e1afffe000001", Read: noon,
						UDI: vitals.UDI{Label: "(01)00844588003288(21)7", Identifier: "00844588003288", Issuer: "2.51", Authority: "2.16.840.1.113883.3.24"},
					},
				},
				{Device: "c00000000002", Description: vitals.Description{Model: "forged", Read: noon}, Link: "open"},
				{Device: "c00000000003", Description: vitals.Description{Model: "unknown"}, Link: "open"},
			},
		}
		must(t, s.SaveHubReport(ctx, aHub, report))
		must(t, s.SaveSupport(ctx, "c00000000001", noon.Truncate(24*time.Hour)))
		report.Devices = []vitals.DeviceReport{{Device: "c00000000001", Link: "open"}} // it tells less now
		must(t, s.SaveHubReport(ctx, aHub, report))

		report.Devices = nil
		hubs := got[[]vitals.HubStatus](t)(s.Hubs(ctx))
		if len(hubs) == 0 || hubs[len(hubs)-1].Ahead == nil || *hubs[len(hubs)-1].Ahead != *report.Ahead {
			t.Errorf("the hub's clock is lost: %+v", hubs)
		}
		same(t, got[map[vitals.HubID]vitals.HubReport](t)(s.HubReports(ctx)), map[vitals.HubID]vitals.HubReport{aHub: report})
		same(t, got[map[vitals.DeviceID]vitals.DeviceState](t)(s.DeviceStates(ctx)), map[vitals.DeviceID]vitals.DeviceState{
			"c00000000001": {
				Device: "c00000000001", Hardware: "39044024.10", Software: "3.1.1", SystemID: "a09e1afffe000001", Read: noon,
				UDI:     vitals.UDI{Label: "(01)00844588003288(21)7", Identifier: "00844588003288", Issuer: "2.51", Authority: "2.16.840.1.113883.3.24"},
				Battery: new(80), Heard: noon, Link: "open", Hub: aHub, SupportUntil: noon.Truncate(24 * time.Hour),
			},
		})
		same(t, got[vitals.Device](t)(s.Device(ctx, everything, "c00000000001")), vitals.Device{ID: "c00000000001", Model: "H10", Serial: "7", Firmware: "5.0"})
		same(t, got[vitals.Device](t)(s.Device(ctx, everything, "c00000000002")).Model, "another hub's")
	})
}

func TestADesiredStateRisesWithEveryChange(t *testing.T) {
	eachStore(t, func(t *testing.T, s *store.Store) {
		ctx := context.Background()
		must(t, s.SaveHub(ctx, vitals.Hub{ID: aHub}, nil))
		same(t, got[vitals.Desired](t)(s.Wanted(ctx, aHub)), vitals.Desired{Hub: aHub})
		want := vitals.Desired{Hub: aHub, Devices: []vitals.WantedDevice{{Device: strap, Read: []string{"hr"}, Pair: true}}, By: "T. Ech", At: noon}
		must(t, s.SaveDesired(ctx, want))
		must(t, s.SaveDesired(ctx, want))
		want.Version = 2
		same(t, got[vitals.Desired](t)(s.Wanted(ctx, aHub)), want)
		same(t, got[vitals.Desired](t)(s.Desired(ctx, aHub)), want)
	})
}

func TestACommandIsToldUntilItIsAnsweredOrLate(t *testing.T) {
	storetest.EachConfig(t, func(t *testing.T, c store.Config) {
		now := noon
		c.Now = func() time.Time { return now }
		s := storetest.Open(t, c)
		ctx := context.Background()
		must(t, s.SaveHub(ctx, vitals.Hub{ID: aHub}, nil))
		for i, what := range []string{"rescan", "read_now"} {
			must(t, s.AddCommand(ctx, vitals.HubCommand{
				ID: what, Hub: aHub, What: what, By: "T. Ech", At: after(time.Duration(i) * time.Second), Expires: after(time.Minute),
			}))
		}
		ids := func(all []vitals.HubCommand, err error) []string {
			must(t, err)
			return lo.Map(all, func(c vitals.HubCommand, _ int) string { return c.ID })
		}
		same(t, ids(s.PendingCommands(ctx, aHub)), []string{"rescan", "read_now"})
		wantError(t, s.FinishCommand(ctx, vitals.HubCommand{ID: "rescan", Hub: "hub-2", Outcome: "done", Ended: noon}), store.ErrNotFound)
		must(t, s.FinishCommand(ctx, vitals.HubCommand{ID: "rescan", Hub: aHub, Outcome: "done", Detail: "as asked", Ended: after(time.Second)}))
		must(t, s.FinishCommand(ctx, vitals.HubCommand{ID: "rescan", Hub: aHub, Outcome: "failed", Ended: after(2 * time.Second)}))
		same(t, ids(s.PendingCommands(ctx, aHub)), []string{"read_now"})
		now = after(time.Hour)
		same(t, ids(s.PendingCommands(ctx, aHub)), []string{})
		all := got[[]vitals.HubCommand](t)(s.HubCommands(ctx, aHub, 10))
		same(t, all[1].Outcome+" "+all[1].Detail, "done as asked")
	})
}

func TestACampaignComesToSomeHubsFirstAndHaltsWhereTheyFail(t *testing.T) {
	storetest.EachConfig(t, func(t *testing.T, c store.Config) {
		now := noon
		c.Now = func() time.Time { return now }
		s := storetest.Open(t, c)
		settle(t, s)
		ctx := context.Background()
		hubs := lo.Times(40, func(i int) vitals.HubID { return vitals.HubID(fmt.Sprintf("home-%02d", i)) })
		runs := func(hub vitals.HubID, version string) {
			must(t, s.SaveHubReport(ctx, hub, vitals.HubReport{Version: version, At: now}))
		}
		for _, hub := range hubs {
			must(t, s.SaveHub(ctx, vitals.Hub{ID: hub}, nil))
			runs(hub, "1.0")
		}
		told := func() (n int) {
			return lo.CountBy(hubs, func(hub vitals.HubID) bool { return got[vitals.Desired](t)(s.Wanted(ctx, hub)).Agent == "1.1" })
		}
		rollout := vitals.Campaign{ID: "c1", Version: "1.1", Percent: 25, Most: 3, By: "A. Dmin", Started: noon}
		must(t, s.SaveCampaign(ctx, rollout))
		first := told()
		if first == 0 || first > 20 {
			t.Fatalf("a quarter of 40 hubs: %d", first)
		}
		same(t, told(), first) // asked again
		enlisted := got[[]vitals.Enlisted](t)(s.Enlisted(ctx, "c1"))
		same(t, len(enlisted), first)

		for _, e := range enlisted[3:] { // three of them do not come back with the new version
			runs(e.Hub, "1.1")
		}
		now = after(2 * time.Hour)
		rollout.Percent = 100
		must(t, s.SaveCampaign(ctx, rollout))
		same(t, told(), first)
		halted := got[[]vitals.Campaign](t)(s.Campaigns(ctx))[0]
		if !halted.Halted || halted.Reason == "" {
			t.Errorf("%+v", halted)
		}
		for _, e := range enlisted {
			runs(e.Hub, "1.1")
		}
		must(t, s.SaveCampaign(ctx, rollout)) // somebody looked after them, and lets it go on
		same(t, told(), len(hubs))
	})
}

func TestACampaignOfAUnitComesToItsHubsOnly(t *testing.T) {
	eachStore(t, func(t *testing.T, s *store.Store) {
		ctx := context.Background()
		for _, hub := range []vitals.HubID{"of-a", "of-b", "of-nobody"} {
			must(t, s.SaveHub(ctx, vitals.Hub{ID: hub}, nil))
		}
		for id, d := range map[vitals.DeviceID]struct {
			hub     vitals.HubID
			patient vitals.PatientID
		}{"c00000000001": {"of-a", anna}, "c00000000002": {"of-b", bert}} {
			must(t, s.SaveDevice(ctx, vitals.Device{ID: id, Hub: d.hub}))
			must(t, s.Bind(ctx, vitals.Binding{Device: id, Patient: d.patient, From: noon}))
		}
		must(t, s.SaveCampaign(ctx, vitals.Campaign{ID: "c1", Version: "2", Unit: unitA, Percent: 100, Most: 1, Started: noon}))
		for hub, want := range map[vitals.HubID]string{"of-a": "2", "of-b": "", "of-nobody": ""} {
			same(t, got[vitals.Desired](t)(s.Wanted(ctx, hub)).Agent, want)
		}
	})
}
