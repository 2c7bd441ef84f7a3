package alerts_test

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"vigil/alerts"
	"vigil/vitals"
)

func TestEverySettingHasAMeaningfulRow(t *testing.T) {
	name := regexp.MustCompile(`^[a-z][a-z0-9_]*$`)
	seen := map[string]bool{}
	for _, s := range alerts.Settings() {
		i := s.Info()
		if !name.MatchString(i.Name) || seen[i.Name] || seen[s.Title()] || i.Label == "" || i.Source == "" || !i.Condition.Valid() {
			t.Errorf("%d: %+v", s, i)
		}
		seen[i.Name], seen[s.Title()] = true, true
		for _, order := range [][2]vitals.Decimal{
			{i.Low, i.From}, {i.From, i.Default}, {i.Default, i.To}, {i.To, i.High},
		} {
			if order[0].Compare(order[1]) > 0 {
				t.Errorf("%s: can be %s to %s, by a nurse %s to %s, is %s", s, i.Low, i.High, i.From, i.To, i.Default)
			}
		}
		if found, ok := alerts.SettingByName(i.Name); !ok || found != s {
			t.Errorf("%s is found as %s", s, found)
		}
	}
	if _, ok := alerts.SettingByName("mood"); ok || alerts.Setting(0).Valid() || alerts.Setting(255).String() != "" {
		t.Error("what is no setting passes for one")
	}
}

func TestNoDelayCanBeMadeLongerThanAReplay(t *testing.T) {
	for _, s := range alerts.Settings() {
		i := s.Info()
		if i.Label == "on-delay" && !slices.Contains(outlast, i.Condition) && i.High.Compare(vitals.Int(30)) > 0 {
			t.Errorf("%s can be %s s and would not survive a replay of 45 s", s.Title(), i.High)
		}
	}
}

func TestTheDefaultsAreValid(t *testing.T) {
	if err := alerts.DefaultLimits().Validate(); err != nil {
		t.Error(err)
	}
	if (alerts.Limits{}).Validate() == nil {
		t.Error("limits without a number pass")
	}
}

func TestLimitsThatWillNotDo(t *testing.T) {
	for story, tt := range map[string]struct {
		changes alerts.Changes
		want    string // empty: they will do
	}{
		"a faster heart is allowed":  {alerts.Changes{alerts.HRHighLimit: vitals.Int(150)}, ""},
		"the same with other digits": {alerts.Changes{alerts.HRHighLimit: vitals.NewDecimal(15, 1)}, ""},
		"low above high":             {alerts.Changes{alerts.HRHighLimit: vitals.Int(80), alerts.HRLowLimit: vitals.Int(80)}, "HR LOW limit 80 must lie below HR HIGH limit 80 /min"},
		"no room between low and high": {
			alerts.Changes{alerts.HRHighLimit: vitals.Int(80), alerts.HRLowLimit: vitals.Int(75)}, "by more than both come back",
		},
		"a heart cannot be so fast":          {alerts.Changes{alerts.HRHighLimit: vitals.Int(400)}, "HR HIGH limit can be 80 to 200 /min, not 400"},
		"a lethal alarm cannot wait":         {alerts.Changes{alerts.ExtremeBradyOn: vitals.Int(10)}, "EXTREME BRADYCARDIA on-delay can be 0 to 3 s, not 10"},
		"half a beat cannot be judged":       {alerts.Changes{alerts.HRHighLimit: vitals.NewDecimal(1305, -1)}, "more decimals"},
		"two faults are told both":           {alerts.Changes{alerts.HRHighLimit: vitals.Int(1), alerts.SpO2LowLimit: vitals.Int(1)}, "SpO₂ LOW limit can be 70 to 98 %, not 1"},
		"a setting that is none is no fault": {alerts.Changes{alerts.Setting(0): vitals.Int(1)}, ""},
	} {
		err := alerts.LimitsOf(nil, tt.changes).Validate()
		if tt.want == "" {
			if err != nil {
				t.Errorf("%s: %v", story, err)
			}
			continue
		}
		if !errors.Is(err, alerts.ErrLimits) || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v", story, err)
		}
	}
}

func TestAPatientsLimitsCoverTheUnits(t *testing.T) {
	unit := alerts.Changes{alerts.HRHighLimit: vitals.Int(120), alerts.HRLowLimit: vitals.Int(50)}
	patient := alerts.Changes{alerts.HRHighLimit: vitals.Int(140)}
	l := alerts.LimitsOf(unit, patient)
	for s, want := range map[alerts.Setting]int64{alerts.HRHighLimit: 140, alerts.HRLowLimit: 50, alerts.SpO2LowLimit: 88, 0: 0} {
		if got := l.Value(s); got.Compare(vitals.Int(want)) != 0 {
			t.Errorf("%s is %s, not %d", s, got, want)
		}
	}
}

