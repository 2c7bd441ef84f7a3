// Command vigil is the server: hubs in, screens and FHIR out. It is configured by environment
// variables only; the README lists them.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"vigil/server/api"
)

// version is set by the linker.
var version = "dev"

const usage = `vigil: remote patient monitoring

  vigil               serve (configured by VIGIL_ environment variables, see the README)
  vigil health        ask the server on this machine whether it is fit to serve; exit 0 if it is
  vigil reset-admin   give the administrator a new password, shown once
  vigil audit verify  prove that nothing recorded of alarms was changed or taken away; vigil audit -h says more
  vigil openapi       print the description of the REST interface
  vigil version       print the version
`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], variablesOf(os.Environ()), os.Stdout, os.Stderr)
	stop()
	if err != nil {
		_, _ = fmt.Fprintf(os.Stderr, "vigil: %v\n", err)
	}
	os.Exit(exitCode(err))
}

func exitCode(err error) int {
	switch {
	case err == nil:
		return 0
	case errors.Is(err, errBroken):
		return 2
	default:
		return 1
	}
}

// run carries out the command line and returns when it is done or ctx ends.
func run(ctx context.Context, args []string, vars variables, stdout, stderr io.Writer) error {
	command := "serve"
	if len(args) > 0 {
		command = args[0]
	}
	switch command {
	case "serve":
		return serve(ctx, vars, stdout, stderr)
	case "health":
		return health(ctx, vars)
	case "reset-admin":
		return resetAdmin(ctx, vars, stdout, stderr)
	case "audit":
		return auditCommand(ctx, args[1:], vars, stdout, stderr)
	case "openapi":
		spec, err := api.OpenAPI()
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(stdout, "%s\n", spec)
		return err
	case "version":
		_, err := fmt.Fprintln(stdout, version)
		return err
	case "help", "-h", "-help", "--help":
		_, err := io.WriteString(stdout, usage)
		return err
	default:
		_, _ = io.WriteString(stderr, usage)
		return fmt.Errorf("unknown command %q", command)
	}
}

func serve(ctx context.Context, vars variables, stdout, stderr io.Writer) error {
	cfg, err := readConfig(vars)
	if err != nil {
		return fmt.Errorf("the configuration is wrong:\n%w", err)
	}
	log := slog.New(slog.NewTextHandler(stderr, nil))
	a, err := open(ctx, cfg, log, stdout)
	if err != nil {
		return err
	}
	log.Info("serving", "version", version, "http", a.httpAddr.String(), "mqtt", a.mqttAddr.String(), "mllp", a.cfg.MLLPAddr)
	return a.run(ctx)
}

// resetAdmin lets an administrator in whom nobody can let in any more. The server may be running.
func resetAdmin(ctx context.Context, vars variables, stdout, stderr io.Writer) error {
	cfg, err := readConfig(vars)
	if err != nil {
		return fmt.Errorf("the configuration is wrong:\n%w", err)
	}
	a := &app{cfg: cfg, log: slog.New(slog.NewTextHandler(stderr, nil))}
	if err := a.openStore(ctx); err != nil {
		return errors.Join(err, a.close())
	}
	password, err := a.desk.ResetAdmin(ctx)
	if err == nil {
		_, err = fmt.Fprintf(stdout, "administrator: user admin, password %s (shown once)\n", password)
	}
	return errors.Join(err, a.close())
}

// health asks the server of this machine. It is what a container's health check runs.
func health(ctx context.Context, vars variables) error {
	cfg, err := readConfig(vars)
	if err != nil {
		return err
	}
	_, port, err := net.SplitHostPort(cfg.HTTPAddr)
	if err != nil {
		return fmt.Errorf("read VIGIL_HTTP_ADDR: %w", err)
	}
	scheme := "http"
	if cfg.TLSCert != "" {
		scheme = "https"
	}
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, scheme+"://localhost:"+port+"/readyz", nil)
	if err != nil {
		return fmt.Errorf("ask for health: %w", err)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return fmt.Errorf("ask for health: %w", err)
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK {
		reason, _ := io.ReadAll(io.LimitReader(res.Body, 4<<10))
		return errors.New("not fit to serve: " + string(reason))
	}
	return nil
}
