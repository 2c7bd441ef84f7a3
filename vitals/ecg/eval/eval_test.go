package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"vigil/vitals/ecg/eval/score"
	"vigil/vitals/ecg/model"
)

const testRate = 250

// heart is a made-up ECG: a triangle of 1 mV and 80 ms at each time, on a flat line that breathes.
func heart(seconds float64, at []float64) []int16 {
	samples := make([]int16, int(seconds*testRate))
	for i := range samples {
		t := float64(i) / testRate
		samples[i] = int16(60 * math.Sin(t*1.7))
		for _, beat := range at {
			if away := math.Abs(t - beat); away < 0.04 {
				samples[i] += int16(1000 * (1 - away/0.04))
			}
		}
	}
	return samples
}

// marks writes annotations in MIT format: code 1 is a normal beat, code 0 only moves on.
func marks(at []float64) []byte {
	var out []byte
	last := 0
	for _, t := range at {
		sample := int(t * testRate)
		for ; sample-last > 1023; last += 1000 {
			out = binary.LittleEndian.AppendUint16(out, 1000)
		}
		out = binary.LittleEndian.AppendUint16(out, uint16(1<<10|(sample-last)))
		last = sample
	}
	return append(out, 0, 0)
}

func save(t *testing.T, dir, name string, content []byte) {
	t.Helper()
	if err := os.MkdirAll(dir, 0o750); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
		t.Fatal(err)
	}
}

func saveRecord(t *testing.T, dir, name string, samples []int16, beats []float64) {
	t.Helper()
	save(t, dir, name+".hea", fmt.Appendf(nil, "%s 1 %d %d\n%s.dat 16 1000/mV 16 0 0 0 0 II\n", name, testRate, len(samples), name))
	data := make([]byte, 0, 2*len(samples))
	for _, s := range samples {
		data = binary.LittleEndian.AppendUint16(data, uint16(s))
	}
	save(t, dir, name+".dat", data)
	if beats != nil {
		save(t, dir, name+".atr", marks(beats))
	}
}

func everySecond(seconds int) []float64 {
	var out []float64
	for i := range seconds {
		out = append(out, float64(i)+0.5)
	}
	return out
}

// A heart of 60/min that stops for ten seconds: the experts did not notice one of its beats.
func folder(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	beats := append(everySecond(60), lastMinute()...)
	saveRecord(t, filepath.Join(root, "made"), "stops", heart(131, beats), append(beats[:30:30], beats[31:]...))
	save(t, filepath.Join(root, "made"), "broken.hea", []byte("broken 1 250 100\nbroken.dat 16 1000/mV 16 0 0 0 0 II\n"))
	save(t, filepath.Join(root, "empty"), "README", []byte("no records"))
	return root
}

func lastMinute() []float64 {
	var out []float64
	for i := 70; i < 130; i++ {
		out = append(out, float64(i)+0.5)
	}
	return out
}

func TestEvaluatesAFolder(t *testing.T) {
	out := t.TempDir()
	var printed strings.Builder
	err := run(context.Background(), []string{"-data", folder(t), "-out", out, "-html", "-jobs", "2"}, &printed, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	read := func(name string) string {
		content, err := os.ReadFile(filepath.Join(out, name))
		if err != nil {
			t.Fatal(err)
		}
		return string(content)
	}
	tests := []struct{ name, text, want string }{
		{"beats have their columns", read("made/stops.beats.csv"), "sample,label,emitted\n"},
		{"a beat is where it is", read("made/stops.beats.csv"), "\n12625,N,"},
		{"the stop is an episode", read("made/stops.episodes.csv"), ",ASYS,"},
		{"the stop is an alarm", read("made/stops.alarms.csv"), ",ASYSTOLE,high\n"},
		{"marked beats are counted", printed.String(), "made     whole    119"},
		{"a broken record is a line", printed.String(), "not run: made/broken: read channel 0"},
		{"what is absent is said", printed.String(), "svdb (goal DER <= 0.18): not measurable here"},
		{"the report is kept", read("report.txt"), "QRS detection"},
		{"a page shows the disagreement", read("made/stops.html"), "invented beat N"},
		{"the list leads to the page", read("index.html"), `href="made/stops.html"`},
		{"each record has a row", read("records.csv"), "\nmade,stops,131,"},
	}
	for _, tt := range tests {
		if !strings.Contains(tt.text, tt.want) {
			t.Errorf("%s: %q is not in:\n%.2000s", tt.name, tt.want, tt.text)
		}
	}
}

func TestRefusesWhatItCannotRun(t *testing.T) {
	tests := []struct {
		name string
		args []string
		want error
	}{
		{"no folder", []string{"-out", "x"}, errUsage},
		{"a folder without databases", []string{"-data", t.TempDir(), "-out", "x"}, errNoDatabase},
		{"a database that is not there", []string{"-data", folder(t), "-out", "x", "-only", "other"}, errNoDatabase},
		{"a folder that is not there", []string{"-data", filepath.Join(t.TempDir(), "gone"), "-out", "x"}, os.ErrNotExist},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if err := run(context.Background(), tt.args, io.Discard, io.Discard); !errors.Is(err, tt.want) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
		})
	}
}

