package vitals

import "fmt"

// Kind is what is measured. The zero Kind is invalid. Numbers are not stored: a Kind is stored by
// its Name, so the order here is free.
type Kind uint8

// The kinds. To add one, add it here and give it a row in kinds.
const (
	HeartRate Kind = iota + 1
	PulseRate
	CuffPulseRate
	RRInterval
	SDNN
	RMSSD
	AFBurden
	SpO2
	PerfusionIndex
	RespirationRate
	Temperature
	Systolic
	Diastolic
	MeanPressure
	Glucose
	GlucoseBlood
	GlucosePlasma
	GlucoseInterstitial
	Weight
	Height
	BodyMassIndex
	BodyFat
	InhaledOxygen
	Consciousness
	ECG
	ECGI
	ECGII
	ECGIII
	Pleth

	lastKind = Pleth
)

// Shape says how values of a kind arrive and are stored.
type Shape uint8

const (
	// Spot values come one at a time and are stored one row each.
	Spot Shape = iota
	// Streamed values come about once a second and are stored in packed minutes.
	Streamed
	// Sampled values are waveforms, stored in packed blocks of ten seconds.
	Sampled
)

// Category is the FHIR observation category of a kind.
type Category string

// Categories in use.
const (
	VitalSigns Category = "vital-signs"
	Laboratory Category = "laboratory"
	Procedure  Category = "procedure"
)

// Coding is what the outside world calls a kind.
type Coding struct {
	LOINC    []string // in order of preference; empty only with NoLOINC
	Display  string   // LOINC display of the first code
	NoLOINC  string   // why there is no LOINC code
	MDC      uint32   // IEEE 11073-10101, partition × 65536 + term
	MDCName  string
	MDCUnit  uint32 // IEEE 11073-10101 unit code
	UCUM     string
	UnitText string // for people
}

// Info is the row of a kind in the table.
type Info struct {
	Name     string // stable, lower_snake_case: used in storage and interfaces
	Label    string // for people
	Shape    Shape
	Category Category
	Decimals int8 // resolution of derived values
	// Low and High bound what is plausible, inclusive, in the kind's unit. A value outside is
	// quarantined, never charted. Source: docs/devices.md, plausibility gate.
	Low, High Decimal
	Coding
}

