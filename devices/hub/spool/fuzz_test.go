package spool_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"vigil/devices/hub/spool"
)

// FuzzAnyBytesOnTheDisk opens whatever a disk may hold; the hub goes on measuring.
func FuzzAnyBytesOnTheDisk(f *testing.F) {
	dir := f.TempDir()
	s, err := spool.Open(spool.Config{Dir: dir}, noon)
	if err != nil {
		f.Fatal(err)
	}
	if err := errors.Join(s.Add(pulse(patch, 70), synced, noon), s.Add(chunk(clip, 50), synced, noon), s.Close()); err != nil {
		f.Fatal(err)
	}
	names, err := filepath.Glob(filepath.Join(dir, "*.seg"))
	if err != nil {
		f.Fatal(err)
	}
	content, err := os.ReadFile(names[0])
	if err != nil {
		f.Fatal(err)
	}
	f.Add(content)
	f.Add(append(content[1:], content[:40]...))
	f.Fuzz(func(t *testing.T, content []byte) {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "0000000000000001.seg"), content, 0o600); err != nil {
			t.Fatal(err)
		}
		s := open(t, spool.Config{Dir: dir}, noon)
		add(t, s, noon, pulse(patch, 71))
		if all := drain(t, s, noon); len(all) == 0 {
			t.Error("the hub measures in vain")
		}
	})
}
