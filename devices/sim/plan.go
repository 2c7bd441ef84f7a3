package main

import (
	"fmt"
	"time"

	"vigil/devices/sim/heart"
	"vigil/devices/sim/home"
	"vigil/devices/sim/ward"
	"vigil/devices/uplink"
	"vigil/vitals"
)

var (
	demoUnit = ward.Unit{ID: "demo", Name: "Demo ward", Zone: "UTC"}
	loadUnit = ward.Unit{ID: "load", Name: "Load test", Zone: "UTC"}
)

// Ranges of device addresses. The second lowest bit of the first byte marks an address as made up
// by whoever administers it (IEEE 802).
const (
	demoRange    = 0x0200
	loadRange    = 0x0201
	foreignRange = 0x0202
)

// Devices of a home.
const (
	patchDevice = iota + 1
	oximeterDevice
	strapDevice
	cuffDevice
	thermometerDevice
	meterDevice
	sensorDevice
	scaleDevice
	movesenseDevice
	pendantDevice
	spotOximeterDevice
)

func deviceID(addresses, home, device int) vitals.DeviceID {
	return vitals.DeviceID(fmt.Sprintf("%04x%06x%02x", addresses, home, device))
}

var labels = map[int]ward.Device{
	patchDevice:    {Manufacturer: "Vigil", Model: "Simulated patch 250"},
	oximeterDevice: {Manufacturer: "Vigil", Model: "Simulated oximeter"},
	strapDevice:    {Manufacturer: "Vigil", Model: "Simulated chest strap"},

	cuffDevice:        {Manufacturer: "Vigil", Model: "Simulated blood pressure monitor"},
	thermometerDevice: {Manufacturer: "Vigil", Model: "Simulated ear thermometer"},
	meterDevice:       {Manufacturer: "Vigil", Model: "Simulated glucose meter"},
	sensorDevice:      {Manufacturer: "Vigil", Model: "Simulated CGM sensor"},
	scaleDevice:       {Manufacturer: "Vigil", Model: "Simulated scale"},
	movesenseDevice:   {Manufacturer: "Vigil", Model: "Simulated Movesense"},

	pendantDevice:      {Manufacturer: "Vigil", Model: "Simulated emergency pendant"},
	spotOximeterDevice: {Manufacturer: "Vigil", Model: "Simulated spot oximeter"},
}

func device(addresses, home, which int) ward.Device {
	d := labels[which]
	d.ID = deviceID(addresses, home, which)
	d.Serial = fmt.Sprintf("S%06d-%d", home, which)
	return d
}

// statusOf is what the hub reads of the device when it connects. Most wearables talk to anybody; what measures
// now and then is paired, as the real ones are.
func statusOf(d ward.Device) uplink.DeviceStatus {
	s := uplink.DeviceStatus{
		Device:      d.ID,
		Description: vitals.Description{Manufacturer: d.Manufacturer, Model: d.Model, Serial: d.Serial, Firmware: "1.2.0", Hardware: "B", Software: "sim"},
	}
	for _, which := range []int{cuffDevice, thermometerDevice, meterDevice, sensorDevice, scaleDevice} {
		if d.Model == labels[which].Model {
			s.Link = uplink.LinkBonded
		}
	}
	return s
}

// Nobody is called like that.
var (
	families = []string{
		"Testalder", "Testbirke", "Testceder", "Testdistel", "Testesche", "Testfichte", "Testginster", "Testhasel",
		"Testiris", "Testjasmin", "Testkiefer", "Testlinde", "Testmohn", "Testnelke", "Testolive", "Testpappel",
	}
	givens = []string{"Ada", "Ben", "Cleo", "Dan", "Eva", "Finn", "Gia", "Hugo", "Ida", "Jan", "Kim", "Lea", "Max", "Noa", "Ole", "Pia"}
	sexes  = []vitals.Sex{vitals.Female, vitals.Male}
)

func patient(mrn string, n int) ward.Patient {
	return ward.Patient{
		MRN: mrn, Family: families[n%len(families)], Given: givens[(n+n/len(families))%len(givens)],
		Birth: fmt.Sprintf("%04d-%02d-%02d", 1935+n*7%50, 1+n%12, 1+n%28), Sex: sexes[n%len(sexes)],
		Bed: fmt.Sprintf("%02d", n+1),
	}
}

