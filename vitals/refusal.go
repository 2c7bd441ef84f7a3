package vitals

import "time"

// Refusal is input that was not charted, kept with its reason so that staff can look at it.
type Refusal struct {
	Stream   Stream // Device is empty where the bytes did not say
	Seq      uint64 // zero where the bytes did not say
	Received time.Time
	Reason   string // for people: "device a09e1a000001 is bound to nobody"
	Payload  []byte // as received
	// Whole says that nothing of the message was charted, so that it counts as dealt with in its
	// stream and is not sent again.
	Whole bool
}
