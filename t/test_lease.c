/* The lease on what is changed on a remote node, in shells with a /run of their own. */
#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "bench/base/process.h"
#include "bench/testbed/lease.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* What a shell with a /run of its own says of /run/take (of a lease so many seconds long, which undoes so), /run/renew and
 * /run/release. */
static void assert_leased_with(const char *undo, const char *known, int seconds, const char *script,
                               const char *wanted)
{
	static const char files[] = "mount -t tmpfs none /run || exit 99\n"
				    "cat >/run/take <<'TAKE'\n%s\nTAKE\n"
				    "cat >/run/renew <<'RENEW'\n%s\nRENEW\n"
				    "cat >/run/release <<'RELEASE'\n%s\nRELEASE\n%s";
	const struct lease lease = { .owner = "migmeter on head, pid 7",
		                     .seconds = seconds,
		                     .undo = undo,
		                     .state = known,
		                     .directory = "/run/migmeter-own",
		                     .virsh_uri = "qemu:///system" };
	char text[4 * LEASE_SCRIPT_ROOM], taking[LEASE_SCRIPT_ROOM], renewing[LEASE_SCRIPT_ROOM],
		releasing[LEASE_SCRIPT_ROOM], output[4096];
	const char *const argv[] = {
		"unshare", "--mount", "--pid", "--fork", "--mount-proc", "sh", "-c", text, NULL
	};
	struct err e = { 0 };
	if (geteuid() != 0)
		skip();
	snprintf(text, sizeof(text), files, lease_take_script(&lease, taking),
	         lease_renew_script(lease.owner, renewing), lease_release_script(lease.owner, releasing), script);
	if (process_run(NULL, argv, 60 * NS_PER_S, output, sizeof(output), &e) < 0)
		fail_msg("%s", e.text);
	assert_string_equal(output, wanted);
}

static void assert_leased(int seconds, const char *script, const char *wanted)
{
	assert_leased_with("false\necho undone >>/run/undone\n", NULL, seconds, script, wanted);
}

/* The taking shell is gone when the time comes. */
static void a_lease_that_is_not_renewed_undoes(void **state)
{
	(void)state;
	assert_leased(2,
	              "sh /run/take || exit 1\n"
	              "mkdir /run/migmeter-own\n"
	              "sh /run/renew || exit 2\n"
	              "[ ! -e /run/undone ] || exit 3\n"
	              "sleep 6\n"
	              "[ ! -d " LEASE_DIRECTORY " ] || exit 4\n"
	              "[ ! -d /run/migmeter-own ] || exit 5\n"
	              "cat /run/undone\n"
	              "! sh /run/renew 2>/dev/null",
	              "undone\n");
}

static void a_renewed_lease_lasts_and_a_released_one_undoes_at_once(void **state)
{
	(void)state;
	assert_leased(3,
	              "sh /run/take || exit 1\n"
	              "for i in 1 2 3 4 5; do sleep 1; sh /run/renew || exit 2; done\n"
	              "[ ! -e /run/undone ] || exit 3\n"
	              "sh /run/take; [ $? = 9 ] || exit 4\n"
	              "sh /run/release || exit 5\n"
	              "[ ! -d " LEASE_DIRECTORY " ] || exit 6\n"
	              "cat /run/undone\n"
	              "sh /run/release",
	              "held by migmeter on head, pid 7\nundone\n");
}

static void what_was_there_before_is_not_ours_to_remove(void **state)
{
	(void)state;
	assert_leased(5,
	              "mkdir /run/migmeter-own\n"
	              "sh /run/take; [ $? = 8 ] || exit 1\n"
	              "[ -d /run/migmeter-own ] && [ ! -d " LEASE_DIRECTORY " ]",
	              "/run/migmeter-own is there already\n");
}

/* Its waiting shell was killed: the next who takes the lease undoes first, and so does a release. */
static void a_lease_whose_shell_was_killed_is_undone_by_others(void **state)
{
	(void)state;
	assert_leased(30,
	              "sh /run/take || exit 1\n"
	              "kill -9 $(cat " LEASE_DIRECTORY "/watcher); sleep 0.2\n"
	              "sh /run/renew 2>/dev/null && exit 2\n"
	              "sh /run/take || exit 3\n"
	              "kill -9 $(cat " LEASE_DIRECTORY "/watcher); sleep 0.2\n"
	              "sh /run/release || exit 4\n"
	              "cat /run/undone",
	              "undone\nundone\n");
}

/* One who was asleep for too long does not end what is another's by now. */
static void anothers_lease_is_left_alone(void **state)
{
	(void)state;
	assert_leased(30,
	              "sh /run/take || exit 1\n"
	              "echo 'migmeter on another' >" LEASE_DIRECTORY "/owner\n"
	              "sh /run/renew && exit 2\n"
	              "sh /run/release || exit 3\n"
	              "[ -d " LEASE_DIRECTORY " ] && [ ! -e /run/undone ] || exit 4\n"
	              "sh /run/take; [ $? = 9 ]",
	              "held by migmeter on another\n");
}

