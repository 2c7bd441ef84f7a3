package ecg

import "vigil/vitals/ecg/model"

// DrainScores adds to what its forests said since the last call, and forgets it: whether today's
// patients resemble those that the forests were grown from is asked of all together.
func (d *Detector) DrainScores(into *model.Scores) {
	drain := func(w *model.Watch, sum *model.Counts) {
		sum.Add(&w.Seen)
		w.Seen = model.Counts{}
	}
	drain(&d.qrs.review.forest, &into.QRS)
	drain(&d.names.forest, &into.Beats)
	drain(&d.atrial.forest, &into.AtrialFibrillation)
	drain(&d.fibrillation.forest, &into.Fibrillation)
}
