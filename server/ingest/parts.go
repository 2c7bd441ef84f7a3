package ingest

import (
	"context"
	"errors"
	"fmt"

	"vigil/devices/gateway"
	"vigil/devices/uplink"
	"vigil/vitals"
)

// maxDeposit bounds what is handed on at once, so that no message of the journal gets too large.
const maxDeposit = 256 << 10

// webhookAnswer is what a sender is told. Refused parts are kept aside for the staff: sending them again
// helps nobody.
type webhookAnswer struct {
	Stored  int           `json:"stored"`  // parts whose values are stored
	Passed  int           `json:"passed"`  // parts that were understood and carry nothing that is charted
	Refused []refusedPart `json:"refused"` // parts of which something was not charted
}

type refusedPart struct {
	Part   int    `json:"part"` // counted from 0
	Code   string `json:"code"`
	Reason string `json:"reason"`
	Kept   bool   `json:"kept"` // the rest of the part is stored
}

// DepositParts stores what was fetched for a gateway, and keeps aside what could not be read. It returns
// when all of it is on disk; an error wraps ErrUnavailable, and all is to be brought again.
func (h *Handler) DepositParts(ctx context.Context, sender vitals.HubID, parts []gateway.Part) error {
	_, err := h.depositParts(ctx, sender, parts)
	return err
}

func (h *Handler) depositParts(ctx context.Context, sender vitals.HubID, parts []gateway.Part) (webhookAnswer, error) {
	d := depositing{Handler: h, sender: sender, answer: webhookAnswer{Refused: []refusedPart{}}, strangers: map[vitals.DeviceID]*stranger{}}
	for i, p := range parts {
		if err := d.part(ctx, i, p); err != nil {
			return d.answer, err
		}
	}
	if err := d.flush(ctx); err != nil {
		return d.answer, err
	}
	return d.answer, d.keepStrangers(ctx)
}

// depositing is a payload whose parts are being stored.
type depositing struct {
	*Handler

	sender    vitals.HubID
	answer    webhookAnswer
	waiting   []vitals.Deposit
	of        []int // the part of each that waits
	weight    int
	strangers map[vitals.DeviceID]*stranger
}

// stranger is what came of a device that nobody wears: one record of it is enough for the staff, however
// many values an export has.
type stranger struct {
	reason  string // of the first
	payload []byte
	parts   int
}

func (d *depositing) part(ctx context.Context, i int, p gateway.Part) error {
	switch {
	case p.Err != nil:
		d.answer.refuse(i, uplink.CodeMalformed, p.Err.Error())
		if err := d.setAside(ctx, d.sender, p.Payload, p.Err); err != nil {
			return errors.Join(ErrUnavailable, err)
		}
		return nil
	case p.Batch.Empty():
		d.answer.Passed++
		return nil
	}
	deposit := vitals.Deposit{Source: d.sender, Batch: p.Batch, Payload: p.Payload}
	if _, became, err := d.examine(ctx, deposit, d.now()); err != nil {
		return errors.Join(ErrUnavailable, err)
	} else if became.Code == uplink.CodeUnbound {
		d.answer.refuse(i, became.Code, became.Reason)
		if s := d.strangers[p.Batch.Device]; s != nil {
			s.parts++
		} else {
			d.strangers[p.Batch.Device] = &stranger{reason: became.Reason, payload: p.Payload, parts: 1}
		}
		return nil
	}
	d.waiting, d.of = append(d.waiting, deposit), append(d.of, i)
	if d.weight += len(p.Payload); d.weight >= maxDeposit {
		return d.flush(ctx)
	}
	return nil
}

// flush stores what waits.
func (d *depositing) flush(ctx context.Context) error {
	became, err := d.Deposit(ctx, d.waiting, false)
	for i, b := range became {
		d.answer.add(d.of[i], b)
	}
	d.waiting, d.of, d.weight = nil, nil, 0
	return err
}

func (d *depositing) keepStrangers(ctx context.Context) error {
	for device, s := range d.strangers {
		if s.parts > 1 {
			s.reason += fmt.Sprintf("; %d more of its values were brought", s.parts-1)
		}
		r := vitals.Refusal{Stream: vitals.Stream{Hub: d.sender, Device: device}, Received: d.now(), Reason: s.reason, Payload: s.payload}
		if _, err := d.store.Quarantine(ctx, r); err != nil {
			return errors.Join(ErrUnavailable, err)
		}
		d.count(func(c *Counts) { c.Refused++ })
	}
	return nil
}

func (a *webhookAnswer) refuse(part int, code, reason string) {
	a.Refused = append(a.Refused, refusedPart{Part: part, Code: code, Reason: reason})
}

func (a *webhookAnswer) add(part int, d vitals.Deposited) {
	if d.Code == "" {
		a.Stored++
		return
	}
	a.Refused = append(a.Refused, refusedPart{Part: part, Code: d.Code, Reason: d.Reason, Kept: d.Kept})
}

// setAside keeps a payload, or a part of one, that cannot be read.
func (h *Handler) setAside(ctx context.Context, id vitals.HubID, payload []byte, cause error) error {
	refusal := vitals.Refusal{Stream: vitals.Stream{Hub: id}, Received: h.now(), Reason: cause.Error(), Payload: payload}
	_, err := h.store.Quarantine(ctx, refusal)
	if err == nil {
		h.count(func(c *Counts) { c.Refused++ })
	}
	return err
}
