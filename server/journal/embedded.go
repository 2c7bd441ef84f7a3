package journal

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go/jetstream"
)

const (
	// startPatience is how long the embedded server may take to read its files.
	startPatience = time.Minute
	// flushInterval bounds what a power cut takes from the journal. It costs nothing measurable,
	// where a flush per message costs nine tenths of the throughput.
	flushInterval = time.Second
)

// errLost says that the folder of the embedded journal cannot be used as it is.
var errLost = errors.New("journal is lost")

// embedded is the server inside this process, with its folder.
type embedded struct {
	dir    string
	server *server.Server
	unlock func()
}

// openEmbedded opens the folder, or moves it aside and opens an empty one.
func (j *Journal) openEmbedded(ctx context.Context) error {
	if j.cfg.Dir == "" {
		return fmt.Errorf("open the embedded journal: no folder given: %w", ErrUnfit)
	}
	unlock, err := lockFolder(j.cfg.Dir)
	if err != nil {
		return err
	}
	err = j.tryEmbedded(ctx)
	if errors.Is(err, errLost) {
		j.log.ErrorContext(ctx, "the journal cannot be read, moving it aside and starting anew; "+
			"hubs will send again what is not in the database", "error", err)
		j.hangUp()
		if err = moveAside(j.cfg.Dir, time.Now()); err == nil {
			err = j.tryEmbedded(ctx)
		}
	}
	if err != nil {
		j.hangUp()
		unlock()
		return err
	}
	j.server.unlock = unlock
	return nil
}

func (j *Journal) tryEmbedded(ctx context.Context) error {
	// A folder that cannot be written is a fault of the installation, not of the journal. Writing
	// the marker first tells them apart.
	if err := os.MkdirAll(j.cfg.Dir, 0o700); err != nil {
		return fmt.Errorf("make the journal's folder: %w", err)
	}
	left := readMarker(j.cfg.Dir)
	boot := bootID()
	if err := writeMarker(j.cfg.Dir, marker{Journal: left.Journal, Last: left.Last, Boot: left.Boot}); err != nil {
		return err
	}
	ns, err := j.startServer()
	if err != nil {
		return fmt.Errorf("start the embedded journal server: %w: %w", errLost, err)
	}
	j.server = &embedded{dir: j.cfg.Dir, server: ns}
	if err := j.connect(ctx, ns); err != nil {
		return err
	}
	if _, err := j.streamInfo(ctx); errors.Is(err, jetstream.ErrStreamNotFound) && left.Journal != "" {
		return fmt.Errorf("journal %s was here and is not any more: %w", left.Journal, errLost)
	}
	info, err := j.ensureStream(ctx)
	if err != nil {
		return err
	}
	if left.Journal != "" && left.mayHaveLost(info.State.LastSeq, boot) {
		if info, err = j.fork(ctx, info); err != nil {
			return err
		}
	}
	return writeMarker(j.cfg.Dir, marker{Journal: j.ID(), Last: info.State.LastSeq, Boot: boot})
}

// fork gives the journal a new identity from here on.
func (j *Journal) fork(ctx context.Context, info *jetstream.StreamInfo) (*jetstream.StreamInfo, error) {
	last := info.State.LastSeq
	j.log.WarnContext(ctx, "the journal may have lost its newest messages; hubs will send again what is not in the database",
		"journal", j.ID(), "last", last)
	return j.updateStream(ctx, info, readIdentity(info.Config.Metadata).fork(last))
}

func (j *Journal) startServer() (*server.Server, error) {
	logger := &quietLogger{log: j.log}
	ns, err := server.NewServer(&server.Options{
		ServerName:        "vigil",
		DontListen:        true,
		NoSigs:            true,
		NoLog:             true,
		JetStream:         true,
		StoreDir:          j.cfg.Dir,
		JetStreamMaxStore: j.cfg.MaxBytes + j.cfg.MaxBytes/8, // the stream's limit, and room for its indexes
		SyncInterval:      flushInterval,
	})
	if err != nil {
		return nil, fmt.Errorf("configure the server: %w", err)
	}
	ns.SetLoggerV2(logger, false, false, false)
	ns.Start()
	for end := time.Now().Add(startPatience); ; {
		ready := ns.ReadyForConnections(100 * time.Millisecond)
		said := logger.fatal.Load()
		switch {
		case said != nil:
			err = errors.New(*said)
		case ready && ns.JetStreamEnabled():
			return ns, nil
		case ready:
			err = errors.New("jetstream is not enabled")
		case time.Now().After(end):
			err = fmt.Errorf("not ready after %s", startPatience)
		default:
			continue
		}
		ns.Shutdown()
		ns.WaitForShutdown()
		return nil, err
	}
}

// stop ends the server and waits for it.
func (e *embedded) stop() {
	e.server.Shutdown()
	e.server.WaitForShutdown()
}

// leave notes how the folder was left, after stop.
func (e *embedded) leave(m marker) error {
	defer e.unlock()
	return writeMarker(e.dir, m)
}

// moveAside renames the folder and forgets those that were moved aside before: one is kept for
// whoever wants to look into it.
func moveAside(dir string, now time.Time) error {
	dir = filepath.Clean(dir)
	older, err := filepath.Glob(dir + ".lost-*")
	if err != nil {
		return fmt.Errorf("look for lost journals: %w", err)
	}
	for _, path := range older {
		if err := os.RemoveAll(path); err != nil {
			return fmt.Errorf("remove an older lost journal: %w", err)
		}
	}
	if err := os.Rename(dir, dir+".lost-"+now.UTC().Format("20060102T150405")); err != nil {
		return fmt.Errorf("move the lost journal aside: %w", err)
	}
	return nil
}
