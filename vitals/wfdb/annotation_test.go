package wfdb_test

import (
	"encoding/binary"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"vigil/vitals/wfdb"
)

// Codes of the annotation format, as a file has them.
const (
	normal, ventricular, note, rhythm, skip, number, subtype, channel, aux = 1, 5, 22, 28, 59, 60, 61, 62, 63
)

// word is one word of an annotation file.
func word(code, value int) string {
	return string(binary.LittleEndian.AppendUint16(nil, uint16(code<<10|value&0x3ff)))
}

// far is a skip over more samples than a word can say.
func far(samples int32) string {
	high, low := uint16(uint32(samples)>>16), uint16(uint32(samples))
	return word(skip, 0) + string(binary.LittleEndian.AppendUint16(binary.LittleEndian.AppendUint16(nil, high), low))
}

// text is an auxiliary string, padded to whole words.
func text(s string) string {
	pad := ""
	if len(s)%2 == 1 {
		pad = "\x00"
	}
	return word(aux, len(s)) + s + pad
}

const end = "\x00\x00"

func TestAnnotationsReadTheMITFormat(t *testing.T) {
	tests := map[string]struct {
		bytes string
		want  []wfdb.Annotation
	}{
		"two beats, the second at a distance from the first": {
			word(normal, 100) + word(ventricular, 300) + end,
			[]wfdb.Annotation{{Sample: 100, Code: "N"}, {Sample: 400, Code: "V"}},
		},
		"a rhythm change says which": {
			word(rhythm, 18) + text("(AFIB") + word(normal, 2) + end,
			[]wfdb.Annotation{{Sample: 18, Code: "+", Aux: "(AFIB"}, {Sample: 20, Code: "N"}},
		},
		"an hour without annotations": {
			word(normal, 10) + far(900_000) + word(normal, 5) + end,
			[]wfdb.Annotation{{Sample: 10, Code: "N"}, {Sample: 900_015, Code: "N"}},
		},
		"a step back": {
			word(normal, 100) + far(-50) + word(normal, 10) + end,
			[]wfdb.Annotation{{Sample: 100, Code: "N"}, {Sample: 60, Code: "N"}},
		},
		"a subtype is of one annotation, a channel of all that follow": {
			word(14, 1) + word(subtype, -1) + word(channel, 1) + word(14, 1) + word(number, 3) + end,
			[]wfdb.Annotation{{Sample: 1, Code: "~", Subtype: -1, Channel: 1}, {Sample: 2, Code: "~", Channel: 1}},
		},
		"a code that nobody has named":         {word(45, 1) + end, []wfdb.Annotation{{Sample: 1, Code: "[45]"}}},
		"what belongs to no annotation":        {text("lost") + word(subtype, 1) + word(normal, 1) + end, []wfdb.Annotation{{Sample: 1, Code: "N"}}},
		"nothing behind the end counts":        {word(normal, 1) + end + word(normal, 1), []wfdb.Annotation{{Sample: 1, Code: "N"}}},
		"a file that ends without saying so":   {word(normal, 1) + "\x01", []wfdb.Annotation{{Sample: 1, Code: "N"}}},
		"an empty file":                        {"", nil},
		"fibrillation begins and ends":         {word(32, 7) + word(33, 7) + end, []wfdb.Annotation{{Sample: 7, Code: "["}, {Sample: 14, Code: "]"}}},
		"ticks of half a sample, and a filler": {word(note, 0) + text("## time resolution: 500") + far(-1) + word(0, 1) + word(normal, 100) + end, []wfdb.Annotation{{Sample: 50, Code: "N"}}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			dir := files(t, map[string]string{"r.hea": "r 0 250\n", "r.atr": test.bytes})
			got, err := wfdb.Annotations(dir, "r", "atr")
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAnnotationsRefuse(t *testing.T) {
	tests := map[string]struct {
		bytes string
		want  error
	}{
		"a skip that is cut off":                {word(normal, 1) + word(skip, 0) + "\x00\x00\x01", wfdb.ErrMalformed},
		"a text that is cut off":                {word(rhythm, 1) + word(aux, 5) + "(AFIB", wfdb.ErrMalformed},
		"a resolution that is no number":        {word(note, 0) + text("## time resolution: fine") + end, wfdb.ErrMalformed},
		"a resolution but no header to tell by": {word(note, 0) + text("## time resolution: 500") + end, fs.ErrNotExist},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if _, err := wfdb.Annotations(files(t, map[string]string{"r.atr": test.bytes}), "r", "atr"); !errors.Is(err, test.want) {
				t.Errorf("got %v, want %v", err, test.want)
			}
		})
	}
	if _, err := wfdb.Annotations(t.TempDir(), "r", "atr"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a missing file: %v", err)
	}
}

func TestAnnotationsReadWhatWasWritten(t *testing.T) {
	dir := t.TempDir()
	codes := map[string]int{"N": normal, "V": ventricular, "+": rhythm}
	rapid.Check(t, func(t *rapid.T) {
		want := rapid.SliceOf(rapid.Custom(func(t *rapid.T) wfdb.Annotation {
			return wfdb.Annotation{
				Sample:  rapid.Int64Range(0, 1<<30).Draw(t, "sample"),
				Code:    rapid.SampledFrom([]string{"N", "V", "+"}).Draw(t, "code"),
				Aux:     rapid.StringMatching(`(\([A-Z]{1,6})?`).Draw(t, "aux"),
				Subtype: rapid.IntRange(-128, 127).Draw(t, "subtype"),
				Channel: rapid.IntRange(0, 255).Draw(t, "channel"),
			}
		})).Draw(t, "annotations")
		var bytes strings.Builder
		at := int64(0)
		for _, a := range want {
			bytes.WriteString(far(int32(a.Sample-at)) + word(codes[a.Code], 0) + word(subtype, a.Subtype) + word(channel, a.Channel))
			if a.Aux != "" {
				bytes.WriteString(text(a.Aux))
			}
			at = a.Sample
		}
		if err := os.WriteFile(filepath.Join(dir, "r.atr"), []byte(bytes.String()+end), 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := wfdb.Annotations(dir, "r", "atr")
		if err != nil {
			t.Fatal(err)
		}
		if len(want) == 0 {
			want = nil
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatal(diff)
		}
	})
}

// FuzzAnnotations proves that no file makes the reader panic or return more than the bytes hold.
func FuzzAnnotations(f *testing.F) {
	f.Add([]byte(word(normal, 100) + word(subtype, 2) + word(channel, 1) + far(1<<20) + word(rhythm, 1) + text("(VT") + end))
	f.Add([]byte(word(note, 0) + text("## time resolution: 360") + far(-1) + word(0, 1)))
	f.Add([]byte(word(aux, 1023)))
	dir := files(f, map[string]string{"r.hea": "r 0 250\n"})
	f.Fuzz(func(t *testing.T, data []byte) {
		if err := os.WriteFile(filepath.Join(dir, "r.atr"), data, 0o600); err != nil {
			t.Fatal(err)
		}
		marks, err := wfdb.Annotations(dir, "r", "atr")
		if err == nil && len(marks) > len(data)/2 {
			t.Fatalf("%d annotations from %d bytes", len(marks), len(data))
		}
	})
}
