package main

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"

	"github.com/samber/lo"

	"vigil/vitals"
	"vigil/vitals/ecg/eval/score"
	"vigil/vitals/ecg/eval/synthetic"
	"vigil/vitals/ecg/model"
)

// trialled is what the synthetic bench found: each trial's outcomes on made-up hearts and on stretches
// of recordings.
type trialled struct {
	made, recorded []synthetic.Outcome
	variants       []variant
}

// trials runs the synthetic bench, on a clean stretch of each record, too. The order of outcomes does not
// depend on who is quicker.
func trials(ctx context.Context, results []*result, jobs int) (*trialled, error) {
	out := &trialled{}
	var err error
	if out.made, err = outcomesOf(synthetic.Made(), model.Embedded()); err != nil {
		return nil, err
	}
	for _, base := range synthetic.Bases() {
		made, err := disturbed(&base, model.Embedded())
		if err != nil {
			return nil, err
		}
		out.made = append(out.made, made...)
	}
	found := make([][]synthetic.Outcome, len(results))
	err = each(ctx, results, jobs, func(i int, r *result) error {
		base, err := r.clean()
		if err != nil || base == nil {
			return err
		}
		found[i], err = disturbed(base, r.forests)
		return err
	})
	if err != nil {
		return nil, err
	}
	out.recorded = slices.Concat(found...)
	out.variants, err = variants(ctx, results, jobs)
	return out, err
}

// disturbed are the outcomes of all trials that alter a base.
func disturbed(base *synthetic.Signal, forests *model.Forests) ([]synthetic.Outcome, error) {
	t, err := synthetic.Trials(base, forests)
	if err != nil {
		return nil, err
	}
	return outcomesOf(t, forests)
}

func outcomesOf(all []synthetic.Trial, forests *model.Forests) ([]synthetic.Outcome, error) {
	var out []synthetic.Outcome
	for i := range all {
		o, err := all[i].Run(forests)
		if err != nil {
			return nil, err
		}
		out = append(out, o...)
	}
	return out, nil
}

// each does something with every result, several at a time.
func each(ctx context.Context, results []*result, jobs int, do func(i int, r *result) error) error {
	var group sync.WaitGroup
	failed := make([]error, len(results))
	free := make(chan struct{}, jobs)
	for i, r := range results {
		free <- struct{}{}
		group.Go(func() {
			defer func() { <-free }()
			if failed[i] = ctx.Err(); failed[i] == nil {
				failed[i] = do(i, r)
			}
		})
	}
	group.Wait()
	for i, err := range failed {
		if err != nil {
			return fmt.Errorf("try %s/%s: %w", results[i].database.name, results[i].record, err)
		}
	}
	return nil
}

const (
	cleanFrom  = 60.0 // s of a record before which no stretch is taken
	normalFast = 0.45 // s between beats
	normalSlow = 1.40
)

// clean is the first stretch of a record in which experts marked nothing but normal beats at an
// ordinary rate; nil where there is none.
func (r *result) clean() (*synthetic.Signal, error) {
	from, ok := r.calmFrom()
	if !ok {
		return nil, nil
	}
	_, microvolts, err := channel(r.database.dir, r.record)
	if err != nil {
		return nil, err
	}
	s := &synthetic.Signal{Hz: r.rateHz, Microvolts: microvolts[from : from+r.seconds(synthetic.Length)]}
	for _, b := range r.reference.beats {
		if b.At >= from && b.At < from+r.seconds(synthetic.Length) {
			s.Beats = append(s.Beats, int(b.At-from))
		}
	}
	return s, nil
}

// calmFrom is the sample behind the last thing that was not normal, where enough follows.
func (r *result) calmFrom() (from int64, ok bool) {
	if r.fault != nil || !r.hasBeats() || !r.database.classes() || r.database.name == "nstdb" {
		return 0, false
	}
	length := r.seconds(synthetic.Length)
	from = r.seconds(cleanFrom)
	last := int64(0)
	for _, m := range r.reference.marks {
		interval := r.at(m.Sample - last)
		beat := strings.Contains("NLR", m.Code)
		switch {
		case m.Sample < from:
		case m.Sample-from > length && beat:
			return from, from+length <= r.samples
		case !beat, interval < normalFast, interval > normalSlow:
			from = m.Sample + r.seconds(1)
		}
		if beat {
			last = m.Sample
		}
	}
	return 0, false
}

// variant is a database as other devices would have recorded it.
type variant struct {
	name string
	all  score.Matrix
}

// variants finds beats at other gains, polarities and rates in the records of mitdb.
func variants(ctx context.Context, results []*result, jobs int) ([]variant, error) {
	records := lo.Filter(results, func(r *result, _ int) bool {
		return r.database.name == "mitdb" && r.fault == nil && r.hasBeats()
	})
	if len(records) == 0 {
		return nil, nil
	}
	out := []variant{{name: "as recorded"}}
	change := []func(s synthetic.Signal) synthetic.Signal{func(s synthetic.Signal) synthetic.Signal { return s }}
	for _, gain := range []float64{0.25, 4, -1} {
		out = append(out, variant{name: fmt.Sprintf("gain %g", gain)})
		change = append(change, func(s synthetic.Signal) synthetic.Signal { return amplified(s, gain) })
	}
	for _, hz := range []float64{100, 125, 200, 250, 300, 500} {
		out = append(out, variant{name: fmt.Sprintf("%.0f Hz", hz)})
		change = append(change, func(s synthetic.Signal) synthetic.Signal { return s.At(hz) })
	}
	var lock sync.Mutex
	err := each(ctx, records, jobs, func(_ int, r *result) error {
		_, microvolts, err := channel(r.database.dir, r.record)
		if err != nil {
			return err
		}
		for i := range out {
			m, err := r.otherwise(change[i](synthetic.Signal{Hz: r.rateHz, Microvolts: microvolts}))
			if err != nil {
				return err
			}
			lock.Lock()
			out[i].all.Add(m)
			lock.Unlock()
		}
		return nil
	})
	return out, err
}

func amplified(s synthetic.Signal, gain float64) synthetic.Signal {
	s.Microvolts = lo.Map(s.Microvolts, func(v int16, _ int) int16 {
		if v == vitals.Missing {
			return v
		}
		return int16(min(max(math.Round(gain*float64(v)), -math.MaxInt16), math.MaxInt16))
	})
	return s
}

// otherwise compares the beats found in another recording of the same heart.
func (r *result) otherwise(s synthetic.Signal) (*score.Matrix, error) {
	a, err := analyse(s.Hz, s.Microvolts, r.forests)
	if err != nil {
		return nil, err
	}
	part := r.rateHz / s.Hz
	for i := range a.beats {
		a.beats[i].At = int64(math.Round(float64(a.beats[i].At) * part))
	}
	other := *r
	other.analysis = a
	return other.matrix(protocol), nil
}
