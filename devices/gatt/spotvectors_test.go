package gatt_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"vigil/devices"
	"vigil/devices/gatt"
	"vigil/vitals"
)

// shown is a clock's reading as the vectors write it, nil for none.
func shown(d *gatt.DateTime) *string {
	if d == nil {
		return nil
	}
	return new(d.String())
}

// expectNumber compares an optional number; null states that it is absent.
func expectNumber(t *testing.T, v vector, field string, n *gatt.Number) {
	t.Helper()
	if n == nil {
		expect[any](t, v, field, nil)
		return
	}
	expect(t, v, field, meaning(*n))
}

// same compares what an encoder makes of a decoded value with the value itself. Reserved flags are
// not kept.
func same(t *testing.T, v vector, value, back []byte, err error) {
	t.Helper()
	if err != nil || len(back) != len(value) || !slices.Equal(back[1:], value[1:]) || back[0]&^value[0] != 0 {
		t.Errorf("%s written again: %x, %v", v.Hex, back, err)
	}
}

func checkSpotOximeter(t *testing.T, v vector, value []byte) {
	t.Helper()
	p, err := gatt.DecodeSpotOximeter(value)
	if refusal(t, v, err) {
		return
	}
	expect(t, v, "spo2_pct", meaning(p.SpO2))
	expect(t, v, "pulse_bpm", meaning(p.Pulse))
	expect(t, v, "timestamp", shown(p.At))
	expect(t, v, "measurement_status", p.Status)
	expect(t, v, "device_sensor_status", p.Sensor)
	expectNumber(t, v, "pulse_amplitude_index_pct", p.Amplitude)
	expect(t, v, "device_clock_not_set", p.ClockUnset)
	back, err := gatt.EncodeSpotOximeter(p)
	same(t, v, value, back, err)
	decode(t, "gatt/2a5e", value)
}

func checkBloodPressure(t *testing.T, v vector, value []byte) {
	t.Helper()
	p, err := gatt.DecodeBloodPressure(value)
	if refusal(t, v, err) {
		return
	}
	expect(t, v, "unit", map[bool]string{true: "kPa", false: "mmHg"}[p.Kilopascal])
	expect(t, v, "systolic", meaning(p.Systolic))
	expect(t, v, "diastolic", meaning(p.Diastolic))
	expect(t, v, "map", meaning(p.Mean))
	expect(t, v, "cuff_pressure", meaning(p.Systolic))
	expect(t, v, "timestamp", shown(p.At))
	expectNumber(t, v, "pulse_bpm", p.Pulse)
	expect(t, v, "user_id", p.User)
	expect(t, v, "status", p.Status)
	back, err := gatt.EncodeBloodPressure(p)
	same(t, v, value, back, err)
	decode(t, "gatt/"+strings.ToLower(v.Characteristic), value)
}

func checkCuff(t *testing.T, v vector, value []byte) {
	t.Helper()
	checkBloodPressure(t, v, value)
	if _, refused := v.Expected["error"]; refused {
		return
	}
	if b := decode(t, "gatt/2a36", value); !b.Empty() {
		t.Errorf("a filling cuff is charted: %+v", b)
	}
}

func checkThermometer(t *testing.T, v vector, value []byte) {
	t.Helper()
	m, err := gatt.DecodeThermometer(value)
	if refusal(t, v, err) {
		return
	}
	expect(t, v, "unit", map[bool]string{true: "F", false: "C"}[m.Fahrenheit])
	expect(t, v, "value", meaning(m.Temperature))
	expect(t, v, "timestamp", shown(m.At))
	expect(t, v, "type", m.Site)
	back, err := gatt.EncodeThermometer(m)
	same(t, v, value, back, err)
	decode(t, "gatt/"+strings.ToLower(v.Characteristic), value)
}

func checkGlucose(t *testing.T, v vector, value []byte) {
	t.Helper()
	g, err := gatt.DecodeGlucose(value)
	if refusal(t, v, err) {
		return
	}
	expect(t, v, "sequence", g.Sequence)
	expect(t, v, "base_time", shown(&g.Base))
	expect(t, v, "time_offset_min", g.Offset)
	expect(t, v, "unit", map[bool]string{true: "mol/L", false: "kg/L"}[g.Molar])
	expect(t, v, "status", g.Status)
	expect(t, v, "context_follows", g.Context)
	if g.Sample != nil {
		expect(t, v, "concentration", meaning(g.Sample.Concentration))
		expect(t, v, "type", g.Sample.Type)
		expect(t, v, "location", g.Sample.Site)
	}
	back, err := gatt.EncodeGlucose(g)
	same(t, v, value, back, err)
	decode(t, "gatt/2a18", value)
}