// kinds is the one table of what Vigil measures. LOINC and UCUM: FHIR R4 vital signs profiles,
// US Core 9 (SpO2 carries both LOINC codes). MDC: IEEE 11073-10101 as used by the HL7 PHD guide; what has no
// code there has one of the range for private use, 0xF000 and above, and a name that begins with MDCX.
var kinds = [lastKind + 1]Info{
	HeartRate: {
		"heart_rate", "HR", Streamed, VitalSigns, 0, Int(20), Int(300),
		Coding{[]string{"8867-4"}, "Heart rate", "", 147842, "MDC_ECG_HEART_RATE", 264864, "/min", "beats/minute"},
	},
	PulseRate: {
		"pulse_rate", "PR", Streamed, VitalSigns, 0, Int(20), Int(300),
		Coding{[]string{"8867-4"}, "Heart rate", "", 149530, "MDC_PULS_OXIM_PULS_RATE", 264864, "/min", "beats/minute"},
	},
	CuffPulseRate: {
		"cuff_pulse_rate", "PR cuff", Spot, VitalSigns, 0, Int(20), Int(300),
		Coding{[]string{"8867-4"}, "Heart rate", "", 149546, "MDC_PULS_RATE_NON_INV", 264864, "/min", "beats/minute"},
	},
	RRInterval: {
		"rr_interval", "RR int", Streamed, Procedure, 0, Int(200), Int(3000),
		Coding{nil, "", "no LOINC code for a single beat-to-beat interval was verified", 147240, "MDC_ECG_TIME_PD_RR_GL", 264338, "ms", "ms"},
	},
	InhaledOxygen: {
		"inhaled_oxygen", "O₂", Spot, VitalSigns, 1, Int(0), Int(60),
		Coding{[]string{"3151-8"}, "Inhaled oxygen flow rate", "", 192515, "MDCX_FLOW_O2_INHALED", 265216, "L/min", "L/min"},
	},
	// 0 alert, 1 new confusion, 2 voice, 3 pain, 4 unresponsive: the ACVPU scale of NEWS2.
	Consciousness: {
		"consciousness", "ACVPU", Spot, Procedure, 0, Int(0), Int(4),
		Coding{nil, "", "no LOINC code for the ACVPU scale was verified", 192516, "MDCX_CONSCIOUSNESS_ACVPU", 262656, "1", ""},
	},
	SDNN: {
		"sdnn", "SDNN", Spot, Procedure, 0, Int(0), Int(500),
		Coding{[]string{"80404-7"}, "R-R interval.standard deviation (Heart rate variability)", "", 192512, "MDCX_ECG_RR_SDNN", 264338, "ms", "ms"},
	},
	RMSSD: {
		"rmssd", "RMSSD", Spot, Procedure, 0, Int(0), Int(500),
		Coding{nil, "", "there is none; 80404-7, which some take, is that of SDNN", 192513, "MDCX_ECG_RR_RMSSD", 264338, "ms", "ms"},
	},
	AFBurden: {
		"af_burden", "AF", Spot, Procedure, 0, Int(0), Int(100),
		Coding{nil, "", "no LOINC code for the share of time in atrial fibrillation was verified", 192514, "MDCX_ECG_AFIB_BURDEN", 262688, "%", "%"},
	},
	SpO2: {
		"spo2", "SpO₂", Streamed, VitalSigns, 0, Int(30), Int(100),
		Coding{[]string{"2708-6", "59408-5"}, "Oxygen saturation in Arterial blood", "", 150456, "MDC_PULS_OXIM_SAT_O2", 262688, "%", "%"},
	},
	PerfusionIndex: {
		"perfusion_index", "PI", Streamed, VitalSigns, 2, Int(0), Int(20),
		Coding{[]string{"61006-3"}, "Perfusion index Tissue by Pulse oximetry", "", 150488, "MDC_BLD_PERF_INDEX", 262688, "%", "%"},
	},
	RespirationRate: {
		"respiration_rate", "RR", Streamed, VitalSigns, 0, Int(0), Int(100),
		Coding{[]string{"9279-1"}, "Respiratory rate", "", 151562, "MDC_RESP_RATE", 264928, "/min", "breaths/minute"},
	},
	Temperature: {
		"temperature", "Temp", Spot, VitalSigns, 1, Int(25), Int(45),
		Coding{[]string{"8310-5"}, "Body temperature", "", 150364, "MDC_TEMP_BODY", 268192, "Cel", "°C"},
	},
	Systolic: {
		"systolic", "SYS", Spot, VitalSigns, 0, Int(40), Int(300),
		Coding{[]string{"8480-6"}, "Systolic blood pressure", "", 150021, "MDC_PRESS_BLD_NONINV_SYS", 266016, "mm[Hg]", "mmHg"},
	},
	Diastolic: {
		"diastolic", "DIA", Spot, VitalSigns, 0, Int(20), Int(200),
		Coding{[]string{"8462-4"}, "Diastolic blood pressure", "", 150022, "MDC_PRESS_BLD_NONINV_DIA", 266016, "mm[Hg]", "mmHg"},
	},
	MeanPressure: {
		"mean_pressure", "MAP", Spot, VitalSigns, 0, Int(30), Int(250),
		Coding{[]string{"8478-0"}, "Mean blood pressure", "", 150023, "MDC_PRESS_BLD_NONINV_MEAN", 266016, "mm[Hg]", "mmHg"},
	},
	Glucose: {
		"glucose", "Glucose", Spot, Laboratory, 0, Int(10), Int(1000),
		Coding{[]string{"41653-7"}, "Glucose [Mass/volume] in Capillary blood by Glucometer", "", 160184, "MDC_CONC_GLU_CAPILLARY_WHOLEBLOOD", 264274, "mg/dL", "mg/dL"},
	},
	GlucoseBlood: {
		"glucose_blood", "Glucose blood", Spot, Laboratory, 0, Int(10), Int(1000),
		Coding{[]string{"2339-0"}, "Glucose [Mass/volume] in Blood", "", 160364, "MDC_CONC_GLU_UNDETERMINED_WHOLEBLOOD", 264274, "mg/dL", "mg/dL"},
	},
	GlucosePlasma: {
		"glucose_plasma", "Glucose plasma", Spot, Laboratory, 0, Int(10), Int(1000),
		Coding{[]string{"2345-7"}, "Glucose [Mass/volume] in Serum or Plasma", "", 160368, "MDC_CONC_GLU_UNDETERMINED_PLASMA", 264274, "mg/dL", "mg/dL"},
	},
	GlucoseInterstitial: {
		"glucose_interstitial", "Glucose CGM", Spot, Laboratory, 0, Int(10), Int(1000),
		Coding{[]string{"99504-3"}, "Glucose [Mass/volume] in Interstitial fluid", "", 160212, "MDC_CONC_GLU_ISF", 264274, "mg/dL", "mg/dL"},
	},
	Weight: {
		"weight", "Weight", Spot, VitalSigns, 2, Int(1), Int(400),
		Coding{[]string{"29463-7"}, "Body weight", "", 188736, "MDC_MASS_BODY_ACTUAL", 263875, "kg", "kg"},
	},
	Height: {
		"height", "Height", Spot, VitalSigns, 1, Int(30), Int(275),
		Coding{[]string{"8302-2"}, "Body height", "", 188740, "MDC_LEN_BODY_ACTUAL", 263441, "cm", "cm"},
	},
	BodyMassIndex: {
		"body_mass_index", "BMI", Spot, VitalSigns, 1, Int(5), Int(150),
		Coding{[]string{"39156-5"}, "Body mass index (BMI) [Ratio]", "", 188752, "MDC_RATIO_MASS_BODY_LEN_SQ", 264096, "kg/m2", "kg/m²"},
	},
	BodyFat: {
		"body_fat", "Body fat", Spot, VitalSigns, 1, Int(1), Int(75),
		Coding{[]string{"41982-0"}, "Percentage of body fat Measured", "", 188748, "MDC_BODY_FAT", 262688, "%", "%"},
	},
	ECG:    ecgLead("ecg", "ECG", 131328, "MDC_ECG_ELEC_POTL"),
	ECGI:   ecgLead("ecg_i", "I", 131329, "MDC_ECG_ELEC_POTL_I"),
	ECGII:  ecgLead("ecg_ii", "II", 131330, "MDC_ECG_ELEC_POTL_II"),
	ECGIII: ecgLead("ecg_iii", "III", 131389, "MDC_ECG_ELEC_POTL_III"),
	Pleth: {
		"pleth", "Pleth", Sampled, Procedure, 0, Int(-32767), Int(32767),
		Coding{nil, "", "no LOINC code for a photoplethysmogram was verified", 150452, "MDC_PULS_OXIM_PLETH", 262656, "1", ""},
	},
}

