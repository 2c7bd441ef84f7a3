// Command train grows the forests of package model from PhysioNet databases. The same databases
// give the same bytes. With -validate it tells instead how forests do on patients that they have
// not seen: docs/model-card.md has the figures. With -folds it writes those forests, so that the
// evaluation can put the whole detector to the same test.
package main

import (
	"bufio"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"vigil/vitals/ecg/model"
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
	grow     func(c *course) (*model.Forest, error)
	validate func(data string, out io.Writer) error
}

// jobs are in the order in which they build on each other.
var jobs = []job{
	{"qrs.forest", growQRS, validateQRS},
	{"fibrillation.forest", growWindows, validateWindows}, // no beats are named where it finds fibrillation
	{"atrial.forest", growAtrial, validateAtrial},
	{"beats.forest", growBeats, validateBeats},
	{"strips.forest", growStrips, validateStrips},
}

var errUsage = errors.New("-data is needed: a folder of PhysioNet databases (make sets it from VIGIL_PHYSIONET)")

// options is the command line.
type options struct {
	data, out, only string
	folds           string // folder for the forests of the folds
	validate        bool
}

func run(args []string, stdout io.Writer) error {
	var o options
	fs := flag.NewFlagSet("train", flag.ContinueOnError)
	fs.StringVar(&o.data, "data", os.Getenv("VIGIL_PHYSIONET"), "`folder` that holds one folder per database")
	fs.StringVar(&o.out, "out", "vitals/ecg/model", "`folder` to write the forests to")
	fs.StringVar(&o.only, "only", "", "name of the one `forest` to work on")
	fs.BoolVar(&o.validate, "validate", false, "cross-validate by patient, and write nothing")
	fs.StringVar(&o.folds, "folds", "", "write to this `folder` forests that leave out each fold of the patients in turn, and nothing to -out")
	if err := fs.Parse(args); err != nil {
		return fmt.Errorf("read the command line: %w", err)
	}
	if o.data == "" {
		return errUsage
	}
	wanted := slices.DeleteFunc(slices.Clone(jobs), func(j job) bool { return o.only != "" && o.only != j.file })
	text := bufio.NewWriter(stdout)
	if err := o.work(wanted, text); err != nil {
		return err
	}
	if err := text.Flush(); err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	return nil
}

func (o *options) work(wanted []job, text io.Writer) error {
	switch {
	case o.validate:
		for _, j := range wanted {
			if err := j.validate(o.data, text); err != nil {
				return fmt.Errorf("validate %s: %w", j.file, err)
			}
		}
		return nil
	case o.folds != "":
		return growFolds(wanted, o.data, o.folds, text)
	default:
		all, _, err := dealt(o.data)
		if err != nil {
			return err
		}
		return newCourse(o.data, all, nobody).run(wanted, o.out, text)
	}
}

// growFolds writes a folder of forests per fold, and folds.csv, which says whose fold is whose.
func growFolds(wanted []job, data, out string, text io.Writer) error {
	all, order, err := courses(data)
	if err != nil {
		return err
	}
	texts := make([]strings.Builder, len(all))
	err = each(len(all), func(fold int) error {
		return all[fold].run(wanted, filepath.Join(out, strconv.Itoa(fold)), &texts[fold])
	})
	if err != nil {
		return err
	}
	for fold := range texts {
		if _, err := io.WriteString(text, texts[fold].String()); err != nil {
			return fmt.Errorf("report: %w", err)
		}
	}
	var rows strings.Builder
	rows.WriteString("database,record,fold\n")
	for _, r := range order {
		fmt.Fprintf(&rows, "%s,%s,%d\n", r.database, r.name, all[0].patients[r])
	}
	err = os.WriteFile(filepath.Join(out, "folds.csv"), []byte(rows.String()), 0o644) //nolint:gosec // G306: anybody may read it
	if err != nil {
		return fmt.Errorf("write folds: %w", err)
	}
	return nil
}
