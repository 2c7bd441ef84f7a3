package ecg

import (
	"errors"
	"fmt"

	"vigil/vitals/ecg/model"
)

// Rates that a Detector accepts, in samples per second.
const (
	MinRateHz = 100
	MaxRateHz = 512
)

// Times of the whole, in ticks.
const (
	relearnAfter = 10 * internalHz    // missing for so long, levels are learned anew
	watchEvery   = fibEvery           // 20 ms
	tooLate      = internalHz * 7 / 2 // a beat of the time of learning that is known later is left out
	maxFindings  = 32
)

// ErrRate is wrapped by New where the sampling rate is out of range.
var ErrRate = errors.New("unsupported sampling rate")

// Detector analyses one ECG channel, sample by sample. It points at nothing but forests, which
// nobody changes: the same samples give the same findings, and a copy goes on independently. It is
// not safe for concurrent use.
type Detector struct {
	resampler    resampler
	spikes       spikes
	front        frontEnd
	qrs          qrs
	classes      classifier
	names        namer
	runs         tachycardia
	fibrillation fibrillation
	lethal       lethal
	strange      strangeRun
	slow         lately // signs of life, for a slow heart
	slowSize     int32  // strength of the last of them
	fast         lately // beats, for a fast one
	life         lifeSigns
	rate         rateMeter
	patterns     patterns
	atrial       atrial
	pWaves       pWaves
	judge        judge

	secondEnded bool // with the last sample
	standing    [lastRhythm + 1]bool
	quality     Quality // as last reported
	cause       Cause
	findings    [maxFindings]Finding
	foundCount  int
}

// New makes a detector for a channel of rateHz samples per second, 100 to 512.
func New(rateHz float64) (*Detector, error) { return NewWith(rateHz, model.Embedded()) }

// NewWith makes a detector that asks other forests than those of the program: what was learned is
// judged on a patient with forests that were grown without that patient.
func NewWith(rateHz float64, forests *model.Forests) (*Detector, error) {
	if !(rateHz >= MinRateHz && rateHz <= MaxRateHz) { // a NaN is refused, too
		return nil, fmt.Errorf("ECG at %g Hz: %w", rateHz, ErrRate)
	}
	d := &Detector{quality: NoAnalysis, cause: Learning}
	d.judge.quality, d.judge.cause = NoAnalysis, Learning
	d.resampler = newResampler(rateHz / internalHz)
	d.spikes = newSpikes(rateHz)
	d.qrs.relearn(0)
	d.rate.forget()
	d.classes = newClassifier()
	d.qrs.review.forest.Forest, d.names.forest.Forest = forests.QRS, forests.Beats
	d.atrial.forest.Forest, d.fibrillation.forest.Forest = forests.AtrialFibrillation, forests.Fibrillation
	return d, nil
}

// Push takes the next sample, in microvolts, and returns what became known with it. Where the
// sample was lost, missing is true and the value is ignored. The slice is valid until the next Push.
func (d *Detector) Push(microvolts int32, missing bool) []Finding {
	d.foundCount, d.names.named, d.secondEnded = 0, false, false
	d.qrs.review.looked, d.qrs.review.asked = false, false
	newest := d.spikes.push(sample{microvolts: microvolts, missing: missing})
	d.resampler.push()
	for d.resampler.ready() {
		d.step(d.resampler.next(newest))
	}
	d.resampler.done(newest)
	return d.findings[:d.foundCount]
}

// Standing reports whether the rhythm began and has not ended.
func (d *Detector) Standing(r Rhythm) bool { return r <= lastRhythm && d.standing[r] }

// Quality is what the signal is good for at present.
func (d *Detector) Quality() Quality { return d.quality }

// Cause says why Quality is less than FullAnalysis.
func (d *Detector) Cause() Cause { return d.cause }

