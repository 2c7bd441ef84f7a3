package alerts_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/samber/lo"

	"vigil/alerts"
	"vigil/vitals"
)

var update = flag.Bool("update", false, "write the tables of docs/alarms.md anew")

// page is where clinicians read what this package does.
const page = "../docs/alarms.md"

// TestThePageForCliniciansSaysWhatTheCodeDoes compares the page's tables with those in the code.
func TestThePageForCliniciansSaysWhatTheCodeDoes(t *testing.T) {
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	want := string(text)
	for name, table := range map[string]string{"conditions": conditionTable(), "settings": settingTable()} {
		head, rest, begun := strings.Cut(want, "<!-- "+name+" -->\n")
		_, tail, ended := strings.Cut(rest, "<!-- end -->")
		if !begun || !ended {
			t.Fatalf("%s has no place for the %s", page, name)
		}
		want = head + "<!-- " + name + " -->\n" + table + "<!-- end -->" + tail
	}
	if want == string(text) {
		return
	}
	if !*update {
		t.Fatalf("%s is not what the code does: go test ./alerts -run Clinicians -update", page)
	}
	if err := os.WriteFile(page, []byte(want), 0o600); err != nil {
		t.Fatal(err)
	}
}

func conditionTable() string {
	var b strings.Builder
	b.WriteString("| condition | alarm | priority | on-delay | off-delay | latches | told again after | explained by |\n|---|---|---|---|---|---|---|---|\n")
	for _, c := range alerts.Conditions() {
		s := c.Spec()
		again := "–"
		if s.Rearm > 0 {
			again = fmt.Sprintf("%g min", s.Rearm.Minutes())
		}
		by := strings.Join(lo.Map(s.InhibitedBy, func(c alerts.Condition, _ int) string { return string(c) }), ", ")
		fmt.Fprintf(&b, "| %s | %s | %s %s | %g s | %g s | %s | %s | %s |\n", c, s.Label, s.Type, strings.ToUpper(s.Priority.String()),
			s.OnDelay.Seconds(), s.OffDelay.Seconds(), lo.Ternary(s.Latching, "yes", "no"), again, by)
	}
	return b.String()
}

func settingTable() string {
	var b strings.Builder
	b.WriteString("| setting | what | default | can be | by a nurse | source of the default |\n|---|---|---|---|---|---|\n")
	for _, s := range alerts.Settings() {
		i := s.Info()
		unit := strings.TrimSpace(" " + i.Unit)
		span := func(from, to vitals.Decimal) string {
			return lo.Ternary(from == to, from.String(), from.String()+" to "+to.String())
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s | %s |\n", i.Name, s.Title(),
			strings.TrimSpace(i.Default.String()+" "+unit), span(i.Low, i.High), span(i.From, i.To), i.Source)
	}
	return b.String()
}
