package ecg

import "math/bits"

// Patterns are what the names of neighbouring beats make. They are told as rhythms, for the chart; the alarms
// that rest on couplets and runs are of low priority or information. Couplets and runs are those of ANSI/AAMI EC57: two, and three or more,
// ventricular beats in a row at any rate. Bigeminy and trigeminy, where every second or third
// beat is ventricular, are told when they have come round three times, which is how textbooks count them.
const (
	runOf       = 3
	timesRound  = 3
	inBigeminy  = 2  // beats to a turn
	inTrigeminy = 3  // beats to a turn
	patternKept = 16 // beats
)

// patterns remembers the names of the latest beats.
type patterns struct {
	at    [patternKept]int64
	count int64
	named uint16 // bit per beat, newest lowest: ventricular
	row   int64  // ventricular beats in a row
}

// back is the tick of the beat so many before the newest.
func (p *patterns) back(n int64) int64 { return p.at[(p.count-1-n)%patternKept] }

// watchPatterns takes a beat with its name. One that follows on a pause or a loss makes no pattern with those before.
func (d *Detector) watchPatterns(b *beat, class Beat) {
	p := &d.patterns
	if b.interval == 0 {
		d.endPatterns(b.at)
		*p = patterns{}
	}
	p.at[p.count%patternKept] = b.at
	p.count++
	p.named <<= 1
	row := p.row
	p.row = 0
	if class == VentricularBeat {
		p.named |= 1
		p.row = row + 1
	}
	switch {
	case p.row == runOf:
		d.tellPattern(VentricularRun, runOf-1, 0)
	case p.row == 0 && d.standing[VentricularRun]:
		d.end(VentricularRun, p.back(1)-lowPassDelay)
	case p.row == 0 && row == runOf-1:
		d.tellPattern(Couplet, runOf-1, 1)
		d.end(Couplet, p.back(1)-lowPassDelay)
	}
	d.watchTurns(Bigeminy, inBigeminy)
	d.watchTurns(Trigeminy, inTrigeminy)
}

// watchTurns follows a pattern that comes round. It begins with the ventricular beat of its third turn, and
// ends with the first beat out of turn.
func (d *Detector) watchTurns(r Rhythm, period int64) {
	p := &d.patterns
	turn := uint16(1)<<period - 1
	now, before, first := p.named&turn, p.named>>period&turn, p.named>>(2*period)&turn
	switch {
	case !d.standing[r] && p.count >= timesRound*period && now == 1 && before == 1 && first == 1:
		d.tellPattern(r, timesRound*period-1, 0)
	case d.standing[r] && (now != before || bits.OnesCount16(now) != 1):
		d.end(r, p.back(1)-lowPassDelay)
	}
}

// tellPattern begins a pattern, from and to the beats so many before the newest.
func (d *Detector) tellPattern(r Rhythm, first, last int64) {
	p := &d.patterns
	from, to := p.back(first)-lowPassDelay, p.back(last)-lowPassDelay
	bpm := float64((first-last)*60*internalHz) / float64(max(1, to-from))
	d.begin(r, from, evidence{from: from, to: to, bpm: bpm})
}

// endPatterns ends all that stand.
func (d *Detector) endPatterns(at int64) {
	for _, r := range [...]Rhythm{VentricularRun, Bigeminy, Trigeminy} {
		if d.standing[r] {
			d.end(r, at-lowPassDelay)
		}
	}
}
