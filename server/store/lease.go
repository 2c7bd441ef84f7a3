package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/cespare/xxhash/v2"
	"github.com/samber/lo"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"vigil/vitals"
)

// forgotten is how many leases long a node must be silent before its row is removed.
const forgotten = 100

type nodeRow struct {
	ID   string `gorm:"primaryKey"`
	Seen int64
}

func (nodeRow) TableName() string { return "node" }

// partRow is a partition's lease and how much of its journal is stored.
type partRow struct {
	P       int    `gorm:"primaryKey;autoIncrement:false"`
	Owner   string // empty: free
	Epoch   int64
	Until   int64 `gorm:"column:until_at"`
	Journal string
	Seq     int64 // of the journal; unsigned, bit for bit
}

func (partRow) TableName() string { return "part" }

func (r partRow) lease() vitals.Lease {
	return vitals.Lease{Partition: r.P, Epoch: r.Epoch, Journal: r.Journal, Position: uint64(r.Seq)}
}

// Claim says that node lives and returns the partitions that it owns until then: it renews its own,
// gives back those that another living node should have, and takes free and expired ones that it
// should have, with a new epoch. Which node should have which is decided by rendezvous hashing over
// the nodes that were heard within the length of a lease.
func (s *Store) Claim(ctx context.Context, node string, now, until time.Time) ([]vitals.Lease, error) {
	if !until.After(now) {
		return nil, fmt.Errorf("claim partitions until %s at %s: a lease has a length", until, now)
	}
	var owned []partRow
	err := s.transact(ctx, "claim partitions", func(tx *gorm.DB) error {
		var parts []partRow // locked first, and in order, so that nodes claim one after the other
		if err := tx.Clauses(forUpdate).Order("p").Find(&parts).Error; err != nil {
			return err
		}
		living, err := heartbeat(tx, node, now, until.Sub(now))
		if err != nil {
			return err
		}
		d := divide(parts, living, node, micros(now))
		if err := d.write(tx, node, micros(until)); err != nil {
			return err
		}
		return tx.Where("owner = ?", node).Order("p").Find(&owned).Error
	})
	if err != nil {
		return nil, err
	}
	return lo.Map(owned, func(r partRow, _ int) vitals.Lease { return r.lease() }), nil
}

// heartbeat notes that the node lives and lists all that do.
func heartbeat(tx *gorm.DB, node string, now time.Time, lease time.Duration) ([]string, error) {
	row := nodeRow{ID: node, Seen: micros(now)}
	if err := tx.Clauses(clause.OnConflict{UpdateAll: true}).Create(&row).Error; err != nil {
		return nil, err
	}
	if err := tx.Where("seen < ?", micros(now.Add(-forgotten*lease))).Delete(&nodeRow{}).Error; err != nil {
		return nil, err
	}
	var living []string
	err := tx.Model(&nodeRow{}).Where("seen > ?", micros(now.Add(-lease))).Order("id").Pluck("id", &living).Error
	return living, err
}

// division is what one claim changes.
type division struct{ renew, release, take []int }

func divide(parts []partRow, living []string, node string, now int64) (d division) {
	for _, r := range parts {
		mine := rendezvous(r.P, living) == node
		switch {
		case r.Owner == node && mine:
			d.renew = append(d.renew, r.P)
		case r.Owner == node:
			d.release = append(d.release, r.P)
		case mine && (r.Owner == "" || r.Until <= now):
			d.take = append(d.take, r.P)
		}
	}
	return d
}

func (d division) write(tx *gorm.DB, node string, until int64) error {
	for _, change := range []struct {
		parts []int
		set   map[string]any
	}{
		{d.renew, map[string]any{"until_at": until}},
		{d.release, map[string]any{"owner": ""}},
		{d.take, map[string]any{"owner": node, "until_at": until, "epoch": gorm.Expr("epoch + 1")}},
	} {
		if len(change.parts) == 0 {
			continue
		}
		if err := tx.Model(&partRow{}).Where("p IN ?", change.parts).Updates(change.set).Error; err != nil {
			return err
		}
	}
	return nil
}

// rendezvous is the node that should own a partition: the one with the highest hash of both. When a
// node comes or goes, only its own partitions move.
func rendezvous(p int, nodes []string) string {
	return slices.MaxFunc(nodes, func(a, b string) int { return cmp.Compare(weight(p, a), weight(p, b)) })
}

func weight(p int, node string) uint64 { return xxhash.Sum64String(strconv.Itoa(p) + "/" + node) }

// Release gives back all partitions of a node that stops, so that others need not wait.
func (s *Store) Release(ctx context.Context, node string) error {
	return s.transact(ctx, "release partitions", func(tx *gorm.DB) error {
		if err := tx.Model(&partRow{}).Where("owner = ?", node).Update("owner", "").Error; err != nil {
			return err
		}
		return tx.Where("id = ?", node).Delete(&nodeRow{}).Error
	})
}

// ReleaseAll gives back the partitions of all nodes. It is for a node that knows that it is alone, so
// that after a crash it need not wait for the lease of its former self. A node that lives all the
// same is fenced, because its partitions are owned under a new epoch next.
func (s *Store) ReleaseAll(ctx context.Context) error {
	return s.transact(ctx, "release all partitions", func(tx *gorm.DB) error {
		if err := tx.Model(&partRow{}).Where("owner <> ''").Update("owner", "").Error; err != nil {
			return err
		}
		return tx.Where("true").Delete(&nodeRow{}).Error
	})
}

// Leases lists all partitions with what is stored of them, whoever owns them.
func (s *Store) Leases(ctx context.Context) ([]vitals.Lease, error) {
	var rows []partRow
	if err := s.reader(ctx).Order("p").Find(&rows).Error; err != nil {
		return nil, fault("list leases", err)
	}
	return lo.Map(rows, func(r partRow, _ int) vitals.Lease { return r.lease() }), nil
}

// Fence reports whether the node still owns the partition under the lease's epoch, and keeps it so
// until the transaction ends. When it reports false, the transaction must not go on.
func (t *Tx) Fence(node string, lease vitals.Lease) (bool, error) {
	var held []int
	// A lock is enough: an UPDATE would leave a dead row behind each time, 50 a second per partition.
	err := t.db.Model(&partRow{}).Clauses(forUpdate).
		Where("p = ? AND owner = ? AND epoch = ?", lease.Partition, node, lease.Epoch).Pluck("p", &held).Error
	return len(held) == 1, fault("fence partition", err)
}

// Advance notes up to which message of the journal the partition's effects are stored.
func (t *Tx) Advance(lease vitals.Lease, journal string, seq uint64) error {
	result := t.db.Model(&partRow{}).Where("p = ? AND epoch = ?", lease.Partition, lease.Epoch).
		Updates(map[string]any{"journal": journal, "seq": int64(seq)})
	if result.Error == nil && result.RowsAffected != 1 {
		return fmt.Errorf("advance partition %d: %w", lease.Partition, ErrConflict)
	}
	return fault("advance partition", result.Error)
}
