package main

import (
	"fmt"
	"io"
	"slices"

	"vigil/vitals/ecg/model"
)

// scored is a judgement with what a forest says of it.
type scored struct {
	at    int64
	score int32
}

// leastEpisode is how long an episode must last to count as one, in milliseconds.
const leastEpisode = 30 * 1000

// episodes are what the detector would say of the judgements.
func episodes(all []scored) []span {
	var out []span
	var opinion model.CUSUM
	for _, s := range all {
		since, changed := opinion.Push(s.at, s.score)
		switch {
		case changed && opinion.Stands:
			out = append(out, span{since, all[len(all)-1].at})
		case changed:
			out[len(out)-1].to = since
		}
	}
	return out
}

// agreement compares episodes with marked ones.
type agreement struct {
	hours          float64
	is, said, both int64 // ms
	episodes, met  int   // marked, of 30 s at least
	raised, right  int   // found; those that meet a marked one
	beats          named // in fibrillation
}

func (a *agreement) add(p *pulse, found []span) {
	a.hours += p.hours
	for _, j := range p.judgements {
		a.beats.count(j.is == 1, slices.ContainsFunc(found, func(s span) bool { return s.holds(j.at) }))
	}
	for _, s := range p.spans {
		a.is += s.to - s.from
		if s.to-s.from >= leastEpisode {
			a.episodes++
			a.met += touching(s, found)
		}
	}
	for _, s := range found {
		a.said += s.to - s.from
		a.raised++
		a.right += touching(s, p.spans)
		for _, m := range p.spans {
			a.both += max(0, min(s.to, m.to)-max(s.from, m.from))
		}
	}
}

// touching is 1 where a span meets any of the others.
func touching(s span, others []span) int {
	for _, o := range others {
		if s.from < o.to && o.from < s.to {
			return 1
		}
	}
	return 0
}

// report writes a line per database: gross, then the quartiles over the patients.
func report(pulses []*pulse, found [][]scored, out io.Writer) error {
	for _, source := range atrialSources {
		var all agreement
		var sensitivity, predictivity, f1 []float64
		for i, p := range pulses {
			if p.database != source.name {
				continue
			}
			said := episodes(found[i])
			all.add(p, said)
			var own agreement
			own.add(p, said)
			if own.is > 0 {
				sensitivity = append(sensitivity, percent(own.both, own.is))
				f1 = append(f1, own.beats.f1())
			}
			if own.said > 0 {
				predictivity = append(predictivity, percent(own.both, own.said))
			}
		}
		_, err := fmt.Fprintf(out, "%-9s duration Se %.2f +P %.2f; episodes >= 30 s Se %d/%d +P %d/%d, false per 24 h %.2f; beats F1 %.2f; over patients Se %s, +P %s, F1 %s\n",
			source.name, percent(all.both, all.is), percent(all.both, all.said),
			all.met, all.episodes, all.right, all.raised, float64(all.raised-all.right)/all.hours*24,
			all.beats.f1(), quartiles(sensitivity), quartiles(predictivity), quartiles(f1))
		if err != nil {
			return fmt.Errorf("report: %w", err)
		}
	}
	return nil
}

func percent(part, whole int64) float64 { return 100 * float64(part) / max(1, float64(whole)) }

func quartiles(values []float64) string {
	if len(values) == 0 {
		return "-"
	}
	slices.Sort(values)
	n := len(values) - 1
	return fmt.Sprintf("%.1f/%.1f/%.1f", values[n/4], values[n/2], values[n*3/4])
}
