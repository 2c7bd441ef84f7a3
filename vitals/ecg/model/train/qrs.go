package main

import (
	"fmt"
	"io"
	"math"
	"slices"

	"vigil/vitals"
	"vigil/vitals/ecg"
	"vigil/vitals/ecg/model"
	"vigil/vitals/wfdb"
)

// qrsRecipe is that of the forest for the second look at what may be a beat.
var qrsRecipe = recipe{
	outputs: 1, trees: 160, depth: 5, rate: 0.12, smooth: 20, least: 8, share: 0.5, columns: 0.35, seed: 3,
}

const (
	unsettled    = 5  // s at the beginning, of which nothing is taught
	longestPause = 4  // s without a mark: behind that nobody looked, rather than that there was no beat
	fewDoubts    = 2  // one of so many candidates teaches in a disturbed or healthy record: there are enough
	acceptedByQ  = 18 // the trait that tells what the rules decided
)

// doubted is a candidate that the detector looked at again.
type doubted struct {
	traits  []int16 // none where it was certain
	at      int64
	late    bool
	beat    bool
	unknown bool // it lies beside a beat, or where nobody marked any: it neither teaches nor counts
}

func (d *doubted) accepted() bool { return d.traits == nil || d.traits[acceptedByQ] == 1 }

// readDoubts runs the detector over all records. What it doubts depends on its rules alone.
func readDoubts(data string) ([]*replayed[[]doubted], error) { return replay(data, doubt) }

// doubt runs the detector and finds out which of the candidates are beats.
func doubt(s *signal) ([]doubted, error) {
	d, err := ecg.New(s.rateHz)
	if err != nil {
		return nil, fmt.Errorf("make a detector: %w", err)
	}
	var out []doubted
	for _, v := range s.microvolts {
		d.Push(int32(v), v == vitals.Missing)
		if traits, at, ok := d.Doubt(); ok && float64(at) > unsettled*s.rateHz && !fibrillates(s.marks, at) {
			out = append(out, doubted{traits: slices.Clone(traits), at: at, late: at >= s.late()})
		}
	}
	slices.SortStableFunc(out, func(a, b doubted) int { return int(a.at - b.at) })
	last := int64(0)
	for _, m := range s.marks {
		if !isBeat(m.Code) {
			continue
		}
		if float64(m.Sample-last) > longestPause*s.rateHz {
			unmarked := between(out, last+s.window(), m.Sample-s.window())
			for i := range unmarked {
				unmarked[i].unknown = true
			}
		}
		last = m.Sample
		label(between(out, m.Sample-s.window(), m.Sample+s.window()+1), m.Sample)
	}
	return out, nil
}

// fibrillates reports whether a sample lies in marked fibrillation, where no beats are marked.
func fibrillates(marks []wfdb.Annotation, at int64) bool {
	for _, m := range slices.Backward(marks) {
		if m.Sample <= at && (m.Code == "[" || m.Code == "]") {
			return m.Code == "["
		}
	}
	return false
}

// between are the candidates from a sample until before another.
func between(all []doubted, from, until int64) []doubted {
	place := func(at int64) int {
		i, _ := slices.BinarySearchFunc(all, at, func(d doubted, at int64) int { return int(d.at - at) })
		return i
	}
	first := place(from)
	return all[first:max(first, place(until))]
}

// label says which of the candidates near a mark is its beat: one that the rules accepted, else the nearest.
func label(near []doubted, mark int64) {
	best, far := -1, int64(math.MaxInt64)
	for i := range near {
		distance := max(near[i].at-mark, mark-near[i].at)
		if !near[i].accepted() {
			distance += int64(math.MaxInt32)
		}
		if !near[i].beat && distance < far {
			best, far = i, distance
		}
	}
	for i := range near {
		if i == best {
			near[i].beat, near[i].unknown = true, false
		} else if !near[i].beat {
			near[i].unknown = true
		}
	}
}

// qrsTable gathers what teaches.
func qrsTable(hearts []*replayed[[]doubted], c *course) *table {
	t := &table{}
	for i, h := range hearts {
		if !c.teaches(h.record) {
			continue
		}
		for version, all := range h.teaching() {
			every := 1
			if version > 0 || h.database == healthy {
				every = fewDoubts
			}
			t.addDoubts(all, every, int32(i))
		}
	}
	return t
}

func (t *table) addDoubts(all []doubted, every int, patient int32) {
	for k := 0; k < len(all); k += every {
		d := &all[k]
		if d.traits == nil || d.unknown {
			continue
		}
		class := uint8(0)
		if d.beat {
			class = 1
		}
		t.features = len(d.traits)
		t.add(d.traits, class, 1, patient)
	}
}

func growQRS(c *course) (*model.Forest, error) {
	hearts, err := readDoubts(c.data)
	if err != nil {
		return nil, err
	}
	return grow(qrsTable(hearts, c), qrsRecipe), nil
}

// validateQRS asks about each patient the forest that was grown without their fold.
func validateQRS(data string, out io.Writer) error {
	hearts, err := readDoubts(data)
	if err != nil {
		return err
	}
	unseen, err := crossed(data, func(c *course) *model.Forest { return grow(qrsTable(hearts, c), qrsRecipe) })
	if err != nil {
		return err
	}
	for _, database := range beatSources {
		for version, d := range disturbances {
			t := tallyDoubts(hearts, unseen, database, version)
			if err := t.report(database, d, out); err != nil {
				return err
			}
		}
	}
	return nil
}

// doubtTally counts what became of candidates behind the first five minutes.
type doubtTally struct {
	beats, missed, invented    int // with the model
	rulesMissed, rulesInvented int // by the rules alone, as far as they were after a second
	each                       []float64
}

// tallyDoubts asks about each patient the forest that does not know them.
func tallyDoubts(hearts []*replayed[[]doubted], unseen func(record) *model.Forest, database string, version int) doubtTally {
	var t doubtTally
	for _, h := range hearts {
		if h.database == database && version < len(h.versions) {
			t.add(h.versions[version], unseen(h.record))
		}
	}
	return t
}

func (t *doubtTally) add(all []doubted, forest *model.Forest) {
	before := *t
	for i := range all {
		d := &all[i]
		if !d.late || d.unknown {
			continue
		}
		if d.beat {
			t.beats++
		}
		count(d.beat, d.accepted(), &t.rulesMissed, &t.rulesInvented)
		count(d.beat, d.traits == nil || isQRS(forest.Score(d.traits)[0], d.accepted()), &t.missed, &t.invented)
	}
	wrong := t.missed + t.invented - before.missed - before.invented
	t.each = append(t.each, percent(int64(wrong), int64(t.beats-before.beats)))
}

// isQRS is the detector's rule.
func isQRS(score int32, accepted bool) bool {
	if accepted {
		return score > model.AcceptedAbove
	}
	return score > model.RefusedAbove
}

func count(is, said bool, missed, invented *int) {
	switch {
	case is && !said:
		*missed++
	case said && !is:
		*invented++
	}
}

func (t *doubtTally) report(database string, d disturbance, out io.Writer) error {
	_, err := fmt.Fprintf(out, "%-9s %-22v: of %d beats missed %d and invented %d (rules alone, after 1 s: %d and %d), DER %.3f; over patients %s\n",
		database, d, t.beats, t.missed, t.invented, t.rulesMissed, t.rulesInvented,
		percent(int64(t.missed+t.invented), int64(t.beats)), quartiles(t.each))
	if err != nil {
		return fmt.Errorf("report: %w", err)
	}
	return nil
}