// ecgLead is an ECG channel in microvolts. Plausible: ±20 mV, the range of the Polar H10.
func ecgLead(name, label string, mdc uint32, mdcName string) Info {
	return Info{
		name, label, Sampled, Procedure, 0, Int(-20000), Int(20000),
		Coding{[]string{"11524-6"}, "EKG study", "", mdc, mdcName, 266419, "uV", "µV"},
	}
}

// Kinds lists every kind in the order of the table.
func Kinds() []Kind {
	all := make([]Kind, 0, lastKind)
	for k := HeartRate; k <= lastKind; k++ {
		all = append(all, k)
	}
	return all
}

// Valid reports whether k is one of Kinds.
func (k Kind) Valid() bool { return k >= HeartRate && k <= lastKind }

// Info is the kind's row; the zero Info for an invalid kind.
func (k Kind) Info() Info {
	if !k.Valid() {
		return Info{}
	}
	return kinds[k]
}

// String is the kind's stable name.
func (k Kind) String() string {
	if !k.Valid() {
		return fmt.Sprintf("kind(%d)", uint8(k))
	}
	return kinds[k].Name
}

// IsECG reports whether k is an ECG channel.
func (k Kind) IsECG() bool { return k >= ECG && k <= ECGIII }

// KindByName finds the kind with the stable name.
func KindByName(name string) (Kind, bool) {
	return findKind(func(i Info) bool { return i.Name == name })
}

// KindByMDC finds the kind with the IEEE 11073-10101 code.
func KindByMDC(code uint32) (Kind, bool) { return findKind(func(i Info) bool { return i.MDC == code }) }

func findKind(match func(Info) bool) (Kind, bool) {
	for k := HeartRate; k <= lastKind; k++ {
		if match(kinds[k]) {
			return k, true
		}
	}
	return 0, false
}

// Plausible says whether the reading's value lies within what its kind allows, and why not.
func (r Reading) Plausible() error {
	info := r.Kind.Info()
	if r.Absent != Present {
		return nil
	}
	if r.Value.Compare(info.Low) < 0 || r.Value.Compare(info.High) > 0 {
		return fmt.Errorf("%s %s %s is outside %s to %s: %w",
			info.Name, r.Value, info.UnitText, info.Low, info.High, ErrImplausible)
	}
	return nil
}

// Plausible says whether all samples lie within what the kind allows, and why not.
func (w Waveform) Plausible() error {
	info := w.Kind.Info()
	scale := w.Scale.Float()
	low, high := info.Low.Float(), info.High.Float()
	for i, s := range w.Samples {
		if v := float64(s) * scale; s != Missing && (v < low || v > high) {
			return fmt.Errorf("%s sample %d of %g %s is outside %s to %s: %w",
				info.Name, i, v, info.UnitText, info.Low, info.High, ErrImplausible)
		}
	}
	return nil
}
