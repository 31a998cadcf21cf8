# shellcheck shell=sh disable=SC2034
# Helpers for shell tests: TAP on stdout, why a test failed on stderr, a folder of one's own, the program under test.
# calling sequence: . t/lib.sh; plan N; ok "what" COMMAND...; is "what" GOT WANTED; skip_all REASON; done_testing

build=${MIGMETER_BUILD:-build}
migmeter=$PWD/$build/migmeter
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
count=0
pid='' run='' # of the run that a test waits for
patience=300  # seconds for it

# busy: another migmeter (of another checkout, or a user's) is at work on this machine
busy() {
	[ -e /var/lib/migmeter/lock ] && ! flock -n /var/lib/migmeter/lock true
}

# alone: wait until none is
alone() {
	for _ in $(seq 900); do
		busy || return 0
		sleep 1
	done
}

# left_behind: namespaces and state that no migmeter at work answers for
left_behind() {
	busy || ip netns list | grep '^mm-'
	busy || ls -d /var/lib/migmeter 2>/dev/null
}

# until_so COMMAND...: wait (generously) until it succeeds, for as long as process $pid lives
until_so() {
	for _ in $(seq "${patience}0"); do
		"$@" 2>/dev/null && return 0
		kill -0 "$pid" 2>/dev/null || return 1
		sleep 0.1
	done
	return 1
}

# reached PATTERN [FILE...]: wait until the events of the run in $run, or one of the files, say so
reached() {
	pattern=$1
	shift
	until_so grep -qE -- "$pattern" "$run/events.csv" "$@"
}

# daemon NODE: the process of its libvirt
daemon() {
	for one in $(ip netns pids "mm-$1"); do
		case $(cat "/proc/$one/comm" 2>/dev/null) in libvirtd | virtqemud) echo "$one" ;; esac
	done
}

# good_config FILE: the smallest config that is right
good_config() {
	cat >"$1" <<'END'
[experiment]
name = good
[vm vm1]
memory = 128M
workload = intadd
END
}

plan() {
	echo "1..$1"
}

skip_all() {
	echo "1..0 # SKIP $1"
	exit 0
}

result() {
	count=$((count + 1))
	echo "$1 $count - $2"
}

# ok WHAT COMMAND...: passes when the command does; its output is shown when it does not
ok() {
	what=$1
	shift
	if "$@" >"$work/output" 2>&1; then
		result ok "$what"
	else
		result "not ok" "$what"
		sed 's/^/# /' "$work/output" >&2
	fi
}

# is WHAT GOT WANTED
is() {
	if [ "$2" = "$3" ]; then
		result ok "$1"
	else
		result "not ok" "$1"
		echo "# got:    $2" >&2
		echo "# wanted: $3" >&2
	fi
}

# like WHAT TEXT PATTERN (extended regular expression)
like() {
	if printf '%s\n' "$2" | grep -Eq -- "$3"; then
		result ok "$1"
	else
		result "not ok" "$1"
		printf '%s\n' "$2" | head -n 20 | sed 's/^/# got: /' >&2
		echo "# wanted a match of: $3" >&2
	fi
}

done_testing() {
	echo "1..$count"
}
