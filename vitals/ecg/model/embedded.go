package model

import (
	_ "embed"
	"sync"
)

// Scores of the AtrialFibrillation forest from which on fibrillation may begin, and below which it
// may end.
const (
	FibrillationBegins = Scale * 8 / 10
	FibrillationEnds   = -Scale
)

// Outputs of the Beats forest, one per class of beats.
const (
	Normal = iota
	Supraventricular
	Ventricular
)

// By how much a class must lead before a beat is called so.
const (
	VentricularAbove      = Scale / 2
	SupraventricularAbove = Scale * 3 / 4
)

//go:embed beats.forest
var beats []byte

// Beats tells the classes of beats by their traits.
var Beats = sync.OnceValue(func() *Forest { return mustParse(beats) })

//go:embed atrial.forest
var atrialFibrillation []byte

// AtrialFibrillation tells fibrillation of the atria (score above 0) from all else by the
// irregularity of intervals.
var AtrialFibrillation = sync.OnceValue(func() *Forest { return mustParse(atrialFibrillation) })

// mustParse reads a forest that is part of the program, and was written by train.
func mustParse(data []byte) *Forest {
	f, err := Parse(data)
	if err != nil {
		panic(err)
	}
	return f
}
