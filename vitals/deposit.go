package vitals

// Deposit is what a sender without a spool of its own brings of one device. Such a sender forgets what it
// was told is stored, so it is told only then.
type Deposit struct {
	Source  HubID  // who brought it
	Batch   Batch  // of one device
	Payload []byte // as received, to be kept with a refusal

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
}
