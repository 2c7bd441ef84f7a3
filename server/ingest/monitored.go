package ingest

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"

	"github.com/samber/lo"

	"vigil/devices/pcd"
	"vigil/vitals"
)

// message brings a message in and answers it; fault is what was wrong with its frame.
func (h *Handler) message(ctx context.Context, message []byte, fault error) []byte {
	if fault != nil {
		header, _ := pcd.ReadHeader(message) // an answer without a number is better than none
		return h.reject(ctx, header, message, pcd.ErrorInternal, fault)
	}
	m, err := pcd.Decode(message)
	if err != nil {
		code := pcd.ErrorType
		if _, other := errors.AsType[*pcd.KindError](err); other {
			code = pcd.ErrorKind
		}
		return h.reject(ctx, m.Header, message, code, err)
	}
	answer, err := h.monitored(ctx, m, message)
	if err != nil {
		h.log.Warn("message of a monitor could not be taken", "error", err)
		return pcd.Answer(m.Header, pcd.Failed, h.now(), pcd.Trouble{
			Error: pcd.ErrorInternal, Severity: "E", Reason: "not known to be stored: send it again",
		})
	}
	return answer
}

// reject keeps a message aside that will never be taken.
func (h *Handler) reject(ctx context.Context, header pcd.Header, message []byte, code string, why error) []byte {
	refusal := vitals.Refusal{Stream: vitals.Stream{Hub: monitorsHub}, Received: h.now(), Reason: why.Error(), Payload: message}
	if _, err := h.store.Quarantine(ctx, refusal); err != nil {
		h.log.Warn("refused message of a monitor not kept", "error", err)
	}
	h.count(func(c *Counts) { c.Refused++ })
	return pcd.Answer(header, pcd.Rejected, h.now(), pcd.Trouble{Error: code, Severity: "E", Reason: why.Error()})
}

// receiptOf names a message: its number, and what it says, because senders that are started anew count from
// the beginning again.
func receiptOf(m pcd.Message, message []byte) string {
	sum := sha256.Sum256(message)
	return m.Application + "|" + m.Facility + "|" + m.Control + "|" + hex.EncodeToString(sum[:16])
}

// monitored stores what a message brings and answers it. A message that was answered before changes nothing.
func (h *Handler) monitored(ctx context.Context, m pcd.Message, message []byte) ([]byte, error) {
	name := receiptOf(m, message)
	known, err := h.store.Receipts(ctx, monitorsHub, []string{name})
	if err != nil {
		return nil, fmt.Errorf("look for the message: %w", err)
	}
	if code := known[name]; code != "" {
		h.count(func(c *Counts) { c.Duplicates++ })
		return pcd.Answer(m.Header, pcd.Code(code), h.now()), nil
	}
	deposits := lo.Map(m.Batches, func(b vitals.Batch, _ int) vitals.Deposit {
		return vitals.Deposit{
			Source: monitorsHub, Batch: b, Payload: message, Records: m.Records, Test: m.Test,
			Place: func(i vitals.Item) string { return rowName(m.OBX(b.Device, i.List)[i.Index]) },
		}
	})
	done, err := h.Deposit(ctx, deposits, false)
	if err != nil {
		return nil, err
	}
	if err := h.keepUnread(ctx, m, message); err != nil {
		return nil, err
	}
	code, troubles := verdict(m, done)
	if err := h.store.SaveReceipts(ctx, monitorsHub, map[string]string{name: string(code)}); err != nil {
		return nil, fmt.Errorf("note the message: %w", err)
	}
	return pcd.Answer(m.Header, code, h.now(), troubles...), nil
}

func rowName(row int) string { return fmt.Sprintf("OBX %d", row) }

// keepUnread keeps a message of which a value could not be read.
func (h *Handler) keepUnread(ctx context.Context, m pcd.Message, message []byte) error {
	if len(m.Refused) == 0 {
		return nil
	}
	_, reason := summary(lo.Map(m.Refused, func(r pcd.Refusal, _ int) vitals.Flaw {
		return vitals.Flaw{Item: vitals.Item{List: "OBX", Index: r.OBX}, Reason: r.Reason}
	}), vitals.Item.String)
	_, err := h.store.Quarantine(ctx, vitals.Refusal{Stream: vitals.Stream{Hub: monitorsHub}, Received: h.now(), Reason: reason, Payload: message})
	if err != nil {
		return fmt.Errorf("keep what was refused: %w", err)
	}
	h.count(func(c *Counts) { *lo.Ternary(len(m.Batches) > 0, &c.Partial, &c.Refused)++ })
	return nil
}

// maxTroubles bounds an answer: a monitor whose clock is wrong is told so of a hundred of its values.
const maxTroubles = 100

// verdict is what the sender is told: accepted where anything was kept or nothing was to be, with a warning
// for each value that was not; rejected where all of it was refused.
func verdict(m pcd.Message, done []vitals.Deposited) (pcd.Code, []pcd.Trouble) {
	troubles := lo.Map(m.Refused, func(r pcd.Refusal, _ int) pcd.Trouble {
		return pcd.Trouble{OBX: r.OBX, Error: pcd.ErrorType, Reason: r.Reason}
	})
	for i, d := range done {
		troubles = append(troubles, troublesOf(m, m.Batches[i].Device, d)...)
	}
	code, severity := pcd.Accepted, "W"
	if len(troubles) > 0 && !lo.ContainsBy(done, func(d vitals.Deposited) bool { return d.Kept }) {
		code, severity = pcd.Rejected, "E"
	}
	slices.SortStableFunc(troubles, func(a, b pcd.Trouble) int { return cmp.Compare(a.OBX, b.OBX) })
	if more := len(troubles) - maxTroubles; more > 0 {
		troubles = append(troubles[:maxTroubles], pcd.Trouble{Error: pcd.ErrorType, Reason: fmt.Sprintf("and %d more", more)})
	}
	for i := range troubles {
		troubles[i].Severity = severity
	}
	return code, troubles
}

// troublesOf are the values of a device that were refused: some, each with its reason, or all with one.
func troublesOf(m pcd.Message, device vitals.DeviceID, d vitals.Deposited) (all []pcd.Trouble) {
	if d.Code == "" {
		return nil
	}
	for _, f := range d.Flaws {
		all = append(all, pcd.Trouble{OBX: m.OBX(device, f.Item.List)[f.Item.Index], Error: pcd.ErrorType, Reason: f.Reason})
	}
	if all != nil {
		return all
	}
	for _, list := range []vitals.List{vitals.ReadingList, vitals.EventList} {
		for _, row := range m.OBX(device, list) {
			all = append(all, pcd.Trouble{OBX: row, Error: pcd.ErrorKey, Reason: d.Reason})
		}
	}
	return all
}
