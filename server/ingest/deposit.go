package ingest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/samber/lo"

	"vigil/devices/uplink"
	"vigil/vitals"
)

// Codes of a Deposited, beyond those that hubs hear.
const (
	codeOtherPatient = "other_patient" // the sender names somebody else than who wears the device
	codeTest         = "test"          // made-up values for a patient who is not
)

// depositPatience bounds how long a sender waits until what it brought is stored.
const depositPatience = 15 * time.Second

// Deposit takes what a sender without a spool of its own brings, and returns when it is stored. What
// became of each deposit stands in the answer, in their order. Where all is set, one that is refused, even
// in part, has all refused. What is refused is kept in quarantine.
//
// An error wraps ErrUnavailable: what is stored is not known, and all is to be brought again. Bringing
// something again changes nothing.
//
// Such a sender is no hub: nobody misses it when it is silent.
func (h *Handler) Deposit(ctx context.Context, deposits []vitals.Deposit, all bool) ([]vitals.Deposited, error) {
	ctx, cancel := context.WithTimeout(ctx, depositPatience)
	defer cancel()
	received := h.now()
	crossing := h.transit.enter(sourceOf(deposits), received)
	defer crossing.leave()
	answers := make([]vitals.Deposited, len(deposits))
	kept := make([]vitals.Batch, len(deposits))
	for i, d := range deposits {
		if err := h.limit(d.Source).Wait(ctx); err != nil {
			return nil, errors.Join(ErrUnavailable, err)
		}
		var err error
		if kept[i], answers[i], err = h.examine(ctx, d, received); err != nil {
			return nil, errors.Join(ErrUnavailable, err)
		}
	}
	refused := lo.ContainsBy(answers, func(a vitals.Deposited) bool { return a.Code != "" })
	if all && refused {
		for i := range answers {
			answers[i].Kept = false
		}
	}
	if lo.NoneBy(answers, func(a vitals.Deposited) bool { return a.Kept }) {
		crossing.leave()
	}
	last, err := h.publish(ctx, deliveries(answers, kept, received), crossing)
	if err == nil { // what is good waits for nothing that is refused
		err = h.keepRefused(ctx, deposits, answers, received)
	}
	if err == nil {
		err = h.settle(ctx, last)
	}
	if err != nil {
		return nil, errors.Join(ErrUnavailable, err)
	}
	return answers, nil
}

// Enter charts what staff observed of a patient, whom they name themselves, and returns when it is stored. After
// an error, which wraps ErrUnavailable, it is to be entered again.
func (h *Handler) Enter(ctx context.Context, patient vitals.PatientID, b vitals.Batch) error {
	ctx, cancel := context.WithTimeout(ctx, depositPatience)
	defer cancel()
	d := vitals.Delivery{Patient: patient, Stream: vitals.Stream{Device: b.Device}, Received: h.now(), Batch: b}
	last, err := h.publish(ctx, []vitals.Delivery{d}, h.transit.enter("", d.Received))
	if err == nil {
		err = h.settle(ctx, last)
	}
	if err != nil {
		return errors.Join(ErrUnavailable, err)
	}
	return nil
}

// sourceOf is who brings the deposits, all of them.
func sourceOf(deposits []vitals.Deposit) vitals.HubID {
	if len(deposits) == 0 {
		return ""
	}
	return deposits[0].Source
}

// examine says what may be charted of a deposit, and in whose record.
func (h *Handler) examine(ctx context.Context, d vitals.Deposit, received time.Time) (vitals.Batch, vitals.Deposited, error) {
	sifted, err := h.sift(ctx, d, received)
	if err != nil {
		return vitals.Batch{}, vitals.Deposited{}, err
	}
	if sifted.unbound != "" {
		return vitals.Batch{}, vitals.Deposited{Code: uplink.CodeUnbound, Reason: sifted.unbound}, nil
	}
	answer := vitals.Deposited{Patient: sifted.Patient, Flaws: sifted.flaws}
	if answer.Code, answer.Reason = contradicted(sifted.Binding, d); answer.Code != "" {
		answer.Flaws = nil
		return vitals.Batch{}, answer, nil
	}
	answer.Code, answer.Reason = summary(sifted.flaws, d.Place)
	answer.Kept = answer.Code == "" || !sifted.kept.Empty()
	return sifted.kept, answer, nil
}

// contradicted is why the sender and the binding cannot both be right about the patient.
func contradicted(b vitals.Binding, d vitals.Deposit) (code, reason string) {
	switch {
	case d.Patient != "" && d.Patient != b.Patient,
		len(d.Records) > 0 && !slices.Contains(d.Records, b.Record):
		return codeOtherPatient, fmt.Sprintf("device %s is bound to another patient than the one who is named", d.Batch.Device)
	case d.Test && !b.Test:
		return codeTest, fmt.Sprintf("test data, and the patient to whom device %s is bound is no test patient", d.Batch.Device)
	default:
		return "", ""
	}
}

func (h *Handler) keepRefused(ctx context.Context, deposits []vitals.Deposit, answers []vitals.Deposited, received time.Time) error {
	for i, a := range answers {
		if a.Code == "" {
			continue
		}
		d := deposits[i]
		origin := vitals.Stream{Hub: d.Source, Device: d.Batch.Device}
		_, err := h.store.Quarantine(ctx, vitals.Refusal{Stream: origin, Received: received, Reason: a.Reason, Payload: d.Payload})
		if err != nil {
			return err
		}
		h.count(func(c *Counts) { *lo.Ternary(a.Kept, &c.Partial, &c.Refused)++ })
	}
	return nil
}

// publish returns when the journal has all deliveries, and where the last of each patient is. The crossing ends then.
func (h *Handler) publish(ctx context.Context, all []vitals.Delivery, crossing *crossing) (map[vitals.PatientID]vitals.Place, error) {
	last := map[vitals.PatientID]vitals.Place{}
	for _, d := range all {
		at, err := h.journal.Append(ctx, d)
		if err != nil {
			h.refused(ctx, crossing, err)
			return nil, err
		}
		h.count(func(c *Counts) { c.Received++ })
		last[d.Patient] = at
	}
	crossing.arrive(nil, h.now())
	return last, nil
}

// settle returns when everything up to those places is stored.
func (h *Handler) settle(ctx context.Context, last map[vitals.PatientID]vitals.Place) error {
	for patient, at := range last {
		if err := h.owner.Settle(ctx, patient, at); err != nil {
			return err
		}
	}
	return nil
}