func checkGlucoseContext(t *testing.T, v vector, value []byte) {
	t.Helper()
	c, err := gatt.DecodeGlucoseContext(value)
	if refusal(t, v, err) {
		return
	}
	expect(t, v, "sequence", c.Sequence)
	expect(t, v, "tester", c.Tester)
	expect(t, v, "health", c.Health)
	if c.Carbohydrate != nil {
		expect(t, v, "carb_id", c.Carbohydrate.ID)
		expect(t, v, "carb_kg", meaning(c.Carbohydrate.Quantity))
	}
	if c.Exercise != nil {
		expect(t, v, "exercise_s", c.Exercise.Seconds)
		expect(t, v, "exercise_pct", c.Exercise.Intensity)
	}
	decode(t, "gatt/2a34", value)
}

// steps is a count of steps as the number that the vectors write.
func steps(n *uint16, exp int8, each int64) *float64 {
	if n == nil {
		return nil
	}
	return new(vitals.NewDecimal(int64(*n)*each, exp).Float())
}

// mass is a mass in the scale's own unit.
func mass(n *uint16, imperial bool) *float64 {
	if imperial {
		return steps(n, -2, 1)
	}
	return steps(n, -3, 5)
}

func checkWeight(t *testing.T, v vector, value []byte) {
	t.Helper()
	m, err := gatt.DecodeWeight(value)
	if refusal(t, v, err) {
		return
	}
	expect(t, v, "flags", value[0])
	expect(t, v, "unit", map[bool]string{true: "lb", false: "kg"}[m.Imperial])
	if m.Steps == gatt.Unsuccessful {
		expect(t, v, "weight", "unsuccessful")
	} else {
		expect(t, v, "weight", mass(&m.Steps, m.Imperial))
	}
	expect(t, v, "timestamp", shown(m.At))
	expect(t, v, "user_id", m.User)
	if m.Body != nil {
		expect(t, v, "bmi", steps(&m.Body.Index, -1, 1))
		expect(t, v, "height", steps(&m.Body.Height, map[bool]int8{true: -1, false: -3}[m.Imperial], 1))
		expect(t, v, "height_unit", map[bool]string{true: "in", false: "m"}[m.Imperial])
	}
	same(t, v, value, gatt.EncodeWeight(m), nil)
	decode(t, "gatt/2a9d", value)
}

func checkBodyComposition(t *testing.T, v vector, value []byte) {
	t.Helper()
	if v.Quirk == true {
		checkXiaomi(t, v, value)
		return
	}
	c, err := gatt.DecodeBodyComposition(value)
	if refusal(t, v, err) {
		return
	}
	expect(t, v, "unit", map[bool]string{true: "lb", false: "kg"}[c.Imperial])
	expect(t, v, "body_fat_pct", steps(&c.Fat, -1, 1))
	expect(t, v, "timestamp", shown(c.At))
	expect(t, v, "user_id", c.User)
	expect(t, v, "basal_metabolism_kj", c.Basal)
	expect(t, v, "muscle_pct", steps(c.Muscle, -1, 1))
	expect(t, v, "muscle_mass", mass(c.MuscleMass, c.Imperial))
	expect(t, v, "fat_free_mass", mass(c.FatFree, c.Imperial))
	expect(t, v, "soft_lean_mass", mass(c.SoftLean, c.Imperial))
	expect(t, v, "body_water_mass", mass(c.Water, c.Imperial))
	expect(t, v, "impedance_ohm", steps(c.Impedance, -1, 1))
	expect(t, v, "weight", mass(c.Weight, c.Imperial))
	expect(t, v, "height", steps(c.Height, -3, 1))
	expect(t, v, "multiple_packet", c.More)
	decode(t, "gatt/2a9c", value)
}

func checkXiaomi(t *testing.T, v vector, value []byte) {
	t.Helper()
	if _, err := gatt.DecodeBodyComposition(value); !errors.Is(err, devices.ErrMalformed) {
		t.Errorf("taken for a body composition: %v", err)
	}
	s, err := gatt.DecodeXiaomiScale(value)
	if refusal(t, v, err) {
		return
	}
	expect(t, v, "weight_kg_xiaomi", mass(&s.Steps, false))
	expect(t, v, "impedance_raw", s.Impedance)
	decode(t, "gatt/2a9c", value)
}
