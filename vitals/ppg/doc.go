// Package ppg finds pulses in the wave of a pulse oximeter, or of an arterial pressure line, sample by
// sample. It says where each pulse begins, how far it may be trusted, how many there are in a minute, and
// whether there is a pulse at all. It is arithmetic only: it knows no clock, no patient, no ECG and no
// alarm; its times are sample indexes, and what a pulse proves is decided in package alerts. It is not
// a medical device.
//
// In the order in which a sample passes:
//
// Sampling (sampler.go). Any rate from 25 to 512 Hz becomes 125 Hz by linear interpolation; behind that
// point everything counts in ticks of 8 ms. The unit of the samples does not matter. Lost samples are
// bridged by the last value, and the wave is shifted to go on without a step.
//
// Filter (filter.go). Two boxcars of 40 ms take away mains and the noise of the converter. The rise is all
// that went up within 128 ms, the slope sum function of Zong, Heldt, Moody and Mark (Computers in
// Cardiology 2003;30:259): the upstroke of a pulse stands out in it and the baseline does not.
//
// Upstrokes (finder.go) are rises that are the largest for 224 ms to both sides and reach three
// eighths of the median of the last eight. A smaller one in the first half of a beat is its dicrotic
// wave. The level is learned from the first three seconds, sinks where no pulse comes for two, and is
// learned anew after ten. The onset of the pulse is where the wave began to rise.
//
// Shape (shape.go). Each upstroke, with the top behind it, is correlated with a template that follows
// the patient's pulses: template matching as Li and Clifford (Physiol Meas 2012;33:1491) and
// Orphanidou et al. (IEEE J Biomed Health Inform 2015;19:832) have it.
//
// Quality (wave.go). A pulse of the usual shape and of half to twice the usual height is good for full
// analysis; one that differs counts for the rate only; one that differs much, or comes in a wave that is
// lost, flat or at its limit, is not reported. What rises for as long as it falls is a movement.
//
// Presence (detector.go, stretch.go). Pulses are present while three or more follow on each other at
// full quality, no two seconds apart and no more unevenly than a heart can (Orphanidou). They are absent
// where the wave is calm for three seconds. Everything else is told as what it is: nobody can tell.
// Steady is stricter still; it is what package alerts holds against an ECG that shows no heart beat.
//
// Pulse rate (rate.go). The median of the last intervals, once a second.
//
// The onsets are what an ecg.IntervalDetector asks for: their time in milliseconds, and their quality.
//
// All decisions are causal and made of integers, or of floating-point operations whose result every
// processor rounds alike. The state is one value of bounded size without pointers.
//
// What it cannot do: tell a heart that pumps from chest compressions that are given evenly and from a
// walk of even steps in every case; find pulses weaker than a twentieth of what they were ten seconds
// ago; see anything in the finger of a patient in shock. A pulse that is not found proves nothing.
package ppg
