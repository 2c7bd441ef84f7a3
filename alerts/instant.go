package alerts

import (
	"math"
	"time"
)

// instant is a time as engines hold it, in nanoseconds since 1970; zero is none, as the zero time.Time is. It is a
// third of the size of a time.Time, and engines of a thousand patients hold a hundred times each. What is before 1970,
// or behind what it can hold (2262), is at the end of it: no device measures then.
type instant int64

func instantOf(t time.Time) instant {
	const last = math.MaxInt64/int64(time.Second) - 1
	if t.IsZero() {
		return 0
	}
	return instant(max(1, min(max(0, t.Unix()), last)*int64(time.Second)+int64(t.Nanosecond())))
}

// Time is the same as a time in UTC.
func (i instant) Time() time.Time {
	if i == 0 {
		return time.Time{}
	}
	return time.Unix(0, int64(i)).UTC()
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

func earliest(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}
