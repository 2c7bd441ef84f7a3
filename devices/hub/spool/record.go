package spool

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"time"

	"vigil/devices/uplink"
	"vigil/vitals"
)

// A segment file is a row of records and nothing else. All numbers are little-endian.
//
//	mark   2 bytes  0x56 0xB7: where to look for the next record behind a damaged one
//	length 4 bytes  of the body
//	check  4 bytes  CRC-32C of length and body
//	body:
//	  type    1 byte
//	  channel 1 byte   of a message
//	  epoch   4 bytes  of the stream
//	  number  8 bytes
//	  time    8 bytes  µs since 1970
//	  device  1 byte of length, then so many
//	  payload the rest
type record struct {
	kind    recordKind
	channel uplink.Channel
	stream  key
	seq     uint64    // message, refused: its number; stored: up to here; numbered: the last number given
	at      time.Time // message: when it was made; otherwise when it was noted
	mark    Mark      // its source is empty where there is none
	payload []byte
}

type recordKind uint8

const (
	message  recordKind = iota + 1
	stored              // the server has stored everything up to seq
	refused             // the server refused the message
	numbered            // numbers up to seq were given; each segment begins with one for every stream
	carrying            // on the disk: a message with a mark
	marked              // a record of a device's memory is kept
	settled             // and all of its source up to there
)

const (
	recordHead = 10
	bodyHead   = 23
	maxBody    = bodyHead + 16 + 9 + maxSource + uplink.MaxMessage
)

var (
	mark       = []byte{0x56, 0xB7}
	castagnoli = crc32.MakeTable(crc32.Castagnoli)
	channels   = []uplink.Channel{"", uplink.Events, uplink.Observations, uplink.Waves} // their place is stored
)

func placeOf(c uplink.Channel) uint8 {
	for i, known := range channels {
		if c == known {
			return uint8(i)
		}
	}
	return 0
}

// append adds the record's bytes to dst.
func (r record) append(dst []byte) []byte {
	begin := len(dst)
	dst = append(dst, mark...)
	dst = append(dst, make([]byte, recordHead-len(mark))...)
	kind := r.kind
	if kind == message && r.mark.Source != "" {
		kind = carrying
	}
	dst = append(dst, byte(kind), placeOf(r.channel))
	dst = binary.LittleEndian.AppendUint32(dst, r.stream.epoch)
	dst = binary.LittleEndian.AppendUint64(dst, r.seq)
	dst = binary.LittleEndian.AppendUint64(dst, uint64(r.at.UnixMicro()))
	dst = append(dst, byte(len(r.stream.device)))
	dst = append(dst, r.stream.device...)
	if r.mark.Source != "" {
		dst = r.mark.append(dst)
	}
	dst = append(dst, r.payload...)
	head := dst[begin:]
	binary.LittleEndian.PutUint32(head[2:], uint32(len(head)-recordHead))
	binary.LittleEndian.PutUint32(head[6:], checkOf(head))
	return dst
}

func checkOf(whole []byte) uint32 {
	return crc32.Update(crc32.Checksum(whole[2:6], castagnoli), castagnoli, whole[recordHead:])
}

// parseRecord reads the record at the front of b, whose memory it shares, and its size; ok is false
// for anything that is not a whole and sound record.
func parseRecord(b []byte) (r record, size int, ok bool) {
	if len(b) < recordHead+bodyHead || !bytes.HasPrefix(b, mark) {
		return record{}, 0, false
	}
	body := int64(binary.LittleEndian.Uint32(b[2:]))
	if body < bodyHead || body > maxBody || int64(len(b)) < recordHead+body {
		return record{}, 0, false
	}
	size = recordHead + int(body)
	if binary.LittleEndian.Uint32(b[6:]) != checkOf(b[:size]) {
		return record{}, 0, false
	}
	f := b[recordHead:size]
	name := bodyHead + int(f[22])
	if name > len(f) || f[0] == 0 || recordKind(f[0]) > settled || int(f[1]) >= len(channels) {
		return record{}, 0, false
	}
	r = record{
		kind: recordKind(f[0]), channel: channels[f[1]],
		stream: key{device: vitals.DeviceID(f[bodyHead:name]), epoch: binary.LittleEndian.Uint32(f[2:])},
		seq:    binary.LittleEndian.Uint64(f[6:]), at: time.UnixMicro(int64(binary.LittleEndian.Uint64(f[14:]))).UTC(),
		payload: f[name:],
	}
	if r.kind >= carrying {
		r.mark, r.payload, ok = parseMark(r.payload)
		if !ok || r.mark.Source == "" {
			return record{}, 0, false
		}
	}
	if r.kind == carrying {
		r.kind = message
	}
	return r, size, true
}

// walk hands every sound record of a segment to visit with its place. It skips what is damaged;
// sound is the end of the last sound record, and whole says that nothing before it was damaged.
func walk(b []byte, visit func(r record, offset, size int64) error) (sound int64, whole bool, err error) {
	whole = true
	for at := 0; at < len(b); {
		r, size, ok := parseRecord(b[at:])
		if !ok {
			skip := bytes.Index(b[at+1:], mark)
			if skip < 0 {
				break
			}
			at += 1 + skip
			continue
		}
		whole = whole && int64(at) == sound
		if err := visit(r, int64(at), int64(size)); err != nil {
			return sound, whole, err
		}
		at += size
		sound = int64(at)
	}
	return sound, whole, nil
}
