package gateway

import (
	"encoding/json"
	"time"

	"vigil/devices"
	"vigil/vitals"
)

// Google Health API (which replaced Fitbit's): a webhook says that an account has new data of a type, and
// the data points are fetched (developers.google.com/health, webhooks and users.dataTypes.dataPoints,
// read 2026-11). The device is the account.
func init() {
	register(Source{
		Name: "google-health", About: "Google Health notification, and what dataPoints.list answers",
		split: googleParts, decode: googleBatch, notify: googleNotify,
	})
}

// GoogleVerification reports whether the payload only asks whether the webhook is there.
func GoogleVerification(payload []byte) bool {
	var v struct {
		Type string `json:"type"`
	}
	return object(payload, &v) == nil && v.Type == "verification"
}

// Data types that Vigil charts, as the webhook and the addresses spell them.
const (
	GoogleHeartRate = "heart-rate"
	GoogleWeight    = "weight"
	GoogleBodyFat   = "body-fat"
)

// googleDelete is the operation of data that is gone; the others (UPSERT, UPDATE) have something to fetch.
const googleDelete = "DELETE"

func googleNotify(payload []byte) ([]Notification, error) {
	pieces, err := objectOrArray(payload)
	if err != nil {
		return nil, err
	}
	var all []Notification
	for _, p := range pieces {
		var w struct {
			Data struct {
				User      string `json:"healthUserId"`
				Type      string `json:"dataType"`
				Operation string `json:"operation"`
				Intervals []struct {
					Time struct {
						Start string `json:"startTime"`
						End   string `json:"endTime"`
					} `json:"physicalTimeInterval"`
				} `json:"intervals"`
			} `json:"data"`
		}
		if err := object(p.text, &w); err != nil {
			return nil, err
		}
		if w.Data.User == "" || w.Data.Type == "" {
			return nil, malformed("healthUserId or dataType is missing")
		}
		for _, interval := range w.Data.Intervals {
			n := Notification{Account: w.Data.User, What: w.Data.Type, Deleted: w.Data.Operation == googleDelete}
			var toErr error
			n.From, err = timeIn(time.RFC3339Nano, interval.Time.Start)
			n.To, toErr = timeIn(time.RFC3339Nano, interval.Time.End)
			if err != nil || toErr != nil {
				return nil, malformed("an interval of %.40q to %.40q", interval.Time.Start, interval.Time.End)
			}
			all = append(all, n)
		}
	}
	return all, nil
}

// googleParts takes a page of data points apart. One without any is an empty object.
func googleParts(payload []byte) ([]piece, error) {
	var page struct {
		Points []json.RawMessage `json:"dataPoints"`
	}
	var fields map[string]json.RawMessage
	if err := object(payload, &page); err != nil {
		return nil, err
	}
	if err := object(payload, &fields); err != nil {
		return nil, err
	}
	_, points := fields["dataPoints"]
	_, more := fields["nextPageToken"]
	if !points && !more && len(fields) > 0 {
		return []piece{{text: payload}}, nil // a part already
	}
	return elementsOf("dataPoints", page.Points), nil
}

type googleSample struct {
	Time struct {
		Physical string `json:"physicalTime"`
	} `json:"sampleTime"`
	BPM     *number `json:"beatsPerMinute"`
	Grams   *number `json:"weightGrams"`
	Percent *number `json:"percentage"`
}

func googleBatch(frame devices.Frame) (vitals.Batch, error) {
	var point struct {
		HeartRate *googleSample `json:"heartRate"`
		Weight    *googleSample `json:"weight"`
		BodyFat   *googleSample `json:"bodyFat"`
	}
	if err := object(frame.Bytes, &point); err != nil {
		return vitals.Batch{}, err
	}
	for _, m := range []struct {
		sample *googleSample
		kind   vitals.Kind
		unit   string
		value  func(*googleSample) *number
	}{
		{point.HeartRate, vitals.HeartRate, "/min", func(s *googleSample) *number { return s.BPM }},
		{point.Weight, vitals.Weight, "g", func(s *googleSample) *number { return s.Grams }},
		{point.BodyFat, vitals.BodyFat, "%", func(s *googleSample) *number { return s.Percent }},
	} {
		if m.sample == nil {
			continue
		}
		at, err := timeIn(time.RFC3339Nano, m.sample.Time.Physical)
		if err != nil {
			return vitals.Batch{}, err
		}
		n := m.value(m.sample)
		if n == nil {
			return vitals.Batch{}, malformed("a data point of %s has no value", m.kind)
		}
		value, err := inUnit(m.kind, n.Decimal, m.unit)
		if err != nil {
			return vitals.Batch{}, err
		}
		s := stamped{at: at, trust: vitals.TimeDevice}
		return vitals.Batch{Device: frame.Device, Readings: []vitals.Reading{s.reading(m.kind, value)}}, nil
	}
	return vitals.Batch{}, malformed("a data point is of no type that Vigil reads")
}
