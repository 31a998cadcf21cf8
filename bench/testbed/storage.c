#include "bench/testbed/storage.h"

#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "bench/base/undo.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* tgtadm finds its tgtd through this environment variable: a socket of our own, not the machine's. */
static void ipc_variable(const struct node *node, char *buffer, size_t room)
{
	snprintf(buffer, room, "TGT_IPC_SOCKET=%s/tgt.sock", node->state_directory);
}

static int tgtadm(const struct node *node, const char *arguments, struct err *e)
{
	struct process_place place = node_place(node);
	char variable[256];
	ipc_variable(node, variable, sizeof(variable));
	return process_runf(&place, e, "env %s tgtadm --lld iscsi %s", variable, arguments);
}

int storage_start(const struct node *node, struct undo *undo, struct err *e)
{
	struct process_place place = node_place(node);
	char variable[256], portal[64], log[300], arguments[200];
	pid_t pid;
	ipc_variable(node, variable, sizeof(variable));
	snprintf(portal, sizeof(portal), "portal=%s:%d", node->lan_ip, STORAGE_PORT);
	snprintf(log, sizeof(log), "%s/tgtd.log", node->state_directory);
	const char *argv[] = { "env", variable, "tgtd", "-f", "-t", "1", "--iscsi", portal, NULL };
	if (process_start(&place, argv, log, &pid, e) < 0 || undo_add_process(undo, pid, e) < 0)
		return -1;
	snprintf(arguments, sizeof(arguments), "--op new --mode target --tid 1 -T %s", STORAGE_TARGET);
	int64_t end = clock_now_ns() + 10 * NS_PER_S;
	struct err not_yet = { 0 };
	while (tgtadm(node, arguments, &not_yet) < 0) {
		if (clock_now_ns() > end || !process_start_time(pid))
			return err_set(e, not_yet.status, "tgtd on node '%s' does not answer (see '%s'): %s",
			               node->name, log, not_yet.text);
		clock_sleep(20 * NS_PER_MS);
	}
	return tgtadm(node, "--op bind --mode target --tid 1 -I ALL", e);
}

/* splitmix64: fast, and no compressor finds anything in it. */
static uint64_t mix_next(uint64_t *state)
{
	uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));
	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

static int content_write(int fd, int64_t bytes, uint64_t seed)
{
	enum { CHUNK = 1 << 20 };
	uint64_t *chunk = malloc(CHUNK);
	int result = chunk ? 0 : -1;
	for (int64_t at = 0; result == 0 && at < bytes; at += CHUNK) {
		for (size_t i = 0; i < CHUNK / sizeof(*chunk); i++)
			chunk[i] = mix_next(&seed);
		size_t size = bytes - at < CHUNK ? (size_t)(bytes - at) : CHUNK;
		ssize_t written = pwrite(fd, chunk, size, at);
		if (written >= 0 && written != (ssize_t)size)
			errno = ENOSPC; /* the next one would have said so */
		result = written == (ssize_t)size ? 0 : -1;
	}
	free(chunk);
	return result;
}

int storage_image_make(const char *path, int64_t bytes, int64_t content_bytes, uint64_t seed, struct err *e)
{
	char temporary[400];
	snprintf(temporary, sizeof(temporary), "%s.part", path);
	int fd = open(temporary, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_errno(e, EXIT_CANNOT, "cannot create '%s'", temporary);
	if (ftruncate(fd, bytes) < 0 || content_write(fd, content_bytes < bytes ? content_bytes : bytes, seed) < 0) {
		err_errno(e, EXIT_CANNOT, "cannot fill disk image '%s' (%lld bytes)", temporary,
		          (long long)content_bytes);
		close(fd);
		unlink(temporary);
		return -1;
	}
	close(fd);
	if (rename(temporary, path) < 0)
		return err_errno(e, EXIT_CANNOT, "cannot create '%s'", path);
	return 0;
}

/* What tgtd serves is asked of tgtd: an image may be there that it was never given. */
static bool is_served(const struct node *node, const char *path)
{
	const struct process_place place = node_place(node);
	char variable[256], line[320], targets[32 * 1024];
	ipc_variable(node, variable, sizeof(variable));
	const char *argv[] = {
		"env", variable, "tgtadm", "--lld", "iscsi", "--op", "show", "--mode", "target", NULL
	};
	snprintf(line, sizeof(line), ": %s\n", path);
	return process_run(&place, argv, 30 * NS_PER_S, targets, sizeof(targets), NULL) == 0 && strstr(targets, line);
}

char *storage_image_path(const struct node *node, int lun, char *buffer, size_t room)
{
	snprintf(buffer, room, "%s/disk%d.img", node->state_directory, lun);
	return buffer;
}

/* A LUN does not change its size, nor its file. */
static int lun_delete(const struct node *node, int lun, struct err *e)
{
	char arguments[100];
	snprintf(arguments, sizeof(arguments), "--op delete --mode logicalunit --tid 1 --lun %d", lun);
	return tgtadm(node, arguments, e);
}

static int lun_add(const struct node *node, int lun, const char *path, struct err *e)
{
	char arguments[500];
	snprintf(arguments, sizeof(arguments), "--op new --mode logicalunit --tid 1 --lun %d -b %s", lun, path);
	return tgtadm(node, arguments, e);
}

int storage_add_disk(const struct node *node, int lun, int64_t bytes, int64_t content_bytes, struct err *e)
{
	char path[300];
	struct stat st;
	storage_image_path(node, lun, path, sizeof(path));
	bool fits = stat(path, &st) == 0 && st.st_size == bytes && st.st_blocks * 512 >= content_bytes;
	bool served = is_served(node, path);
	if (fits && served)
		return 0;
	if (served && lun_delete(node, lun, e) < 0)
		return -1;
	if (!fits && storage_image_make(path, bytes, content_bytes, (uint64_t)lun, e) < 0)
		return -1;
	return lun_add(node, lun, path, e);
}

int storage_add_image(const struct node *node, int lun, const char *image, struct err *e)
{
	char path[300];
	storage_image_path(node, lun, path, sizeof(path));
	const char *const copy[] = { "cp", "--sparse=always", "--reflink=auto", image, path, NULL };
	if (is_served(node, path) && lun_delete(node, lun, e) < 0)
		return -1;
	unlink(path);
	if (process_run(NULL, copy, 600 * NS_PER_S, NULL, 0, e) < 0)
		return err_prefix(e, "cannot copy the disk image '%s'", image);
	return lun_add(node, lun, path, e);
}
