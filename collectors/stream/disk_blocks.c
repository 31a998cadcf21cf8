#include "collectors/stream/disk_blocks.h"

#include "bench/base/err.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BLOCK = DISK_BLOCK_BYTES, CHUNK = 256 * BLOCK };

struct disk_blocks {
	int fd;
	off_t at, end;
	int64_t count;
	unsigned char chunk[CHUNK];
};

static bool all_zero(const unsigned char *block)
{
	return block[0] == 0 && memcmp(block, block + 1, BLOCK - 1) == 0;
}

/* Where data begins from `at` on; the end of the file where no more is. */
static off_t next_data(const struct disk_blocks *d, off_t at)
{
	off_t data = lseek(d->fd, at, SEEK_DATA);
	return data < 0 ? d->end : data / BLOCK * BLOCK;
}

int disk_blocks_open(struct disk_blocks **ret, const char *path, struct err *e)
{
	struct disk_blocks *d = malloc(sizeof(*d));
	if (!d)
		return err_set(e, EXIT_CANNOT, "no memory to read the disk image '%s'", path);
	d->count = 0;
	d->fd = open(path, O_RDONLY | O_CLOEXEC);
	d->end = d->fd < 0 ? -1 : lseek(d->fd, 0, SEEK_END);
	if (d->end < 0) {
		err_errno(e, EXIT_CANNOT, "cannot read the disk image '%s'", path);
		disk_blocks_close(d);
		return -1;
	}
	d->at = next_data(d, 0);
	*ret = d;
	return 0;
}

bool disk_blocks_some(struct disk_blocks *d, disk_block_each *each, void *context)
{
	ssize_t got = d->at < d->end ? pread(d->fd, d->chunk, CHUNK, d->at) : 0;
	for (ssize_t i = 0; i + BLOCK <= got; i += BLOCK) {
		if (all_zero(d->chunk + i))
			continue;
		d->count++;
		if (!each(context, d->chunk + i)) {
			d->at = d->end;
			return false;
		}
	}
	/* Less than a block is left, or it cannot be read. */
	d->at = got < BLOCK ? d->end : next_data(d, d->at + got / BLOCK * BLOCK);
	return d->at < d->end;
}

int64_t disk_blocks_close(struct disk_blocks *d)
{
	int64_t count = d ? d->count : 0;
	if (d && d->fd >= 0)
		close(d->fd);
	free(d);
	return count;
}

int64_t disk_blocks(const char *path, disk_block_each *each, void *context, struct err *e)
{
	struct disk_blocks *d;
	if (disk_blocks_open(&d, path, e) < 0)
		return -1;
	while (disk_blocks_some(d, each, context))
		;
	return disk_blocks_close(d);
}
