package store_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/samber/lo"

	"vigil/alerts"
	"vigil/server/store"
	"vigil/vitals"
)

// results is one of everything that a node commits.
func results(tb testing.TB, node string, lease vitals.Lease) func(*store.Tx) error {
	return func(tx *store.Tx) error {
		if held, err := tx.Fence(node, lease); err != nil || !held {
			return errors.Join(err, errFenced)
		}
		stream := vitals.Stream{Hub: aHub, Device: strap, Epoch: 7}
		_, progressErr := tx.SaveProgress(stream, []vitals.Span{{First: 1, Last: 5}, {First: 8, Last: 9}})
		return errors.Join(
			tx.SaveReadings([]vitals.Charted{reading(anna, cuff, vitals.Systolic, noon, 120), reading(anna, cuff, vitals.Diastolic, noon, 80)}),
			tx.SaveTransitions([]alerts.Transition{raised(alarm(anna, 1)), acked(alarm(anna, 1))}),
			tx.SaveBlocks([]vitals.Block{
				minute(tb, anna, strap, vitals.HeartRate, noon.Truncate(time.Minute)), wave(anna, strap, vitals.ECG, noon.Truncate(10*time.Second)),
			}),
			progressErr,
			tx.Advance(lease, "journal-1", 42),
		)
	}
}

var errFenced = errors.New("fenced")

// everythingStored is what results leaves behind.
func everythingStored(t *testing.T, s *store.Store) []any {
	t.Helper()
	ctx := context.Background()
	stream := vitals.Stream{Hub: aHub, Device: strap, Epoch: 7}
	readings := got[[]vitals.Charted](t)(s.Readings(ctx, everything, vitals.Query{Patient: anna}))
	waves := got[[]vitals.Block](t)(s.Waves(ctx, everything, vitals.Query{Patient: anna}))
	all := got[[]alerts.Alarm](t)(s.Alarms(ctx, everything, vitals.AlarmQuery{}))
	history, err := s.History(ctx, everything, alarm(anna, 1).ID)
	if err != nil {
		wantError(t, err, store.ErrNotFound)
	}
	progress := got[vitals.Progress](t)(s.Progress(ctx, stream))
	return []any{readings, waves, all, history, progress, got[[]vitals.Position](t)(s.Positions(ctx, aHub))}
}

func claim(tb testing.TB, s *store.Store, node string, now time.Time) []vitals.Lease {
	tb.Helper()
	return got[[]vitals.Lease](tb)(s.Claim(context.Background(), node, now, now.Add(aWhile)))
}

func leaseOf(leases []vitals.Lease, p vitals.PatientID) vitals.Lease {
	lease, _ := lo.Find(leases, func(l vitals.Lease) bool { return l.Partition == vitals.PartitionOf(p) })
	return lease
}

func TestAWholeCommitAppearsAtOnceOrNotAtAll(t *testing.T) {
	eachStore(t, func(t *testing.T, s *store.Store) {
		lease := leaseOf(claim(t, s, aNode, noon), anna)
		before := everythingStored(t, s)
		failure := errors.New("the last part fails")
		wantError(t, s.Commit(context.Background(), func(tx *store.Tx) error {
			return errors.Join(results(t, aNode, lease)(tx), failure)
		}), failure)
		same(t, everythingStored(t, s), before)
		same(t, leaseOf(claim(t, s, aNode, noon), anna), lease)

		commit(t, s, results(t, aNode, lease))
		stored := everythingStored(t, s)
		same(t, len(stored[0].([]vitals.Charted)), 62)
		same(t, len(stored[1].([]vitals.Block)), 1)
		same(t, stored[2].([]alerts.Alarm), []alerts.Alarm{acked(alarm(anna, 1)).Alarm})
		same(t, stored[3].([]alerts.Transition), []alerts.Transition{raised(alarm(anna, 1)), acked(alarm(anna, 1))})
		same(t, stored[4].(vitals.Progress), vitals.Progress{Upto: 5, Ahead: []vitals.Span{{First: 8, Last: 9}}})
		lease.Journal, lease.Position = "journal-1", 42
		same(t, leaseOf(claim(t, s, aNode, noon), anna), lease)

		commit(t, s, results(t, aNode, lease)) // the same again, as after a crash before the answer
		same(t, everythingStored(t, s), stored)
		same(t, leaseOf(claim(t, s, aNode, noon), anna), lease)
	})
}

func TestACommitThatIsCancelledLeavesNothing(t *testing.T) {
	eachStore(t, func(t *testing.T, s *store.Store) {
		lease := leaseOf(claim(t, s, aNode, noon), anna)
		before := everythingStored(t, s)
		ctx, cancel := context.WithCancel(context.Background())
		err := s.Commit(ctx, func(tx *store.Tx) error {
			defer cancel()
			return results(t, aNode, lease)(tx)
		})
		if err == nil {
			t.Fatal("committed although nobody waits any more")
		}
		same(t, everythingStored(t, s), before)
		commit(t, s, results(t, aNode, lease)) // the connection is still good
	})
}

