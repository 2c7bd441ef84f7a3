// Command vigil-eval runs the detector and the alarm engine over recorded ECGs, writes down what
// they said and when, and compares it with what experts marked.
//
// It reads a folder of PhysioNet databases and treats every record as one patient: what it writes
// depends on the samples alone, never on a record's name. docs/detector.md tells how to read what
// it prints.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil {
		if !errors.Is(err, flag.ErrHelp) {
			_, _ = fmt.Fprintln(os.Stderr, "vigil-eval:", err)
		}
		stop()
		os.Exit(1)
	}
}

// options is the command line.
type options struct {
	data, out string
	unseen    string // folder of forests that left out a fold of the patients each
	html      bool
	speed     bool
	only      []string // databases; empty means all
	synthetic bool     // run the synthetic bench
	jobs      int
}

var errUsage = errors.New("both -data and -out are needed: a folder of PhysioNet databases, and a folder to write to")

func parse(args []string, stderr io.Writer) (options, error) {
	var o options
	var only string
	fs := flag.NewFlagSet("vigil-eval", flag.ContinueOnError)
	fs.SetOutput(stderr)
	fs.StringVar(&o.data, "data", "", "`folder` that holds one folder per database")
	fs.StringVar(&o.out, "out", "", "`folder` to write to")
	fs.BoolVar(&o.html, "html", false, "write a page per record that shows every disagreement")
	fs.BoolVar(&o.speed, "speed", true, "measure what the detector costs")
	fs.StringVar(&o.unseen, "unseen", "", "judge each patient with forests that were grown without them: a `folder` that train -folds wrote")
	fs.StringVar(&only, "only", "", "`databases` to run, separated by commas; synthetic is the bench of made-up and altered signals (default: all)")
	fs.IntVar(&o.jobs, "jobs", runtime.NumCPU(), "`records` to run at the same time")
	if err := fs.Parse(args); err != nil {
		return o, fmt.Errorf("read the command line: %w", err)
	}
	if o.data == "" || o.out == "" || o.jobs < 1 {
		return o, errUsage
	}
	o.synthetic = true
	if only != "" {
		o.only = strings.Split(only, ",")
		o.synthetic = slices.Contains(o.only, "synthetic")
	}
	return o, nil
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	o, err := parse(args, stderr)
	if err != nil {
		return err
	}
	databases, err := findDatabases(o.data, o.only)
	if err != nil {
		return err
	}
	f, err := judge(ctx, databases, o)
	if err != nil {
		return err
	}
	if o.html {
		if err := writeIndex(o.out, f.results); err != nil {
			return err
		}
	}
	if err := writeRecords(o.out, f.results); err != nil {
		return err
	}
	if o.speed {
		if f.speed, err = measureSpeed(databases, o.out); err != nil {
			return err
		}
	}
	return writeReport(filepath.Join(o.out, "report.txt"), stdout, f)
}

// judge runs all records with the detector as it is; with -unseen, too, with forests that do not
// know the patients, and then it is those findings that are written down.
func judge(ctx context.Context, databases []*database, o options) (findings, error) {
	f := findings{databases: databases}
	var judges *experts
	var err error
	if o.unseen != "" {
		if judges, err = readExperts(o.unseen); err != nil {
			return f, err
		}
		quiet := o
		quiet.out = ""
		if f.learned, err = evaluate(ctx, databases, nil, quiet); err != nil {
			return f, err
		}
	}
	if f.results, err = evaluate(ctx, databases, judges, o); err != nil {
		return f, err
	}
	if f.noisy, err = stress(ctx, databases, judges); err != nil {
		return f, err
	}
	if o.synthetic {
		f.trials, err = trials(ctx, f.results, o.jobs)
	}
	return f, err
}
