package store_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/samber/lo"

	"vigil/server/store"
	"vigil/vitals"
)

func partitions(leases []vitals.Lease) []int {
	return lo.Map(leases, func(l vitals.Lease, _ int) int { return l.Partition })
}

func TestOneNodeOwnsEverythingAtOnce(t *testing.T) {
	eachStore(t, func(t *testing.T, s *store.Store) {
		leases := claim(t, s, aNode, noon)
		same(t, partitions(leases), lo.Range(vitals.Partitions))
		same(t, claim(t, s, aNode, noon.Add(aWhile/3)), leases)    // renewed, same epochs
		same(t, claim(t, s, aNode, noon.Add(10*aWhile)), leases)   // late, but nobody took them
		_, err := s.Claim(context.Background(), aNode, noon, noon) // a lease of no length
		if err == nil {
			t.Fatal("claimed for no time")
		}
	})
}

func TestTwoNodesShareAndTakeOver(t *testing.T) {
	eachStore(t, func(t *testing.T, s *store.Store) {
		third := aWhile / 3
		claim(t, s, aNode, noon)
		same(t, len(claim(t, s, bNode, noon.Add(third))), 0) // nothing is free yet
		kept := claim(t, s, aNode, noon.Add(third))
		won := claim(t, s, bNode, noon.Add(2*third))
		if len(kept) < 16 || len(won) < 16 {
			t.Fatalf("shared %d to %d", len(kept), len(won))
		}
		same(t, len(kept)+len(won), vitals.Partitions)
		same(t, lo.Intersect(partitions(kept), partitions(won)), []int{})
		for _, l := range won {
			same(t, l.Epoch, int64(2))
		}
		for _, l := range kept {
			same(t, l.Epoch, int64(1))
		}

		// The first node falls silent. Until its lease ends, what it has stays its own.
		same(t, claim(t, s, bNode, noon.Add(3*third)), won)
		same(t, partitions(claim(t, s, bNode, noon.Add(third+aWhile))), lo.Range(vitals.Partitions))

		// It comes back and gets its share again, under a new epoch, once the other gives it up.
		same(t, len(claim(t, s, aNode, noon.Add(2*aWhile))), 0)
		same(t, claim(t, s, bNode, noon.Add(2*aWhile)), won)
		back := claim(t, s, aNode, noon.Add(2*aWhile))
		same(t, partitions(back), partitions(kept))
		same(t, back[0].Epoch, int64(3))
	})
}

func TestANodeThatStopsWaitsForNobody(t *testing.T) {
	eachStore(t, func(t *testing.T, s *store.Store) {
		claim(t, s, aNode, noon)
		must(t, s.Release(context.Background(), aNode))
		same(t, partitions(claim(t, s, bNode, noon)), lo.Range(vitals.Partitions))
	})
}

func TestANodeThatKnowsThatItIsAloneWaitsForNobody(t *testing.T) {
	eachStore(t, func(t *testing.T, s *store.Store) {
		former := claim(t, s, aNode, noon)
		if err := s.ReleaseAll(context.Background()); err != nil {
			t.Fatal(err)
		}
		taken := claim(t, s, bNode, noon.Add(1))
		same(t, partitions(taken), lo.Range(vitals.Partitions))
		all, err := s.Leases(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		same(t, all, taken)
		for i := range taken {
			same(t, taken[i].Epoch, former[i].Epoch+1) // which fences the former self, if it lives
		}
	})
}

func TestNodesThatClaimTogetherNeverOwnTheSame(t *testing.T) {
	eachStore(t, func(t *testing.T, s *store.Store) {
		nodes := []string{"n1", "n2", "n3", "n4"}
		for round := range 4 {
			now := noon.Add(aWhile / 3 * time.Duration(round))
			var wg sync.WaitGroup
			for _, node := range nodes {
				wg.Go(func() {
					if _, err := s.Claim(context.Background(), node, now, now.Add(aWhile)); err != nil {
						t.Error(err)
					}
				})
			}
			wg.Wait()
		}
		var all []int
		for _, node := range nodes {
			all = append(all, partitions(claim(t, s, node, noon.Add(aWhile)))...)
		}
		same(t, len(all), vitals.Partitions) // everybody has settled on the same shares
		same(t, len(lo.Uniq(all)), vitals.Partitions)
	})
}
