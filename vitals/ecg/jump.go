package ecg

// An electrode that falls off, is pressed on or pops moves the line at once by more than any beat of the
// patient does. The step would look like a beat; the signal is shifted to go on without it.
const (
	jumpPart  = 200  // % of the usual height of a low-passed QRS complex, within 8 ms: more than the sharpest of mitdb takes
	jumpLeast = 1000 // µV
	jumpTicks = 3    // a flank that lasts for longer is none
	jumpHiss  = 5
	jumpBeats = 8 // beats after which their height is known
)

// jumps tells steps that no heart makes.
type jumps struct {
	limit  int32    // µV
	height int32    // usual, of a QRS complex, quarters of µV
	beats  int      // that it was learned from
	row    int      // jumps, tick after tick
	last   [2]int32 // the line at the two ticks before
}

// learn follows the usual height of what the QRS decision took for a beat; not of a hum or of muscles, whose hiss
// is more than a fifth of it. The limit goes up at once, and down by and by.
func (j *jumps) learn(c *candidate) {
	if c.hiss*unitsPerMicro*jumpHiss > c.height {
		return
	}
	if j.height == 0 {
		j.height = c.height
	}
	j.height += (c.height - j.height) / 8
	own := max(j.height/unitsPerMicro*jumpPart/100, jumpLeast)
	j.limit = max(own, j.limit-(j.limit-own)/8)
	j.beats++
}

// far reports whether the value lies so far from the line that it must have jumped.
func (j *jumps) far(v int32) bool {
	if j.beats < jumpBeats || magnitude(v-j.line()) <= j.limit {
		j.row = 0
		return false
	}
	if j.row++; j.row == 1 {
		j.limit += j.limit / 8 // what jumps with every beat is the patient's, where the height is not right yet
	}
	return j.row <= jumpTicks
}

// line is where the signal was before it could have jumped: a step takes two ticks where the device's
// rate is lower than ours.
func (j *jumps) line() int32 { return j.last[0] }

func (j *jumps) follow(v int32) { j.last[0], j.last[1] = j.last[1], v }
