package main

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"vigil/vitals"
	"vigil/vitals/ecg/eval/score"
)

// Geometry of a row, in units of half a pixel: 8 of them are a millimetre of ECG paper, so a row
// shows 25 mm/s and, at the usual scale, 10 mm/mV.
const (
	millimetre = 8
	gutter     = 150 // left of the paper: names of the lanes
	nameEnds   = gutter - 26
	perSecond  = 25 * millimetre  // units
	paperWide  = perSecond * 10   // rowTime
	beatLanes  = 92               // above the paper: letters of Vigil and of experts
	paperHigh  = 50 * millimetre  // units
	laneHigh   = 36               // of a rhythm, below the paper
	axisHigh   = 40               // seconds
	halfScale  = paperHigh/2 - 16 // units to either side of the middle
)

// stripView is a strip as the page draws it.
type stripView struct {
	ID, Time, Scale, Class string
	Notes                  []noteView
	More                   int // notes that are not listed
	Rows                   []rowView
}

type noteView struct{ Time, Text, Class string }

// rowView is a row of a strip.
type rowView struct {
	Width, Height, PaperY, PaperHigh, AxisY, Gutter int

	Names         []textView
	Trace         string
	Ticks         []textView
	Letters       []textView
	Lines, Alarms []lineView
	Bars          []barView
}

type textView struct {
	X, Y               int
	Text, Class, Title string
}

type lineView struct {
	X, Y      int
	Text, Tip string
	Anchor    string
	TextX     int
}

type barView struct {
	X, Y, Width              int
	Text, Class, Title, Clip string
}

const mostNotes = 8

// drawStrip lays a strip out.
func (r *result) drawStrip(number int, s strip, microvolts []int16) stripView {
	scale := scaleOf(microvolts[s.From:s.To])
	view := stripView{
		ID: fmt.Sprintf("s%d", number+1), Time: clock(r.at(s.From)) + " to " + clock(r.at(s.To)),
		Scale: fmt.Sprintf("25 mm/s, %s mm/mV", strings.TrimSuffix(fmt.Sprintf("%.1f", scale.perMillivolt/millimetre), ".0")),
	}
	worst := minor
	for i, f := range s.flaws {
		worst = max(worst, f.severity)
		if i < mostNotes {
			view.Notes = append(view.Notes, noteView{preciseClock(r.at(f.From)), f.text, severityNames[f.severity]})
		} else {
			view.More++
		}
	}
	view.Class = severityNames[worst]
	lanes := r.lanesOf(s.Span)
	row := r.seconds(rowTime)
	for from := s.From; from < s.To; from += row {
		view.Rows = append(view.Rows, r.drawRow(score.Span{From: from, To: min(from+row, s.To)}, lanes, scale, microvolts))
	}
	return view
}

// scale places microvolts on the paper.
type scale struct {
	perMillivolt float64 // units
	middle       float64 // microvolts
}

// scaleOf takes the largest of the usual scales that the signal fits into.
func scaleOf(microvolts []int16) scale {
	valid := make([]float64, 0, len(microvolts))
	for _, v := range microvolts {
		if v != vitals.Missing {
			valid = append(valid, float64(v))
		}
	}
	if len(valid) == 0 {
		return scale{perMillivolt: 10 * millimetre}
	}
	slices.Sort(valid)
	low, high := valid[len(valid)/2000], valid[len(valid)-1-len(valid)/2000]
	s := scale{middle: (low + high) / 2}
	for _, mm := range []float64{10, 5, 2.5, 1} {
		s.perMillivolt = mm * millimetre
		if (high-low)/2000*s.perMillivolt <= halfScale {
			break
		}
	}
	if (high-low)/2000*s.perMillivolt < halfScale/4 && s.perMillivolt == 10*millimetre {
		s.perMillivolt *= 2 // small complexes
	}
	return s
}

func (s scale) y(microvolts int16) int {
	y := (s.middle - float64(microvolts)) / 1000 * s.perMillivolt
	return beatLanes + paperHigh/2 + int(math.Round(min(max(y, -paperHigh/2), paperHigh/2)))
}

// drawRow lays a row out.
func (r *result) drawRow(s score.Span, lanes lanes, scale scale, microvolts []int16) rowView {
	bottom := beatLanes + paperHigh
	view := rowView{
		Width: gutter + paperWide, PaperY: beatLanes, PaperHigh: paperHigh, Gutter: gutter,
		Trace: r.trace(s, scale, microvolts),
	}
	if r.hasBeats() {
		view.Names = append(view.Names, textView{X: nameEnds, Y: 74, Text: "experts"})
	}
	view.Names = append(view.Names, textView{X: nameEnds, Y: 30, Text: "Vigil"})
	view.Letters, view.Lines = r.letters(s)
	y := bottom + 12
	for _, lane := range lanes.rhythm {
		view.Names = append(view.Names, textView{X: nameEnds, Y: y + 22, Text: lane.name})
		view.Bars = append(view.Bars, r.bars(s, func(at int64) int { return r.x(s, at) }, lane.bars, y)...)
		y += laneHigh
	}
	if lanes.alarms {
		view.Names = append(view.Names, textView{X: nameEnds, Y: y + 22, Text: "alarm"})
		view.Alarms = r.alarmLines(s, y)
		y += laneHigh
	}
	view.AxisY = y + 26
	view.Height = y + axisHigh
	for second := math.Ceil(r.at(s.From)); second <= r.at(s.To); second++ {
		view.Ticks = append(view.Ticks, textView{X: r.x(s, r.seconds(second)), Text: clock(second)})
	}
	return view
}

// x is where a sample lies in the row that begins with s.
func (r *result) x(s score.Span, sample int64) int {
	return gutter + int(math.Round(r.at(sample-s.From)*perSecond))
}

// trace is the path of the signal. Where samples are denser than the paper shows, the lowest and
// the highest of each unit stand for all.
func (r *result) trace(s score.Span, scale scale, microvolts []int16) string {
	var b strings.Builder
	pen := "M"
	perStep := max(1, int(r.rateHz/perSecond*2))
	for i := s.From; i < s.To; i += int64(perStep) {
		piece := microvolts[i:min(i+int64(perStep), s.To)]
		if slices.Contains(piece, vitals.Missing) {
			pen = "M"
			continue
		}
		for _, v := range extremes(piece) {
			fmt.Fprintf(&b, "%s%d %d", pen, r.x(s, i), scale.y(v))
			pen = "L"
		}
	}
	return b.String()
}

// extremes are the lowest and the highest value in the order in which they come.
func extremes(piece []int16) []int16 {
	low, high := slices.Index(piece, slices.Min(piece)), slices.Index(piece, slices.Max(piece))
	if low == high {
		return piece[:1]
	}
	return []int16{piece[min(low, high)], piece[max(low, high)]}
}

func preciseClock(seconds float64) string {
	return fmt.Sprintf("%s.%d", clock(seconds), int(math.Mod(seconds, 1)*10))
}
