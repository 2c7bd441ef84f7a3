#!/usr/bin/env bash
# Load: PATIENTS patients with 250 Hz ECG, SpO2 and heart rate for TIME, every message acknowledged.
# Prints the simulator's summary and the server's memory and processor time.
set -euo pipefail
cd "$(dirname "$0")/.."
dir=$(mktemp -d)
port=$((20000 + RANDOM % 10000))
export VIGIL_DATA_DIR=$dir/data VIGIL_HTTP_ADDR=127.0.0.1:$port VIGIL_MQTT_ADDR=127.0.0.1:$((port + 1))
export VIGIL_ADMIN_PASSWORD=load-$(head -c 18 /dev/urandom | base64)
if [ -n "${DATABASE_URL:-}" ]; then export VIGIL_DATABASE_URL=$DATABASE_URL; fi
bin/vigil >"$dir/server.log" 2>&1 &
server=$!
trap 'kill $server 2>/dev/null || true; wait $server 2>/dev/null || true; rm -rf "$dir"' EXIT
for _ in $(seq 100); do
	if ! kill -0 $server 2>/dev/null; then cat "$dir/server.log"; exit 1; fi
	if bin/vigil health >/dev/null 2>&1; then break; fi
	sleep 0.2
done
status=0
bin/vigil-sim -url "http://$VIGIL_HTTP_ADDR" -mqtt "$VIGIL_MQTT_ADDR" -load "${PATIENTS:-1000}" -for "${TIME:-5m}" || status=$?
awk '/VmHWM|VmRSS/ {print "server " $1 " " $2 " kB"}' /proc/$server/status
awk -v hz="$(getconf CLK_TCK)" '{printf "server processor time %.1f s user, %.1f s system\n", $14/hz, $15/hz}' /proc/$server/stat
du -sh "$dir" | awk '{print "data folder " $1}'
if [ "$status" != 0 ]; then tail -20 "$dir/server.log"; fi
exit $status
