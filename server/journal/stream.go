package journal

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/nats-io/nats.go/jetstream"
)

// The layout of the journal. Changing it needs an empty journal.
const (
	streamName    = "IN"
	streamSubject = "in.>"
	clusterCopies = 3
)

// streamConfig is what the stream has to be.
func (j *Journal) streamConfig(id identity) jetstream.StreamConfig {
	meta := map[string]string{}
	id.write(meta)
	copies := 1
	if j.talk.ConnectedClusterName() != "" {
		copies = clusterCopies
	}
	return jetstream.StreamConfig{
		Name:        streamName,
		Description: "Vigil: deliveries on their way from ingest to the monitors",
		Subjects:    []string{streamSubject},
		Retention:   jetstream.LimitsPolicy,
		Storage:     jetstream.FileStorage,
		Discard:     jetstream.DiscardOld,
		MaxAge:      j.cfg.MaxAge,
		MaxBytes:    j.cfg.MaxBytes,
		Replicas:    copies,
		Metadata:    meta,
	}
}

func (j *Journal) streamInfo(ctx context.Context) (*jetstream.StreamInfo, error) {
	stream, err := j.publisher.Stream(ctx, streamName)
	if err != nil {
		return nil, fmt.Errorf("look up stream %s: %w", streamName, err)
	}
	return stream.CachedInfo(), nil // looked up just now
}

// ensureStream creates the stream or brings its limits up to date, and reads it back, because old
// servers ignore settings silently.
func (j *Journal) ensureStream(ctx context.Context) (*jetstream.StreamInfo, error) {
	info, err := j.streamInfo(ctx)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		_, err = j.publisher.CreateStream(ctx, j.streamConfig(newIdentity()))
		if err != nil && !errors.Is(err, jetstream.ErrStreamNameAlreadyInUse) { // another node was faster
			return nil, fmt.Errorf("create stream %s: %w", streamName, err)
		}
		info, err = j.streamInfo(ctx)
	}
	if err != nil {
		return nil, err
	}
	if err := sameNature(info.Config, j.streamConfig(identity{})); err != nil {
		return nil, err
	}
	id := readIdentity(info.Config.Metadata)
	if id.ID == "" { // made by hand, or by another program
		id = newIdentity()
	}
	return j.updateStream(ctx, info, id)
}

// updateStream writes limits and identity where they differ.
func (j *Journal) updateStream(ctx context.Context, info *jetstream.StreamInfo, id identity) (*jetstream.StreamInfo, error) {
	want := j.streamConfig(id)
	if sameLimits(info.Config, want) != nil || readIdentity(info.Config.Metadata).ID != id.ID {
		changed := info.Config
		changed.MaxAge, changed.MaxBytes, changed.Replicas = want.MaxAge, want.MaxBytes, want.Replicas
		changed.Metadata = maps.Clone(info.Config.Metadata)
		if changed.Metadata == nil {
			changed.Metadata = map[string]string{}
		}
		id.write(changed.Metadata)
		if _, err := j.publisher.UpdateStream(ctx, changed); err != nil {
			return nil, fmt.Errorf("update stream %s: %w", streamName, err)
		}
		var err error
		if info, err = j.streamInfo(ctx); err != nil {
			return nil, err
		}
	}
	if err := errors.Join(sameNature(info.Config, want), sameLimits(info.Config, want)); err != nil {
		return nil, err
	}
	if readIdentity(info.Config.Metadata).ID == "" {
		return nil, fmt.Errorf("stream %s does not keep its metadata: %w", streamName, ErrUnfit)
	}
	j.remember(info)
	return info, nil
}

// sameNature compares what cannot be changed without losing messages or meaning.
func sameNature(have, want jetstream.StreamConfig) error {
	switch {
	case !slices.Equal(have.Subjects, want.Subjects):
		return differs("subjects", have.Subjects, want.Subjects)
	case have.Storage != want.Storage:
		return differs("storage", have.Storage, want.Storage)
	case have.Retention != want.Retention:
		return differs("retention", have.Retention, want.Retention)
	case have.Discard != want.Discard:
		return differs("discard policy", have.Discard, want.Discard)
	case have.MaxMsgs > 0 || have.MaxMsgsPerSubject > 0:
		return differs("limit of messages", max(have.MaxMsgs, have.MaxMsgsPerSubject), "none")
	case have.NoAck || have.Sealed || have.Mirror != nil || len(have.Sources) > 0:
		return differs("kind", "sealed, mirrored, sourced or without confirmations", "a plain stream")
	}
	return nil
}

// sameLimits compares what follows the configuration.
func sameLimits(have, want jetstream.StreamConfig) error {
	switch {
	case have.MaxAge != want.MaxAge:
		return differs("max age", have.MaxAge, want.MaxAge)
	case have.MaxBytes != want.MaxBytes:
		return differs("max bytes", have.MaxBytes, want.MaxBytes)
	case have.Replicas != want.Replicas:
		return differs("replicas", have.Replicas, want.Replicas)
	}
	return nil
}

func differs(what string, have, want any) error {
	return fmt.Errorf("stream %s has %s %v where vigil needs %v; delete the stream or use another server: %w",
		streamName, what, have, want, ErrUnfit)
}
