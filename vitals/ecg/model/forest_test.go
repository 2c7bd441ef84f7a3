package model_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"math"
	"testing"

	"pgregory.net/rapid"

	"vigil/vitals/ecg/model"
)

// small has two trees of depth two over three features, with two outputs.
func small() *model.Forest {
	return model.Quantise(3, 2, 2,
		[]model.Split{model.NewSplit(0, 10), model.NewSplit(1, -5), model.NewSplit(2, 0), model.NewSplit(0, 100)},
		[]float64{0, 1, 2, 3, 4, 5, 6, 7, 0.5, 0, 0.25, 0, 0, 0, -1, -1})
}

func TestATreeIsWalkedByItsAnswers(t *testing.T) {
	for _, row := range []struct {
		story    string
		features []int16
		want     [2]float64
	}{
		{"no limit is passed", []int16{10, -5, 0}, [2]float64{0.5, 1}},
		{"the first question is answered with yes", []int16{11, -5, 1}, [2]float64{2.25, 3}},
		{"all are", []int16{101, 0, 1}, [2]float64{5, 6}},
		{"the largest values pass every limit", []int16{math.MaxInt16, math.MaxInt16, math.MaxInt16}, [2]float64{5, 6}},
		{"the smallest values pass none", []int16{math.MinInt16, math.MinInt16, math.MinInt16}, [2]float64{0.5, 1}},
	} {
		got := small().Score(row.features)
		for k, want := range row.want {
			if float64(got[k]) != want*model.Scale {
				t.Errorf("%s: output %d is %v, want %v", row.story, k, float64(got[k])/model.Scale, want)
			}
		}
	}
}

func TestAForestComesBackAsItWent(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		depth := rapid.IntRange(1, 4).Draw(t, "depth")
		outputs := rapid.IntRange(1, model.MaxOutputs).Draw(t, "outputs")
		f := &model.Forest{Features: 7, Outputs: outputs, Depth: depth}
		for range rapid.IntRange(0, 5).Draw(t, "trees") {
			for range depth {
				f.Splits = append(f.Splits, model.NewSplit(uint8(rapid.IntRange(0, 6).Draw(t, "feature")), rapid.Int16().Draw(t, "above")))
			}
			for range outputs << depth {
				f.Leaves = append(f.Leaves, rapid.Int16().Draw(t, "leaf"))
			}
		}
		again, err := model.Parse(f.Encode())
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(again.Encode(), f.Encode()) {
			t.Error("it came back changed")
		}
	})
}

func FuzzParseNeverGivesWhatCannotBeWalked(f *testing.F) {
	f.Add(small().Encode())
	f.Add([]byte("VFO1 is not enough"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 4 { // a wrong sum would hide everything else
			binary.LittleEndian.PutUint32(data[len(data)-4:], crc32.ChecksumIEEE(data[:len(data)-4]))
		}
		forest, err := model.Parse(data)
		if err != nil {
			if !errors.Is(err, model.ErrForest) {
				t.Errorf("error %v", err)
			}
			return
		}
		forest.Score(make([]int16, forest.Features))
	})
}

func TestAskingAForestAllocatesNothing(t *testing.T) {
	forest := model.Embedded().AtrialFibrillation
	features := make([]int16, forest.Features)
	if n := testing.AllocsPerRun(100, func() { forest.Score(features) }); n != 0 {
		t.Errorf("a question allocates %v times", n)
	}
}