/* A hypervisor that does not answer holds up nothing but what comes after it. */
static void what_is_put_back_waits_for_no_hypervisor(void **state)
{
	(void)state;
	assert_leased(30,
	              "mkdir /run/bin; PATH=/run/bin:$PATH\n"
	              "printf '#!/bin/sh\\n[ -e /run/undone ] && echo first; sleep 300\\n' >/run/bin/virsh\n"
	              "chmod 755 /run/bin/virsh\n"
	              "sh /run/take || exit 1\n"
	              "echo guest >>" LEASE_DIRECTORY "/guests\n"
	              "sed -i 's/timeout 15/timeout 1/' " LEASE_DIRECTORY "/undo\n"
	              "sh /run/release || exit 2\n"
	              "cat /run/undone",
	              "undone\n");
}

/* The other lines are run; the folder stays until it can be undone, and nobody else gets the lease before. */
static void what_cannot_be_undone_is_told_and_kept(void **state)
{
	(void)state;
	assert_leased_with("must cat /run/none\necho undone >>/run/undone\n", NULL, 30,
	                   "sh /run/take || exit 1\n"
	                   "mkdir /run/migmeter-own\n"
	                   "sh /run/release && exit 2\n"
	                   "[ -d " LEASE_DIRECTORY " ] && [ ! -d /run/migmeter-own ] || exit 3\n"
	                   "sh /run/take; [ $? = 7 ] || exit 4\n"
	                   "echo >/run/none\n"
	                   "sh /run/release || exit 5\n"
	                   "[ ! -d " LEASE_DIRECTORY " ] || exit 6\n"
	                   "sort -u /run/undone",
	                   "not undone: 'cat /run/none' failed: cat: /run/none: No such file or directory; "
	                   "put it back by hand, then remove " LEASE_DIRECTORY "\n"
	                   "an earlier lease is not undone: 'cat /run/none' failed: cat: /run/none: No such file or "
	                   "directory; put it back by hand, then remove " LEASE_DIRECTORY "\n"
	                   "undone\n");
}

/* The same after the time was over and nobody released. */
static void what_could_not_be_undone_in_time_is_kept(void **state)
{
	(void)state;
	assert_leased_with("must cat /run/none\n", NULL, 2,
	                   "sh /run/take || exit 1\n"
	                   "sleep 6\n"
	                   "[ -d " LEASE_DIRECTORY " ] || exit 2\n"
	                   "sh /run/renew 2>/dev/null && exit 3\n"
	                   "echo now >/run/none\n"
	                   "sh /run/take || exit 4\n"
	                   "sh /run/release",
	                   "");
}

static void what_is_as_before_is_not_touched(void **state)
{
	(void)state;
	static const char undo[] = "echo touched; cp /run/saved /run/thing\n";
	assert_leased_with(undo, "cat /run/thing", 30,
	                   "echo a >/run/thing\n"
	                   "sh /run/take && sh /run/release || exit 1\n"
	                   "sh /run/take || exit 2\n"
	                   "echo b >/run/thing; echo a >/run/saved\n"
	                   "sh /run/release || exit 3\n"
	                   "cat /run/thing",
	                   "a\n");
}

/* Told once: there is nothing more to try. */
static void what_is_not_as_before_is_told(void **state)
{
	(void)state;
	assert_leased_with("echo c >/run/thing\n", "cat /run/thing", 30,
	                   "echo a >/run/thing\n"
	                   "sh /run/take || exit 1\n"
	                   "echo b >/run/thing\n"
	                   "sh /run/release && exit 2\n"
	                   "[ ! -d " LEASE_DIRECTORY " ] || exit 3\n"
	                   "sh /run/release",
	                   "undone, but not as before: was a - is now c\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_lease_that_is_not_renewed_undoes),
		cmocka_unit_test(a_renewed_lease_lasts_and_a_released_one_undoes_at_once),
		cmocka_unit_test(a_lease_whose_shell_was_killed_is_undone_by_others),
		cmocka_unit_test(anothers_lease_is_left_alone),
		cmocka_unit_test(what_is_put_back_waits_for_no_hypervisor),
		cmocka_unit_test(what_was_there_before_is_not_ours_to_remove),
		cmocka_unit_test(what_cannot_be_undone_is_told_and_kept),
		cmocka_unit_test(what_could_not_be_undone_in_time_is_kept),
		cmocka_unit_test(what_is_as_before_is_not_touched),
		cmocka_unit_test(what_is_not_as_before_is_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
