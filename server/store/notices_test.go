package store_test

import (
	"context"
	"testing"
	"time"

	"vigil/alerts"
	"vigil/server/store"
	"vigil/vitals"
)

// aCall is a step of anna's alarm with a notice to nora.
func aCall(a alerts.Alarm, step int) alerts.Called {
	id := alerts.StepID{Alarm: a.ID, Epoch: 1, Step: step}
	return alerts.Called{ID: id, Patient: a.Patient, At: noon, To: []vitals.StaffID{"nora"}, Notices: []alerts.Notice{{
		Step: id, Patient: a.Patient, Priority: alerts.High, Text: "HIGH alarm, Ward A. Open Vigil.", State: alerts.Waiting, Made: noon, Next: noon,
		Contact: alerts.Contact{ID: "phone", Staff: "nora", Channel: alerts.WebPush, Address: "https://push.test/1", Key: "key", Auth: "auth"},
	}}}
}

func TestAStepIsCalledOnce(t *testing.T) {
	eachStore(t, func(t *testing.T, s *store.Store) {
		ctx := context.Background()
		first := raised(alarm(anna, 1))
		save(t, s, first)
		parts := []int{vitals.PartitionOf(anna)}
		zero, one := aCall(first.Alarm, 0), aCall(first.Alarm, 1)
		same(t, got[[]alerts.StepID](t)(s.SaveCalled(ctx, []alerts.Called{zero})), []alerts.StepID{zero.ID})
		forged := zero
		forged.Notices = aCall(first.Alarm, 7).Notices
		same(t, got[[]alerts.StepID](t)(s.SaveCalled(ctx, []alerts.Called{forged, one})), []alerts.StepID{one.ID})
		same(t, got[[]alerts.StepID](t)(s.CalledSteps(ctx, parts)), []alerts.StepID{zero.ID, one.ID})
		same(t, len(got[[]alerts.Notice](t)(s.WaitingNotices(ctx, parts))), 2)
		same(t, len(got[[]alerts.Notice](t)(s.WaitingNotices(ctx, []int{(parts[0] + 1) % vitals.Partitions}))), 0)

		delivered := zero.Notices[0]
		delivered.State, delivered.Attempts, delivered.Settled = alerts.Delivered, 2, after(time.Minute)
		must(t, s.SettleNotices(ctx, []alerts.Notice{delivered}))
		same(t, got[[]alerts.Notice](t)(s.WaitingNotices(ctx, parts)), one.Notices)
		late := delivered // a node that no longer sends tells of the attempt before
		late.State, late.Attempts, late.Settled = alerts.Waiting, 1, time.Time{}
		must(t, s.SettleNotices(ctx, []alerts.Notice{late}))
		same(t, got[[]alerts.Notice](t)(s.WaitingNotices(ctx, parts)), one.Notices)
		same(t, len(got[[]alerts.Notice](t)(s.Notices(ctx, onlyA, first.Alarm.ID))), 2)

		two := aCall(first.Alarm, 2) // went out while nobody could write, and is written afterwards
		early := two.Notices[0]
		early.State, early.Settled = alerts.Delivered, after(time.Hour)
		must(t, s.SettleNotices(ctx, []alerts.Notice{early}))
		same(t, got[[]alerts.StepID](t)(s.SaveCalled(ctx, []alerts.Called{two})), []alerts.StepID{two.ID})
		same(t, got[[]alerts.Notice](t)(s.WaitingNotices(ctx, parts)), one.Notices)

		save(t, s, closed(acked(first.Alarm).Alarm))
		same(t, got[[]alerts.StepID](t)(s.CalledSteps(ctx, parts)), []alerts.StepID{})
	})
}

func TestAnOpenAlarmIsKnownWithWhatAskedForSomebody(t *testing.T) {
	eachStore(t, func(t *testing.T, s *store.Store) {
		ctx := context.Background()
		parts := []int{vitals.PartitionOf(anna)}
		first := raised(alarm(anna, 1))
		second := acked(first.Alarm)
		again := second
		again.Change, again.Before, again.At = alerts.Rearmed, alerts.ActiveAck, after(2*time.Minute)
		again.Alarm.State, again.Alarm.Version = alerts.ActiveUnack, 3
		lost := again
		lost.Change, lost.At = alerts.InputLost, after(3*time.Minute)
		lost.Alarm.Version = 4
		save(t, s, first, second)
		same(t, got[[]alerts.Asking](t)(s.OpenCalls(ctx, parts)), []alerts.Asking{{Alarm: second.Alarm, Asked: []alerts.Asked{{Change: alerts.Raised, Version: 1, At: first.At}}}})
		save(t, s, again, lost)
		same(t, got[[]alerts.Asking](t)(s.OpenCalls(ctx, parts)), []alerts.Asking{{Alarm: lost.Alarm, Asked: []alerts.Asked{
			{Change: alerts.Raised, Version: 1, At: first.At}, {Change: alerts.Rearmed, Version: 3, At: again.At},
		}}})
		save(t, s, func() alerts.Transition { c := closed(lost.Alarm); c.Alarm.Version = 5; return c }())
		same(t, got[[]alerts.Asking](t)(s.OpenCalls(ctx, parts)), []alerts.Asking{})
	})
}

func TestContactsAndReceipts(t *testing.T) {
	eachStore(t, func(t *testing.T, s *store.Store) {
		ctx := context.Background()
		phone := alerts.Contact{ID: "phone", Staff: "nora", Channel: alerts.WebPush, Address: "https://push.test/1", Key: "key", Auth: "auth", Added: noon}
		wantError(t, s.SaveContact(ctx, phone), store.ErrNotFound) // nobody of that name
		must(t, s.SaveStaff(ctx, vitals.Staff{ID: "nora", Login: "nora", Role: vitals.Nurse}, "hash"))
		must(t, s.SaveContact(ctx, phone))
		same(t, got[[]alerts.Contact](t)(s.Contacts(ctx)), []alerts.Contact{phone})
		wantError(t, s.RemoveContact(ctx, "ben", "phone"), store.ErrNotFound)

		first := raised(alarm(anna, 1))
		save(t, s, first)
		call := aCall(first.Alarm, 0)
		got[[]alerts.StepID](t)(s.SaveCalled(ctx, []alerts.Called{call}))
		id := call.Notices[0].ID()
		same(t, got[bool](t)(s.SaveReceipt(ctx, id, "nora", alerts.Seen, noon)), true)
		same(t, got[bool](t)(s.SaveReceipt(ctx, id, "nora", alerts.Seen, after(time.Hour))), false)
		same(t, got[bool](t)(s.SaveReceipt(ctx, id, "nora", alerts.Declined, after(time.Hour))), true)
		_, err := s.SaveReceipt(ctx, id, "ben", alerts.Seen, noon)
		wantError(t, err, store.ErrNotFound)
		_, err = s.NoticeTo(ctx, id, "ben")
		wantError(t, err, store.ErrNotFound)
		hers := call.Notices[0]
		hers.Seen, hers.Declined = noon, after(time.Hour)
		same(t, got[alerts.Notice](t)(s.NoticeTo(ctx, id, "nora")), hers)

		call.Notices[0].State = alerts.Undeliverable
		must(t, s.SettleNotices(ctx, call.Notices))
		same(t, got[[]alerts.Contact](t)(s.Contacts(ctx)), []alerts.Contact{}) // the browser's subscription has ended
		must(t, s.SaveContact(ctx, phone))
		must(t, s.RemoveContact(ctx, "nora", "phone"))
	})
}
