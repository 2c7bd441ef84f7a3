package foreign

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"time"
)

// Person is whom the measurements are of.
type Person struct {
	MRN                 string
	Systolic, Diastolic float64 // mmHg
	Pulse               float64 // per minute
	Oxygen              float64 // %
	Breath              float64 // per minute
	Celsius             float64
	Kilograms           float64
}

// swing is after how many measurements values come back to where they were.
const swing = 7

func waver(middle float64, n int, by float64) float64 {
	return middle + by*math.Sin(2*math.Pi*float64(n)/swing)
}

func whole(v float64) string { return fmt.Sprintf("%.0f", v) }

func encode(v any) []byte {
	data, err := json.Marshal(v)
	if err != nil {
		panic(err) // strings and numbers
	}
	return data
}

// Tenovi is a cuff whose gateway posts pressure and pulse as an array; key is the vendor's id of the cuff.
func Tenovi(p Person, key string) func(int, time.Time) []byte {
	return func(n int, at time.Time) []byte {
		one := func(metric, first, second string) map[string]any {
			return map[string]any{
				"metric": metric, "device_name": "Tenovi BPM", "hwi_device_id": key, "sensor_code": "10", "value_1": first, "value_2": second,
				"created": at.UTC().Format(time.RFC3339Nano), "timestamp": at.UTC().Format(time.RFC3339Nano), "timezone_offset": 0,
				"estimated_timestamp": false, "filter_params": map[string]any{"measurement_index": 0}, "dummy_data": false,
			}
		}
		return encode([]any{
			one("blood_pressure", whole(waver(p.Systolic, n, 8)), whole(waver(p.Diastolic, n, 5))),
			one("pulse", whole(waver(p.Pulse, n, 4)), "0"),
		})
	}
}

// HealthAutoExport is the phone of somebody with a watch and a scale, which exports both.
func HealthAutoExport(p Person) func(int, time.Time) []byte {
	return func(n int, at time.Time) []byte {
		date, rate := at.UTC().Format("2006-01-02 15:04:05 -0700"), math.Round(waver(p.Pulse, n, 5))
		metric := func(name, unit string, point map[string]any) map[string]any {
			point["date"], point["source"] = date, "Watch"
			return map[string]any{"name": name, "units": unit, "data": []any{point}}
		}
		return encode(map[string]any{"data": map[string]any{"metrics": []any{
			metric("heart_rate", "count/min", map[string]any{"Min": rate, "Avg": rate, "Max": rate}),
			metric("weight_body_mass", "kg", map[string]any{"qty": math.Round(waver(p.Kilograms, n, 0.4)*10) / 10}),
		}}})
	}
}

// Theengs is a gateway that has heard a scale; address is the scale's.
func Theengs(p Person, address string) func(int, time.Time) []byte {
	return func(n int, _ time.Time) []byte {
		return encode(map[string]any{
			"id": strings.ToUpper(address), "model_id": "XMTZC05HM", "weighing_mode": "person", "unit": "kg",
			"weight": math.Round(waver(p.Kilograms, n, 0.3)*20) / 20, "impedance": 512,
		})
	}
}

// OpenMHealth is an app that shares a heart rate as a data point.
func OpenMHealth(p Person) func(int, time.Time) []byte {
	return func(n int, at time.Time) []byte {
		stamp := at.UTC().Format(time.RFC3339)
		return encode(map[string]any{
			"header": map[string]any{
				"id": fmt.Sprintf("00000000-0000-4000-8000-%012d", at.Unix()), "creation_date_time": stamp,
				"schema_id": map[string]any{"namespace": "omh", "name": "heart-rate", "version": "2.0"},
			},
			"body": map[string]any{
				"effective_time_frame": map[string]any{"date_time": stamp},
				"heart_rate":           map[string]any{"value": math.Round(waver(p.Pulse, n, 5)), "unit": "beats/min"},
			},
		})
	}
}

// Watch is somebody who exports an ECG of half a minute as the CSV of an Apple Watch; ecg makes so many samples of
// it, in microvolts.
func Watch(hz int, ecg func(samples int) []int16) func(int, time.Time) []byte {
	const seconds, perMillivolt = 30, 1000
	return func(_ int, at time.Time) []byte {
		var b strings.Builder
		fmt.Fprintf(&b, "Name,Test Person\nDate of Birth,\"1 Jan 1950\"\nRecorded Date,%s\nClassification,Sinus Rhythm\nSymptoms,\n"+
			"Software Version,1.90\nDevice,\"Watch7,11\"\nSample Rate,%d hertz\n\n\nLead,Lead I\nUnit,mV\n\n",
			at.Add(-seconds*time.Second).UTC().Format("2006-01-02 15:04:05 -0700"), hz)
		for _, microvolts := range ecg(seconds * hz) {
			fmt.Fprintf(&b, "%.3f\n", float64(microvolts)/perMillivolt)
		}
		return []byte(b.String())
	}
}

