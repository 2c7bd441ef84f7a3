// Package notify carries escalations out: it calls who is to be called at each step of an alarm that nobody
// acknowledges (alerts.Policy decides who and when), by paging system, mail, Web Push and ntfy.
//
// A step is written down before anything goes out, under a key that is taken once, so that neither a crash nor
// a second node calls it again. What was written and not sent is sent after a crash; whoever gets it twice can
// tell by its id. While the database is away, calls go out all the same and are written later: twice is better
// than never.
//
// The package must not know what an alarm says. No message names a patient, a condition or a value: the text
// is priority and unit, and whoever is called signs in to see more.
package notify

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/samber/lo"

	"vigil/alerts"
	"vigil/vitals"
)

// Records keep what is to go out and what did.
type Records interface {
	// OpenCalls lists the open alarms of partitions, with the changes by which they asked for somebody.
	OpenCalls(ctx context.Context, partitions []int) ([]alerts.Asking, error)
	// CalledSteps lists the steps of open alarms of partitions that were called.
	CalledSteps(ctx context.Context, partitions []int) ([]alerts.StepID, error)
	// WaitingNotices lists the notices of partitions that are to be sent.
	WaitingNotices(ctx context.Context, partitions []int) ([]alerts.Notice, error)
	// SaveCalled records steps with their notices, and returns those that nobody had called before.
	SaveCalled(ctx context.Context, steps []alerts.Called) (fresh []alerts.StepID, err error)
	// SettleNotices keeps what became of notices.
	SettleNotices(ctx context.Context, notices []alerts.Notice) error
	// Directory is who there is.
	Directory(ctx context.Context) (Directory, error)
}

// Directory is who is to be called and how.
type Directory struct {
	Staff    []vitals.Staff
	Units    []vitals.Unit
	Patients []vitals.Patient // under care
	Roster   alerts.Roster
	Policies []alerts.PolicyVersion
	Contacts []alerts.Contact
}

// Sender is the way out to one channel.
type Sender interface {
	// Send returns nil once the other side has taken the notice, and an error that wraps alerts.ErrGone when it never
	// will. After any other error it is sent again.
	Send(ctx context.Context, n alerts.Notice) error
}

// Options of a Notifier.
type Options struct {
	Records Records
	// Owns reports whether the partition is this node's: of its patients nobody else calls anybody.
	Owns    func(partition int) bool
	Senders map[alerts.Channel]Sender
	// House reaches everybody who is called, beside their own contacts; the zero Contact where nothing does.
	House alerts.Contact
	// Note keeps for the audit who was called and what arrived. It must not wait. Nil: nobody keeps it.
	Note func(...alerts.Note)
	Log  *slog.Logger
	Now  func() time.Time
}

// How things are timed.
const (
	ownedEvery = time.Second      // what this node owns is looked at
	loadEvery  = 15 * time.Second // what was missed is found again within
	loadLimit  = 5 * time.Second
	saveLimit  = 2 * time.Second // a call waits no longer for the database
	saveAgain  = 5 * time.Second
	lostAfter  = time.Hour // a notice of an alarm that nobody knows
)

// Notifier calls people. It does nothing before Run.
type Notifier struct {
	Options

	sent, failed atomic.Uint64
	waiting      atomic.Int64

	mu     sync.Mutex
	news   []alerts.Transition
	wake   chan struct{} // there is news
	reload chan struct{} // the records are to be read now
}

// New makes a notifier.
func New(o Options) *Notifier {
	if o.Note == nil {
		o.Note = func(...alerts.Note) {}
	}
	return &Notifier{Options: o, wake: make(chan struct{}, 1), reload: make(chan struct{}, 1)}
}

// Transition tells of a change of an alarm. It does not wait.
func (n *Notifier) Transition(t alerts.Transition) {
	if !n.Owns(vitals.PartitionOf(t.Alarm.Patient)) {
		return
	}
	n.mu.Lock()
	n.news = append(n.news, t)
	n.mu.Unlock()
	notice(n.wake)
}

// Changed tells that people, patients, posts, policies or contacts are others now. It does not wait.
func (n *Notifier) Changed() { notice(n.reload) }

func notice(signal chan struct{}) {
	select {
	case signal <- struct{}{}:
	default: // noticed already
	}
}

func (n *Notifier) takeNews() []alerts.Transition {
	n.mu.Lock()
	defer n.mu.Unlock()
	news := n.news
	n.news = nil
	return news
}

// Stats says how calling goes.
type Stats struct {
	Sent    uint64 // notices that were taken
	Failed  uint64 // attempts that failed
	Waiting int64  // notices that wait or are on their way
}

// Stats says how calling goes.
func (n *Notifier) Stats() Stats {
	return Stats{Sent: n.sent.Load(), Failed: n.failed.Load(), Waiting: n.waiting.Load()}
}

// Run calls people until the context ends.
func (n *Notifier) Run(ctx context.Context) {
	c := newCourier(n)
	loads := make(chan loaded)
	var running sync.WaitGroup
	defer running.Wait()
	running.Go(func() { c.run(ctx) })
	running.Go(func() { n.load(ctx, loads) })

	b := newBook(n.House)
	timer := time.NewTimer(saveAgain)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-n.wake:
		case <-timer.C:
		case l := <-loads:
			b.merge(l, n.Now())
			c.order(ctx, order{owned: l.owned, add: b.wanted(l.notices), end: b.unwanted(l.notices, n.Now())})
		}
		for _, t := range n.takeNews() {
			if !b.take(t, n.Now()) {
				notice(n.reload)
			}
		}
		if overs := b.overs(); len(overs) > 0 {
			c.order(ctx, order{over: overs})
		}
		next := n.call(ctx, b, c)
		timer.Reset(max(0, next.Sub(n.Now())))
	}
}

