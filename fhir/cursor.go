package fhir

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"hash/fnv"
	"time"
)

// errCursor is the error about a cursor that this server did not make for this search.
var errCursor = errors.New("the page link is damaged or belongs to another search")

// Cursor is the place behind which the next page begins. It holds all that is needed, so it never
// expires and any server can continue.
type Cursor struct {
	Time time.Time
	Code uint32 // MDC code of the Observation; zero for other resources
	ID   string // device of the Observation, or id of the resource
}

// The layout: version, fingerprint of the search, microseconds, code, id, CRC32C over it all. The
// checksum is against damage; what a reader may see is decided anew on every page.
const (
	cursorVersion = 1
	cursorFixed   = 1 + 4 + 8 + 4
	cursorSum     = 4
	maxCursorID   = 128
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// encode makes the cursor opaque, bound to the search with the fingerprint.
func (c Cursor) encode(fingerprint uint32) string {
	raw := make([]byte, 0, cursorFixed+len(c.ID)+cursorSum)
	raw = append(raw, cursorVersion)
	raw = binary.BigEndian.AppendUint32(raw, fingerprint)
	raw = binary.BigEndian.AppendUint64(raw, uint64(c.Time.UnixMicro()))
	raw = binary.BigEndian.AppendUint32(raw, c.Code)
	raw = append(raw, c.ID...)
	raw = binary.BigEndian.AppendUint32(raw, crc32.Checksum(raw, castagnoli))
	return base64.RawURLEncoding.EncodeToString(raw)
}

// decodeCursor reads a cursor that was made for the search with the fingerprint.
func decodeCursor(text string, fingerprint uint32) (Cursor, error) {
	if len(text) > base64.RawURLEncoding.EncodedLen(cursorFixed+maxCursorID+cursorSum) {
		return Cursor{}, errCursor
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(raw) < cursorFixed+cursorSum || raw[0] != cursorVersion {
		return Cursor{}, errCursor
	}
	body, sum := raw[:len(raw)-cursorSum], binary.BigEndian.Uint32(raw[len(raw)-cursorSum:])
	if crc32.Checksum(body, castagnoli) != sum || binary.BigEndian.Uint32(body[1:]) != fingerprint {
		return Cursor{}, errCursor
	}
	return Cursor{
		Time: time.UnixMicro(int64(binary.BigEndian.Uint64(body[5:]))).UTC(),
		Code: binary.BigEndian.Uint32(body[13:]),
		ID:   string(body[cursorFixed:]),
	}, nil
}

// fingerprintOf tells searches apart.
func fingerprintOf(search string) uint32 {
	h := fnv.New32a()
	_, _ = h.Write([]byte(search)) // a hash never fails
	return h.Sum32()
}
