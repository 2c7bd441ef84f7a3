package fhir

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"time"

	"vigil/vitals"
)

// The resources that are read one by one are plain structs; only the Observation has an encoder.
type (
	meta struct {
		VersionID   string   `json:"versionId,omitempty"`
		LastUpdated string   `json:"lastUpdated,omitempty"`
		Security    []coded  `json:"security,omitempty"`
		Profile     []string `json:"profile,omitempty"`
	}
	coded struct {
		System  string `json:"system,omitempty"`
		Code    string `json:"code,omitempty"`
		Display string `json:"display,omitempty"`
	}
	concept struct {
		Coding []coded `json:"coding,omitempty"`
		Text   string  `json:"text,omitempty"`
	}
	identifier struct {
		Use    string   `json:"use,omitempty"`
		Type   *concept `json:"type,omitempty"`
		System string   `json:"system,omitempty"`
		Value  string   `json:"value,omitempty"`
	}
	reference struct {
		Reference  string      `json:"reference,omitempty"`
		Identifier *identifier `json:"identifier,omitempty"`
		Display    string      `json:"display,omitempty"`
	}
	period struct {
		Start string `json:"start,omitempty"`
		End   string `json:"end,omitempty"`
	}
	humanName struct {
		Use    string   `json:"use,omitempty"`
		Family string   `json:"family,omitempty"`
		Given  []string `json:"given,omitempty"`
	}
	extension struct {
		URL          string `json:"url"`
		ValueCode    string `json:"valueCode,omitempty"`
		ValueInteger *int   `json:"valueInteger,omitempty"`
	}
	patientResource struct {
		ResourceType string       `json:"resourceType"`
		ID           string       `json:"id"`
		Meta         *meta        `json:"meta,omitempty"`
		Identifier   []identifier `json:"identifier,omitempty"`
		Active       bool         `json:"active"`
		Name         []humanName  `json:"name,omitempty"`
		Gender       string       `json:"gender,omitempty"`
		BirthDate    string       `json:"birthDate,omitempty"`
		Managing     *reference   `json:"managingOrganization,omitempty"`
	}
	deviceVersion struct {
		Type  concept `json:"type"`
		Value string  `json:"value"`
	}
	udiCarrier struct {
		DeviceIdentifier string `json:"deviceIdentifier,omitempty"`
		Issuer           string `json:"issuer,omitempty"`
		Jurisdiction     string `json:"jurisdiction,omitempty"`
		CarrierHRF       string `json:"carrierHRF,omitempty"`
	}
	deviceName struct {
		Name string `json:"name"`
		Type string `json:"type"`
	}
	deviceResource struct {
		ResourceType string          `json:"resourceType"`
		ID           string          `json:"id"`
		Identifier   []identifier    `json:"identifier"`
		UDICarrier   []udiCarrier    `json:"udiCarrier,omitempty"`
		Status       string          `json:"status"`
		Manufacturer string          `json:"manufacturer,omitempty"`
		SerialNumber string          `json:"serialNumber,omitempty"`
		ModelNumber  string          `json:"modelNumber,omitempty"`
		DeviceName   []deviceName    `json:"deviceName,omitempty"`
		Type         *concept        `json:"type,omitempty"`
		Version      []deviceVersion `json:"version,omitempty"`
		Patient      *reference      `json:"patient,omitempty"`
	}
)

// testSecurity marks data of made-up patients.
var testSecurity = []coded{{systemActReason, "HTEST", "test health data"}}

// appendJSON adds a struct of this package, which always encodes.
func appendJSON(dst []byte, resource any) []byte {
	var buf bytes.Buffer
	encoder := json.NewEncoder(&buf)
	if err := encoder.Encode(resource); err != nil {
		panic(fmt.Sprintf("fhir: encode %T: %v", resource, err)) // no field can fail: a fault of the program
	}
	return append(dst, bytes.TrimRight(buf.Bytes(), "\n")...)
}

