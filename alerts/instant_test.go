package alerts_test

import (
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"vigil/alerts"
)

// TestHeldTimesAreAsExactAsTheyCame holds random times against each other as the engine holds them: they come back to the
// nanosecond, and no two of them change their order.
func TestHeldTimesAreAsExactAsTheyCame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		draw := func(name string) time.Time {
			return time.Unix(0, rapid.Int64Range(1, math.MaxInt64-int64(2*time.Second)).Draw(t, name)).UTC()
		}
		a, b := draw("a"), draw("b")
		if got := alerts.Held(a); got != a {
			t.Errorf("%v is held as %v", a, got)
		}
		if before := alerts.Held(a).Before(alerts.Held(b)); before != a.Before(b) {
			t.Errorf("%v before %v: held as %v", a, b, before)
		}
	})
}

func TestTimesThatNoDeviceMeasuresAreHeldAsTheFirstOrTheLast(t *testing.T) {
	first, last := alerts.Held(time.Date(1601, 1, 1, 0, 0, 0, 0, time.UTC)), alerts.Held(time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC))
	if first.IsZero() || first.After(time.Unix(1, 0)) || last.Year() != 2262 {
		t.Errorf("1601 is held as %v, 9999 as %v", first, last)
	}
	if !alerts.Held(time.Time{}).IsZero() {
		t.Error("no time is one")
	}
}
