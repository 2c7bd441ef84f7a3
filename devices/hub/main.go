// Command vigil-hub is the home hub: it reads wearables over Bluetooth, keeps what they send until
// the server has stored it, and sounds an alarm by itself when it must be heard at home.
//
//	vigil-hub enroll -server https://vigil.example -hub home-1    stores id and secret
//	vigil-hub [-config FILE]                                      runs until it is told to stop
//	vigil-hub decode -characteristic 2A37 0055                    prints what the decoders make of it
//	vigil-hub version
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	"time"
)

// memoryLimit is what the program keeps itself to where it can: hubs are small computers. It is no hard bound.
const memoryLimit = 18 << 20

var version = "dev" // set when it is built

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	if err := command(ctx, os.Args[1:], os.Stdin, os.Stdout, log); err != nil && !errors.Is(err, flag.ErrHelp) {
		if !errors.Is(err, errRefused) {
			log.Error("vigil-hub stopped", "error", err)
		}
		stop()
		os.Exit(1)
	}
}

func command(ctx context.Context, args []string, in io.Reader, out io.Writer, log *slog.Logger) error {
	if len(args) > 0 && args[0] == "enroll" {
		return enroll(ctx, args[1:], in, out)
	}
	if len(args) > 0 && args[0] == "decode" {
		return decode(args[1:], in, out)
	}
	if len(args) > 0 && args[0] == "version" {
		_, err := fmt.Fprintln(out, version)
		return err
	}
	flags := flag.NewFlagSet("vigil-hub", flag.ContinueOnError)
	flags.SetOutput(out)
	path := flags.String("config", installed+"/hub.json", "configuration")
	if err := flags.Parse(args); err != nil {
		return fmt.Errorf("read the command line: %w", err)
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(memoryLimit)
	}
	c, err := loadConfig(*path)
	if err != nil {
		return err
	}
	if c, err = settled(ctx, c); err != nil {
		return err
	}
	h, err := newHub(c, log, time.Now())
	if err != nil {
		return err
	}
	log.Info("hub runs", "hub", c.Hub, "version", version, "devices", len(c.Devices))
	return h.run(ctx)
}
