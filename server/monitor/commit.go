package monitor

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/samber/lo"

	"vigil/alerts"
	"vigil/vitals"
)

// result is what a transaction brought about.
type result struct {
	fenced    map[*partition]bool
	positions []vitals.Position
}

// attempt stores the jobs in one transaction, or none of them.
func (w *writer) attempt(ctx context.Context, jobs []*job) error {
	w.busy <- struct{}{}
	defer func() { <-w.busy }()
	ctx, cancel := context.WithTimeout(ctx, commitLimit)
	defer cancel()
	r, err := w.commit(ctx, jobs)
	if err != nil {
		w.m.counts.failures.Add(1)
		w.m.counts.awaySince.CompareAndSwap(0, time.Now().UnixNano())
		for _, j := range jobs {
			if j.shown && !j.unrecorded {
				j.retell(true)
			}
		}
		return err
	}
	w.m.counts.commits.Add(1)
	w.m.counts.awaySince.Store(0)
	for p := range r.fenced {
		w.m.counts.fenced.Add(1)
		p.log.WarnContext(ctx, "another node owns the partition now, dropping it")
		p.drop()
	}
	for _, j := range jobs {
		j.done(!r.fenced[j.owner])
	}
	if len(r.positions) > 0 {
		w.m.cfg.Acked(r.positions)
	}
	return nil
}

func (w *writer) commit(ctx context.Context, jobs []*job) (result, error) {
	for _, j := range jobs {
		if err := w.prepare(ctx, j); err != nil {
			return result{}, err
		}
	}
	var r result
	err := w.m.cfg.Store.Commit(ctx, func(tx Tx) error {
		r = result{fenced: map[*partition]bool{}}
		return w.write(tx, jobs, &r)
	})
	if err != nil {
		return result{}, fmt.Errorf("commit: %w", err)
	}
	return r, nil
}

// prepare does what is not part of the transaction: it reads the rows of late blocks, which nobody
// else writes while the fence holds, and keeps what was refused.
func (w *writer) prepare(ctx context.Context, j *job) error {
	if c := j.checkpoint; c != nil {
		for len(c.late) > 0 {
			late := c.late[0]
			b, refused, err := w.merge(ctx, late)
			if err != nil {
				return err
			}
			c.blocks, c.late = append(c.blocks, b), c.late[1:]
			j.refusals = append(j.refusals, refused...)
		}
	}
	for len(j.refusals) > 0 {
		if err := w.m.cfg.Store.Quarantine(ctx, j.refusals[0]); err != nil {
			return fmt.Errorf("quarantine: %w", err)
		}
		j.refusals = j.refusals[1:]
	}
	return nil
}

// merge adds to a stored block.
func (w *writer) merge(ctx context.Context, late lateBlock) (vitals.Block, []vitals.Refusal, error) {
	stored, found, err := w.m.cfg.Store.Block(ctx, late.patient, late.device, late.kind, late.time())
	if err != nil {
		return vitals.Block{}, nil, fmt.Errorf("read a block to continue: %w", err)
	}
	b, left, reason := late.merge(stored, found)
	if reason == nil {
		return b, nil, nil
	}
	w.m.counts.spoiled.Add(1)
	w.m.log.ErrorContext(ctx, "stored block not continued as it should", "kind", late.kind.String(),
		"start", late.time(), "left_out", len(left), "error", reason)
	payload, err := json.Marshal(left)
	if err != nil || len(left) == 0 {
		return b, nil, nil //nolint:nilerr // what cannot be shown to people is still in the log
	}
	return b, []vitals.Refusal{{
		Stream: vitals.Stream{Device: late.device}, Received: time.Now().UTC(),
		Reason: "not charted: " + reason.Error(), Payload: payload,
	}}, nil
}

