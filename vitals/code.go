package vitals

import "slices"

// finer are IEEE 11073-10101 codes that say more than the kind under which Vigil charts the value: where
// a temperature was taken, from which vessel the blood is. Codes as in the HL7 PHD guide.
var finer = map[uint32]Kind{
	150388: Temperature,     // MDC_TEMP_SKIN
	150392: Temperature,     // MDC_TEMP_TYMP
	188420: Temperature,     // MDC_TEMP_RECT
	188424: Temperature,     // MDC_TEMP_ORAL
	188428: Temperature,     // MDC_TEMP_EAR
	188432: Temperature,     // MDC_TEMP_FINGER
	188448: Temperature,     // MDC_TEMP_TOE
	188452: Temperature,     // MDC_TEMP_AXILLA
	188456: Temperature,     // MDC_TEMP_GIT
	151578: RespirationRate, // MDC_TTHOR_RESP_RATE
	160188: Glucose,         // MDC_CONC_GLU_CAPILLARY_PLASMA
	160192: GlucoseBlood,    // MDC_CONC_GLU_VENOUS_WHOLEBLOOD
	160200: GlucoseBlood,    // MDC_CONC_GLU_ARTERIAL_WHOLEBLOOD
	160196: GlucosePlasma,   // MDC_CONC_GLU_VENOUS_PLASMA
	160204: GlucosePlasma,   // MDC_CONC_GLU_ARTERIAL_PLASMA
}

// MDCBattery is MDC_ATTR_VAL_BATT_CHARGE, the charge of a device's battery in percent.
const MDCBattery = 67996

// KindOfMDC finds the kind under which a value with the IEEE 11073-10101 code is charted: the code of a
// kind, or one that says more.
func KindOfMDC(code uint32) (Kind, bool) {
	if k, ok := KindByMDC(code); ok {
		return k, true
	}
	k, ok := finer[code]
	return k, ok
}

// KindOfLOINC finds the kind under which a value with the LOINC code is charted, where the code is all
// that is known: a heart rate is one of the heart then, not of an oximeter.
func KindOfLOINC(code string) (Kind, bool) {
	return findKind(func(i Info) bool { return slices.Contains(i.LOINC, code) })
}
