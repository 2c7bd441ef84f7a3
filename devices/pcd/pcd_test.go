package pcd_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"vigil/devices"
	"vigil/devices/pcd"
	"vigil/vitals"
)

const monitor = vitals.DeviceID("0009fbffff9b42b3")

// message is a message of one heart rate; change replaces text in it.
func message(change ...string) []byte {
	text := strings.Join([]string{
		`MSH|^~\&|MONITOR|WARD|VIGIL|HERE|20260301090010+0100||ORU^R01^ORU_R01|17|P|2.6`,
		`PID|||4711^^^Hospital^MR~99^^^Hospital^VN`,
		`OBR|1|||69837^MDC_OBS_HEMODYN^MDC|||20260301090005`,
		`OBX|1||69965^^MDC|1.0.0.0|||||||X|||||||0009FBFFFF9B42B3^^0009FBFFFF9B42B3^EUI-64`,
		`OBX|2|NM|147842^MDC_ECG_HEART_RATE^MDC|1.2.1.1|60|264864^^MDC|||||F|||20260301090006`,
	}, "\r") + "\r"
	return []byte(strings.NewReplacer(change...).Replace(text))
}

func TestAMessageNamesPatientDeviceAndTime(t *testing.T) {
	m, err := pcd.Decode(message())
	if err != nil {
		t.Fatal(err)
	}
	if m.Control != "17" || m.Test || len(m.Records) != 1 || m.Records[0] != "4711" {
		t.Errorf("the record number, not that of the visit: %+v", m)
	}
	if len(m.Batches) != 1 || m.Batches[0].Device != monitor || m.Ignored != 1 {
		t.Fatalf("%+v", m)
	}
	want := vitals.Reading{
		Kind: vitals.HeartRate, Value: vitals.Int(60), TimeQuality: vitals.TimeDeviceUnverified,
		Time: time.Date(2026, 3, 1, 8, 0, 6, 0, time.UTC), // in the zone of the message
	}
	if got := m.Batches[0].Readings[0]; got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}

