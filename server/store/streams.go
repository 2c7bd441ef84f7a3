package store

import (
	"context"

	"vigil/vitals"
)

// Streamed reports whether the device has ever sent continuously, whomever it was bound to. What came
// without a hub, and so without a place in a stream, was measured once.
func (s *Store) Streamed(ctx context.Context, device vitals.DeviceID) (found bool, err error) {
	kinds := map[string][]string{seriesTable: kindNames(vitals.Streamed), waveTable: kindNames(vitals.Sampled)}
	for _, table := range []string{seriesTable, waveTable} {
		err := s.reader(ctx).Raw(`SELECT EXISTS (SELECT 1 FROM binding b JOIN `+table+` t ON t.patient = b.patient
			WHERE b.device = ? AND t.device = ? AND t.kind IN ?)
			AND EXISTS (SELECT 1 FROM progress WHERE device = ?)`, device, device, kinds[table], device).Scan(&found).Error
		if found || err != nil {
			return found, fault("look for what a device streamed", err)
		}
	}
	return false, nil
}