func TestANodeThatLostItsPartitionWritesNothing(t *testing.T) {
	eachStore(t, func(t *testing.T, s *store.Store) {
		lease := leaseOf(claim(t, s, aNode, noon), anna)
		// The first node stalls; all its partitions go to the second.
		taken := claim(t, s, bNode, noon.Add(2*aWhile))
		same(t, len(taken), vitals.Partitions)
		before := everythingStored(t, s)
		wantError(t, s.Commit(context.Background(), results(t, aNode, lease)), errFenced)
		same(t, everythingStored(t, s), before)

		mine := leaseOf(taken, anna)
		same(t, mine.Epoch, lease.Epoch+1)
		commit(t, s, results(t, bNode, mine))
		wantError(t, s.Commit(context.Background(), func(tx *store.Tx) error { return tx.Advance(lease, "j", 1) }), store.ErrConflict)
	})
}

func TestReadingsKeepEveryDetail(t *testing.T) {
	eachStore(t, func(t *testing.T, s *store.Store) {
		ctx := context.Background()
		exact := vitals.Charted{Patient: anna, Device: cuff, Reading: vitals.Reading{
			Kind: vitals.Temperature, Time: noon, Value: vitals.NewDecimal(3660, -2), Quality: vitals.Questionable,
			DeviceTime: time.Date(1970, 1, 1, 0, 0, 0, 1000, time.UTC), TimeQuality: vitals.TimeDeviceUnverified,
		}}
		absent := reading(anna, cuff, vitals.Weight, noon, 0)
		absent.Absent = vitals.NotANumber
		commit(t, s, func(tx *store.Tx) error { return tx.SaveReadings([]vitals.Charted{exact, absent}) })
		same(t, got[[]vitals.Charted](t)(s.Readings(ctx, onlyA, vitals.Query{Patient: anna})), []vitals.Charted{exact, absent})
		same(t, got[vitals.Charted](t)(s.Reading(ctx, onlyA, anna, exact.Key())), exact)

		other := exact
		other.Value = vitals.Int(40)
		commit(t, s, func(tx *store.Tx) error { return tx.SaveReadings([]vitals.Charted{other, other}) })
		same(t, got[vitals.Charted](t)(s.Reading(ctx, onlyA, anna, exact.Key())), exact) // the place is taken

		for story, bad := range map[string]func(*store.Tx) error{
			"a reading of a waveform": func(tx *store.Tx) error {
				return tx.SaveReadings([]vitals.Charted{reading(anna, strap, vitals.ECG, noon, 1)})
			},
			"a reading of no kind": func(tx *store.Tx) error {
				return tx.SaveReadings([]vitals.Charted{reading(anna, strap, 0, noon, 1)})
			},
			"a block of what comes alone": func(tx *store.Tx) error {
				return tx.SaveBlocks([]vitals.Block{{Patient: anna, Device: cuff, Kind: vitals.Systolic, Start: noon}})
			},
		} {
			if err := s.Commit(ctx, bad); err == nil {
				t.Errorf("%s was stored", story)
			}
		}
	})
}

func TestABlockIsReplacedWhole(t *testing.T) {
	eachStore(t, func(t *testing.T, s *store.Store) {
		ctx := context.Background()
		start := noon.Truncate(time.Minute)
		whole := minute(t, anna, strap, vitals.HeartRate, start)
		half := whole
		half.Count, half.Mean, half.Data = 30, 61, []byte("half")
		commit(t, s, func(tx *store.Tx) error { return tx.SaveBlocks([]vitals.Block{half, whole}) })
		same(t, got[vitals.Block](t)(s.Block(ctx, anna, strap, vitals.HeartRate, start)), whole)
		commit(t, s, func(tx *store.Tx) error { return tx.SaveBlocks([]vitals.Block{half}) })
		same(t, got[vitals.Block](t)(s.Block(ctx, anna, strap, vitals.HeartRate, start)), half)
		_, err := s.Block(ctx, anna, clip, vitals.HeartRate, start)
		wantError(t, err, store.ErrNotFound)

		later, old := wave(anna, strap, vitals.ECG, start.Add(time.Hour)), wave(anna, strap, vitals.ECG, start.Add(-time.Hour))
		foreign := wave(bert, clip, vitals.ECG, start.Add(time.Hour))
		commit(t, s, func(tx *store.Tx) error { return tx.SaveBlocks([]vitals.Block{later, old, foreign}) })
		same(t, got[[]vitals.Block](t)(s.LatestBlocks(ctx, vitals.PartitionOf(anna), start)), []vitals.Block{half, later})
	})
}