// AppendPatient adds the Patient resource.
func AppendPatient(dst []byte, p vitals.Patient) []byte {
	resource := patientResource{
		ResourceType: "Patient",
		ID:           string(p.ID),
		Identifier: []identifier{{
			Use:    "usual",
			Type:   &concept{Coding: []coded{{systemIdentifierType, "MR", "Medical record number"}}},
			System: systemMRN,
			Value:  p.MRN,
		}},
		Active:    p.Discharged.IsZero(),
		Gender:    string(p.Sex),
		BirthDate: day(p.Birth),
		Managing:  &reference{Identifier: &identifier{System: systemUnit, Value: string(p.Unit)}},
	}
	if p.Family != "" || p.Given != "" {
		resource.Name = []humanName{{Use: "official", Family: p.Family, Given: strings.Fields(p.Given)}}
	}
	if p.Test {
		resource.Meta = &meta{Security: testSecurity}
	}
	return appendJSON(dst, resource)
}

// Device is a device with the patient who wears it now, and what it says of itself.
type Device struct {
	vitals.Device
	Patient vitals.PatientID // empty when nobody does, or nobody whom the reader may see
	State   vitals.DeviceState
}

// AppendDevice adds the Device resource.
func AppendDevice(dst []byte, d Device) []byte {
	resource := deviceResource{
		ResourceType: "Device",
		ID:           string(d.ID),
		Identifier:   d.identifiers(),
		UDICarrier:   carrierOf(d.State.UDI),
		Status:       "active",
		Manufacturer: d.Manufacturer,
		SerialNumber: d.Serial,
		ModelNumber:  d.Model,
		// MDC_MOC_VMS_MDS_SIMP, as every device of the HL7 PHD guide has.
		Type: &concept{Coding: []coded{{systemMDC, "65573", "MDC_MOC_VMS_MDS_SIMP"}}},
	}
	if d.Model != "" {
		resource.DeviceName = []deviceName{{Name: d.Model, Type: "model-name"}}
	}
	// HL7 PHD guide, Device.version.
	for _, v := range []struct{ code, name, value string }{
		{"531976", "MDC_ID_PROD_SPEC_FW", d.Firmware},
		{"531974", "MDC_ID_PROD_SPEC_HW", d.State.Hardware},
		{"531975", "MDC_ID_PROD_SPEC_SW", d.State.Software},
	} {
		if v.value != "" {
			resource.Version = append(resource.Version, deviceVersion{Type: concept{Coding: []coded{{systemMDC, v.code, v.name}}}, Value: v.value})
		}
	}
	if d.Patient != "" {
		resource.Patient = &reference{Reference: "Patient/" + string(d.Patient)}
	}
	return appendJSON(dst, resource)
}

// identifiers are the device's address, and the EUI-64 that it has beside it.
func (d Device) identifiers() []identifier {
	own := []identifier{addressOf(d.ID)}
	if id := d.State.SystemID; id != "" && id != d.ID {
		own = append(own, addressOf(id))
	}
	return own
}

// carrierOf is the unique device identifier. Issuer and jurisdiction are OIDs; what else a device says there
// has no place in a URI.
func carrierOf(u vitals.UDI) []udiCarrier {
	if u.String() == "" {
		return nil
	}
	return []udiCarrier{{DeviceIdentifier: u.Identifier, Issuer: oid(u.Issuer), Jurisdiction: oid(u.Authority), CarrierHRF: u.Label}}
}

func oid(dotted string) string {
	if !oidShape.MatchString(dotted) {
		return ""
	}
	return "urn:oid:" + dotted
}

// oidShape is what FHIR R4 takes for an OID.
var oidShape = regexp.MustCompile(`^[0-2](\.(0|[1-9][0-9]*))+$`)

// addressOf writes a Bluetooth address or EUI-64 as the HL7 PHD guide does: FE-ED-AB-EE-DE-AD.
func addressOf(d vitals.DeviceID) identifier {
	system, code := systemBluetooth, "BTMAC"
	if len(d) == 16 {
		system, code = systemEUI64, "SYSID"
	}
	return identifier{
		Type:   &concept{Coding: []coded{{System: systemPHDIDType, Code: code}}},
		System: system,
		Value:  dashed(d),
	}
}

func dashed(d vitals.DeviceID) string {
	text := strings.ToUpper(string(d))
	var pairs []string
	for ; len(text) > 2; text = text[2:] {
		pairs = append(pairs, text[:2])
	}
	return strings.Join(append(pairs, text), "-")
}

// birthRange is the day of birth as the span of time that date searches compare with.
func birthRange(t time.Time) (start, end time.Time) {
	start = time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC)
	return start, start.AddDate(0, 0, 1)
}
