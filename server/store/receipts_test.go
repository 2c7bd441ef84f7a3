package store_test

import (
	"context"
	"testing"
	"time"

	"vigil/server/store"
	"vigil/server/store/storetest"
)

func TestAReceiptSaysWhatWasAnsweredFirst(t *testing.T) {
	storetest.EachConfig(t, func(t *testing.T, c store.Config) {
		now := noon
		c.Now = func() time.Time { return now }
		s := storetest.Open(t, c)
		ctx := context.Background()
		must(t, s.SaveReceipts(ctx, "clinic", map[string]string{"message-1": "AA", "message-2": "AA"}))
		must(t, s.SaveReceipts(ctx, "clinic", map[string]string{"message-2": "AE", "a name\x00with a zero": "AA"}))
		must(t, s.SaveReceipts(ctx, "clinic", nil))

		same(t, got[map[string]string](t)(s.Receipts(ctx, "clinic", []string{"message-1", "message-2", "message-3"})),
			map[string]string{"message-1": "AA", "message-2": "AA"})
		same(t, got[map[string]string](t)(s.Receipts(ctx, "another", []string{"message-1"})), map[string]string{})
		same(t, got[map[string]string](t)(s.Receipts(ctx, "clinic", make([]string, 2000))), map[string]string{})

		now = noon.AddDate(0, 0, 31)
		must(t, s.SaveReceipts(ctx, "clinic", map[string]string{"message-9": "AA"}))
		must(t, s.Prune(ctx, noon, noon))
		same(t, got[map[string]string](t)(s.Receipts(ctx, "clinic", []string{"message-1", "message-9"})), map[string]string{"message-9": "AA"})
	})
}