// step is one tick.
func (d *Detector) step(s sample) {
	d.front.push(s)
	rare := d.front.tick%watchEvery == 0
	if rare {
		d.fibrillation.push(&d.front)
	}
	d.watchGap(s)
	slotDone := d.judge.push(s, &d.front)
	if slotDone {
		d.judge.assess(circumstances{
			learned: d.qrs.learned, lifeless: d.life.absent(d.front.tick - 1), fibrillating: d.fibrillation.lasts(),
		})
		d.reportQuality()
	}
	if d.qrs.push(&d.front) {
		d.watchCandidate()
	}
	if rare {
		d.watch()
	}
}

// watch decides what may wait for 20 ms, so that most ticks cost little.
func (d *Detector) watch() {
	for c := d.qrs.stable(&d.front); c != nil; c = d.qrs.stable(&d.front) {
		if d.isAlive(c) { // what the P waves of a dying heart look like tells nothing of noise
			d.judge.addBeat(c)
		}
		d.front.jumps.learn(c) // not by what forests say: what they learn from rests on it
		if d.countsBeats() {
			d.rate.push(c.fiducial-bandDelay, &d.front.gap)
		}
	}
	for c := d.qrs.settle(&d.front); c != nil; c = d.qrs.settle(&d.front) {
		d.takeBeat(c)
	}
	if d.names.due(d.front.tick) {
		d.nameBeat(nil)
	}
	if d.front.tick%internalHz == 0 {
		d.secondEnded = true
		d.everySecond()
	}
	d.watchAsystole()
	d.watchPause()
}

// watchGap lets a loss interrupt what it could hide.
func (d *Detector) watchGap(s sample) {
	if !s.missing {
		return
	}
	tick, run := d.front.tick-1, d.front.gap.run
	if run == relearnAfter {
		d.qrs.relearn(tick)
		d.rate.forget()
	}
	if run > relearnAfter {
		d.qrs.since = tick // learning starts with the first sample that comes
	}
	if run > blindTime {
		d.life.blind(tick)
	}
}

// watchCandidate lets life signs and quality see what the QRS decision saw.
func (d *Detector) watchCandidate() {
	c := d.qrs.candidate(d.qrs.count - 1)
	if d.isAlive(c) {
		d.life.note(c.at)
		d.watchSlow(c)
	}
	d.watchStrangers(c)
	if !c.accepted && c.strength > d.qrs.levels.beat/3 {
		d.judge.addExtra()
	}
}

// countsBeats reports whether beats mean anything: not in fibrillation, nor where nothing may be concluded.
func (d *Detector) countsBeats() bool {
	return !d.standing[VF] && (d.quality != NoAnalysis || d.cause == Learning)
}

// takeBeat is for a beat that is final.
func (d *Detector) takeBeat(c *candidate) {
	if !d.countsBeats() {
		return
	}
	d.judge.addHeight(c.height)
	d.life.addBeat(c.strength, c.slope)
	b, class := d.classes.classify(&d.front, c)
	b.height = c.height
	b.looks[looks-2], b.looks[looks-1] = ratio(c.height, d.judge.height), ratio(d.judge.hiss()*unitsPerMicro, d.judge.height)
	d.nameBeat(&b)
	d.names.hold(&b, class, d.quality)
	if d.names.plain(&d.front, &d.classes) {
		d.watchRuns(&b, NormalBeat)
		d.reportBeat(&b, NormalBeat)
	}
	d.watchAtria(&b, class)
	d.watchFast(&b)
}

// nameBeat gives the beat that waits, before next or where none has come for long.
func (d *Detector) nameBeat(next *beat) {
	if !d.names.waiting.waits {
		return
	}
	const logit = 256
	w, class := d.names.name(&d.front, &d.classes, next, d.atrial.score/logit)
	d.watchRuns(&w.beat, class)
	if class == VentricularBeat && w.quality != FullAnalysis {
		class = UnknownBeat
	}
	d.reportBeat(&w.beat, class)
}

func (d *Detector) reportBeat(b *beat, class Beat) {
	d.watchPatterns(b, class)
	if d.front.tick-b.at > tooLate {
		return
	}
	d.report(Finding{
		Kind: BeatFound, Beat: class, At: d.inputIndex(b.at - lowPassDelay), Height: b.height / unitsPerMicro,
	})
}

