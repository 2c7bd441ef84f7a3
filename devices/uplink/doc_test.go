package uplink_test

import (
	"encoding/hex"
	"errors"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/fxamacker/cbor/v2"
	"github.com/google/go-cmp/cmp"

	"vigil/devices/uplink"
	"vigil/vitals"
)

// examples are the annotated bytes in the documentation, by name.
func examples(t *testing.T) map[string][]byte {
	t.Helper()
	page, err := os.ReadFile("../../docs/hub-protocol.md")
	if err != nil {
		t.Fatal(err)
	}
	found := map[string][]byte{}
	for _, block := range regexp.MustCompile("(?s)```hex (\\w+)\n(.*?)```").FindAllStringSubmatch(string(page), -1) {
		digits := regexp.MustCompile(`#.*|\s`).ReplaceAllString(block[2], "")
		b, err := hex.DecodeString(digits)
		if err != nil {
			t.Fatalf("example %s: %v", block[1], err)
		}
		found[block[1]] = b
	}
	return found
}

func TestDocumentationShowsRealBytes(t *testing.T) {
	shown := examples(t)
	m, err := uplink.Decode(shown["message"])
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(oneReading(), m); diff != "" {
		t.Error(diff)
	}
	if again, err := m.Encode(); err != nil || string(again) != string(shown["message"]) {
		t.Errorf("encoded as %x, %v", again, err)
	}
	ack, err := uplink.DecodeAck(shown["ack"])
	if err != nil || !cmp.Equal(ack, uplink.Ack{Positions: []uplink.Position{{Device: patch, Stream: 7, Upto: 41}}}) {
		t.Errorf("ack %+v, %v", ack, err)
	}
	nack, err := uplink.DecodeNack(shown["nack"])
	faulty, marshalErr := cbor.Marshal(with(with(header(), 2, 42), 7, []any{without(reading(), 6)}))
	if marshalErr != nil {
		t.Fatal(marshalErr)
	}
	_, refusal := uplink.Decode(faulty)
	place, named := errors.AsType[*uplink.HeaderError](refusal)
	if !named {
		t.Fatalf("refused with %v", refusal)
	}
	want := uplink.Nack{Device: place.Device, Stream: place.Stream, Seq: place.Seq, Code: uplink.CodeMalformed, Reason: place.Err.Error()}
	if err != nil || nack != want {
		t.Errorf("nack %+v, %v", nack, err)
	}
}

func TestDocumentationListsEveryKind(t *testing.T) {
	page, err := os.ReadFile("../../docs/hub-protocol.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range vitals.Kinds() {
		if code := k.Info().MDC; !strings.Contains(string(page), strconv.FormatUint(uint64(code), 10)) {
			t.Errorf("%s (%d) is not in the table", k, code)
		}
	}
	for _, e := range vitals.EventCodes {
		if !strings.Contains(string(page), `"`+string(e)+`"`) {
			t.Errorf("event %s is not in the layout", e)
		}
	}
}
