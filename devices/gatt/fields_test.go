package gatt_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"vigil/devices/gatt"
	"vigil/vitals"
)

// Values with every field that a layout has, each of its own, so that none can take another's place.

func TestEveryFieldOfAGlucoseContext(t *testing.T) {
	got, err := gatt.DecodeGlucoseContext(bytesOf(t, "ff"+"2a00"+"80"+"0332d0"+"02"+"51"+"8403"+"50"+"040ad0"+"46f0"))
	if err != nil {
		t.Fatal(err)
	}
	want := gatt.GlucoseContext{
		Sequence: 42, Extended: new(uint8(0x80)),
		Carbohydrate: &gatt.Amount{ID: 3, Quantity: gatt.Number{Mantissa: 50, Exp: -3}}, Meal: new(uint8(2)),
		Tester: new(uint8(1)), Health: new(uint8(5)), Exercise: &gatt.Exercise{Seconds: 900, Intensity: 80},
		Medication: &gatt.Amount{ID: 4, Quantity: gatt.Number{Mantissa: 10, Exp: -3}}, Litres: true,
		HbA1c: &gatt.Number{Mantissa: 70, Exp: -1},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if b := decode(t, "gatt/2a34", bytesOf(t, "0005"+"00")); !b.Empty() {
		t.Errorf("a context is charted: %+v", b)
	}
}

func TestEveryFieldOfABodyComposition(t *testing.T) {
	got, err := gatt.DecodeBodyComposition(bytesOf(t,
		"ff1f"+"c200"+"ea070b14071e0f"+"02"+"0100"+"0200"+"0300"+"0400"+"0500"+"0600"+"0700"+"0800"+"0900"))
	if err != nil {
		t.Fatal(err)
	}
	want := gatt.BodyComposition{
		Imperial: true, More: true, Fat: 194, At: &gatt.DateTime{2026, 11, 20, 7, 30, 15}, User: new(uint8(2)),
		Basal: new(uint16(1)), Muscle: new(uint16(2)), MuscleMass: new(uint16(3)), FatFree: new(uint16(4)), SoftLean: new(uint16(5)),
		Water: new(uint16(6)), Impedance: new(uint16(7)), Weight: new(uint16(8)), Height: new(uint16(9)),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestEveryFieldOfACGMRecord(t *testing.T) {
	plain := bytesOf(t, "0fe378002c01"+"010203"+"f8ff"+"5f00")
	plain = append(plain, byte(gatt.E2ECRC(plain)), byte(gatt.E2ECRC(plain)>>8))
	got, err := gatt.DecodeCGM(plain)
	if err != nil {
		t.Fatal(err)
	}
	want := []gatt.CGMRecord{{
		Glucose: gatt.Number{Mantissa: 120}, Offset: 300, Status: new(uint8(1)), Calibration: new(uint8(2)), Warning: new(uint8(3)),
		Trend: &gatt.Number{Mantissa: -8, Exp: -1}, Quality: &gatt.Number{Mantissa: 95}, CRC: new(gatt.E2ECRC(plain[:13])),
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if a := got[0].Annunciation(); a != 0x030201 {
		t.Errorf("annunciation %#x", a)
	}
}

func TestEveryFieldOfAPMDResponse(t *testing.T) {
	got, err := gatt.DecodePMDResponse(bytesOf(t, "f0"+"01"+"00"+"06"+"01"+"0001"))
	if err != nil {
		t.Fatal(err)
	}
	want := gatt.PMDResponse{
		Command: gatt.PMDSettings, Error: gatt.PMDAlreadyInState, More: new(true), Parameters: []byte{0, 1},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestAClockReadsAsItStands(t *testing.T) {
	if got := (gatt.DateTime{0, 4, 7, 20, 1, 59}).String(); got != "0000-04-07T20:01:59" {
		t.Error(got)
	}
}

func TestASensorTellsOfSamplesThatAreNone(t *testing.T) {
	m := gatt.MovesenseFrame{RateHz: 125, Raw: []int32{0, 1 << 30, -1 << 30}}
	if e, ok := m.Fault(noon); !ok || e.Value != vitals.Int(2) || e.Code != vitals.DecodeFault {
		t.Errorf("%+v, %t", e, ok)
	}
	if e, ok := (gatt.MovesenseFrame{RateHz: 125, Raw: []int32{0}}).Fault(noon); ok {
		t.Errorf("%+v", e)
	}
}
