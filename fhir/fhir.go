// Package fhir shows vitals and alarms as HL7 FHIR R4: resources, search semantics and the
// CapabilityStatement.
//
// Nothing is stored as FHIR. An Observation is projected from charted readings, a DetectedIssue
// from an alarm, and both have ids that can be turned back into the place they came from. The
// package is pure: it knows no HTTP framework, no database and no clock. What it needs of time
// comes in as an argument, and whoever serves it asks the store.
package fhir

// Version is the release of FHIR that every resource follows.
const Version = "4.0.1"

// ContentType is the media type of every answer.
const ContentType = "application/fhir+json; charset=utf-8"

// Code and identifier systems of the outside world.
const (
	systemLOINC          = "http://loinc.org"
	systemMDC            = "urn:iso:std:iso:11073:10101"
	systemUCUM           = "http://unitsofmeasure.org"
	systemCategory       = "http://terminology.hl7.org/CodeSystem/observation-category"
	systemAbsent         = "http://terminology.hl7.org/CodeSystem/data-absent-reason"
	systemActReason      = "http://terminology.hl7.org/CodeSystem/v3-ActReason"
	systemIdentifierType = "http://terminology.hl7.org/CodeSystem/v2-0203"
	// systemMeasurementStatus holds "questionable" (HL7 PHD guide, table of measurement status bits:
	// bit 1 goes to Observation.interpretation with this system).
	systemMeasurementStatus = "http://hl7.org/fhir/uv/pocd/CodeSystem/measurement-status"
	// systemBluetooth and systemEUI64 name a device by its address (HL7 PHD guide, Device.identifier).
	systemBluetooth = "http://hl7.org/fhir/sid/eui-48/bluetooth"
	systemEUI64     = "urn:oid:1.2.840.10004.1.1.1.0.0.1.0.0.1.2680"
	systemPHDIDType = "http://hl7.org/fhir/uv/phd/CodeSystem/ContinuaDeviceIdentifiers"
)

// Code and identifier systems of our own.
const (
	systemMRN       = "urn:vigil:mrn"
	systemUnit      = "urn:vigil:unit"
	systemAlarm     = "urn:vigil:alarm"
	systemCondition = "urn:vigil:alarm-condition"
	systemStaff     = "urn:vigil:staff"

	extensionPriority = "urn:vigil:alarm-priority"
	extensionType     = "urn:vigil:alarm-type"
	extensionState    = "urn:vigil:alarm-state"
	extensionTruth    = "urn:vigil:alarm-truth"
	extensionCount    = "urn:vigil:alarm-count"

	searchParameterBase = "http://hl7.org/fhir/SearchParameter/"
)
