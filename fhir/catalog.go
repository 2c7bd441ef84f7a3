package fhir

// Param is a search parameter: what the CapabilityStatement says of it and what it does. There is
// no other list of parameters, so what is declared is understood and what is understood is declared.
type Param struct {
	Name string
	Type string // token, reference, date, string, or empty for what shapes the answer
	Doc  string

	definition string
	modifier   string // the one modifier that is understood
	apply      func(s *Search, name, value string) error
}

// Resource is a type of resource that is served.
type Resource struct {
	Type      string
	Versioned bool // meta.versionId and ETag carry a version
	Doc       string
	Params    []Param

	profiles    []string
	sortKey     string
	newestFirst bool
	created     bool // may be uploaded
	complete    func(*Search) error
}

// Interactions that every resource of the catalog offers; the CapabilityStatement and the router
// walk the same catalog.
const (
	interactionRead   = "read"
	interactionSearch = "search-type"
)

// Interactions of uploads: Observations by themselves, or bundles of the HL7 PHD guide.
const (
	interactionCreate      = "create"
	interactionTransaction = "transaction"
	interactionBatch       = "batch"
)

func (r *Resource) param(name string) (Param, bool) {
	for _, p := range r.Params {
		if p.Name == name {
			return p, true
		}
	}
	return Param{}, false
}

// The resources that are served.
var (
	Observations   = &observations
	Patients       = &patients
	Devices        = &devices
	DetectedIssues = &detectedIssues
)

// Catalog lists the resources that are served.
func Catalog() []*Resource { return []*Resource{Observations, Patients, Devices, DetectedIssues} }

const profileBase = "http://hl7.org/fhir/StructureDefinition/"

var observations = Resource{
	Type: "Observation",
	Doc: "Readings as instants, blood pressures as panels, ECG and plethysmogram as SampledData of ten seconds each. " +
		"A search is about one patient. Newest first unless _sort says otherwise.",
	profiles: []string{
		profileBase + "vitalsigns", profileBase + "heartrate", profileBase + "resprate", profileBase + "oxygensat",
		profileBase + "bodytemp", profileBase + "bodyweight", profileBase + "bp",
	},
	sortKey: "date", newestFirst: true, created: true, complete: completeObservation,
	Params: append([]Param{
		{Name: "patient", Type: "reference", Doc: "The patient: id, Patient/id or the full address.", definition: "clinical-patient", modifier: "Patient", apply: applyPatient},
		{Name: "subject", Type: "reference", Doc: "The same as patient.", definition: "Observation-subject", modifier: "Patient", apply: applyPatient},
		{Name: "code", Type: "token", Doc: "LOINC or MDC code of the Observation.", definition: "clinical-code", apply: applyCode},
		{Name: "combo-code", Type: "token", Doc: "LOINC or MDC code of the Observation or of a component.", definition: "Observation-combo-code", apply: applyComboCode},
		{Name: "component-code", Type: "token", Doc: "LOINC or MDC code of a component.", definition: "Observation-component-code", apply: applyComponentCode},
		{Name: "category", Type: "token", Doc: "vital-signs, laboratory or procedure.", definition: "Observation-category", apply: applyCategory},
		{Name: "date", Type: "date", Doc: "When it was true; prefixes eq ne lt gt le ge sa eb; a time without an offset is UTC.", definition: "clinical-date", apply: applyDate},
		{Name: "status", Type: "token", Doc: "Every Observation is final.", definition: "Observation-status", apply: applyFinal},
	}, common("date")...),
}

var patients = Resource{
	Type: "Patient", sortKey: "_id", complete: completeNothing,
	Doc: "People under care of the units that the reader may see, in order of their ids.",
	Params: append([]Param{
		{Name: "identifier", Type: "token", Doc: "Medical record number, system " + systemMRN + ".", definition: "Patient-identifier", apply: applyTokens},
		{Name: "family", Type: "string", Doc: "Beginning of the family name.", definition: "individual-family", apply: applyWords},
		{Name: "given", Type: "string", Doc: "Beginning of a given name.", definition: "individual-given", apply: applyWords},
		{Name: "name", Type: "string", Doc: "Beginning of the family name or of a given name.", definition: "Patient-name", apply: applyWords},
		{Name: "birthdate", Type: "date", Doc: "Day of birth; prefixes as for Observation.date.", definition: "individual-birthdate", apply: applyDate},
		{Name: "gender", Type: "token", Doc: "female, male, other or unknown.", definition: "individual-gender", apply: applyTokens},
	}, common("_id")...),
}

var devices = Resource{
	Type: "Device", sortKey: "_id", complete: completeNothing,
	Doc: "Wearables and home instruments that the reader may see, in order of their ids.",
	Params: append([]Param{
		{Name: "identifier", Type: "token", Doc: "Address as FE-ED-AB-EE-DE-AD, system " + systemBluetooth + " or " + systemEUI64 + ".", definition: "Device-identifier", apply: applyTokens},
		{Name: "patient", Type: "reference", Doc: "The patient who wears it now.", definition: "Device-patient", modifier: "Patient", apply: applyPatient},
	}, common("_id")...),
}

var detectedIssues = Resource{
	Type: "DetectedIssue", Versioned: true, sortKey: "identified", newestFirst: true, complete: completeIssue,
	Doc: "Alarm episodes: preliminary while open, final when closed; an acknowledgement is a mitigation. " +
		"A search needs patient, _id or status=preliminary. Newest first unless _sort says otherwise.",
	Params: append([]Param{
		{Name: "patient", Type: "reference", Doc: "The patient: id, Patient/id or the full address.", definition: "clinical-patient", modifier: "Patient", apply: applyPatient},
		{Name: "identified", Type: "date", Doc: "When the condition held; an open episode has no end.", definition: "DetectedIssue-identified", apply: applyDate},
		{Name: "code", Type: "token", Doc: "Condition, system " + systemCondition + ", or MDC code.", definition: "DetectedIssue-code", apply: applyTokens},
		{Name: "identifier", Type: "token", Doc: "Alarm, system " + systemAlarm + ".", definition: "clinical-identifier", apply: applyTokens},
		// R4 has no search parameter for the status of a DetectedIssue; R5 has.
		{Name: "status", Type: "token", Doc: "preliminary (open) or final (closed).", apply: applyTokens},
	}, common("identified")...),
}

// common are the parameters that every resource understands.
func common(sortKey string) []Param {
	return []Param{
		{Name: "_id", Type: "token", Doc: "Ids, any of them.", definition: "Resource-id", apply: applyID},
		{Name: "_count", Doc: "Page size, 1 to 1000, default 100.", apply: applyCount},
		{Name: "_sort", Doc: sortKey + " or -" + sortKey + ".", apply: applySort},
	}
}
