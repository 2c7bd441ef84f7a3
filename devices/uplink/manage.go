package uplink

import (
	"crypto/ed25519"
	"fmt"
	"slices"
	"time"

	"vigil/vitals"
)

// Bounds of what a server wants of a hub.
const (
	MaxDevices = 64 // of one home
)

// Desired is the state that the server wants a hub to be in. It is told at every connect and when it
// changes; a hub keeps the newest and never goes back to an older one.
type Desired struct {
	Hub     vitals.HubID
	Version uint64 // counted from 1; rises with every change
	Agent   string // version of the hub's program that is wanted; empty: whatever runs
	Devices []Wanted
}

// Wanted is a device that a hub is to read.
type Wanted struct {
	Device vitals.DeviceID
	Read   []string // profiles, in the hub's words
	Pair   bool     // bond before it is read
}

// CommandKind says what a hub is to do.
type CommandKind string

// Commands.
const (
	ReadNow   CommandKind = "read_now"   // connect the devices anew and fetch what they have stored
	Rescan    CommandKind = "rescan"     // begin Bluetooth anew
	RotateKey CommandKind = "rotate_key" // take a new secret
)

// CommandKinds lists every command.
var CommandKinds = []CommandKind{ReadNow, Rescan, RotateKey}

// Command is something that a hub is to do once.
type Command struct {
	Hub     vitals.HubID
	ID      string
	What    CommandKind
	Expires time.Time // by the server's clock; what comes later is not done
}

// Outcome says what became of a command.
type Outcome string

// Outcomes.
const (
	Done    Outcome = "done"
	Refused Outcome = "refused" // unknown, or this hub cannot
	Failed  Outcome = "failed"
	Expired Outcome = "expired"
)

// Result is a hub's answer to a command.
type Result struct {
	ID      string
	Outcome Outcome
	Detail  string // for people
}

type (
	wireSigned struct {
		Type      *string `cbor:"0,keyasint,omitempty"`
		Payload   octets  `cbor:"1,keyasint,omitempty"`
		Signature octets  `cbor:"2,keyasint,omitempty"`
	}
	wireDesired struct {
		Hub     *string      `cbor:"0,keyasint,omitempty"`
		Version *uint64      `cbor:"1,keyasint,omitempty"`
		Agent   *string      `cbor:"2,keyasint,omitempty"`
		Devices []wireWanted `cbor:"3,keyasint,omitempty"`
	}
	wireWanted struct {
		Device octets   `cbor:"0,keyasint,omitempty"`
		Read   []string `cbor:"1,keyasint,omitempty"`
		Pair   *bool    `cbor:"2,keyasint,omitempty"`
	}
	wireCommand struct {
		Hub     *string `cbor:"0,keyasint,omitempty"`
		ID      *string `cbor:"1,keyasint,omitempty"`
		What    *string `cbor:"2,keyasint,omitempty"`
		Expires *int64  `cbor:"3,keyasint,omitempty"`
	}
	wireResult struct {
		ID      *string `cbor:"0,keyasint,omitempty"`
		Outcome *string `cbor:"1,keyasint,omitempty"`
		Detail  *string `cbor:"2,keyasint,omitempty"`
	}
)

const (
	typeDesired = "config"
	typeCommand = "command"
)

// Sign is the desired state as bytes, signed with the server's key.
func (d Desired) Sign(key ed25519.PrivateKey) ([]byte, error) {
	w := wireDesired{Hub: new(string(d.Hub)), Version: &d.Version, Agent: unlessZero(d.Agent)}
	for _, want := range d.Devices {
		device, err := octetsOf(want.Device)
		if err != nil {
			return nil, fmt.Errorf("sign desired state: %w", err)
		}
		w.Devices = append(w.Devices, wireWanted{Device: device, Read: want.Read, Pair: unlessZero(want.Pair)})
	}
	return sign(key, typeDesired, w)
}

// OpenDesired reads a desired state that the key signed for the hub.
func OpenDesired(b []byte, key ed25519.PublicKey, hub vitals.HubID) (Desired, error) {
	var w wireDesired
	if err := open(b, key, typeDesired, &w); err != nil {
		return Desired{}, err
	}
	version, err := required("version", w.Version)
	agent, agentErr := textOf("agent", w.Agent)
	if err := firstOf(forHub(w.Hub, hub), err, agentErr); err != nil {
		return Desired{}, err
	}
	if len(w.Devices) > MaxDevices {
		return Desired{}, malformed("%d devices, more than %d", len(w.Devices), MaxDevices)
	}
	d := Desired{Hub: hub, Version: version, Agent: agent}
	for i, want := range w.Devices {
		device, err := deviceOf(want.Device)
		if err != nil {
			return Desired{}, fmt.Errorf("device %d: %w", i, err)
		}
		d.Devices = append(d.Devices, Wanted{Device: device, Read: want.Read, Pair: orZero(want.Pair)})
	}
	return d, nil
}

