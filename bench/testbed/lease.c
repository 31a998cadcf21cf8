#include "bench/testbed/lease.h"

#include <stdio.h>

#define D LEASE_DIRECTORY

#define IS_MINE "[ \"$(cat " D "/owner 2>/dev/null)\" = '%s' ]"

/* Not by the special ":", whose failed redirection ends the shell. */
static const char renew[] = IS_MINE " && echo >" D "/renewed && kill -0 \"$(cat " D "/watcher)\"";

char *lease_renew_script(const char *owner, char script[LEASE_SCRIPT_ROOM])
{
	snprintf(script, LEASE_SCRIPT_ROOM, renew, owner);
	return script;
}

/* What is said of an undoing that failed goes on here, on one line. */
#define ADVICE "put it back by hand, then remove " D

/* The waiting shell is waited for. One that was killed, or could not undo, is followed by another try. */
static const char release[] =
	"( " IS_MINE " || exit 0\n"
	"echo >" D "/released\n"
	"n=0\n"
	"while [ -d " D " ] && [ $n -lt 200 ] && kill -0 \"$(cat " D "/watcher 2>/dev/null)\" 2>/dev/null; do\n"
	"	sleep 0.1\n"
	"	n=$((n + 1))\n"
	"done\n"
	"[ -d " D " ] || exit 0\n"
	"[ $n -lt 200 ] || { echo 'what was changed here is not undone after 20 s'; exit 1; }\n"
	"said=$(sh " D "/undo 2>&1)\n"
	"case $? in\n"
	"0) rm -rf " D " ;;\n"
	"3) rm -rf " D "; echo \"$said\"; exit 1 ;;\n"
	"*) echo \"not undone: ${said}" ADVICE "\"; exit 1 ;;\n"
	"esac )";

char *lease_release_script(const char *owner, char script[LEASE_SCRIPT_ROOM])
{
	snprintf(script, LEASE_SCRIPT_ROOM, release, owner);
	return script;
}

/* Asleep most of the time; a SIGTERM ends it only when it has undone, or cannot. */
static const char watch[] =
	"trap '' HUP INT\n"
	"undo() { if sh " D "/undo >/dev/null 2>&1; then rm -rf " D "; else rm -f " D "/watcher; fi; exit 0; }\n"
	"trap undo TERM\n"
	"left=%d\n"
	"echo $$ >" D "/watcher\n"
	"while :; do\n"
	"	[ ! -e " D "/released ] && [ $left -gt 0 ] || undo\n"
	"	if [ -e " D "/renewed ]; then rm -f " D "/renewed; left=%d; else left=$((left - 1)); fi\n"
	"	sleep 1\n"
	"done\n";

/* Status 0: as before; 3: undone, but not as before, which is tried no more; otherwise a line failed, and told why. */
static const char undo_begin[] =
	"[ ! -e " D "/differs ] || { cat " D "/differs; exit 3; }\n"
	"set -f\n"
	"failed=0\n"
	"must() { said=$(\"$@\" 2>&1) || { failed=1; printf \"'%%s' failed: %%s; \" \"$*\" \"$(echo $said)\"; }; }\n"
	"state() { %s; }\n";

/* After what has to be put back, which a hypervisor that does not answer must not keep from it. */
static const char undo_guests[] =
	"while read -r guest; do timeout 15 virsh -q -c '%s' destroy \"$guest\" >/dev/null 2>&1; done <" D
	"/guests\n";

static const char undo_end[] = "now=$(state) before=$(cat " D "/before)\n"
			       "[ $failed = 0 ] || exit 1\n"
			       "[ \"$now\" != \"$before\" ] || exit 0\n"
			       "echo 'undone, but not as before: was' $before '- is now' $now >" D "/differs\n"
			       "cat " D "/differs\n"
			       "exit 3\n";

static char *undo_script(const struct lease *lease, char *script, size_t room)
{
	size_t used = (size_t)snprintf(script, room, undo_begin, lease->state ? lease->state : ":");
	if (lease->state)
		used += (size_t)snprintf(script + used, room - used,
		                         "if [ \"$(state)\" != \"$(cat " D "/before)\" ]; then\n%sfi\n", lease->undo);
	else
		used += (size_t)snprintf(script + used, room - used, "%s", lease->undo);
	used += (size_t)snprintf(script + used, room - used, undo_guests, lease->virsh_uri);
	if (lease->directory)
		used += (size_t)snprintf(script + used, room - used, "must rm -rf '%s'\n", lease->directory);
	snprintf(script + used, room - used, "%s", undo_end);
	return script;
}

char *lease_take_script(const struct lease *lease, char script[LEASE_SCRIPT_ROOM])
{
	char waits[1024], undo[4096], refusal[900] = "";
	snprintf(waits, sizeof(waits), watch, lease->seconds, lease->seconds);
	if (lease->directory)
		snprintf(refusal, sizeof(refusal), "[ ! -e '%s' ] || { echo '%s is there already'; exit 8; }\n",
		         lease->directory, lease->directory);
	snprintf(script, LEASE_SCRIPT_ROOM,
	         "( umask 077\n"
	         "if [ -d " D " ]; then\n"
	         "	if kill -0 \"$(cat " D "/watcher 2>/dev/null)\" 2>/dev/null; then\n"
	         "		echo \"held by $(cat " D "/owner)\"; exit 9\n"
	         "	fi\n"
	         "	[ ! -f " D "/undo ] || said=$(sh " D "/undo 2>&1)\n"
	         "	case $? in\n"
	         "	0 | 3) rm -rf " D " ;;\n"
	         "	*) echo \"an earlier lease is not undone: ${said}" ADVICE "\"; exit 7 ;;\n"
	         "	esac\n"
	         "fi\n"
	         "%s"
	         "mkdir " D " || exit 1\n"
	         "echo '%s' >" D "/owner\n"
	         ": >" D "/guests\n"
	         "{ %s; } >" D "/before\n"
	         "cat >" D "/undo <<'END'\n"
	         "%s"
	         "END\n"
	         "cat >" D "/wait <<'END'\n"
	         "%s"
	         "END\n"
	         "setsid sh " D "/wait </dev/null >/dev/null 2>&1 &\n"
	         "n=0\n"
	         "while [ ! -s " D "/watcher ] && [ $n -lt 50 ]; do sleep 0.1; n=$((n + 1)); done\n"
	         "[ -s " D "/watcher ] || { rm -rf " D "; echo 'the waiting shell does not start'; exit 1; } )",
	         refusal, lease->owner, lease->state ? lease->state : ":", undo_script(lease, undo, sizeof(undo)),
	         waits);
	return script;
}

char *lease_guest_script(const char *uuid, char script[LEASE_SCRIPT_ROOM])
{
	snprintf(script, LEASE_SCRIPT_ROOM, "echo '%s' >>" D "/guests", uuid);
	return script;
}