// Minew is a gateway that has heard a tag with a button; address is the tag's, without separators.
func Minew(gateway, address string) func(int, time.Time) []byte {
	return func(n int, at time.Time) []byte {
		stamp := at.UTC().Format("2006-01-02T15:04:05.000Z")
		return encode([]any{
			map[string]any{"timestamp": stamp, "type": "Gateway", "mac": gateway},
			map[string]any{"timestamp": stamp, "type": "S1", "mac": strings.ToUpper(address), "battery": 92 - n%60, "rssi": -60},
		})
	}
}

// Thermometer is a gateway of the HL7 PHD guide that uploads a temperature as a transaction; eui is the
// thermometer's EUI-64 with dashes.
func Thermometer(p Person, eui string) func(int, time.Time) []byte {
	const systemID = "urn:oid:1.2.840.10004.1.1.1.0.0.1.0.0.1.2680"
	return func(n int, at time.Time) []byte {
		coded := func(system, code string) map[string]any {
			return map[string]any{"coding": []any{map[string]any{"system": system, "code": code}}}
		}
		stamp := at.UTC().Format(time.RFC3339)
		return encode(map[string]any{"resourceType": "Bundle", "type": "transaction", "entry": []any{
			map[string]any{
				"fullUrl": "urn:uuid:00000000-0000-4000-8000-000000000001",
				"resource": map[string]any{
					"resourceType": "Device", "identifier": []any{map[string]any{"system": systemID, "value": eui}},
					"manufacturer": "Vigil", "modelNumber": "Simulated thermometer", "type": coded("urn:iso:std:iso:11073:10101", "65573"),
				},
				"request": map[string]any{"method": "POST", "url": "Device", "ifNoneExist": "identifier=" + systemID + "|" + eui},
			},
			map[string]any{
				"fullUrl": "urn:uuid:00000000-0000-4000-8000-000000000002",
				"resource": map[string]any{
					"resourceType": "Observation", "status": "final", "code": coded("urn:iso:std:iso:11073:10101", "150364"),
					"subject":           map[string]any{"identifier": map[string]any{"value": p.MRN}},
					"device":            map[string]any{"reference": "urn:uuid:00000000-0000-4000-8000-000000000001"},
					"effectiveDateTime": stamp,
					"valueQuantity": map[string]any{
						"value": math.Round(waver(p.Celsius, n, 0.3)*10) / 10, "system": "http://unitsofmeasure.org", "code": "Cel",
					},
					"identifier": []any{map[string]any{"system": "urn:vigil:sim", "value": eui + "-150364-" + stamp}},
				},
				"request": map[string]any{"method": "POST", "url": "Observation", "ifNoneExist": "identifier=urn:vigil:sim|" + eui + "-150364-" + stamp},
			},
		}})
	}
}

// Monitor is a hospital monitor that reports heart rate, saturation and breath as IHE PCD-01; eui is its
// EUI-64 without dashes.
func Monitor(p Person, eui string) func(int, time.Time) []byte {
	return func(n int, at time.Time) []byte {
		stamp := at.UTC().Format("20060102150405.000") + "+0000"
		value := func(set int, code, v, unit string) string {
			return fmt.Sprintf("OBX|%d|NM|%s^MDC|1.%d.1.1|%s|%s^^MDC|||||F", set, code, set, v, unit)
		}
		return []byte(strings.Join([]string{
			`MSH|^~\&|MONITOR|WARD|||` + stamp + fmt.Sprintf(`||ORU^R01^ORU_R01|%d|P|2.6`, n+1),
			`PID|||` + p.MRN + `^^^Hospital^MR`,
			`OBR|1||` + strings.ToUpper(eui) + `^^^EUI-64|69837^MDC_OBS_HEMODYN^MDC|||` + stamp,
			value(1, "147842^MDC_ECG_HEART_RATE", whole(waver(p.Pulse, n, 3)), "264864"),
			value(2, "150456^MDC_PULS_OXIM_SAT_O2", whole(waver(p.Oxygen, n, 1)), "262688"),
			value(3, "151562^MDC_RESP_RATE", whole(waver(p.Breath, n, 2)), "264928"),
		}, "\r") + "\r")
	}
}
