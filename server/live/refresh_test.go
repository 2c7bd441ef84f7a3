package live_test

import (
	"context"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"vigil/server/live"
)

// The database says nothing at all for a moment, also later not to whoever asked then: the connection is dead. Somebody is
// admitted when it is back. Of a patient whom the feed does not know no alarm would be shown.
func TestSomebodyIsFoundWhoIsAdmittedAfterTheDatabaseSaidNothingAtAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse()
		feed := live.New(h, slog.New(slog.DiscardHandler), h.now)
		ctx, stop := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() { feed.Run(ctx, 5*time.Second) })
		pass(time.Second)
		h.set(func() { h.mute = true })
		pass(6 * time.Second)
		h.set(func() { h.mute, h.patients["p3"] = false, "west" })
		pass(20 * time.Second)
		if unit := feed.UnitOf("p3"); unit != "west" {
			t.Errorf("the patient is in unit %q for the screens", unit)
		}
		stop()
		running.Wait()
	})
}

func pass(d time.Duration) {
	time.Sleep(d) // of the story's clock
	synctest.Wait()
}
