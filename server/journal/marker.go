package journal

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

const markerName = "vigil-journal.json"

// marker lies beside the files of the embedded server and says what they held when they were last
// in use, which the files themselves cannot: they may have been cut.
type marker struct {
	Journal string `json:"journal"`
	Last    uint64 `json:"last"` // newest message known; exact when Clean
	Boot    string `json:"boot"` // of the machine, while which the journal was in use
	Clean   bool   `json:"clean"`
}

// mayHaveLost reports whether messages that were once confirmed may be missing at the end. A
// process that dies takes nothing with it, for the operating system has its writes; a machine that
// dies does.
func (m marker) mayHaveLost(last uint64, boot string) bool {
	crashed := !m.Clean && (m.Boot == "" || m.Boot != boot)
	return crashed || last < m.Last
}

// bootID names the machine's current run; empty where the system does not tell.
func bootID() string {
	id, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(id))
}

// readMarker is the marker in the folder; the zero marker where there is none to be read.
func readMarker(dir string) marker {
	data, err := os.ReadFile(filepath.Join(filepath.Clean(dir), markerName))
	if err != nil {
		return marker{}
	}
	var m marker
	if json.Unmarshal(data, &m) != nil {
		return marker{}
	}
	return m
}

// writeMarker replaces the marker in one step.
func writeMarker(dir string, m marker) error {
	data, err := json.Marshal(m)
	if err != nil {
		return fmt.Errorf("encode the journal's marker: %w", err)
	}
	path := filepath.Join(dir, markerName)
	file, err := os.OpenFile(filepath.Clean(path+".new"), os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("write the journal's marker: %w", err)
	}
	_, err = file.Write(data)
	if err == nil {
		err = file.Sync()
	}
	if closed := file.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Rename(path+".new", path)
	}
	if err != nil {
		return fmt.Errorf("write the journal's marker: %w", err)
	}
	return nil
}
