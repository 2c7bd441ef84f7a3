package store

import (
	"context"
	"fmt"

	"github.com/samber/lo"

	"vigil/vitals"
)

// streamedValues is how many values a minute show a stream, one in ten seconds: an oximeter that is put on for a check
// leaves one or two.
const streamedValues = 6

// Streamed reports whether the device has ever sent continuously, whomever it was bound to. What came
// without a hub, and so without a place in a stream, was measured once.
func (s *Store) Streamed(ctx context.Context, device vitals.DeviceID) (found bool, err error) {
	kinds := map[string][]string{seriesTable: kindNames(vitals.Streamed), waveTable: kindNames(vitals.Sampled)}
	enough := map[string]string{seriesTable: fmt.Sprintf(" AND t.n >= %d", streamedValues)}
	for _, table := range []string{seriesTable, waveTable} {
		err := s.reader(ctx).Raw(`SELECT EXISTS (SELECT 1 FROM binding b JOIN `+table+` t ON t.patient = b.patient
			WHERE b.device = ? AND t.device = ? AND t.kind IN ?`+enough[table]+`)
			AND EXISTS (SELECT 1 FROM progress WHERE device = ?)`, device, device, kinds[table], device).Scan(&found).Error
		if found || err != nil {
			return found, fault("look for what a device streamed", err)
		}
	}
	return false, nil
}

// Through tells of the devices that a partition's patients have, as far as they were heard since they have them, through
// which hub that was last.
func (s *Store) Through(ctx context.Context, partition int) (map[vitals.DeviceID]vitals.HubID, error) {
	var rows []progressRow
	err := s.reader(ctx).Select("progress.device, progress.hub").
		Joins("JOIN binding b ON b.device = progress.device AND b.until_at IS NULL AND progress.heard >= b.from_at").
		Joins("JOIN patient ON patient.id = b.patient AND patient.part = ? AND patient.discharged IS NULL", partition).
		Order("progress.heard").Find(&rows).Error
	if err != nil {
		return nil, fault("look up the hubs of devices", err)
	}
	return lo.SliceToMap(rows, func(r progressRow) (vitals.DeviceID, vitals.HubID) { return r.Device, r.Hub }), nil
}
