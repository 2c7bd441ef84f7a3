package ppg

// FindingKind says what a finding reports.
type FindingKind uint8

const (
	// PulseFound reports one pulse: At is its onset, the foot of its rise. It comes about 0.4 s
	// behind the onset, because the shape has to be seen.
	PulseFound FindingKind = iota + 1
	// RateMeasured carries the pulse rate in RateBPM, once a second while it can be measured.
	RateMeasured
	// PresenceChanged carries whether there is a pulse from At on.
	PresenceChanged
)

// Finding is something that became known with one sample. At and Known are indexes of input
// samples, counted from 0: At is where in the wave it is, Known the sample that made it known.
type Finding struct {
	Kind     FindingKind
	Quality  Quality // of PulseFound
	Presence Presence
	At       int64
	Known    int64
	Height   float64 // of PulseFound: from foot to top, in the input's unit
	Foot     float64 // of PulseFound: the level that it rises from, in the input's unit
	RateBPM  float64 // of RateMeasured
}

// Quality is what a pulse is good for. A larger value is a better pulse.
type Quality uint8

const (
	// NoAnalysis means that it may be no pulse at all: nothing rests on it.
	NoAnalysis Quality = iota + 1
	// RateOnly means that it counts, but that its shape or height is not the usual one.
	RateOnly
	// FullAnalysis means that it looks like the pulses of this patient before it.
	FullAnalysis
)

// String is the level in words.
func (q Quality) String() string {
	switch q {
	case NoAnalysis:
		return "no analysis"
	case RateOnly:
		return "rate only"
	case FullAnalysis:
		return "full analysis"
	default:
		return "unknown"
	}
}

// Presence says whether there is a pulse.
type Presence uint8

const (
	// CannotTell is what is known of a wave that is lost, flat, at its limit or full of artefact, and
	// of the first seconds.
	CannotTell Presence = iota
	// Absent means that the wave is there and calm, and shows no pulse. The heart may have stopped; as
	// well the finger may be cold or a cuff tight.
	Absent
	// Present means that pulses come.
	Present
)

// String is the presence in words.
func (p Presence) String() string {
	switch p {
	case Present:
		return "present"
	case Absent:
		return "absent"
	default:
		return "cannot tell"
	}
}
