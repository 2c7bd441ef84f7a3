package main

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// variables are those of the environment that are Vigil's, by name.
type variables map[string]string

const variablePrefix = "VIGIL_"

// variablesOf picks them from an environment of lines "name=value".
func variablesOf(environ []string) variables {
	vars := variables{}
	for _, line := range environ {
		if name, value, _ := strings.Cut(line, "="); strings.HasPrefix(name, variablePrefix) {
			vars[name] = value
		}
	}
	return vars
}

// Variables that are read: by config, and by the tests, the simulator and the dashboard's tools, which
// may run in the same environment.
var knownVariables = []string{
	"VIGIL_HTTP_ADDR", "VIGIL_MQTT_ADDR", "VIGIL_MLLP_ADDR", "VIGIL_MLLP_CLIENT_CA", "VIGIL_TLS_CERT", "VIGIL_TLS_KEY", "VIGIL_PUBLIC_URL", "VIGIL_INSECURE", "VIGIL_DATA_DIR",
	"VIGIL_DATABASE_URL", "VIGIL_NATS_URL", "VIGIL_ADMIN_PASSWORD", "VIGIL_DEMO", "VIGIL_SECURITY_CONTACT",
	"VIGIL_RETENTION_WAVEFORM", "VIGIL_RETENTION_SERIES", "VIGIL_NOTIFY_WEBHOOK", "VIGIL_NOTIFY_SECRET",
	"VIGIL_SMTP_URL", "VIGIL_SMTP_FROM", "VIGIL_NTFY_URL", "VIGIL_NTFY_TOKEN",
	"VIGIL_PHYSIONET", "VIGIL_VECTORS", "VIGIL_PICTURE", "VIGIL_KILLS", "VIGIL_SEED", "VIGIL_SERVER",
}

// serviceLink is what Kubernetes sets for a service whose name begins with "vigil".
var serviceLink = regexp.MustCompile(`^VIGIL_(.+_)?(SERVICE_(HOST|PORT)|PORT)(_.*)?$`)

// unknown reports variables that nobody reads: they are misspelt.
func (v variables) unknown() []error {
	var faults []error
	for _, name := range slices.Sorted(maps.Keys(v)) {
		if !slices.Contains(knownVariables, name) && !serviceLink.MatchString(name) {
			faults = append(faults, fmt.Errorf("%s: there is no such variable", name))
		}
	}
	return faults
}

// environment reads typed variables and collects what is wrong.
type environment struct {
	vars   variables
	faults []error
}

func (e *environment) boolean(name string) bool {
	switch v := e.vars[name]; v {
	case "", "0":
		return false
	case "1":
		return true
	default:
		e.faults = append(e.faults, fmt.Errorf("%s: want 0 or 1, not %q", name, v))
		return false
	}
}

// duration reads Go's durations and, for years of retention, whole days "d" and years "y".
func (e *environment) duration(name string, otherwise time.Duration) time.Duration {
	v := e.vars[name]
	if v == "" {
		return otherwise
	}
	d, err := parseDuration(v)
	if err != nil || d <= 0 {
		e.faults = append(e.faults, fmt.Errorf("%s: want a duration such as 72h, 30d or 5y, not %q", name, v))
		return otherwise
	}
	return d
}

func parseDuration(s string) (time.Duration, error) {
	const day = 24 * time.Hour
	units := map[byte]time.Duration{'d': day, 'y': 365 * day}
	unit, long := units[s[len(s)-1]]
	if !long {
		return time.ParseDuration(s)
	}
	const most = 200 * 365
	n, err := strconv.Atoi(s[:len(s)-1])
	if err != nil || n > most {
		return 0, fmt.Errorf("parse %q: not a number of days or years", s)
	}
	return time.Duration(n) * unit, nil
}
