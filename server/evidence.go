package main

import (
	"context"
	"time"

	"vigil/alerts"
	"vigil/vitals/ecg/model"
)

const freezeEvery = 10 * time.Second

// programVersion says what decides about alarms here, for everything that is sealed.
func programVersion() string {
	return "vigil " + version + ", rules " + alerts.RulesVersion() + ", detector " + model.Version()
}

// freezeEvidence keeps what alarms rest on. What is due is in the database, so a restart forgets nothing.
func (a *app) freezeEvidence(ctx context.Context) {
	every(ctx, freezeEvery, func(now time.Time) {
		if err := a.store.FreezeEvidence(ctx, now); err != nil && ctx.Err() == nil {
			a.log.Warn("evidence of alarms not frozen, trying again", "error", err)
		}
	})
}
