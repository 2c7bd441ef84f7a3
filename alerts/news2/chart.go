package news2

import "vigil/vitals"

// band is the points of all values up to its end, above the band before.
type band struct {
	upTo   vitals.Decimal // inclusive
	points int
}

func upTo(v int64, points int) band { return band{vitals.Int(v), points} }

// tenths is a band that ends at so many tenths.
func tenths(v int64, points int) band { return band{vitals.NewDecimal(v, -1), points} }

// above is the last band.
func above(points int) band { return band{vitals.Int(1 << 20), points} }

// Chart 1 of the RCP's report (2017).
var (
	respirationBands = []band{upTo(8, 3), upTo(11, 1), upTo(20, 0), upTo(24, 2), above(3)}

	scale1Bands       = []band{upTo(91, 3), upTo(93, 2), upTo(95, 1), above(0)}
	scale2AirBands    = []band{upTo(83, 3), upTo(85, 2), upTo(87, 1), above(0)}
	scale2OxygenBands = []band{upTo(83, 3), upTo(85, 2), upTo(87, 1), upTo(92, 0), upTo(94, 1), upTo(96, 2), above(3)}

	systolicBands    = []band{upTo(90, 3), upTo(100, 2), upTo(110, 1), upTo(219, 0), above(3)}
	pulseBands       = []band{upTo(40, 3), upTo(50, 1), upTo(90, 0), upTo(110, 1), upTo(130, 2), above(3)}
	temperatureBands = []band{tenths(350, 3), tenths(360, 1), tenths(380, 0), tenths(390, 1), above(2)}
)

// pointsOf is the points of a value that was rounded to the chart's resolution.
func pointsOf(v vitals.Decimal, bands []band) int {
	for _, b := range bands {
		if v.Compare(b.upTo) <= 0 {
			return b.points
		}
	}
	return bands[len(bands)-1].points
}
