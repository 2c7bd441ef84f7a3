package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"time"

	"vigil/alerts"
	"vigil/server/audit"
	"vigil/server/monitor"
	"vigil/server/store"
	"vigil/vitals"
)

const (
	witnessEvery = time.Minute
	witnessLimit = 10 * time.Second
)

const auditUsage = `usage: vigil audit verify [-witness NUMBER:HASH]

Walks everything that is sealed in the database: the events of each alarm, the chains of the audit and the witnesses.
Says what is broken where. It may run while the server does.

  -witness   a witness from the server's log ("audit witnessed"), or from an earlier run of this command, that
             was kept in another place. Only with one it is certain that nothing up to there was taken away
             and the rest sealed anew by somebody who may change everything in the database.

exit code: 0 all is whole; 2 something is broken; 1 it could not be found out
`

// errBroken says that the audit was verified and is not whole.
var errBroken = errors.New("the audit is broken")

// auditCommand carries out what stands behind "vigil audit".
func auditCommand(ctx context.Context, args []string, vars variables, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("vigil audit verify", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	witness := flags.String("witness", "", "")
	if len(args) == 0 || args[0] == "-h" || args[0] == "-help" || args[0] == "--help" || args[0] == "help" {
		_, err := io.WriteString(stdout, auditUsage)
		return err
	}
	if args[0] != "verify" {
		_, _ = io.WriteString(stderr, auditUsage)
		return fmt.Errorf("unknown command \"audit %s\"", args[0])
	}
	if err := flags.Parse(args[1:]); err != nil || flags.NArg() > 0 {
		if errors.Is(err, flag.ErrHelp) {
			_, err := io.WriteString(stdout, auditUsage)
			return err
		}
		_, _ = io.WriteString(stderr, auditUsage)
		return fmt.Errorf("read the command line: %w", errors.Join(err, tooMany(flags.Args())))
	}
	var kept store.Witness
	if *witness != "" {
		var err error
		if kept, err = store.ParseWitness(*witness); err != nil {
			return fmt.Errorf("read the command line: %w", err)
		}
	}
	return verifyAudit(ctx, kept, vars, stdout, stderr)
}

func tooMany(args []string) error {
	if len(args) == 0 {
		return nil
	}
	return fmt.Errorf("nothing is known of %q", args)
}

func verifyAudit(ctx context.Context, kept store.Witness, vars variables, stdout, stderr io.Writer) error {
	cfg, err := readConfig(vars)
	if err != nil {
		return fmt.Errorf("the configuration is wrong:\n%w", err)
	}
	if !cfg.records().Exists() {
		return fmt.Errorf("there is no database in %s: a new one would prove nothing", cfg.DataDir)
	}
	a := &app{cfg: cfg, log: slog.New(slog.NewTextHandler(stderr, nil))}
	if err := a.openStore(ctx); err != nil {
		return errors.Join(err, a.close())
	}
	report, err := a.store.VerifyAudit(ctx, kept)
	if err := errors.Join(err, a.close()); err != nil {
		return err
	}
	for _, fault := range report.Faults {
		_, _ = fmt.Fprintln(stdout, fault)
	}
	if report.More > 0 {
		_, _ = fmt.Fprintf(stdout, "and %d further faults\n", report.More)
	}
	_, _ = fmt.Fprintf(stdout, "%d alarms, %d events, %d entries in %d chains\n", report.Alarms, report.Events, report.Entries, report.Chains)
	if report.Newest.Number > 0 {
		_, _ = fmt.Fprintf(stdout, "newest witness, to be kept in another place: %s\n", report.Newest)
	}
	if !report.Whole() {
		return errBroken
	}
	_, err = fmt.Fprintln(stdout, "all is whole")
	return err
}

// witness notes about once a minute how far the audit has come, and tells the log, which is another place.
func (a *app) witness(ctx context.Context) {
	every(ctx, witnessEvery, func(time.Time) { a.witnessOnce(ctx) })
}

// witnessOnce comes to its end, whatever ends meanwhile.
func (a *app) witnessOnce(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), witnessLimit)
	defer cancel()
	switch w, added, err := a.store.Witness(ctx, time.Now()); {
	case err != nil && !errors.Is(err, vitals.ErrConflict): // then another node did
		a.log.Warn("audit not witnessed, trying again", "error", err)
	case added:
		a.log.Info("audit witnessed", "witness", w.String())
	}
}

// noting is the monitor whose refusals the audit keeps.
type noting struct {
	*monitor.Monitor

	dog       *watchdog
	audit     *audit.Recorder
	records   *store.Store
	explained func(alerts.Alarm)
}

func (a *app) commands() noting {
	return noting{a.monitor, a.dog, a.audit, a.store, func(over alerts.Alarm) { a.alarms.explained(over, a.feed.UnitOf(over.Patient)) }}
}

// Command carries a command out, and keeps what was refused of one about alarms.
func (n noting) Command(ctx context.Context, p vitals.PatientID, c alerts.Command) (alerts.Answer, error) {
	a, own, err := n.dog.command(c, time.Now())
	if !own {
		a, err = n.Monitor.Command(ctx, p, c)
	}
	refused, ok := errors.AsType[*alerts.RefusedError](err)
	if ok && c.Kind == alerts.Explain && (refused.Code == alerts.ClosedAlarm || refused.Code == alerts.UnknownAlarm) {
		return n.explain(ctx, c) // only the records know what is over
	}
	if ok && c.Alarm != "" {
		n.refused(c, c.Alarm, c.SeenVersion, refused.Code)
	}
	for i, x := range a.Each { // in the order in which they were named
		if x.Refused != "" && x.Refused != alerts.UnknownAlarm {
			n.refused(c, x.ID, c.Seen[i].Version, x.Refused)
		}
	}
	return a, err
}

// explain keeps what an alarm was that is over.
func (n noting) explain(ctx context.Context, c alerts.Command) (alerts.Answer, error) {
	a, err := n.records.Explain(ctx, c, time.Now())
	if _, refused := errors.AsType[*alerts.RefusedError](err); err != nil && !refused {
		return alerts.Answer{}, fmt.Errorf("command %s: %w: %w", c.Kind, monitor.ErrUnavailable, err)
	}
	if err == nil {
		n.explained(a)
	}
	return alerts.Answer{Alarm: a}, err
}

func (n noting) refused(c alerts.Command, alarm alerts.AlarmID, seen int, code alerts.RefusalCode) {
	n.audit.Note(alerts.Note{
		Kind: alerts.AckConflict, At: time.Now(), Alarm: alarm, Version: seen,
		Station: c.Station, Actor: c.Actor, Detail: string(code),
	})
}
