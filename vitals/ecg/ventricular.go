package ecg

// At first sight, a beat is ventricular when enough speaks for it. The signs are those of the textbook: it looks
// different, it is wide, it comes early, it is large. Each adds votes by steps, which were set on
// records of mitdb and svdb.
const (
	isVentricular  = 3                    // votes
	strangerUsual  = 32                   // thousandths: how unlike the dominant form normal beats are at first
	slowRunAdopted = 30                   // wide beats in a row below 100/min after which they count as the patient's own
	fastInterval   = internalHz * 6 / 10  // 100/min
	onTimeLow      = 900                  // thousandths of the median interval
	onTimeHigh     = 1150                 //
	strangers      = 16                   // normal beats over which unlikeness is watched
	strangerRank   = 12                   // of them in order: the upper quartile
	formWider      = 16 * internalHz / 60 // 16 ms in 1/16 tick, about
)

// unlikeness is how little the last normal beats resembled the dominant form, in thousandths. In
// a patient whose own beats vary, or in a drifting signal, a beat must differ by more.
type unlikeness struct {
	values [strangers]int16
	next   uint8
}

func (u *unlikeness) add(v int32) {
	u.values[u.next%strangers] = int16(v)
	u.next++
}

func (u *unlikeness) upperQuartile() int32 {
	sorted := u.values
	for i := 1; i < len(sorted); i++ {
		for j := i; j > 0 && sorted[j-1] > sorted[j]; j-- {
			sorted[j-1], sorted[j] = sorted[j], sorted[j-1]
		}
	}
	return int32(sorted[strangerRank])
}

// decide weighs the signs. The first beat of all is taken as normal: there is nothing to compare it with.
func (k *classifier) decide(b *beat) Beat {
	if k.dominant < 0 {
		return NormalBeat
	}
	if b.votes = k.ventricularVotes(b); b.votes >= isVentricular {
		return VentricularBeat
	}
	return NormalBeat
}

func (k *classifier) ventricularVotes(b *beat) int {
	main := &k.forms[k.dominant]
	wider := int64(b.width) - int64(main.width/16)
	votes := over(wider, 3, 7, 14) // 16, 32 and 60 ms
	size := int64(b.size) * 10
	votes += over(size, 14*int64(main.size), 19*int64(main.size))

	stranger := 1000 - int64(b.toMain*1000)
	usual := int64(k.unlike.upperQuartile()) * 3 / 2
	votes += over(stranger-usual, 30, 100, 200, 400)
	if stranger < usual+30 || stranger < 40 {
		votes -= 2
	}
	if own := &k.forms[b.form]; own.beats >= 4 && own.width-main.width >= formWider {
		votes++
	}
	return votes + k.timingVotes(b, wider)
}

// timingVotes judges how early the beat came. One on time needs a wide QRS to be ventricular.
func (k *classifier) timingVotes(b *beat, wider int64) int {
	early := int64(1000)
	if b.interval > 0 {
		early = b.interval * 1000 / int64(k.normals.median())
	}
	votes := under(early, 900, 800, 700) - over(early, 1100)
	switch {
	case early > onTimeLow && early < onTimeHigh && wider < 8:
		votes -= 2
	case early > onTimeLow && (early < onTimeHigh || wider < 4):
		votes--
	}
	return votes
}

// learn updates forms, intervals and likeness with a classified beat. Fast ventricular beats
// teach nothing about what is usual, however long they last.
func (k *classifier) learn(b *beat, class Beat) {
	own := &k.forms[b.form]
	if own.beats == 0 {
		*own = form{shape: b.shape, size: b.size, width: b.width * 16}
	}
	own.beats++
	weight := min(own.beats, 10)
	var raw [formLen]int32
	blend(own.shape[:], b.shape[:], raw[:], weight)
	own.size += (b.size - own.size) / weight
	own.width += (b.width*16 - own.width) / weight
	if class == VentricularBeat {
		k.learnVentricular(b)
		return
	}
	k.slowRun = 0
	if b.interval > 0 {
		k.normals.add(int32(b.interval))
	}
	if k.dominant >= 0 {
		k.unlike.add(1000 - int32(b.toMain*1000))
	}
	k.strengthen(own, newWeight)
}

// learnVentricular lets a wide rhythm that lasts at an ordinary rate become the patient's own.
func (k *classifier) learnVentricular(b *beat) {
	if b.interval == 0 || b.interval <= fastInterval {
		k.slowRun = 0
		return
	}
	if k.slowRun++; k.slowRun < slowRunAdopted {
		k.strengthen(&k.forms[b.form], newWeight/4)
		return
	}
	k.slowRun = 0
	k.strengthen(&k.forms[b.form], 1<<(weightShift+8))
}

// strengthen makes a form more usual and all forms a little less, then finds the dominant one.
func (k *classifier) strengthen(own *form, by int32) {
	for i := range k.forms {
		k.forms[i].weight -= k.forms[i].weight >> weightShift
	}
	own.weight += by
	for i := range k.forms {
		if k.dominant < 0 || k.forms[i].weight > k.forms[k.dominant].weight {
			k.dominant = int8(i)
		}
	}
}