// What is written of the first seconds must not depend on what follows.
func TestTheFutureChangesNothing(t *testing.T) {
	samples := heart(130, append(everySecond(60), lastMinute()...))
	whole, err := analyse(testRate, samples, model.Embedded())
	if err != nil {
		t.Fatal(err)
	}
	const until = 64 * testRate
	part, err := analyse(testRate, samples[:until], model.Embedded())
	if err != nil {
		t.Fatal(err)
	}
	for i, b := range part.beats {
		if whole.beats[i] != b {
			t.Errorf("beat %d is %v of the part, %v of the whole", i, b, whole.beats[i])
		}
	}
	if n := len(part.beats); whole.beats[n].emitted < until {
		t.Errorf("the part lacks %v", whole.beats[n])
	}
}

func TestStripsShowEveryDisagreementOrSayHowMany(t *testing.T) {
	r := &result{rateHz: testRate, samples: 3600 * testRate}
	for i := range 200 {
		at := r.seconds(float64(15 * i))
		r.flaws = append(r.flaws, flaw{Span: score.Span{From: at, To: at + 1}, severity: severity(i % 10 / 9 * 2)})
	}
	strips, leftOut := r.chooseStrips()
	shown, grave := 0, 0
	for _, s := range strips {
		shown += len(s.flaws)
		for _, f := range s.flaws {
			grave += int(f.severity / major)
		}
	}
	if len(strips) != mostStrips || shown+leftOut != len(r.flaws) || grave != 20 {
		t.Errorf("%d strips show %d disagreements, %d of 20 grave, and leave out %d of %d", len(strips), shown, grave, leftOut, len(r.flaws))
	}
}

// The Noise Stress Test itself mixed em into record 118 at 24 dB; ours must sound the same.
func TestNoiseIsAddedAsTheStressTestDoes(t *testing.T) {
	root := os.Getenv("VIGIL_PHYSIONET")
	if root == "" {
		t.Skip("VIGIL_PHYSIONET names no folder with PhysioNet databases")
	}
	d := &database{name: "mitdb", dir: filepath.Join(root, "mitdb")}
	_, em, err := channel(filepath.Join(root, "nstdb"), "em")
	if err != nil {
		t.Fatal(err)
	}
	_, theirs, err := channel(filepath.Join(root, "nstdb"), "118e00")
	if err != nil {
		t.Fatal(err)
	}
	rec, ours, err := channel(d.dir, "118")
	if err != nil {
		t.Fatal(err)
	}
	clean := append([]int16(nil), ours...)
	r := &result{database: d, record: "118", rateHz: rec.Rate, samples: int64(len(ours))}
	if r.reference, err = r.readReference(); err != nil {
		t.Fatal(err)
	}
	r.mix(ours, em, 0)
	from, to := r.seconds(300), r.seconds(420)
	theirPower, ourPower := power(theirs[from:to], clean[from:to]), power(ours[from:to], clean[from:to])
	if db := 10 * math.Log10(ourPower/theirPower); math.Abs(db) > 0.5 {
		t.Errorf("our noise is %.2f dB louder than that of the Noise Stress Test", db)
	}
}

func power(noisy, clean []int16) float64 {
	sum, squares := 0.0, 0.0
	for i := range noisy {
		d := float64(noisy[i]) - float64(clean[i])
		sum += d
		squares += d * d
	}
	n := float64(len(noisy))
	return squares/n - sum/n*sum/n
}
