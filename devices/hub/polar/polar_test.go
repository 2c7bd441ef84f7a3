package polar_test

import (
	"context"
	"encoding/hex"
	"errors"
	"testing"

	"vigil/devices/hub/bluez"
	"vigil/devices/hub/polar"
)

// strap notes what it is told.
type strap struct {
	mtu   int
	told  []string
	fails error
}

func (s *strap) Characteristic(uuid string) (bluez.Characteristic, error) {
	return bluez.Characteristic{UUID: uuid, MTU: s.mtu}, s.fails
}

func (s *strap) Subscribe(_ context.Context, uuid string) error {
	s.told = append(s.told, "subscribe "+uuid[4:8])
	return nil
}

func (s *strap) Write(_ context.Context, uuid string, value []byte) error {
	s.told = append(s.told, "write "+uuid[4:8]+" "+hex.EncodeToString(value))
	return s.fails
}

func TestECGIsAskedForAsTheRecordedSessionDid(t *testing.T) {
	s := &strap{mtu: 517}
	if err := polar.Start(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	if err := polar.Stop(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	want := []string{"subscribe 5c81", "subscribe 5c82", "write 5c81 02000001820001010e00", "write 5c81 0300"}
	for i, w := range want {
		if i >= len(s.told) || s.told[i] != w {
			t.Fatalf("told %q, want %q", s.told, want)
		}
	}
}

func TestSmallPacketsAreSeenBeforeTheStrapIsTold(t *testing.T) {
	s := &strap{mtu: 65}
	if err := polar.Start(t.Context(), s); !errors.Is(err, polar.ErrMTU) || len(s.told) > 0 {
		t.Errorf("%v after %q", err, s.told)
	}
}

func TestAnswersOfTheStrap(t *testing.T) {
	for name, c := range map[string]struct {
		value   string
		refused bool
	}{
		"started":              {"f0020000000000", false},
		"was on already":       {"f00200060000", false},
		"packets too small":    {"f002000a00", true},
		"on the charger":       {"f002000d", true},
		"stopped":              {"f0030000", false},
		"answer to a question": {"f001000a00", false},
		"cut short":            {"f002", false},
		"features":             {"0f0500000000", false},
	} {
		value, err := hex.DecodeString(c.value)
		if err != nil {
			t.Fatal(err)
		}
		if err := polar.Answer(value); errors.Is(err, polar.ErrRefused) != c.refused {
			t.Errorf("%s: %v", name, err)
		}
	}
}
