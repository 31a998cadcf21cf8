/* seqread - read a block device or a file from start to end, again and again. */
#include "workloads/workload.h"

#include "bench/base/clock.h"
#include "bench/base/err.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#define BLOCK_ALIGNMENT 4096

struct seqread_options {
	char path[OPTION_STRING_ROOM];
	int64_t block_bytes;
	int64_t span_bytes;
	int64_t total_bytes;
	bool direct;
};

static const struct option_row seqread_options[] = {
	{ "path", OPTION_STRING, offsetof(struct seqread_options, path), "/dev/vda", NULL, NULL,
	  "block device or file to read" },
	{ "block", OPTION_SIZE, offsetof(struct seqread_options, block_bytes), "64K", "512", "16M",
	  "size of one read" },
	{ "direct", OPTION_BOOLEAN, offsetof(struct seqread_options, direct), "yes", NULL, NULL,
	  "past the guest's page cache (O_DIRECT); no: through it" },
	{ "span", OPTION_SIZE, offsetof(struct seqread_options, span_bytes), "0", "0", NULL,
	  "how much of it is read before starting over; 0: all of it" },
	{ "total", OPTION_SIZE, offsetof(struct seqread_options, total_bytes), "0", "0", NULL,
	  "bytes after which it ends; 0: never" },
	OPTION_END,
};

struct reader {
	int fd;
	int64_t span_bytes;
	void *buffer;
};

static int seqread_check(const void *options, struct err *e)
{
	const struct seqread_options *o = options;
	if (!o->path[0])
		return err_set(e, EXIT_USAGE, "key 'path' is empty");
	if (o->direct && (o->block_bytes % 512 || o->span_bytes % 512 || o->total_bytes % 512))
		return err_set(e, EXIT_USAGE, "block, span and total must be multiples of 512 unless direct = no");
	return 0;
}

static int64_t seqread_memory_bytes(const void *options)
{
	return ((const struct seqread_options *)options)->block_bytes;
}

static int file_size(int fd, int64_t *ret_bytes)
{
	struct stat st;
	uint64_t bytes = 0;
	if (fstat(fd, &st) < 0)
		return -1;
	if (S_ISBLK(st.st_mode)) {
		if (ioctl(fd, BLKGETSIZE64, &bytes) < 0)
			return -1;
		*ret_bytes = (int64_t)bytes;
		return 0;
	}
	*ret_bytes = st.st_size;
	return 0;
}

static void reader_free(struct reader *r)
{
	if (!r)
		return;
	if (r->fd >= 0)
		close(r->fd);
	free(r->buffer);
	free(r);
}

static int reader_open(struct reader *r, const struct seqread_options *o, struct err *e)
{
	int64_t size_bytes;
	r->fd = open(o->path, O_RDONLY | O_CLOEXEC | (o->direct ? O_DIRECT : 0));
	if (r->fd < 0)
		return err_errno(e, EXIT_CANNOT, "cannot open '%s'%s", o->path,
		                 o->direct && errno == EINVAL ? " with direct = yes; try direct = no" : "");
	if (file_size(r->fd, &size_bytes) < 0)
		return err_errno(e, EXIT_CANNOT, "size of '%s'", o->path);
	r->span_bytes = o->span_bytes ? o->span_bytes : o->direct ? size_bytes / 512 * 512 : size_bytes;
	if (r->span_bytes == 0)
		return err_set(e, EXIT_USAGE, "'%s' is empty", o->path);
	if (r->span_bytes > size_bytes)
		return err_set(e, EXIT_USAGE, "span of %lld bytes is more than '%s' has (%lld)",
		               (long long)r->span_bytes, o->path, (long long)size_bytes);
	r->buffer = aligned_alloc(BLOCK_ALIGNMENT,
	                          (size_t)(o->block_bytes + BLOCK_ALIGNMENT - 1) / BLOCK_ALIGNMENT * BLOCK_ALIGNMENT);
	return r->buffer ? 0 : err_errno(e, EXIT_CANNOT, "buffer of a block");
}

static int seqread_init(struct workload *w, struct err *e)
{
	struct reader *r = calloc(1, sizeof(*r));
	if (!r)
		return err_errno(e, EXIT_CANNOT, "state");
	r->fd = -1;
	if (reader_open(r, w->options, e) < 0) {
		reader_free(r);
		return -1;
	}
	w->state = r;
	return 0;
}

static int64_t least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static void seqread_run(struct workload *w)
{
	const struct seqread_options *o = w->options;
	const struct reader *r = w->state;
	int64_t work = 0, offset = 0, begin = clock_now_ns();
	while (!workload_stopped(w)) {
		int64_t want = least(o->block_bytes, r->span_bytes - offset);
		if (o->total_bytes)
			want = least(want, o->total_bytes - work);
		workload_op_begin(w, begin);
		ssize_t got = pread(r->fd, r->buffer, (size_t)want, offset);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0) {
			struct err e = { 0 };
			if (got == 0)
				errno = ENODATA;
			err_errno(&e, EXIT_MEASURED_BAD, "seqread: read of '%s' at %lld", o->path, (long long)offset);
			workload_fail(w, &e);
			return;
		}
		work += got;
		offset = offset + got == r->span_bytes ? 0 : offset + got;
		int64_t now = clock_now_ns();
		begin = workload_op_end(w, now, work);
		if (work == o->total_bytes) {
			workload_job_done(w, now);
			return;
		}
	}
}

static void seqread_end(struct workload *w)
{
	reader_free(w->state);
}

static bool seqread_has_job(const void *options)
{
	return ((const struct seqread_options *)options)->total_bytes > 0;
}

const struct workload_ops seqread_workload = {
	.name = "seqread",
	.unit = "bytes",
	.operation = "the read of one block",
	.help = "reads a block device or file sequentially, around and around",
	.options = seqread_options,
	.options_size = sizeof(struct seqread_options),
	.has_job = seqread_has_job,
	.check = seqread_check,
	.memory_bytes = seqread_memory_bytes,
	.init = seqread_init,
	.run = seqread_run,
	.end = seqread_end,
};