func TestAValueIsChartedOrRefusedWithTheReason(t *testing.T) {
	for name, story := range map[string]struct {
		change []string
		want   string // refusal; empty: charted
		unit   string // value that is charted
	}{
		"as it is":                            {nil, "", "60"},
		"a plus sign":                         {[]string{"|60|", "|+60|"}, "", "60"},
		"a unit of UCUM":                      {[]string{"264864^^MDC", "{beats}/min^^UCUM"}, "", "60"},
		"the device is that of the channel":   {[]string{"1.0.0.0", "1.2.1.0"}, "", "60"},
		"the device is that of the row":       {[]string{"1.0.0.0", "1.2.1.1"}, "", "60"},
		"the value is a facet of a metric":    {[]string{"1.2.1.1|", "1.2.1.1.1|"}, "", "60"},
		"escaped text around it":              {[]string{"MDC_ECG_HEART_RATE", `Heart \T\ rate \.br\ \X41\`}, "", "60"},
		"the device is another's":             {[]string{"1.0.0.0", "2.0.0.0"}, "no EUI-64", ""},
		"the device has a serial number only": {[]string{"^EUI-64", "^L"}, "no EUI-64", ""},
		"no unit":                             {[]string{"264864^^MDC", ""}, "without a unit", ""},
		"percent":                             {[]string{"264864^^MDC", "262688^^MDC"}, "not a unit", ""},
		"a unit of nobody":                    {[]string{"264864^^MDC", "bpm^^L"}, "without a unit", ""},
		"a demonstration":                     {[]string{"MDC|||||F", "MDC||DEMO|||F"}, "nobody's value", ""},
		"a test that is doubtful, too":        {[]string{"MDC|||||F", "MDC||QUES~TEST|||F"}, "nobody's value", ""},
		"a text where a number belongs":       {[]string{"|60|", "|sixty|"}, "no number", ""},
		"the type is text":                    {[]string{"2|NM|", "2|ST|"}, "not NM", ""},
		"a value that is taken back":          {[]string{"|F|", "|D|"}, "takes a value back", ""},
		"a day without a time":                {[]string{"20260301090006", "20260301"}, "no time", ""},
		"the 31st of February":                {[]string{"20260301090006", "20260231090006"}, "no time", ""},
		"no offset anywhere":                  {[]string{"20260301090010+0100", "20260301090010"}, "no offset", ""},
	} {
		t.Run(name, func(t *testing.T) {
			m, err := pcd.Decode(message(story.change...))
			if err != nil {
				t.Fatal(err)
			}
			if story.want == "" {
				if len(m.Refused) > 0 || len(m.Batches) != 1 || m.Batches[0].Readings[0].Value.String() != story.unit {
					t.Errorf("%+v", m)
				}
				return
			}
			if len(m.Refused) != 1 || m.Refused[0].OBX != 2 || !strings.Contains(m.Refused[0].Reason, story.want) || len(m.Batches) != 0 {
				t.Errorf("%+v, want …%s…", m, story.want)
			}
		})
	}
}

func TestAValueThatTheMonitorDoubtsIsChartedAsWhatItIs(t *testing.T) {
	for flag, want := range map[string]vitals.Reading{
		"QUES":     {Quality: vitals.Questionable, Value: vitals.Int(60)},
		"CAL":      {Quality: vitals.Questionable, Value: vitals.Int(60)},
		"INV":      {Absent: vitals.DeviceError},
		"NAV":      {Absent: vitals.DeviceError},
		"QUES~INV": {Quality: vitals.Questionable, Absent: vitals.DeviceError},
	} {
		m, err := pcd.Decode(message("MDC|||||F", "MDC||"+flag+"|||F"))
		if err != nil || len(m.Batches) != 1 {
			t.Fatalf("%s: %+v %v", flag, m, err)
		}
		if got := m.Batches[0].Readings[0]; got.Quality != want.Quality || got.Absent != want.Absent || got.Value != want.Value {
			t.Errorf("%s: %+v", flag, got)
		}
	}
}

func TestAMessageThatCannotBeReadIsRefusedWhole(t *testing.T) {
	for name, story := range map[string]struct {
		message []byte
		want    string
	}{
		"nothing":                      {nil, "does not begin with MSH"},
		"something else":               {[]byte("GET / HTTP/1.1\r\n"), "does not begin with MSH"},
		"delimiters that are the same": {message(`^~\&`, `^^\&`), "delimiters"},
		"delimiters that are letters":  {message(`MSH|`, `MSHA`), "delimiters"},
		"an admission":                 {message("ORU^R01^ORU_R01", "ADT^A01"), "ORU^R01 is"},
		"no number":                    {message("|17|", "||"), "MSH-10"},
		"HL7 version 3":                {message("|2.6", "|3"), "not HL7 2"},
		"a set of letters of Japan":    {message("|2.6", "|2.6||||||ISO IR87"), "not understood"},
		"bytes that are no text":       {message("WARD", "W\xffRD"), "bytes that are no ASCII"},
		"ten thousand segments":        {[]byte(string(message()) + strings.Repeat("NTE|\r", 10_000)), "segments"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := pcd.Decode(story.message)
			if !errors.Is(err, devices.ErrMalformed) || !strings.Contains(err.Error(), story.want) {
				t.Errorf("%v, want …%s…", err, story.want)
			}
		})
	}
	if _, err := pcd.ReadHeader(message("|17|", "||")); err == nil {
		t.Error("a header without a number")
	}
	if m, _ := pcd.Decode(message("|P|", "|T^|")); !m.Test {
		t.Error("a message for training is of a patient")
	}
}

func TestTheAnswerNamesTheMessageAndTheFault(t *testing.T) {
	h, err := pcd.ReadHeader(message("|17|", `|1\T\7|`))
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 3, 1, 8, 0, 11, 250e6, time.UTC)
	got := string(pcd.Answer(h, pcd.Accepted, now, pcd.Trouble{OBX: 2, Error: pcd.ErrorType, Severity: "W", Reason: "60|70 is no\rnumber"}))
	want := "MSH|^~\\&|VIGIL|HERE|MONITOR|WARD|20260301080011.250+0000||ACK^R01^ACK|1772352011250000|P|2.6||||||UNICODE UTF-8\r" +
		"MSA|AA|1\\T\\7\r" +
		"ERR||OBX^2|102^^HL70357|W||||60\\F\\70 is no number\r"
	if got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}
