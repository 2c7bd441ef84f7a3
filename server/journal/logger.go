package journal

import (
	"fmt"
	"log/slog"
	"sync/atomic"
)

// quietLogger passes on what the embedded server warns of. It remembers a fatal message, for the
// server does not stop by itself when its logger does not end the process.
type quietLogger struct {
	log   *slog.Logger
	fatal atomic.Pointer[string]
}

func (*quietLogger) Noticef(string, ...any) {}
func (*quietLogger) Debugf(string, ...any)  {}
func (*quietLogger) Tracef(string, ...any)  {}

func (l *quietLogger) Warnf(format string, v ...any) {
	l.log.Warn("embedded journal server", "says", fmt.Sprintf(format, v...))
}

func (l *quietLogger) Errorf(format string, v ...any) {
	l.log.Error("embedded journal server", "says", fmt.Sprintf(format, v...))
}

func (l *quietLogger) Fatalf(format string, v ...any) {
	said := fmt.Sprintf(format, v...)
	l.fatal.CompareAndSwap(nil, &said)
	l.log.Error("embedded journal server gives up", "says", said)
}
