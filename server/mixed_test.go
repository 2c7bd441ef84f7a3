package main_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/fxamacker/cbor/v2"

	"vigil/alerts"
	"vigil/server/porttest"
	"vigil/vitals"
)

// sugar is one value among those that a sender brings at once.
type sugar struct {
	kind   string // as MDC has it
	value  string // in mg/dL
	at     time.Time
	device vitals.DeviceID
}

// sugars are ten glucose values far too high, the newest of them twice, and one each of what must be refused.
func sugars(now time.Time, own vitals.DeviceID) (all []sugar) {
	const glucose = "160184"
	for i := range 10 {
		all = append(all, sugar{glucose, strconv.Itoa(400 + i), now.Add(time.Duration(i-9) * time.Minute), own})
	}
	return append(all, all[9],
		sugar{"999999", "1", now, own},                       // a kind that nobody knows
		sugar{glucose, "5000", now, own},                     // beyond what a body has
		sugar{glucose, `"high"`, now, own},                   // no number
		sugar{glucose, "410", now.Add(-48 * time.Hour), own}, // of a time before the patient came
		sugar{glucose, "411", now.Add(time.Hour), own},       // which has not come
		sugar{glucose, "412", now, "a09e1a0000ff"},           // nobody's
	)
}

// TestABadValueCostsNoOtherAtAnyDoor brings the same values twice through each door of a running server: the good ones are
// charted once and alarmed for, whatever stands beside them.
func TestABadValueCostsNoOtherAtAnyDoor(t *testing.T) {
	t.Parallel()
	mllp := porttest.New(t).String()
	s := newServer(t, "server", "VIGIL_MLLP_ADDR="+mllp)
	s.start()
	s.ready()
	admin := s.admin()
	hubSecret, gatewaySecret := admin.enrolHub("home-1"), admin.enrolHub("gateway-1")
	var registered struct{ Secret, Webhook string }
	admin.must(http.MethodPost, "/api/v1/gateways", map[string]any{"id": "own-1", "kind": "json", "name": "Own"}, &registered)
	post := func(path, user, secret, kind string, body []byte) string {
		t.Helper()
		r, err := http.NewRequest(http.MethodPost, "http://"+s.http+path, bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.SetBasicAuth(user, secret)
		r.Header.Set("Content-Type", kind)
		r.Header.Set("Accept", "application/json")
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = res.Body.Close() }()
		said, _ := io.ReadAll(res.Body)
		if res.StatusCode >= http.StatusBadRequest {
			t.Fatalf("%s: %s", res.Status, said)
		}
		return string(said)
	}
	doors := []struct {
		name   string
		device vitals.DeviceID
		bring  func([]sugar) (said string)
		told   []string // of the answer
	}{
		{"a webhook", "a09e1a0000d1", func(all []sugar) string {
			return post(registered.Webhook, "own-1", registered.Secret, "application/json", twinsOf(all))
		}, []string{`"place":"[0].readings[11]"`, `[0].readings[12]","code":"implausible"`, `[0].readings[13]","code":"malformed"`, `[0].readings[14]","code":"unbound"`, `[0].readings[15]","code":"future"`, `"place":"[1]","code":"unbound"`}},
		{"a hub", "a09e1a0000d2", func(all []sugar) string {
			var body []byte
			for i, m := range messagesOf(t, all) {
				m[2] = i + 1
				b, err := cbor.Marshal(m)
				if err != nil {
					t.Fatal(err)
				}
				body = append(body, b...)
			}
			return post("/ingest/v1/batches", "home-1", hubSecret, "application/cbor-seq", body)
		}, []string{"reading 11: code 999999", "reading 12: glucose 5000", "reading 13: UTF-8", "reading 14: glucose at", "reading 15: glucose at", "was bound to nobody"}},
		{"a FHIR batch", "a09e1a0000d3", func(all []sugar) string {
			return post("/fhir/r4", "gateway-1", gatewaySecret, "application/fhir+json", bundleOf(all))
		}, []string{"nothing that is charted here: 999999", "glucose 5000", "Bundle.entry[13]", "was bound to nobody", "ahead of the server", "Bundle.entry[16]"}},
		{"a monitor", "0009fbffff9b42d4", func(all []sugar) string {
			conn, err := net.Dial("tcp", mllp)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = conn.Close() }()
			_ = conn.SetDeadline(time.Now().Add(storedWithin))
			if _, err := io.WriteString(conn, "\x0b"+messageOf(all)+"\x1c\r"); err != nil {
				t.Fatal(err)
			}
			answer, err := bufio.NewReader(conn).ReadString(0x1c)
			if err != nil || !strings.Contains(answer, "MSA|AA|1\r") {
				t.Fatalf("%q %v", answer, err)
			}
			return answer
		}, []string{"ERR||OBX^13|", "ERR||OBX^14|", "ERR||OBX^15|", "ERR||OBX^16|", "ERR||OBX^17|"}},
	}
	now := time.Now().UTC().Truncate(time.Second)
	patients := map[string]vitals.PatientID{}
	for _, door := range doors {
		patients[door.name] = admin.admit("MRN "+door.name, door.device)
		all := sugars(now, door.device)
		said := door.bring(all)
		for _, want := range door.told {
			if !strings.Contains(said, want) {
				t.Errorf("%s is not told %s: %s", door.name, want, said)
			}
		}
		door.bring(all)
	}
	for name, patient := range patients {
		eventually(t, storedWithin, name+": each good value is charted once, and alarmed for", func() error {
			if n := admin.observations(patient); n != 10 {
				return fmt.Errorf("%d observations, want 10", n)
			}
			_, err := admin.only(patient, alerts.GlucoseHigh)
			return err
		})
	}
}

