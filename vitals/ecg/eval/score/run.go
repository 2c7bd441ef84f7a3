package score

// Run is a number of beats of one class in a row; From and To are its first and last beat.
type Run struct {
	From, To int64
	Beats    int
}

// Runs are the runs of at least two beats of the class among beats in the order of time.
func Runs(beats []Beat, class Class) []Run {
	var runs []Run
	for i := 0; i < len(beats); {
		end := i
		for end < len(beats) && beats[end].Class == class {
			end++
		}
		if end-i >= 2 {
			runs = append(runs, Run{From: beats[i].At, To: beats[end-1].At, Beats: end - i})
		}
		i = max(end, i+1)
	}
	return runs
}

// Length sorts runs as EC57 reports them.
type Length int

// Lengths of a run. A single beat, or none, is Isolated.
const (
	Isolated Length = iota
	Couplet         // 2 beats
	Short           // 3 to 5
	Long            // more than 5
)

// LengthOf is the length class of a run of so many beats.
func LengthOf(beats int) Length {
	switch {
	case beats > 5:
		return Long
	case beats >= 3:
		return Short
	case beats == 2:
		return Couplet
	default:
		return Isolated
	}
}

// CompareRuns compares runs by length class: a run is met when the longest run of the other side
// that lies within the window around it is of the same class.
func CompareRuns(reference, found []Run, window int64) [Long + 1]Agreement {
	var out [Long + 1]Agreement
	for _, r := range reference {
		length := LengthOf(r.Beats)
		out[length].Reference = out[length].Reference.With(LengthOf(longest(found, r, window)) == length)
	}
	for _, f := range found {
		length := LengthOf(f.Beats)
		out[length].Found = out[length].Found.With(LengthOf(longest(reference, f, window)) == length)
	}
	return out
}

// longest is the number of beats of the longest run that touches r.
func longest(runs []Run, r Run, window int64) int {
	beats := 0
	for _, o := range runs {
		if o.To >= r.From-window && o.From <= r.To+window {
			beats = max(beats, o.Beats)
		}
	}
	return beats
}
