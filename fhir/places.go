package fhir

import (
	"fmt"
	"slices"
	"strings"

	"github.com/samber/lo"

	"vigil/vitals"
)

// itself stands for the component that an Observation's own value is.
const itself = -1

// componentList is the list of what is unread.
const componentList vitals.List = "component"

// At is where an item of the batch, or what is unread, stands in the Observation; empty for its own value.
func (m *Measurement) At(i vitals.Item) string {
	n := i.Index
	if i.List != componentList {
		n = m.values[i.List][i.Index]
	}
	if n == itself {
		return ""
	}
	return fmt.Sprintf("component[%d]", n)
}

// Place is where the Observation is found once it is charted, but for the flaws, as the patient's and the device's;
// empty for what is no Observation, such as the charge of a battery.
func (m *Measurement) Place(p vitals.PatientID, d vitals.DeviceID, flaws ...vitals.Flaw) string {
	charted := func(list vitals.List, i int) bool {
		return !slices.ContainsFunc(flaws, func(f vitals.Flaw) bool { return f.Item == vitals.Item{List: list, Index: i} })
	}
	key := vitals.Key{Device: d}
	for i, r := range m.Batch.Readings {
		if charted(vitals.ReadingList, i) {
			key.Kind, key.Time = Leading(r.Kind), r.Time
			return "Observation/" + ObservationID(p, key)
		}
	}
	for i, w := range m.Batch.Waveforms {
		if charted(vitals.WaveformList, i) {
			key.Kind, key.Time = Leading(w.Kind), w.Start.Truncate(vitals.WaveBlock)
			return "Observation/" + ObservationID(p, key)
		}
	}
	return ""
}

// unread is the issue about the values that cannot be charted; nil where there are none.
func (m *Measurement) unread() *Issue {
	if len(m.Unread) == 0 {
		return nil
	}
	said := lo.Map(m.Unread, func(f vitals.Flaw, _ int) string {
		if at := m.At(f.Item); at != "" {
			return at + ": " + f.Reason
		}
		return f.Reason
	})
	return faultOf(Value, "%s", strings.Join(said, "; "))
}
