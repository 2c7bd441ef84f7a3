package main

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"vigil/vitals/ecg/eval/score"
)

// overviewView is a long stretch in one row: the heart rate beat by beat, rhythms, alarms and
// where the disagreements are.
type overviewView struct {
	Title                 string
	Notes                 []noteView
	More                  int
	Width, Height, Gutter int
	Dots                  []dotsView
	Names, Ticks          []textView
	Rates                 []textView
	Bars                  []barView
	Alarms                string
	Marks                 []markView
}

type dotsView struct{ Path, Class string }

// markView leads to a strip.
type markView struct {
	X, Y, Width int
	ID, Class   string
}

// Geometry of the overview, in units of half a pixel.
const (
	rateHigh  = 260
	rateTop   = 16
	slowRate  = 20.0
	rapidRate = 220.0
)

// overview lays a stretch of the record out.
type overview struct {
	overviewView

	r    *result
	span score.Span
	y    int // where the next lane begins
}

// draw draws the stretch, and marks where the strips of the page are.
func (r *result) drawOverview(s score.Span, strips []strip) overviewView {
	o := overview{r: r, span: s, y: rateTop + rateHigh + 16}
	o.Width, o.Gutter = gutter+paperWide+20, gutter
	o.Dots = o.rateDots()
	for _, bpm := range []float64{50, 100, 150, 200} {
		o.Rates = append(o.Rates, textView{Y: rateY(bpm), Text: figure(bpm, 0)})
	}
	o.rhythm("Vigil", r.episodes)
	o.rhythm("experts", r.markedEpisodes())
	o.alarms()
	o.strips(strips)
	o.Height = o.y + axisHigh
	step := tickStep(r.at(s.Length()))
	for t := math.Ceil(r.at(s.From)/step) * step; t <= r.at(s.To); t += step {
		o.Ticks = append(o.Ticks, textView{X: o.x(r.seconds(t)), Y: o.y + 24, Text: clock(t)})
	}
	return o.overviewView
}

func (o *overview) x(sample int64) int {
	return gutter + int(math.Round(float64(sample-o.span.From)/float64(max(o.span.Length(), 1))*paperWide))
}

func (o *overview) lane(name string) {
	o.Names = append(o.Names, textView{X: nameEnds, Y: o.y + 22, Text: name})
	o.y += laneHigh
}

func (o *overview) rhythm(name string, episodes []episode) {
	if len(episodes) > 0 {
		o.Bars = append(o.Bars, o.r.bars(o.span, o.x, episodes, o.y)...)
		o.lane(name)
	}
}

func (o *overview) alarms() {
	var b strings.Builder
	for _, a := range o.r.alarms {
		if a.At >= o.span.From && a.At < o.span.To {
			fmt.Fprintf(&b, "M%d %dv24", o.x(a.At), o.y+2)
		}
	}
	if b.Len() > 0 {
		o.Alarms = b.String()
		o.lane("alarms")
	}
}

func (o *overview) strips(strips []strip) {
	for i, s := range strips {
		worst := slices.MaxFunc(s.flaws, func(a, b flaw) int { return int(a.severity - b.severity) }).severity
		o.Marks = append(o.Marks, markView{
			X: o.x(s.From), Y: o.y, Width: max(8, o.x(s.To)-o.x(s.From)), ID: fmt.Sprintf("s%d", i+1), Class: severityNames[worst],
		})
	}
	if len(strips) > 0 {
		o.lane("strips")
	}
}

// tickStep is a round time that gives about a dozen ticks.
func tickStep(seconds float64) float64 {
	for _, step := range []float64{5, 10, 30, 60, 120, 300, 600, 1200, 3600, 7200} {
		if seconds/step <= 14 {
			return step
		}
	}
	return 4 * 3600
}

func rateY(bpm float64) int {
	share := (min(max(bpm, slowRate), rapidRate) - slowRate) / (rapidRate - slowRate)
	return rateTop + int(math.Round((1-share)*rateHigh))
}

// rateDots are the rates from beat to beat as dots, by the class of the later beat.
func (o *overview) rateDots() []dotsView {
	type dot struct{ x, y int }
	paths := map[score.Class]*strings.Builder{}
	seen := map[score.Class]map[dot]bool{}
	for i, b := range o.r.beats {
		if i == 0 || b.At < o.span.From || b.At >= o.span.To || b.At <= o.r.beats[i-1].At {
			continue
		}
		class := b.Class
		d := dot{o.x(b.At), rateY(60 / o.r.at(b.At-o.r.beats[i-1].At))}
		if paths[class] == nil {
			paths[class], seen[class] = &strings.Builder{}, map[dot]bool{}
		}
		if !seen[class][d] {
			seen[class][d] = true
			fmt.Fprintf(paths[class], "M%d %dh0", d.x, d.y)
		}
	}
	var out []dotsView
	for _, class := range []score.Class{score.Normal, score.Unknown, score.Fusion, score.Supraventricular, score.Ventricular} {
		if paths[class] != nil {
			out = append(out, dotsView{paths[class].String(), "dots" + string(rune(class))})
		}
	}
	return out
}
