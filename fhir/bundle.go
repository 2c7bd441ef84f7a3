package fhir

// Bundle is a searchset under construction. Entries are encoded as they are added.
type Bundle struct {
	search  *Search
	open    []byte // what every match begins with
	entries []byte
	count   int
}

// NewBundle starts the answer to a search. The buffer is used for the entries and may be nil.
func NewBundle(s *Search, buffer []byte) *Bundle {
	open := appendEscaped([]byte(`{"fullUrl":"`), s.base+"/"+s.Resource.Type+"/")
	return &Bundle{search: s, open: open, entries: buffer[:0]}
}

// Len is the number of matches so far; Size is their encoded length.
func (b *Bundle) Len() int { return b.count }

// Size is the encoded length of the entries so far.
func (b *Bundle) Size() int { return len(b.entries) }

func (b *Bundle) begin() {
	if len(b.entries) > 0 {
		b.entries = append(b.entries, ',')
	}
	b.entries = append(b.entries, b.open...)
}

func (b *Bundle) close() {
	b.count++
	b.entries = append(b.entries, `,"search":{"mode":"match"}}`...)
}

// AddObservation adds a match.
func (b *Bundle) AddObservation(o *Observation) {
	b.begin()
	from := len(b.entries)
	b.entries = appendObservationID(b.entries, o.Patient, o.Key)
	id := b.entries[from:]
	b.entries = appendObservation(append(b.entries, `","resource":`...), o, id)
	b.close()
}

// Add adds a match that is encoded already.
func (b *Bundle) Add(id string, encoded []byte) {
	b.begin()
	b.entries = appendEscaped(b.entries, id)
	b.entries = append(append(b.entries, `","resource":`...), encoded...)
	b.close()
}

// addOutcome tells the client what was ignored.
func (b *Bundle) addOutcome(issues []Issue) {
	if len(b.entries) > 0 {
		b.entries = append(b.entries, ',')
	}
	b.entries = AppendOutcome(append(b.entries, `{"resource":`...), issues...)
	b.entries = append(b.entries, `,"search":{"mode":"outcome"}}`...)
}

// Finish is the Bundle with its links; next is nil on the last page. An empty list is left out, as
// FHIR demands.
func (b *Bundle) Finish(next *Cursor) []byte {
	if len(b.search.Warnings) > 0 {
		b.addOutcome(b.search.Warnings)
	}
	dst := make([]byte, 0, len(b.entries)+1024)
	dst = append(dst, `{"resourceType":"Bundle","type":"searchset","link":[{"relation":"self","url":`...)
	dst = append(appendString(dst, b.search.link(b.search.After)), '}')
	if next != nil {
		dst = append(appendString(append(dst, `,{"relation":"next","url":`...), b.search.link(next)), '}')
	}
	dst = append(dst, ']')
	if len(b.entries) > 0 {
		dst = append(append(append(dst, `,"entry":[`...), b.entries...), ']')
	}
	return append(dst, '}')
}
