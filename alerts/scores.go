package alerts

import "vigil/vitals/ecg/model"

// DrainScores adds to what the forests of the patient's ECG detectors said since the last call, and
// forgets it.
func (e *Engine) DrainScores(into *model.Scores) {
	for _, dev := range e.devices {
		for _, l := range []*lead{dev.lead, dev.other} {
			if l == nil {
				continue
			}
			if d, ok := l.analyser.(interface{ DrainScores(into *model.Scores) }); ok {
				d.DrainScores(into)
			}
		}
	}
}
