#!/bin/sh
# Makes sure that a tool is there: installs Debian's package when it is missing and this may be done,
# else says what to install. Usage: need.sh COMMAND PACKAGE WHY
set -eu
command=$1 package=$2 why=$3
if command -v "$command" >/dev/null 2>&1; then exit 0; fi
if [ "$command" = initdb ] && ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1; then exit 0; fi
if [ "$command" = liberation-fonts ] && fc-list 2>/dev/null | grep -qi 'liberation'; then exit 0; fi
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
	echo "installing $package ($why)"
	log=$(mktemp)
	if { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$package"; } >"$log" 2>&1; then
		rm -f "$log"
		exit 0
	fi
	cat "$log" >&2
	rm -f "$log"
fi
echo "missing: $command ($why). Install it, on Debian with: apt-get install $package" >&2
exit 1
