#!/bin/sh
# Run the tests through prove; the long ones (t/*.long.sh) only with MIGMETER_LONG=1. Skips are shown with their
# reasons and counted. usage: sh t/run.sh [TEST...], for example: sh t/run.sh build/t/test_link.t t/quick.sh
set -u
export MIGMETER_BUILD="${MIGMETER_BUILD:-build}" CMOCKA_MESSAGE_OUTPUT=TAP
if [ $# = 0 ]; then
	for test in "$MIGMETER_BUILD"/t/*.t t/*.sh; do
		case "$test" in
		*'*'*|t/run.sh|t/lib*.sh|t/bench*.sh) continue ;;
		esac
		[ -x "$test" ] || not_executable="${not_executable:-} $test" # prove would stop there
		case "$test" in
		*.long.sh) [ -z "${MIGMETER_LONG:-}" ] || set -- "$@" "$test" ;;
		*) set -- "$@" "$test" ;;
		esac
	done
fi
[ -z "${not_executable:-}" ] || {
	echo "t/run.sh: make them executable (chmod +x):$not_executable" >&2
	exit 2
}
status=$(mktemp)
trap 'rm -f "$status"' EXIT
{
	prove --directives --failures --timer --exec '' "$@" 2>&1
	echo $? >"$status"
} | perl -ne '$| = 1; $skips++ if /#\s*skip/i; printf "Skipped: %d\n", $skips if /^Files=/; print'
exit "$(cat "$status")"
