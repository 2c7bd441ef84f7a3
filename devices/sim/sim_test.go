package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"log/slog"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"vigil/devices/sim/fake"
	"vigil/devices/sim/heart"
	"vigil/devices/uplink"
	"vigil/vitals"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func noEnv(string) string { return "" }

func TestCommandLineFaultsAreToldAllAtOnce(t *testing.T) {
	for _, tc := range []struct {
		story string
		args  string
		told  []string
	}{
		{"no password", "", []string{"no password"}},
		{"several at once", "-password x -homes 0 -mqtt here -record 208 extra", []string{"-homes 0", "-mqtt", "-wfdb", "extra"}},
		{"a rhythm that does not exist", "-password x -script tango@3", []string{"tango"}},
		{"a fault that does not exist", "-password x -faults fire", []string{"fire"}},
		{"a spoilt measurement", "-password x -faults corrupt_1% -load 3", []string{"corrupt_1%"}},
		{"a recording and a script", "-password x -wfdb d -script vf", []string{"script"}},
		{"a recording under load", "-password x -wfdb d -load 3", []string{"-wfdb goes with neither"}},
		{"too many", "-password x -load 99999", []string{"-load 99999"}},
	} {
		t.Run(tc.story, func(t *testing.T) {
			_, err := parse(strings.Fields(tc.args), noEnv, io.Discard)
			for _, told := range tc.told {
				if err == nil || !strings.Contains(err.Error(), told) {
					t.Errorf("%v does not tell %q", err, told)
				}
			}
		})
	}
	if _, err := parse([]string{"-h"}, noEnv, io.Discard); !errors.Is(err, flag.ErrHelp) {
		t.Errorf("%v", err)
	}
}

func TestPasswordComesFromTheEnvironment(t *testing.T) {
	o, err := parse([]string{"-load", "5"}, func(name string) string { return name }, io.Discard)
	if err != nil || o.password != "VIGIL_ADMIN_PASSWORD" || o.runFor != loadDefault {
		t.Errorf("%+v, %v", o, err)
	}
}

func TestDemonstrationHasOneTrueAlarmSoonAndIsCalmElsewhere(t *testing.T) {
	calm, soon := 0, 0
	rates := map[float64]bool{}
	for n := range 16 {
		script, err := scriptOf(n, nil)
		if err != nil {
			t.Fatal(err)
		}
		rates[heartOf(n, options{}).Rate] = true
		if len(script) == 1 && script[0].Rhythm == heart.Sinus {
			calm++
		}
		at := time.Duration(0)
		for _, step := range script {
			if step.Rhythm == heart.VF && at+10*time.Second < time.Minute {
				soon++
			}
			at += step.For
		}
	}
	if calm < 9 || soon != 1 || len(rates) < 12 {
		t.Errorf("%d calm homes, %d alarms within a minute, %d resting rates", calm, soon, len(rates))
	}
}

func TestEveryDeviceOfEveryHomeHasAnIDOfItsOwn(t *testing.T) {
	seen := map[vitals.DeviceID]bool{}
	for n := range 300 {
		for _, h := range []struct{ addresses int }{{demoRange}, {loadRange}} {
			for _, which := range []int{patchDevice, oximeterDevice, strapDevice} {
				id := deviceID(h.addresses, n+1, which)
				if again, err := vitals.ParseDeviceID(string(id)); err != nil || again != id || seen[id] {
					t.Fatalf("%s: %v, seen %t", id, err, seen[id])
				}
				seen[id] = true
			}
		}
	}
	if !uplink.ValidHub(demoHome(9999).Hub) || !uplink.ValidHub(loadHome(9999).Hub) {
		t.Error("a hub's name cannot stand in a topic")
	}
}

// server is everything that simulated homes need, in memory.
func server(t *testing.T, broker *fake.Broker) (args []string, desk *fake.Desk) {
	t.Helper()
	desk = &fake.Desk{Password: "pw", NotReady: 1}
	if broker.Heard == nil {
		broker.Heard = func(_ vitals.HubID, m uplink.Message) { desk.Show(m.Batch, time.Now()) }
	}
	broker.Secret = "sesame"
	if err := broker.Listen(t.Context()); err != nil {
		t.Fatal(err)
	}
	rest := httptest.NewServer(desk.Handler())
	t.Cleanup(func() {
		desk.Close()
		rest.Close()
		if err := broker.Close(); err != nil {
			t.Error(err)
		}
	})
	state := filepath.Join(t.TempDir(), "hubs.json")
	return []string{"-url", rest.URL, "-mqtt", broker.Addr(), "-password", "pw", "-state", state}, desk
}

