package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"
)

// run serves until ctx ends, then stops in order: no new input, the last checkpoint, the rest.
func (a *app) run(ctx context.Context) error {
	background, stopBackground := context.WithCancel(context.WithoutCancel(ctx))
	defer stopBackground()
	failed := make(chan error, 2)
	var running sync.WaitGroup
	running.Go(func() { failed <- a.serveHTTP() })
	running.Go(func() { a.feed.Run(background, feedRefresh) })
	running.Go(func() { a.prune(background) })
	running.Go(func() { a.clouds.Run(background) })
	recording, stopRecording := context.WithCancel(context.WithoutCancel(ctx))
	running.Go(func() {
		a.audit.Run(recording)
		a.witnessOnce(recording) // what was added since the last time
	})
	running.Go(func() { a.witness(background) })
	running.Go(func() { a.freezeEvidence(background) })
	running.Go(func() { a.watchSelf(background) })
	running.Go(func() { a.feed.Probe(background, a.dog.came, a.dog.shows) })
	running.Go(func() { a.dog.try(background) })
	running.Go(func() { a.dog.watch(background) })
	running.Go(func() { a.watchSites(background) })
	running.Go(func() {
		defer stopRecording() // what arrived at the last moment is noted, too
		a.calls.Run(background)
	})
	var watching sync.WaitGroup
	watch, stopWatching := context.WithCancel(context.WithoutCancel(ctx))
	defer stopWatching()
	watching.Go(func() {
		if err := a.monitor.Run(watch); err != nil {
			failed <- fmt.Errorf("watch the patients: %w", err)
		}
	})
	var cause error
	select {
	case <-ctx.Done():
		a.log.Info("stopping")
	case cause = <-failed:
	}
	return errors.Join(cause, a.stop(ctx, stopWatching, &watching, stopBackground, &running))
}

func (a *app) stop(
	ctx context.Context, stopWatching func(), watching *sync.WaitGroup, stopBackground func(), running *sync.WaitGroup,
) error {
	a.screens.Close()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownLimit)
	defer cancel()
	err := a.http.Shutdown(ctx)
	stopWatching()
	watching.Wait()
	stopBackground()
	running.Wait()
	return errors.Join(err, a.close())
}

func (a *app) serveHTTP() error {
	var err error
	if a.http.TLSConfig != nil {
		err = a.http.ServeTLS(a.listener, "", "")
	} else {
		err = a.http.Serve(a.listener)
	}
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return fmt.Errorf("serve HTTP: %w", err)
}

// prune deletes what is older than its retention, once an hour.
func (a *app) prune(ctx context.Context) {
	tick := time.NewTicker(pruneEvery)
	defer tick.Stop()
	for {
		now := time.Now()
		if err := a.store.Prune(ctx, now.Add(-a.cfg.RetentionWaveform), now.Add(-a.cfg.RetentionSeries)); err != nil && ctx.Err() == nil {
			a.log.Warn("old data could not be deleted", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func ignoreClosed(err error) error {
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}
