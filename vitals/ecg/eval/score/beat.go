package score

import "slices"

// Class is the class of a beat by the letter of EC57; None stands for no beat at all.
type Class byte

// The classes of EC57.
const (
	None             Class = 'O'
	Normal           Class = 'N'
	Supraventricular Class = 'S'
	Ventricular      Class = 'V'
	Fusion           Class = 'F'
	Unknown          Class = 'Q'
)

// Beat is a heart beat in a record.
type Beat struct {
	At    int64 // sample index
	Class Class
}

// Map says to which class the experts' codes belong.
type Map string

// Two maps are in use. They differ in nodal and atrial escape beats (e, j, n): the programs of
// PhysioNet take them for S, de Chazal (IEEE TBME 2004;51:1196) and most of machine learning for N.
const (
	EC57 Map = "ec57"
	ML   Map = "ml"
)

// codes are the mnemonics of PhysioNet's annotations that mark a beat, by class (EC57 table 2).
var codes = map[string]Class{
	"N": Normal, "L": Normal, "R": Normal, "B": Normal,
	"A": Supraventricular, "a": Supraventricular, "J": Supraventricular, "S": Supraventricular,
	"e": Supraventricular, "j": Supraventricular, "n": Supraventricular,
	"V": Ventricular, "E": Ventricular, "r": Ventricular,
	"F": Fusion,
	"/": Unknown, "f": Unknown, "Q": Unknown, "?": Unknown,
}

// Class is the class of an annotation's code, and whether it marks a beat.
func (m Map) Class(code string) (Class, bool) {
	class, ok := codes[code]
	if m == ML && (code == "e" || code == "j" || code == "n") {
		class = Normal
	}
	return class, ok
}

// Pair is a reference and what was found for it, as indexes; -1 where there is none.
type Pair struct{ Reference, Found int }

// Match pairs beats in the order of time. Two beats can be a pair when they are no further apart
// than the window; where a beat lies between two that it could pair with, the nearer one gets it,
// unless that one has a still nearer partner. Every beat of either side is in exactly one pair.
func Match(reference, found []Beat, window int64) []Pair {
	pairs := make([]Pair, 0, max(len(reference), len(found)))
	r, f := 0, 0
	for r < len(reference) && f < len(found) {
		switch {
		case found[f].At < reference[r].At-window || waits(found, f, reference, r):
			pairs = append(pairs, Pair{-1, f})
			f++
		case reference[r].At < found[f].At-window || waits(reference, r, found, f):
			pairs = append(pairs, Pair{r, -1})
			r++
		default:
			pairs = append(pairs, Pair{r, f})
			r++
			f++
		}
	}
	for ; r < len(reference); r++ {
		pairs = append(pairs, Pair{r, -1})
	}
	for ; f < len(found); f++ {
		pairs = append(pairs, Pair{-1, f})
	}
	return pairs
}

// waits reports whether the earlier beat a[i] is to go without b[j], because a[i+1] is nearer to
// it and has no nearer partner of its own.
func waits(a []Beat, i int, b []Beat, j int) bool {
	if a[i].At >= b[j].At || i+1 >= len(a) {
		return false
	}
	near := distance(a[i+1], b[j])
	if near >= distance(a[i], b[j]) {
		return false
	}
	return j+1 >= len(b) || near <= distance(a[i+1], b[j+1])
}

func distance(a, b Beat) int64 { return max(a.At-b.At, b.At-a.At) }

// Matrix counts pairs of beats by class: first the reference's, then the detector's.
type Matrix struct{ cells [6][6]int }

// order of the classes in a Matrix.
var order = [...]Class{Normal, Supraventricular, Ventricular, Fusion, Unknown, None}

func index(c Class) int {
	for i, o := range order {
		if o == c {
			return i
		}
	}
	return len(order) - 1
}

// Count adds one pair.
func (m *Matrix) Count(reference, found Class) { m.cells[index(reference)][index(found)]++ }

// At is the number of pairs of these classes.
func (m *Matrix) At(reference, found Class) int { return m.cells[index(reference)][index(found)] }

// Add adds the counts of another matrix.
func (m *Matrix) Add(o *Matrix) {
	for i := range m.cells {
		for j := range m.cells[i] {
			m.cells[i][j] += o.cells[i][j]
		}
	}
}

// Beats is the number of reference beats.
func (m *Matrix) Beats() int {
	t := m.Detection()
	return t.TP + t.FN
}

// Detection tallies beats as such, whatever their class.
func (m *Matrix) Detection() Tally {
	var t Tally
	for i, r := range order {
		for j, f := range order {
			n := m.cells[i][j]
			switch {
			case r == None:
				t.FP += n
			case f == None:
				t.FN += n
			default:
				t.TP += n
			}
		}
	}
	return t
}

// Ventricular tallies ectopic ventricular beats. A fusion or unclassifiable beat that was called
// ventricular is not held against the detector (EC57 4.3.3.1).
func (m *Matrix) Ventricular() Tally { return m.tally(Ventricular, Fusion, Unknown) }

// Supraventricular tallies ectopic supraventricular beats. An unclassifiable beat that was called
// supraventricular is not held against the detector (EC57 4.3.3.2).
func (m *Matrix) Supraventricular() Tally { return m.tally(Supraventricular, Unknown) }

func (m *Matrix) tally(class Class, lenient ...Class) Tally {
	var t Tally
	for i, r := range order {
		for j, f := range order {
			n := m.cells[i][j]
			switch {
			case r == class && f == class:
				t.TP += n
			case r == class:
				t.FN += n
			case f == class && slices.Contains(lenient, r): // neither right nor wrong
			case f == class:
				t.FP += n
			case r != None:
				t.TN += n
			}
		}
	}
	return t
}
