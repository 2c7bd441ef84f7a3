package main

import (
	"fmt"
	"io"

	"vigil/vitals/ecg/model"
)

// named counts for one class the beats that were called so rightly, those that were not, and those
// that were wrongly.
type named struct{ right, missed, false int }

func (n *named) sensitivity() float64 { return percent(int64(n.right), int64(n.right+n.missed)) }

func (n *named) predictivity() float64 { return percent(int64(n.right), int64(n.right+n.false)) }

func (n *named) f1() float64 { return percent(int64(2*n.right), int64(2*n.right+n.missed+n.false)) }

func (n *named) add(o named) {
	n.right, n.missed, n.false = n.right+o.right, n.missed+o.missed, n.false+o.false
}

// ask names all beats of a version behind the first five minutes.
func (l *lesson) ask(forest *model.Forest) (early, ventricular named) {
	for _, b := range l.beats {
		if !b.late {
			continue
		}
		said := nameOf(forest.Score(b.traits))
		early.count(b.class == model.Supraventricular, said == model.Supraventricular)
		ventricular.count(b.class == model.Ventricular, said == model.Ventricular)
	}
	early.missed += l.missed[model.Supraventricular]
	ventricular.missed += l.missed[model.Ventricular]
	return early, ventricular
}

// nameOf is the detector's rule.
func nameOf(scores [model.MaxOutputs]int32) int {
	normal, early, ventricular := scores[model.Normal], scores[model.Supraventricular], scores[model.Ventricular]
	switch {
	case ventricular-max(normal, early) > model.VentricularAbove:
		return model.Ventricular
	case early-max(normal, ventricular) > model.SupraventricularAbove:
		return model.Supraventricular
	default:
		return model.Normal
	}
}

func (n *named) count(is, said bool) {
	switch {
	case is && said:
		n.right++
	case is:
		n.missed++
	case said:
		n.false++
	}
}

// reportBeats writes a line per database, class and disturbance: gross, then quartiles over the
// patients who have five such beats at least.
func reportBeats(hearts []*replayed[*lesson], unseen func(record) *model.Forest, out io.Writer) error {
	for _, database := range beatSources {
		for version, d := range disturbances {
			for _, c := range tally(hearts, unseen, database, version) {
				if err := c.report(database, d, out); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// tally asks about each patient the forest that does not know them.
func tally(hearts []*replayed[*lesson], unseen func(record) *model.Forest, database string, version int) [2]classTally {
	ventricular, early := classTally{name: "V"}, classTally{name: "S"}
	for _, h := range hearts {
		if h.database == database && !h.paced && version < len(h.versions) {
			s, v := h.versions[version].ask(unseen(h.record))
			ventricular.add(v, h.hours)
			early.add(s, h.hours)
		}
	}
	return [2]classTally{ventricular, early}
}

// classTally gathers what became of one class in a database.
type classTally struct {
	name  string
	all   named
	each  []float64 // F1 of patients
	hours float64
}

func (c *classTally) add(own named, hours float64) {
	c.all.add(own)
	c.hours += hours
	if own.right+own.missed >= 5 {
		c.each = append(c.each, own.f1())
	}
}

func (c *classTally) report(database string, d disturbance, out io.Writer) error {
	n := &c.all
	_, err := fmt.Fprintf(out, "%-9s %-22v %s: Se %.2f +P %.2f F1 %.2f (%+v), false per 24 h %.1f; F1 over patients %s\n",
		database, d, c.name, n.sensitivity(), n.predictivity(), n.f1(), *n,
		float64(n.false)/c.hours*24, quartiles(c.each))
	if err != nil {
		return fmt.Errorf("report: %w", err)
	}
	return nil
}
