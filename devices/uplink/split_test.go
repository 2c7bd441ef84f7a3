package uplink_test

import (
	"bytes"
	"errors"
	"slices"
	"testing"

	"vigil/devices"
	"vigil/devices/uplink"
)

func TestASequenceThatBreaksOffGivesWhatStandsBefore(t *testing.T) {
	good, err := oneReading().Encode()
	if err != nil {
		t.Fatal(err)
	}
	null := []byte{0xa1, 0x07, 0xf6} // no message, and not the end of the sequence
	parts, err := uplink.Split(slices.Concat(good, null, good, good[:9]))
	refused(t, err, "message 4 of the sequence: the bytes end too early")
	if len(parts) != 3 || !bytes.Equal(parts[0], good) || !bytes.Equal(parts[1], null) || !bytes.Equal(parts[2], good) {
		t.Errorf("%x", parts)
	}
}

// FuzzSequences takes any bytes apart. The parts are the beginning of them, and each is a message or refused; what
// of a message can be read is a message.
func FuzzSequences(f *testing.F) {
	one, err := oneReading().Encode()
	if err != nil {
		f.Fatal(err)
	}
	ecg, err := ecgSecond().Encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(slices.Concat(one, ecg))
	f.Add(slices.Concat(one, []byte{0xa1, 0x07, 0xf6}, one[:9]))
	f.Fuzz(func(t *testing.T, body []byte) {
		parts, err := uplink.Split(body)
		if err != nil && !errors.Is(err, devices.ErrMalformed) {
			t.Fatal(err)
		}
		if all := bytes.Join(parts, nil); !bytes.HasPrefix(body, all) || err == nil && len(all) != len(body) {
			t.Fatalf("%x is not what %x begins with", all, body)
		}
		for _, part := range parts {
			m, err := uplink.Decode(part)
			if err != nil && !errors.Is(err, devices.ErrMalformed) {
				t.Fatal(err)
			}
			if m.Batch.Empty() {
				continue
			}
			if _, err := m.Encode(); err != nil {
				t.Fatalf("what was read of %x: %v", part, err)
			}
		}
	})
}
