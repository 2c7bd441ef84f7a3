package vitals_test

import (
	"errors"
	"regexp"
	"slices"
	"strings"
	"testing"

	"vigil/vitals"
)

// luhn reports whether the last digit of a LOINC code, behind the dash, is the mod-10 check digit
// of those before it.
func luhn(code string) bool {
	number, check, ok := strings.Cut(code, "-")
	if !ok || len(check) != 1 || number == "" {
		return false
	}
	sum := 0
	for i, c := range slices.Backward([]byte(number)) {
		digit := int(c - '0')
		if (len(number)-i)%2 == 1 { // every second digit from the right, beginning with the last
			digit *= 2
		}
		sum += digit/10 + digit%10
	}
	return (10-sum%10)%10 == int(check[0]-'0')
}

func TestLuhnTellsAMistypedCode(t *testing.T) {
	for code, want := range map[string]bool{
		"8867-4": true, "59408-5": true, "85354-9": true, // as in FHIR R4 vital signs
		"8867-5": false, "8876-4": false, "59408": false, "-4": false,
	} {
		if luhn(code) != want {
			t.Errorf("%s: %t", code, !want)
		}
	}
}

func TestEveryKindIsKnownToTheOutsideWorld(t *testing.T) {
	mdcName, privateName := regexp.MustCompile(`^MDC_[A-Z0-9_]+$`), regexp.MustCompile(`^MDCX_[A-Z0-9_]+$`)
	const privateTerms = 0xF000 // and above, in each partition
	ucum := []string{"/min", "%", "ms", "Cel", "mm[Hg]", "mg/dL", "kg", "cm", "kg/m2", "L/min", "uV", "1"}
	for _, k := range vitals.Kinds() {
		t.Run(k.String(), func(t *testing.T) {
			i := k.Info()
			if len(i.LOINC) == 0 && i.NoLOINC == "" {
				t.Error("neither a LOINC code nor a reason why there is none")
			}
			if len(i.LOINC) > 0 && (i.NoLOINC != "" || i.Display == "") {
				t.Error("a LOINC code needs its display, and no excuse")
			}
			for _, code := range i.LOINC {
				if !luhn(code) {
					t.Errorf("LOINC %s has a wrong check digit", code)
				}
			}
			if i.MDC>>16 != 2 { // partition 2 is SCADA, where 11073-10101 keeps physiological values
				if k != vitals.Weight { // body mass
					t.Errorf("MDC %d is of partition %d", i.MDC, i.MDC>>16)
				}
			}
			if i.MDCUnit>>16 != 4 {
				t.Errorf("MDC unit %d is of partition %d, dimensions are 4", i.MDCUnit, i.MDCUnit>>16)
			}
			named := mdcName
			if i.MDC&0xFFFF >= privateTerms {
				named = privateName
			}
			if !named.MatchString(i.MDCName) {
				t.Errorf("MDC name %q of code %d", i.MDCName, i.MDC)
			}
			if !slices.Contains(ucum, i.UCUM) {
				t.Errorf("UCUM %q is not among those that were verified", i.UCUM)
			}
		})
	}
}

func TestEveryKindHasAPlausibleRange(t *testing.T) {
	for _, k := range vitals.Kinds() {
		i := k.Info()
		if i.Low.Compare(i.High) >= 0 {
			t.Errorf("%s: from %s to %s", k, i.Low, i.High)
		}
		if i.Decimals < 0 || i.Decimals > 3 {
			t.Errorf("%s: %d decimals", k, i.Decimals)
		}
	}
}

func TestEveryKindHasNamesOfItsOwn(t *testing.T) {
	name := regexp.MustCompile(`^[a-z][a-z0-9_]*$`)
	seen := map[any]vitals.Kind{}
	for _, k := range vitals.Kinds() {
		i := k.Info()
		if !name.MatchString(i.Name) || i.Label == "" {
			t.Errorf("%d: name %q, label %q", k, i.Name, i.Label)
		}
		for _, mark := range []any{i.Name, i.MDC, i.MDCName, "label " + i.Label} {
			if other, taken := seen[mark]; taken {
				t.Errorf("%s and %s share %v", other, k, mark)
			}
			seen[mark] = k
		}
		if found, ok := vitals.KindByName(i.Name); !ok || found != k {
			t.Errorf("%s is found as %s by name", k, found)
		}
		if found, ok := vitals.KindByMDC(i.MDC); !ok || found != k {
			t.Errorf("%s is found as %s by MDC code", k, found)
		}
	}
}

func TestOnlyECGChannelsAreECG(t *testing.T) {
	for _, k := range vitals.Kinds() {
		if k.IsECG() != strings.HasPrefix(k.String(), "ecg") {
			t.Errorf("%s: %t", k, k.IsECG())
		}
		if k.IsECG() && k.Info().Shape != vitals.Sampled {
			t.Errorf("%s is not sampled", k)
		}
	}
}

func TestAKindThatIsNone(t *testing.T) {
	for _, k := range []vitals.Kind{0, 255} {
		if k.Valid() || k.IsECG() || k.Info().Name != "" || !strings.HasPrefix(k.String(), "kind(") {
			t.Errorf("%s passes for a kind", k)
		}
	}
	if k, ok := vitals.KindByName("mood"); ok {
		t.Errorf("found %s", k)
	}
	if k, ok := vitals.KindByMDC(0); ok {
		t.Errorf("found %s", k)
	}
}

func TestPlausibleDrawsTheLineAtTheTable(t *testing.T) {
	tests := map[string]struct {
		reading vitals.Reading
		ok      bool
	}{
		"a resting heart":                      {vitals.Reading{Kind: vitals.HeartRate, Value: vitals.Int(62)}, true},
		"the slowest that is believed":         {vitals.Reading{Kind: vitals.HeartRate, Value: vitals.Int(20)}, true},
		"the fastest that is believed":         {vitals.Reading{Kind: vitals.HeartRate, Value: vitals.NewDecimal(3000, -1)}, true},
		"a hair slower":                        {vitals.Reading{Kind: vitals.HeartRate, Value: vitals.NewDecimal(199, -1)}, false},
		"a hair faster":                        {vitals.Reading{Kind: vitals.HeartRate, Value: vitals.NewDecimal(3001, -1)}, false},
		"glucose of SFLOAT 0xF000, -10 000":    {vitals.Reading{Kind: vitals.Glucose, Value: vitals.NewDecimal(-1, 4)}, false},
		"no value: nothing to doubt":           {vitals.Reading{Kind: vitals.SpO2, Absent: vitals.DeviceError}, true},
		"a value of a kind that nobody charts": {vitals.Reading{Kind: 0, Value: vitals.Int(1)}, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			err := test.reading.Plausible()
			if test.ok != (err == nil) || err != nil && !errors.Is(err, vitals.ErrImplausible) {
				t.Error(err)
			}
		})
	}
}
