package ecg

// watchAsystole runs every 20 ms, so that the alarm is as early as it can be.
func (d *Detector) watchAsystole() {
	tick := d.front.tick - 1
	switch {
	case d.quality == NoAnalysis && d.cause != Learning && !d.judge.mayBeStill():
		d.watchNothing(tick)
	case d.standing[VF]:
		d.life.blind(tick)
	case !d.standing[Asystole] && d.life.absent(tick) && d.judge.unsettled():
		d.life.blind(tick - asystoleTime + internalHz) // look again when it has been still for a second
	case !d.standing[Asystole] && d.life.absent(tick):
		d.life.began = d.life.last
		d.begin(Asystole, d.life.last-ticksOfFilter, evidence{from: d.life.last - ticksOfFilter, to: tick})
	case d.standing[Asystole] && d.life.revived(tick):
		d.end(Asystole, d.life.before-ticksOfFilter)
	}
}

// watchNothing is for a tick at which nothing may be concluded.
func (d *Detector) watchNothing(tick int64) {
	switch {
	case d.standing[Asystole]: // it does not end because the signal went
	case d.cause == FlatLine:
		d.life.blind(tick) // a line that comes alive has to be still for as long as any other
	default:
		d.life.blind(tick - asystoleTime)
	}
}

// watchPause runs every 20 ms. A pause lasts until the next sign of life.
func (d *Detector) watchPause() {
	tick := d.front.tick - 1
	pauses := d.life.pauses(tick)
	switch {
	case pauses == d.standing[Pause]:
	case !pauses:
		d.end(Pause, d.life.last-ticksOfFilter)
	case d.quality != NoAnalysis && !d.judge.unsettled() && !d.judge.still() && !d.judge.loose():
		d.begin(Pause, d.life.last-ticksOfFilter, evidence{from: d.life.last - ticksOfFilter, to: tick})
	}
}

// common reports whether many of the patient's beats made a template. P waves that no beat follows make
// one, too, where the QRS decision takes them for beats, but it takes long until they are common.
func (d *Detector) common(template int8) bool {
	if template < 0 {
		return false
	}
	most := int32(0)
	for i := range d.qrs.gallery {
		most = max(most, d.qrs.gallery[i].beats)
	}
	own := d.qrs.gallery[template].beats
	return own >= familiarBeats && own*familiarPart >= most
}

// isAlive reports whether a candidate is a sign of life.
func (d *Detector) isAlive(c *candidate) bool {
	return d.life.shows(c, c.match > familiarMatch && d.common(c.template))
}
