package ecg

// Asystole is judged by energy alone and never by the beat decision, which lowers its levels in
// search of beats until it takes P waves and noise for them.
const (
	asystoleTime   = 4 * internalHz // Philips, Edan: 4 s; IEC 60601-2-27 wants the alarm within 10 s
	asystoleShare  = 5              // a candidate above 1/5 of the patient's level is a sign of life
	knownBeats     = 5              // beats after which the level counts
	levelFade      = 32             // beats over which the level follows
	revivalTime    = 3 * internalHz // two signs of life within that end an asystole
	blindTime      = 3 * internalHz / 10
	familiarMatch  = 0.9 // a beat that looks like the patient's own is one, however small
	familiarBeats  = 16
	familiarShare  = 12
	ticksOfFilter  = bandDelay + strengthWidth/2
	unknownTime    = 8 * internalHz // where no level is known yet
	artefactFactor = 2
)

// lifeSigns follows the patient's long-term level of strength and the last candidate that
// reaches a fifth of it.
type lifeSigns struct {
	level  int32 // long-term strength of beats
	beats  int32 // that made it
	last   int64 // tick of the last sign of life, or of the last time nothing could be seen
	before int64 // tick of the one before
	began  int64 // tick from which nothing was seen, where asystole stands
}

// addBeat lets the level follow accepted beats.
func (l *lifeSigns) addBeat(strength int32) {
	l.beats++
	if l.beats > knownBeats {
		strength = min(strength, artefactFactor*l.level)
	}
	l.level += (strength - l.level) / min(l.beats, levelFade)
}

// addCandidate notes a candidate; familiar says that it looks like the patient's usual beat.
func (l *lifeSigns) addCandidate(at int64, strength int32, familiar bool) {
	limit := int32(leastLevel)
	if l.beats >= knownBeats {
		limit = l.level / asystoleShare
		if familiar {
			limit = l.level / familiarShare
		}
	}
	if strength > limit {
		l.before, l.last = l.last, at
	}
}

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

// revived reports whether two signs of life came close together and lately.
func (l *lifeSigns) revived(tick int64) bool {
	return l.last > l.began && l.before > l.began && l.last-l.before < revivalTime && tick-l.last < revivalTime
}
