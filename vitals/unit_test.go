package vitals_test

import (
	"errors"
	"testing"

	"pgregory.net/rapid"

	"vigil/vitals"
)

func TestValuesInOtherUnitsBecomeThoseOfTheKind(t *testing.T) {
	for name, story := range map[string]struct {
		kind        vitals.Kind
		value, unit string
		want        string
	}{
		"its own unit keeps every digit":   {vitals.Temperature, "36.60", "Cel", "36.60"},
		"fahrenheit":                       {vitals.Temperature, "98.6", "[degF]", "37.00"},
		"fahrenheit below freezing":        {vitals.Temperature, "31.0", "[degF]", "-0.56"},
		"kilopascal":                       {vitals.Systolic, "16.0", "kPa", "120.0"},
		"whole kilopascal get one decimal": {vitals.Systolic, "16", "kPa", "120.0"},
		"millimoles of glucose":            {vitals.Glucose, "5.5", "mmol/L", "99"},
		"finer millimoles of glucose":      {vitals.Glucose, "5.51", "mmol/L", "99.3"},
		"grams":                            {vitals.Weight, "70125", "g", "70.125"},
		"pounds":                           {vitals.Weight, "154.32", "[lb_av]", "69.998"},
		"inches":                           {vitals.Height, "70.1", "[in_i]", "178.1"},
		"metres":                           {vitals.Height, "1.78", "m", "178"},
		"millivolts":                       {vitals.ECGII, "0.0025", "mV", "2.5"},
		"beats, as some annotate them":     {vitals.HeartRate, "72", "{beats}/min", "72"},
		"seconds between beats":            {vitals.RRInterval, "0.8", "s", "800"},
	} {
		t.Run(name, func(t *testing.T) {
			v, err := vitals.ParseDecimal(story.value)
			if err != nil {
				t.Fatal(err)
			}
			got, err := story.kind.FromUCUM(v, story.unit)
			if err != nil || got.String() != story.want {
				t.Errorf("%s %s is %s %v, want %s", story.value, story.unit, got, err, story.want)
			}
		})
	}
}

func TestAUnitThatIsNotTheKindsIsRefused(t *testing.T) {
	for _, unit := range []string{"", "bpm", "mmHg", "C", "mg/dl", "%"} {
		if _, err := vitals.HeartRate.FromUCUM(vitals.Int(72), unit); !errors.Is(err, vitals.ErrUnit) {
			t.Errorf("%q: %v", unit, err)
		}
	}
	if _, err := vitals.HeartRate.FromMDC(vitals.Int(72), 262688); !errors.Is(err, vitals.ErrUnit) {
		t.Errorf("percent: %v", err)
	}
	if _, err := vitals.Kind(0).FromUCUM(vitals.Int(72), "1"); !errors.Is(err, vitals.ErrUnit) {
		t.Errorf("no kind: %v", err)
	}
}

func TestEveryKindKnowsItsOwnUnits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		k := rapid.SampledFrom(vitals.Kinds()).Draw(t, "kind")
		v := vitals.NewDecimal(rapid.Int64().Draw(t, "mantissa"), rapid.Int8().Draw(t, "exponent"))
		if got, err := k.FromUCUM(v, k.Info().UCUM); err != nil || got != v {
			t.Errorf("%s in its own unit became %s %v", v, got, err)
		}
		if got, err := k.FromMDC(v, k.Info().MDCUnit); err != nil || got != v {
			t.Errorf("%s in its own MDC unit became %s %v", v, got, err)
		}
	})
}

func TestAnyNumberConvertsOrIsRefused(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := vitals.NewDecimal(rapid.Int64().Draw(t, "mantissa"), rapid.Int8().Draw(t, "exponent"))
		got, err := vitals.Temperature.FromUCUM(v, "[degF]")
		if err != nil {
			return
		}
		want := (v.Float() - 32) * 5 / 9
		if off := got.Float() - want; off > 1e-9*(1+max(want, -want)) && off > got.Float()-vitals.NewDecimal(got.Mantissa-1, got.Exp).Float() {
			t.Errorf("%s °F became %s °C", v, got)
		}
	})
}

func TestCodesThatSayMoreThanAKind(t *testing.T) {
	for code, want := range map[uint32]vitals.Kind{150364: vitals.Temperature, 188424: vitals.Temperature, 160196: vitals.GlucosePlasma, 147842: vitals.HeartRate} {
		if got, ok := vitals.KindOfMDC(code); !ok || got != want {
			t.Errorf("MDC %d is %s", code, got)
		}
	}
	if _, ok := vitals.KindOfMDC(160208); ok {
		t.Error("a control solution is nobody's glucose")
	}
	for code, want := range map[string]vitals.Kind{"8867-4": vitals.HeartRate, "59408-5": vitals.SpO2} {
		if got, ok := vitals.KindOfLOINC(code); !ok || got != want {
			t.Errorf("LOINC %s is %s", code, got)
		}
	}
}
