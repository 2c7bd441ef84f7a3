package home_test

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/samber/lo"
	"go.uber.org/goleak"

	"vigil/devices/gatt"
	"vigil/devices/sim/fault"
	"vigil/devices/sim/heart"
	"vigil/devices/sim/home"
	"vigil/vitals"
	"vigil/vitals/ppg"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	patch = vitals.DeviceID("020000000101")
	clip  = vitals.DeviceID("020000000102")
	strap = vitals.DeviceID("020000000103")
)

// kept is a spool that remembers.
type kept struct {
	batches []vitals.Batch
	err     error
}

func (k *kept) Add(b vitals.Batch, _ time.Time) error {
	k.batches = append(k.batches, b)
	return k.err
}

func (k *kept) of(d vitals.DeviceID) []vitals.Batch {
	return lo.Filter(k.batches, func(b vitals.Batch, _ int) bool { return b.Device == d })
}

func waves(batches []vitals.Batch) []vitals.Waveform {
	return lo.FlatMap(batches, func(b vitals.Batch, _ int) []vitals.Waveform { return b.Waveforms })
}

func events(batches []vitals.Batch) []vitals.EventCode {
	return lo.FlatMap(batches, func(b vitals.Batch, _ int) []vitals.EventCode {
		return lo.Map(b.Events, func(e vitals.Event, _ int) vitals.EventCode { return e.Code })
	})
}

// lived is what a home sends that follows the script for as long as asked.
func lived(t *testing.T, script string, rate vitals.Rate, length time.Duration, worn func(home.Patient) []home.Wearable) *kept {
	t.Helper()
	steps, err := heart.ParseScript(script)
	if err != nil {
		t.Fatal(err)
	}
	spool := &kept{}
	synctest.Test(t, func(t *testing.T) {
		patient := heart.New(heart.Patient{Seed: 1, Rate: 72, SpO2: 97, Gain: 1}, steps, rate.Hz())
		h := &home.Home{Hub: "home-1", Patient: patient, Wearables: worn(patient), Spool: spool, Log: slog.New(slog.DiscardHandler)}
		ctx, cancel := context.WithTimeout(t.Context(), length+time.Millisecond)
		defer cancel()
		if err := h.Run(ctx, time.Now()); err != nil {
			t.Fatal(err)
		}
	})
	return spool
}

var patchRate = vitals.Rate{Num: 250, Den: 1}

func everything(p home.Patient) []home.Wearable {
	return []home.Wearable{
		&home.Oximeter{ID: clip, Patient: p}, &home.ChestStrap{ID: strap, Patient: p},
		&home.Patch{ID: patch, Patient: p, Kind: vitals.ECGII, Rate: patchRate},
	}
}

func TestPatchSendsEverySecondWithoutAGap(t *testing.T) {
	got := waves(lived(t, "sinus 1h", patchRate, time.Minute, everything).of(patch))
	if len(got) != 60 {
		t.Fatalf("%d chunks in a minute", len(got))
	}
	for i, w := range got[1:] {
		if !w.Start.Equal(got[i].End()) || w.First != got[i].First+250 {
			t.Errorf("chunk %d begins at %v, sample %d", i+1, w.Start, w.First)
		}
	}
}

func TestStrapSendsItsECGInFramesWithoutAGap(t *testing.T) {
	spool := lived(t, "sinus 1h", gatt.PMDRate, time.Minute, func(p home.Patient) []home.Wearable {
		return []home.Wearable{&home.ChestStrap{ID: strap, Patient: p, RawECG: true}}
	})
	got := waves(spool.of(strap))
	if len(got) != 106 { // one per 561.3 ms
		t.Fatalf("%d frames in a minute", len(got))
	}
	for i, w := range got[1:] {
		gap := w.Start.Sub(got[i].End())
		if gap.Abs() > 10*time.Microsecond || w.First != got[i].First+gatt.PMDSamples {
			t.Errorf("frame %d begins %v after the one before, at sample %d", i+1, gap, w.First)
		}
	}
	rates := lo.CountBy(spool.of(strap), func(b vitals.Batch) bool { return len(b.Readings) > 0 })
	if rates < 50 || rates > 61 {
		t.Errorf("%d heart rates in a minute", rates)
	}
}

