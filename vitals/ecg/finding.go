package ecg

// FindingKind says what a finding reports.
type FindingKind uint8

const (
	// BeatFound reports one heart beat: At is its fiducial point, Beat its class. It comes half a
	// second behind a beat that is plain, and up to two seconds behind any other.
	BeatFound FindingKind = iota + 1
	// RhythmBegan reports that Rhythm stands from now on; At is when it began in the signal.
	RhythmBegan
	// RhythmEnded reports that Rhythm no longer stands; At is when it ceased in the signal.
	RhythmEnded
	// RateMeasured carries the heart rate in RateBPM, once a second while it can be measured.
	RateMeasured
	// QualityChanged carries what the signal is good for from At on, and why not for more.
	QualityChanged
)

// Finding is something that became known with one sample. At and Known are indexes of input
// samples, counted from 0: At is where in the signal it is, Known the sample that made it known.
type Finding struct {
	Kind    FindingKind
	Beat    Beat   // of BeatFound
	Rhythm  Rhythm // of RhythmBegan and RhythmEnded
	Quality Quality
	Cause   Cause
	At      int64
	Known   int64
	RateBPM float64 // of RateMeasured, and of a rhythm that has one
	Height  int32   // of BeatFound: the QRS from peak to peak, in µV

	// Of RhythmBegan: the stretch of signal that it rests on, and how sure it is in percent, 0 where
	// nobody can say.
	From, To   int64
	Confidence uint8
}

// Beat is the class of a heart beat, by the letter of ANSI/AAMI EC57.
type Beat byte

// The classes of EC57.
const (
	NormalBeat           Beat = 'N'
	SupraventricularBeat Beat = 'S'
	VentricularBeat      Beat = 'V'
	FusionBeat           Beat = 'F'
	UnknownBeat          Beat = 'Q' // a beat whose shape cannot be judged: poor signal, or too few beats seen
)

// String is the letter of EC57.
func (b Beat) String() string { return string(rune(b)) }

// Rhythm is a rhythm that is not the heart's own, or not at its own pace.
type Rhythm uint8

// The rhythms that are recognised.
const (
	// Asystole is the absence of beats for four seconds.
	Asystole Rhythm = iota + 1
	// VT is ventricular tachycardia: five or more ventricular beats in a row at 100/min or more.
	VT
	// VF is ventricular fibrillation or flutter.
	VF
	// AtrialFibrillation is told from irregular intervals without P waves that last for half a minute.
	AtrialFibrillation
	// Pause is the absence of beats for three seconds.
	Pause
	// Bradycardia is a rate of 40/min or less over five beats.
	Bradycardia
	// Tachycardia is a rate above 140/min over nine beats.
	Tachycardia

	// Couplet is two ventricular beats in a row. It begins and ends at once, when the third beat is none.
	Couplet
	// VentricularRun is three or more ventricular beats in a row, at any rate.
	VentricularRun
	// Bigeminy is every second beat ventricular, three times at least.
	Bigeminy
	// Trigeminy is every third beat ventricular, three times at least.
	Trigeminy

	lastRhythm = Trigeminy
)

// Pattern reports whether the rhythm is what the names of a few beats make: worth charting, and hardly an alarm.
func (r Rhythm) Pattern() bool { return r >= Couplet && r <= Trigeminy }

// Lethal reports whether the rhythm endangers life at once.
func (r Rhythm) Lethal() bool { return r == Asystole || r == VT || r == VF }

// String is the rhythm's name as conditions and evaluation files spell it.
func (r Rhythm) String() string {
	switch r {
	case Asystole:
		return "ASYSTOLE"
	case VT:
		return "VT"
	case VF:
		return "VF"
	case AtrialFibrillation:
		return "AFIB"
	case Pause:
		return "PAUSE"
	case Bradycardia:
		return "BRADY"
	case Tachycardia:
		return "TACHY"
	case Couplet:
		return "COUPLET"
	case VentricularRun:
		return "RUN"
	case Bigeminy:
		return "BIGEMINY"
	case Trigeminy:
		return "TRIGEMINY"
	default:
		return "none"
	}
}

// Quality is what the signal is good for. A larger value is a better signal.
type Quality uint8

const (
	// NoAnalysis means that nothing may be concluded from the signal, neither presence nor absence.
	NoAnalysis Quality = iota + 1
	// RhythmOnly means that beats can be counted but their shapes not be judged.
	RhythmOnly
	// FullAnalysis means that beats and their shapes can be trusted.
	FullAnalysis
)

// String is the level in words.
func (q Quality) String() string {
	switch q {
	case NoAnalysis:
		return "no analysis"
	case RhythmOnly:
		return "rhythm only"
	case FullAnalysis:
		return "full analysis"
	default:
		return "unknown"
	}
}

// Cause says in words why the quality is less than FullAnalysis; empty where it is not.
type Cause string

// The causes of lesser quality.
const (
	NoCause  Cause = ""
	Learning Cause = "learning"  // the first seconds of a signal: levels are not known yet
	FlatLine Cause = "flat line" // less than 30 µV peak to peak
	Rail     Cause = "rail"      // the amplifier is at its limit
	Mains    Cause = "mains"     // 50 or 60 Hz and nothing else
	Noise    Cause = "noise"
	Missing  Cause = "missing samples"
)

// LeadsOff reports whether the cause points at an electrode or its cable rather than at
// disturbances that pass.
func (c Cause) LeadsOff() bool {
	return c == FlatLine || c == Rail || c == Mains || c == Missing
}