func TestWhatDiffersIsToldToPeople(t *testing.T) {
	before := alerts.DefaultLimits()
	after := before.With(alerts.Changes{
		alerts.SpO2LowLimit: vitals.Int(85), alerts.HRHighLimit: vitals.Int(140), alerts.HRLowLimit: vitals.NewDecimal(450, -1),
	})
	got := fmt.Sprint(alerts.Diff(before, after))
	if want := "[HR HIGH limit 130 → 140 /min SpO₂ LOW limit 88 → 85 %]"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestWhoMayChangeLimits(t *testing.T) {
	normal := alerts.DefaultLimits()
	little := alerts.Diff(normal, normal.With(alerts.Changes{alerts.HRHighLimit: vitals.Int(150)}))
	much := alerts.Diff(normal, normal.With(alerts.Changes{alerts.HRHighLimit: vitals.Int(151)}))
	const yes, no = true, false
	for role, want := range map[vitals.Role]struct{ little, much, propose, approve bool }{
		vitals.Viewer:     {no, no, no, no},
		vitals.Nurse:      {yes, no, no, no},
		vitals.Charge:     {yes, yes, yes, yes},
		vitals.Physician:  {yes, yes, yes, yes},
		vitals.Technician: {no, no, no, no},
		vitals.Admin:      {no, no, no, yes},
	} {
		if alerts.MayChangeLimits(role, little) != want.little || alerts.MayChangeLimits(role, much) != want.much {
			t.Errorf("%s: may change a little %t, much %t", role, !want.little, !want.much)
		}
		if alerts.MayProposeLimits(role) != want.propose || alerts.MayApproveLimits(role) != want.approve {
			t.Errorf("%s: may propose or approve otherwise than %t, %t", role, want.propose, want.approve)
		}
	}
}

// set changes the limits of the patient in the room.
func (r *room) set(c alerts.Changes) {
	r.t.Helper()
	if err := r.engine.SetLimits(alerts.LimitsOf(nil, c)); err != nil {
		r.t.Fatal(err)
	}
}

func TestEachPatientIsJudgedByTheirOwnLimits(t *testing.T) {
	check(t, []story{
		{
			name: "a limit that was raised leaves alone what was too fast before",
			tell: func(r *room) { r.set(alerts.Changes{alerts.HRHighLimit: vitals.Int(150)}); r.last(40, heart(140)) },
		},
		{
			name: "the extreme limit moves with the limit",
			tell: func(r *room) { r.set(alerts.Changes{alerts.HRHighLimit: vitals.Int(110)}); r.last(12, heart(131)) },
			want: []string{"8s EXTREME_TACHY raised: HR 131 > 130 /min"},
		},
		{
			name: "but never beyond 200",
			tell: func(r *room) { r.set(alerts.Changes{alerts.HRHighLimit: vitals.Int(195)}); r.last(12, heart(201)) },
			want: []string{"8s EXTREME_TACHY raised: HR 201 > 200 /min"},
		},
		{
			name: "nor below 30",
			tell: func(r *room) { r.set(alerts.Changes{alerts.HRLowLimit: vitals.Int(35)}); r.last(12, heart(29)) },
			want: []string{"6s EXTREME_BRADY raised: HR 29 < 30 /min"},
		},
		{
			name: "an on-delay that was made longer",
			tell: func(r *room) { r.set(alerts.Changes{alerts.SpO2LowOn: vitals.Int(30)}); r.last(40, oxygen(84)) },
			want: []string{"31s SPO2_LOW raised: SpO₂ 84 < 88 %"},
		},
		{
			name: "does not lengthen what depth has shortened, and depth does not lengthen it",
			tell: func(r *room) {
				r.set(alerts.Changes{alerts.SpO2LowLimit: vitals.Int(80), alerts.SpO2LowOn: vitals.Int(30)})
				r.last(15, oxygen(79))
				r.last(10, oxygen(97))
				r.set(alerts.Changes{alerts.SpO2LowLimit: vitals.Int(80), alerts.SpO2LowOn: vitals.Int(2)})
				r.last(15, oxygen(79))
			},
			want: []string{
				"11s SPO2_LOW raised: SpO₂ 79 < 80 %", "21s SPO2_LOW closed self", "28s SPO2_LOW raised: SpO₂ 79 < 80 %",
			},
		},
		{
			name: "an off-delay and a hysteresis of its own",
			tell: func(r *room) {
				r.set(alerts.Changes{alerts.SpO2LowOff: vitals.Int(20), alerts.SpO2LowHysteresis: vitals.Int(5)})
				r.last(20, oxygen(84))
				r.last(30, oxygen(92))
				r.last(25, oxygen(93))
			},
			want: []string{"16s SPO2_LOW raised: SpO₂ 84 < 88 %", "71s SPO2_LOW closed self"},
		},
		{
			name: "a change does not end what is open: the next values do",
			tell: func(r *room) {
				r.last(20, oxygen(84))
				r.set(alerts.Changes{alerts.SpO2LowLimit: vitals.Int(80)})
				r.last(8)
				r.last(10, oxygen(84))
			},
			want: []string{"16s SPO2_LOW raised: SpO₂ 84 < 88 %", "34s SPO2_LOW closed self"},
		},
		{
			name: "what the limit made true since is told after its delay",
			tell: func(r *room) {
				r.last(20, oxygen(90))
				r.set(alerts.Changes{alerts.SpO2LowLimit: vitals.Int(92)})
				r.last(20, oxygen(90))
			},
			want: []string{"36s SPO2_LOW raised: SpO₂ 90 < 92 %"},
		},
		{
			name: "a pulse of 60 says nothing against a slow heart where 70 is the limit",
			tell: func(r *room) {
				r.set(alerts.Changes{alerts.HRLowLimit: vitals.Int(70), alerts.HRHighLimit: vitals.Int(130)})
				r.last(15, heart(scriptDoubt+28), wave(60))
			},
			want: []string{"6s EXTREME_BRADY raised: HR 28 < 60 /min; pulse 60/min goes on"},
		},
	})
}

func TestLimitsThatWillNotDoLeaveThoseInForce(t *testing.T) {
	r := newRoom(t)
	r.set(alerts.Changes{alerts.HRHighLimit: vitals.Int(150)})
	if err := r.engine.SetLimits(alerts.Limits{}); !errors.Is(err, alerts.ErrLimits) {
		t.Errorf("%v", err)
	}
	if got := r.engine.Limits().Value(alerts.HRHighLimit); got != vitals.Int(150) {
		t.Errorf("%s", got)
	}
}

// Whatever the limits are: a value beyond lasts for the on-delay and is told then, and one that is not is
// never told.
func TestAnyLimitIsKeptToTheSecond(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		at := int64(rapid.IntRange(75, 98).Draw(rt, "limit"))
		on := rapid.IntRange(0, 30).Draw(rt, "on-delay")
		v := int64(rapid.IntRange(int(at)-9, 100).Draw(rt, "value")) // above RAPID DESAT, which is told instead
		v = max(v, 80)                                               // and where depth shortens nothing
		r := newRoom(t)
		r.set(alerts.Changes{alerts.SpO2LowLimit: vitals.Int(at), alerts.SpO2LowOn: vitals.Int(int64(on))})
		r.last(on, oxygen(v))
		if len(r.told) > 0 {
			rt.Fatalf("%d %% with a limit of %d is told after less than %d s: %v", v, at, on, r.transcript())
		}
		r.last(1, oxygen(v))
		if (len(r.told) == 1) != (v < at) {
			rt.Fatalf("%d %% with a limit of %d, after %d s: %v", v, at, on, r.transcript())
		}
	})
}

