package ecg

// Extremes of the heart rate, by the definitions of the PhysioNet/CinC Challenge 2015 (Clifford et
// al., Physiol Meas 2016;37:E5): below 40/min over five beats, above 140/min over seventeen. The
// second is called after nine beats, of which all but one must be fast: what is lost or invented in
// noise is one beat now and then, and a nurse is not told by this finding alone.
const (
	slowBeats    = 5
	slowSum      = (slowBeats - 1) * 60 * internalHz * 2 / 81 // 40.5/min: what rounds to 40
	slowOver     = (slowBeats - 1) * 60 * internalHz / 45     // the rhythm is over at 45/min
	slowInterval = 60 * internalHz / 43                       // three of the four intervals are long: one alone is a pause
	slowLong     = slowBeats - 2
	slowApart    = tWaveTime      // signs of life that are nearer are of one beat,
	slowTWave    = internalHz / 2 // and so is a weaker one until the T wave of a slow heart has passed
	slowWeaker   = 60             // % of the strength of the one before

	fastBeats   = 9
	fastMost    = fastBeats - 2 // of eight intervals
	fastFew     = 4             // fewer than that: the rhythm is over
	fastShort   = 60 * internalHz / 140
	fastHolds   = 60 * internalHz / 130
	fastClear   = 6 // of the last eight beats that must resemble a template
	fastSilence = 3 * internalHz
)

// lately keeps the ticks of the latest beats.
type lately struct {
	at    [fastBeats]int64
	count int64
}

func (l *lately) push(at int64) {
	l.at[l.count%fastBeats] = at
	l.count++
}

func (l *lately) forget() { l.count = 0 }

// back is the tick of the beat so many before the newest.
func (l *lately) back(n int64) int64 { return l.at[(l.count-1-n)%fastBeats] }

// shorter counts, of so many latest intervals, those below a limit.
func (l *lately) shorter(intervals, limit int64) (count int64) {
	for i := range intervals {
		if l.back(i)-l.back(i+1) < limit {
			count++
		}
	}
	return count
}

// bpm is the mean rate over so many latest intervals.
func (l *lately) bpm(intervals int64) float64 {
	return float64(intervals*60*internalHz) / float64(max(1, l.back(0)-l.back(intervals)))
}

// watchSlow follows signs of life rather than beats: P waves that no beat follows are no rate.
func (d *Detector) watchSlow(c *candidate) {
	l, at := &d.slow, c.at
	gap := int64(slowTWave)
	if l.count > 0 {
		gap = at - l.back(0)
	}
	switch {
	case gap < slowApart && c.strength <= d.slowSize, gap < slowTWave && c.strength*100 < slowWeaker*d.slowSize:
		return
	case gap < slowApart: // what came before was its P wave
		l.at[(l.count-1)%fastBeats] = at
	default:
		l.push(at)
	}
	d.slowSize = c.strength
	if l.count < slowBeats {
		return
	}
	took := at - l.back(slowBeats-1)
	long := slowBeats - 1 - l.shorter(slowBeats-1, slowInterval)
	switch {
	case !d.standing[Bradycardia] && took >= slowSum && long >= slowLong && d.quality != NoAnalysis && !d.judge.loose():
		from := l.back(slowBeats-1) - ticksOfFilter
		d.begin(Bradycardia, from, evidence{from: from, to: at, bpm: l.bpm(slowBeats - 1)})
	case d.standing[Bradycardia] && took < slowOver:
		d.end(Bradycardia, at-ticksOfFilter)
	}
}

// measuredRate is the heart rate: that of the beats, but where a slow heart was found no more than that of
// its signs of life, because the QRS decision may count its P waves. Their mean lags, so it may be less.
func (d *Detector) measuredRate(tick int64) (float64, bool) {
	bpm, ok := d.rate.bpm(tick)
	if d.standing[Bradycardia] && d.slow.count >= slowBeats {
		slow := d.slow.bpm(slowBeats - 1)
		if !ok {
			return slow, tick-d.slow.back(0) <= rateStale
		}
		return min(bpm, slow), true
	}
	return bpm, ok
}

// watchFast follows the beats.
func (d *Detector) watchFast(b *beat) {
	l := &d.fast
	if b.interval == 0 {
		l.forget()
	}
	l.push(b.at)
	if l.count < fastBeats {
		return
	}
	switch {
	case !d.standing[Tachycardia] && l.shorter(fastBeats-1, fastShort) >= fastMost && d.runs.clearBeats() >= fastClear:
		from := l.back(fastMost) - lowPassDelay
		d.begin(Tachycardia, from, evidence{from: from, to: b.at, bpm: l.bpm(fastMost)})
	case d.standing[Tachycardia] && l.shorter(fastBeats-1, fastHolds) < fastFew:
		d.end(Tachycardia, b.at-lowPassDelay)
	}
}

// watchExtremes ends, once a second, what cannot be seen to go on.
func (d *Detector) watchExtremes(tick int64) {
	if d.quality == NoAnalysis || d.standing[VF] {
		d.slow.forget()
		d.fast.forget()
	}
	if d.standing[Tachycardia] && d.fast.count > 0 && tick-d.fast.back(0) > fastSilence {
		d.end(Tachycardia, d.fast.back(0)-lowPassDelay)
	}
}