func TestOnlyChangesOfContactAreTold(t *testing.T) {
	spool := lived(t, "sinus 10s, leads-off 5s, sinus 1h", patchRate, 30*time.Second, everything)
	want := []vitals.EventCode{
		vitals.DeviceConnected, vitals.BatteryLevel, vitals.ContactLost, vitals.ContactMade,
	}
	if got := events(spool.of(patch)); !slices.Equal(got, want) {
		t.Errorf("patch told %v", got)
	}
	want = []vitals.EventCode{vitals.DeviceConnected, vitals.BatteryLevel, vitals.ContactMade}
	if got := events(spool.of(clip)); !slices.Equal(got, want) {
		t.Errorf("oximeter told %v", got)
	}
}

func TestOximeterWithoutAPulseDoubtsThenGivesUp(t *testing.T) {
	spool := lived(t, "sinus 10s, vf 30s", patchRate, 35*time.Second, everything)
	var story []string
	for _, b := range spool.of(clip) {
		for _, r := range b.Readings {
			if r.Kind != vitals.SpO2 {
				continue
			}
			state := "good"
			if r.Quality == vitals.Questionable {
				state = "questionable"
			}
			if r.Absent != vitals.Present {
				state = "none"
			}
			if len(story) == 0 || story[len(story)-1] != state {
				story = append(story, state)
			}
		}
	}
	if !slices.Equal(story, []string{"good", "questionable", "none"}) {
		t.Errorf("%v", story)
	}
}

func TestValuesBelongToTheScript(t *testing.T) {
	spool := lived(t, "sinus@64 1h", patchRate, 30*time.Second, everything)
	for _, b := range slices.Concat(spool.of(strap), spool.of(clip)) {
		for _, r := range b.Readings {
			if err := r.Plausible(); err != nil {
				t.Error(err)
			}
			if k := r.Kind; (k == vitals.HeartRate || k == vitals.PulseRate) && (r.Value.Float() < 55 || r.Value.Float() > 75) {
				t.Errorf("%s %s", k, r.Value)
			}
		}
	}
}

func TestHomeEndsWhenItsSpoolFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		broken := errors.New("disk is full")
		patient := &home.Recording{Samples: []int16{1}}
		h := &home.Home{Patient: patient, Wearables: everything(patient), Spool: &kept{err: broken}}
		if err := h.Run(t.Context(), time.Now()); !errors.Is(err, broken) {
			t.Errorf("%v", err)
		}
	})
}

// asleep is a wearable during whose measurement the computer is suspended.
type asleep struct {
	home.Wearable
	naps int
}

func (a *asleep) Measure(at time.Time) (vitals.Batch, error) {
	if a.naps--; a.naps == 0 {
		time.Sleep(time.Hour) // of the test's own clock
	}
	return a.Wearable.Measure(at)
}

func TestAComputerThatSleptLeavesAGapInsteadOfARush(t *testing.T) {
	spool := &kept{}
	synctest.Test(t, func(t *testing.T) {
		patient := &home.Recording{Samples: make([]int16, 250), HeartRate: 70, Oxygen: 97}
		w := &asleep{Wearable: &home.Patch{ID: patch, Patient: patient, Kind: vitals.ECGII, Rate: patchRate}, naps: 10}
		h := &home.Home{Patient: patient, Wearables: []home.Wearable{w}, Spool: spool}
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour+20*time.Second)
		defer cancel()
		if err := h.Run(ctx, time.Now()); err != nil {
			t.Fatal(err)
		}
	})
	got := waves(spool.of(patch))
	if len(got) > 25 {
		t.Fatalf("%d chunks", len(got))
	}
	gap, samples := got[10].Start.Sub(got[9].End()), got[10].First-got[9].First-250
	if gap < 59*time.Minute || uint64(gap.Seconds()*250+0.5) != samples {
		t.Errorf("a gap of %v, %d samples", gap, samples)
	}
}

