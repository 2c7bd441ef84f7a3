package model

// CUSUM forms an opinion from the scores of a forest over time, and changes it when enough
// evidence against it has gathered: the cumulative sum of Page (Biometrika 1954;41:100). The change
// is dated where the sum began to rise. The zero value holds that nothing stands.
type CUSUM struct {
	Stands bool
	rises  bool
	sum    int64 // score times milliseconds
	since  int64 // when it began to rise
	last   int64
}

// How scores of atrial fibrillation are weighed. A score at the bound changes the opinion within 27 s,
// about the half minute that makes an episode; a weaker one takes longer, and one that
// speaks for what stands takes evidence back. Found by cross-validation (docs/model-card.md).
const (
	beginsAbove  = Scale / 2
	endsBelow    = -Scale
	mostEvidence = 3 * Scale
	enough       = 80 * Scale * 1000
	longestStep  = 10 * 1000 // ms for which a score speaks
)

// Push takes the score of a time in milliseconds. Where the opinion changes it tells since when.
func (c *CUSUM) Push(at int64, score int32) (since int64, changed bool) {
	evidence := score - beginsAbove
	if c.Stands {
		evidence = endsBelow - score
	}
	evidence = min(max(evidence, -mostEvidence), mostEvidence)
	step := min(at-c.last, longestStep)
	c.last = at
	switch {
	case c.rises:
		c.sum += int64(evidence) * step
	case evidence > 0:
		c.rises, c.since, c.sum = true, at, 0
	}
	c.rises = c.rises && c.sum >= 0
	if !c.rises || c.sum < enough {
		return 0, false
	}
	c.Stands, c.rises = !c.Stands, false
	return c.since, true
}

// Forget drops the evidence that has gathered: what comes does not follow on what was.
func (c *CUSUM) Forget() { c.rises = false }
