package ecg_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"vigil/vitals"
	"vigil/vitals/ecg"
	"vigil/vitals/wfdb"
)

// recording is the first channel of a record, what the detector found in it, and what experts did.
type recording struct {
	name    string
	rateHz  float64
	seconds float64
	found   []finding
	marks   []wfdb.Annotation
}

// database analyses the records of a PhysioNet database, two at a time; every third with
// -short and under the race detector, which is slow. The floors of mitdb are for all of it.
func database(t *testing.T, name string) []recording {
	t.Helper()
	root := os.Getenv("VIGIL_PHYSIONET")
	if root == "" {
		t.Skip("VIGIL_PHYSIONET names no folder with PhysioNet databases")
	}
	dir := filepath.Join(root, name)
	names, err := wfdb.Records(dir)
	if err != nil {
		t.Fatal(err)
	}
	names = slices.DeleteFunc(names, func(n string) bool {
		_, err := os.Stat(filepath.Join(dir, n+".hea"))
		return err != nil
	})
	if name != "mitdb" && (testing.Short() || raceDetector) {
		for i := range names[:(len(names)+2)/3] {
			names[i] = names[3*i]
		}
		names = names[:(len(names)+2)/3]
	}
	out := make([]recording, len(names))
	var group sync.WaitGroup
	free := make(chan struct{}, 2)
	for i, n := range names {
		group.Go(func() {
			free <- struct{}{}
			defer func() { <-free }()
			out[i] = record(t, dir, n)
		})
	}
	group.Wait()
	return out
}

func record(t *testing.T, dir, name string) recording {
	t.Helper()
	r, err := wfdb.Open(dir, name)
	if err != nil {
		t.Error(err)
		return recording{}
	}
	samples, err := r.Microvolts(0)
	if err != nil {
		t.Error(err)
		return recording{}
	}
	marks, err := wfdb.Annotations(dir, name, "atr")
	if err != nil {
		t.Error(err)
		return recording{}
	}
	d, err := ecg.New(r.Rate)
	if err != nil {
		t.Error(err)
		return recording{}
	}
	out := recording{name: name, rateHz: r.Rate, seconds: float64(len(samples)) / r.Rate, marks: marks}
	for _, v := range samples {
		for _, f := range d.Push(int32(v), v == vitals.Missing) {
			out.found = append(out.found, finding{f, float64(f.At) / r.Rate, float64(f.Known) / r.Rate})
		}
	}
	return out
}

func (r *recording) time(m wfdb.Annotation) float64 { return float64(m.Sample) / r.rateHz }

// span is a time within a record, in seconds.
type span struct{ from, to float64 }

// fibrillations are the episodes that experts marked, by rhythm or by brackets.
func (r *recording) fibrillations() []span {
	var out []span
	open := func(at float64) { out = append(out, span{at, r.seconds}) }
	inRhythm, inBrackets := false, false
	for _, m := range r.marks {
		switch {
		case m.Code == "[":
			inBrackets = true
			open(r.time(m))
		case m.Code == "]" && inBrackets:
			inBrackets = false
			out[len(out)-1].to = r.time(m)
		case m.Code == "+" && !inBrackets:
			if inRhythm {
				out[len(out)-1].to = r.time(m)
			}
			aux := strings.TrimRight(m.Aux, "\x00 ")
			inRhythm = aux == "(VF" || aux == "(VFL" || aux == "(VFIB"
			if inRhythm {
				open(r.time(m))
			}
		}
	}
	return out
}

// counts are how many beats agree, were missed, and were invented.
type counts struct{ right, missed, invented int }

func (c *counts) sensitivity() float64 { return 100 * float64(c.right) / float64(c.right+c.missed) }
func (c *counts) predictivity() float64 {
	return 100 * float64(c.right) / float64(c.right+c.invented)
}

func (c *counts) add(other counts) {
	c.right += other.right
	c.missed += other.missed
	c.invented += other.invented
}

// score compares beats as ANSI/AAMI EC57 does: within 150 ms, without the first five minutes and
// without fibrillation. Fusions and unclassifiable beats count as beats, and not as ventricular.
func (r *recording) score() (all, ventricular counts) {
	const window, learning = 0.150, 300
	excluded := func(at float64) bool {
		return at < learning || slices.ContainsFunc(r.fibrillations(), func(s span) bool { return at >= s.from && at <= s.to })
	}
	beats := ofKind(r.found, ecg.BeatFound)
	taken := make([]bool, len(beats))
	for _, m := range r.marks {
		at := r.time(m)
		if len(m.Code) != 1 || !strings.Contains("NLRBAaJSVrFejnE/fQ?", m.Code) {
			continue
		}
		best := -1
		for i := lowerBound(beats, at-window); i < len(beats) && beats[i].at <= at+window; i++ {
			if !taken[i] && (best < 0 || abs(beats[i].at-at) < abs(beats[best].at-at)) {
				best = i
			}
		}
		if best >= 0 {
			taken[best] = true
		}
		if excluded(at) {
			continue
		}
		isV, saidV := m.Code == "V" || m.Code == "E", best >= 0 && beats[best].Beat == ecg.VentricularBeat
		all.count(true, best >= 0)
		ventricular.count(isV, saidV && !strings.Contains("FQ/f?", m.Code))
	}
	for i, b := range beats {
		if !taken[i] && !excluded(b.at) {
			all.invented++
			ventricular.count(false, b.Beat == ecg.VentricularBeat)
		}
	}
	return all, ventricular
}