// twinsOf are the values as batches of JSON, one for each device.
func twinsOf(all []sugar) []byte {
	batches := map[vitals.DeviceID][]string{}
	for _, v := range all {
		kind := map[bool]string{true: "glucose", false: "aura"}[v.kind == "160184"]
		batches[v.device] = append(batches[v.device], fmt.Sprintf(`{"kind":%q,"value":%s,"unit":"mg/dL","time":%q}`, kind, v.value, rfc(v.at)))
	}
	own, other := all[0].device, all[len(all)-1].device
	return fmt.Appendf(nil, `[{"device":%q,"readings":[%s]},{"device":%q,"readings":[%s]}]`,
		own, strings.Join(batches[own], ","), other, strings.Join(batches[other], ","))
}

// messagesOf are the values as messages of a hub, one for each device, without their numbers.
func messagesOf(t *testing.T, all []sugar) []map[int]any {
	t.Helper()
	var messages []map[int]any
	for _, v := range all {
		if last := len(messages) - 1; last < 0 || v.device != all[0].device {
			var address []byte
			if _, err := fmt.Sscanf(string(v.device), "%x", &address); err != nil {
				t.Fatal(err)
			}
			messages = append(messages, map[int]any{0: 1, 1: 7, 3: v.at.UnixMicro(), 4: map[int]any{0: 1}, 5: 1, 6: address, 7: []any{}})
		}
		m := messages[len(messages)-1]
		reading := map[int]any{3: 0, 4: 264274, 6: v.at.UnixMicro()}
		for key, text := range map[int]string{1: v.kind, 2: v.value} {
			if number, err := fmt.Sscan(text, new(int)); number == 1 && err == nil {
				var n int
				_, _ = fmt.Sscan(text, &n)
				reading[key] = n
			} else {
				reading[key] = text
			}
		}
		items, _ := m[7].([]any)
		m[7] = append(items, reading)
	}
	return messages
}

// bundleOf is a batch with an Observation for each value.
func bundleOf(all []sugar) []byte {
	var entries []string
	for i, v := range all {
		entries = append(entries, fmt.Sprintf(`{"resource":{"resourceType":"Observation","status":"final","identifier":[{"system":"urn:x","value":"%d"}],
			"code":{"coding":[{"system":"urn:iso:std:iso:11073:10101","code":%q}]},"subject":{"identifier":{"value":"MRN a FHIR batch"}},
			"device":{"reference":"Device/%s"},"effectiveDateTime":%q,
			"valueQuantity":{"value":%s,"system":"http://unitsofmeasure.org","code":"mg/dL"}},"request":{"method":"POST","url":"Observation"}}`,
			i, v.kind, v.device, rfc(v.at), v.value))
	}
	return fmt.Appendf(nil, `{"resourceType":"Bundle","type":"batch","entry":[%s]}`, strings.Join(entries, ","))
}

// messageOf is a message ORU^R01 with a row for each value.
func messageOf(all []sugar) string {
	const stamp = "20060102150405"
	rows := []string{
		`MSH|^~\&|MONITOR|WARD|||` + all[9].at.Format(stamp) + `+0000||ORU^R01^ORU_R01|1|P|2.6`, `PID|||MRN a monitor^^^Hospital^MR`,
		fmt.Sprintf(`OBR|1||%s^^^EUI-64|69837^MDC_OBS_HEMODYN^MDC|||%s`, strings.ToUpper(string(all[0].device)), all[9].at.Format(stamp)),
	}
	for i, v := range all {
		place, device := "1.2.1.1", ""
		if v.device != all[0].device {
			place, device = "1.9.1.1", fmt.Sprintf("%s^^%s^EUI-48", v.device, v.device)
		}
		rows = append(rows, fmt.Sprintf("OBX|%d|NM|%s^^MDC|%s|%s|264274^^MDC|||||F|||%s||||%s", i+1, v.kind, place, strings.Trim(v.value, `"`), v.at.Format(stamp), device))
	}
	return strings.Join(rows, "\r") + "\r"
}
