#!/usr/bin/env bash
# Opens a living ward: the server with its demo unit, simulated homes that speak the hub protocol, and gateways,
# a phone and a monitor of others.
# Ctrl-C ends both. HOMES, SIM_FLAGS and the VIGIL_ variables of the README change what runs.
set -euo pipefail
cd "$(dirname "$0")/.."

export VIGIL_DEMO=1
export VIGIL_DATA_DIR=${VIGIL_DATA_DIR:-./data}
export VIGIL_HTTP_ADDR=${VIGIL_HTTP_ADDR:-127.0.0.1:8080}
export VIGIL_MQTT_ADDR=${VIGIL_MQTT_ADDR:-127.0.0.1:1883}
export VIGIL_MLLP_ADDR=${VIGIL_MLLP_ADDR:-127.0.0.1:2575}
url=http://$VIGIL_HTTP_ADDR

# The simulator enrols its homes as the administrator. The password is made once and kept with the data.
mkdir -p "$VIGIL_DATA_DIR"
secret=$VIGIL_DATA_DIR/admin-password
if [ ! -s "$secret" ]; then
	(umask 077 && head -c 18 /dev/urandom | base64 | tr '+/' '-_' >"$secret")
fi
VIGIL_ADMIN_PASSWORD=$(cat "$secret")
export VIGIL_ADMIN_PASSWORD

# What is ordinary is written to a file: the address and the passwords would scroll away before anybody could read them.
# Ctrl-C does not end the writers: the last words of the server, and its orderly end, need them.
log=$VIGIL_DATA_DIR/log
: >"$log"
quiet() { trap '' INT TERM; tee -a "$log" | grep --line-buffered -v 'level=INFO' >&2 || true; }

pids=()
stop() {
	trap - EXIT INT TERM
	for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
	wait
}
trap stop EXIT INT TERM

bin/vigil 2> >(quiet) &
pids+=($!)
for _ in $(seq 100); do
	if ! kill -0 "${pids[0]}" 2>/dev/null; then exit 1; fi
	if bin/vigil health >/dev/null 2>&1; then break; fi
	sleep 0.2
done
# shellcheck disable=SC2086
bin/vigil-sim -url "$url" -mqtt "$VIGIL_MQTT_ADDR" -mllp "$VIGIL_MLLP_ADDR" -cassia 127.0.0.1:"${CASSIA_PORT:-8089}" -others -homes "${HOMES:-16}" -state "$VIGIL_DATA_DIR/sim-secrets.json" ${SIM_FLAGS:-} 2> >(quiet) &
pids+=($!)

printf '\n  The ward is at %s\n  Sign in as "admin" with the password in %s, or as one of\n\n' "$url" "$secret"
sed 's/^demo staff:/   /' "$VIGIL_DATA_DIR/demo-passwords"
printf '\n  They stand in %s until the next start. What happens is written to %s. Ctrl-C ends it.\n\n' "$VIGIL_DATA_DIR/demo-passwords" "$log"
if [ -n "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ] && command -v xdg-open >/dev/null 2>&1; then xdg-open "$url" >/dev/null 2>&1 || true; fi
wait -n
