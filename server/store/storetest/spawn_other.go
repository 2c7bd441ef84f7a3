//go:build !linux

package storetest

import (
	"os/exec"
	"syscall"
)

// unprivileged has nothing to arrange here: PostgreSQL itself refuses a privileged user.
func unprivileged(string) (*syscall.SysProcAttr, error) { return &syscall.SysProcAttr{}, nil }

func startTied(cmd *exec.Cmd) error { return cmd.Start() }
