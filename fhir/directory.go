package fhir

import (
	"strings"

	"github.com/samber/lo"

	"vigil/vitals"
)

// directory finds the entries of a bundle by their full addresses.
type directory map[string]*Entry

func (d directory) add(fullURL string, e *Entry) {
	if fullURL != "" {
		d[fullURL] = e
	}
}

// Person is whom an Observation names.
type Person struct {
	ID      vitals.PatientID // of this server
	Records []string         // record numbers, any of them
}

// person resolves the subject. ok is false where the reference leads nowhere.
func (d directory) person(r reference) (p Person, ok bool) {
	if e := d[r.Reference]; e != nil {
		if e.Type != "Patient" {
			return Person{}, false
		}
		for _, name := range append([]string{e.Wanted}, e.Names...) {
			p.Records = append(p.Records, valueOf(name)...)
		}
		return p, len(p.Records) > 0
	}
	if search, found := strings.CutPrefix(r.Reference, "Patient?"); found {
		name, ok := wantedName(search)
		return Person{Records: valueOf(name)}, ok
	}
	if r.Reference == "" && r.Identifier != nil {
		return Person{Records: []string{r.Identifier.Value}}, r.Identifier.Value != ""
	}
	id := lastOf(r.Reference, "Patient")
	return Person{ID: vitals.PatientID(id)}, id != ""
}

// device resolves what measured to the addresses that it may be known under.
func (d directory) device(r reference) []vitals.DeviceID {
	if e := d[r.Reference]; e != nil {
		return e.Device.Addresses
	}
	if search, found := strings.CutPrefix(r.Reference, "Device?"); found {
		name, _ := wantedName(search)
		return lo.FlatMap(valueOf(name), func(v string, _ int) []vitals.DeviceID { return addressesIn(v) })
	}
	if r.Reference == "" && r.Identifier != nil {
		return addressesIn(r.Identifier.Value)
	}
	return addressesIn(lastOf(r.Reference, "Device"))
}

// valueOf is the identifier's value in a name; nothing for an empty name.
func valueOf(name string) []string {
	if _, value, found := strings.Cut(name, "|"); found && value != "" {
		return []string{value}
	}
	return nil
}

// lastOf is the id in a reference to a resource of the type, relative or with an address before it.
func lastOf(ref, resource string) string {
	parts := strings.Split(ref, "/")
	if n := len(parts); n >= 2 && parts[n-2] == resource {
		return parts[n-1]
	}
	return ""
}
