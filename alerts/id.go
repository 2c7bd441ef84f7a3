package alerts

import (
	"crypto/sha256"
	"encoding/binary"
	"time"

	"vigil/vitals"
)

// crockford is the alphabet of a ULID: no I, L, O or U.
const crockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// NewAlarmID names the episode that began at onset. It has the shape of a ULID, so that alarms
// sort by onset: 48 bits of milliseconds, then 80 bits that only depend on what is named.
func NewAlarmID(p vitals.PatientID, c Condition, site string, onset time.Time) AlarmID {
	return nameAfter(onset, string(p), string(c), site)
}

func nameAfter(onset time.Time, parts ...string) AlarmID {
	h := sha256.New()
	for _, part := range parts {
		_, _ = h.Write(binary.BigEndian.AppendUint32(nil, uint32(len(part)))) // a hash never fails
		_, _ = h.Write([]byte(part))
	}
	_, _ = h.Write(binary.BigEndian.AppendUint64(nil, uint64(onset.UnixMicro())))
	sum := h.Sum(nil)

	hi := uint64(onset.UnixMilli())<<16 | uint64(binary.BigEndian.Uint16(sum))
	lo := binary.BigEndian.Uint64(sum[2:])
	var text [26]byte
	for i := len(text) - 1; i >= 0; i-- { // five bits at a time from the right; the first digit holds three
		text[i] = crockford[lo&31]
		lo = lo>>5 | hi<<59
		hi >>= 5
	}
	return AlarmID(text[:])
}
