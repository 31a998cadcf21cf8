/* Disks, shared and of a node's own: tgtd in a network namespace of the test's own. Needs root and tgt. */
#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "bench/base/process.h"
#include "bench/base/undo.h"
#include "bench/testbed/own_disk.h"
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
	/* A tgtd that is not ready at once is no failure, nor does one stay in *e. */
	return e.status ? -1 : 0;
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

/* Bytes that the image itself holds; its virtual size. */
static void image_facts(const char *image, long long *ret_holds, long long *ret_size)
{
	char text[4096];
	const char *const map[] = { "qemu-img", "map", "--output=json", image, NULL };
	*ret_holds = *ret_size = 0;
	assert_int_equal(process_run(NULL, map, 10 * NS_PER_S, text, sizeof(text), NULL), 0);
	for (const char *at = text; (at = strstr(at, "\"length\": ")); at++) {
		const char *depth = strstr(at, "\"depth\": ");
		long long length = atoll(at + strlen("\"length\": "));
		*ret_size += length;
		*ret_holds += depth && atoi(depth + strlen("\"depth\": ")) == 0 ? length : 0;
	}
}

static void own_disk(const char *image, int mib, int changed_mib)
{
	struct err e = { 0 };
	long long holds, size;
	if (own_disk_make(&node, 7, (int64_t)mib * MIB, (int64_t)changed_mib * MIB, &e) < 0)
		fail_msg("%s", e.text);
	image_facts(image, &holds, &size);
	assert_int_equal(size, (long long)mib * MIB);
	assert_int_equal(holds, (long long)changed_mib * MIB);
}

/* Its changes are new each time, what lies below them is kept where it fits. */
static void a_disk_of_ones_own_has_a_base_and_changes(void **state)
{
	char image[96], base[96], seen[64];
	struct stat before, after;
	(void)state;
	snprintf(image, sizeof(image), "%s/lib", scratch);
	assert_int_equal(mkdir(image, 0755), 0);
	snprintf(image, sizeof(image), "%s/lib/disk7.qcow2", scratch);
	snprintf(base, sizeof(base), "%s/lib/disk7.base", scratch);
	own_disk(image, 8, 2);
	assert_int_equal(stat(base, &before), 0);
	assert_int_equal(before.st_size, 8 * MIB);
	own_disk(image, 8, 0);
	assert_int_equal(stat(base, &after), 0);
	assert_int_equal(before.st_ino, after.st_ino);
	own_disk(image, 4, 1);
	assert_int_equal(stat(base, &after), 0);
	assert_int_equal(after.st_size, 4 * MIB);
	assert_string_equal(own_disk_path(7, seen, sizeof(seen)), "/var/lib/libvirt/disk7.qcow2");
}

/* What a guest wrote into its copy is not there for the next one, and the image never is written. */
static void a_copy_of_an_image_is_fresh(void **state)
{
	struct err e = { 0 };
	struct stat st;
	char image[64], copy[64], content[8] = "";
	(void)state;
	snprintf(image, sizeof(image), "%s/image", scratch);
	snprintf(copy, sizeof(copy), "%s/disk3.img", scratch);
	FILE *f = fopen(image, "we");
	assert_non_null(f);
	assert_int_equal(fputs("image", f), 1);
	assert_int_equal(ftruncate(fileno(f), 20 * MIB), 0);
	assert_int_equal(fclose(f), 0);
	for (int i = 0; i < 2; i++) {
		if (storage_add_image(&node, 3, image, &e) < 0)
			fail_msg("%s", e.text);
		assert_true(serves(3, 21));
		f = fopen(copy, "r+e");
		assert_non_null(f);
		assert_non_null(fgets(content, 6, f));
		assert_string_equal(content, "image");
		rewind(f);
		assert_int_equal(fputs("dirty", f), 1);
		assert_int_equal(fclose(f), 0);
	}
	assert_int_equal(stat(copy, &st), 0);
	assert_true(st.st_blocks * 512 < MIB); /* sparse */
	assert_int_equal(storage_add_image(&node, 4, "/nonexistent/image", &e), -1);
	assert_non_null(strstr(e.text, "'/nonexistent/image'"));
	/* And incompressible bytes again. */
	add(3, 30);
	assert_true(serves(3, 31));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(disks_are_served_and_kept),
		cmocka_unit_test(another_size_is_another_disk),
		cmocka_unit_test(an_image_without_a_disk_is_served),
		cmocka_unit_test(a_disk_of_ones_own_has_a_base_and_changes),
		cmocka_unit_test(a_copy_of_an_image_is_fresh),
	};
	if (geteuid() != 0 || access("/usr/sbin/tgtd", X_OK) < 0) {
		printf("TAP version 13\n1..0 # SKIP a disk needs root and tgt\n");
		return 0;
	}
	return cmocka_run_group_tests(tests, setup, teardown);
}
