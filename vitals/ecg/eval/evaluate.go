package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"vigil/vitals/ecg/eval/score"
	"vigil/vitals/ecg/model"
	"vigil/vitals/wfdb"
)

// result is one record with what was found in it.
type result struct {
	database *database
	record   string
	rateHz   float64
	samples  int64
	forests  *model.Forests
	fault    error // why it was not run

	*analysis

	alarms    []alarm
	short     shortJudgement
	bedside   *bedside   // where a monitor's alarm is to be judged by all signals, else nil
	reference *reference // nil without annotations
	flaws     []flaw
}

// evaluate runs every record, several at a time, and writes their files, unless there is no folder
// for them. A record that cannot be read is a line in the report, not the end.
func evaluate(ctx context.Context, databases []*database, judges *experts, o options) ([]*result, error) {
	var results []*result
	for _, d := range databases {
		for _, record := range d.records {
			results = append(results, &result{database: d, record: record, forests: judges.of(d.name, record)})
		}
	}
	next := make(chan *result)
	var workers sync.WaitGroup
	failed := make([]error, o.jobs)
	for i := range o.jobs {
		workers.Go(func() {
			for r := range next {
				if failed[i] == nil {
					failed[i] = r.run(o)
				}
			}
		})
	}
	for _, r := range longestFirst(results) {
		if ctx.Err() != nil {
			break
		}
		next <- r
	}
	close(next)
	workers.Wait()
	return results, errors.Join(errors.Join(failed...), ctx.Err())
}

// longestFirst keeps the last worker from starting on a long record when the others are done.
// Databases of many records hold short ones.
func longestFirst(results []*result) []*result {
	return slices.SortedStableFunc(slices.Values(results), func(a, b *result) int {
		return len(a.database.records) - len(b.database.records)
	})
}

// run runs one record. It returns an error only where nothing can be written.
func (r *result) run(o options) error {
	var microvolts []int16
	if r.database.mode == intervals {
		r.fault = r.runIntervals()
	} else {
		microvolts, r.fault = r.runSignal()
	}
	if r.fault != nil {
		return nil //nolint:nilerr // a record that cannot be read is a line in the report
	}
	if o.out == "" {
		return nil
	}
	r.flaws = r.findFlaws()
	if err := r.writeFiles(o.out); err != nil {
		return fmt.Errorf("write what was found in %s/%s: %w", r.database.name, r.record, err)
	}
	if !o.html {
		return nil
	}
	if err := r.writePage(o.out, microvolts); err != nil {
		return fmt.Errorf("write page of %s/%s: %w", r.database.name, r.record, err)
	}
	return nil
}

func (r *result) runSignal() ([]int16, error) {
	rec, err := wfdb.Open(r.database.dir, r.record)
	if err != nil {
		return nil, fmt.Errorf("read header: %w", err)
	}
	microvolts, err := rec.Microvolts(0)
	if err != nil {
		return nil, fmt.Errorf("read channel 0: %w", err)
	}
	r.rateHz, r.samples = rec.Rate, int64(len(microvolts))
	if r.analysis, err = analyse(r.rateHz, microvolts, r.forests); err != nil {
		return nil, err
	}
	if err := r.judgeShort(microvolts, r.forests); err != nil {
		return nil, err
	}
	r.alarms = raise(r.rateHz, microvolts, nil, r.forests)
	if _, asked := r.database.alarms[r.record]; asked {
		if r.bedside, err = lookAt(rec, r.forests); err != nil {
			return nil, err
		}
	}
	r.reference, err = r.readReference()
	return microvolts, err
}

// seconds is a time of the record in samples.
func (r *result) seconds(s float64) int64 { return int64(s * r.rateHz) }

// at is a sample's time in seconds.
func (r *result) at(sample int64) float64 { return float64(sample) / r.rateHz }

func (r *result) hours() float64 { return r.at(r.samples) / 3600 }

// window is how far apart two marks of one beat may be: 150 ms (EC57 4.3.2).
func (r *result) window() int64 { return int64(0.150*r.rateHz + 0.5) }

// found are the detector's beats that count. Without those that it hides, where it
// says that it cannot judge them: an honest count takes those for missed.
func (r *result) found(hide bool) []score.Beat {
	var out []score.Beat
	noisy := r.spans(noise)
	for _, b := range r.beats {
		hidden := hide && (b.Class == score.Unknown || score.Within(noisy, b.At))
		if !hidden && !score.Within(r.reference.leftOut(), b.At) {
			out = append(out, b.Beat)
		}
	}
	slices.SortStableFunc(out, func(a, b score.Beat) int { return int(a.At - b.At) })
	return out
}

// beatQuestion is one way to compare beats.
type beatQuestion struct {
	classes score.Map
	skip    float64 // seconds at the begin that do not count
	hide    bool    // count beats that the detector does not stand for as missed
}

// protocol is EC57's way: the first five minutes are for learning.
var protocol = beatQuestion{classes: score.EC57, skip: 300}

// matrix compares the beats of the record.
func (r *result) matrix(q beatQuestion) *score.Matrix {
	var m score.Matrix
	if !r.hasBeats() {
		return &m
	}
	reference, found := r.reference.mapped(q.classes), r.found(q.hide)
	from := r.seconds(q.skip)
	for _, p := range score.Match(reference, found, r.window()) {
		is, said, at := score.None, score.None, int64(0)
		if p.Found >= 0 {
			said, at = found[p.Found].Class, found[p.Found].At
		}
		if p.Reference >= 0 {
			is, at = reference[p.Reference].Class, reference[p.Reference].At
		}
		if at >= from {
			m.Count(is, said)
		}
	}
	return &m
}

// hasBeats reports whether there are beats on both sides: found ones, and those of experts.
func (r *result) hasBeats() bool {
	return r.database.mode == sampled && r.reference != nil && len(r.reference.beats) > 0
}

// runs compares runs of ventricular beats after the first five minutes.
func (r *result) runs() [score.Long + 1]score.Agreement {
	from := r.seconds(protocol.skip)
	late := func(beats []score.Beat) []score.Beat {
		i, _ := slices.BinarySearchFunc(beats, from, func(b score.Beat, at int64) int { return int(b.At - at) })
		return beats[i:]
	}
	return score.CompareRuns(
		score.Runs(late(r.reference.beats), score.Ventricular), score.Runs(late(r.found(false)), score.Ventricular), r.window())
}

// mentions reports whether experts marked the rhythm anywhere in the database.
func mentions(results []*result, label string) bool {
	return slices.ContainsFunc(results, func(r *result) bool { return len(r.reference.spansOf(label)) > 0 })
}

// classes reports whether the experts told beats apart: those of cudb marked each as normal.
func (d *database) classes() bool { return d.name != "cudb" }

// normal reports whether the database holds healthy hearts only: whatever is said of them is wrong.
func (d *database) normal() bool { return strings.HasPrefix(d.name, "nsrdb") }
