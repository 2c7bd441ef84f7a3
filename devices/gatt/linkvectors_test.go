package gatt_test

import (
	"encoding/hex"
	"encoding/json"
	"slices"
	"testing"

	"vigil/devices/gatt"
)

// cgmRecord is a record as the vectors write it.
type cgmRecord struct {
	Glucose     any      `json:"glucose_mg_dl"`
	Offset      uint16   `json:"time_offset_min"`
	Status      *uint8   `json:"status_octet"`
	Calibration *uint8   `json:"cal_temp_octet"`
	Warning     *uint8   `json:"warning_octet"`
	Trend       *float64 `json:"trend_mg_dl_min"`
	Quality     *float64 `json:"quality_pct"`
	CRC         *uint16  `json:"crc"`
}

func float(n *gatt.Number) *float64 {
	if n == nil {
		return nil
	}
	return new(n.Decimal().Float())
}

func checkCGM(t *testing.T, v vector, value []byte) {
	t.Helper()
	records, err := gatt.DecodeCGM(value)
	if refusal(t, v, err) {
		return
	}
	got := make([]cgmRecord, 0, len(records))
	for _, r := range records {
		got = append(got, cgmRecord{
			meaning(r.Glucose), r.Offset, r.Status, r.Calibration, r.Warning, float(r.Trend), float(r.Quality), r.CRC,
		})
	}
	expect(t, v, "records", got)
	decode(t, "gatt/2aa7", value)
}

func checkSessionStart(t *testing.T, v vector, value []byte) {
	t.Helper()
	s, err := gatt.DecodeSessionStart(value)
	if refusal(t, v, err) {
		return
	}
	expect(t, v, "session_start", shown(&s.At))
	expect(t, v, "time_zone_15min", s.Zone)
	expect(t, v, "dst_offset_code", s.DST)
	expect(t, v, "crc", s.CRC)
}

func checkCRC(t *testing.T, v vector, value []byte) {
	t.Helper()
	expect(t, v, "crc", gatt.E2ECRC(value))
}

func checkBattery(t *testing.T, v vector, value []byte) {
	t.Helper()
	level, err := gatt.DecodeBattery(value)
	if refusal(t, v, err) {
		return
	}
	expect(t, v, "level_pct", level)
	decode(t, "gatt/2a19", value)
}

func checkCurrentTime(t *testing.T, v vector, value []byte) {
	t.Helper()
	c, err := gatt.DecodeCurrentTime(value)
	if refusal(t, v, err) {
		return
	}
	expect(t, v, "datetime", c.String())
	expect(t, v, "day_of_week", c.Weekday)
	expect(t, v, "fractions256", c.Fractions)
	expect(t, v, "adjust_reason", c.Adjust)
	if back := gatt.EncodeCurrentTime(c); !slices.Equal(back, value) {
		t.Errorf("written again: %x", back)
	}
}

func checkPMDControl(t *testing.T, v vector, value []byte) {
	t.Helper()
	r, err := gatt.DecodePMDResponse(value)
	if err != nil {
		t.Fatal(err)
	}
	expect(t, v, "op", r.Command)
	expect(t, v, "type", r.Type)
	expect(t, v, "error", r.Error)
	expect(t, v, "more", r.More)
	if raw, stated := v.Expected["params"]; stated {
		var want string
		if err := json.Unmarshal(raw, &want); err != nil {
			t.Fatal(err)
		}
		if got := hex.EncodeToString(r.Parameters); got != want {
			t.Errorf("parameters %s", got)
		}
	}
}
