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
	forest  *model.Forest
	pace    pace
	usual   outline
	waiting unnamed
	traits  [beatTraits]int16
	last    [formLen]int16 // shape of the beat before
	at      int64          // of the beat that traits describe
	named   bool           // a beat was named in this step
}

// hold keeps a beat until it can be named.
func (n *namer) hold(b *beat, first Beat, quality Quality) {
	if b.interval > 0 {
		n.pace.push(int32(b.interval))
	}
	b.looks[looks-1] = likeness(b.shape[:], n.last[:])
	n.last = b.shape
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
	w.waits = false
	return true
}

// due reports whether a beat has waited for as long as it may.
func (n *namer) due(tick int64) bool { return n.waiting.waits && tick-n.waiting.beat.at > namedAfter }

// name decides what the waiting beat is, given the beat that followed or nil, and the rhythm's
// irregularity.
func (n *namer) name(f *frontEnd, next *beat, irregular int32) (unnamed, Beat) {
	w := n.waiting
	n.waiting.waits = false
	following, resembles := int32(f.tick-w.beat.at), int32(0)
	if next != nil {
		resembles = int32(next.toMain * thousand)
		if next.interval > 0 {
			following = int32(next.interval)
		}
	}
	t := &traitWriter{into: n.traits[:0]}
	n.pace.describe(following, t)
	t.put(w.beat.looks[:]...)
	var own outline
	own.take(f, w.beat.at)
	own.describe(&n.usual, t)
	if w.first == NormalBeat {
		n.usual.follow(&own)
	}
	t.put(int32(w.beat.interval), following, resembles, irregular)
	n.at, n.named = w.beat.at, true
	return w, nameOf(n.forest.Score(n.traits[:]))
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
