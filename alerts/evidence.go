package alerts

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"vigil/vitals"
)

// What of the waveforms is kept with an alarm: 10 s before it began, as central stations print, and 20 s after
// it was raised (GE's central station stores 20 s while its printer is away). A delay before it was raised
// lies between; of a very long one the end.
const (
	evidenceBefore  = 10 * time.Second
	evidenceAfter   = 20 * time.Second
	evidenceLongest = 2 * time.Minute
)

// Evidence is what an alarm rests on: it outlives the waveforms.
type Evidence struct {
	Alarm    AlarmID
	From, To time.Time // of samples
	Frozen   time.Time // server time
	Program  string    // version of the program, of its rules and of its detector that raised it
	Limits   Changes   // every setting as it was in force when it was raised
	Waves    []vitals.Block
}

// EvidenceSpan is which samples belong to an alarm that was raised, by the time with which they are charted.
func EvidenceSpan(t Transition) (from, to time.Time) {
	onset, newest := t.Alarm.Onset.Add(t.Ahead), later(t.Alarm.Onset, t.Alarm.Evidence).Add(t.Ahead)
	return later(onset.Add(-evidenceBefore), newest.Add(-evidenceLongest)), newest.Add(evidenceAfter)
}

// RulesVersion names the table of conditions with its delays and the default limits: programs whose rules say
// something else have another one.
func RulesVersion() string {
	specs := map[Condition]Spec{}
	for _, c := range Conditions() {
		specs[c] = c.Spec()
	}
	defaults := Changes{}
	for _, s := range Settings() {
		defaults[s] = DefaultLimits().Value(s)
	}
	text, err := json.Marshal(struct {
		Specs    map[Condition]Spec
		Defaults Changes
	}{specs, defaults})
	if err != nil {
		panic(fmt.Sprintf("alerts: rules cannot be written: %v", err)) // a fault of the program: they are constants
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:4])
}
