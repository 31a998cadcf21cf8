#include "bench/testbed/lease.h"

#include <stdio.h>

#define D LEASE_DIRECTORY

/* Not by the special ":", whose failed redirection ends the shell. */
const char lease_renew_script[] = "echo >" D "/renewed && kill -0 \"$(cat " D "/watcher)\"";

/* One whose waiting shell was killed is undone from here. */
const char lease_release_script[] =
	"( [ -d " D " ] || exit 0\n"
	"echo >" D "/released\n"
	"n=0\n"
	"while [ -d " D " ] && [ $n -lt 200 ]; do\n"
	"	kill -0 \"$(cat " D "/watcher 2>/dev/null)\" 2>/dev/null || { sh " D "/undo; rm -rf " D "; }\n"
	"	[ -d " D " ] && sleep 0.1\n"
	"	n=$((n + 1))\n"
	"done\n"
	"[ ! -d " D " ] || { echo 'what was changed here is not undone after 20 s'; exit 1; } )";

/* Asleep most of the time; a SIGTERM ends it only when it has undone. */
static const char watch[] =
	"trap '' HUP INT\n"
	"undo() { sh " D "/undo; rm -rf " D "; exit 0; }\n"
	"trap undo TERM\n"
	"left=%d\n"
	"echo $$ >" D "/watcher\n"
	"while :; do\n"
	"	[ ! -e " D "/released ] && [ $left -gt 0 ] || undo\n"
	"	if [ -e " D "/renewed ]; then rm -f " D "/renewed; left=%d; else left=$((left - 1)); fi\n"
	"	sleep 1\n"
	"done\n";

char *lease_take_script(const struct lease *lease, char script[LEASE_SCRIPT_ROOM])
{
	char waits[1024], removal[600] = "";
	snprintf(waits, sizeof(waits), watch, lease->seconds, lease->seconds);
	if (lease->directory)
		snprintf(removal, sizeof(removal), "rm -rf '%s'\n", lease->directory);
	snprintf(script, LEASE_SCRIPT_ROOM,
	         "( umask 077\n"
	         "if [ -d " D " ]; then\n"
	         "	if kill -0 \"$(cat " D "/watcher 2>/dev/null)\" 2>/dev/null; then\n"
	         "		echo \"held by $(cat " D "/owner)\"; exit 9\n"
	         "	fi\n"
	         "	[ ! -f " D "/undo ] || sh " D "/undo\n"
	         "	rm -rf " D "\n"
	         "fi\n"
	         "mkdir " D " || exit 1\n"
	         "echo '%s' >" D "/owner\n"
	         ": >" D "/guests\n"
	         "cat >" D "/undo <<'END'\n"
	         "while read -r guest; do virsh -q -c '%s' destroy \"$guest\" >/dev/null 2>&1; done <" D "/guests\n"
	         "%s"
	         "%s"
	         "END\n"
	         "cat >" D "/wait <<'END'\n"
	         "%s"
	         "END\n"
	         "setsid sh " D "/wait </dev/null >/dev/null 2>&1 &\n"
	         "n=0\n"
	         "while [ ! -s " D "/watcher ] && [ $n -lt 50 ]; do sleep 0.1; n=$((n + 1)); done\n"
	         "[ -s " D "/watcher ] || { rm -rf " D "; echo 'the waiting shell does not start'; exit 1; } )",
	         lease->owner, lease->virsh_uri, lease->undo, removal, waits);
	return script;
}

char *lease_guest_script(const char *uuid, char script[LEASE_SCRIPT_ROOM])
{
	snprintf(script, LEASE_SCRIPT_ROOM, "echo '%s' >>" D "/guests", uuid);
	return script;
}
