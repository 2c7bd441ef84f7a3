package synthetic

import (
	"fmt"
	"math"
	"slices"

	"vigil/vitals/ecg/model"
)

// Trial is an altered signal with what must be true of what is said of it.
type Trial struct {
	Story   string
	signal  Signal
	packets []Packet // as the alarm engine hears it; nil: the signal's
	checks  []check
}

// check is one thing that must be true.
type check struct {
	what    string
	most    float64 // that the measure may be; infinite where it is only told
	measure func(h *Heard) float64
}

// told marks a check that sets no bound.
var told = math.Inf(1)

// Outcome is what a check measured.
type Outcome struct {
	Story, What string
	Value, Most float64 // Value is NaN where what should happen never did
}

// Holds reports whether it lies within its bound.
func (o Outcome) Holds() bool { return math.IsInf(o.Most, 1) || o.Value <= o.Most }

func (o Outcome) String() string {
	return fmt.Sprintf("%s: %s %.2f, at most %.2f", o.Story, o.What, o.Value, o.Most)
}

// Run listens to a trial.
func (t *Trial) Run(forests *model.Forests) ([]Outcome, error) {
	packets := t.packets
	if packets == nil {
		packets = t.signal.packets()
	}
	h, err := listen(&t.signal, packets, forests)
	if err != nil {
		return nil, fmt.Errorf("run trial %q: %w", t.Story, err)
	}
	out := make([]Outcome, len(t.checks))
	for i, c := range t.checks {
		out[i] = Outcome{t.Story, c.what, c.measure(h), c.most}
	}
	return out, nil
}

// Least length of a base, and when the disturbance of most trials begins and ends, in seconds.
const (
	Length = 80
	starts = 30.0
	ends   = 45.0
)

// resumeWithin is how soon beats must be found again in a good signal.
const resumeWithin = 5.0

// Trials are all those that alter a base of at least Length seconds, whose beats are all of the usual
// kind and known. What the detector misses or invents in the base itself is not held against a trial.
func Trials(base *Signal, forests *model.Forests) ([]Trial, error) {
	own, err := listen(base, base.packets(), forests)
	if err != nil {
		return nil, fmt.Errorf("listen to the base: %w", err)
	}
	b := bench{base: base, height: height(base)}
	b.missed, b.invented = own.missed(settled, base.Seconds()-unnamed), own.invented(settled, base.Seconds())
	return slices.Concat(
		b.stops(), b.electrodes(), b.artefacts(), b.otherDevices(), b.losses(), b.clocks(), b.pacemaker(),
	), nil
}

const (
	settled = 5.0 // s from which on the detector has learned the signal
	unnamed = 3.0 // s before the end whose beats may not be reported yet
)

// bench makes trials of a base.
type bench struct {
	base             *Signal
	height           float64 // µV, usual of a QRS complex
	missed, invented float64 // in the base itself
}

// height is the median height of QRS complexes in µV.
func height(s *Signal) float64 {
	var heights []float64
	reach := s.index(0.05)
	for _, b := range s.Beats {
		if b >= reach && b+reach < len(s.Microvolts) {
			qrs := s.Microvolts[b-reach : b+reach+1]
			heights = append(heights, float64(slices.Max(qrs))-float64(slices.Min(qrs)))
		}
	}
	slices.Sort(heights)
	if len(heights) == 0 {
		return 0
	}
	return heights[len(heights)/2]
}

// finds are the checks that all beats are found from a time on, and none that is not there from another.
func (b *bench) finds(missedFrom, inventedFrom float64) []check {
	return []check{
		{"beats missed", b.missed, func(h *Heard) float64 { return h.missed(missedFrom, h.signal.Seconds()-unnamed) }},
		{"beats invented", b.invented, func(h *Heard) float64 { return h.invented(inventedFrom, h.signal.Seconds()) }},
	}
}

// calm is the check that nobody is called.
func calm() check {
	return check{"lethal alarms", 0, func(h *Heard) float64 { return h.cried(h.signal.Seconds() + 1) }}
}

// resumes is the check that beats are counted again soon.
func resumes(from float64) check {
	return check{"s until beats count again", resumeWithin, func(h *Heard) float64 { return h.resumed(from) - from }}
}
