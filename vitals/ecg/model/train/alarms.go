package main

import (
	"fmt"
	"io"
	"slices"

	"vigil/vitals/ecg/model"
)

// Alarms tell of an episode when they stand or are raised within these seconds of it.
const (
	alarmBefore  = 5
	alarmAfter   = 10
	longFlutter  = 10 // seconds: shorter episodes need not be noticed
	windowsAsked = 3
)

// alarmed are the stretches in which the detector's rule would call: two windows of three begin it, three
// end it.
func (s *strip) alarmed() []seconds {
	last := [windowsAsked]int32{notJudged, notJudged, notJudged}
	stands := false
	var out []seconds
	for _, w := range s.versions[0] {
		last = [windowsAsked]int32{last[1], last[2], w.lethal}
		second := max(min(last[0], last[1]), min(max(last[0], last[1]), last[2]))
		switch {
		case !stands && second > model.LethalBegins:
			stands = true
			out = append(out, seconds{float64(w.at), s.hours * 3600})
		case stands && slices.Max(last[:]) <= model.LethalEnds:
			stands = false
			out[len(out)-1].to = float64(w.at)
		}
	}
	return out
}

// tells reports whether an alarm that stood for so long tells of an episode.
func (a seconds) tells(episode seconds) bool {
	return a.from <= episode.to+alarmAfter && a.to > episode.from-alarmBefore
}

// latency is how long after its onset the first alarm told of an episode.
func latency(alarms []seconds, episode seconds) (late float64, ok bool) {
	i := slices.IndexFunc(alarms, func(a seconds) bool { return a.tells(episode) })
	if i < 0 {
		return 0, false
	}
	return max(0, alarms[i].from-episode.from), true
}

// alarmTally counts what the rule makes of the windows of a database.
type alarmTally struct {
	hours                 float64
	raised, wrong, missed int
	late                  []float64 // seconds
}

func (t *alarmTally) add(s *strip) {
	alarms := s.alarmed()
	t.hours += s.hours
	t.raised += len(alarms)
	for _, a := range alarms {
		if !slices.ContainsFunc(s.lethal, a.tells) {
			t.wrong++
		}
	}
	for _, e := range s.episodes {
		if e.to-e.from < longFlutter {
			continue
		}
		if l, ok := latency(alarms, e); ok {
			t.late = append(t.late, l)
		} else {
			t.missed++
		}
	}
}

func reportAlarms(strips []*strip, name string, out io.Writer) error {
	var t alarmTally
	for _, s := range strips {
		if s.source.name == name {
			t.add(s)
		}
	}
	slices.Sort(t.late)
	_, err := fmt.Fprintf(out, "%-9s alarms by windows %d, false %d (%.1f per 24 h); VF >= 10 s met %d, missed %d, latency median %s, p95 %s\n",
		name, t.raised, t.wrong, float64(t.wrong)/t.hours*24, len(t.late), t.missed, rank(t.late, 50), rank(t.late, 95))
	if err != nil {
		return fmt.Errorf("report: %w", err)
	}
	return nil
}

// rank is a percentile of sorted values.
func rank(sorted []float64, percentile int) string {
	if len(sorted) == 0 {
		return "-"
	}
	return fmt.Sprintf("%.1f s", sorted[(len(sorted)-1)*percentile/100])
}
