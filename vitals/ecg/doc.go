// Package ecg finds beats, dangerous rhythms, the heart rate and the quality of the signal in one
// ECG channel, sample by sample. It is arithmetic only: it knows no clock, no patient, no alarm
// and no unit's limits; its times are sample indexes, and what its findings are worth to a nurse
// is decided in package alerts. It is not a medical device.
//
// In the order in which a sample passes:
//
// Spikes (spike.go). What leaves a quiet line for one or two samples and returns to it is the pulse of
// a pacemaker, and is taken out: it must not look like a beat where no beat answers it.
//
// Resampling. Any rate from 100 to 512 Hz becomes 250 Hz by linear interpolation (resample.go).
// Behind that point everything counts in ticks of 4 ms.
//
// Front end (filter.go). Two boxcars of 24 ms take away mains and muscle; minus a boxcar of
// 124 ms takes away T wave and baseline; the absolute slope over 12 ms, summed over 80 ms, is the
// strength: how much QRS is here. All are running sums over integers. Lost samples are bridged by
// the last value, and the signal is shifted to go on without a step. So is a
// step that no beat of this patient makes (jump.go): an electrode fell off or popped.
//
// Candidates (candidate.go) are maxima of strength that dominate 100 ms to either side. They
// cover practically all beats, and much that is none.
//
// QRS decision (qrs.go, levels.go, template.go). A candidate is a beat when it exceeds a
// threshold 5/16 of the way between the levels of noise and of beats, each from the last eight;
// half of that suffices for one that matches a known shape (Pan and Tompkins, IEEE TBME
// 1985;32:230; Hamilton and Tompkins, IEEE TBME 1986;33:1157; Hamilton, Computers in Cardiology
// 2002;29:101). Within 240 ms of a beat a clearly larger candidate replaces it; within 360 ms
// one that is flat and unknown is a T wave. A QRS with an upward and a downward deflection of
// about one size is placed by the one that leads in this patient, so that swapped electrodes
// change nothing. Where no beat came for 1.6 RR intervals the best candidate since is taken
// after all. Levels are learned from the first three seconds.
//
// Second look (review.go). That decision is at once, and learns from itself. What counts as a beat is
// decided a second later, by a forest of decision trees (package model) that sees what came next, too;
// a candidate that looks and comes as those before did needs no second look. Of two within 180 ms
// one is none.
//
// Beat classes (beats.go, ventricular.go). Beats are sorted into eight forms by the shape of
// their QRS; the most usual is the patient's own. Votes for a different shape, width, prematurity
// and size make a beat ventricular at first sight: that decides what the patient's usual beats are
// learned from.
//
// Beat names (naming.go, pace.go, traits.go). A beat that looks like the usual one and comes on time
// is normal. Any other waits for the next one, 1.7 s at most, because the pause behind it tells as
// much as what went before; then a forest of decision trees (package model) names it normal,
// supraventricular or ventricular by 78 traits: the intervals around, the shape against the usual one and
// against the next, and when beats of its form have come. None of them depends on an earlier name, so a
// wrong one cannot breed others. In a signal that is not fit for it, ventricular becomes unknown.
//
// Patterns (patterns.go). Couplets, runs, bigeminy and trigeminy are read off the names, for the chart
// and for alarms of low priority or information.
//
// Fibrillation (fibrillation.go, waves.go, spectrum.go, sharpness.go, lethal.go). Each second, the last five are
// measured at 50 Hz: how much of the time the signal rests, how steep its steepest parts are, how it
// fills the phase plane, how a narrow band-stop removes it, how it opposes and repeats itself, where its
// power lies, how even its waves are, and what QRS complexes stand out of it. A window that rests for more
// than half of the time is harmless; any other is put to a forest, which tells ventricular fibrillation
// or flutter, ventricular tachycardia and all else apart. Two windows of three begin an episode, three
// end it. Which of the two lethal names it gets is less sure than that it is one of them.
//
// Tachycardia of the ventricles (rhythm.go, strange.go). Beside the windows: five beats in a row that were named
// ventricular at 100/min, or nearly all of the last eight, or a fast regular rhythm that is wide by any measure;
// and five signs of life in a row, small and like one another and unlike the patient's own, which the QRS
// decision may take for T waves.
//
// Standstill (asystole.go, standstill.go). A sign of life is a candidate above a fifth of the patient's long-term
// level, if it is steep enough for a QRS or two fifths high: P waves that no beat follows are none.
// Three seconds without one are a pause, four are asystole, whatever the QRS decision took for a beat
// meanwhile. A line between 5 and 30 µV is told as both: an electrode that may be loose, and a heart
// that may stand still.
//
// Extremes of the rate (extremes.go). Five signs of life at 40/min or less, unless the line is dead now and
// then, as where an electrode makes contact for moments; nine beats at more than 140/min.
//
// Atrial fibrillation (irregular.go, pwaves.go, atrial.go). Every eighth beat, the irregularity of the
// intervals between beats that are not ventricular, 64 to either side of the judged one, is put to a
// forest of decision trees (package model); its scores add up to evidence that begins or ends the
// rhythm. Where most of the signal before the QRS repeats from beat to beat, that is a P wave, and
// limits the score. An IntervalDetector (interval.go) does the same for devices that know nothing but the
// times of beats.
//
// Short recordings (strip.go). A Strip judges up to a minute as a whole, by its intervals, how alike
// its P waves and its beats are, and what they were named.
//
// Beside the detector (variability.go). From beats that it named anybody may work out the variability of
// normal intervals over five minutes, and from rhythms the share of time that one stood.
//
// Heart rate (rate.go). The median of the last intervals, once a second; of the beats as the QRS decision has them,
// because a rate must not lag.
//
// Quality (quality.go). Slots of 200 ms tell a flat line, the amplifier's limit, mains, noise and
// loss apart. Where nothing may be concluded no rhythm begins, except fibrillation in noise, and
// none that stands ends: losing the signal is not recovery.
//
// All decisions are causal and made of integers, or of floating-point operations whose result
// every processor rounds alike, so a recorded night gives the same findings on a server and on a
// hub. The state is one value of bounded size; it points at nothing but the forests, which it shares.
//
// What was learned from recordings, how well it does and where it does not is in
// docs/model-card.md; vitals/ecg/model/train makes it anew.
package ecg
