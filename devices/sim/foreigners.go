package main

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/samber/lo"

	"vigil/devices/sim/foreign"
	"vigil/devices/sim/heart"
	"vigil/devices/sim/ward"
	"vigil/vitals"
)

// How often those who speak to no hub of Vigil measure: sooner than real ones, so that there is something
// to see.
const (
	foreignEvery = 5 * time.Minute
	monitorEvery = 2 * time.Second
	firstForeign = 5 * time.Second // behind the start
)

// foreigner is a patient whose values come through a door of others.
type foreigner struct {
	home  ward.Home
	first time.Duration // until the first measurement
	every time.Duration
	make  func(n int, at time.Time) []byte // the nth measurement, as foreign.Sender has it
	door  func(base, secret string) foreign.Door
	asked runner // in place of a sender, where the server asks; nil where it does not
}

// runner is what lives beside the homes.
type runner interface {
	Run(ctx context.Context, begin time.Time) error
}

// foreignPatient is the nth of them. They stand behind all homes that a ward may have.
func foreignPatient(n int) (ward.Patient, foreign.Person) {
	p := patient(fmt.Sprintf("SIM-F%04d", n+1), maxHomes+n)
	p.Bed = fmt.Sprintf("F%d", n+1)
	who := personOf(n)
	return p, foreign.Person{
		MRN: p.MRN, Systolic: who.Systolic, Diastolic: who.Diastolic, Pulse: float64(64 + n*7%20), Oxygen: 97, Breath: 15,
		Celsius: who.Celsius, Kilograms: who.Kilograms,
	}
}

// foreignEUI is the EUI-64 of the device of the nth of them.
func foreignEUI(n int) vitals.DeviceID {
	return vitals.DeviceID(fmt.Sprintf("%04x%012x", foreignRange, n+1))
}

// jsonType is what most post.
const jsonType = "application/json"

// foreigners are the simulated gateways, apps and monitors of others, enrolled with the server; none
// where they are not asked for.
func (o options) foreigners(ctx context.Context, client *ward.Client, log *slog.Logger) ([]runner, error) {
	if !o.others {
		return nil, nil
	}
	all := []foreigner{o.tenovi(0), o.phone(1), o.theengs(2), o.guide(3), o.app(4), o.watch(5), o.minew(6)}
	if o.mllp != "" {
		all = append(all, o.monitor(7))
	}
	if o.cassia != "" {
		all = append(all, o.router(8))
	}
	secrets := ward.Secrets{} // new ones at each start
	homes := lo.Map(all, func(f foreigner, _ int) ward.Home { return f.home })
	if _, err := client.Enrol(ctx, demoUnit, homes, secrets); err != nil {
		return nil, fmt.Errorf("enrol those who speak to no hub: %w", err)
	}
	return lo.Map(all, func(f foreigner, n int) runner {
		if f.asked != nil {
			return f.asked
		}
		id := f.home.Hub
		if f.home.Gateway != nil {
			id = f.home.Gateway.ID
		}
		return &foreign.Sender{
			Name: f.home.Patient.Bed + " " + string(id), First: f.first, Period: f.every, Make: f.make,
			Door: f.door(client.Base(), secrets.Of(client.Base(), id)), Faults: o.faultsOf(maxHomes + n), Log: log,
		}
	}), nil
}

// posting is a patient whose gateway posts what is of the type, to its webhook.
func posting(p ward.Patient, g ward.Gateway, contentType string, measure func(n int, at time.Time) []byte) foreigner {
	return foreigner{
		home: ward.Home{Patient: p, Gateway: &g}, every: foreignEvery, make: measure,
		door: func(base, secret string) foreign.Door {
			return &foreign.Web{URL: foreign.WebhookOf(base, string(g.ID)), Type: contentType, User: string(g.ID), Secret: secret}
		},
	}
}

// tenovi is a cuff with its vendor's gateway, whose cloud posts.
func (o options) tenovi(n int) foreigner {
	const key = "5a11ab1e-0000-4000-8000-000000000001"
	p, who := foreignPatient(n)
	return posting(p, ward.Gateway{
		ID: "sim-tenovi", Kind: "tenovi", Name: "Simulated Tenovi", Key: key,
		Device: ward.Device{Manufacturer: "Vigil", Model: "Simulated cuff with a gateway"},
	}, jsonType, foreign.Tenovi(who, key))
}

// phone is that of somebody with a watch and a scale, which exports what they measure.
func (o options) phone(n int) foreigner {
	p, who := foreignPatient(n)
	return posting(p, ward.Gateway{
		ID: "sim-phone", Kind: "health-auto-export", Name: "Simulated phone",
		Device: ward.Device{Manufacturer: "Vigil", Model: "Simulated watch and scale"},
	}, jsonType, foreign.HealthAutoExport(who))
}