// Sign is the command as bytes, signed with the server's key.
func (c Command) Sign(key ed25519.PrivateKey) ([]byte, error) {
	return sign(key, typeCommand, wireCommand{
		Hub: new(string(c.Hub)), ID: &c.ID, What: new(string(c.What)), Expires: microsOf(c.Expires),
	})
}

// OpenCommand reads a command that the key signed for the hub. A command that this version does not know
// is read all the same, so that it can be refused by its name.
func OpenCommand(b []byte, key ed25519.PublicKey, hub vitals.HubID) (Command, error) {
	var w wireCommand
	if err := open(b, key, typeCommand, &w); err != nil {
		return Command{}, err
	}
	id, idErr := required("id", w.ID)
	what, whatErr := required("command", w.What)
	expires, err := timeOf("expiry", w.Expires)
	if err := firstOf(forHub(w.Hub, hub), idErr, whatErr, err); err != nil {
		return Command{}, err
	}
	_, idErr = textOf("id", &id)
	_, whatErr = textOf("command", &what)
	return Command{Hub: hub, ID: id, What: CommandKind(what), Expires: expires}, firstOf(idErr, whatErr)
}

// forHub refuses what was signed for another hub and sent to this one.
func forHub(named *string, hub vitals.HubID) error {
	if orZero(named) != string(hub) {
		return malformed("signed for another hub")
	}
	return nil
}

// sign puts a payload under the key. The type is signed with it, so that a command cannot be taken for
// a configuration.
func sign(key ed25519.PrivateKey, kind string, payload any) ([]byte, error) {
	b, err := marshal(kind, payload)
	if err != nil {
		return nil, err
	}
	return marshal(kind, wireSigned{Type: &kind, Payload: b, Signature: ed25519.Sign(key, signedText(kind, b))})
}

func signedText(kind string, payload []byte) []byte {
	return append([]byte("vigil/1 "+kind+"\n"), payload...)
}

func open(b []byte, key ed25519.PublicKey, kind string, payload any) error {
	if len(b) > MaxMessage {
		return malformed("%s of %d bytes exceeds %d", kind, len(b), MaxMessage)
	}
	var w wireSigned
	if err := unmarshal(b, &w); err != nil {
		return fmt.Errorf("read %s: %w", kind, err)
	}
	if got := orZero(w.Type); got != kind {
		return malformed("type %.20q where %q belongs", got, kind)
	}
	if len(key) != ed25519.PublicKeySize || !ed25519.Verify(key, signedText(kind, w.Payload), w.Signature) {
		return malformed("%s is not signed by the server's key", kind)
	}
	if err := unmarshal(w.Payload, payload); err != nil {
		return fmt.Errorf("read %s: %w", kind, err)
	}
	return nil
}

// Directive is the channel that what a server signed belongs on: Configs or Commands. It is not opened.
func Directive(b []byte) (Channel, error) {
	var w wireSigned
	if len(b) > MaxMessage {
		return "", malformed("directive of %d bytes exceeds %d", len(b), MaxMessage)
	}
	if err := unmarshal(b, &w); err != nil {
		return "", fmt.Errorf("read directive: %w", err)
	}
	switch orZero(w.Type) {
	case typeDesired:
		return Configs, nil
	case typeCommand:
		return Commands, nil
	default:
		return "", malformed("directive of type %.20q", orZero(w.Type))
	}
}

// Encode is the result as bytes. A detail that is too long is cut.
func (r Result) Encode() ([]byte, error) {
	return marshal("result", wireResult{ID: &r.ID, Outcome: new(string(r.Outcome)), Detail: unlessZero(cut(r.Detail))})
}

// DecodeResult reads a hub's answer to a command.
func DecodeResult(b []byte) (Result, error) {
	if len(b) > MaxMessage {
		return Result{}, malformed("result of %d bytes exceeds %d", len(b), MaxMessage)
	}
	var w wireResult
	if err := unmarshal(b, &w); err != nil {
		return Result{}, fmt.Errorf("read result: %w", err)
	}
	id, idErr := required("id", w.ID)
	outcome, err := required("outcome", w.Outcome)
	if err := firstOf(idErr, err); err != nil {
		return Result{}, err
	}
	r := Result{ID: id, Outcome: Outcome(outcome)}
	if !slices.Contains([]Outcome{Done, Refused, Failed, Expired}, r.Outcome) {
		return Result{}, malformed("outcome %.20q", outcome)
	}
	_, idErr = textOf("id", &id)
	r.Detail, err = textOf("detail", w.Detail)
	return r, firstOf(idErr, err)
}
