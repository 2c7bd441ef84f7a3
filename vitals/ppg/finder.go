package ppg

const (
	dominance  = 28 // ticks, 224 ms: the largest rise that far to both sides; no heart is faster than 268/min
	learnTime  = 3 * internalHz
	learnLimit = 2 * learnTime // then one pulse and an artefact must do
	fadeAfter  = 2 * internalHz
	fadeEvery  = internalHz
	forgetTime = 10 * internalHz // without a pulse: what was known of its strength is stale
	leastRise  = 2 * unitsPerStep

	// A dicrotic wave comes in the first half of the beat and rises less than the pulse does: two
	// fifths in the young, less with age (Elgendi, Curr Cardiol Rev 2012;8:14, shows both).
	dicroticShare = 3 // of 5

	firstInterval = 3 * internalHz / 4 // 80/min, until it is known
)

// finder finds upstrokes: the largest rise for 224 ms to both sides that reaches three eighths of
// what the last pulses reached. Zong asks for 60 % of it in arterial pressure; an extrasystole's
// pulse is weaker than that, and what is no pulse is told by its shape.
type finder struct {
	best      int64 // tick of the largest rise that may still prove dominant
	learned   bool
	since     int64 // learning since
	top       int32 // the two largest rises while learning
	second    int32
	rises     recent
	level     int32 // what pulses reach at present
	usual     int32 // and over the last half minute
	last      int64 // tick of the last upstroke
	lastRise  int32
	lastSign  int64 // tick of the last rise that is an eighth of the usual
	faded     int64
	intervals recent
	interval  int32
}

// relearn forgets what pulses reach.
func (c *finder) relearn(tick int64) {
	*c = finder{best: c.best, since: tick, last: c.last, lastSign: c.lastSign, interval: firstInterval}
	c.intervals.fill(firstInterval)
}

// dominant is the tick of a rise that has just proved to be the largest around.
func (c *finder) dominant(f *filter) (at int64, ok bool) {
	n := f.tick - 1
	if f.rise[n&ringMask] >= f.rise[c.best&ringMask] {
		c.best = n
	}
	if n-c.best < dominance {
		return 0, false
	}
	at = c.best
	c.best = at + 1
	for i := at + 2; i <= n; i++ {
		if f.rise[i&ringMask] >= f.rise[c.best&ringMask] {
			c.best = i
		}
	}
	rise := f.rise[at&ringMask]
	for i := at - dominance; i < at; i++ {
		if f.rise[i&ringMask] > rise {
			return 0, false
		}
	}
	return at, rise >= leastRise
}

// accepts decides whether a dominant rise is an upstroke.
func (c *finder) accepts(at int64, rise int32) bool {
	if rise > c.usual/8 {
		c.lastSign = at
	}
	if !c.learned {
		c.learn(at, rise)
		return false
	}
	apart := at - c.last
	dicrotic := apart < int64(c.interval)/2 && rise*5 < c.lastRise*dicroticShare
	if rise*8 < c.level*3 || dicrotic {
		return false
	}
	if apart <= fadeAfter {
		c.intervals.add(int32(apart))
		c.interval = c.intervals.median()
	}
	c.last, c.lastRise, c.faded = at, rise, at
	return true
}

// confirm lets the level follow an upstroke that proved to be a good pulse. Movement must not lift it
// out of the reach of the pulses that come behind.
func (c *finder) confirm(rise int32) {
	c.rises.add(rise)
	c.level = c.rises.median()
	c.usual += (rise - c.usual) / 32
}

// crowded reports whether another rise, nearly as large, lies where no second pulse can be: a tremor.
func (f *filter) crowded(at int64) bool {
	limit := f.rise[at&ringMask] / 10 * 7
	for apart := int64(riseWidth + lowPassDelay); apart <= dominance; apart++ {
		if f.rise[(at-apart)&ringMask] > limit || f.rise[(at+apart)&ringMask] > limit {
			return true
		}
	}
	return false
}

// learn takes the second largest rise of three seconds for what pulses reach: the largest may be
// the artefact of a finger that is put in.
func (c *finder) learn(at int64, rise int32) {
	if rise > c.top {
		c.top, c.second = rise, c.top
	} else {
		c.second = max(c.second, rise)
	}
	taken := at - c.since
	if taken < learnTime || c.second == 0 || c.second < c.top/2 && taken < learnLimit {
		return
	}
	c.learned = true
	c.level, c.usual = c.second, c.second
	c.rises.fill(c.level)
	c.last, c.lastRise, c.faded = at, rise, at
}

// pause lets time stand still for a tick at which the sample was lost.
func (c *finder) pause() { c.last, c.faded, c.lastSign = c.last+1, c.faded+1, c.lastSign+1 }

// rest lowers the level where pulses have become weaker, and tells when it forgets it in the end.
func (c *finder) rest(tick int64) (forgotten bool) {
	switch {
	case !c.learned:
	case tick-c.last > forgetTime:
		c.relearn(tick)
		return true
	case tick-c.last > fadeAfter && tick-c.faded >= fadeEvery:
		c.faded = tick
		c.level = max(c.level*7/8, c.usual/4)
		c.rises.fill(c.level)
	}
	return false
}
