package gatt

// PMDCommand is what a hub writes to Polar's PMD control point (FB005C81-02E7-F387-1CAD-8ACD2D8DF0C8)
// about the ECG. A stream that nobody stops empties the strap's battery: send PMDStop on shutdown.
type PMDCommand uint8

// Commands, in the order of a session: settings, start, stop.
const (
	PMDSettings PMDCommand = 1
	PMDStart    PMDCommand = 2
	PMDStop     PMDCommand = 3
)

// Ends of a command that a hub decides on.
const (
	PMDSuccess        = 0
	PMDAlreadyInState = 6  // as good as success
	PMDInvalidMTU     = 10 // the ATT MTU must be 232 at least
)

// EncodePMDCommand writes a command; the start asks for what an H10 has: 130 Hz and 14 bits.
func EncodePMDCommand(c PMDCommand) ([]byte, error) {
	switch c {
	case PMDSettings, PMDStop:
		return []byte{byte(c), pmdECG}, nil
	case PMDStart: // setting, number of values, value: 0 is the rate, 1 the resolution
		return []byte{byte(c), pmdECG, 0, 1, 130, 0, 1, 1, 14, 0}, nil
	default:
		return nil, malformed("PMD command %d is unknown", c)
	}
}

// PMDResponse is what the strap answers to a command.
type PMDResponse struct {
	Command    PMDCommand
	Type       uint8 // of measurement, 0 for ECG
	Error      uint8
	More       *bool // more answers follow; nil where the answer ends with the error
	Parameters []byte
}

// pmdResponse begins an answer; pmdFeatures what the control point holds when it is read.
const (
	pmdResponse = 0xF0
	pmdFeatures = 0x0F
)

// DecodePMDResponse reads an answer of the control point.
func DecodePMDResponse(value []byte) (PMDResponse, error) {
	f := fieldsOf(value)
	if mark := f.u8("response code"); f.err == nil && mark != pmdResponse {
		return PMDResponse{}, malformed("%#02x does not begin a PMD response", mark)
	}
	r := PMDResponse{Command: PMDCommand(f.u8("command")), Type: f.u8("measurement type"), Error: f.u8("error")}
	if f.err == nil && len(f.rest) > 0 {
		r.More = new(f.u8("more") != 0)
		r.Parameters = f.rest
	}
	if f.err != nil {
		return PMDResponse{}, f.err
	}
	return r, nil
}

// DecodePMDFeatures reads the control point: whether the strap has an ECG.
func DecodePMDFeatures(value []byte) (ecg bool, err error) {
	f := fieldsOf(value)
	mark, features := f.u8("feature mark"), f.u8("features")
	switch {
	case f.err != nil:
		return false, f.err
	case mark != pmdFeatures:
		return false, malformed("%#02x does not begin PMD features", mark)
	}
	return features&(1<<pmdECG) != 0, nil
}
