#!/bin/sh
# Run the tests through prove; the long ones (t/*.long.sh) only with MIGMETER_LONG=1. usage: sh t/run.sh [TEST...]
set -eu
build=${MIGMETER_BUILD:-build}
if [ $# = 0 ]; then
	for test in "$build"/t/*.t t/*.sh; do
		case "$test" in
		*'*'*|t/run.sh|t/lib.sh) ;;
		*.long.sh) [ -z "${MIGMETER_LONG:-}" ] || set -- "$@" "$test" ;;
		*) set -- "$@" "$test" ;;
		esac
	done
fi
log=$(mktemp)
trap 'rm -f "$log"' EXIT
export MIGMETER_BUILD="$build" CMOCKA_MESSAGE_OUTPUT=TAP
status=0
prove --timer --exec 't/run-one.sh' "$@" >"$log" 2>&1 || status=$?
