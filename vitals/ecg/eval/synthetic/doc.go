// Package synthetic puts the detector and the alarm engine before signals of which it is known
// what must be said: a heart that stops, an electrode that falls off, packets that get lost, a clock
// that jumps. A trial alters a clean base, made up or cut from a recording, so that the same
// trials run without any data and on real hearts. It knows no file, no record's name and no report.
package synthetic
