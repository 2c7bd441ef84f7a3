#!/usr/bin/env bash
# Runs every fuzz target of the repository for the given time each. A finding becomes a file below the
# package's testdata/fuzz, to be committed with its fix.
set -euo pipefail
cd "$(dirname "$0")/.."
each=${1:-60s}
grep -rl --include='*_test.go' '^func Fuzz' . | xargs -n1 dirname | sort -u | while read -r dir; do
	grep -rhoE --include='*_test.go' '^func (Fuzz[A-Za-z0-9_]+)' "$dir"/*_test.go | awk '{print $2}' | sort -u | while read -r target; do
		echo "== $dir $target ($each)"
		go test -run '^$' -fuzz "^$target\$" -fuzztime "$each" "$dir"
	done
done
