package vitals

import (
	"errors"
	"hash/fnv"
	"time"
)

// ErrImplausible is wrapped by the error of Reading.Plausible.
var ErrImplausible = errors.New("implausible value")

// Unit is a ward or programme that owns patients and staff.
type Unit struct {
	ID   UnitID
	Name string
	Zone string // IANA time zone in which the unit's clocks are shown
}

// Sex is administrative, as FHIR has it.
type Sex string

// Administrative sexes.
const (
	Female     Sex = "female"
	Male       Sex = "male"
	OtherSex   Sex = "other"
	UnknownSex Sex = "unknown"
)

// Patient is a person under care of one unit.
type Patient struct {
	ID         PatientID
	Unit       UnitID
	MRN        string // medical record number, unique within the installation
	Family     string
	Given      string
	Birth      time.Time // date only; zero when unknown
	Sex        Sex
	Bed        string
	Test       bool // made up: marked HTEST wherever it is shown
	Admitted   time.Time
	Discharged time.Time // zero while under care
}

// Device is a wearable or home instrument as the server knows it.
type Device struct {
	ID           DeviceID
	Manufacturer string
	Model        string
	Serial       string
	Firmware     string
	Hub          HubID // the only hub that may deliver what it sent; empty: any
}

// Hub is the gateway in a patient's home.
type Hub struct {
	ID   HubID
	Name string
}

// Binding says whose values a device measures from From (inclusive) until Until (exclusive, zero
// while it lasts). The server binds by the time of the sample, so a device that moves to another
// patient leaves the earlier record alone.
type Binding struct {
	Device  DeviceID
	Patient PatientID
	From    time.Time
	Until   time.Time
	Hub     HubID  // the hub that the device is registered to, as read; empty: any
	Record  string // the patient's record number, as read
	Test    bool   // the patient is made up, as read
}

// Covers reports whether the binding holds at t.
func (b Binding) Covers(t time.Time) bool {
	return !t.Before(b.From) && (b.Until.IsZero() || t.Before(b.Until))
}

// Admission is a patient under care with the devices that are bound now.
type Admission struct {
	Patient Patient
	Devices []DeviceID
}

// Partitions is how many parts the patients are spread over. It is part of the journal's layout:
// changing it needs an empty journal.
const Partitions = 64

// PartitionOf is the patient's part, 0 to Partitions-1.
func PartitionOf(p PatientID) int {
	h := fnv.New32a()
	_, _ = h.Write([]byte(p)) // a hash never fails
	return int(h.Sum32() % Partitions)
}

// Lease is one node's ownership of a partition. Position counts the messages of Journal (its
// identity) whose effects are stored; another journal starts from zero.
type Lease struct {
	Partition int
	Epoch     int64
	Journal   string
	Position  uint64
}
