package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/samber/lo"

	"vigil/vitals/ecg/eval/score"
)

// create writes a file below the output folder.
func create(path string, write func(w io.Writer) error) (err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return fmt.Errorf("make folder: %w", err)
	}
	f, err := os.Create(path) //nolint:gosec // G304: the folder is the user's choice
	if err != nil {
		return fmt.Errorf("create file: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	buffered := bufio.NewWriter(f)
	if err := write(buffered); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return buffered.Flush()
}

// writeFiles writes what was found in the record, one row per finding.
func (r *result) writeFiles(out string) error {
	base := filepath.Join(out, r.database.name, r.record)
	ours := lo.Ternary(r.database.mode == sampled, r.beats, nil) // those of a .qrs file are another program's
	beats := slices.SortedStableFunc(slices.Values(ours), func(a, b beat) int { return int(a.At - b.At) })
	episodes := slices.SortedStableFunc(slices.Values(r.episodes), func(a, b episode) int { return int(a.From - b.From) })
	return errors.Join(
		writeRows(base+".beats.csv", "sample,label,emitted", beats, func(b beat) string {
			return fmt.Sprintf("%d,%c,%d", b.At, b.Class, b.emitted)
		}),
		writeRows(base+".episodes.csv", "start,end,label,emitted", episodes, func(e episode) string {
			return fmt.Sprintf("%d,%d,%s,%d", e.From, min(e.To, r.samples-1), e.label, e.emitted)
		}),
		writeRows(base+".alarms.csv", "sample,condition,priority", r.alarms, func(a alarm) string {
			return fmt.Sprintf("%d,%s,%s", a.At, a.condition, a.priority)
		}),
		r.writeVerdict(base+".believed.csv"),
		r.writeShort(base),
	)
}

// writeVerdict writes what all signals say of a monitor's alarm, where there is one to be judged.
func (r *result) writeVerdict(path string) error {
	if r.bedside == nil {
		return nil
	}
	kind := r.database.alarms[r.record].kind
	return writeRows(path, "alarm,believed", []bool{r.bedside.believes(kind)}, func(believed bool) string {
		return kind + "," + lo.Ternary(believed, "1", "0")
	})
}

func writeRows[T any](path, header string, rows []T, format func(T) string) error {
	return create(path, func(w io.Writer) error {
		if _, err := fmt.Fprintln(w, header); err != nil {
			return fmt.Errorf("write header: %w", err)
		}
		for _, row := range rows {
			if _, err := fmt.Fprintln(w, format(row)); err != nil {
				return fmt.Errorf("write row: %w", err)
			}
		}
		return nil
	})
}

// writeRecords writes the figures of each record, for a spreadsheet.
func writeRecords(out string, results []*result) error {
	const header = "database,record,seconds,qrs_tp,qrs_fn,qrs_fp,qrs_se,qrs_ppv,veb_tp,veb_fn,veb_fp,veb_se,veb_ppv," +
		"sveb_tp,sveb_fn,sveb_fp,sveb_se,sveb_ppv,af_seconds,af_found_seconds,af_both_seconds,vf_seconds,vf_found_seconds," +
		"vf_both_seconds,noise_seconds,alarms,beat_delay_p95_s,flaws"
	done := slices.DeleteFunc(slices.Clone(results), func(r *result) bool { return r.fault != nil })
	return writeRows(filepath.Join(out, "records.csv"), header, done, func(r *result) string {
		m := r.matrix(protocol)
		row := []string{fmt.Sprintf("%s,%s,%.0f", r.database.name, r.record, r.at(r.samples))}
		for _, t := range []score.Tally{m.Detection(), m.Ventricular(), m.Supraventricular()} {
			row = append(row, fmt.Sprintf("%d,%d,%d,%s,%s", t.TP, t.FN, t.FP, cell(t.Sensitivity()), cell(t.Predictivity())))
		}
		for _, label := range []string{atrialFibrillation, fibrillation} {
			d := score.Duration(r.reference.spansOf(label), r.spans(label))
			row = append(row, fmt.Sprintf("%.0f,%.0f,%.0f", r.at(d.Reference.Whole), r.at(d.Found.Whole), r.at(d.Found.Part)))
		}
		row = append(row, fmt.Sprintf("%.0f,%d,%s,%d", r.at(score.Total(r.spans(noise))), len(r.alarms),
			cell(score.Quantile(r.delays(), 0.95)), len(r.flaws)))
		return strings.Join(row, ",")
	})
}

// delays are how long after each beat it was reported, in seconds.
func (r *result) delays() []float64 {
	if r.database.mode != sampled {
		return nil
	}
	out := make([]float64, len(r.beats))
	for i, b := range r.beats {
		out[i] = r.at(b.emitted - b.At)
	}
	return out
}

// cell is a figure in a file, empty where it is not defined.
func cell(x float64) string {
	if math.IsNaN(x) {
		return ""
	}
	return fmt.Sprintf("%.2f", x)
}
