#include "collectors/stream/kept_pages.h"

#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "bench/base/private_file.h"
#include "bench/base/whole_file.h"
#include "collectors/stream/disk_blocks.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { AT_ONCE = 256 };

static const char mark[16] = "migmeter kept 1";

struct head {
	char mark[16];
	uint64_t seed, pages;
	int64_t wall_ns;
	struct page_hash sum; /* of the hashes that follow, each hashed with the sum so far */
};

static void sum_up(struct page_hash *sum, struct page_hash h)
{
	const struct page_hash both[2] = { *sum, h };
	*sum = page_hash_of(both, sizeof(both), 0);
}

int kept_pages_write(const char *path, const struct page_classes *c, uint64_t seed, struct err *e)
{
	struct head head = { .seed = seed, .wall_ns = clock_wall_ns() };
	struct page_hash h;
	struct whole_file out = { 0 };
	memcpy(head.mark, mark, sizeof(mark));
	for (uint64_t i = 0; i < page_classes_pages(c); i++)
		if (page_last(c, i, &h)) {
			head.pages++;
			sum_up(&head.sum, h);
		}
	if (whole_file_open_private(&out, path, e) < 0)
		return -1;
	fwrite(&head, sizeof(head), 1, out.file);
	for (uint64_t i = 0; i < page_classes_pages(c); i++)
		if (page_last(c, i, &h))
			fwrite(&h, sizeof(h), 1, out.file);
	return whole_file_close(&out, 0, e);
}

static int head_read(FILE *file, const char *path, struct head *ret, struct err *e)
{
	struct stat st;
	if (fread(ret, sizeof(*ret), 1, file) != 1 || memcmp(ret->mark, mark, sizeof(mark)) != 0)
		return err_set(e, EXIT_MEASURED_BAD, "'%s' is no file of kept pages", path);
	if (fstat(fileno(file), &st) < 0 || st.st_size % (off_t)sizeof(struct page_hash) != sizeof(*ret) % 16 ||
	    (uint64_t)st.st_size / sizeof(struct page_hash) != ret->pages + sizeof(*ret) / 16)
		return err_set(e, EXIT_MEASURED_BAD, "'%s' is cut short", path);
	return 0;
}

/* NULL: errno is ENOENT where there is none. */
static FILE *kept_open(const char *path, struct err *e)
{
	int fd = private_file_open(path, O_RDONLY, "file of kept pages", e);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "r");
	if (fd >= 0 && !file) {
		err_errno(e, EXIT_CANNOT, "cannot read the kept pages '%s'", path);
		close(fd);
		errno = EIO;
	}
	return file;
}

int kept_pages_facts(const char *path, struct kept_facts *ret, struct err *e)
{
	struct head head;
	struct err why = { 0 };
	FILE *file = kept_open(path, &why);
	if (!file && errno == ENOENT)
		return 1;
	if (!file)
		return err_set(e, EXIT_CANNOT, "%s", why.text);
	int result = head_read(file, path, &head, e);
	fclose(file);
	if (result == 0)
		*ret = (struct kept_facts){ .wall_ns = head.wall_ns, .pages = head.pages, .seed = head.seed };
	return result;
}

/* With pool NULL only the sum is made. */
static int hashes_read(FILE *file, const struct head *head, struct page_pool *pool, struct page_hash *ret_sum)
{
	struct page_hash some[AT_ONCE];
	for (uint64_t left = head->pages; left;) {
		size_t count = left < AT_ONCE ? (size_t)left : AT_ONCE;
		if (fread(some, sizeof(*some), count, file) != count)
			return -1;
		for (size_t i = 0; i < count; i++) {
			sum_up(ret_sum, some[i]);
			if (pool)
				page_pool_add(pool, some[i], EQUAL_KEPT);
		}
		left -= count;
	}
	return 0;
}

int kept_pages_read(struct page_pool *pool, const char *path, struct err *e)
{
	struct head head;
	struct page_hash sum = { 0, 0 };
	FILE *file = kept_open(path, e);
	if (!file)
		return -1;
	int result = head_read(file, path, &head, e);
	if (result == 0 && head.seed != page_pool_seed(pool))
		result = err_set(e, EXIT_MEASURED_BAD, "'%s' has hashes with another seed", path);
	if (result == 0 && (hashes_read(file, &head, NULL, &sum) < 0 || !page_hash_equal(sum, head.sum)))
		result = err_set(e, EXIT_MEASURED_BAD, "'%s' was changed, or is cut short", path);
	if (result == 0 && (fseek(file, sizeof(head), SEEK_SET) < 0 || hashes_read(file, &head, pool, &sum) < 0))
		result = err_errno(e, EXIT_CANNOT, "cannot read the kept pages '%s'", path);
	fclose(file);
	return result;
}

/* ---- images ---- */

static bool block_add(void *context, const unsigned char *block)
{
	struct page_pool *pool = context;
	page_pool_add(pool, page_hash_of(block, DISK_BLOCK_BYTES, page_pool_seed(pool)), EQUAL_DISK);
	return true;
}

int64_t kept_pages_of_image(struct page_pool *pool, const char *path, struct err *e)
{
	return disk_blocks(path, block_add, pool, e);
}
