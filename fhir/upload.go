package fhir

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"unicode"

	"github.com/samber/lo"

	"vigil/vitals"
)

// Upload is a bundle that a gateway sends, taken apart. It follows the HL7 Personal Health Device guide
// (R4): a transaction with a Patient, the gateway and the sensors as Devices, and Observations.
type Upload struct {
	All     bool // a transaction: all of it or nothing
	Entries []Entry
}

// Entry is one entry of an upload. What it means is in the field of its type; Fault says why it cannot
// be taken, whatever the type.
type Entry struct {
	Type   string // Patient, Device or Observation
	Fault  *Issue
	Wanted string          // the search of ifNoneExist, such as "identifier=system|value"; empty: none
	Names  []string        // the same for each identifier of the resource
	Raw    json.RawMessage // the resource as it came

	Device      Described // of a Device
	Measurement Measurement
}

// Described is a Device as its gateway describes it.
type Described struct {
	vitals.Device                   // without ID
	Addresses     []vitals.DeviceID // any of them may be the one under which the device is known
	Gateway       bool              // it only carries what others measured
}

// MaxEntries bounds the work that one bundle causes: ten minutes of an oximeter that sends two values
// each second, which is what gateways send (HL7 PHD guide, bundle of a continuous oximeter).
const MaxEntries = 1200

// mdcGateway is MDC_MOC_VMS_MDS_AHD, the type of a gateway (HL7 PHD guide, PhgDevice).
const mdcGateway = "531981"

// mdcFirmware is MDC_ID_PROD_SPEC_FW (HL7 PHD guide, Device.version).
const mdcFirmware = "531976"

type (
	uploadBundle struct {
		ResourceType string            `json:"resourceType"`
		Type         string            `json:"type"`
		Entry        []json.RawMessage `json:"entry"`
	}
	uploadEntry struct {
		FullURL  string          `json:"fullUrl"`
		Resource json.RawMessage `json:"resource"`
		Request  struct {
			Method      string `json:"method"`
			URL         string `json:"url"`
			IfNoneExist string `json:"ifNoneExist"`
		} `json:"request"`

		fault error // it cannot be read
	}
	// uploadHead is what is read of every resource.
	uploadHead struct {
		ResourceType string       `json:"resourceType"`
		Identifier   []identifier `json:"identifier"`
	}
	uploadDevice struct {
		Manufacturer string          `json:"manufacturer"`
		ModelNumber  string          `json:"modelNumber"`
		SerialNumber string          `json:"serialNumber"`
		Type         concept         `json:"type"`
		Version      []deviceVersion `json:"version"`
		UDICarrier   []struct {
			CarrierHRF string `json:"carrierHRF"`
		} `json:"udiCarrier"`
	}
)

// ReadUpload takes a bundle apart. Its error is about the bundle as a whole; what is wrong with an entry
// stands there.
func ReadUpload(body []byte) (Upload, error) {
	var b uploadBundle
	if err := json.Unmarshal(body, &b); err != nil {
		return Upload{}, unreadable("Bundle", err)
	}
	switch {
	case b.ResourceType != "Bundle":
		return Upload{}, refuse(Invalid, "body", fmt.Sprintf("a Bundle belongs here, not %.40q", b.ResourceType))
	case b.Type != "transaction" && b.Type != "batch":
		return Upload{}, refuse(NotSupported, "body", fmt.Sprintf("a bundle of type %.40q cannot be uploaded; transaction and batch can", b.Type))
	case len(b.Entry) > MaxEntries:
		return Upload{}, refuse(TooCostly, "body", fmt.Sprintf("%d entries, more than %d; send several bundles", len(b.Entry), MaxEntries))
	}
	return readEntries(lo.Map(b.Entry, func(raw json.RawMessage, _ int) uploadEntry {
		var e uploadEntry
		if e.fault = json.Unmarshal(raw, &e); e.fault != nil {
			e.Resource = raw
		}
		return e
	}), b.Type == "transaction"), nil
}

// ReadCreate is an upload of one Observation by itself; ifNoneExist is the header's value.
func ReadCreate(body []byte, ifNoneExist string) Upload {
	e := uploadEntry{Resource: body}
	e.Request.Method, e.Request.URL, e.Request.IfNoneExist = "POST", "Observation", ifNoneExist
	return readEntries([]uploadEntry{e}, true)
}

func readEntries(entries []uploadEntry, all bool) Upload {
	u := Upload{All: all, Entries: make([]Entry, len(entries))}
	names := directory{}
	for i, e := range entries {
		u.Entries[i] = readHead(e)
		names.add(e.FullURL, &u.Entries[i])
	}
	for i := range u.Entries {
		e := &u.Entries[i]
		if e.Fault == nil && e.Type == "Observation" {
			e.Measurement, e.Fault = readObservation(e.Raw, names)
		}
		if all && e.Fault == nil {
			e.Fault = e.Measurement.unread()
		}
		if e.Fault != nil && e.Fault.Expression == "" {
			e.Fault.Expression = EntryPath(i)
		}
	}
	return u
}

// EntryPath names an entry of an upload, counted from 0.
func EntryPath(i int) string { return fmt.Sprintf("Bundle.entry[%d]", i) }

