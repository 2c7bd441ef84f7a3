package fhir

import (
	"maps"
	"strconv"

	"vigil/vitals"
)

// fingerprint tells this search from others, whatever page it is on.
func (s *Search) fingerprint() uint32 {
	return fingerprintOf(s.Resource.Type + "?" + s.applied.Encode())
}

// link is the address of the search with the parameters that counted, behind the cursor.
func (s *Search) link(after *Cursor) string {
	query := maps.Clone(s.applied)
	query.Set("_count", strconv.Itoa(s.Count))
	if after != nil {
		query.Set(pageParam, after.encode(s.fingerprint()))
	}
	return s.base + "/" + s.Resource.Type + "?" + query.Encode()
}

// Place is the key behind which an Observation search goes on; false on the first page.
func (s *Search) Place() (vitals.Key, bool) {
	if s.After == nil {
		return vitals.Key{}, false
	}
	kind, ok := kindOf(s.After.Code)
	return vitals.Key{Time: s.After.Time, Kind: kind, Device: vitals.DeviceID(s.After.ID)}, ok
}

// CursorAt is the cursor behind the Observation at the key.
func CursorAt(k vitals.Key) *Cursor {
	return &Cursor{Time: k.Time, Code: codeOf(k.Kind), ID: string(k.Device)}
}