func demoHome(n int, devices ...int) ward.Home {
	h := ward.Home{
		Hub: vitals.HubID(fmt.Sprintf("sim-%04d", n+1)), HubName: fmt.Sprintf("Simulated home %d", n+1),
		Patient: patient(fmt.Sprintf("SIM-%05d", n+1), n),
	}
	for _, d := range devices {
		h.Devices = append(h.Devices, device(demoRange, n+1, d))
	}
	return h
}

func loadHome(n int) ward.Home {
	return ward.Home{
		Hub: vitals.HubID(fmt.Sprintf("load-%05d", n+1)), HubName: "Load test",
		Patient: patient(fmt.Sprintf("LOAD-%05d", n+1), n),
		Devices: []ward.Device{
			device(loadRange, n+1, patchDevice), device(loadRange, n+1, oximeterDevice), device(loadRange, n+1, strapDevice),
		},
	}
}

// restingScript is a calm heart.
const restingScript = "sinus 10m"

// demoScripts are what the first homes of every sixteen go through; all others rest. The first
// raises a true alarm within the first minute.
var demoScripts = map[int]string{
	0: "sinus 25s, vf 15s, sinus 2m, asystole 8s, sinus 90s",
	1: "af 10m",
	2: "pvc 70s, vt 8s, pvc 3m",
	3: "sinus 45s, desat 70s, sinus 3m",
	4: "sinus 90s, leads-off 25s, sinus 4m",
	5: "sinus 2m, offline 50s, sinus 5m",
}

const demoCycle = 16

func scriptOf(n int, given heart.Script) (heart.Script, error) {
	if len(given) > 0 {
		return given, nil
	}
	text, eventful := demoScripts[n%demoCycle]
	if !eventful {
		text = restingScript
	}
	script, err := heart.ParseScript(text)
	if err != nil {
		return nil, fmt.Errorf("script of home %d: %w", n+1, err)
	}
	return script, nil
}

// spotDevices are those of a home that measure now and then; homes differ.
func spotDevices(n int) []int {
	return [][]int{
		{cuffDevice, thermometerDevice},
		{cuffDevice, scaleDevice},
		{cuffDevice, meterDevice},
		{thermometerDevice, sensorDevice},
	}[n%4]
}

// What pendants of the first homes of every sixteen do: one fall is a false alarm that its wearer takes back in
// time, one call for help is real.
var pendantActs = map[int][]home.Act{
	6: {{After: 3 * time.Minute, Code: vitals.Fall}, {After: 3*time.Minute + 15*time.Second, Code: vitals.FallCancelled}},
	7: {{After: 4 * time.Minute, Code: vitals.SOS}},
}

// pendantCycle is after which it all happens again.
const pendantCycle = 30 * time.Minute

// hasWave says which homes' oximeters send their wave: those of the homes with a lethal rhythm among them, so that
// the pulse is seen to confirm it.
func hasWave(n int) bool { return n%4 == 0 }

// checksOxygen says which homes have an oximeter that is put on now and then. The alarm engine expects an
// SpO2 to go on, and says NO DATA behind each check, so the first sixteen have none.
func checksOxygen(n int) bool { return n >= demoCycle && n%8 == 5 }

// personOf is what the spot measurements of a home waver about: everybody is well.
func personOf(n int) home.Person {
	return home.Person{
		Systolic: float64(112 + n*5%18), Diastolic: float64(68 + n*3%12), Celsius: 36.4 + 0.1*float64(n%6),
		Milligrams: float64(95 + n*7%30), Kilograms: float64(58 + n*11%40),
	}
}

// heartOf is the patient of a home: every one has a resting rate and a saturation of its own.
func heartOf(n int, o options) heart.Patient {
	return heart.Patient{
		Seed: o.seed + uint64(n), Rate: float64(58 + n*13%35), SpO2: float64(95 + n*3%4), Gain: 0.8 + 0.05*float64(n%9),
	}
}
