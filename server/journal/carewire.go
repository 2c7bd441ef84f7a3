package journal

import (
	"fmt"

	"github.com/samber/lo"

	"vigil/alerts"
	"vigil/vitals"
)

// What people have decided about a patient, as it travels.
type (
	wireCare struct {
		_       struct{} `cbor:",toarray"`
		Version int
		Patient string
		Number  int // the version of the care
		Changed int64
		Away    wireDecided
		Paused  wireDecided
		Off     []wireOff
	}
	wireDecided struct {
		_            struct{} `cbor:",toarray"`
		Since, Until int64
		By, ByName   string
		Where        string
	}
	wireOff struct {
		_         struct{} `cbor:",toarray"`
		Decided   wireDecided
		Condition string
		Reason    string
	}
)

func toWireCare(c alerts.Care) wireCare {
	return wireCare{
		Version: wireVersion, Patient: string(c.Patient), Number: c.Version, Changed: toMicros(c.Changed),
		Away: toWireDecided(c.Away), Paused: toWireDecided(c.Paused),
		Off: lo.Map(c.Off, func(o alerts.Off, _ int) wireOff {
			return wireOff{Decided: toWireDecided(o.Decided), Condition: string(o.Condition), Reason: o.Reason}
		}),
	}
}

func toWireDecided(d alerts.Decided) wireDecided {
	return wireDecided{Since: toMicros(d.Since), Until: toMicros(d.Until), By: d.By, ByName: d.ByName, Where: d.Where}
}

func (w wireCare) care() (alerts.Care, error) {
	if w.Version != wireVersion {
		return alerts.Care{}, fmt.Errorf("care of version %d: %w", w.Version, errMalformed)
	}
	return alerts.Care{
		Patient: vitals.PatientID(w.Patient), Version: w.Number, Changed: fromMicros(w.Changed),
		Away: w.Away.decided(), Paused: w.Paused.decided(),
		Off: lo.Map(w.Off, func(o wireOff, _ int) alerts.Off {
			return alerts.Off{Decided: o.Decided.decided(), Condition: alerts.Condition(o.Condition), Reason: o.Reason}
		}),
	}, nil
}

func (w wireDecided) decided() alerts.Decided {
	return alerts.Decided{Since: fromMicros(w.Since), Until: fromMicros(w.Until), By: w.By, ByName: w.ByName, Where: w.Where}
}