// call calls what is due, and says when to look again.
func (n *Notifier) call(ctx context.Context, b *book, c *courier) time.Time {
	now := n.Now()
	due, next := b.due(now)
	if len(due)+len(b.unsaved) > 0 {
		fresh := n.save(ctx, b, due)
		if len(fresh) < len(due) {
			notice(n.reload) // what was called in another life may still wait to be sent
		}
		for _, s := range fresh {
			n.Note(notesOf(s)...) // before it can be delivered
			c.order(ctx, order{add: s.Notices})
		}
	}
	again := now.Add(saveAgain)
	if b.hangs(now) {
		again = b.hung.Add(saveAgain)
	}
	if len(b.unsaved) > 0 && again.Before(next) {
		return again
	}
	return next
}

// saveAtOnce is how many steps one transaction writes.
const saveAtOnce = 100

// notesOf is what the audit keeps of a step.
func notesOf(s alerts.Called) []alerts.Note {
	if len(s.Notices) == 0 && s.People {
		return []alerts.Note{{Kind: alerts.Missed, At: s.At, Alarm: s.ID.Alarm, Version: s.ID.Epoch, Detail: s.ID.String()}}
	}
	return lo.Map(s.Notices, func(x alerts.Notice, _ int) alerts.Note { return noteOf(alerts.Notified, x, s.At) })
}

func noteOf(kind alerts.NoteKind, x alerts.Notice, at time.Time) alerts.Note {
	return alerts.Note{
		Kind: kind, At: at, Alarm: x.Step.Alarm, Version: x.Step.Epoch, Actor: string(x.Contact.Staff),
		Detail: x.Step.String() + ", " + string(x.Contact.Channel),
	}
}

// maxUnsaved bounds what waits to be written while the database is away.
const maxUnsaved = 10_000

// keep keeps what is to be written later.
func (b *book) keep(steps []alerts.Called) { b.unsaved = steps[max(0, len(steps)-maxUnsaved):] }

// hangs reports whether the database was waited for in vain a moment ago, of a clock that was not set back since.
func (b *book) hangs(now time.Time) bool {
	since := now.Sub(b.hung)
	return since >= 0 && since < saveAgain
}

// save writes steps down and returns those that are to go out: while nobody can write, all of them.
func (n *Notifier) save(ctx context.Context, b *book, due []alerts.Called) []alerts.Called {
	all := append(slices.Clip(b.unsaved), due...)
	if b.hangs(n.Now()) { // else each call would wait for those before, and then again
		b.keep(all)
		return due
	}
	limited, cancel := context.WithTimeout(ctx, saveLimit)
	defer cancel()
	var fresh []alerts.StepID
	var err error
	for some := range slices.Chunk(all, saveAtOnce) { // whoever records the alarms must get in between
		var first []alerts.StepID
		if first, err = n.Records.SaveCalled(limited, some); err != nil {
			break
		}
		fresh = append(fresh, first...)
	}
	if err != nil {
		n.Log.WarnContext(ctx, "calls go out before they are recorded", "calls", len(due), "error", err)
		if b.keep(all); limited.Err() != nil {
			b.hung = n.Now()
		}
		return due
	}
	b.unsaved = nil
	return slices.DeleteFunc(due, func(s alerts.Called) bool { return !slices.Contains(fresh, s.ID) })
}

// loaded is what the records said.
type loaded struct {
	owned     []int
	directory Directory
	notices   []alerts.Notice
	steps     []alerts.StepID
	calls     []alerts.Asking
}

// load reads the records every while, and whenever this node gets partitions or somebody says so.
func (n *Notifier) load(ctx context.Context, to chan<- loaded) {
	look := time.NewTicker(ownedEvery)
	defer look.Stop()
	var before []int
	var due time.Time
	for {
		owned := n.owned()
		if now := n.Now(); !now.Before(due) || !slices.Equal(owned, before) {
			l, err := n.read(ctx, owned)
			if err == nil {
				select {
				case to <- l:
				case <-ctx.Done():
					return
				}
				before, due = owned, now.Add(loadEvery)
			} else if ctx.Err() == nil {
				n.Log.WarnContext(ctx, "calls cannot be read, trying again", "error", err)
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-look.C:
		case <-n.reload:
			due = time.Time{}
		}
	}
}

func (n *Notifier) owned() (owned []int) {
	for p := range vitals.Partitions {
		if n.Owns(p) {
			owned = append(owned, p)
		}
	}
	return owned
}

// read asks for notices first and for alarms last, so that the alarm of a notice is among them if it is stored.
func (n *Notifier) read(ctx context.Context, owned []int) (l loaded, err error) {
	ctx, cancel := context.WithTimeout(ctx, loadLimit)
	defer cancel()
	l.owned = owned
	if l.directory, err = n.Records.Directory(ctx); err != nil {
		return l, err
	}
	if l.notices, err = n.Records.WaitingNotices(ctx, owned); err != nil {
		return l, err
	}
	if l.steps, err = n.Records.CalledSteps(ctx, owned); err != nil {
		return l, err
	}
	l.calls, err = n.Records.OpenCalls(ctx, owned)
	return l, err
}
