package ingest

import (
	"bufio"
	"errors"
	"fmt"
	"io"
)

// Bytes of the Minimal Lower Layer Protocol (HL7, Transport Specification MLLP, Release 1): a message
// stands between a start block and an end block, which a carriage return closes.
const (
	blockStart = 0x0B
	blockEnd   = 0x1C
	blockClose = 0x0D
)

// maxHL7 is how long a message may be; a monitor with everything on it sends some 100 kB.
const maxHL7 = 1 << 20

// What can be wrong with a frame.
var (
	errNoTrailer = errors.New("the message has no end: 0x1C 0x0D is missing")
	errTooLong   = fmt.Errorf("the message is longer than %d bytes", maxHL7)
	errNoStart   = errors.New("bytes outside of a message: a message begins with 0x0B")
)

// readFrame reads one message, whose start was read. What it has read of a message that is at fault is
// returned with the error. A message that is too long is read to its end, so that the next one is found
// behind it.
func readFrame(r *bufio.Reader) (message []byte, err error) {
	for {
		b, err := r.ReadByte()
		if err != nil {
			return message, whenCut(message, err)
		}
		switch {
		case b == blockStart: // the next message begins before this one ended
			if err := r.UnreadByte(); err != nil {
				return message, fmt.Errorf("read a frame: %w", err)
			}
			return message, errNoTrailer
		case b == blockEnd:
			return endFrame(r, message)
		case len(message) <= maxHL7:
			message = append(message, b)
		}
	}
}

// endFrame reads what follows the end block.
func endFrame(r *bufio.Reader, message []byte) ([]byte, error) {
	if next, err := r.ReadByte(); err != nil || next != blockClose {
		return message, errNoTrailer
	}
	if len(message) > maxHL7 {
		return message[:maxHL7], errTooLong
	}
	return message, nil
}

// toStart reads the start of a message. Line ends between messages are forgiven, and begin none: some
// senders put one behind each message, and send the next an hour later.
func toStart(r *bufio.Reader) error {
	for {
		b, err := r.ReadByte()
		switch {
		case err != nil:
			return err //nolint:wrapcheck // io.EOF between messages is how a sender leaves
		case b == blockStart:
			return nil
		case b != '\r' && b != '\n':
			return errNoStart
		}
	}
}

// whenCut is why a message ended before its end: somebody left, or says nothing any more.
func whenCut(message []byte, err error) error {
	if len(message) == 0 && errors.Is(err, io.EOF) {
		return io.EOF
	}
	return errors.Join(errNoTrailer, err)
}
