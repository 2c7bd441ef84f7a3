package ingest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

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
	Part   int    `json:"part"`            // counted from 0
	Place  string `json:"place,omitempty"` // in the payload, as a path
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
	d := depositing{
		Handler: h, sender: sender, parts: parts,
		answer: webhookAnswer{Refused: []refusedPart{}}, strangers: map[vitals.DeviceID]*stranger{},
	}
	var fault error // the first; what cannot be looked up or kept aside holds up nothing that is good
	for i := range parts {
		if err := d.part(ctx, i); errors.Is(err, errNotStored) {
			return d.answer, err
		} else if fault == nil {
			fault = err
		}
	}
	for _, keep := range []func(context.Context) error{d.flush, d.keepUnreadable, d.keepStrangers} {
		if err := keep(ctx); err != nil {
			return d.answer, err
		}
	}
	slices.SortStableFunc(d.answer.Refused, func(a, b refusedPart) int { return cmp.Compare(a.Part, b.Part) })
	return d.answer, fault
}

// depositing is a payload whose parts are being stored.
type depositing struct {
	*Handler

	sender     vitals.HubID
	parts      []gateway.Part
	answer     webhookAnswer
	waiting    []vitals.Deposit
	of         []int // the part of each that waits
	weight     int
	unreadable []int // the parts of which nothing can be read
	strangers  map[vitals.DeviceID]*stranger
}

// stranger is what came of a device that nobody wears: one record of it is enough for the staff, however
// many values an export has.
type stranger struct {
	reason  string // of the first
	payload []byte
	parts   int
}

func (d *depositing) part(ctx context.Context, i int) error {
	p := d.parts[i]
	if p.Batch.Empty() {
		d.empty(i)
		return nil
	}
	deposit := vitals.Deposit{Source: d.sender, Batch: p.Batch, Payload: p.Payload, Unread: unread(p.Err), Place: p.At}
	_, became, err := d.examine(ctx, deposit, d.now())
	if err != nil {
		return errors.Join(ErrUnavailable, err)
	}
	if became.Code == uplink.CodeUnbound && became.Patient == "" {
		d.answer.refuse(i, p, became)
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

// empty is a part that was understood and carries nothing that is charted, or that cannot be read.
func (d *depositing) empty(i int) {
	p := d.parts[i]
	if p.Err == nil {
		d.answer.Passed++
		return
	}
	d.unreadable = append(d.unreadable, i)
	d.answer.refuse(i, p, vitals.Deposited{Code: uplink.CodeMalformed, Reason: p.Err.Error(), Flaws: unread(p.Err)})
}

// errNotStored is wrapped where what waited could not be stored: what comes behind it will not be, either.
var errNotStored = errors.New("not stored")

// flush stores what waits.
func (d *depositing) flush(ctx context.Context) error {
	became, err := d.Deposit(ctx, d.waiting, false)
	for i, b := range became {
		if b.Code == "" {
			d.answer.Stored++
			continue
		}
		d.answer.refuse(d.of[i], d.parts[d.of[i]], b)
	}
	d.waiting, d.of, d.weight = nil, nil, 0
	if err != nil {
		return errors.Join(errNotStored, err)
	}
	return nil
}

func (d *depositing) keepUnreadable(ctx context.Context) error {
	for _, i := range d.unreadable {
		if err := d.setAside(ctx, d.sender, d.parts[i].Payload, d.parts[i].Err); err != nil {
			return errors.Join(ErrUnavailable, err)
		}
	}
	return nil
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

// refuse names what is refused of a part: each item that is at fault, or all of it.
func (a *webhookAnswer) refuse(i int, p gateway.Part, became vitals.Deposited) {
	if len(became.Flaws) == 0 {
		a.Refused = append(a.Refused, refusedPart{Part: i, Place: p.Place, Code: became.Code, Reason: became.Reason})
	}
	for _, f := range became.Flaws {
		a.Refused = append(a.Refused, refusedPart{Part: i, Place: p.At(f.Item), Code: f.Code, Reason: f.Reason, Kept: became.Kept})
	}
}

// Refuse keeps aside what nobody can read of what the source brought. After an error, which wraps ErrUnavailable, it is to
// be brought again.
func (h *Handler) Refuse(ctx context.Context, source vitals.HubID, payload []byte, why error) error {
	if err := h.setAside(ctx, source, payload, why); err != nil {
		return errors.Join(ErrUnavailable, err)
	}
	return nil
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
