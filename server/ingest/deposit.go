package ingest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
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
	if err := h.keepRefused(ctx, deposits, answers, received); err != nil {
		return nil, errors.Join(ErrUnavailable, err)
	}
	if err := h.publishAndSettle(ctx, deliveries(answers, kept, received)); err != nil {
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
	if err := h.publishAndSettle(ctx, []vitals.Delivery{d}); err != nil {
		return errors.Join(ErrUnavailable, err)
	}
	return nil
}

// examine says what may be charted of a deposit, and in whose record.
func (h *Handler) examine(ctx context.Context, d vitals.Deposit, received time.Time) (vitals.Batch, vitals.Deposited, error) {
	first := firstTime(d.Batch, received)
	binding, bound, err := h.binder.binding(ctx, d.Batch.Device, first)
	if err != nil {
		return vitals.Batch{}, vitals.Deposited{}, err
	}
	origin := vitals.Stream{Hub: d.Source, Device: d.Batch.Device}
	if reason := unbound(binding, bound, origin, first); reason != "" {
		return vitals.Batch{}, vitals.Deposited{Code: uplink.CodeUnbound, Reason: reason}, nil
	}
	answer := vitals.Deposited{Patient: binding.Patient}
	if answer.Code, answer.Reason = contradicted(binding, d); answer.Code != "" {
		return vitals.Batch{}, answer, nil
	}
	var batch vitals.Batch
	batch, answer.Code, answer.Reason = sift(d.Batch, received)
	answer.Kept = answer.Code == "" || !batch.Empty()
	return batch, answer, nil
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

// deliveries puts together what is of one device and goes into one record, however many deposits it came
// in: a gateway sends each second of an oximeter as a resource of its own.
func deliveries(answers []vitals.Deposited, kept []vitals.Batch, received time.Time) []vitals.Delivery {
	type place struct {
		patient vitals.PatientID
		device  vitals.DeviceID
	}
	merged := map[place]*vitals.Delivery{}
	for i, a := range answers {
		batch := kept[i]
		if !a.Kept || batch.Empty() {
			continue
		}
		at := place{a.Patient, batch.Device}
		d := merged[at]
		if d == nil {
			d = &vitals.Delivery{
				Patient: a.Patient, Stream: vitals.Stream{Device: batch.Device}, Received: received,
				Batch: vitals.Batch{Device: batch.Device},
			}
			merged[at] = d
		}
		d.Batch.Readings = append(d.Batch.Readings, batch.Readings...)
		d.Batch.Waveforms = append(d.Batch.Waveforms, batch.Waveforms...)
		d.Batch.Events = append(d.Batch.Events, batch.Events...)
	}
	all := lo.Map(slices.Collect(maps.Values(merged)), func(d *vitals.Delivery, _ int) vitals.Delivery {
		sortByTime(d.Batch)
		return *d
	})
	slices.SortFunc(all, func(a, b vitals.Delivery) int { return strings.Compare(string(a.Batch.Device), string(b.Batch.Device)) })
	return all
}

// sortByTime puts a batch into the order in which the device measured: that of a bundle's entries means
// nothing, and engines read forward.
func sortByTime(b vitals.Batch) {
	slices.SortStableFunc(b.Readings, func(a, b vitals.Reading) int { return a.Time.Compare(b.Time) })
	slices.SortStableFunc(b.Waveforms, func(a, b vitals.Waveform) int { return a.Start.Compare(b.Start) })
	slices.SortStableFunc(b.Events, func(a, b vitals.Event) int { return a.Time.Compare(b.Time) })
}

// publishAndSettle returns when all deliveries are stored.
func (h *Handler) publishAndSettle(ctx context.Context, all []vitals.Delivery) error {
	last := map[vitals.PatientID]vitals.Place{}
	for _, d := range all {
		at, err := h.journal.Append(ctx, d)
		if err != nil {
			return err
		}
		h.count(func(c *Counts) { c.Received++ })
		last[d.Patient] = at
	}
	for patient, at := range last {
		if err := h.owner.Settle(ctx, patient, at); err != nil {
			return err
		}
	}
	return nil
}
