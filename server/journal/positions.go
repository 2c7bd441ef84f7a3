package journal

import (
	"fmt"

	"github.com/samber/lo"

	"vigil/vitals"
)

// feedPositions carries what is stored to the node that a hub is connected to.
const feedPositions = "feed.positions"

type (
	wirePositions struct {
		_         struct{} `cbor:",toarray"`
		Version   uint8
		Positions []wirePosition
	}
	wirePosition struct {
		_      struct{} `cbor:",toarray"`
		Hub    string
		Device string
		Epoch  uint32
		Upto   uint64
	}
)

// PublishPositions tells every node up to where streams are stored. It may be lost: the next one
// carries more, and a hub is told its position at connect.
func (j *Journal) PublishPositions(positions []vitals.Position) {
	if len(positions) == 0 {
		return
	}
	j.tell(feedPositions, wirePositions{
		Version: wireVersion,
		Positions: lo.Map(positions, func(p vitals.Position, _ int) wirePosition {
			return wirePosition{
				Hub: string(p.Stream.Hub), Device: string(p.Stream.Device), Epoch: p.Stream.Epoch, Upto: p.Upto,
			}
		}),
	})
}

func (w wirePositions) positions() ([]vitals.Position, error) {
	if w.Version != wireVersion {
		return nil, fmt.Errorf("positions of version %d: %w", w.Version, errMalformed)
	}
	return lo.Map(w.Positions, func(p wirePosition, _ int) vitals.Position {
		return vitals.Position{
			Stream: vitals.Stream{Hub: vitals.HubID(p.Hub), Device: vitals.DeviceID(p.Device), Epoch: p.Epoch},
			Upto:   p.Upto,
		}
	}), nil
}
