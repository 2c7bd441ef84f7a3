package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/samber/lo"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"vigil/vitals"
)

// Tx is one transaction of a node that writes what its partitions produced. It must not be used
// after the function that got it returned.
type Tx struct {
	db      *gorm.DB
	kind    dialect
	program string
	now     func() time.Time
}

// Commit runs fn in one transaction. When it returns nil everything is on disk; when it returns an
// error, fn's or the database's, nothing of it is.
func (s *Store) Commit(ctx context.Context, fn func(*Tx) error) error {
	return s.transact(ctx, "commit", func(db *gorm.DB) error { return fn(&Tx{db: db, kind: s.kind, program: s.program, now: s.now}) })
}

// readingRow is a value that came alone.
type readingRow struct {
	Patient     vitals.PatientID `gorm:"primaryKey"`
	At          int64            `gorm:"primaryKey;autoIncrement:false"`
	Kind        string           `gorm:"primaryKey"`
	Device      vitals.DeviceID  `gorm:"primaryKey"`
	Mantissa    int64
	Exponent    int8
	Absent      vitals.Absence
	Quality     vitals.Quality
	DeviceAt    *int64
	TimeQuality vitals.TimeQuality
}

func (readingRow) TableName() string { return "reading" }

func toReadingRow(c vitals.Charted) (readingRow, error) {
	if !c.Kind.Valid() || c.Kind.Info().Shape == vitals.Sampled {
		return readingRow{}, fmt.Errorf("a reading of %s cannot be stored: it is no number", c.Kind)
	}
	return readingRow{
		Patient: c.Patient, At: micros(c.Time), Kind: c.Kind.String(), Device: c.Device,
		Mantissa: c.Value.Mantissa, Exponent: c.Value.Exp, Absent: c.Absent, Quality: c.Quality,
		DeviceAt: microsOrNull(c.DeviceTime), TimeQuality: c.TimeQuality,
	}, nil
}

func (r readingRow) charted() (vitals.Charted, error) {
	kind, err := kindNamed(r.Kind)
	return vitals.Charted{Patient: r.Patient, Device: r.Device, Reading: vitals.Reading{
		Kind: kind, Time: moment(r.At), Value: vitals.NewDecimal(r.Mantissa, r.Exponent), Absent: r.Absent,
		Quality: r.Quality, DeviceTime: momentOrZero(r.DeviceAt), TimeQuality: r.TimeQuality,
	}}, err
}

// SaveReadings charts values that came alone. One whose place is taken changes nothing.
func (t *Tx) SaveReadings(readings []vitals.Charted) error {
	rows := make([]readingRow, len(readings))
	for i, c := range readings {
		row, err := toReadingRow(c)
		if err != nil {
			return err
		}
		rows[i] = row
	}
	_, err := insert(t.db.Clauses(ignoreRepeat), rows)
	return fault("save readings", err)
}

// The tables of blocks.
const (
	seriesTable = "series_block"
	waveTable   = "wave_block"
)

// blockRow is a row of either table of blocks.
type blockRow struct {
	Patient vitals.PatientID `gorm:"primaryKey"`
	Kind    string           `gorm:"primaryKey"`
	Start   int64            `gorm:"primaryKey;autoIncrement:false"`
	Device  vitals.DeviceID  `gorm:"primaryKey"`
	N       int
	Low     float64
	High    float64
	Mean    float64
	Last    float64
	Data    []byte
}

func toBlockRow(b vitals.Block) blockRow {
	return blockRow{
		Patient: b.Patient, Kind: b.Kind.String(), Start: micros(b.Start), Device: b.Device,
		N: b.Count, Low: b.Min, High: b.Max, Mean: b.Mean, Last: b.Last, Data: b.Data,
	}
}

func (r blockRow) block() (vitals.Block, error) {
	kind, err := kindNamed(r.Kind)
	return vitals.Block{
		Patient: r.Patient, Device: r.Device, Kind: kind, Start: moment(r.Start), Count: r.N,
		Min: r.Low, Max: r.High, Mean: r.Mean, Last: r.Last, Data: r.Data,
	}, err
}

func toBlocks(rows []blockRow) ([]vitals.Block, error) {
	blocks := make([]vitals.Block, len(rows))
	for i, r := range rows {
		b, err := r.block()
		if err != nil {
			return nil, err
		}
		blocks[i] = b
	}
	return blocks, nil
}

