#!/bin/sh
# All benchmarks, as one JSON document on stdout: { "NAME": what bench_NAME printed, ... }. Their figures are ratios,
# counts, and times beside a goal. usage: sh t/bench.sh [PROGRAM...]   (from the source folder, as root)
set -u
status=0
separator='{'
for program in "$@"; do
	name=$(basename "$program" .sh)
	echo "bench: $name" >&2
	case "$program" in
	*.sh) figures=$(sh "$program") ;;
	*) figures=$("$program") ;;
	esac || status=1
	printf '%s"%s": %s' "$separator" "${name#bench_}" "${figures:-null}"
	separator=',
 '
done
echo '}'
exit $status
