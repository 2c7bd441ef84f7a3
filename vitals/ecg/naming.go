package ecg

import "vigil/vitals/ecg/model"

// A beat is named when the next one has come, because the pause behind it tells as much as what
// went before; or at the latest after namedAfter, so that a name is known within two seconds.
const namedAfter = internalHz * 17 / 10

// A plain beat is one that looks like the usual one and comes as those before. Most are, and need
// neither the next beat nor the model.
const (
	plainMatch  = 970                    // correlation with the dominant form, in thousandths
	plainWider  = 2                      // ticks
	plainEarly  = 12                     // an interval that differs from the one before by less than a twelfth,
	plainUnlike = 8                      // and from the slow mean by less than an eighth
	plainKnown  = 16                     // intervals that must be known
	plainSeen   = 4*wideLen - wideBefore // ticks of signal behind the beat
)

// unnamed is a beat that waits for its name.
type unnamed struct {
	beat    beat
	first   Beat    // by the rules
	quality Quality // as it came
	waits   bool
}

// namer names beats.
type namer struct {
	forest  model.Watch
	pace    pace
	usual   outline
	waiting unnamed
	traits  [beatTraits]int16
	last    [formLen]int16 // shape of the beat before
	lastP   [pLen]int16    // P segment of the beat before
	lastTo  int32          // its likeness to the dominant form, in thousandths
	lastBy  int32          // the rules' votes for it
	at      int64          // of the beat that traits describe
	named   bool           // a beat was named in this step
}

// hold keeps a beat until it can be named.
func (n *namer) hold(b *beat, first Beat, quality Quality) {
	if b.interval > 0 {
		n.pace.push(int32(b.interval))
	}
	b.before = [3]int32{likeness(b.shape[:], n.last[:]), n.lastTo, n.lastBy}
	n.last, n.lastTo, n.lastBy = b.shape, int32(b.toMain*thousand), int32(b.votes)
	n.waiting = unnamed{beat: *b, first: first, quality: quality, waits: true}
}

// plain reports whether the beat that was held needs no thought, and then learns what is usual.
func (n *namer) plain(f *frontEnd, k *classifier) bool {
	w := &n.waiting
	now, slow := n.pace.back(0, 0), n.pace.slow/unitPace
	before := n.pace.back(1, 0)
	main := &k.forms[k.dominant]
	switch {
	case w.first != NormalBeat, w.beat.interval == 0, n.pace.count < plainKnown, n.pace.runBeats > 0,
		w.beat.form != k.dominant, w.beat.toMain*thousand < plainMatch,
		magnitude(w.beat.width-main.width/16) > plainWider,
		magnitude(now-before)*plainEarly > before, magnitude(now-slow)*plainUnlike > slow,
		f.tick-w.beat.at < plainSeen:
		return false
	}
	var own outline
	own.take(f, w.beat.at)
	n.usual.follow(&own)
	n.lastP = own.p
	k.time(&w.beat, ratio(now, slow), thousand)
	w.waits = false
	return true
}

// due reports whether a beat has waited for as long as it may.
func (n *namer) due(tick int64) bool { return n.waiting.waits && tick-n.waiting.beat.at > namedAfter }

// name decides what the waiting beat is, given the beat that followed or nil, and the rhythm's
// irregularity.
func (n *namer) name(f *frontEnd, k *classifier, next *beat, irregular int32) (unnamed, Beat) {
	w := n.waiting
	n.waiting.waits = false
	following := int32(f.tick - w.beat.at)
	if next != nil && next.interval > 0 {
		following = int32(next.interval)
	}
	t := &traitWriter{into: n.traits[:0]}
	n.pace.describe(following, t)
	t.put(w.beat.looks[:]...)
	t.put(w.beat.before[:]...)
	var own outline
	own.take(f, w.beat.at)
	own.describe(&n.usual, t)
	t.put(likeness(own.p[:], n.lastP[:]))
	n.describeForm(k, &w.beat, t)
	n.describeNext(f, k, next, &own, t)
	if w.first == NormalBeat {
		n.usual.follow(&own)
	}
	n.lastP = own.p
	t.put(int32(w.beat.interval), following, irregular)
	slow := n.pace.slow / unitPace
	k.time(&w.beat, ratio(int32(w.beat.interval), slow), ratio(following, slow))
	n.at, n.named = w.beat.at, true
	return w, nameOf(n.forest.Score(n.traits[:]))
}

// describeForm tells when the beats of this form have come, against those of the dominant one.
func (n *namer) describeForm(k *classifier, b *beat, t *traitWriter) {
	own, main := &k.forms[b.form], &k.forms[max(k.dominant, 0)]
	t.put(own.early, own.late, own.early-main.early, min(own.timed, 2*timedBeats), int32(b.form-k.dominant))
}

// describeNext tells of the beat that followed, and how it resembles this one.
func (n *namer) describeNext(f *frontEnd, k *classifier, next *beat, own *outline, t *traitWriter) {
	if next == nil {
		t.put(0, 0, 0, 0, 0, 0, 0)
		return
	}
	b, main := &n.waiting.beat, &k.forms[max(k.dominant, 0)]
	var p [pLen]int16
	var raw [pLen]int32
	cut(&f.lowPass, next.at-pBefore, raw[:])
	normalise(p[:], raw[:])
	t.put(int32(next.toMain*thousand), likeness(b.shape[:], next.shape[:]), next.width-main.width/16, ratio(next.size, main.size))
	t.put(int32(next.votes), int32(next.form-b.form), likeness(own.p[:], p[:]))
}

// nameOf weighs the model's scores.
func nameOf(scores [model.MaxOutputs]int32) Beat {
	normal, early, ventricular := scores[model.Normal], scores[model.Supraventricular], scores[model.Ventricular]
	switch {
	case ventricular-max(normal, early) > model.VentricularAbove:
		return VentricularBeat
	case early-max(normal, ventricular) > model.SupraventricularAbove:
		return SupraventricularBeat
	default:
		return NormalBeat
	}
}
