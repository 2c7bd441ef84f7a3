package notify_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"vigil/alerts"
	"vigil/vitals"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// story runs in a world whose clock jumps to the next thing that happens.
func story(t *testing.T, tell func(t *testing.T, s *station)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := newStation(t)
		tell(t, s)
		s.stop()
	})
}

func pass(d time.Duration) {
	time.Sleep(d) // of the story's clock
	synctest.Wait()
}

func want(t *testing.T, got []string, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

// afterWakingUp is how long a node has read its records by.
const afterWakingUp = 500 * time.Millisecond

func TestPeopleAreCalledStepByStepUntilSomebodyAcknowledges(t *testing.T) {
	story(t, func(t *testing.T, s *station) {
		s.start()
		pass(afterWakingUp)
		raised := asystole()
		s.happens(raised)
		pass(45 * time.Second)
		want(t, s.phones.heard(), "1s nora", "31s ben") // half a second after waking up, rounded
		s.happens(then(raised, alerts.Acknowledged, alerts.ActiveAck))
		pass(time.Hour)
		want(t, s.phones.heard(), "1s nora", "31s ben")
		for _, text := range s.phones.texts {
			if text != "HIGH alarm, Cardiology. Open Vigil." {
				t.Errorf("%q says something else than priority and unit", text)
			}
		}
	})
}

// TestTheAuditSaysWhoWasCalledAndWhoCouldNotBe: ben has no phone.
func TestTheAuditSaysWhoWasCalledAndWhoCouldNotBe(t *testing.T) {
	story(t, func(t *testing.T, s *station) {
		s.records.dir.Contacts = slices.DeleteFunc(s.records.dir.Contacts, func(c alerts.Contact) bool { return c.Staff == "ben" })
		s.start()
		pass(afterWakingUp)
		s.happens(asystole())
		pass(40 * time.Second)
		want(t, s.notes, "notified nora step 0 round 0, webhook", "delivered nora step 0 round 0, webhook", "escalation_missed  step 1 round 0")
	})
}

// A call that was not taken is to be tried again, at a time of a clock that was an hour ahead. The clock is set back: it is
// tried now, not in an hour.
func TestACallIsTriedAgainThoughTheClockWasSetBack(t *testing.T) {
	story(t, func(t *testing.T, s *station) {
		s.phones.refuses["nora"] = errors.New("connection refused")
		s.start()
		pass(afterWakingUp)
		s.happens(asystole())
		pass(5 * time.Second)
		s.stop()
		s.records.set(func() {
			for id, n := range s.records.notices {
				n.Next = n.Next.Add(time.Hour)
				s.records.notices[id] = n
			}
		})
		s.phones.set(func() { delete(s.phones.refuses, "nora") })
		s.start()
		pass(5 * time.Second)
		want(t, s.phones.heard(), "6s nora")
	})
}

func TestARealarmBeginsWithTheFirstStep(t *testing.T) {
	story(t, func(t *testing.T, s *station) {
		s.start()
		pass(afterWakingUp)
		raised := asystole()
		s.happens(raised)
		pass(10 * time.Second)
		acked := then(raised, alerts.Acknowledged, alerts.ActiveAck)
		s.happens(acked)
		pass(2 * time.Minute)
		s.happens(then(acked, alerts.Rearmed, alerts.ActiveUnack))
		pass(35 * time.Second)
		want(t, s.phones.heard(), "1s nora", "2m11s nora", "2m41s ben")
	})
}

// TestWhatAnotherAlarmExplainsWaits: the clock stops, and begins again when the alarm stands by itself.
func TestWhatAnotherAlarmExplainsWaits(t *testing.T) {
	story(t, func(t *testing.T, s *station) {
		s.start()
		pass(afterWakingUp)
		raised := asystole()
		s.happens(raised)
		pass(10 * time.Second)
		silent := then(raised, alerts.Suppressed, alerts.ActiveUnack)
		silent.Alarm.Suppressor = "another"
		s.happens(silent)
		pass(5 * time.Minute)
		want(t, s.phones.heard(), "1s nora")
		heard := then(silent, alerts.Released, alerts.ActiveUnack)
		heard.Alarm.Suppressor = ""
		s.happens(heard)
		pass(35 * time.Second)
		want(t, s.phones.heard(), "1s nora", "5m11s nora", "5m41s ben")
	})
}

func TestAfterARestartAnOverdueStepIsCalledOnce(t *testing.T) {
	story(t, func(t *testing.T, s *station) {
		s.start()
		pass(afterWakingUp)
		s.happens(asystole())
		pass(5 * time.Second)
		want(t, s.phones.heard(), "1s nora")
		s.stop()
		pass(time.Minute) // away: ben was to be called, and the whole unit
		s.start()
		pass(10 * time.Second)
		got := s.phones.heard()
		slices.Sort(got[1:])
		want(t, got, "1s nora", "1m6s ben", "1m6s ben", "1m6s carla", "1m6s nora", "1m6s paul") // ben alone, and with the unit
		s.stop()
		s.start()
		pass(10 * time.Second)
		if again := s.phones.heard(); len(again) != len(got) {
			t.Errorf("called again: %v", again[len(got):])
		}
	})
}

func TestAStepThatWasWrittenAndNotSentIsSentAfterACrash(t *testing.T) {
	story(t, func(t *testing.T, s *station) {
		s.phones.refuses["nora"] = errAway
		s.start()
		pass(afterWakingUp)
		raised := asystole()
		s.tells(raised) // and the server dies before the alarm itself is on disk
		pass(time.Second)
		s.stop()
		delete(s.phones.refuses, "nora")
		s.start()
		pass(5 * time.Second)
		want(t, s.phones.heard()) // nobody knows the alarm yet
		s.happens(raised)         // the journal is read again, and it is raised again
		pass(10 * time.Second)
		if got := s.phones.heard(); len(got) != 1 || !strings.HasSuffix(got[0], "nora") {
			t.Errorf("%v, want one call of nora", got)
		}
	})
}

func TestAPhoneThatRefusesForAnHourDelaysNobodyAndLosesNoStep(t *testing.T) {
	for name, fails := range map[string]func(*phones, bool){
		"refuses": func(p *phones, on bool) {
			if on {
				p.refuses["nora"] = errAway
			} else {
				delete(p.refuses, "nora")
			}
		},
		"hangs": func(p *phones, on bool) { p.hangs["nora"] = on },
	} {
		t.Run(name, func(t *testing.T) {
			story(t, func(t *testing.T, s *station) {
				s.phones.set(func() { fails(s.phones, true) })
				s.start()
				pass(afterWakingUp)
				s.happens(asystole())
				pass(90 * time.Second)
				got := s.phones.heard()
				slices.Sort(got[1:])
				want(t, got, "31s ben", "1m1s ben", "1m1s carla", "1m1s paul")
				pass(time.Hour)
				s.phones.set(func() { fails(s.phones, false) })
				pass(3 * time.Minute)
				calls := 0
				for _, g := range s.phones.heard() {
					if strings.HasSuffix(g, "nora") {
						calls++
					}
				}
				if calls != 2 { // as the nurse, and with the unit
					t.Errorf("nora was called %d times, want twice", calls)
				}
				for id, n := range s.phones.ids {
					if n != 1 {
						t.Errorf("%s arrived %d times", id, n)
					}
				}
			})
		})
	}
}

func TestTwoNodesThatBothBelieveToOwnAPatientCallOnce(t *testing.T) {
	story(t, func(t *testing.T, s *station) {
		s.start().start()
		pass(afterWakingUp)
		s.happens(asystole())
		pass(35 * time.Second)
		// What the other node has written and is just sending may be sent by both, as one and the same notice.
		want(t, slices.Compact(s.phones.heard()), "1s nora", "31s ben")
		if len(s.records.steps) != 2 || len(s.phones.ids) != 2 {
			t.Errorf("%d steps, %d notices, want two of each", len(s.records.steps), len(s.phones.ids))
		}
	})
}

func TestOnlyTheOwnerCallsAndWhoeverTakesOverGoesOn(t *testing.T) {
	story(t, func(t *testing.T, s *station) {
		s.gets(func(int) bool { return false })
		s.start()
		pass(afterWakingUp)
		s.happens(asystole())
		pass(20 * time.Second)
		want(t, s.phones.heard())
		s.gets(func(p int) bool { return p == vitals.PartitionOf(patient) })
		pass(15 * time.Second)
		want(t, s.phones.heard(), "21s nora", "31s ben")
	})
}

func TestWithoutADatabaseCallsGoOutAndAreWrittenLater(t *testing.T) {
	story(t, func(t *testing.T, s *station) {
		s.start()
		pass(afterWakingUp)
		s.records.set(func() { s.records.away = true })
		raised := asystole()
		s.tells(raised)
		pass(40 * time.Second)
		want(t, s.phones.heard(), "1s nora", "31s ben")
		s.records.set(func() { s.records.away = false })
		s.records.store(raised)
		pass(15 * time.Second)
		if len(s.records.steps) != 2 || s.records.states()[alerts.Delivered] != 2 {
			t.Errorf("%d steps are written, notices: %v", len(s.records.steps), s.records.states())
		}
		s.stop()
		s.start()
		pass(4 * time.Second)
		want(t, s.phones.heard(), "1s nora", "31s ben")
	})
}

func TestWhatNobodyHeardOfTheFeedIsFoundInTheRecords(t *testing.T) {
	story(t, func(t *testing.T, s *station) {
		s.start()
		pass(afterWakingUp)
		raised := asystole()
		s.records.store(raised)
		pass(16 * time.Second)
		want(t, s.phones.heard(), "15s nora")
		s.records.store(then(raised, alerts.Acknowledged, alerts.ActiveAck))
		pass(14 * time.Second) // read before the buddy's time
		s.records.store(then(then(raised, alerts.Acknowledged, alerts.ActiveAck), alerts.Ceased, alerts.Closed))
		pass(time.Hour)
		want(t, s.phones.heard(), "15s nora")
	})
}

// TestAClockThatJumpsBetweenTwoLives: the time of the day is set 40 s back or forth while the server is down.
func TestAClockThatJumpsBetweenTwoLives(t *testing.T) {
	for name, row := range map[string]struct {
		jump time.Duration
		want []string
	}{
		"40 s back: it has just begun":               {-40 * time.Second, []string{"0s nora", "30s ben"}},
		"40 s forth: what is overdue is called once": {40 * time.Second, []string{"0s ben", "0s nora"}},
	} {
		t.Run(name, func(t *testing.T) {
			story(t, func(t *testing.T, s *station) {
				raised := asystole()
				raised.At = raised.At.Add(-row.jump)
				s.records.store(raised)
				s.start()
				pass(50 * time.Second)
				got := s.phones.heard()
				slices.Sort(got[:min(2, len(got))])
				want(t, got[:min(2, len(got))], row.want...)
			})
		})
	}
}

func TestAtTheChangeOfShiftTheNewNurseHearsOfWhatIsOpen(t *testing.T) {
	story(t, func(t *testing.T, s *station) {
		s.start()
		pass(afterWakingUp)
		raised := asystole()
		s.happens(raised)
		pass(time.Second)
		s.happens(then(raised, alerts.Acknowledged, alerts.ActiveAck))
		s.records.set(func() {
			s.records.dir.Roster = append(slices.Clone(s.records.dir.Roster), alerts.Post{
				Unit: "cardio", Patient: patient, Duty: alerts.AssignedNurse, Staff: "carla", From: time.Now().Add(time.Minute),
			})
		})
		pass(10 * time.Minute)
		got := s.phones.heard()
		if len(got) != 2 || !strings.HasSuffix(got[1], "carla") || !strings.HasPrefix(s.phones.texts[1], "Handed over: open HIGH alarm") {
			t.Errorf("%v %v, want carla to hear of it once", got, s.phones.texts)
		}
	})
}

func TestAContactThatIsGoneIsNotTriedAgain(t *testing.T) {
	story(t, func(t *testing.T, s *station) {
		s.phones.refuses["nora"] = fmt.Errorf("push: %w", alerts.ErrGone)
		s.start()
		pass(afterWakingUp)
		s.happens(asystole())
		pass(20 * time.Second)
		if got := s.records.states(); got[alerts.Undeliverable] != 1 || got[alerts.Waiting] != 0 {
			t.Errorf("%v", got)
		}
	})
}

// TestATest goes out once, is about no alarm, and leads nowhere. What keeps it from arriving is said.
func TestATest(t *testing.T) {
	story(t, func(t *testing.T, s *station) {
		s.start()
		pass(afterWakingUp)
		contact := alerts.Contact{ID: "phone-nora", Staff: "nora", Channel: alerts.Webhook, Address: "https://nora.test/x"}
		if err := s.nodes[0].Try(t.Context(), contact); err != nil {
			t.Error(err)
		}
		s.phones.set(func() { s.phones.hangs["nora"] = true })
		if err := s.nodes[0].Try(t.Context(), contact); err == nil {
			t.Error("a phone that hangs has been reached")
		}
		contact.Channel = alerts.Ntfy
		if err := s.nodes[0].Try(t.Context(), contact); err == nil {
			t.Error("a channel that there is not has been reached")
		}
		pass(time.Hour)
		want(t, s.phones.texts, "This is a test. Nobody is in need.")
		want(t, s.notes)
		if len(s.records.notices) != 0 {
			t.Errorf("a test is in the records: %v", s.records.notices)
		}
	})
}

func TestARepeatedCallTakesThePlaceOfTheOneThatWaits(t *testing.T) {
	story(t, func(t *testing.T, s *station) {
		s.phones.refuses["paul"] = errors.New("no line")
		s.start()
		pass(afterWakingUp)
		raised := asystole()
		s.happens(raised)
		pass(30*time.Minute + 10*time.Second)
		if got := s.records.states(); got[alerts.Waiting] != 2 { // with the unit, and the newest of those as the physician
			t.Errorf("%v: a physician without a line has a heap of calls before him", got)
		}
		s.happens(then(raised, alerts.Acknowledged, alerts.ActiveAck))
		pass(2 * time.Minute)
		if got := s.records.states(); got[alerts.Waiting] != 0 {
			t.Errorf("%v: somebody is on the way, and it still rings", got)
		}
	})
}

func TestAnAlarmThatEndsWhileTheRecordsAreReadCallsNobodyAgain(t *testing.T) {
	story(t, func(t *testing.T, s *station) {
		s.start()
		pass(afterWakingUp)
		raised := asystole()
		s.happens(raised)
		pass(25 * time.Second)
		s.records.set(func() { s.records.takes = 2 * time.Second })
		s.nodes[0].Changed()
		pass(time.Second) // the alarm was read, and the answer is on its way
		s.happens(then(raised, alerts.Ceased, alerts.Closed))
		pass(time.Minute)
		want(t, s.phones.heard(), "1s nora")
	})
}

// A database whose disk is full is read and takes nothing: what it takes for waiting has arrived long ago.
func TestWhatCannotBeWrittenDownIsNotSentAgain(t *testing.T) {
	story(t, func(t *testing.T, s *station) {
		s.phones.refuses["nora"] = errAway
		s.start()
		pass(afterWakingUp)
		s.happens(asystole())
		pass(100 * time.Millisecond)
		s.records.set(func() { s.records.full = true })
		s.phones.set(func() { delete(s.phones.refuses, "nora") })
		pass(10 * time.Minute)
		for id, n := range s.phones.ids {
			if n != 1 {
				t.Errorf("%s arrived %d times", id, n)
			}
		}
		s.records.set(func() { s.records.full = false })
		pass(10 * time.Second)
		if got := s.records.states(); got[alerts.Waiting] != 0 {
			t.Errorf("%v", got)
		}
	})
}

func TestWhatArrivedBeforeTheEndIsWrittenDown(t *testing.T) {
	story(t, func(t *testing.T, s *station) {
		s.phones.refuses["nora"] = errAway
		s.start()
		pass(afterWakingUp)
		s.happens(asystole())
		pass(100 * time.Millisecond)
		s.records.set(func() { s.records.away = true })
		pass(time.Second) // a second attempt fails, and cannot be written down
		s.phones.set(func() { delete(s.phones.refuses, "nora") })
		pass(2 * time.Second)
		s.records.set(func() { s.records.away = false })
		s.stop()
		if got := s.records.states(); got[alerts.Delivered] != 1 || got[alerts.Waiting] != 0 {
			t.Errorf("%v", got)
		}
		s.start()
		pass(10 * time.Second)
		if got := s.phones.heard(); len(got) != 1 {
			t.Errorf("%v, want one call of nora", got)
		}
	})
}

func TestAWardThatNobodyCanHearCallsItsOwnPeople(t *testing.T) {
	story(t, func(t *testing.T, s *station) {
		s.records.dir.Staff = append(s.records.dir.Staff, vitals.Staff{ID: "olga", Role: vitals.Nurse, Units: []vitals.UnitID{"surgery"}})
		s.records.dir.Roster = append(s.records.dir.Roster, alerts.Post{
			Unit: "cardio", Duty: alerts.OnCallTech, Staff: "tom", From: time.Now().Add(-time.Hour),
		})
		s.records.dir.Contacts = append(s.records.dir.Contacts, alerts.Contact{
			ID: "phone-olga", Staff: "olga", Channel: alerts.Webhook, Address: "https://olga.test/x",
		})
		s.start()
		pass(afterWakingUp)
		silent := asystole()
		silent.Alarm.Patient, silent.Alarm.Condition, silent.Alarm.Priority, silent.Alarm.Site = alerts.Nobody, alerts.StationSilent, alerts.Medium, "cardio"
		s.happens(silent)
		pass(6 * time.Minute)
		got := s.phones.heard()
		slices.Sort(got)
		want(t, got, "1s ben", "1s carla", "1s nora", "1s paul", "5m1s tom")
		if text := s.phones.texts[0]; text != "MEDIUM system alarm, Cardiology. Open Vigil." {
			t.Error(text)
		}
	})
}

func TestAHeartThatStandsStillWaitsBehindNoStormOfSmallAlarms(t *testing.T) {
	story(t, func(t *testing.T, s *station) {
		s.phones.takes = time.Second
		s.start()
		pass(afterWakingUp)
		for i := range 200 {
			small := asystole()
			small.Alarm.ID, small.Alarm.Condition, small.Alarm.Priority = alerts.AlarmID(fmt.Sprint("small-", i)), alerts.LeadsOff, alerts.Medium
			s.happens(small)
		}
		pass(5 * time.Second)
		s.happens(asystole())
		pass(2 * time.Second)
		var texts []string
		s.phones.set(func() { texts = slices.Clone(s.phones.texts) })
		if !slices.ContainsFunc(texts, func(text string) bool { return strings.HasPrefix(text, "HIGH alarm") }) {
			t.Errorf("%d small alarms were told before it", len(texts))
		}
	})
}

// The database says nothing at all. Whoever is called waits two seconds for it, not for the calls before and then again;
// while it is known to hang, nobody waits. What went out is written once when it is back, and nobody is called twice.
func TestNobodyWaitsLongForADatabaseThatSaysNothing(t *testing.T) {
	story(t, func(t *testing.T, s *station) {
		s.start()
		pass(afterWakingUp)
		s.records.set(func() { s.records.hangs = true })
		happens := func(id alerts.AlarmID) {
			raised := asystole()
			raised.Alarm.ID = id
			s.happens(raised)
		}
		happens("first")
		pass(100 * time.Millisecond)
		happens("second")
		pass(3900 * time.Millisecond) // 4.5 s
		happens("third")
		pass(time.Second)
		want(t, s.phones.heard(), "3s nora", "3s nora", "5s nora")
		s.records.set(func() { s.records.hangs = false })
		pass(20 * time.Second)
		want(t, s.phones.heard(), "3s nora", "3s nora", "5s nora")
		if states := s.records.states(); states[alerts.Delivered] != 3 {
			t.Errorf("%v", states)
		}
		if len(s.records.steps) != 3 {
			t.Errorf("%d steps are written", len(s.records.steps))
		}
	})
}
