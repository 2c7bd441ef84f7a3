package ecg

// A ventricular run may be so much smaller and slower in its slopes than the patient's own beats that the
// QRS decision takes half of it for T waves and noise. So runs are also looked for among signs of
// life, whatever that decision made of them: five that come at 100/min or more, none like the
// patient's own, and most like one another, as pieces of noise are not.
const (
	strangeApart = internalHz * 24 / 100 // nearer maxima are of one complex (250/min)
	strangeKept  = 4                     // shapes that a new one is compared with
	strangeAlike = 700                   // thousandths of correlation
	mostAlike    = 2                     // of the five
	strangeGap   = internalHz * 8 / 10   // a longer one ends the row, whatever the mean rate
	strangeOver  = 2 * internalHz        // without one the run is over
	strangeFrom  = 60                    // beats after which it is known what the patient's own look like
	strangeSmall = 60                    // % of the usual strength: larger ones the QRS decision sees itself
	ownMatch     = 0.85                  // with a template of the patient's own: not strange
)

// strangeRun follows signs of life that do not look like the patient's own beats.
type strangeRun struct {
	shapes [strangeKept]shape
	at     [runBeats]int64
	row    int64 // in a row
	alike  uint8 // bit per stranger, newest lowest: like one of the last
	last   int64 // tick of the last sign of life of either kind
}

// push takes a sign of life, and reports whether a run stands behind it.
func (s *strangeRun) push(c *candidate, own bool) bool {
	gap := c.at - s.last
	if own {
		s.row, s.last = 0, c.at
		return false
	}
	if gap < strangeApart {
		return false
	}
	if gap > strangeGap {
		s.row = 0
	}
	s.last = c.at
	like := uint8(0)
	for i := range min(s.row, strangeKept) {
		if likeness(c.shape[:], s.shapes[i][:]) >= strangeAlike {
			like = 1
		}
	}
	s.alike = s.alike<<1 | like
	s.shapes[s.row%strangeKept] = c.shape
	s.at[s.row%runBeats] = c.at
	s.row++
	return s.row >= runBeats && s.fast() && ones(s.alike, runBeats) >= mostAlike
}

// began is the tick of the first of the last five.
func (s *strangeRun) began() int64 { return s.at[s.row%runBeats] }

func (s *strangeRun) fast() bool {
	return s.last-s.began() <= (runBeats-1)*fastInterval
}
