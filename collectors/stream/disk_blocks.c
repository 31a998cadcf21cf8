#include "collectors/stream/disk_blocks.h"

#include "bench/base/err.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BLOCK = DISK_BLOCK_BYTES, CHUNK = 256 * BLOCK };

static bool all_zero(const unsigned char *block)
{
	return block[0] == 0 && memcmp(block, block + 1, BLOCK - 1) == 0;
}

/* Where data begins from `at` on; the end of the file where no more is. */
static off_t next_data(int fd, off_t at, off_t end)
{
	off_t data = lseek(fd, at, SEEK_DATA);
	return data < 0 ? end : data / BLOCK * BLOCK;
}

int64_t disk_blocks(const char *path, bool (*each)(void *context, const unsigned char *block), void *context,
                    struct err *e)
{
	unsigned char *chunk = malloc(CHUNK);
	int64_t blocks = 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	off_t end = fd < 0 ? -1 : lseek(fd, 0, SEEK_END);
	if (!chunk || end < 0) {
		free(chunk);
		err_errno(e, EXIT_CANNOT, "cannot read the disk image '%s'", path);
		if (fd >= 0)
			close(fd);
		return -1;
	}
	bool more = true;
	for (off_t at = next_data(fd, 0, end); more && at < end;) {
		ssize_t got = pread(fd, chunk, CHUNK, at);
		if (got < BLOCK)
			break; /* less than a block is left */
		for (ssize_t i = 0; more && i + BLOCK <= got; i += BLOCK)
			if (!all_zero(chunk + i)) {
				more = each(context, chunk + i);
				blocks++;
			}
		at = next_data(fd, at + got / BLOCK * BLOCK, end);
	}
	close(fd);
	free(chunk);
	return blocks;
}
