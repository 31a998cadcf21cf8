#include "bench/testbed/own_disk.h"

#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "bench/testbed/storage.h"

#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>

char *own_disk_path(int number, char *buffer, size_t room)
{
	snprintf(buffer, room, "/var/lib/libvirt/disk%d.qcow2", number);
	return buffer;
}

/* The same from outside of the node (node.c), where a base lies beside it. */
static char *outside(const struct node *node, int number, const char *ending, char *buffer, size_t room)
{
	snprintf(buffer, room, "%s/lib/disk%d.%s", node->state_directory, number, ending);
	return buffer;
}

static int base_make(const struct node *node, int number, int64_t bytes, struct err *e)
{
	char path[300];
	struct stat st;
	outside(node, number, "base", path, sizeof(path));
	if (stat(path, &st) == 0 && st.st_size == bytes)
		return 0;
	return storage_image_make(path, bytes, bytes, (uint64_t)number, e);
}

/* Bytes of one value: they are allocated like any others. */
static int change(const char *image, int64_t bytes, struct err *e)
{
	char write[64];
	snprintf(write, sizeof(write), "write -q -P 0x5a 0 %" PRId64, bytes);
	const char *const argv[] = { "qemu-io", "-f", "qcow2", "-c", write, image, NULL };
	return process_run(NULL, argv, 120 * NS_PER_S, NULL, 0, e);
}

int own_disk_make(const struct node *node, int number, int64_t bytes, int64_t changed_bytes, struct err *e)
{
	char image[300];
	outside(node, number, "qcow2", image, sizeof(image));
	if (base_make(node, number, bytes, e) < 0 ||
	    process_runf(NULL, e, "qemu-img create -q -f qcow2 -b disk%d.base -F raw %s %" PRId64, number, image,
	                 bytes) < 0)
		return -1;
	return changed_bytes ? change(image, changed_bytes, e) : 0;
}
