package journal

import (
	"crypto/rand"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// The stream's metadata carry the identity, so it is created, copied and lost with the messages.
const (
	metaID      = "vigil_journal"
	metaLineage = "vigil_lineage"
	// maxLineage bounds the metadata; a position older than that starts from the beginning.
	maxLineage = 16
)

// identity names a run of sequence numbers that never meant two different messages. When a journal
// may have lost its newest messages, its numbers are about to be used again: it takes a new ID and
// remembers up to where the messages are still those of the old one.
type identity struct {
	ID      string
	Lineage []ancestor // oldest first
}

// ancestor is an earlier identity, of which the messages up to Cut are still here.
type ancestor struct {
	ID  string
	Cut uint64
}

func newIdentity() identity { return identity{ID: rand.Text()} }

// fork is a new identity that keeps the messages up to cut.
func (i identity) fork(cut uint64) identity {
	lineage := append(append([]ancestor{}, i.Lineage...), ancestor{i.ID, cut})
	if len(lineage) > maxLineage {
		lineage = lineage[len(lineage)-maxLineage:]
	}
	return identity{ID: rand.Text(), Lineage: lineage}
}

// resolve follows the lineage backwards: what an ancestor counted is here as far as no later cut
// took it away.
func (i identity) resolve(id string, position uint64) uint64 {
	if id == i.ID {
		return position
	}
	for _, a := range slices.Backward(i.Lineage) {
		position = min(position, a.Cut)
		if a.ID == id {
			return position
		}
	}
	return 0
}

// write puts the identity into the metadata of a stream.
func (i identity) write(meta map[string]string) {
	parts := make([]string, len(i.Lineage))
	for n, a := range i.Lineage {
		parts[n] = fmt.Sprintf("%s@%d", a.ID, a.Cut)
	}
	meta[metaID] = i.ID
	meta[metaLineage] = strings.Join(parts, ",")
}

// readIdentity is the identity in the metadata; one without ID where there is none. What does not
// read in the lineage cuts it short, which costs a longer replay and nothing else.
func readIdentity(meta map[string]string) identity {
	i := identity{ID: meta[metaID]}
	for part := range strings.SplitSeq(meta[metaLineage], ",") {
		id, cut, _ := strings.Cut(part, "@")
		seq, err := strconv.ParseUint(cut, 10, 64)
		if err != nil {
			i.Lineage = nil
			continue
		}
		i.Lineage = append(i.Lineage, ancestor{id, seq})
	}
	return i
}
