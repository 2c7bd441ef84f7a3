package api_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"vigil/server/api"
	"vigil/server/store"
	"vigil/server/store/storetest"
	"vigil/vitals"
	"vigil/vitals/codec"
)

// BenchmarkSearch asks for the newest hundred Observations of a patient with a day of heart rates, one
// per second, and a pressure every ten minutes, through the whole stack on SQLite.
func BenchmarkSearch(b *testing.B) {
	s := storetest.SQLite(b)
	ctx := b.Context()
	fill := func() error {
		if err := s.SaveUnit(ctx, vitals.Unit{ID: "cardio", Name: "Cardiology", Zone: "UTC"}); err != nil {
			return err
		}
		if err := s.Admit(ctx, vitals.Patient{ID: anna, Unit: "cardio", MRN: "1", Sex: vitals.Female, Admitted: morning}); err != nil {
			return err
		}
		return s.Commit(ctx, func(tx *store.Tx) error {
			for minute := range 24 * 60 {
				start := morning.Add(time.Duration(minute) * time.Minute)
				var series codec.Series
				for i := range 60 {
					if err := series.Add(codec.Point{Time: start.Add(time.Duration(i) * time.Second), Value: vitals.Int(int64(60 + i%30))}); err != nil {
						return err
					}
				}
				if err := tx.SaveBlocks([]vitals.Block{series.Block(anna, strap, vitals.HeartRate, start)}); err != nil {
					return err
				}
				if minute%10 != 0 {
					continue
				}
				at := time.Duration(minute) * time.Minute
				if err := tx.SaveReadings([]vitals.Charted{
					reading(anna, cuff, vitals.Systolic, at, 128), reading(anna, cuff, vitals.Diastolic, at, 82),
				}); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err := fill(); err != nil {
		b.Fatal(err)
	}
	handler := api.New(api.Options{Records: s, Identity: &desk{}})
	for name, query := range map[string]string{
		"Newest100": "", "Newest1HeartRate": "&code=8867-4&_count=1", "Newest100Pressures": "&code=85354-9", "FifteenMinutes": "&date=ge2026-03-01T12:00Z&date=lt2026-03-01T12:15Z&_count=1000",
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				r := httptest.NewRequestWithContext(ctx, http.MethodGet, search+query, nil)
				r.Header.Set("Authorization", "Bearer nurse")
				w := httptest.NewRecorder()
				handler.ServeHTTP(w, r)
				if w.Code != http.StatusOK {
					b.Fatal(w.Body)
				}
			}
		})
	}
}