// blockTable is where blocks of a kind are.
func blockTable(kind vitals.Kind) (string, error) {
	if !kind.Valid() {
		return "", fmt.Errorf("a block of %s cannot be stored: unknown kind", kind)
	}
	switch kind.Info().Shape {
	case vitals.Streamed:
		return seriesTable, nil
	case vitals.Sampled:
		return waveTable, nil
	default:
		return "", fmt.Errorf("a block of %s cannot be stored: it comes one value at a time", kind)
	}
}

// SaveBlocks writes blocks whole, each in place of the one with its key.
func (t *Tx) SaveBlocks(blocks []vitals.Block) error {
	byTable := map[string][]blockRow{}
	for _, b := range blocks {
		table, err := blockTable(b.Kind)
		if err != nil {
			return err
		}
		byTable[table] = append(byTable[table], toBlockRow(b))
	}
	for _, table := range []string{seriesTable, waveTable} {
		if err := t.saveBlockRows(table, byTable[table]); err != nil {
			return fault("save blocks", err)
		}
	}
	return nil
}

var blockKey = []clause.Column{{Name: "patient"}, {Name: "kind"}, {Name: "start"}, {Name: "device"}}

func (t *Tx) saveBlockRows(table string, rows []blockRow) error {
	if len(rows) == 0 {
		return nil
	}
	rows = newestOfEach(rows)
	first := lo.MinBy(rows, func(a, b blockRow) bool { return a.Start < b.Start })
	last := lo.MaxBy(rows, func(a, b blockRow) bool { return a.Start > b.Start })
	if err := t.kind.makeRoom(t.db, table, moment(first.Start), moment(last.Start)); err != nil {
		return err
	}
	replace := clause.OnConflict{
		Columns: blockKey, DoUpdates: clause.AssignmentColumns([]string{"n", "low", "high", "mean", "last", "data"}),
	}
	_, err := insert(t.db.Table(table).Clauses(replace), rows)
	return err
}

// newestOfEach keeps the last row of each key, because PostgreSQL replaces no row twice in one
// statement, and sorts by key, which spares both databases page splits.
func newestOfEach(rows []blockRow) []blockRow {
	slices.SortStableFunc(rows, blockRow.compare)
	return slices.CompactFunc(reversed(rows), func(a, b blockRow) bool { return a.compare(b) == 0 })
}

func reversed(rows []blockRow) []blockRow {
	slices.Reverse(rows)
	return rows
}

func (r blockRow) compare(other blockRow) int {
	return cmp.Or(
		cmp.Compare(r.Patient, other.Patient), cmp.Compare(r.Kind, other.Kind),
		cmp.Compare(r.Start, other.Start), cmp.Compare(r.Device, other.Device),
	)
}

// Block finds one block.
func (s *Store) Block(
	ctx context.Context, patient vitals.PatientID, device vitals.DeviceID, kind vitals.Kind, start time.Time,
) (vitals.Block, error) {
	table, err := blockTable(kind)
	if err != nil {
		return vitals.Block{}, err
	}
	var row blockRow
	err = s.reader(ctx).Table(table).Where("patient = ? AND kind = ? AND start = ? AND device = ?",
		patient, kind.String(), micros(start), device).Take(&row).Error
	if err != nil {
		return vitals.Block{}, fault("find block", err)
	}
	return row.block()
}

// LatestBlocks lists the blocks of a partition's patients that start at since or later: what a new
// owner of the partition continues.
func (s *Store) LatestBlocks(ctx context.Context, partition int, since time.Time) ([]vitals.Block, error) {
	var all []vitals.Block
	kinds := map[string][]string{seriesTable: kindNames(vitals.Streamed), waveTable: kindNames(vitals.Sampled)}
	for _, table := range []string{seriesTable, waveTable} {
		var rows []blockRow
		// kind is named so that the key leads to the newest blocks without reading the older ones.
		err := s.reader(ctx).Table(table).
			Where("patient IN (SELECT id FROM patient WHERE part = ?)", partition).
			Where("kind IN ? AND start >= ?", kinds[table], micros(since)).
			Order("patient, kind, start, device").Find(&rows).Error
		if err != nil {
			return nil, fault("list latest blocks", err)
		}
		blocks, err := toBlocks(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, blocks...)
	}
	return all, nil
}

// kindNames are the stored names of all kinds of a shape.
func kindNames(shape vitals.Shape) []string {
	return lo.FilterMap(vitals.Kinds(), func(k vitals.Kind, _ int) (string, bool) {
		return k.String(), k.Info().Shape == shape
	})
}
