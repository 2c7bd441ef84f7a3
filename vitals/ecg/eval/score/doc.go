// Package score compares what a detector found with what experts marked, as ANSI/AAMI EC57
// describes it. It knows no files, no detector and no clock: its times are sample indexes of one
// record, and how many of them make a second is the caller's to say.
//
// The figures follow EC57:2012 for beats (sections 4.2 and 4.3), runs (4.4) and episodes of
// fibrillation (4.6), the PhysioNet/Computing in Cardiology Challenge 2015 for alarms (Clifford et
// al., Physiol Meas 2016;37:E5) and that of 2017 for short recordings (Clifford et al., Computing
// in Cardiology 2017;44).
package score
