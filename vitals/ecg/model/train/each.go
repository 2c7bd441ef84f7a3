package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"sync"
)

// each does something for the numbers below n, as many at a time as there are processors, and waits for all.
func each(n int, do func(i int) error) error {
	failed := make([]error, n)
	free := make(chan struct{}, runtime.NumCPU())
	var group sync.WaitGroup
	for i := range n {
		group.Go(func() {
			free <- struct{}{}
			defer func() { <-free }()
			failed[i] = do(i)
		})
	}
	group.Wait()
	return errors.Join(failed...)
}

// readNoises reads recordings of noise alone.
func readNoises(data string) (map[string]*signal, error) {
	out := map[string]*signal{}
	for _, name := range []string{"em", "bw"} {
		noise, _, err := readSignal(filepath.Join(data, "nstdb"), name, 0)
		if err != nil {
			return nil, fmt.Errorf("read noise: %w", err)
		}
		out[name] = noise
	}
	return out, nil
}
