package vitals

import "strconv"

// Deposit is what a sender without a spool of its own brings of one device. Such a sender forgets what it
// was told is stored, so it is told only then.
type Deposit struct {
	Source  HubID  // who brought it
	Batch   Batch  // of one device
	Payload []byte // as received, to be kept with a refusal
	Unread  []Flaw // items that could not be read, in their order; they are not in the batch
	// Place names where an item stands in what was received, in the sender's own words; nil where all of it is
	// one value.
	Place func(Item) string

	// Whom the sender names, in its own words; empty where it names nobody. The server knows by itself
	// who wears the device. A sender who believes somebody else does must not be believed either way.
	Patient PatientID
	Records []string // record numbers, of which one has to be the patient's
	Test    bool     // the sender says that it is made up
}

// Deposited is what became of a Deposit.
type Deposited struct {
	Patient PatientID // in whose record it is; empty where the device was bound to nobody
	Kept    bool      // it is stored, all of it where Code is empty
	Code    string    // why it, or a part of it, was refused; for programs
	Reason  string    // the same for people
	Flaws   []Flaw    // the items that were refused; none where it was refused as a whole
}

// Flaw is an item of a batch that is not charted, and why.
type Flaw struct {
	Item   Item
	Code   string // for programs
	Reason string // for people
}

// Item is a place in a batch: one of its lists, and the number there, counted from 0.
type Item struct {
	List  List
	Index int
}

// List is one of the lists of a batch.
type List string

// The lists of a batch.
const (
	ReadingList  List = "reading"
	WaveformList List = "waveform"
	EventList    List = "event"
)

// String is the item for people: "reading 3".
func (i Item) String() string { return string(i.List) + " " + strconv.Itoa(i.Index) }
