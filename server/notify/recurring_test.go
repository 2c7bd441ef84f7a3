package notify_test

import (
	"slices"
	"testing"
	"time"

	"vigil/alerts"
)

// every25Seconds lets a latched rhythm cease and come back, nobody answering, and returns its last change.
func every25Seconds(s *station, t alerts.Transition, times int) alerts.Transition {
	for range times {
		pass(20 * time.Second)
		t = then(t, alerts.Latched, alerts.LatchedUnack)
		s.happens(t)
		pass(5 * time.Second)
		t = then(t, alerts.Recurred, alerts.ActiveUnack)
		s.happens(t)
	}
	return t
}

// comesBackUnread tells a node that a rhythm came back of which it was told nothing, and the records of which cannot be read.
func comesBackUnread(s *station) (recurred alerts.Transition) {
	raised := asystole()
	latched := then(raised, alerts.Latched, alerts.LatchedUnack)
	s.records.store(raised)
	s.records.store(latched)
	pass(10 * time.Second)
	s.records.set(func() { s.records.away = true })
	recurred = then(latched, alerts.Recurred, alerts.ActiveUnack)
	s.tells(recurred)
	return recurred
}

func TestARhythmThatComesBackGoesOnCalling(t *testing.T) {
	story(t, func(t *testing.T, s *station) {
		s.start()
		pass(afterWakingUp)
		raised := asystole()
		s.happens(raised)
		every25Seconds(s, raised, 2)
		pass(5 * time.Second)
		want(t, s.phones.heard(), "1s nora", "31s ben")
	})
}

// TestARhythmThatComesBackGoesOnCallingAfterARestart: a new process reads since when it calls.
func TestARhythmThatComesBackGoesOnCallingAfterARestart(t *testing.T) {
	story(t, func(t *testing.T, s *station) {
		s.start()
		pass(afterWakingUp)
		raised := asystole()
		s.happens(raised)
		s.happens(every25Seconds(s, raised, 1))
		s.stop()
		s.start()
		pass(10 * time.Second)
		want(t, s.phones.heard(), "1s nora", "31s ben")
	})
}

// TestARecurrenceOfWhatIsNotKnownYetIsCalled: a node has just got the patient, cannot read its records yet, and hears
// that the rhythm came back. It calls as if it had begun, and goes on as the records say once it can read them.
func TestARecurrenceOfWhatIsNotKnownYetIsCalled(t *testing.T) {
	story(t, func(t *testing.T, s *station) {
		s.start()
		pass(afterWakingUp)
		comesBackUnread(s)
		pass(10 * time.Second)
		want(t, s.phones.heard(), "11s nora")
		s.records.set(func() { s.records.away = false })
		pass(12 * time.Second)
		if got := s.phones.heard(); got[len(got)-1] != "31s ben" {
			t.Errorf("%v, want ben half a minute behind the beginning", got)
		}
	})
}

// TestACallThatBeganAnewOutlivesWhatIsReadOfBefore: the records of a recurrence cannot be read. Meanwhile somebody takes
// the alarm and gives it back, which begins another call. What is read at last is from before all that.
func TestACallThatBeganAnewOutlivesWhatIsReadOfBefore(t *testing.T) {
	story(t, func(t *testing.T, s *station) {
		s.start()
		pass(afterWakingUp)
		recurred := comesBackUnread(s)
		pass(5 * time.Second)
		taken := then(recurred, alerts.Acknowledged, alerts.ActiveAck)
		s.tells(taken)
		pass(5 * time.Second)
		s.tells(then(taken, alerts.Unacked, alerts.ActiveUnack))
		pass(5 * time.Second)
		before := len(s.phones.heard())
		s.records.set(func() { s.records.away = false }) // and what was raised meanwhile is not written yet
		pass(40 * time.Second)
		want(t, s.phones.heard()[before:], "51s ben")
	})
}

// TestARecurrenceBehindAnOutageLosesNoOverdueStep: the server was down when the last step was due, which is called once
// in this unit, and the rhythm came back behind that time. The call had not come to its end.
func TestARecurrenceBehindAnOutageLosesNoOverdueStep(t *testing.T) {
	story(t, func(t *testing.T, s *station) {
		policy := alerts.DefaultPolicy()
		class := alerts.ClassOf(alerts.Physiological, alerts.High)
		once := policy.Escalations[class]
		once.Repeat = 0
		policy.Escalations[class] = once
		s.records.dir.Policies = []alerts.PolicyVersion{{Unit: "cardio", Version: 1, Policy: policy, Approved: alerts.Author{ID: "carla"}}}
		s.start()
		pass(afterWakingUp)
		raised := asystole()
		s.happens(raised)
		pass(10 * time.Second)
		s.stop()
		pass(3 * time.Minute)
		latched := then(raised, alerts.Latched, alerts.LatchedUnack)
		s.records.store(latched)
		s.records.store(then(latched, alerts.Recurred, alerts.ActiveUnack))
		s.start()
		pass(5 * time.Second)
		if got := s.phones.heard(); !slices.Contains(got, "3m11s paul") {
			t.Errorf("%v: the physician's call was overdue", got)
		}
	})
}
