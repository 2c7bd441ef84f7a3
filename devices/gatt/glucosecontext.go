package gatt

import (
	"vigil/devices"
	"vigil/vitals"
)

// GlucoseContext is the value of a Glucose Measurement Context (0x2A34): what the patient told the
// meter about the record of the same sequence number.
type GlucoseContext struct {
	Sequence     uint16
	Extended     *uint8  // further flags, all reserved
	Carbohydrate *Amount // kg; 1 breakfast, 2 lunch, 3 dinner, 4 snack, 5 drink, 6 supper, 7 brunch
	Meal         *uint8  // 1 before, 2 after, 3 fasting, 4 casual, 5 bedtime
	Tester       *uint8  // 4 bits: 1 self, 2 professional, 3 laboratory
	Health       *uint8  // 4 bits: 1 minor, 2 major issues, 3 menses, 4 stress, 5 none; there with Tester
	Exercise     *Exercise
	Medication   *Amount // kg, or litres with Litres
	Litres       bool
	HbA1c        *Number // percent
}

// Amount is a quantity of something with a number of its own.
type Amount struct {
	ID       uint8
	Quantity Number
}

// Exercise is an effort in seconds, 65,535 for longer ones, and percent.
type Exercise struct {
	Seconds   uint16
	Intensity uint8
}

// Flags of 0x2A34 (GLS 1.0.1, 3.2.1.1).
const (
	contextCarbohydrate = 1 << 0
	contextMeal         = 1 << 1
	contextTester       = 1 << 2
	contextExercise     = 1 << 3
	contextMedication   = 1 << 4
	contextLitres       = 1 << 5
	contextHbA1c        = 1 << 6
	contextExtended     = 1 << 7
)

// DecodeGlucoseContext reads a Glucose Measurement Context.
func DecodeGlucoseContext(value []byte) (GlucoseContext, error) {
	f := fieldsOf(value)
	return f.glucoseContext()
}

func (f *fields) glucoseContext() (GlucoseContext, error) {
	flags := f.u8("flags")
	c := GlucoseContext{Sequence: f.u16("sequence number"), Litres: flags&contextLitres != 0}
	if flags&contextExtended != 0 {
		c.Extended = f.optionalU8("extended flags")
	}
	if flags&contextCarbohydrate != 0 {
		c.Carbohydrate = f.optionalAmount("carbohydrate", "amount of carbohydrate")
	}
	if flags&contextMeal != 0 {
		c.Meal = f.optionalU8("meal")
	}
	if flags&contextTester != 0 {
		tester, health := f.nibbles("tester and health")
		c.Tester, c.Health = f.room.u8s.put(tester), f.room.u8s.put(health)
	}
	if flags&contextExercise != 0 {
		f.room.exercise = Exercise{f.u16("duration of exercise"), f.u8("intensity of exercise")}
		c.Exercise = &f.room.exercise
	}
	if flags&contextMedication != 0 {
		c.Medication = f.optionalAmount("medication", "amount of medication")
	}
	if flags&contextHbA1c != 0 {
		c.HbA1c = f.optionalNumber("HbA1c")
	}
	if err := f.done(0); err != nil {
		return GlucoseContext{}, err
	}
	return c, nil
}

// glucoseContextBatch charts nothing: a meal or an effort is no vital sign. It is known so that its
// values are checked like all others.
func glucoseContextBatch(frame devices.Frame) (vitals.Batch, error) {
	f := fieldsOf(frame.Bytes)
	if _, err := f.glucoseContext(); err != nil {
		return vitals.Batch{}, err
	}
	return vitals.Batch{Device: frame.Device}, nil
}