// readHead reads what an entry is and under which names it is known.
func readHead(e uploadEntry) Entry {
	entry := Entry{Raw: e.Resource}
	if e.fault != nil {
		return entry.refused(Invalid, "the entry cannot be read: %s", jsonFault(e.fault))
	}
	var head uploadHead
	if err := json.Unmarshal(e.Resource, &head); err != nil {
		return entry.refused(Invalid, "the resource cannot be read: %s", jsonFault(err))
	}
	entry.Type = head.ResourceType
	if fault := misdirected(e, head.ResourceType); fault != "" {
		return entry.refused(NotSupported, "%s", fault)
	}
	for _, id := range head.Identifier {
		if id.Value != "" {
			entry.Names = append(entry.Names, nameOf(id))
		}
	}
	if e.Request.IfNoneExist != "" {
		wanted, ok := wantedName(e.Request.IfNoneExist)
		if !ok {
			return entry.refused(NotSupported, "ifNoneExist %.200q: only identifier=system|value is understood", e.Request.IfNoneExist)
		}
		entry.Wanted = wanted
	}
	if entry.Type == "Device" {
		return entry.withDevice(head.Identifier)
	}
	return entry
}

func (e Entry) refused(code IssueCode, format string, args ...any) Entry {
	e.Fault = &Issue{Severity: Fault, Code: code, Text: fmt.Sprintf(format, args...)}
	return e
}

// misdirected is why an entry's request is none that is served.
func misdirected(e uploadEntry, resource string) string {
	target, query, _ := strings.Cut(e.Request.URL, "?")
	kind, _, _ := strings.Cut(target, "/")
	post := e.Request.Method == "POST" && target == resource && query == ""
	put := e.Request.Method == "PUT" && kind == resource
	switch {
	case resource == "Observation" && post, (resource == "Patient" || resource == "Device") && (post || put):
		return ""
	default:
		return fmt.Sprintf("%.10s %.80s with a %.40s is not served: Observations are created by POST, Patients and Devices named by POST or PUT",
			e.Request.Method, e.Request.URL, resource)
	}
}

// withDevice reads the description of a Device.
func (e Entry) withDevice(ids []identifier) Entry {
	var d uploadDevice
	if err := json.Unmarshal(e.Raw, &d); err != nil {
		return e.refused(Invalid, "the Device cannot be read: %s", jsonFault(err))
	}
	e.Device.Device = vitals.Device{Manufacturer: printed(d.Manufacturer), Model: printed(d.ModelNumber), Serial: printed(d.SerialNumber)}
	for _, v := range d.Version {
		if hasCode(v.Type, mdcFirmware) {
			e.Device.Firmware = printed(v.Value)
		}
	}
	e.Device.Gateway = hasCode(d.Type, mdcGateway)
	e.Device.Addresses = lo.FlatMap(ids, func(id identifier, _ int) []vitals.DeviceID { return addressesIn(id.Value) })
	return e
}

// printed is a text without what no label shows, and no database keeps: a null character would come back for ever.
func printed(text string) string {
	return strings.Map(func(r rune) rune { return lo.Ternary(unicode.IsControl(r), -1, r) }, text)
}

func hasCode(c concept, code string) bool {
	return lo.ContainsBy(c.Coding, func(c coded) bool { return c.Code == code })
}

// addressesIn are the addresses in an identifier such as FE-ED-AB-EE-DE-AD or, as gateways name their
// devices, 74E8FFFEFF051C00.001C05FFE874: EUI-64 and Bluetooth address.
func addressesIn(value string) []vitals.DeviceID {
	return lo.FilterMap(strings.Split(strings.TrimPrefix(value, "phd-"), "."), func(part string, _ int) (vitals.DeviceID, bool) {
		id, err := vitals.ParseDeviceID(part)
		return id, err == nil
	})
}

// nameOf is how a search asks for an identifier.
func nameOf(id identifier) string { return "identifier=" + id.System + "|" + id.Value }

// wantedName is the search of an ifNoneExist in the form of nameOf.
func wantedName(search string) (string, bool) {
	values, err := url.ParseQuery(strings.TrimPrefix(search, "?"))
	if err != nil || len(values) != 1 || len(values["identifier"]) != 1 || values.Get("identifier") == "" {
		return "", false
	}
	wanted := values.Get("identifier")
	if !strings.Contains(wanted, "|") {
		wanted = "|" + wanted
	}
	return "identifier=" + wanted, true
}

// unreadable is the error about a body that is not what it should be.
func unreadable(what string, err error) error {
	return refuse(Invalid, "body", fmt.Sprintf("the %s cannot be read: %s", what, jsonFault(err)))
}

// jsonFault says where JSON is at fault without quoting it: it may be about a patient.
func jsonFault(err error) string {
	switch e := err.(type) { //nolint:errorlint // encoding/json does not wrap these
	case *json.SyntaxError:
		return fmt.Sprintf("no JSON at byte %d", e.Offset)
	case *json.UnmarshalTypeError:
		return fmt.Sprintf("%s has the wrong type at byte %d", e.Field, e.Offset)
	default:
		return "no JSON"
	}
}
