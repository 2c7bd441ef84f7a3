package fhir

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"vigil/alerts"
	"vigil/vitals"
)

type (
	mitigation struct {
		Action concept    `json:"action"`
		Date   string     `json:"date,omitempty"`
		Author *reference `json:"author,omitempty"`
	}
	evidence struct {
		Code   []concept   `json:"code"`
		Detail []reference `json:"detail"`
	}
	detectedIssue struct {
		ResourceType string       `json:"resourceType"`
		ID           string       `json:"id"`
		Meta         meta         `json:"meta"`
		Extension    []extension  `json:"extension"`
		Identifier   []identifier `json:"identifier"`
		Status       string       `json:"status"`
		Code         concept      `json:"code"`
		Severity     string       `json:"severity,omitempty"`
		Patient      reference    `json:"patient"`
		Identified   period       `json:"identifiedPeriod"`
		Author       reference    `json:"author"`
		Implicated   []reference  `json:"implicated,omitempty"`
		Evidence     []evidence   `json:"evidence,omitempty"`
		Detail       string       `json:"detail,omitempty"`
		Mitigation   []mitigation `json:"mitigation,omitempty"`
	}
)

// eventCodes are the IEEE 11073-10101 events of partition 3 (196608 + term) that the conditions
// stand for. MDC_EVT_HI and MDC_EVT_LO: HL7 PoCD and PHD guides; asystole 3:3076, desaturation
// 3:3246: DICOM PS3.16 CID 3038, which reprints IEEE 11073-10101; lead off 3:72 and low battery 3:194:
// the same nomenclature as IHE PCD devices send it. Where none is known for certain, none is given.
var eventCodes = map[alerts.Condition]coded{
	alerts.Asystole:       mdcEvent(3076, "MDC_EVT_ECG_ASYSTOLE"),
	alerts.ExtremeTachy:   mdcEvent(40, "MDC_EVT_HI"),
	alerts.HRHigh:         mdcEvent(40, "MDC_EVT_HI"),
	alerts.ExtremeBrady:   mdcEvent(62, "MDC_EVT_LO"),
	alerts.HRLow:          mdcEvent(62, "MDC_EVT_LO"),
	alerts.SpO2Low:        mdcEvent(62, "MDC_EVT_LO"),
	alerts.SpO2RapidDesat: mdcEvent(3246, "MDC_EVT_DESAT"),
	alerts.LeadsOff:       mdcEvent(72, "MDC_EVT_LEAD_OFF"),
	alerts.BatteryLow:     mdcEvent(194, "MDC_EVT_BATT_LO"),
}

func mdcEvent(term int, name string) coded {
	const partition = 3 * 65536
	return coded{systemMDC, strconv.Itoa(partition + term), name}
}

// severities are the three that FHIR has; an alarm that only informs has none of them, its priority
// is in the extension.
var severities = map[alerts.Priority]string{alerts.High: "high", alerts.Medium: "moderate", alerts.Low: "low"}

// statusOf is preliminary while a nurse must see the alarm, final when the episode is over.
func statusOf(a alerts.Alarm) string {
	if a.State == alerts.Closed {
		return "final"
	}
	return "preliminary"
}

func codesOf(c alerts.Condition) []coded {
	own := coded{systemCondition, string(c), c.Spec().Label}
	if event, known := eventCodes[c]; known {
		return []coded{event, own}
	}
	return []coded{own}
}

// Episode is an alarm with the waveforms that it rests on and that can be read as Observations.
type Episode struct {
	Alarm  alerts.Alarm
	Strips []vitals.Key // in order of time
	Test   bool         // the patient is made up: marked HTEST
}

// AppendDetectedIssue adds an alarm episode. The members are laid out so that each has one place in
// DeviceAlert, which R6 has for alarms: status, code, priority, type, period, source, label and acknowledgement.
func AppendDetectedIssue(dst []byte, e Episode) []byte {
	a := e.Alarm
	spec := a.Condition.Spec()
	resource := detectedIssue{
		ResourceType: "DetectedIssue",
		ID:           string(a.ID),
		Meta:         meta{VersionID: strconv.Itoa(a.Version), LastUpdated: instant(a.Changed)},
		Extension: []extension{
			{URL: extensionPriority, ValueCode: a.Priority.String()},
			{URL: extensionType, ValueCode: spec.Type.String()},
			{URL: extensionState, ValueCode: strings.ReplaceAll(a.State.String(), "_", "-")},
			{URL: extensionTruth, ValueCode: a.Truth.String()},
			{URL: extensionCount, ValueInteger: &a.Count},
		},
		Identifier: []identifier{{System: systemAlarm, Value: string(a.ID)}},
		Status:     statusOf(a),
		Code:       concept{Coding: codesOf(a.Condition), Text: spec.Label},
		Severity:   severities[a.Priority],
		Patient:    reference{Reference: "Patient/" + string(a.Patient)},
		Identified: period{Start: instant(a.Onset), End: instant(endOf(a))},
		Author:     reference{Display: "Vigil"},
		Detail:     a.Detail,
		Evidence:   evidenceOf(a.Patient, e.Strips),
		Mitigation: mitigationsOf(a),
	}
	if e.Test {
		resource.Meta.Security = testSecurity
	}
	if siteIsDevice(a) {
		resource.Implicated = []reference{{Reference: "Device/" + a.Site}}
	}
	return appendJSON(dst, resource)
}

// evidenceOf refers to the waveforms, by what they are: the leads of an ECG are one Observation.
func evidenceOf(p vitals.PatientID, strips []vitals.Key) (all []evidence) {
	byKind := map[vitals.Kind]int{}
	for _, k := range strips {
		k.Kind = Leading(k.Kind)
		at, known := byKind[k.Kind]
		if !known {
			at = len(all)
			byKind[k.Kind] = at
			all = append(all, evidence{Code: []concept{{Text: k.Kind.Info().Label}}})
		}
		if ref := (reference{Reference: "Observation/" + ObservationID(p, k)}); !slices.Contains(all[at].Detail, ref) {
			all[at].Detail = append(all[at].Detail, ref)
		}
	}
	return all
}

// siteIsDevice: a technical condition is about a device, except where it is about the hub.
func siteIsDevice(a alerts.Alarm) bool {
	return a.Site != "" && a.Condition.Spec().Type == alerts.Technical && !a.Condition.OfHub() && ValidID(a.Site)
}

// endOf is when the condition ceased. An episode that was closed from outside, by a discharge, ends
// with the last change.
func endOf(a alerts.Alarm) time.Time {
	if a.Ended.IsZero() && a.State == alerts.Closed {
		return a.Changed
	}
	return a.Ended
}

func mitigationsOf(a alerts.Alarm) []mitigation {
	if a.AckedAt.IsZero() {
		return nil
	}
	return []mitigation{{
		Action: concept{Text: "Acknowledged"},
		Date:   instant(a.AckedAt),
		Author: &reference{
			Identifier: &identifier{System: systemStaff, Value: a.AckedBy},
			Display:    a.AckedName,
		},
	}}
}
