package main_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// tie has the kernel end the child with this process.
func tie(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }

// starved is how long the threads of a process have waited for a processor so far, all together: what a machine that
// is busy with other things adds to all times.
func starved(pid int) (waited time.Duration) {
	threads, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", pid)) // the pattern is well-formed
	for _, path := range threads {
		said, err := os.ReadFile(path)
		if err != nil {
			continue // it has ended
		}
		var ran, queued time.Duration
		if _, err := fmt.Sscan(string(said), &ran, &queued); err == nil {
			waited += queued
		}
	}
	return waited
}
