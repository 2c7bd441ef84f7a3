package store

import (
	"context"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"

	"gorm.io/gorm"
)

// Witness is the newest note of how far the chains of the audit had come. Kept in another place it proves later
// that nothing up to there was taken away: whoever may change everything in this database cannot change
// what stands elsewhere.
type Witness struct {
	Number int64
	Hash   []byte
}

// String is the witness as it is kept elsewhere, and as ParseWitness reads it.
func (w Witness) String() string {
	return strconv.FormatInt(w.Number, 10) + ":" + hex.EncodeToString(w.Hash)
}

// ParseWitness reads what String wrote.
func ParseWitness(text string) (Witness, error) {
	number, hash, found := strings.Cut(text, ":")
	n, err := strconv.ParseInt(number, 10, 64)
	sum, hexErr := hex.DecodeString(hash)
	if !found || err != nil || hexErr != nil || n <= 0 || len(sum) == 0 {
		return Witness{}, fmt.Errorf("witness %q is not of the form number:hash", text)
	}
	return Witness{n, sum}, nil
}

// witnessRow notes how far a chain had come. Its JSON form is what is sealed.
type witnessRow struct {
	N     int64  `gorm:"primaryKey;autoIncrement:false" json:"n"`
	At    int64  `json:"at"`
	Chain int    `json:"chain"`
	Seq   int64  `json:"seq"`
	Head  []byte `json:"head"`
	Hash  []byte `json:"-"`
	Found []byte `gorm:"->" json:"-"` // what verify.go reads beside it: the hash of the entry as it is now
}

func (witnessRow) TableName() string { return "audit_witness" }

// Witness notes how far the chains of the audit have come. It reports false where nothing was added since the
// last time. No alarm waits for it: it locks no row.
func (s *Store) Witness(ctx context.Context, now time.Time) (w Witness, added bool, err error) {
	err = s.transact(ctx, "witness the audit", func(tx *gorm.DB) error {
		var heads []headRow
		err := tx.Where("seq > COALESCE((SELECT MAX(seq) FROM audit_witness w WHERE w.chain = audit_head.chain), 0)").
			Order("chain").Find(&heads).Error
		if err != nil || len(heads) == 0 {
			return err
		}
		var last []witnessRow
		if err := tx.Order("n DESC").Limit(1).Find(&last).Error; err != nil {
			return err
		}
		newest := append(last, witnessRow{})[0]
		rows := make([]witnessRow, len(heads))
		for i, h := range heads {
			row := witnessRow{N: newest.N + 1, At: micros(now), Chain: h.Chain, Seq: h.Seq, Head: h.Hash}
			if row.Hash, err = sealBehind(newest.Hash, row); err != nil {
				return err
			}
			rows[i], newest = row, row
		}
		w, added = Witness{newest.N, newest.Hash}, true
		_, err = insert(tx, rows)
		return err
	})
	if err != nil {
		return Witness{}, false, err
	}
	return w, added, nil
}