func (c *counts) count(is, said bool) {
	switch {
	case is && said:
		c.right++
	case is:
		c.missed++
	case said:
		c.invented++
	}
}

func lowerBound(beats []finding, at float64) int {
	i, _ := slices.BinarySearchFunc(beats, at, func(f finding, at float64) int {
		if f.at < at {
			return -1
		}
		return 1
	})
	return i
}

func abs(x float64) float64 { return max(x, -x) }

// The floors lie a little below what is reached on the records that are here.
func TestBeatsOfTheArrhythmiaDatabase(t *testing.T) {
	var all, ventricular counts
	for _, r := range database(t, "mitdb") {
		beats, v := r.score()
		all.add(beats)
		ventricular.add(v)
		if beats.missed+beats.invented > 40 {
			t.Logf("record %s: %+v", r.name, beats)
		}
	}
	t.Logf("QRS: sensitivity %.2f %%, predictivity %.2f %% (%+v)", all.sensitivity(), all.predictivity(), all)
	t.Logf("ventricular: sensitivity %.1f %%, predictivity %.1f %% (%+v)", ventricular.sensitivity(), ventricular.predictivity(), ventricular)
	if all.sensitivity() < 99.6 || all.predictivity() < 99.7 {
		t.Error("QRS detection fell below 99.6 % sensitivity or 99.7 % predictivity")
	}
	if ventricular.sensitivity() < 88 || ventricular.predictivity() < 90 { // the forest knows these records
		t.Error("ventricular beats fell below 88 % sensitivity or 90 % predictivity")
	}
}

// onsetUnsure are records whose rebuilt annotations do not hold the onset.
var onsetUnsure = []string{"cu02", "cu05", "cu06", "cu17", "cu19", "cu22", "cu26", "cu30", "cu33"}

// A nurse needs the alarm, whether it says fibrillation, tachycardia or asystole.
func TestFibrillationOfRecordsAlarmsWithinTenSeconds(t *testing.T) {
	var delays []float64
	for _, name := range []string{"vfdb", "cudb"} {
		for _, r := range database(t, name) {
			if slices.Contains(onsetUnsure, r.name) {
				continue
			}
			for _, episode := range r.fibrillations() {
				if episode.to-episode.from < 10 {
					continue
				}
				delay := r.alarmDelay(episode)
				delays = append(delays, delay)
				if delay > 10 {
					t.Errorf("%s: fibrillation at %.0f s alarmed after %.1f s", r.name, episode.from, delay)
				}
			}
		}
	}
	slices.Sort(delays)
	t.Logf("%d episodes, median %.1f s, longest %.1f s", len(delays), delays[len(delays)/2], delays[len(delays)-1])
	if delays[len(delays)/2] > 5 {
		t.Error("the median alarm takes more than 5 s")
	}
}

// alarmDelay is how long after its begin an episode had any dangerous rhythm standing; 0 where one stood already.
func (r *recording) alarmDelay(episode span) float64 {
	standing := map[ecg.Rhythm]bool{}
	for _, f := range r.found {
		if f.known > episode.from && slices.Contains([]bool{standing[ecg.VF], standing[ecg.VT], standing[ecg.Asystole]}, true) {
			return 0
		}
		if f.Kind == ecg.RhythmBegan && f.Rhythm.Lethal() && f.known > episode.from {
			return f.known - episode.from
		}
		if f.Kind == ecg.RhythmBegan || f.Kind == ecg.RhythmEnded {
			standing[f.Rhythm] = f.Kind == ecg.RhythmBegan
		}
	}
	return r.seconds
}

func TestNormalHeartsRaiseNothing(t *testing.T) {
	hours, ventricular := 0.0, 0
	for _, r := range database(t, "nsrdb-2h") {
		hours += r.seconds / 3600
		for _, f := range r.found {
			switch {
			case f.Kind == ecg.RhythmBegan && f.Rhythm != ecg.Tachycardia: // even the healthy may run
				t.Errorf("%s: %v at %.0f s", r.name, f.Rhythm, f.at)
			case f.Kind == ecg.BeatFound && f.Beat == ecg.VentricularBeat:
				ventricular++
			}
		}
	}
	t.Logf("%d ventricular beats in %.1f h of normal rhythm", ventricular, hours)
	if float64(ventricular) > hours {
		t.Error("more than one ventricular beat per hour of normal rhythm")
	}
}
