package store

import (
	"context"

	"github.com/samber/lo"

	"vigil/alerts"
	"vigil/vitals"
)

// Strips lists, of what is kept of alarms, the blocks of waveforms that can be read among all others, too, until they are
// forgotten there: which, not what is in them. Whether the alarms may be seen is for the caller to know.
func (s *Store) Strips(ctx context.Context, ids []alerts.AlarmID) (map[alerts.AlarmID][]vitals.Key, error) {
	all := map[alerts.AlarmID][]vitals.Key{}
	for _, some := range lo.Chunk(ids, listed) {
		var rows []evidenceWaveRow
		err := s.reader(ctx).Table("evidence_wave").Select("evidence_wave.alarm, evidence_wave.kind, evidence_wave.start, evidence_wave.device").
			Joins("JOIN alarm a ON a.id = evidence_wave.alarm").
			Joins("JOIN "+waveTable+" w ON w.patient = a.patient AND w.kind = evidence_wave.kind AND w.start = evidence_wave.start "+
				"AND w.device = evidence_wave.device").
			Where("evidence_wave.alarm IN ?", some).
			Order("evidence_wave.alarm, evidence_wave.start, evidence_wave.kind, evidence_wave.device").Find(&rows).Error
		if err != nil {
			return nil, fault("list waveforms of alarms", err)
		}
		for _, r := range rows {
			kind, err := kindNamed(r.Kind)
			if err != nil {
				return nil, err
			}
			all[r.Alarm] = append(all[r.Alarm], vitals.Key{Time: moment(r.Start), Kind: kind, Device: r.Device})
		}
	}
	return all, nil
}
