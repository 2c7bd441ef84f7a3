package main

import (
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/samber/lo"

	"vigil/vitals/ecg/eval/score"
)

// table is one table of the report. The first column names the row, the last may hold a goal.
type table struct {
	title  string
	notes  []string
	header []string
	rows   [][]string
}

func (t *table) row(cells ...string) { t.rows = append(t.rows, cells) }

// write lays the table out in columns; what is not text of the first or a goal column goes right.
func (t *table) write(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "\n%s\n%s\n", t.title, strings.Repeat("=", utf8.RuneCountInString(t.title)))
	for _, n := range t.notes {
		fmt.Fprintln(&b, n)
	}
	if len(t.rows) > 0 {
		t.layout(&b)
	}
	if _, err := io.WriteString(w, b.String()); err != nil {
		return fmt.Errorf("write table %q: %w", t.title, err)
	}
	return nil
}

func (t *table) layout(b *strings.Builder) {
	lines := append([][]string{t.header}, t.rows...)
	widths := make([]int, len(t.header))
	for _, line := range lines {
		for i, cell := range line {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	for n, line := range lines {
		cells := lo.Map(line, func(cell string, i int) string {
			space := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell))
			if i == 0 || t.header[i] == goalColumn || t.header[i] == yardstick {
				return cell + space
			}
			return space + cell
		})
		fmt.Fprintln(b, strings.TrimRight(strings.Join(cells, "  "), " "))
		if n == 0 {
			fmt.Fprintln(b, strings.Repeat("-", lo.Sum(widths)+2*(len(widths)-1)))
		}
	}
}

const (
	goalColumn = "goal"
	yardstick  = "yardstick"
)

// notHere is what stands where the data for a figure is absent.
const notHere = "not measurable here"

// figure is a number with some decimals, a dash where it is not defined.
func figure(x float64, decimals int) string {
	if math.IsNaN(x) {
		return "-"
	}
	return fmt.Sprintf("%.*f", decimals, x)
}

func number(n int) string { return strconv.Itoa(n) }

// counted is a share in percent with its counts.
func counted(s score.Share) string {
	if s.Whole == 0 {
		return "-"
	}
	return fmt.Sprintf("%.1f (%d/%d)", s.Percent(), s.Part, s.Whole)
}
