package alerts

// Analyser is what the engine needs of an ECG detector.
type Analyser = analyser

// Analyse puts another detector in the place of the real one.
func (e *Engine) Analyse(with func(rateHz float64) (Analyser, error)) { e.newAnalyser = with }
