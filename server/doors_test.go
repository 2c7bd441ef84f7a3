package main_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"vigil/server/porttest"
	"vigil/vitals"
)

// TestWhatTheStandardDoorsAnsweredOutlivesTheServer uploads over FHIR and over MLLP, kills the server the moment
// that it has answered, and finds every value.
func TestWhatTheStandardDoorsAnsweredOutlivesTheServer(t *testing.T) {
	t.Parallel()
	mllp := porttest.New(t).String()
	s := newServer(t, "server", "VIGIL_MLLP_ADDR="+mllp)
	s.start()
	s.ready()
	admin := s.admin()
	oximeter, monitor := deviceNamed("oximeter"), vitals.DeviceID("0009fbffff9b42b3")
	patient := admin.admit("MRN-doors", oximeter, monitor)
	secret := admin.enrolHub("gateway-1")

	now := time.Now().UTC().Truncate(time.Second)
	observation := fmt.Sprintf(`{"resourceType":"Observation","status":"final","identifier":[{"system":"urn:x","value":"1"}],
		"code":{"coding":[{"system":"urn:iso:std:iso:11073:10101","code":"150456"}]},"subject":{"identifier":{"value":"MRN-doors"}},
		"device":{"reference":"Device/%s"},"effectiveDateTime":%q,
		"valueQuantity":{"value":97,"system":"http://unitsofmeasure.org","code":"%%"}}`, oximeter, now.Format(time.RFC3339))
	post := func() (status int, place string) {
		t.Helper()
		r, err := http.NewRequest(http.MethodPost, "http://"+s.http+"/fhir/r4/Observation", strings.NewReader(observation))
		if err != nil {
			t.Fatal(err)
		}
		r.SetBasicAuth("gateway-1", secret)
		r.Header.Set("Content-Type", "application/fhir+json")
		r.Header.Set("If-None-Exist", "identifier=urn:x|1")
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = res.Body.Close() }()
		said, _ := io.ReadAll(res.Body)
		if res.StatusCode >= http.StatusBadRequest {
			t.Fatalf("%s: %s", res.Status, said)
		}
		return res.StatusCode, strings.TrimPrefix(res.Header.Get("Location"), "http://"+s.http)
	}
	status, place := post()
	if status != http.StatusCreated {
		t.Errorf("created with %d", status)
	}
	stamp := now.Format("20060102150405")
	message := "\x0b" + strings.Join([]string{
		`MSH|^~\&|MONITOR|WARD|||` + stamp + `+0000||ORU^R01^ORU_R01|1|P|2.6`, `PID|||MRN-doors^^^Hospital^MR`,
		`OBR|1||0009FBFFFF9B42B3^^^EUI-64|69837^MDC_OBS_HEMODYN^MDC|||` + stamp,
		`OBX|1|NM|147842^MDC_ECG_HEART_RATE^MDC|1.2.1.1|72|264864^^MDC|||||F`,
	}, "\r") + "\r\x1c\r"
	send := func() string {
		t.Helper()
		conn, err := net.Dial("tcp", mllp)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = conn.Close() }()
		_ = conn.SetDeadline(time.Now().Add(storedWithin))
		if _, err := io.WriteString(conn, message); err != nil {
			t.Fatal(err)
		}
		answer, err := bufio.NewReader(conn).ReadString(0x1c)
		if err != nil {
			t.Fatal(err)
		}
		return answer
	}
	if answer := send(); !strings.Contains(answer, "MSA|AA|1\r") {
		t.Fatalf("%q", answer)
	}
	s.kill()

	s.start()
	s.ready()
	admin = s.admin()
	admin.must(http.MethodGet, place, nil, &struct{}{})
	var charted struct {
		Entry []struct {
			Resource struct {
				Value struct{ Value float64 } `json:"valueQuantity"`
			} `json:"resource"`
		} `json:"entry"`
	}
	values := func() (sum float64) {
		t.Helper()
		admin.must(http.MethodGet, "/fhir/r4/Observation?patient="+string(patient)+"&code=59408-5,8867-4", nil, &charted)
		for _, e := range charted.Entry {
			sum += e.Resource.Value.Value
		}
		return sum
	}
	if sum := values(); sum != 97+72 {
		t.Errorf("after the kill: %+v", charted)
	}
	if status, again := post(); status != http.StatusOK || again != place {
		t.Errorf("repeated: %d at %s", status, again)
	}
	if answer := send(); !strings.Contains(answer, "MSA|AA|1\r") {
		t.Errorf("repeated: %q", answer)
	}
	if sum := values(); sum != 97+72 {
		t.Errorf("counted twice: %+v", charted)
	}
}
