package main_test

import (
	"bytes"
	"errors"
	"flag"
	"log/slog"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	hub "vigil/devices/hub"
)

func TestDecodeShowsAnIntegratorWhatArrives(t *testing.T) {
	stories := map[string]struct {
		args    []string
		payload string
		want    []string // lines, without their indentation
		refused bool
	}{
		"a heart rate": {
			args: []string{"-characteristic", "2A37", "0055"},
			want: []string{`"decoder": "gatt/2a37",`, `"kind": "heart_rate",`, `"value": 85,`, `"unit": "/min",`, `"quality": "good"`, `"time": "2026-11-20T12:00:00Z",`},
		},
		"a temperature keeps the zero that the thermometer sent": {
			args: []string{"-characteristic", "0x2a1c", "00 4C 0E 00 FE", "004C0E00FD"},
			want: []string{`"value": 36.60,`, `"value": 3.660,`, `"implausible": "temperature 3.660 °C is outside 25 to 45: implausible value"`},
		},
		"a value that is cut off": {
			args:    []string{"-characteristic", "2A37", "00"},
			want:    []string{`"refused": "heart rate needs 1 bytes, 0 are left: malformed"`},
			refused: true,
		},
		"a Cassia gateway whose handles are known": {
			args:    []string{"-gateway", "cassia", "-handle", "52=2A37"},
			payload: `{"value":"08560000","handle":52,"id":"63:B4:C5:46:5C:A2","dataType":"notification"}`,
			want:    []string{`"device": "63b4c5465ca2",`, `"value": 86,`},
		},
		"an array of which one part is refused": {
			args:    []string{"-gateway", "tenovi"},
			payload: `[{"metric":"spO2","hwi_device_id":"a","value_1":"96.5","timestamp":"2026-11-20T11:00:00Z"},{"metric":"spO2"}]`,
			want:    []string{`"value": 96.5,`, `"refused": "hwi_device_id is missing: malformed"`, `"time_quality": "device",`},
			refused: true,
		},
		"a notification says what would be fetched": {
			args:    []string{"-gateway", "withings"},
			payload: "userid=12345&appli=1&startdate=1530576000&enddate=1530698753\n",
			want:    []string{`"account": "12345",`, `"from": "2018-07-03T00:00:00Z",`},
		},
		"what is no JSON": {
			args: []string{"-gateway", "tenovi"}, payload: "hello",
			want:    []string{`"refused": "invalid character 'h' looking for beginning of value: malformed"`},
			refused: true,
		},
		"what there is": {args: []string{"-list"}, want: []string{`"decoder": "gatt/2a37"`, `"decoder": "gateway/tenovi",`, `"about": "Tenovi measurement webhook"`}},
		"a characteristic by its UUID": {
			args: []string{"-characteristic", "00002A37-0000-1000-8000-00805F9B34FB", "0055"},
			want: []string{`"decoder": "gatt/2a37",`, `"value": 85,`},
		},
		"an ECG by its UUID": {
			args: []string{"-characteristic", "FB005C82-02E7-F387-1CAD-8ACD2D8DF0C8", "00009435770000000000010000"},
			want: []string{`"decoder": "gatt/pmd",`, `"kind": "ecg",`},
		},
	}
	for name, story := range stories {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			args := append([]string{"decode", "-at", "2026-11-20T12:00:00Z"}, story.args...)
			err := hub.Command(t.Context(), args, strings.NewReader(story.payload), &out, slog.New(slog.DiscardHandler))
			if refused := errors.Is(err, hub.ErrRefused); refused != story.refused || err != nil && !refused {
				t.Fatalf("ends with %v", err)
			}
			var lines []string
			for line := range strings.Lines(out.String()) {
				lines = append(lines, strings.TrimSpace(line))
			}
			for _, want := range story.want {
				if !strings.Contains("\n"+strings.Join(lines, "\n")+"\n", "\n"+want+"\n") {
					t.Errorf("no line %s in\n%s", want, out.String())
				}
			}
		})
	}
}

func TestDecodeSaysWhatItNeeds(t *testing.T) {
	for args, want := range map[string]string{
		"":                            "decode: one of -characteristic and -gateway is needed; -h shows how",
		"-characteristic 2A99 00":     "decode: there is no decoder gatt/2a99; -list shows those there are",
		"-characteristic 2AAA 00":     "decode: 2aaa is read for the connection itself, nothing is charted of it",
		"-characteristic 2A37":        "decode: a value is needed, in hexadecimal",
		"-characteristic 2A37 hello":  `decode: value "hello": encoding/hex: invalid byte: U+0068 'h'`,
		"-gateway cassia -handle 52":  `decode: handle "52": 52=2A37 is the form`,
		"-gateway nest":               `decode: there is no source "nest", only ` + "apple-ecg, cassia, google-health, health-auto-export, json, minew, open-mhealth, tenovi, theengs, withings",
		"-device strap -gateway json": `device: "strap": device id must be 12 or 16 hexadecimal digits`,
		"-at noon -gateway json":      `time of arrival: parsing time "noon" as "2006-01-02T15:04:05Z07:00": cannot parse "noon" as "2006"`,
	} {
		var out bytes.Buffer
		err := hub.Command(t.Context(), append([]string{"decode"}, strings.Fields(args)...), strings.NewReader("{}"), &out, slog.New(slog.DiscardHandler))
		if err == nil {
			t.Errorf("%q: nothing is wrong", args)
			continue
		}
		if diff := cmp.Diff(want, err.Error()); diff != "" {
			t.Errorf("%q:%s", args, diff)
		}
	}
	var help bytes.Buffer
	err := hub.Command(t.Context(), []string{"decode", "-h"}, nil, &help, slog.New(slog.DiscardHandler))
	if !errors.Is(err, flag.ErrHelp) || !strings.Contains(help.String(), "vigil-hub decode -characteristic 2A37 0055") {
		t.Errorf("%v, %s", err, help.String())
	}
}