func TestSpansFromSeveralGoroutinesAllCount(t *testing.T) {
	eachStore(t, func(t *testing.T, s *store.Store) {
		ctx := context.Background()
		stream := vitals.Stream{Hub: aHub, Device: strap, Epoch: 0}
		const writers, each = 8, 25
		var wg sync.WaitGroup
		for w := range uint64(writers) {
			wg.Go(func() {
				for i := range uint64(each) {
					seq := i*writers + w + 1
					err := s.Commit(ctx, func(tx *store.Tx) error {
						_, err := tx.SaveProgress(stream, []vitals.Span{{First: seq, Last: seq}})
						return err
					})
					if err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		same(t, got[vitals.Progress](t)(s.Progress(ctx, stream)), vitals.Progress{Upto: writers * each})
	})
}

func TestEachEpochOfAStreamHasItsOwnProgress(t *testing.T) {
	eachStore(t, func(t *testing.T, s *store.Store) {
		ctx := context.Background()
		const huge = uint64(1)<<63 + 5 // more than a signed number holds
		first, second := vitals.Stream{Hub: aHub, Device: strap}, vitals.Stream{Hub: aHub, Device: strap, Epoch: 1<<32 - 1}
		commit(t, s, func(tx *store.Tx) error {
			_, err := tx.SaveProgress(first, []vitals.Span{{First: 1, Last: 3}})
			position, err2 := tx.SaveProgress(second, []vitals.Span{{First: 1, Last: huge}, {First: huge + 3, Last: huge + 4}})
			same(t, position, vitals.Position{Stream: second, Upto: huge})
			return errors.Join(err, err2)
		})
		commit(t, s, func(tx *store.Tx) error {
			position, err := tx.SaveProgress(first, []vitals.Span{{First: 4, Last: 4}})
			same(t, position, vitals.Position{Stream: first, Upto: 4})
			return err
		})
		same(t, got[[]vitals.Position](t)(s.Positions(ctx, aHub)), []vitals.Position{{Stream: first, Upto: 4}, {Stream: second, Upto: huge}})
		same(t, got[vitals.Progress](t)(s.Progress(ctx, second)), vitals.Progress{Upto: huge, Ahead: []vitals.Span{{First: huge + 3, Last: huge + 4}}})
		same(t, got[vitals.Progress](t)(s.Progress(ctx, vitals.Stream{Hub: "other"})), vitals.Progress{})
	})
}

func TestRefusedInputIsKeptOnceAndCounts(t *testing.T) {
	eachStore(t, func(t *testing.T, s *store.Store) {
		ctx := context.Background()
		stream := vitals.Stream{Hub: aHub, Device: strap, Epoch: 3}
		whole := vitals.Refusal{Stream: stream, Seq: 1, Received: noon, Reason: "bound to nobody", Payload: []byte{1, 2}, Whole: true}
		part := vitals.Refusal{Stream: stream, Seq: 2, Received: after(time.Second), Reason: "implausible", Payload: []byte{3}}
		nameless := vitals.Refusal{Stream: vitals.Stream{Hub: aHub}, Received: after(2 * time.Second), Reason: "malformed", Payload: []byte("?"), Whole: true}
		same(t, got[vitals.Position](t)(s.Quarantine(ctx, whole)), vitals.Position{Stream: stream, Upto: 1})
		same(t, got[vitals.Position](t)(s.Quarantine(ctx, part)), vitals.Position{})
		same(t, got[vitals.Position](t)(s.Quarantine(ctx, nameless)), vitals.Position{})
		garbled := vitals.Refusal{Stream: vitals.Stream{Hub: aHub}, Received: noon, Reason: "not a device: \x00\xff", Payload: []byte{0}}
		same(t, got[vitals.Position](t)(s.Quarantine(ctx, garbled)), vitals.Position{})
		garbled.Reason = "not a device: \uFFFD\uFFFD"
		repeat := whole
		repeat.Received = after(time.Hour)
		same(t, got[vitals.Position](t)(s.Quarantine(ctx, repeat)), vitals.Position{Stream: stream, Upto: 1})
		same(t, got[[]vitals.Refusal](t)(s.Quarantined(ctx, 2)), []vitals.Refusal{nameless, part})
		same(t, len(got[[]vitals.Refusal](t)(s.Quarantined(ctx, 10))), 4)
		same(t, lo.Contains(lo.Map(got[[]vitals.Refusal](t)(s.Quarantined(ctx, 10)), func(r vitals.Refusal, _ int) string { return r.Reason }), garbled.Reason), true)
		same(t, got[[]vitals.Refusal](t)(s.Quarantined(ctx, 1)), []vitals.Refusal{nameless})
		same(t, got[vitals.Progress](t)(s.Progress(ctx, stream)), vitals.Progress{Upto: 1})
	})
}