// write puts into the transaction what belongs to partitions that are still ours.
func (w *writer) write(tx Tx, jobs []*job, r *result) error {
	owners := lo.Uniq(lo.Map(jobs, func(j *job, _ int) *partition { return j.owner }))
	slices.SortFunc(owners, func(a, b *partition) int { return a.number - b.number }) // one order of locks
	for _, p := range owners {
		ours, err := tx.Fence(w.m.cfg.Node, p.lease)
		if err != nil {
			return fmt.Errorf("fence partition %d: %w", p.number, err)
		}
		if !ours {
			r.fenced[p] = true
		}
	}
	jobs = lo.Reject(jobs, func(j *job, _ int) bool { return r.fenced[j.owner] })
	if err := saveSingle(tx, jobs); err != nil {
		return err
	}
	if err := saveLeft(tx, jobs); err != nil {
		return err
	}
	for _, j := range jobs {
		if j.checkpoint == nil {
			continue
		}
		positions, err := j.checkpoint.write(tx, j.owner.lease)
		if err != nil {
			return fmt.Errorf("checkpoint partition %d: %w", j.owner.number, err)
		}
		r.positions = append(r.positions, positions...)
	}
	return nil
}

// saveLeft puts discharges into the transaction.
func saveLeft(tx Tx, jobs []*job) error {
	for _, j := range jobs {
		if j.left == nil {
			continue
		}
		if err := tx.Discharge(j.left.patient, j.left.at); err != nil {
			return fmt.Errorf("discharge: %w", err)
		}
	}
	return nil
}

// saveSingle puts transitions and single values into the transaction.
func saveSingle(tx Tx, jobs []*job) error {
	if t := lo.FlatMap(jobs, func(j *job, _ int) []alerts.Transition { return j.transitions }); len(t) > 0 {
		if err := tx.SaveTransitions(t); err != nil {
			return fmt.Errorf("save transitions: %w", err)
		}
	}
	if c := lo.FlatMap(jobs, func(j *job, _ int) []alerts.CareChange { return j.care }); len(c) > 0 {
		if err := tx.SaveCare(c); err != nil {
			return fmt.Errorf("save care: %w", err)
		}
	}
	if d := lo.FlatMap(jobs, func(j *job, _ int) []alerts.Dropped { return j.dropped }); len(d) > 0 {
		if err := tx.SaveDropped(d); err != nil {
			return fmt.Errorf("save what nobody was told: %w", err)
		}
	}
	if k := lo.FlatMap(jobs, func(j *job, _ int) []alerts.KeptTrends { return j.trends }); len(k) > 0 {
		if err := tx.SaveTrends(k); err != nil {
			return fmt.Errorf("save trends: %w", err)
		}
	}
	if c := lo.FlatMap(jobs, func(j *job, _ int) []vitals.Charted { return j.readings }); len(c) > 0 {
		if err := tx.SaveReadings(c); err != nil {
			return fmt.Errorf("save readings: %w", err)
		}
	}
	return nil
}

// write puts the checkpoint into the transaction.
func (c *checkpoint) write(tx Tx, lease vitals.Lease) (positions []vitals.Position, err error) {
	if len(c.blocks) > 0 {
		if err := tx.SaveBlocks(c.blocks); err != nil {
			return nil, fmt.Errorf("save blocks: %w", err)
		}
	}
	streams := slices.SortedFunc(maps.Keys(c.progress), compareStreams) // one order of locks
	for _, stream := range streams {
		position, err := tx.SaveProgress(stream, c.progress[stream])
		if err != nil {
			return nil, fmt.Errorf("save progress: %w", err)
		}
		positions = append(positions, position)
	}
	if err := tx.Advance(lease, c.journal, c.seq); err != nil {
		return nil, fmt.Errorf("advance: %w", err)
	}
	return positions, nil
}

func compareStreams(a, b vitals.Stream) int {
	return cmp.Or(
		strings.Compare(string(a.Hub), string(b.Hub)),
		strings.Compare(string(a.Device), string(b.Device)),
		cmp.Compare(a.Epoch, b.Epoch),
	)
}