func TestLoadIsAcknowledgedAndMeasured(t *testing.T) {
	args, _ := server(t, &fake.Broker{})
	var out bytes.Buffer
	if err := run(t.Context(), append(args, "-load", "4", "-for", "2500ms"), noEnv, &out, io.Discard); err != nil {
		t.Fatal(err)
	}
	var s summary
	if err := json.Unmarshal(out.Bytes(), &s); err != nil {
		t.Fatal(err)
	}
	if !s.Passed || s.Made < 24 || s.Stored != s.Made || s.Queue != 0 {
		t.Errorf("%+v", s)
	}
	if s.Trace == nil || s.Trace.Pieces == 0 || s.Trace.P50 < 0 || s.Trace.P99 < s.Trace.P50 || s.Trace.Max > 5000 {
		t.Errorf("%+v", s.Trace)
	}
}

func TestRefusedLoadIsAFailure(t *testing.T) {
	args, _ := server(t, &fake.Broker{Refuse: func(m uplink.Message) string {
		if m.Seq == 2 {
			return uplink.CodeUnbound
		}
		return ""
	}})
	err := run(t.Context(), append(args, "-load", "1", "-for", "1500ms"), noEnv, io.Discard, io.Discard)
	if !errors.Is(err, errUnacknowledged) {
		t.Errorf("%v", err)
	}
}

func TestHomesSendUntilTheyAreInterrupted(t *testing.T) {
	heard := make(chan uplink.Message, 1000)
	args, desk := server(t, &fake.Broker{Heard: func(_ vitals.HubID, m uplink.Message) { heard <- m }})
	ctx, interrupt := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() {
		if err := run(ctx, append(args, "-homes", "2"), noEnv, io.Discard, io.Discard); err != nil {
			t.Errorf("run: %v", err)
		}
	})
	kinds := map[vitals.Kind]bool{}
	// ECG of a strap, ECG II of a patch, SpO2, pulse rate, perfusion and heart rate; of a cuff three kinds, of
	// thermometer and scale one each
	for len(kinds) < 11 {
		m := <-heard
		for _, r := range m.Batch.Readings {
			kinds[r.Kind] = true
		}
		for _, w := range m.Batch.Waveforms {
			kinds[w.Kind] = true
		}
		delete(kinds, vitals.RRInterval) // comes with some beats only
	}
	interrupt()
	running.Wait()
	if desk.Count("patients") != 2 || desk.Count("devices") != 9 || desk.Count("bindings") != 9 {
		t.Errorf("%d patients, %d devices, %d bindings", desk.Count("patients"), desk.Count("devices"), desk.Count("bindings"))
	}
}

func TestWrongPasswordEndsAtOnce(t *testing.T) {
	args, _ := server(t, &fake.Broker{})
	err := run(t.Context(), append(args, "-password", "wrong"), noEnv, io.Discard, io.Discard)
	if err == nil || !strings.Contains(err.Error(), "sign in as admin") {
		t.Errorf("%v", err)
	}
}

func TestRecordIsPlayed(t *testing.T) {
	folder := os.Getenv("VIGIL_PHYSIONET")
	if folder == "" {
		t.Skip("VIGIL_PHYSIONET is not set: no record to play")
	}
	o := options{wfdb: filepath.Join(folder, "mitdb"), record: "208", start: 5 * time.Minute, homes: 16}
	residents, err := o.residents()
	if err != nil {
		t.Fatal(err)
	}
	first := residents[0]
	b, err := first.worn[0].Measure(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	w := b.Waveforms[0]
	if w.Rate != (vitals.Rate{Num: 360, Den: 1}) || len(w.Samples) != 360 || slices.Max(w.Samples)-slices.Min(w.Samples) < 500 {
		t.Errorf("%d samples at %v, %d to %d µV", len(w.Samples), w.Rate, slices.Min(w.Samples), slices.Max(w.Samples))
	}
	o.start = 5 * time.Hour
	if _, err := o.residents(); !errors.Is(err, errNoRecord) {
		t.Errorf("beginning behind the end: %v", err)
	}
}

func TestOnlyWarningsPassUnderLoad(t *testing.T) {
	var out bytes.Buffer
	log := slog.New(warnings{slog.NewTextHandler(&out, nil)})
	log.Info("all is well")
	log.Warn("it is not")
	if s := out.String(); strings.Contains(s, "well") || !strings.Contains(s, "not") {
		t.Error(s)
	}
}
