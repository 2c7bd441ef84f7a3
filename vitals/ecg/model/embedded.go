package model

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"sync"
)

// Scores of the QRS forest above which a candidate is a beat: lower where the rules took it for one,
// and so that on patients that it has not seen it misses about as many beats as it invents.
const (
	AcceptedAbove = -Scale * 14 / 10
	RefusedAbove  = Scale * 8 / 10
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

// Scores of the Fibrillation forest from which on a window may be lethal, and below which it no
// longer is: what stands may waver.
const (
	LethalBegins = Scale / 4
	LethalEnds   = -Scale * 3 / 4
)

// Outputs of the Fibrillation forest.
const (
	OtherRhythm = iota
	WideTachycardia
	Flutter // or fibrillation
)

// Forests are all that a detector asks. Nobody changes them once they are read, so that any number
// of detectors may share them.
type Forests struct {
	QRS                *Forest // tells beats (score above 0) from other candidates by what is around them
	Beats              *Forest // tells the classes of beats by their traits
	AtrialFibrillation *Forest // tells fibrillation of the atria (score above 0) from all else by the irregularity of intervals
	Fibrillation       *Forest // tells windows of five seconds apart: fibrillation of the ventricles, their tachycardia, and all else
	Strips             *Forest // tells what a short recording shows, one output per ecg.StripRhythm
}

// Files says which file holds which forest.
func (f *Forests) Files() map[string]**Forest {
	return map[string]**Forest{
		"qrs.forest": &f.QRS, "beats.forest": &f.Beats,
		"atrial.forest": &f.AtrialFibrillation, "fibrillation.forest": &f.Fibrillation,
		"strips.forest": &f.Strips,
	}
}

//go:embed *.forest
var embedded embed.FS

// Embedded are the forests that are part of the program.
var Embedded = sync.OnceValue(func() *Forests {
	f, err := read(embedded)
	if err != nil {
		panic(err) // train wrote them, and the tests read them
	}
	return f
})

// Version names the embedded forests: programs that carry others have another one.
var Version = sync.OnceValue(func() string {
	h := sha256.New()
	for _, name := range slices.Sorted(maps.Keys((&Forests{}).Files())) {
		data, err := embedded.ReadFile(name)
		if err != nil {
			panic(err) // Embedded reads the same
		}
		_, _ = h.Write(data) // a hash never fails
	}
	return hex.EncodeToString(h.Sum(nil)[:4])
})

// Read reads forests of a folder that train wrote, to be put in the place of the embedded ones.
// They must answer the same questions.
func Read(folder fs.FS) (*Forests, error) {
	f, err := read(folder)
	if err != nil {
		return nil, err
	}
	own := Embedded().Files()
	for name, forest := range f.Files() {
		got, want := *forest, *own[name]
		if got.Features != want.Features || got.Outputs != want.Outputs {
			return nil, fmt.Errorf("read %s: %d features and %d outputs, where the detector has %d and %d: %w",
				name, got.Features, got.Outputs, want.Features, want.Outputs, ErrForest)
		}
	}
	return f, nil
}

func read(folder fs.FS) (*Forests, error) {
	f := &Forests{}
	for name, forest := range f.Files() {
		data, err := fs.ReadFile(folder, name)
		if err != nil {
			return nil, fmt.Errorf("read forest: %w", err)
		}
		if *forest, err = Parse(data); err != nil {
			return nil, fmt.Errorf("read %s: %w", name, err)
		}
	}
	return f, nil
}
