package monitor_test

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestWhoeverIsAdmittedIsWatchedFromTheFirstDelivery(t *testing.T) {
	stories := map[string]struct {
		before, unknown int // seconds that the heart goes on quietly, and those it races, before the admission is seen
		calm            int // seconds that it is calm again, still before
		want            []string
	}{
		"admitted a moment before the first delivery": {want: []string{"EXTREME_TACHY active_unack"}},
		"the census is late":                          {before: 3, unknown: 5, want: []string{"EXTREME_TACHY active_unack"}},
		"it was over before the census came":          {unknown: 2, calm: 3, want: []string{"EXTREME_TACHY closed"}},
		"what is long over is not told":               {unknown: 2, calm: 40},
	}
	for name, story := range stories {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWard(t, ann)
				admissions := w.db.admissions
				w.db.admissions = nil
				w.start(w.config("node-1"))
				pass(100 * time.Millisecond)
				w.live(ann, story.before, 70)
				w.live(ann, story.unknown, racing)
				w.live(ann, story.calm, 70)
				w.shows()
				w.db.set(func() { w.db.admissions = admissions })
				if story.unknown == 0 {
					w.log.publish(w.beat(ann, racing)) // nobody says that the census changed
					pass(300 * time.Millisecond)
				} else {
					pass(2 * time.Second)
				}
				synctest.Wait()
				w.shows(story.want...)
				w.settle()
			})
		})
	}
}

func TestSomebodyWhoIsNotHereIsNotAskedForAgainAndAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWard(t, ann)
		w.db.admissions = nil
		w.start(w.config("node-1"))
		asked := w.db.asked
		w.live(ann, 20, racing)
		if n := w.db.asked - asked; n > 12 {
			t.Errorf("the census was read %d times in 20 s", n)
		}
		w.settle()
	})
}
