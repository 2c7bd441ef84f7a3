// Package model holds what the ECG detector learned from recorded hearts: forests of boosted
// decision trees, grown by the program in train and embedded here, and the few lines of integer
// arithmetic that ask them. It knows numbers only; what a feature means is the business of
// package ecg, which measures it, and of docs/model-card.md, which tells where each forest comes
// from, how well it does and where it does not.
package model

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math"
)

// Scale is what a score of one logit counts in Forest.Score.
const Scale = 4096

// Limits of a forest.
const (
	MaxOutputs  = 4
	MaxDepth    = 8
	maxTrees    = 2000
	maxFeatures = 255
	headerLen   = 12
	splitLen    = 3
	sumLen      = 4
	spreadFlag  = 7 // place of the byte that says whether a Spread follows the leaves
)

const magic = "VFO1"

// ErrForest is wrapped by Parse where bytes are no forest.
var ErrForest = errors.New("not a forest")

// Split asks whether a feature lies above a limit. It holds the limit in its upper half and the feature in its
// lowest byte, so that one load brings both.
type Split uint32

// NewSplit asks whether the feature lies above the limit.
func NewSplit(feature uint8, above int16) Split { return Split(uint16(above))<<16 | Split(feature) }

// Feature is what is asked for.
func (s Split) Feature() uint8 { return uint8(s) }

// Above is the limit.
func (s Split) Above() int16 { return int16(s >> 16) }

// Forest is a sum of trees. In each tree all nodes of one depth ask the same question, so the
// answers are the bits of the leaf's number: it is walked without a branch. Everything is an
// integer, so that every processor gives the same score.
type Forest struct {
	Features int     // that are asked for
	Outputs  int     // scores given
	Depth    int     // questions per tree
	Splits   []Split // Depth for each tree
	Leaves   []int16 // Outputs for each of the 1<<Depth leaves of each tree
	Spread   *Spread // of what it was grown from; nil where that is not known
}

// Trees is how many there are.
func (f *Forest) Trees() int { return len(f.Splits) / f.Depth }

// row holds the features that a forest asks for. Its length is that of all values of a Split's
// Feature, so that no question needs a check of its bounds.
type row [1 << 8]int32

// Score adds up what the trees say of the features. It gives a logit in units of 1/Scale for each
// output; those behind Outputs are zero.
func (f *Forest) Score(features []int16) (scores [MaxOutputs]int32) {
	var asked row
	for i, v := range features {
		asked[uint8(i)] = int32(v)
	}
	leaves, size, depth := f.Leaves, f.Outputs<<f.Depth, f.Depth
	var first, second, third int32 // in registers, as most forests have one output or three
	for splits := f.Splits; len(splits) >= depth && len(leaves) >= size; splits, leaves = splits[depth:], leaves[size:] {
		leaf, bit := uint32(0), 0
		if depth >= 4 && len(splits) >= 4 { // without a loop
			q := (*[4]Split)(splits)
			leaf = asked.answer(q[0]) | asked.answer(q[1])<<1 | asked.answer(q[2])<<2 | asked.answer(q[3])<<3
			bit = 4
		}
		for ; bit < depth; bit++ {
			leaf |= asked.answer(splits[bit]) << (bit & 31)
		}
		switch f.Outputs {
		case 1:
			first += int32(leaves[leaf])
		case 3:
			said := (*[3]int16)(leaves[leaf*3:])
			first += int32(said[0])
			second += int32(said[1])
			third += int32(said[2])
		default:
			for k, v := range leaves[int(leaf)*f.Outputs:][:f.Outputs] {
				scores[k] += int32(v)
			}
		}
	}
	scores[0], scores[1], scores[2] = scores[0]+first, scores[1]+second, scores[2]+third
	return scores
}

// answer is 1 where the feature lies above the limit: the sign bit of limit - value.
func (r *row) answer(s Split) uint32 { return uint32(int32(s.Above())-r[s.Feature()]) >> 31 }

// Encode packs the forest; its inverse is Parse.
func (f *Forest) Encode() []byte {
	out := append([]byte(magic), byte(f.Features), byte(f.Outputs), byte(f.Depth), 0)
	if f.Spread != nil {
		out[spreadFlag] = 1
	}
	out = binary.LittleEndian.AppendUint32(out, uint32(f.Trees()))
	for _, s := range f.Splits {
		out = append(out, s.Feature())
		out = binary.LittleEndian.AppendUint16(out, uint16(s.Above()))
	}
	for _, v := range f.Leaves {
		out = binary.LittleEndian.AppendUint16(out, uint16(v))
	}
	if f.Spread != nil {
		out = f.Spread.encode(out)
	}
	return binary.LittleEndian.AppendUint32(out, crc32.ChecksumIEEE(out))
}

// Parse unpacks a forest. It accepts nothing that Score could not walk safely.
func Parse(data []byte) (*Forest, error) {
	if len(data) < headerLen+sumLen || string(data[:len(magic)]) != magic {
		return nil, fmt.Errorf("read forest of %d bytes: %w", len(data), ErrForest)
	}
	body := data[:len(data)-sumLen]
	if crc32.ChecksumIEEE(body) != binary.LittleEndian.Uint32(data[len(body):]) {
		return nil, fmt.Errorf("check sum of forest: %w", ErrForest)
	}
	f := &Forest{Features: int(data[4]), Outputs: int(data[5]), Depth: int(data[6])}
	trees := int64(binary.LittleEndian.Uint32(data[8:]))
	if f.Outputs < 1 || f.Outputs > MaxOutputs || f.Depth < 1 || f.Depth > MaxDepth || trees > maxTrees {
		return nil, fmt.Errorf("read %d trees of depth %d with %d outputs: %w", trees, f.Depth, f.Outputs, ErrForest)
	}
	if data[spreadFlag] == 1 && len(body) >= headerLen+spreadLen {
		f.Spread = parseSpread(body[len(body)-spreadLen:])
		body = body[:len(body)-spreadLen]
	}
	splits, leaves := int(trees)*f.Depth, int(trees)*f.Outputs<<f.Depth
	if len(body) != headerLen+splits*splitLen+leaves*2 {
		return nil, fmt.Errorf("read %d trees from %d bytes: %w", trees, len(data), ErrForest)
	}
	rest := body[headerLen:]
	for ; len(f.Splits) < splits; rest = rest[splitLen:] {
		s := NewSplit(rest[0], int16(binary.LittleEndian.Uint16(rest[1:])))
		if int(s.Feature()) >= f.Features {
			return nil, fmt.Errorf("split by feature %d of %d: %w", s.Feature(), f.Features, ErrForest)
		}
		f.Splits = append(f.Splits, s)
	}
	for ; len(rest) > 0; rest = rest[2:] {
		f.Leaves = append(f.Leaves, int16(binary.LittleEndian.Uint16(rest)))
	}
	return f, nil
}

// Quantise makes a forest of what training found: splits, and the leaves' logits.
func Quantise(features, outputs, depth int, splits []Split, leaves []float64) *Forest {
	f := &Forest{Features: features, Outputs: outputs, Depth: depth, Splits: splits, Leaves: make([]int16, len(leaves))}
	for i, v := range leaves {
		f.Leaves[i] = int16(max(math.MinInt16, min(math.MaxInt16, math.Round(v*Scale))))
	}
	return f
}
