package notify_test

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"vigil/alerts"
	"vigil/server/notify"
	"vigil/vitals"
)

const patient = vitals.PatientID("patient-anna")

var (
	errAway = errors.New("away")
	// errTwice is what PostgreSQL says of an upsert that names a row twice.
	errTwice = errors.New("a row cannot be affected twice")
)

// records are the database of these stories.
type records struct {
	mu      sync.Mutex
	alarms  map[alerts.AlarmID]alerts.Asking
	steps   map[alerts.StepID]bool
	notices map[string]alerts.Notice
	dir     notify.Directory
	away    bool
	full    bool          // can be read, and takes nothing
	hangs   bool          // can be read, and does not say whether it takes anything
	takes   time.Duration // until what was read of alarms arrives
}

func newRecords() *records {
	r := &records{alarms: map[alerts.AlarmID]alerts.Asking{}, steps: map[alerts.StepID]bool{}, notices: map[string]alerts.Notice{}}
	r.dir = notify.Directory{
		Units:    []vitals.Unit{{ID: "cardio", Name: "Cardiology"}},
		Patients: []vitals.Patient{{ID: patient, Unit: "cardio", Family: "Abel"}},
	}
	for id, role := range map[vitals.StaffID]vitals.Role{
		"nora": vitals.Nurse, "ben": vitals.Nurse, "carla": vitals.Charge, "paul": vitals.Physician, "tom": vitals.Technician,
	} {
		r.dir.Staff = append(r.dir.Staff, vitals.Staff{ID: id, Role: role, Units: []vitals.UnitID{"cardio"}})
		r.dir.Contacts = append(r.dir.Contacts, alerts.Contact{
			ID: "phone-" + string(id), Staff: id, Channel: alerts.Webhook, Address: "https://" + string(id) + ".test/x",
		})
	}
	slices.SortFunc(r.dir.Staff, func(a, b vitals.Staff) int { return int(a.ID[0]) - int(b.ID[0]) })
	for _, p := range []alerts.Post{
		{Patient: patient, Duty: alerts.AssignedNurse, Staff: "nora"},
		{Patient: patient, Duty: alerts.Buddy, Staff: "ben"},
		{Duty: alerts.ChargeNurse, Staff: "carla"},
		{Duty: alerts.OnCallDoctor, Staff: "paul"},
	} {
		p.Unit = "cardio"
		r.dir.Roster = append(r.dir.Roster, p)
	}
	return r
}

func (r *records) OpenCalls(context.Context, []int) ([]alerts.Asking, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.away {
		return nil, errAway
	}
	calls := slices.Collect(maps.Values(r.alarms))
	takes := r.takes
	r.mu.Unlock()
	time.Sleep(takes) // of the story's clock
	r.mu.Lock()
	return calls, nil
}

func (r *records) CalledSteps(context.Context, []int) ([]alerts.StepID, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Collect(maps.Keys(r.steps)), nil
}

func (r *records) WaitingNotices(context.Context, []int) (waiting []alerts.Notice, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, n := range r.notices {
		if n.State == alerts.Waiting {
			waiting = append(waiting, n)
		}
	}
	return waiting, nil
}

func (r *records) SaveCalled(ctx context.Context, steps []alerts.Called) (fresh []alerts.StepID, err error) {
	r.mu.Lock()
	hangs := r.hangs
	r.mu.Unlock()
	if hangs {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.away || r.full {
		return nil, errAway
	}
	for _, s := range steps {
		if r.steps[s.ID] {
			continue
		}
		r.steps[s.ID] = true
		fresh = append(fresh, s.ID)
		for _, n := range s.Notices {
			if _, there := r.notices[n.ID()]; !there {
				r.notices[n.ID()] = n
			}
		}
	}
	return fresh, nil
}

func (r *records) SettleNotices(_ context.Context, notices []alerts.Notice) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.away || r.full {
		return errAway
	}
	seen := map[string]bool{}
	for _, n := range notices {
		if seen[n.ID()] {
			return errTwice
		}
		seen[n.ID()] = true
		r.notices[n.ID()] = n
	}
	return nil
}

func (r *records) Directory(context.Context) (notify.Directory, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.away {
		return notify.Directory{}, errAway
	}
	return r.dir, nil
}

