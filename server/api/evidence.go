package api

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/samber/lo"

	"vigil/alerts"
	"vigil/vitals"
	"vigil/vitals/codec"
)

// EvidenceRecords are what alarms rest on, and who saw and heard them. What the scope does not cover is not found.
type EvidenceRecords interface {
	// Evidence is what an alarm rests on; not found while it is not frozen yet.
	Evidence(ctx context.Context, scope vitals.Scope, id alerts.AlarmID) (alerts.Evidence, error)
	// Strips lists, of what is kept of alarms that may be seen, the waveforms that can be read among all others, too.
	Strips(ctx context.Context, ids []alerts.AlarmID) (map[alerts.AlarmID][]vitals.Key, error)
	// Notes lists what was noted of an alarm beside its changes.
	Notes(ctx context.Context, scope vitals.Scope, id alerts.AlarmID) ([]alerts.Note, error)
}

type evidenceOutput struct {
	Body struct {
		Alarm   alerts.AlarmID     `json:"alarm"`
		From    time.Time          `json:"from" doc:"10 s before it began."`
		To      time.Time          `json:"to" doc:"20 s after it was raised."`
		Frozen  time.Time          `json:"frozen" doc:"When this was taken; once more an hour later, with what came late."`
		Program string             `json:"program" doc:"Version of the program, its rules and its detector."`
		Limits  map[string]float64 `json:"limits" nullable:"false" doc:"Every setting in force when it was raised, by name."`
		Waves   []evidenceWaveView `json:"waves" nullable:"false"`
		Seen    []alarmStationView `json:"stations" nullable:"false" doc:"Where it was on the screen, and where it sounded."`
	}
}

type evidenceWaveView struct {
	Kind    string          `json:"kind"`
	Label   string          `json:"label"`
	Device  vitals.DeviceID `json:"device"`
	Start   time.Time       `json:"start" doc:"Of the first sample."`
	RateHz  float64         `json:"rate_hz"`
	Scale   float64         `json:"scale" doc:"Units per step."`
	Unit    string          `json:"unit"`
	Samples []int16         `json:"samples" nullable:"false" doc:"-32768: lost."`
}

type alarmStationView struct {
	Kind    alerts.NoteKind `json:"kind" enum:"rendered,sounded,ack_conflict,ack_reason,notified,delivered,seen,declined,escalation_missed"`
	Version int             `json:"version" doc:"Of the alarm."`
	Station string          `json:"station"`
	At      time.Time       `json:"at"`
	Detail  string          `json:"detail,omitempty"`
}

func (s *service) registerEvidence() {
	register(s, route{http.MethodGet, "/alarms/{id}/evidence", "get-evidence", "What an alarm rests on, kept for good: its waveforms, the limits, the program, and which station showed and sounded it. There from about a minute after it was raised.", 0, everyone}, s.evidence)
}

func (s *service) evidence(ctx context.Context, in *alarmPathInput) (*evidenceOutput, error) {
	scope := staffOf(ctx).Scope()
	e, err := s.Records.Evidence(ctx, scope, in.ID)
	if err != nil {
		return nil, err
	}
	notes, err := s.Records.Notes(ctx, scope, in.ID)
	if err != nil {
		return nil, err
	}
	out := &evidenceOutput{}
	b := &out.Body
	b.Alarm, b.From, b.To, b.Frozen, b.Program = e.Alarm, e.From, e.To, e.Frozen, e.Program
	b.Limits = lo.MapEntries(e.Limits, func(k alerts.Setting, v vitals.Decimal) (string, float64) { return k.Info().Name, v.Float() })
	b.Seen = lo.Map(notes, func(n alerts.Note, _ int) alarmStationView {
		return alarmStationView{Kind: n.Kind, Version: n.Version, Station: n.Station, At: n.At, Detail: n.Detail}
	})
	b.Waves, err = evidenceWaves(e)
	return out, err
}

// evidenceWaves unpacks the blocks and leaves away what lies beyond the time.
func evidenceWaves(e alerts.Evidence) ([]evidenceWaveView, error) {
	views := []evidenceWaveView{}
	for _, b := range e.Waves {
		segments, err := codec.UnpackWave(b.Data)
		if err != nil {
			return nil, fmt.Errorf("unpack evidence: %w", err)
		}
		info := b.Kind.Info()
		for _, segment := range segments {
			hz := segment.Rate.Hz()
			first := min(max(0, samplesIn(e.From.Sub(segment.Start), hz)), len(segment.Samples))
			last := max(first, min(samplesIn(e.To.Sub(segment.Start), hz), len(segment.Samples)))
			if first == last {
				continue
			}
			views = append(views, evidenceWaveView{
				Kind: info.Name, Label: info.Label, Device: b.Device, Unit: info.UnitText, RateHz: hz, Scale: segment.Scale.Float(),
				Start:   segment.Start.Add(time.Duration(float64(first) / hz * float64(time.Second))),
				Samples: segment.Samples[first:last],
			})
		}
	}
	return views, nil
}

// samplesIn is how many samples begin within the time.
func samplesIn(d time.Duration, hz float64) int { return int(d.Seconds() * hz) }
