#include "analysis/sample_store.h"

#include "analysis/series_read.h"
#include "bench/base/err.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BLOCK_RECORDS = 4096 };

/* A hole in the file reads as zeros, so the guest stamp is kept plus one. */
struct record {
	int64_t guest_ns_1, head_ns, work, worst_op_ns, worst_service_ns;
};

struct sample_store {
	int fd;
	int dirty;
	int64_t block; /* number of the block in memory, -1: none */
	int64_t next;  /* record that sample_store_next() looks at */
	struct record records[BLOCK_RECORDS];
};

int sample_store_open(struct sample_store **ret, const char *directory, struct err *e)
{
	struct sample_store *store = calloc(1, sizeof(*store));
	if (!store)
		return err_errno(e, EXIT_CANNOT, "cannot keep samples");
	store->block = -1;
	store->fd = open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (store->fd < 0) { /* a file system without O_TMPFILE */
		char path[4096];
		snprintf(path, sizeof(path), "%s/.samples-XXXXXX", directory);
		store->fd = mkostemp(path, O_CLOEXEC);
		if (store->fd >= 0)
			unlink(path);
	}
	if (store->fd < 0) {
		free(store);
		return err_errno(e, EXIT_CANNOT, "cannot make a temporary file in '%s'", directory);
	}
	*ret = store;
	return 0;
}

static int write_block(struct sample_store *store, struct err *e)
{
	if (!store->dirty)
		return 0;
	const char *from = (const char *)store->records;
	size_t done = 0;
	while (done < sizeof(store->records)) {
		ssize_t n = pwrite(store->fd, from + done, sizeof(store->records) - done,
		                   store->block * (int64_t)sizeof(store->records) + (int64_t)done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return err_errno(e, EXIT_CANNOT, "cannot write samples to a temporary file");
		done += (size_t)n;
	}
	store->dirty = 0;
	return 0;
}

static int load_block(struct sample_store *store, int64_t block, struct err *e)
{
	if (write_block(store, e) < 0)
		return -1;
	char *to = (char *)store->records;
	size_t done = 0;
	while (done < sizeof(store->records)) {
		ssize_t n = pread(store->fd, to + done, sizeof(store->records) - done,
		                  block * (int64_t)sizeof(store->records) + (int64_t)done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_errno(e, EXIT_CANNOT, "cannot read samples from a temporary file");
		if (n == 0)
			break;
		done += (size_t)n;
	}
	memset(to + done, 0, sizeof(store->records) - done);
	store->block = block;
	return 0;
}

int sample_store_put(struct sample_store *store, int64_t seq, const struct stored_sample *sample, struct err *e)
{
	int64_t block = seq / BLOCK_RECORDS;
	if (block != store->block && load_block(store, block, e) < 0)
		return -1;
	struct record *have = &store->records[seq % BLOCK_RECORDS];
	int twin = have->guest_ns_1 != 0;
	if (twin && (sample->head_ns == MISSING || (have->head_ns != MISSING && have->head_ns <= sample->head_ns)))
		return 0;
	*have = (struct record){ sample->guest_ns + 1, sample->head_ns, sample->work, sample->worst_op_ns,
		                 sample->worst_service_ns };
	store->dirty = 1;
	return !twin;
}

int sample_store_rewind(struct sample_store *store, struct err *e)
{
	store->next = 0;
	return write_block(store, e);
}

/* Step over holes, so that a wild sequence number costs nothing. 1, 0 at the end of the file, -1. */
static int next_block(struct sample_store *store, struct err *e)
{
	off_t at = lseek(store->fd, store->next * (int64_t)sizeof(struct record), SEEK_DATA);
	if (at < 0)
		return errno == ENXIO ? 0 : err_errno(e, EXIT_CANNOT, "cannot seek in a temporary file");
	int64_t found = at / (int64_t)sizeof(struct record);
	if (found > store->next)
		store->next = found / BLOCK_RECORDS * BLOCK_RECORDS;
	return load_block(store, store->next / BLOCK_RECORDS, e) < 0 ? -1 : 1;
}

int sample_store_next(struct sample_store *store, struct stored_sample *ret, struct err *e)
{
	for (;;) {
		if (store->next / BLOCK_RECORDS != store->block || store->next % BLOCK_RECORDS == 0) {
			int got = next_block(store, e);
			if (got <= 0)
				return got;
		}
		const struct record *have = &store->records[store->next++ % BLOCK_RECORDS];
		if (have->guest_ns_1 != 0) {
			*ret = (struct stored_sample){ have->guest_ns_1 - 1, have->head_ns, have->work,
				                       have->worst_op_ns, have->worst_service_ns };
			return 1;
		}
	}
}

void sample_store_close(struct sample_store *store)
{
	if (!store)
		return;
	close(store->fd);
	free(store);
}
