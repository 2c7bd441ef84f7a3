package journal

import (
	"context"
	"encoding/base32"
	"fmt"
	"strconv"
	"strings"

	"github.com/nats-io/nats.go"

	"vigil/vitals"
)

// Publish appends the delivery to its patient's partition and returns when the journal has
// confirmed it. The error wraps ErrUnavailable when it has not; the delivery may be in the journal
// all the same, and sending it again does no harm.
func (j *Journal) Publish(ctx context.Context, d vitals.Delivery) error {
	_, err := j.Append(ctx, d)
	return err
}

// Begin appends the delivery behind everything that was begun before, and does not wait for the journal to have
// it: that is what confirmed does. Who has many to publish begins them all, and then asks. Whether anybody asks or
// not, arrived is told once what became of a delivery that was begun, within PublishTimeout; it must not wait.
func (j *Journal) Begin(d vitals.Delivery, arrived func(error)) (confirmed func(context.Context) error, err error) {
	data, err := encodeDelivery(d)
	if err != nil {
		return nil, err
	}
	unavailable := func(err error) error {
		return fmt.Errorf("publish to partition %d: %w: %w", vitals.PartitionOf(d.Patient), ErrUnavailable, err)
	}
	msg := &nats.Msg{Subject: subjectOf(d), Data: data}
	j.begun.Store(msg, arrived)
	future, err := j.publisher.PublishMsgAsync(msg)
	if err != nil {
		j.begun.Delete(msg)
		return nil, unavailable(err)
	}
	return func(ctx context.Context) error {
		select {
		case <-future.Ok():
			return nil
		case err := <-future.Err():
			return unavailable(err)
		case <-ctx.Done():
			return unavailable(ctx.Err())
		}
	}, nil
}

// became tells whoever began the message what became of it.
func (j *Journal) became(msg *nats.Msg, fault error) {
	if arrived, known := j.begun.LoadAndDelete(msg); known {
		arrived.(func(error))(fault) // as Begin puts it
	}
}

// Append is Publish for a sender who waits until the delivery is stored: it also says where it is.
func (j *Journal) Append(ctx context.Context, d vitals.Delivery) (vitals.Place, error) {
	data, err := encodeDelivery(d)
	if err != nil {
		return vitals.Place{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, j.cfg.PublishTimeout)
	defer cancel()
	confirmed, err := j.publisher.Publish(ctx, subjectOf(d), data)
	if err != nil {
		return vitals.Place{}, fmt.Errorf("publish to partition %d: %w: %w", vitals.PartitionOf(d.Patient), ErrUnavailable, err)
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	return vitals.Place{Journal: j.identity.ID, Seq: confirmed.Sequence}, nil
}

// subjectOf is in.<partition>.<patient>.<what it carries>.
func subjectOf(d vitals.Delivery) string {
	what := "evt"
	switch {
	case len(d.Batch.Waveforms) > 0:
		what = "wave"
	case len(d.Batch.Readings) > 0:
		what = "obs"
	}
	return "in." + strconv.Itoa(vitals.PartitionOf(d.Patient)) + "." + token(d.Patient) + "." + what
}

func partitionSubject(partition int) string { return "in." + strconv.Itoa(partition) + ".>" }

// token is the patient's id as one token of a subject. Different ids make different tokens: an
// encoded one begins with a sign that plain ones do not have.
func token(p vitals.PatientID) string {
	plain := p != "" && strings.IndexFunc(string(p), func(r rune) bool {
		letter := 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9'
		return !letter && r != '-' && r != '_'
	}) < 0
	if plain {
		return string(p)
	}
	return "~" + base32.HexEncoding.WithPadding(base32.NoPadding).EncodeToString([]byte(p))
}
