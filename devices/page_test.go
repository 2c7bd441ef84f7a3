package devices_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vigil/devices"
	"vigil/vitals"
)

// rows are the table rows of docs/devices.md that begin with a name of the given form.
func rows(t *testing.T, name string) []string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "docs", "devices.md"))
	if err != nil {
		t.Fatal(err)
	}
	return regexp.MustCompile("(?m)^\\| `"+name+"` \\|.*$").FindAllString(string(text), -1)
}

func TestPageListsThePlausibilityGate(t *testing.T) {
	var want []string
	for _, k := range vitals.Kinds() {
		i := k.Info()
		want = append(want, fmt.Sprintf("| `%s` | %s | %s | %s |", i.Name, i.Low, i.High, i.UCUM))
	}
	if diff := cmp.Diff(want, rows(t, "[a-z0-9_]+")); diff != "" {
		t.Error(diff)
	}
}

func TestPageListsEveryDecoder(t *testing.T) {
	listed := map[string]bool{}
	for _, row := range rows(t, "(?:gatt|gateway|pcd)/[0-9a-z-]+") {
		listed[strings.Split(row, "`")[1]] = true
	}
	for _, name := range devices.Names() {
		if ours := name != "uplink" && name != bracelet; ours != listed[name] {
			t.Errorf("%s is listed: %t", name, listed[name])
		}
		delete(listed, name)
	}
	for name := range listed {
		t.Errorf("%s is listed and not registered", name)
	}
}
