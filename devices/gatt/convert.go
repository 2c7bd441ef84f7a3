package gatt

import "vigil/vitals"

// Conversions into the units that Vigil charts. All of them are integer arithmetic with one
// rounding, half away from zero, and keep as many decimals as hold two neighbouring values of the
// device apart.

// rounded is m × 10^exp with its last digit at 10^to.
func rounded(m int64, exp, to int) vitals.Decimal {
	for ; exp > to; exp-- {
		m *= 10
	}
	power := int64(1)
	for ; exp < to; exp++ {
		power *= 10
	}
	return vitals.NewDecimal(quotient(m, power), int8(to))
}

// quotient is a / b to the nearest whole number, half away from zero; b is positive.
func quotient(a, b int64) int64 {
	half := b / 2
	if a < 0 {
		half = -half
	}
	return (a + half) / b
}

// mmHg is a pressure in kPa, with as many decimals and one at least: 1 kPa is 7.50062 mmHg (BLS
// 1.1.1), so 0.1 kPa is 0.75 mmHg, and meters send 11.0 kPa as 11. n comes of 16 bits.
func mmHg(n Number) vitals.Decimal {
	return rounded(int64(n.Mantissa)*750_062, int(n.Exp)-5, min(int(n.Exp), -1))
}

// Exponents of a temperature in °F that can be converted; beyond them it is none.
const (
	maxFahrenheitExp = 2
	minFahrenheitExp = -9
)

// celsius is a temperature in °F, with one decimal more: 0.1 °F is 0.056 °C.
func celsius(n Number) (vitals.Decimal, error) {
	if n.Exp < minFahrenheitExp || n.Exp > maxFahrenheitExp {
		return vitals.Decimal{}, malformed("%d × 10^%d is no temperature in °F", n.Mantissa, n.Exp)
	}
	m, exp, freezing := int64(n.Mantissa), int(n.Exp), int64(32)
	for ; exp > 0; exp-- {
		m *= 10
	}
	for range -exp {
		freezing *= 10
	}
	return vitals.NewDecimal(quotient((m-freezing)*50, 9), int8(exp-1)), nil
}

// mgPerDLOfMass is a concentration in kg/L: 1 kg/L is 100,000 mg/dL, so only the point moves. n
// comes of 16 bits.
func mgPerDLOfMass(n Number) vitals.Decimal { return vitals.NewDecimal(int64(n.Mantissa), n.Exp+5) }

// mgPerDLOfMoles is a concentration of glucose in mol/L, 180.156 g/mol (C6H12O6, IUPAC standard
// atomic weights). It has one decimal less than the same in mmol/L, where 0.1 is 1.8 mg/dL, and is
// whole at least. n comes of 16 bits.
func mgPerDLOfMoles(n Number) vitals.Decimal {
	return rounded(int64(n.Mantissa)*180_156, int(n.Exp)-1, min(int(n.Exp)+4, 0))
}

// Masses and lengths of scales (WSS 1.0, BCS 1.0) are counted in steps.
const (
	gramsPerStep = 5          // metric: 0.005 kg
	kgPerPound   = 45_359_237 // × 10^-8, exactly (international pound); a step is 0.01 lb
	cmPerInch    = 254        // × 10^-2, exactly; a step is 0.1 in
)

// kilograms is a mass of a scale, to the gram.
func kilograms(steps uint16, imperial bool) vitals.Decimal {
	if imperial {
		return rounded(int64(steps)*kgPerPound, -10, -3)
	}
	return vitals.NewDecimal(int64(steps)*gramsPerStep, -3)
}

// centimetres is a height of a scale, to the millimetre.
func centimetres(steps uint16, imperial bool) vitals.Decimal {
	if imperial {
		return rounded(int64(steps)*cmPerInch, -3, -1)
	}
	return vitals.NewDecimal(int64(steps), -1)
}
