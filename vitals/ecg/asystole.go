package ecg

// Asystole is judged by energy alone and never by the beat decision, which lowers its levels in
// search of beats until it takes P waves and noise for them.
const (
	asystoleTime   = 4 * internalHz // Philips, Edan: 4 s; IEC 60601-2-27 wants the alarm within 10 s
	pauseTime      = 3 * internalHz // a pause of more than 3 s counts (Kusumoto et al., ACC/AHA/HRS bradycardia guideline, Circulation 2019;140:e382)
	asystoleShare  = 5              // a candidate above 1/5 of the patient's level is a sign of life,
	surelyAlive    = 40             // but below 40 % of it
	steepEnough    = 35             // only with a quarter of the usual slope: P waves that no beat follows are flat
	knownBeats     = 5              // beats after which the level counts
	levelFade      = 32             // beats over which the level follows
	revivalTime    = 3 * internalHz // two signs of life within that end an asystole
	blindTime      = 3 * internalHz / 10
	familiarMatch  = 0.95 // a beat that looks like the patient's own is one, however small; a P wave may look so to 0.93 (cinc2015 b494s)
	familiarBeats  = 16
	familiarPart   = 4 // at least a quarter of the most common template
	familiarShare  = 12
	faintFade      = 4 * levelFade // what is no sign of life moves the level slowly: the QRS decision may have taken P waves
	ticksOfFilter  = bandDelay + strengthWidth/2
	unknownTime    = 8 * internalHz // where no level is known yet
	artefactFactor = 2
)

// lifeSigns follows the patient's long-term level of strength and the last candidate that
// reaches a fifth of it.
type lifeSigns struct {
	level  int32 // long-term strength of beats
	slope  int32 // and their slope
	beats  int32 // that made it
	last   int64 // tick of the last sign of life, or of the last time nothing could be seen
	before int64 // tick of the one before
	began  int64 // tick from which nothing was seen, where asystole stands
	seen   int64 // tick of the last sign of life
}

// addBeat lets the level follow accepted beats.
func (l *lifeSigns) addBeat(strength, slope int32) {
	l.beats++
	if l.beats > knownBeats {
		strength, slope = min(strength, artefactFactor*l.level), min(slope, artefactFactor*l.slope)
	}
	fade := int32(levelFade)
	if strength*asystoleShare < 2*l.level && slope*100 < steepEnough*l.slope {
		fade = faintFade
	}
	l.level += (strength - l.level) / min(l.beats, fade)
	l.slope += (slope - l.slope) / min(l.beats, fade)
}

// shows reports whether a candidate is a sign of life; familiar says that it looks like the patient's usual beat.
func (l *lifeSigns) shows(c *candidate, familiar bool) bool {
	limit := int32(leastLevel)
	if l.beats >= knownBeats {
		limit = l.level / asystoleShare
		if familiar {
			limit = l.level / familiarShare
		} else if int64(c.slope)*100 < steepEnough*int64(l.slope) {
			limit = int32(surelyAlive * int64(l.level) / 100)
		}
	}
	return c.strength > limit
}

// note notes a sign of life.
func (l *lifeSigns) note(at int64) { l.before, l.last, l.seen = l.last, at, at }

// blind notes that beats may have been lost up to tick.
func (l *lifeSigns) blind(tick int64) { l.last = max(l.last, tick) }

// absent reports whether no sign of life has been seen for long enough.
func (l *lifeSigns) absent(tick int64) bool {
	wait := int64(asystoleTime)
	if l.beats < knownBeats {
		wait = unknownTime
	}
	return tick-l.last >= wait+dominance
}

// pauses reports whether beats have been absent for long enough to be called a pause.
func (l *lifeSigns) pauses(tick int64) bool {
	return l.beats >= knownBeats && l.last == l.seen && tick-l.last >= pauseTime+dominance
}

// revived reports whether two signs of life came close together and lately.
func (l *lifeSigns) revived(tick int64) bool {
	return l.last > l.began && l.before > l.began && l.last-l.before < revivalTime && tick-l.last < revivalTime
}