// app shares a heart rate as Open mHealth.
func (o options) app(n int) foreigner {
	p, who := foreignPatient(n)
	return posting(p, ward.Gateway{
		ID: "sim-omh", Kind: "open-mhealth", Name: "Simulated Open mHealth app",
		Device: ward.Device{Manufacturer: "Vigil", Model: "Simulated band"},
	}, jsonType, foreign.OpenMHealth(who))
}

// watch is that of somebody who takes an ECG now and then.
func (o options) watch(n int) foreigner {
	const hz = 512
	p, who := foreignPatient(n)
	h := heart.New(heart.Patient{Seed: o.seed + maxHomes, Rate: who.Pulse, SpO2: who.Oxygen, Gain: 1}, heart.Script{{Rhythm: heart.Sinus, For: time.Hour}}, hz)
	f := posting(p, ward.Gateway{
		ID: "sim-watch", Kind: "apple-ecg", Name: "Simulated watch",
		Device: ward.Device{Manufacturer: "Vigil", Model: "Simulated watch with ECG"},
	}, "text/csv", foreign.Watch(hz, h.ECG))
	f.first = time.Minute // it was the patient's when the recording began
	return f
}

// minew is a Minew gateway beside a tag.
func (o options) minew(n int) foreigner {
	const id = "sim-minew"
	p, _ := foreignPatient(n)
	tag := deviceID(foreignRange, n+1, pendantDevice)
	return foreigner{
		home: ward.Home{Patient: p, Gateway: &ward.Gateway{
			ID: id, Kind: "minew", Name: "Simulated Minew gateway",
			Device: ward.Device{ID: tag, Manufacturer: "Vigil", Model: "Simulated tag"},
		}},
		every: foreignEvery, make: foreign.Minew("AC233FC00001", string(tag)), door: func(_, secret string) foreign.Door {
			return &foreign.Relay{Broker: o.mqtt, User: id, Secret: secret, Topic: foreign.MinewTopic(id)}
		},
	}
}

// router is a Cassia router beside a chest strap, which the server asks.
func (o options) router(n int) foreigner {
	const id = "sim-cassia"
	p, who := foreignPatient(n)
	strap := deviceID(foreignRange, n+1, strapDevice)
	return foreigner{
		home: ward.Home{Patient: p, Gateway: &ward.Gateway{
			ID: id, Kind: "cassia", Name: "Simulated Cassia router", URL: "http://" + o.cassia,
			Device: ward.Device{ID: strap, Manufacturer: "Vigil", Model: "Simulated chest strap", Hub: id},
		}},
		asked: &foreign.Router{Address: o.cassia, Strap: colons(strap, ":", 6), Person: who},
	}
}

// theengs is a Theengs gateway beside a scale.
func (o options) theengs(n int) foreigner {
	const id = "sim-theengs"
	p, who := foreignPatient(n)
	scale := deviceID(foreignRange, n+1, scaleDevice)
	address := colons(scale, ":", 6)
	return foreigner{
		home: ward.Home{Patient: p, Gateway: &ward.Gateway{
			ID: id, Kind: "theengs", Name: "Simulated Theengs gateway",
			Device: ward.Device{ID: scale, Manufacturer: "Vigil", Model: "Simulated scale that advertises"},
		}},
		every: foreignEvery, make: foreign.Theengs(who, address), door: func(_, secret string) foreign.Door {
			return &foreign.Relay{Broker: o.mqtt, User: id, Secret: secret, Topic: foreign.TheengsTopic(id, strings.ReplaceAll(address, ":", ""))}
		},
	}
}

// guide is a gateway of the HL7 PHD guide beside a thermometer.
func (o options) guide(n int) foreigner {
	const id = "sim-phg"
	p, who := foreignPatient(n)
	thermometer := foreignEUI(n)
	return foreigner{
		home: ward.Home{
			Patient: p, Hub: id, HubName: "Simulated personal health gateway",
			Devices: []ward.Device{{ID: thermometer, Manufacturer: "Vigil", Model: "Simulated thermometer", Serial: "S-phg"}},
		},
		every: foreignEvery, make: foreign.Thermometer(who, colons(thermometer, "-", 8)), door: func(base, secret string) foreign.Door {
			return &foreign.Web{URL: base + "/fhir/r4", Type: "application/fhir+json", User: id, Secret: secret}
		},
	}
}

// monitor is a hospital monitor, which nobody asks for a secret.
func (o options) monitor(n int) foreigner {
	p, who := foreignPatient(n)
	id := foreignEUI(n)
	return foreigner{
		home:  ward.Home{Patient: p, Devices: []ward.Device{{ID: id, Manufacturer: "Vigil", Model: "Simulated monitor", Serial: "S-monitor"}}},
		every: monitorEvery, make: foreign.Monitor(who, string(id)), door: func(_, _ string) foreign.Door { return &foreign.Monitors{Address: o.mllp} },
	}
}

// colons writes an address of so many bytes in capitals with a separator between them.
func colons(id vitals.DeviceID, separator string, bytes int) string {
	text := strings.ToUpper(string(id))
	return strings.Join(lo.Times(bytes, func(i int) string { return text[2*i : 2*i+2] }), separator)
}
