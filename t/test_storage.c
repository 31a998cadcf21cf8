/* The shared disk: tgtd in a network namespace of the test's own. Needs root and tgt. */
#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "bench/base/process.h"
#include "bench/base/undo.h"
#include "bench/testbed/storage.h"
#include "t/scratch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define MIB (1 << 20)

static struct node node = { .name = "sto", .core = -1, .lan_ip = "127.0.0.1" };
static struct undo *undo;

static int setup(void **state)
{
	struct err e = { 0 };
	char path[64];
	if (scratch_make(state) < 0)
		return -1;
	snprintf(path, sizeof(path), "%s/register", scratch);
	snprintf(node.netns, sizeof(node.netns), "t-st-%d", (int)getpid());
	snprintf(node.netns_path, sizeof(node.netns_path), "/run/netns/%s", node.netns);
	snprintf(node.state_directory, sizeof(node.state_directory), "%s", scratch);
	if (undo_open(&undo, path, &e) < 0 || undo_add(undo, UNDO_NETNS, node.netns, &e) < 0 ||
	    process_runf(NULL, &e, "ip netns add %s", node.netns) < 0 ||
	    process_runf(NULL, &e, "ip -n %s link set lo up", node.netns) < 0 || storage_start(&node, undo, &e) < 0) {
		print_message("# %s\n", e.text);
		return -1;
	}
	return 0;
}

static int teardown(void **state)
{
	undo_run(undo, NULL);
	undo_close(undo);
	return scratch_remove(state);
}

static int tgtadm(const char *arguments, char *output, size_t room)
{
	const struct process_place place = node_place(&node);
	char script[300];
	const char *const argv[] = { "sh", "-c", script, NULL };
	snprintf(script, sizeof(script), "TGT_IPC_SOCKET=%s/tgt.sock tgtadm --lld iscsi %s", scratch, arguments);
	return process_run(&place, argv, 10 * NS_PER_S, output, room, NULL);
}

static int serves(int lun, int mib)
{
	char text[8192], path[64], size[64];
	assert_int_equal(tgtadm("--op show --mode target", text, sizeof(text)), 0);
	snprintf(path, sizeof(path), "disk%d.img\n", lun);
	snprintf(size, sizeof(size), "Size: %d MB", mib);
	const char *found = strstr(text, path);
	/* The size stands above the path, the last one of them. */
	const char *last = NULL;
	for (const char *at = text; found && (at = strstr(at, "Size: ")) && at < found; at++)
		last = at;
	return last && strncmp(last, size, strlen(size)) == 0;
}

static void add(int lun, int mib)
{
	struct err e = { 0 };
	if (storage_add_disk(&node, lun, (int64_t)mib * MIB, MIB, &e) < 0)
		fail_msg("%s", e.text);
}

static void disks_are_served_and_kept(void **state)
{
	(void)state;
	struct stat before, after;
	char path[64];
	add(1, 20);
	add(2, 30);
	add(12, 10);
	assert_true(serves(1, 21) && serves(2, 31) && serves(12, 10)); /* it counts in 10^6 */
	snprintf(path, sizeof(path), "%s/disk1.img", scratch);
	assert_int_equal(stat(path, &before), 0);
	assert_true(before.st_blocks * 512 >= MIB);
	add(1, 20);
	assert_int_equal(stat(path, &after), 0);
	assert_int_equal(before.st_ino, after.st_ino);
}

static void another_size_is_another_disk(void **state)
{
	(void)state;
	add(1, 40);
	assert_true(serves(1, 42) && serves(2, 31));
}

/* An image that a run left behind which could not give it to tgtd. */
static void an_image_without_a_disk_is_served(void **state)
{
	(void)state;
	assert_int_equal(tgtadm("--op delete --mode logicalunit --tid 1 --lun 2", NULL, 0), 0);
	assert_false(serves(2, 31));
	add(2, 30);
	assert_true(serves(2, 31));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(disks_are_served_and_kept),
		cmocka_unit_test(another_size_is_another_disk),
		cmocka_unit_test(an_image_without_a_disk_is_served),
	};
	if (geteuid() != 0 || access("/usr/sbin/tgtd", X_OK) < 0) {
		printf("TAP version 13\n1..0 # SKIP a disk needs root and tgt\n");
		return 0;
	}
	return cmocka_run_group_tests(tests, setup, teardown);
}
