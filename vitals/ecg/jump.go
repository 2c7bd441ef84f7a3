package ecg

// An electrode that falls off, is pressed on or pops moves the line within a tick by more than any beat
// of the patient does. The step would look like a beat; the signal is shifted to go on without it.
const (
	jumpPart  = 200  // % of the usual height of a low-passed QRS complex: about four times what the sharpest of mitdb takes
	jumpLeast = 1000 // µV
	jumpTicks = 2    // a flank that lasts for longer is none
	jumpBeats = 8    // beats after which their height is known
)

// jumps tells steps that no heart makes.
type jumps struct {
	limit int32 // µV
	beats int   // that it was learned from
	row   int   // jumps, tick after tick
}

// learn follows the usual height of a QRS complex, in quarters of a microvolt: up at once, down by and by.
func (j *jumps) learn(height int32) {
	own := max(height/unitsPerMicro*jumpPart/100, jumpLeast)
	j.limit = max(own, j.limit-(j.limit-own)/8)
	j.beats++
}

// far reports whether the line moved so far in one tick that it must have jumped.
func (j *jumps) far(move int32) bool {
	if j.beats < jumpBeats || magnitude(move) <= j.limit {
		j.row = 0
		return false
	}
	if j.row++; j.row == 1 {
		j.limit += j.limit / 8 // what jumps with every beat is the patient's, where the height is not right yet
	}
	return j.row <= jumpTicks
}
