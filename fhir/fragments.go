package fhir

import "vigil/vitals"

// fragment is what every Observation of a kind has in common, encoded once.
type fragment struct {
	head      []byte // status, category and code of a resource of its own
	component []byte // the code of a component
	unit      []byte // the end of a Quantity, from after its value
}

// panel is the head of a blood pressure Observation: it has components and no value of its own.
var panel = []byte(headOf(vitals.VitalSigns, codeText(panelCodings, "Blood pressure panel")))

var panelCodings = []coding{
	{systemLOINC, "85354-9", "Blood pressure panel with all children optional"},
	{systemMDC, mdcCode(mdcBloodPressure), "MDC_PRESS_BLD_NONINV"},
}

var fragments = buildFragments()

func buildFragments() []fragment {
	kinds := vitals.Kinds()
	all := make([]fragment, len(kinds)+1) // kinds count from 1
	for _, k := range kinds {
		info := k.Info()
		text := info.Display
		if text == "" {
			text = info.Label
		}
		all[k] = fragment{
			head:      []byte(headOf(info.Category, codeText(codingsOf(k), text))),
			component: []byte(`{"code":` + codeText(codingsOf(k), componentText(k, text))),
			unit:      unitOf(info),
		}
	}
	return all
}

// componentText names a lead by its label: the LOINC display is that of the whole study.
func componentText(k vitals.Kind, text string) string {
	if k.IsECG() && k != vitals.ECG {
		return "Lead " + k.Info().Label
	}
	return text
}

// coding is one name of a thing in one system.
type coding struct{ system, code, display string }

// codingsOf lists what the world calls the kind: LOINC in order of preference, then MDC. A lead has
// only its MDC code: the LOINC code is that of the whole study.
func codingsOf(k vitals.Kind) []coding {
	info := k.Info()
	mdc := coding{systemMDC, mdcCode(info.MDC), info.MDCName}
	if k.IsECG() && k != vitals.ECG {
		return []coding{mdc}
	}
	var all []coding
	for i, loinc := range info.LOINC {
		display := ""
		if i == 0 {
			display = info.Display
		}
		all = append(all, coding{systemLOINC, loinc, display})
	}
	return append(all, mdc)
}

// resourceCodings lists the codes of the Observation that a leading kind is shown as.
func resourceCodings(lead vitals.Kind) []coding {
	if lead == vitals.Systolic {
		return panelCodings
	}
	return codingsOf(lead)
}

func codeText(codings []coding, text string) string {
	dst := []byte(`{"coding":[`)
	for i, c := range codings {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendCoding(dst, c.system, c.code, c.display)
	}
	dst = appendString(append(dst, `],"text":`...), text)
	return string(append(dst, '}'))
}

var categoryDisplay = map[vitals.Category]string{
	vitals.VitalSigns: "Vital Signs",
	vitals.Laboratory: "Laboratory",
	vitals.Procedure:  "Procedure",
}

func headOf(c vitals.Category, code string) string {
	category := appendCoding(nil, systemCategory, string(c), categoryDisplay[c])
	return `,"status":"final","category":[{"coding":[` + string(category) + `]}],"code":` + code
}

func unitOf(info vitals.Info) []byte {
	var dst []byte
	if info.UnitText != "" {
		dst = appendString(append(dst, `,"unit":`...), info.UnitText)
	}
	dst = appendString(append(dst, `,"system":`...), systemUCUM)
	dst = appendString(append(dst, `,"code":`...), info.UCUM)
	return append(dst, '}')
}
