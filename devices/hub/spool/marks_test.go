package spool_test

import (
	"testing"
	"time"

	"vigil/devices/hub/spool"
	"vigil/vitals"
)

func fetch(t *testing.T, s *spool.Spool, keys ...uint64) {
	t.Helper()
	for _, k := range keys {
		must(t, s.AddRecord(pulse(patch, int64(60+k)), spool.Mark{Source: "2a18", Key: k}, synced, noon))
	}
}

func TestRecordsOfADeviceAreRememberedThroughARestart(t *testing.T) {
	dir := t.TempDir()
	s := open(t, spool.Config{Dir: dir}, noon)
	fetch(t, s, 1, 2)
	must(t, s.Settle(patch, spool.Mark{Source: "2a18", Key: 2}, nil, noon))
	fetch(t, s, 4) // and then the connection was lost
	must(t, s.AddRecord(vitals.Batch{Device: patch}, spool.Mark{Source: "2a18", Key: 5}, synced, noon))
	must(t, s.Close())

	s = open(t, spool.Config{Dir: dir}, noon)
	got := s.Fetched(patch, "2a18")
	for key, want := range map[uint64]bool{1: true, 2: true, 3: false, 4: true, 5: true, 6: false} {
		if got.Has(key) != want {
			t.Errorf("record %d is known: %t", key, !want)
		}
	}
	if s.Fetched(clip, "2a18").Has(1) || s.Fetched(patch, "2a5e").Has(1) {
		t.Error("another source is known")
	}
}

func TestMarksOutliveTheSegmentThatTheyWereWrittenIn(t *testing.T) {
	dir := t.TempDir()
	s := open(t, spool.Config{Dir: dir}, noon)
	fetch(t, s, 1, 2)
	must(t, s.Sync(noon))
	all := drain(t, s, noon)
	must(t, s.Ack(stored(all[0], 2), noon))
	must(t, s.Sync(noon.Add(2*time.Hour)))   // another segment begins
	must(t, s.Sync(noon.Add(100*time.Hour))) // the first one goes
	must(t, s.Close())
	s = open(t, spool.Config{Dir: dir}, noon.Add(100*time.Hour))
	if got := s.Fetched(patch, "2a18"); !got.Has(1) || !got.Has(2) {
		t.Errorf("%+v", got)
	}
}

func TestSensorsNewSessionBeginsAnew(t *testing.T) {
	s := open(t, spool.Config{Dir: t.TempDir()}, noon)
	must(t, s.Settle(patch, spool.Mark{Source: "2aa7 first", Key: 500}, nil, noon))
	must(t, s.Settle(patch, spool.Mark{Source: "2aa7 second", Key: 3}, []uint64{7}, noon))
	if s.Fetched(patch, "2aa7 first").Has(1) {
		t.Error("a session that is over is remembered for ever")
	}
	if got := s.Fetched(patch, "2aa7 second"); !got.Has(3) || got.Has(4) || !got.Has(7) {
		t.Errorf("%+v", got)
	}
}