// store writes a transition, as the monitor's commit does.
func (r *records) store(t alerts.Transition) {
	r.mu.Lock()
	defer r.mu.Unlock()
	c := r.alarms[t.Alarm.ID]
	c.Alarm = t.Alarm
	if t.Change.Asks() {
		c.Asked = append(slices.Clip(c.Asked), alerts.Asked{Change: t.Change, Version: t.Alarm.Version, At: t.At})
	}
	r.alarms[t.Alarm.ID] = c
	if !t.Alarm.State.Open() {
		delete(r.alarms, t.Alarm.ID)
	}
}

func (r *records) set(f func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	f()
}

// states counts the notices by what became of them.
func (r *records) states() map[alerts.NoticeState]int {
	r.mu.Lock()
	defer r.mu.Unlock()
	states := map[alerts.NoticeState]int{}
	for _, n := range r.notices {
		states[n.State]++
	}
	return states
}

// phones are everybody's, and write down what arrives.
type phones struct {
	mu      sync.Mutex
	began   time.Time
	got     []string // "30s ben": in the order of arrival
	texts   []string
	ids     map[string]int
	refuses map[vitals.StaffID]error
	hangs   map[vitals.StaffID]bool
	takes   time.Duration // until a phone has taken a call
}

func (p *phones) Send(ctx context.Context, n alerts.Notice) error {
	p.mu.Lock()
	refused, hangs, takes := p.refuses[n.Contact.Staff], p.hangs[n.Contact.Staff], p.takes
	p.mu.Unlock()
	time.Sleep(takes) // of the story's clock
	if hangs {
		<-ctx.Done()
		return ctx.Err()
	}
	if refused != nil {
		return refused
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.got = append(p.got, time.Since(p.began).Round(time.Second).String()+" "+string(n.Contact.Staff))
	p.texts = append(p.texts, n.Text)
	p.ids[n.ID()]++
	return nil
}

// heard is what arrived, those of the same second in the order of the alphabet.
func (p *phones) heard() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.got)
}

func (p *phones) set(f func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	f()
}

// station is a node that calls people, and the world around it.
type station struct {
	t       *testing.T
	records *records
	phones  *phones
	owns    atomic.Pointer[func(int) bool]
	running []func()
	nodes   []*notify.Notifier
	mu      sync.Mutex
	notes   []string
}

func newStation(t *testing.T) *station {
	t.Helper()
	s := &station{
		t: t, records: newRecords(),
		phones: &phones{began: time.Now(), ids: map[string]int{}, refuses: map[vitals.StaffID]error{}, hangs: map[vitals.StaffID]bool{}},
	}
	for i := range s.records.dir.Roster {
		s.records.dir.Roster[i].From = time.Now().Add(-time.Hour)
	}
	s.gets(func(int) bool { return true })
	t.Cleanup(s.stop)
	return s
}

// gets gives the nodes other partitions.
func (s *station) gets(which func(partition int) bool) { s.owns.Store(&which) }

// start starts another node.
func (s *station) start() *station {
	n := notify.New(notify.Options{
		Records: s.records, Owns: func(p int) bool { return (*s.owns.Load())(p) }, Note: s.note, Log: slog.New(slog.DiscardHandler), Now: time.Now,
		Senders: map[alerts.Channel]notify.Sender{alerts.Webhook: s.phones},
	})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); n.Run(ctx) }()
	s.nodes = append(s.nodes, n)
	s.running = append(s.running, func() { cancel(); <-done })
	return s
}

// note keeps what the audit is told.
func (s *station) note(notes ...alerts.Note) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, n := range notes {
		s.notes = append(s.notes, string(n.Kind)+" "+n.Actor+" "+n.Detail)
	}
}

// stop stops all nodes.
func (s *station) stop() {
	for _, f := range s.running {
		f()
	}
	s.running, s.nodes = nil, nil
}

// happens tells all nodes of a transition, and writes it down.
func (s *station) happens(t alerts.Transition) {
	s.records.store(t)
	s.tells(t)
}

func (s *station) tells(t alerts.Transition) {
	for _, n := range s.nodes {
		n.Transition(t)
	}
}

// asystole is raised now.
func asystole() alerts.Transition {
	now := time.Now()
	return alerts.Transition{Change: alerts.Raised, At: now, Alarm: alerts.Alarm{
		ID: "alarm", Patient: patient, Condition: alerts.Asystole, Priority: alerts.High, State: alerts.ActiveUnack,
		Version: 1, Raised: now, Detail: "no beat for 4 s",
	}}
}

// then is the next change of the alarm.
func then(t alerts.Transition, c alerts.Change, s alerts.State) alerts.Transition {
	t.Change, t.Before, t.At = c, t.Alarm.State, time.Now()
	t.Alarm.State = s
	t.Alarm.Version++
	return t
}
