package score

import "math"

// Alarm is an alarm of a record: raised at sample At, standing before sample Until.
type Alarm struct{ At, Until int64 }

// near reports whether the alarm stands, or is raised, within the margins of an episode.
func (a Alarm) near(s Span, before, after int64) bool {
	return a.At <= s.To+after && max(a.Until, a.At+1) > s.From-before
}

// Latencies says for each episode how many samples after its onset an alarm told of it: 0 where
// one stood already, NaN where none did. An alarm tells of an episode when it stands or is raised
// from before its onset until after its end.
func Latencies(episodes []Span, alarms []Alarm, before, after int64) []float64 {
	out := make([]float64, len(episodes))
	for i, e := range episodes {
		out[i] = math.NaN()
		for _, a := range alarms {
			if !a.near(e, before, after) {
				continue
			}
			if late := float64(max(0, a.At-e.From)); math.IsNaN(out[i]) || late < out[i] {
				out[i] = late
			}
		}
	}
	return out
}

// FalseAlarms are the alarms that tell of no episode.
func FalseAlarms(episodes []Span, alarms []Alarm, before, after int64) []Alarm {
	var out []Alarm
	for _, a := range alarms {
		tells := false
		for _, e := range episodes {
			tells = tells || a.near(e, before, after)
		}
		if !tells {
			out = append(out, a)
		}
	}
	return out
}

// Challenge2015 is the score of the PhysioNet/CinC Challenge 2015, in percent: a missed true alarm
// costs five times as much as a false one.
func Challenge2015(t Tally) float64 {
	return percent(t.TP+t.TN, t.TP+t.TN+t.FP+5*t.FN)
}

// Labels counts how whole recordings were labelled: first the reference's label, then ours.
type Labels map[[2]string]int

// Tally is the tally of one label.
func (l Labels) Tally(label string) Tally {
	var t Tally
	for pair, n := range l {
		switch {
		case pair[0] == label && pair[1] == label:
			t.TP += n
		case pair[0] == label:
			t.FN += n
		case pair[1] == label:
			t.FP += n
		default:
			t.TN += n
		}
	}
	return t
}
