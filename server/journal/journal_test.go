package journal_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"go.uber.org/goleak"

	"vigil/server/journal"
	"vigil/vitals"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const patience = 20 * time.Second

func config(t *testing.T) journal.Config {
	t.Helper()
	return journal.Config{Dir: filepath.Join(t.TempDir(), "journal"), MaxBytes: 64 << 20}
}

func open(t *testing.T, cfg journal.Config) *journal.Journal {
	t.Helper()
	j, err := journal.Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = j.Close() })
	return j
}

// external is a nats-server in this process that is reached over the network, like one elsewhere.
func external(t *testing.T, dir string, port int) *server.Server {
	t.Helper()
	ns, err := server.NewServer(&server.Options{
		Host: "127.0.0.1", Port: port, JetStream: true, StoreDir: dir, NoSigs: true, NoLog: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	ns.Start()
	if !ns.ReadyForConnections(patience) {
		t.Fatal("server does not start")
	}
	t.Cleanup(func() { stopServer(ns) })
	return ns
}

func stopServer(ns *server.Server) {
	ns.Shutdown()
	ns.WaitForShutdown()
}

// everywhere runs the test with an embedded and with an external server.
func everywhere(t *testing.T, test func(t *testing.T, j *journal.Journal)) {
	t.Helper()
	t.Run("embedded", func(t *testing.T) { test(t, open(t, config(t))) })
	t.Run("external", func(t *testing.T) {
		ns := external(t, t.TempDir(), -1)
		test(t, open(t, journal.Config{URL: ns.ClientURL(), MaxBytes: 64 << 20}))
	})
}

var noon = time.Date(2026, 3, 1, 12, 0, 0, 123456000, time.UTC)

func delivery(p vitals.PatientID, seq uint64) vitals.Delivery {
	at := noon.Add(time.Duration(seq) * time.Second)
	return vitals.Delivery{
		Patient: p, Stream: vitals.Stream{Hub: "hub-1", Device: "a09e1a000001", Epoch: 7}, Seq: seq, Received: at,
		Batch: vitals.Batch{
			Device: "a09e1a000001",
			Readings: []vitals.Reading{
				{Kind: vitals.HeartRate, Time: at, Value: vitals.Int(72), DeviceTime: at.Add(-time.Hour), TimeQuality: vitals.TimeDevice},
				{Kind: vitals.SpO2, Time: at, Absent: vitals.NotANumber, Quality: vitals.Questionable},
			},
			Waveforms: []vitals.Waveform{{
				Kind: vitals.ECGII, Start: at, Rate: vitals.Rate{Num: 250, Den: 1}, Scale: vitals.Int(1), First: 250 * seq,
				Samples: []int16{0, 1, -1, 32767, vitals.Missing},
			}},
			Events: []vitals.Event{{Code: vitals.BatteryLevel, Time: at, Value: vitals.NewDecimal(875, -1), Detail: "low"}},
		},
	}
}

// reader collects what a consumer hands over.
type reader struct {
	mu   sync.Mutex
	seqs []uint64
	got  []vitals.Delivery
	more chan struct{}
}

func newReader() *reader { return &reader{more: make(chan struct{}, 100000)} }

func (r *reader) take(seq, _ uint64, d vitals.Delivery) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.seqs, r.got = append(r.seqs, seq), append(r.got, d)
	r.more <- struct{}{}
}

func (r *reader) await(t *testing.T, n int) []vitals.Delivery {
	t.Helper()
	for range n {
		select {
		case <-r.more:
		case <-time.After(patience):
			t.Fatalf("%d messages arrived, want %d", len(r.got), n)
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.got
}

func publish(t *testing.T, j *journal.Journal, deliveries ...vitals.Delivery) {
	t.Helper()
	for _, d := range deliveries {
		if err := j.Publish(t.Context(), d); err != nil {
			t.Fatal(err)
		}
	}
}

func consume(t *testing.T, j *journal.Journal, partition int, from uint64, since time.Time) (*reader, uint64) {
	t.Helper()
	r := newReader()
	pending, stop, err := j.Consume(t.Context(), partition, from, since, r.take)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	return r, pending
}

func equal(t *testing.T, want, got any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// Two patients of different partitions.
const ann, ben = vitals.PatientID("ann"), vitals.PatientID("ben")

func TestAPartitionIsReadInOrder(t *testing.T) {
	everywhere(t, func(t *testing.T, j *journal.Journal) {
		t.Helper()
		var want []vitals.Delivery
		for seq := range uint64(50) {
			d := delivery(ann, seq+1)
			want = append(want, d)
			publish(t, j, d, delivery(ben, seq+1))
		}
		r, pending := consume(t, j, vitals.PartitionOf(ann), 1, time.Time{})
		equal(t, uint64(50), pending)
		equal(t, want, r.await(t, 50))
		publish(t, j, delivery(ann, 99))
		equal(t, append(want, delivery(ann, 99)), r.await(t, 1))
	})
}

func TestReadingBeginsWhereItIsToldTo(t *testing.T) {
	j := open(t, config(t))
	part := vitals.PartitionOf(ann)
	var times []time.Time
	for seq := range uint64(4) {
		publish(t, j, delivery(ann, seq+1))
		at, found, err := j.TimeOf(t.Context(), part, seq+1)
		if err != nil || !found {
			t.Fatal(found, err)
		}
		times = append(times, at)
	}
	stories := map[string]struct {
		from  uint64
		since time.Time
		first uint64
	}{
		"from a sequence number":                           {from: 3, first: 3},
		"from the beginning":                               {from: 1, first: 1},
		"from a time":                                      {since: times[1], first: 2},
		"from a time before everything":                    {since: times[0].Add(-time.Hour), first: 1},
		"from an earlier time, for memory":                 {from: 4, since: times[2], first: 3},
		"never behind what must not be missed":             {from: 2, since: times[3].Add(time.Hour), first: 2},
		"a time just behind the last, nothing to remember": {from: 4, since: times[3].Add(time.Nanosecond), first: 4},
	}
	for story, s := range stories {
		t.Run(story, func(t *testing.T) {
			r, _ := consume(t, j, part, s.from, s.since)
			r.await(t, int(5-s.first))
			equal(t, s.first, r.seqs[0])
		})
	}
	t.Run("behind the end there is nothing", func(t *testing.T) {
		if _, found, err := j.TimeOf(t.Context(), part, 5); found || err != nil {
			t.Error(found, err)
		}
		_, pending := consume(t, j, part, 5, time.Time{})
		equal(t, uint64(0), pending)
	})
}

func TestStoppedMeansStopped(t *testing.T) {
	j := open(t, config(t))
	stopped := false
	calls := make(chan struct{}, 100)
	_, stop, err := j.Consume(t.Context(), vitals.PartitionOf(ann), 1, time.Time{}, func(uint64, uint64, vitals.Delivery) {
		if stopped {
			t.Error("called after stop")
		}
		calls <- struct{}{}
	})
	if err != nil {
		t.Fatal(err)
	}
	publish(t, j, delivery(ann, 1))
	<-calls
	stop()
	stopped = true
	publish(t, j, delivery(ann, 2), delivery(ann, 3))
}

func TestARestartKeepsMessagesAndIdentity(t *testing.T) {
	cfg := config(t)
	j := open(t, cfg)
	publish(t, j, delivery(ann, 1), delivery(ann, 2))
	id := j.ID()
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	again := open(t, cfg)
	equal(t, id, again.ID())
	equal(t, uint64(2), again.Resolve(id, 2))
	equal(t, uint64(0), again.Resolve("another", 2))
	r, _ := consume(t, again, vitals.PartitionOf(ann), 1, time.Time{})
	equal(t, []vitals.Delivery{delivery(ann, 1), delivery(ann, 2)}, r.await(t, 2))
}

func TestAPowerCutForksTheIdentity(t *testing.T) {
	stories := map[string]struct {
		marker string
		forked bool
	}{
		"the process died, the machine did not": {`{"journal":"%s","last":0,"boot":"%s"}`, false},
		"the machine died":                      {`{"journal":"%s","last":0,"boot":"an earlier one"}`, true},
		"closed, but messages are missing":      {`{"journal":"%s","last":9,"boot":"%s","clean":true}`, true},
	}
	for story, s := range stories {
		t.Run(story, func(t *testing.T) {
			cfg := config(t)
			j := open(t, cfg)
			publish(t, j, delivery(ann, 1), delivery(ann, 2))
			id := j.ID()
			if err := j.Close(); err != nil {
				t.Fatal(err)
			}
			boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
			if err != nil {
				t.Skip("this system does not tell when it was started")
			}
			marker := s.marker
			if marker != stories["the machine died"].marker {
				marker = fmt.Sprintf(marker, id, boot[:len(boot)-1])
			} else {
				marker = fmt.Sprintf(marker, id)
			}
			if err := os.WriteFile(filepath.Join(cfg.Dir, journal.MarkerName), []byte(marker), 0o600); err != nil {
				t.Fatal(err)
			}
			again := open(t, cfg)
			equal(t, s.forked, again.ID() != id)
			equal(t, uint64(1), again.Resolve(id, 1)) // what is still here counts as before
			if s.forked {
				equal(t, uint64(2), again.Resolve(id, 7)) // what is not here does not
			}
			publish(t, again, delivery(ann, 3))
			r, _ := consume(t, again, vitals.PartitionOf(ann), 1, time.Time{})
			r.await(t, 3)
		})
	}
}

func TestAJournalThatIsShorterThanExpectedForksTheIdentity(t *testing.T) {
	everywhere(t, func(t *testing.T, j *journal.Journal) {
		t.Helper()
		id := j.ID()
		publish(t, j, delivery(ann, 1), delivery(ann, 2))
		expect := func(id string, last uint64) {
			t.Helper()
			if err := j.Expect(t.Context(), id, last); err != nil {
				t.Fatal(err)
			}
		}
		expect(id, 2)
		expect("another", 9)
		equal(t, id, j.ID())
		expect(id, 5) // three were stored from it that it does not have any more
		publish(t, j, delivery(ann, 6))
		if j.ID() == id {
			t.Fatal("number 3 is another message now, under the same identity")
		}
		equal(t, uint64(2), j.Resolve(id, 5))
	})
}

func TestACorruptJournalIsMadeAnew(t *testing.T) {
	cfg := config(t)
	seen := map[string]bool{}
	for range 3 {
		j := open(t, cfg)
		if seen[j.ID()] {
			t.Fatal("a new journal has an old identity")
		}
		seen[j.ID()] = true
		publish(t, j, delivery(ann, 1))
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
		err := filepath.WalkDir(cfg.Dir, func(path string, entry os.DirEntry, err error) error {
			if err != nil || entry.IsDir() || entry.Name() == journal.MarkerName {
				return err
			}
			return os.WriteFile(path, []byte("not what it was"), 0o600)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	j := open(t, cfg)
	publish(t, j, delivery(ann, 1))
	lost, err := filepath.Glob(cfg.Dir + ".lost-*")
	if err != nil || len(lost) != 1 {
		t.Errorf("lost journals: %v %v, want the last one", lost, err)
	}
}

func TestADeletedJournalIsMadeAnew(t *testing.T) {
	cfg := config(t)
	j := open(t, cfg)
	id := j.ID()
	publish(t, j, delivery(ann, 1))
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(filepath.Join(cfg.Dir, "jetstream")); err != nil {
		t.Fatal(err)
	}
	again := open(t, cfg)
	equal(t, uint64(0), again.Resolve(id, 1))
}

func TestTwoProcessesCannotShareAFolder(t *testing.T) {
	cfg := config(t)
	open(t, cfg)
	if _, err := journal.Open(t.Context(), cfg); !errors.Is(err, journal.ErrUnfit) {
		t.Errorf("second open: %v", err)
	}
}

func TestAFolderThatCannotBeWrittenIsNotMovedAside(t *testing.T) {
	dir := t.TempDir()
	cfg := journal.Config{Dir: filepath.Join(dir, "journal")}
	if err := os.WriteFile(cfg.Dir, nil, 0o600); err != nil { // a file where the folder should be
		t.Fatal(err)
	}
	if _, err := journal.Open(t.Context(), cfg); err == nil {
		t.Fatal("opened")
	}
	if _, err := os.Stat(cfg.Dir); err != nil {
		t.Error(err)
	}
}

func TestUnreadableMessagesArePassedOver(t *testing.T) {
	ns := external(t, t.TempDir(), -1)
	j := open(t, journal.Config{URL: ns.ClientURL(), MaxBytes: 1 << 20})
	raw, err := nats.Connect(ns.ClientURL())
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	publish(t, j, delivery(ann, 1))
	if err := raw.Publish(journal.Subject(delivery(ann, 2)), []byte("\x8dnot cbor")); err != nil {
		t.Fatal(err)
	}
	if err := raw.Flush(); err != nil {
		t.Fatal(err)
	}
	publish(t, j, delivery(ann, 3))
	r, _ := consume(t, j, vitals.PartitionOf(ann), 1, time.Time{})
	equal(t, []vitals.Delivery{delivery(ann, 1), {}, delivery(ann, 3)}, r.await(t, 3))
	equal(t, []uint64{1, 2, 3}, r.seqs)
	equal(t, uint64(1), j.Stats().Poison)
}

func TestWhatIsBegunTogetherIsInOrder(t *testing.T) {
	everywhere(t, func(t *testing.T, j *journal.Journal) {
		t.Helper()
		var want []vitals.Delivery
		var confirmed []func(context.Context) error
		arrived := make(chan error, 200)
		for seq := range uint64(200) {
			d := delivery(ann, seq+1)
			c, err := j.Begin(d, func(err error) { arrived <- err })
			if err != nil {
				t.Fatal(err)
			}
			want, confirmed = append(want, d), append(confirmed, c)
		}
		for i, c := range confirmed {
			if err := c(t.Context()); err != nil {
				t.Fatalf("delivery %d: %v", i+1, err)
			}
			if err := <-arrived; err != nil {
				t.Fatalf("delivery %d arrived: %v", i+1, err)
			}
		}
		r, _ := consume(t, j, vitals.PartitionOf(ann), 1, time.Time{})
		equal(t, want, r.await(t, len(want)))
	})
}

func TestWhatIsBegunWithoutAServerIsNotConfirmed(t *testing.T) {
	ns := external(t, t.TempDir(), -1)
	j := open(t, journal.Config{URL: ns.ClientURL(), MaxBytes: 1 << 20, PublishTimeout: time.Second})
	stopServer(ns)
	arrived := make(chan error, 2)
	told := func(err error) { arrived <- err }
	confirmed, err := j.Begin(delivery(ann, 1), told)
	if err == nil {
		if told := <-arrived; told == nil { // whether anybody asks or not
			t.Error("told that it arrived")
		}
		err = confirmed(t.Context())
	}
	if !errors.Is(err, journal.ErrUnavailable) {
		t.Errorf("%v", err)
	}
	ended, end := context.WithCancel(t.Context())
	end()
	if confirmed, err := j.Begin(delivery(ann, 2), told); err == nil && !errors.Is(confirmed(ended), journal.ErrUnavailable) {
		t.Error("confirmed to one who has left")
	}
}

func TestAConsumerOutlivesTheServer(t *testing.T) {
	dir := t.TempDir()
	ns := external(t, dir, -1)
	j := open(t, journal.Config{URL: ns.ClientURL(), MaxBytes: 1 << 20, PublishTimeout: time.Second})
	r, _ := consume(t, j, vitals.PartitionOf(ann), 1, time.Time{})
	publish(t, j, delivery(ann, 1))
	r.await(t, 1)
	port := ns.Addr().(*net.TCPAddr).Port
	stopServer(ns)
	if err := j.Publish(t.Context(), delivery(ann, 2)); !errors.Is(err, journal.ErrUnavailable) {
		t.Errorf("published to nobody: %v", err)
	}
	external(t, dir, port)
	for j.Publish(t.Context(), delivery(ann, 3)) != nil {
		if t.Context().Err() != nil {
			t.Fatal("the server does not come back")
		}
	}
	// The one that was not confirmed may have arrived or not; nothing comes twice.
	for seqs := []uint64{1}; seqs[len(seqs)-1] != 3; {
		got := r.await(t, 1)
		seq := got[len(got)-1].Seq
		if seq <= seqs[len(seqs)-1] {
			t.Fatalf("%d after %v", seq, seqs)
		}
		seqs = append(seqs, seq)
	}
}

func TestARequestIsAnsweredByTheOwner(t *testing.T) {
	everywhere(t, func(t *testing.T, j *journal.Journal) {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		if _, err := j.Request(ctx, 5, []byte("anybody?")); !errors.Is(err, journal.ErrNoOwner) {
			t.Errorf("without an owner: %v", err)
		}
		stop, err := j.Serve(5, func(question []byte) []byte { return append(question, " yes"...) })
		if err != nil {
			t.Fatal(err)
		}
		answer, err := j.Request(ctx, 5, []byte("anybody?"))
		if err != nil || string(answer) != "anybody? yes" {
			t.Errorf("%q %v", answer, err)
		}
		stop()
		if _, err := j.Request(ctx, 5, []byte("anybody?")); !errors.Is(err, journal.ErrNoOwner) {
			t.Errorf("after the owner stopped: %v", err)
		}
	})
}

func TestAnOwnerWhoKnowsNothingLeavesTheAnswerToAnother(t *testing.T) {
	j := open(t, config(t))
	for _, reply := range [][]byte{nil, []byte("mine")} {
		stop, err := j.Serve(5, func([]byte) []byte { return reply })
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(stop)
	}
	answer, err := j.Request(t.Context(), 5, nil)
	if err != nil || string(answer) != "mine" {
		t.Errorf("%q %v", answer, err)
	}
}

// heardOf hears each line of a log.
type heardOf chan string

func (h heardOf) Write(line []byte) (int, error) {
	h <- string(line)
	return len(line), nil
}

// The database hangs, and everybody acknowledges. Whoever comes when too many wait is not denied, as another node may be the
// owner by now and do it; and what was asked does not come up later.
func TestACommandTooManyIsNotTakenAndNotKeptForLater(t *testing.T) {
	const room = 256
	log := make(heardOf, 100)
	cfg := config(t)
	cfg.Logger = slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelWarn}))
	j := open(t, cfg)
	asked := make(chan string, 2*room)
	hangs := make(chan struct{})
	serve := func(answer func(question []byte) []byte) {
		stop, err := j.Serve(5, answer)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(stop)
	}
	serve(func(question []byte) []byte {
		asked <- string(question)
		<-hangs
		return []byte("done")
	})
	ask := func(question string) string {
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		answer, err := j.Request(ctx, 5, []byte(question))
		if err != nil {
			t.Errorf("%s: %v", question, err)
		}
		return string(answer)
	}
	var waiting sync.WaitGroup
	for range room {
		waiting.Go(func() { ask("first") })
	}
	for range room {
		<-asked
	}
	serve(func(question []byte) []byte { // the owner by now
		if string(question) != "too many" {
			return nil
		}
		select { // who is full has had its turn
		case line := <-log:
			if !strings.Contains(line, "too many wait") {
				t.Errorf("the log says %s", line)
			}
		case <-time.After(patience / 2):
			t.Error("who is full takes more")
		}
		return []byte("by the owner")
	})
	if answer := ask("too many"); answer != "by the owner" {
		t.Errorf("one more: %q", answer)
	}
	close(hangs)
	waiting.Wait()
	if answer := ask("next"); answer != "done" {
		t.Errorf("later: %q", answer)
	}
	if question := <-asked; question != "next" {
		t.Errorf("asked %q", question)
	}
}

func TestASenderWhoWaitsLearnsThePlaceOfItsDelivery(t *testing.T) {
	j := open(t, journal.Config{Dir: t.TempDir()})
	for seq := uint64(1); seq <= 3; seq++ {
		at, err := j.Append(t.Context(), delivery(ann, seq))
		id, last, headErr := j.Head(t.Context())
		if err != nil || headErr != nil || at != (vitals.Place{Journal: id, Seq: last}) || last != seq {
			t.Errorf("%+v %v, the head is %s %d %v", at, err, id, last, headErr)
		}
	}
}