func TestRecordingEndsOrBeginsAnew(t *testing.T) {
	once := &home.Recording{Samples: []int16{1, 2, 3}, Position: 1, Once: true}
	if got := once.ECG(4); !slices.Equal(got, []int16{2, 3, vitals.Missing, vitals.Missing}) || once.Rhythm() != heart.LeadsOff {
		t.Errorf("once: %v, then %s", got, once.Rhythm())
	}
	loop := &home.Recording{Samples: []int16{1, 2, 3}, Position: 2}
	if got := loop.ECG(5); !slices.Equal(got, []int16{3, 1, 2, 3, 1}) || loop.Rhythm() != heart.Sinus {
		t.Errorf("loop: %v, then %s", got, loop.Rhythm())
	}
}

func TestSpotMeasurementsAreThoseOfSomebodyWell(t *testing.T) {
	who := home.Person{Systolic: 120, Diastolic: 75, Celsius: 36.6, Milligrams: 105, Kilograms: 70}
	spool := lived(t, "sinus 1h", patchRate, 12*time.Minute, func(p home.Patient) []home.Wearable {
		return []home.Wearable{
			home.Cuff("020000000104", 5*time.Minute, p, who), home.Thermometer("020000000105", 5*time.Minute, who),
			home.GlucoseMeter("020000000106", 5*time.Minute, who), home.Scale("020000000108", 5*time.Minute, who),
			home.Sensor("020000000107", time.Minute, who),
		}
	})
	count := map[vitals.Kind]int{}
	for _, b := range spool.batches {
		for _, r := range b.Readings {
			if err := r.Plausible(); err != nil || r.Absent != vitals.Present || r.Quality != vitals.Good {
				t.Errorf("%+v: %v", r, err)
			}
			count[r.Kind]++
		}
	}
	want := map[vitals.Kind]int{
		vitals.Systolic: 3, vitals.Diastolic: 3, vitals.CuffPulseRate: 3, vitals.Temperature: 3, vitals.Glucose: 3,
		vitals.Weight: 3, vitals.GlucoseInterstitial: 12,
	}
	if diff := cmp.Diff(want, count); diff != "" {
		t.Error(diff)
	}
}

func TestASpotOximeterShowsOneValueEachTime(t *testing.T) {
	spool := lived(t, "sinus 6m, vf 1h", patchRate, 12*time.Minute, func(p home.Patient) []home.Wearable {
		return []home.Wearable{
			&home.Patch{ID: patch, Patient: p, Kind: vitals.ECGII, Rate: patchRate}, // the heart goes on as its ECG is asked for
			home.SpotOximeter("020000000109", 5*time.Minute, p),
		}
	})
	var story []string
	for _, b := range spool.batches {
		for _, r := range b.Readings {
			if r.Kind == vitals.SpO2 {
				story = append(story, map[bool]string{true: r.Value.String(), false: "none"}[r.Absent == vitals.Present])
			}
		}
	}
	if !slices.Equal(story, []string{"97", "97", "none"}) {
		t.Errorf("%q", story)
	}
}

func TestAPendantCallsEachTimeItIsPressed(t *testing.T) {
	acts := []home.Act{
		{After: time.Minute, Code: vitals.SOS}, {After: 2 * time.Minute, Code: vitals.Fall}, {After: 2*time.Minute + 15*time.Second, Code: vitals.FallCancelled},
	}
	spool := lived(t, "sinus 1h", patchRate, 8*time.Minute, func(home.Patient) []home.Wearable {
		return []home.Wearable{&home.Pendant{ID: "02000000010a", Acts: acts, Cycle: 5 * time.Minute}}
	})
	want := []vitals.EventCode{
		vitals.DeviceConnected, vitals.BatteryLevel, vitals.SOS, vitals.Fall, vitals.FallCancelled, vitals.SOS, vitals.Fall, vitals.FallCancelled,
	}
	if got := events(spool.batches); !slices.Equal(got, want) {
		t.Errorf("told %v", got)
	}
}

