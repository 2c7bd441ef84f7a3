package gatt_test

import (
	"errors"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"vigil/devices"
	"vigil/devices/gatt"
	"vigil/vitals"
)

func TestWhateverADeviceSaysOfItselfIsText(t *testing.T) {
	for name, c := range map[string]struct{ value, want string }{
		"as the specification has it":      {"H10", "H10"},
		"filled up with NUL":               {"7E37D222\x00\x00\x00\x00", "7E37D222"},
		"rubbish behind its end":           {"5.0.0\x00\xde\xad\xbe\xef", "5.0.0"},
		"filled up with spaces":            {"  UA-651BLE   ", "UA-651BLE"},
		"nothing":                          {"", ""},
		"nothing but NUL":                  {"\x00\x00\x00", ""},
		"another script":                   {"血压计", "血压计"},
		"Latin 1 instead of UTF-8":         {"M\xfcller", "Mller"},
		"random bytes":                     {"\xff\xfe\x80\x81", ""},
		"lines and colours of a terminal":  {"H10\r\n\x1b[31mred", "H10[31mred"},
		"written from right to left":       {"\u202eGNP.exe", "GNP.exe"},
		"512 bytes":                        {strings.Repeat("x", 512), strings.Repeat("x", gatt.MaxText)},
		"cut within a sign":                {strings.Repeat("x", gatt.MaxText-1) + "计", strings.Repeat("x", gatt.MaxText-1)},
		"more than an attribute may have":  {strings.Repeat("\xff", 600) + "x", ""},
		"markup, which is text like other": {"<b>H10</b>", "<b>H10</b>"},
	} {
		if got := gatt.DecodeText([]byte(c.value)); got != c.want {
			t.Errorf("%s: %q", name, got)
		}
	}
}

func TestPartsOfAUniqueDeviceIdentifier(t *testing.T) {
	const label, id, issuer, authority = "(01)00844588003288(17)141120(10)7654321D(21)10987654d321", "00844588003288", "2.51", "2.16.840.1.113883.3.24"
	for name, c := range map[string]struct {
		value string
		want  vitals.UDI
	}{
		"all parts":                 {"\x0f" + label + "\x00" + id + "\x00" + issuer + "\x00" + authority + "\x00", vitals.UDI{Label: label, Identifier: id, Issuer: issuer, Authority: authority}},
		"without the last NUL":      {"\x03" + label + "\x00" + id, vitals.UDI{Label: label, Identifier: id}},
		"identifier and authority":  {"\x0a" + id + "\x00" + authority + "\x00", vitals.UDI{Identifier: id, Authority: authority}},
		"reserved flags":            {"\xf1" + label + "\x00", vitals.UDI{Label: label}},
		"none":                      {"\x00", vitals.UDI{}},
		"an empty part":             {"\x03\x00" + id + "\x00", vitals.UDI{Identifier: id}},
		"not UTF-8":                 {"\x02\xff" + id + "\x00", vitals.UDI{Identifier: id}},
		"a part that is too long":   {"\x03" + strings.Repeat("9", 200) + "\x00" + id + "\x00", vitals.UDI{Identifier: id}},
		"512 bytes without any end": {"\x01" + strings.Repeat("9", 511), vitals.UDI{}},
		"fewer parts than flags":    {"\x0f" + label + "\x00", vitals.UDI{}},
		"no flags":                  {"", vitals.UDI{}},
		"flags and nothing more":    {"\x0f", vitals.UDI{}},
	} {
		got, err := gatt.DecodeUDI([]byte(c.value))
		if got != c.want {
			t.Errorf("%s: %+v", name, got)
		}
		if faulty := strings.HasPrefix(name, "fewer") || strings.HasPrefix(name, "no flags") || strings.HasPrefix(name, "flags"); faulty != errors.Is(err, devices.ErrMalformed) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// FuzzDeviceInformation gives any bytes to what reads a device's description: what comes out is text that a page
// and a database can take.
func FuzzDeviceInformation(f *testing.F) {
	f.Add([]byte("H10\x00"))
	f.Add([]byte("\x0f(01)0\x000\x002.51\x002.16\x00"))
	f.Fuzz(func(t *testing.T, value []byte) {
		u, err := gatt.DecodeUDI(value)
		if err != nil && u != (vitals.UDI{}) {
			t.Errorf("%+v with %v", u, err)
		}
		for text, most := range map[string]int{
			gatt.DecodeText(value): gatt.MaxText, u.Label: gatt.MaxUDI, u.Identifier: gatt.MaxUDI, u.Issuer: gatt.MaxUDI, u.Authority: gatt.MaxUDI,
		} {
			if len(text) > most || !utf8.ValidString(text) || strings.TrimSpace(text) != text || strings.ContainsFunc(text, unicode.IsControl) {
				t.Errorf("%q", text)
			}
		}
		if id, err := gatt.DecodeSystemID(value); err == nil && len(id) != 16 {
			t.Errorf("system id %q", id)
		}
	})
}
