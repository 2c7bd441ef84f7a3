// Command backtest replays recorded and simulated days to the alarm engine and prints how good its hints were: how
// many a day there were, how many of them came true, and whether the probability and the interval that they told
// were right. docs/forecast.md shows and explains what it prints.
//
// It reads PhysioNet's Long-Term AF and MIT-BIH AF databases, of which only the marks of the beats are needed. The
// records with an odd place in the list are those by which the forecast's numbers were chosen, the others are held
// out.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
)

func main() {
	if err := run(os.Args[1:], os.Stdout, os.Stderr); err != nil {
		if !errors.Is(err, flag.ErrHelp) {
			_, _ = fmt.Fprintln(os.Stderr, "backtest:", err)
		}
		os.Exit(1)
	}
}

var errUsage = errors.New("-data is needed: a folder of PhysioNet databases")

func run(args []string, stdout, stderr io.Writer) error {
	fs := flag.NewFlagSet("backtest", flag.ContinueOnError)
	fs.SetOutput(stderr)
	data := fs.String("data", "", "`folder` that holds one folder per database")
	if err := fs.Parse(args); err != nil {
		return fmt.Errorf("read the command line: %w", err)
	}
	if *data == "" {
		return errUsage
	}
	chosen, heldOut, err := readRecords(*data)
	if err != nil {
		return err
	}
	p := printer{out: stdout}
	p.forecasts("Real heart rates, held-out patients", heldOut)
	p.probabilities("The same: what was said, and what came", heldOut)
	p.forecasts("Real heart rates, the patients by whom the numbers were chosen", chosen)
	p.declines("Simulated: a saturation that falls, and one that does not")
	p.baselines("Simulated: what is usual for the patient")
	return p.err
}
