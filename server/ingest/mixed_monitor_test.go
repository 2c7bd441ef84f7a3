package ingest_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vigil/vitals"
)

// By HL7, a message of which anything is stored is accepted, and each value that is not is named in an ERR.
func TestABadValueOfAMonitorCostsNoOther(t *testing.T) {
	w, door := openMLLP(t, nil)
	rows := []string{
		`MSH|^~\&|MONITOR|WARD|VIGIL|HERE|20260301120000+0000||ORU^R01^ORU_R01|17|P|2.6`, `PID|||4711^^^Hospital^MR`,
		`OBR|1||0009FBFFFF9B42B3^^^EUI-64|69837^MDC_OBS_HEMODYN^MDC|||20260301120000`,
	}
	obx := func(code, place, value string, at time.Time, device string) {
		rows = append(rows, fmt.Sprintf("OBX|%d|NM|%s^^MDC|%s|%s|264864^^MDC|||||F|||%s||||%s", len(rows)-2, code, place, value, at.Format("20060102150405"), device))
	}
	const rate = "147842"
	obx(rate, "1.2.1.1", "69", noon.Add(-2*time.Hour), "")
	for i := range 10 {
		obx(rate, "1.2.1.1", strconv.Itoa(70+i), noon.Add(time.Duration(i-9)*time.Second), "")
	}
	obx(rate, "1.2.1.1", "79", noon, "")
	obx("999999", "1.2.1.9", "1", noon, "") // a setting, perhaps: monitors send many that are not charted
	obx(rate, "1.2.1.1", "412", noon, "")
	obx(rate, "1.2.1.1", "high", noon, "")
	obx(rate, "1.9.1.1", "71", noon, "0009FBFFFF000000^^0009FBFFFF000000^EUI-64")
	obx(rate, "1.2.1.1", "72", noon.Add(time.Hour), "")
	message := strings.Join(rows, "\r") + "\r"

	bed := atBed(t, door)
	bed.send(frame(message))
	got := strings.Split(strings.TrimSpace(bed.answer()), "\r")
	want := []string{
		"MSA|AA|17",
		"ERR||OBX^1|102^^HL70357|W||||heart_rate at 2026-03-01T10:00:00Z: the device was not bound to the patient of the rest then",
		"ERR||OBX^14|102^^HL70357|W||||heart_rate 412 beats/minute is outside 20 to 300: implausible value",
		`ERR||OBX^15|102^^HL70357|W||||"high" is no number: malformed`,
		"ERR||OBX^16|204^^HL70357|W||||device 0009fbffff000000 was bound to nobody at 2026-03-01T12:00:00Z",
		"ERR||OBX^17|102^^HL70357|W||||heart_rate at 2026-03-01T13:00:00Z is more than 5m0s ahead of the server",
	}
	if diff := cmp.Diff(want, got[1:]); diff != "" {
		t.Errorf("answered (-want +got):\n%s", diff)
	}
	published, aside := w.seen()
	if len(published) != 1 || rates(published[0].Batch) != "70 71 72 73 74 75 76 77 78 79 79" {
		t.Errorf("%+v", published)
	}
	var reasons []string
	for _, a := range aside {
		reasons = append(reasons, a.Reason)
	}
	if all := strings.Join(reasons, "\n"); len(aside) != 3 || !strings.Contains(all, "OBX 14: heart_rate 412") || !strings.Contains(all, `OBX 15: "high"`) {
		t.Errorf("kept aside: %s", all)
	}
	bed.send(frame(message)) // whose answer was lost
	if got := bed.answer(); !strings.Contains(got, "MSA|AA|17\r") {
		t.Errorf("the second time: %q", got)
	}
	if published, _ := w.seen(); len(published) != 1 {
		t.Errorf("%d deliveries after the second time", len(published))
	}
}

// Of a monitor whose clock is an hour ahead nothing is taken, and the answer is no longer than it helps.
func TestAMonitorWhoseClockIsAheadIsToldSo(t *testing.T) {
	w, door := openMLLP(t, nil)
	rows := strings.Split(monitored("20260301120000", "20260301130000"), "\r")
	for i := range 200 {
		rows = append(rows, fmt.Sprintf("OBX|%d|NM|147842^^MDC|1.2.1.1|60|264864^^MDC|||||F", i+3))
	}
	bed := atBed(t, door)
	bed.send(frame(strings.Join(rows, "\r")))
	got := bed.answer()
	if !strings.Contains(got, "MSA|AR|17\r") || strings.Count(got, "ERR||OBX^") != 100 || !strings.Contains(got, "|E||||and 102 more\r") {
		t.Errorf("%d: %.400q", strings.Count(got, "ERR"), got)
	}
	if published, aside := w.seen(); len(published) != 0 || len(aside) != 1 || aside[0].Stream.Device != vitals.DeviceID("0009fbffff9b42b3") {
		t.Errorf("%d published, %+v", len(published), aside)
	}
}