// A change of limits, at any time, tells nothing by itself and leaves alone what is open.
func TestAChangeOfLimitsTellsNothingByItself(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		e, unchanged := newEngine(start), newEngine(start)
		night := anything.draw(rt, 60)
		playAll(e, night)
		playAll(unchanged, night)
		before := e.Open()
		changes := alerts.Changes{}
		for _, s := range rapid.SliceOfDistinct(rapid.SampledFrom(alerts.Settings()), rapid.ID).Draw(rt, "settings") {
			i := s.Info()
			changes[s] = rapid.SampledFrom([]vitals.Decimal{i.Low, i.From, i.To, i.High}).Draw(rt, i.Name)
		}
		if err := e.SetLimits(alerts.LimitsOf(nil, changes)); err != nil && !errors.Is(err, alerts.ErrLimits) {
			rt.Fatal(err)
		}
		if fmt.Sprint(before) != fmt.Sprint(e.Open()) {
			rt.Fatalf("before %v, after %v", before, e.Open())
		}
		at := start.Add(60 * time.Second) // a call that was just acknowledged ends with it
		if told, want := e.Tick(at).Transitions, unchanged.Tick(at).Transitions; fmt.Sprint(told) != fmt.Sprint(want) {
			rt.Fatalf("the clock tells %v, with the limits of before %v", told, want)
		}
	})
}