func TestTheWaveOfAnOximeterShowsAPulseWhereThereIsOne(t *testing.T) {
	spool := lived(t, "sinus@75 60s, vf 1h", patchRate, 2*time.Minute, func(p home.Patient) []home.Wearable {
		return []home.Wearable{
			&home.Patch{ID: patch, Patient: p, Kind: vitals.ECGII, Rate: patchRate}, // the heart goes on as its ECG is asked for
			&home.Oximeter{ID: clip, Patient: p, Wave: true},
		}
	})
	got := waves(spool.of(clip))
	d, err := ppg.New(got[0].Rate.Hz())
	if err != nil {
		t.Fatal(err)
	}
	var pulses [2]int // in the minute with beats, and in that without
	for i, w := range got {
		if i > 0 && (w.First != got[i-1].First+uint64(len(got[i-1].Samples)) || !w.Start.Equal(got[i-1].End())) {
			t.Errorf("chunk %d begins at %v, sample %d", i, w.Start, w.First)
		}
		for _, sample := range w.Samples {
			for _, f := range d.Push(int32(sample), false) {
				if f.Kind == ppg.PulseFound {
					pulses[i/60]++
				}
			}
		}
	}
	if pulses[0] < 65 || pulses[0] > 80 || pulses[1] > 10 { // some of them are noise that is taken for a pulse
		t.Errorf("%d pulses in the minute with 75 beats, %d in that with none", pulses[0], pulses[1])
	}
}

func TestCuffFindsNoPressureWithoutAPulse(t *testing.T) {
	spool := lived(t, "asystole 1h", patchRate, 11*time.Second, func(p home.Patient) []home.Wearable {
		return []home.Wearable{home.Cuff("020000000104", 5*time.Minute, p, home.Person{Systolic: 120, Diastolic: 75})}
	})
	for _, b := range spool.batches {
		for _, r := range b.Readings {
			if r.Absent == vitals.Present {
				t.Errorf("%+v", r)
			}
		}
	}
}

func TestMovesenseSendsItsECGWithoutAGap(t *testing.T) {
	spool := lived(t, "sinus 10s, leads-off 5s, sinus 1h", patchRate, 30*time.Second, func(p home.Patient) []home.Wearable {
		return []home.Wearable{&home.Movesense{ID: patch, Patient: p, RateHz: 250}}
	})
	got := waves(spool.of(patch))
	if len(got) != 29*16 { // 1.024 s each
		t.Fatalf("%d notifications", len(got))
	}
	for i, w := range got[1:] {
		if gap := w.Start.Sub(got[i].End()); gap.Abs() > 1100*time.Microsecond || w.First != got[i].First+gatt.MovesenseSamples {
			t.Errorf("notification %d begins %v after the one before, at sample %d", i+1, gap, w.First)
		}
	}
	want := []vitals.EventCode{vitals.DeviceConnected, vitals.BatteryLevel, vitals.ContactLost, vitals.ContactMade}
	if got := events(spool.of(patch)); !slices.Equal(got, want) {
		t.Errorf("told %v", got)
	}
}

func TestFaultsOfAHomeShowInWhatItSends(t *testing.T) {
	cuts := 0
	spool := &kept{}
	synctest.Test(t, func(t *testing.T) {
		patient := &home.Recording{Samples: make([]int16, 250), HeartRate: 70, Oxygen: 97}
		faults := fault.Plan{Corrupt: 0.2, ClockJump: time.Minute, Outage: time.Minute}.Home(1, 0)
		h := &home.Home{
			Patient: patient, Wearables: []home.Wearable{&home.Oximeter{ID: clip, Patient: patient, Air: faults}}, Spool: spool, Faults: faults,
			Cut: func(out bool) {
				if out {
					cuts++
				}
			},
		}
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
		defer cancel()
		if err := h.Run(ctx, time.Now()); err != nil {
			t.Fatal(err)
		}
	})
	told := lo.CountValues(events(spool.of(clip)))
	if told[vitals.DecodeFault] == 0 || told[vitals.ClockStep] != 2 || cuts < 100 || cuts > 140 {
		t.Errorf("told %v, cut off for %d of 300 s", told, cuts)
	}
}