// Evidence is what the name of the last beat rested on: its traits, in the order in which the trained
// model asks for them. At is the beat's sample index. Where the last Push named none, ok is false.
func (d *Detector) Evidence() (traits []int16, at int64, ok bool) {
	return d.names.traits[:], d.inputIndex(d.names.at - lowPassDelay), d.names.named
}

// Doubt is what the second look at a candidate rested on, as Evidence is of a name: no traits where
// there was no doubt that it is a beat. It tells of candidates that turned out to be none, too.
func (d *Detector) Doubt() (traits []int16, at int64, ok bool) {
	r := &d.qrs.review
	if r.asked {
		traits = r.traits[:]
	}
	return traits, d.inputIndex(r.at - bandDelay), r.looked
}

// watchAtria follows the intervals between beats that are not ventricular.
func (d *Detector) watchAtria(b *beat, class Beat) {
	const tickLength = 1000 / internalHz // ms
	if b.interval == 0 {
		d.atrial.fit = false
	}
	regular := class != VentricularBeat
	if regular {
		d.pWaves.push(&d.front, b)
	}
	since, changed := d.atrial.push((b.at-lowPassDelay)*tickLength, regular, d.pWaves.limit())
	if changed {
		d.stand(AtrialFibrillation, d.atrial.opinion.Stands, since/tickLength)
	}
}

// everySecond is for what is judged over seconds.
func (d *Detector) everySecond() {
	tick := d.front.tick - 1
	d.watchFibrillation(tick)
	d.watchExtremes(tick)
	if d.quality == NoAnalysis {
		d.runs.blind = tick
	}
	d.watchRunEnds(tick)
	if d.quality == NoAnalysis || d.standing[VF] || d.standing[Asystole] {
		return
	}
	if bpm, ok := d.measuredRate(tick); ok {
		d.report(Finding{Kind: RateMeasured, RateBPM: bpm, At: d.inputIndex(tick)})
	}
}

// WindowEvidence is what the judgement of the last five seconds rested on, where the last Push completed a
// second in which there was anything to judge.
func (d *Detector) WindowEvidence() (traits []int16, ok bool) {
	return d.fibrillation.traits[:], d.fibrillation.judged && d.secondEnded
}

// stand is for a rhythm that begins or ends without more evidence than that.
func (d *Detector) stand(r Rhythm, stands bool, at int64) {
	if stands {
		d.begin(r, at, evidence{from: at, to: d.front.tick - 1})
	} else {
		d.end(r, at)
	}
}

// evidence is what the begin of a rhythm rests on: ticks, and percent.
type evidence struct {
	from, to   int64
	confidence uint8
	bpm        float64
}

func (d *Detector) begin(r Rhythm, at int64, e evidence) {
	d.standing[r] = true
	d.report(Finding{
		Kind: RhythmBegan, Rhythm: r, At: d.inputIndex(at), From: d.inputIndex(e.from), To: d.inputIndex(e.to),
		Confidence: e.confidence, RateBPM: e.bpm, Quality: d.quality, Cause: d.cause,
	})
}

func (d *Detector) end(r Rhythm, at int64) {
	d.standing[r] = false
	d.report(Finding{Kind: RhythmEnded, Rhythm: r, At: d.inputIndex(at), Quality: d.quality, Cause: d.cause})
}

func (d *Detector) reportQuality() {
	if d.judge.quality == d.quality && d.judge.cause == d.cause {
		return
	}
	d.quality, d.cause = d.judge.quality, d.judge.cause
	d.report(Finding{Kind: QualityChanged, Quality: d.quality, Cause: d.cause, At: d.inputIndex(d.front.tick - 1)})
}

func (d *Detector) inputIndex(tick int64) int64 {
	return max(0, d.resampler.inputIndex(tick)-spikeDelay)
}

// report adds a finding. A sample brings one look at a candidate at most, and with it a few findings: well
// below the room for them.
func (d *Detector) report(f Finding) {
	if d.foundCount == len(d.findings) {
		return
	}
	f.Known = d.resampler.inputs - 1
	d.findings[d.foundCount] = f
	d.foundCount++
}
