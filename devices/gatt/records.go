package gatt

import "encoding/binary"

// RecordOp is an operation of a Record Access Control Point (0x2A52), through which a hub asks a
// glucose meter, a CGM sensor or an oximeter for what it has stored.
type RecordOp uint8

// Operations (GLS 1.0.1, 3.4). Vigil never deletes a patient's records.
const (
	ReportRecords RecordOp = 1
	AbortRecords  RecordOp = 3
	CountRecords  RecordOp = 4

	recordCount  = 5 // answers
	recordAnswer = 6
)

// RecordCode is how an operation ended.
type RecordCode uint8

// Ends of an operation that a caller decides on (GLS 1.0.1, 3.4.1); the others are faults.
const (
	RecordsDone                RecordCode = 1
	RecordsOperator            RecordCode = 3
	RecordsOperatorUnsupported RecordCode = 4
	RecordsOperand             RecordCode = 5
	NoRecordsFound             RecordCode = 6
	RecordsIncomplete          RecordCode = 8 // not all were sent: ask again from the last one
	RecordsOperandUnsupported  RecordCode = 9
)

// Operators and filters of a request.
const (
	recordsNone     = 0
	recordsAll      = 1
	recordsFrom     = 3 // greater than or equal
	recordsSequence = 1 // filter by sequence number (glucose) or time offset (CGM)
)

// RecordRequest asks for all records, or for those from a sequence number (glucose) or time offset
// (CGM) on. Who keeps the last one per device fetches new records only.
type RecordRequest struct {
	Op   RecordOp
	From *uint16
}

// EncodeRecordRequest writes a request.
func EncodeRecordRequest(r RecordRequest) ([]byte, error) {
	switch {
	case r.Op == AbortRecords:
		return []byte{byte(AbortRecords), recordsNone}, nil
	case r.Op != ReportRecords && r.Op != CountRecords:
		return nil, malformed("record operation %d is not supported", r.Op)
	case r.From == nil:
		return []byte{byte(r.Op), recordsAll}, nil
	default:
		return binary.LittleEndian.AppendUint16([]byte{byte(r.Op), recordsFrom, recordsSequence}, *r.From), nil
	}
}

// RecordAnswer is what a device answers: a count, or how an operation ended.
type RecordAnswer struct {
	Count *uint16
	Op    RecordOp // that ended; zero with Count
	Code  RecordCode
}

// DecodeRecordAnswer reads an answer.
func DecodeRecordAnswer(value []byte) (RecordAnswer, error) {
	f := fieldsOf(value)
	op, operator := f.u8("operation"), f.u8("operator")
	var a RecordAnswer
	switch {
	case f.err != nil:
	case operator != recordsNone:
		return RecordAnswer{}, malformed("answer with operator %d", operator)
	case op == recordCount:
		a.Count = new(f.u16("number of records"))
	case op == recordAnswer:
		a.Op, a.Code = RecordOp(f.u8("operation that ended")), RecordCode(f.u8("response code"))
	default:
		return RecordAnswer{}, malformed("record operation %d is no answer", op)
	}
	if err := f.done(0); err != nil {
		return RecordAnswer{}, err
	}
	return a, nil
}
