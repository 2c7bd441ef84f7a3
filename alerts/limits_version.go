package alerts

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/samber/lo"

	"vigil/vitals"
)

// Author is who did something to limits, when and why.
type Author struct {
	ID     vitals.StaffID
	Name   string
	At     time.Time
	Reason string
}

// LimitsVersion is what a unit or a patient has otherwise than what lies below, since somebody said so.
// Version 0 is that of a unit or a patient for whom nobody ever said anything.
type LimitsVersion struct {
	Unit     vitals.UnitID    // either the unit
	Patient  vitals.PatientID // or the patient
	Version  int
	Changes  Changes
	Author   Author
	Approved Author // of a unit's: the second person
}

// LimitsProposal is what somebody wants to be the next version of a unit's limits.
type LimitsProposal struct {
	ID      string
	Unit    vitals.UnitID
	Seen    int // the version that it is to follow
	Changes Changes
	Author  Author
}

// LimitsConflictError says that limits were changed by somebody else since they were seen.
type LimitsConflictError struct {
	Seen, Current LimitsVersion
}

// Error tells people who changed what: "C. Harge has meanwhile made version 4: HR HIGH limit 130 → 140 /min".
func (c *LimitsConflictError) Error() string {
	changed := lo.Map(Diff(LimitsOf(nil, c.Seen.Changes), LimitsOf(nil, c.Current.Changes)),
		func(d Difference, _ int) string { return d.String() })
	what := "no other values"
	if len(changed) > 0 {
		what = strings.Join(changed, "; ")
	}
	return fmt.Sprintf("%s has meanwhile made version %d: %s", c.Current.Author.Name, c.Current.Version, what)
}

// Is makes it a vitals.ErrConflict.
func (*LimitsConflictError) Is(target error) bool { return target == vitals.ErrConflict }

// MarshalJSON writes the changes by the settings' stable names, each as plain decimal text, so that no digit
// is lost.
func (c Changes) MarshalJSON() ([]byte, error) {
	return json.Marshal(lo.MapEntries(c, func(s Setting, v vitals.Decimal) (string, string) { return s.String(), v.String() }))
}

// UnmarshalJSON reads what MarshalJSON wrote. A setting that this program does not know is passed over: it
// is of a later version, whose values are kept by it.
func (c *Changes) UnmarshalJSON(text []byte) error {
	var named map[string]string
	if err := json.Unmarshal(text, &named); err != nil {
		return fmt.Errorf("read changes of limits: %w", err)
	}
	*c = Changes{}
	for name, value := range named {
		s, known := SettingByName(name)
		if !known {
			continue
		}
		v, err := vitals.ParseDecimal(value)
		if err != nil {
			return fmt.Errorf("read %s: %w", name, err)
		}
		(*c)[s] = v
	}
	return nil
}
