// Command train grows the forests of package model from PhysioNet databases. The same databases
// give the same bytes. With -validate it tells instead how forests do on patients that they have
// not seen: docs/model-card.md has the figures.
package main

import (
	"bufio"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil && !errors.Is(err, flag.ErrHelp) {
		_, _ = fmt.Fprintln(os.Stderr, "train:", err)
		os.Exit(1)
	}
}

// job is one forest.
type job struct {
	file     string
	grow     func(data string) ([]byte, error)
	validate func(data string, out io.Writer) error
}

var jobs = []job{
	{"atrial.forest", growAtrial, validateAtrial},
	{"beats.forest", growBeats, validateBeats},
}

var errUsage = errors.New("-data is needed: a folder of PhysioNet databases (make sets it from VIGIL_PHYSIONET)")

func run(args []string, stdout io.Writer) error {
	fs := flag.NewFlagSet("train", flag.ContinueOnError)
	data := fs.String("data", os.Getenv("VIGIL_PHYSIONET"), "`folder` that holds one folder per database")
	out := fs.String("out", "vitals/ecg/model", "`folder` to write the forests to")
	only := fs.String("only", "", "name of the one `forest` to work on")
	validate := fs.Bool("validate", false, "cross-validate by patient, and write nothing")
	if err := fs.Parse(args); err != nil {
		return fmt.Errorf("read the command line: %w", err)
	}
	if *data == "" {
		return errUsage
	}
	text := bufio.NewWriter(stdout)
	for _, j := range jobs {
		if *only != "" && *only != j.file {
			continue
		}
		if err := j.run(*data, *out, *validate, text); err != nil {
			return fmt.Errorf("work on %s: %w", j.file, err)
		}
	}
	if err := text.Flush(); err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	return nil
}

func (j *job) run(data, out string, validate bool, text io.Writer) error {
	if validate {
		return j.validate(data, text)
	}
	forest, err := j.grow(data)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(out, j.file), forest, 0o644); err != nil { //nolint:gosec // G306: anybody may read it
		return fmt.Errorf("write forest: %w", err)
	}
	_, err = fmt.Fprintf(text, "%s: %d bytes\n", j.file, len(forest))
	if err != nil {
		return fmt.Errorf("report: %w", err)
	}
	return nil
}
