// Command vigil-sim simulates homes: patients whose wearables talk to a hub, which talks to a Vigil
// server as a real hub does. It shows a ward at work, plays recorded ECGs, and measures what a
// server bears.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/url"
	"os"
	"os/signal"
	"syscall"
	"time"

	"vigil/devices/sim/fault"
	"vigil/devices/sim/heart"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Getenv, os.Stdout, os.Stderr); err != nil {
		if !errors.Is(err, flag.ErrHelp) {
			_, _ = fmt.Fprintln(os.Stderr, "vigil-sim:", err)
		}
		stop()
		os.Exit(1)
	}
}

// options is the command line.
type options struct {
	url, mqtt      string
	user, password string
	homes          int
	cassia         string       // empty: no router
	others         bool         // simulate those who speak to no hub of Vigil, too
	mllp           string       // empty: no monitor
	script         heart.Script // empty: the demonstration
	seed           uint64
	state          string
	wfdb, record   string
	start          time.Duration
	once           bool
	load           int
	faults         fault.Plan
	runFor         time.Duration // zero: until interrupted

	server *url.URL // for MQTT
}

const (
	maxHomes    = 10_000
	loadDefault = 5 * time.Minute
)

func parse(args []string, getenv func(string) string, stderr io.Writer) (options, error) {
	var o options
	var script, faults string
	fs := flag.NewFlagSet("vigil-sim", flag.ContinueOnError)
	fs.SetOutput(stderr)
	fs.StringVar(&o.url, "url", "http://127.0.0.1:8080", "the server's `address` for REST")
	fs.StringVar(&o.mqtt, "mqtt", "127.0.0.1:1883", "the server's `host:port` for hubs")
	fs.StringVar(&o.user, "user", "admin", "`login` that enrols the homes")
	fs.StringVar(&o.password, "password", "", "its password (default $VIGIL_ADMIN_PASSWORD)")
	fs.IntVar(&o.homes, "homes", 16, "`number` of homes")
	fs.BoolVar(&o.others, "others", false, "beside the homes: a patient each behind a Tenovi webhook, a phone with Health Auto Export, Theengs and Minew relays, Open mHealth, an Apple ECG and a FHIR gateway")
	fs.StringVar(&o.mllp, "mllp", "", "with -others: the server's `host:port` for hospital monitors (default: no monitor)")
	fs.StringVar(&o.cassia, "cassia", "", "with -others: where a simulated Cassia router listens, `host:port` (default: no router)")
	fs.StringVar(&script, "script", "", "rhythms of every home, repeated: \"sinus 20s, af@110 30s, vf 15s\" (default: another for each home)")
	fs.StringVar(&faults, "faults", "", "what goes wrong in every home: \"duplicate 5%, reorder 5%, corrupt 1%, clock 90s, outage 10m\" (default: nothing)")
	fs.Uint64Var(&o.seed, "seed", 1, "the same seed makes the same hearts")
	fs.StringVar(&o.state, "state", "", "`file` that keeps the hubs' secrets; without it they are renewed at each start")
	fs.StringVar(&o.wfdb, "wfdb", "", "`folder` of a PhysioNet database whose records the first homes play")
	fs.StringVar(&o.record, "record", "", "`names` of the records, separated by commas (default: all)")
	fs.DurationVar(&o.start, "start", 0, "where in the record to begin")
	fs.BoolVar(&o.once, "once", false, "play the record once instead of over and over")
	fs.IntVar(&o.load, "load", 0, "measure the server with this `number` of patients")
	fs.DurationVar(&o.runFor, "for", 0, "how long to run (default: until interrupted; 5m with -load)")
	if err := fs.Parse(args); err != nil {
		return o, fmt.Errorf("read the command line: %w", err)
	}
	o.server = &url.URL{Scheme: "mqtt", Host: o.mqtt}
	if o.password == "" {
		o.password = getenv("VIGIL_ADMIN_PASSWORD")
	}
	if o.load > 0 && o.runFor == 0 {
		o.runFor = loadDefault
	}
	var scriptErr, faultsErr error
	if script != "" {
		o.script, scriptErr = heart.ParseScript(script)
	}
	if faults != "" {
		o.faults, faultsErr = fault.Parse(faults)
	}
	return o, errors.Join(scriptErr, faultsErr, o.validate(fs.Args()))
}

// validate reports every fault at once.
func (o options) validate(rest []string) error {
	var faults []error
	check := func(ok bool, format string, args ...any) {
		if !ok {
			faults = append(faults, fmt.Errorf(format, args...))
		}
	}
	_, _, err := net.SplitHostPort(o.mqtt)
	check(err == nil, "-mqtt %q is not host:port", o.mqtt)
	_, _, err = net.SplitHostPort(o.mllp)
	check(o.mllp == "" || (err == nil && o.others), "-mllp %q is not host:port, or -others is missing", o.mllp)
	_, _, err = net.SplitHostPort(o.cassia)
	check(o.cassia == "" || (err == nil && o.others), "-cassia %q is not host:port, or -others is missing", o.cassia)
	check(!o.others || o.load == 0, "-others do not go with -load")
	check(len(rest) == 0, "%q is not a flag", rest)
	check(o.password != "", "no password: set -password or VIGIL_ADMIN_PASSWORD")
	check(o.homes >= 1 && o.homes <= maxHomes, "-homes %d is outside 1 to %d", o.homes, maxHomes)
	check(o.load >= 0 && o.load <= maxHomes, "-load %d is outside 0 to %d", o.load, maxHomes)
	check(o.start >= 0 && o.runFor >= 0, "-start and -for cannot be negative")
	check(o.wfdb != "" || (o.record == "" && o.start == 0 && !o.once), "-record, -start and -once need -wfdb")
	check(o.load == 0 || o.faults == (fault.Plan{}), "-faults do not go with -load")
	check(o.wfdb == "" || (len(o.script) == 0 && o.load == 0), "-wfdb goes with neither -script nor -load")
	return errors.Join(faults...)
}

func run(ctx context.Context, args []string, getenv func(string) string, stdout, stderr io.Writer) error {
	o, err := parse(args, getenv, stderr)
	if err != nil {
		return err
	}
	log := slog.New(slog.NewTextHandler(stderr, nil))
	if o.load > 0 {
		return runLoad(ctx, o, log, stdout)
	}
	return runHomes(ctx, o, log)
}
