/*
 * A migration that is watched: however its bytes are cut, every one is counted once in pages.csv, and no page is counted that the
 * VM does not have. The first byte says how the rest is cut.
 */
#include "bench/base/err.h"
#include "bench/base/series.h"
#include "collectors/stream/decoder.h"
#include "collectors/stream/page_watch.h"
#include "t/fuzz.h"
#include "t/made_stream.h"

#include <json-c/json.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

/* A VM larger than this is left out: its classes would take the machine's memory. */
enum { PAGES_MOST = 1 << 16 };

struct counts {
	long long pages, bytes;
};

static uint64_t listed(const uint8_t *bytes, size_t length)
{
	const struct stream_sink nothing = { NULL, NULL, NULL };
	struct stream_decoder *d;
	if (stream_decoder_create(&d, &nothing, NULL) < 0)
		abort();
	stream_decode(d, bytes, length);
	uint64_t pages = stream_decoder_report(d)->total_pages;
	stream_decoder_free(d);
	return pages;
}

/* Of all rows. */
static struct counts counted(const char *path)
{
	struct counts sum = { 0, 0 };
	char line[512];
	FILE *file = fopen(path, "re");
	if (!file || !fgets(line, sizeof(line), file))
		abort();
	while (fgets(line, sizeof(line), file)) {
		char *rest = line, *cell;
		for (int i = 0; (cell = strsep(&rest, ",")); i++) {
			sum.pages += i == 7 ? atoll(cell) : 0;
			sum.bytes += i == 9 ? atoll(cell) : 0;
		}
	}
	fclose(file);
	return sum;
}

static void *begin(const char *directory, const char *name, struct page_pool *pool, struct series **ret)
{
	struct page_watch *w;
	struct page_watch_spec spec = { "vm", "src", "dst", 0, pool, NULL, 1000000000 };
	if (series_create(ret, directory, name, PAGES_COLUMNS, NULL) < 0)
		abort();
	spec.series = *ret;
	if (page_watch_create(&w, &spec, NULL) < 0)
		abort();
	return w;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	const struct page_limits limits = { .zstd_level = 1, .zstd_each = 16, .seed = 7, .pool_pages_most = 4096 };
	struct page_pool *pool;
	struct series *series;
	struct page_hash h;
	char name[32], path[64];
	if (length < 2 || listed(bytes + 1, length - 1) > PAGES_MOST)
		return 0;
	size_t piece = 1 + *bytes * 31u;
	bytes++;
	length--;
	int fd = memfd_create("pages.csv", MFD_CLOEXEC);
	snprintf(name, sizeof(name), "%d", fd);
	snprintf(path, sizeof(path), "/proc/self/fd/%s", name);
	if (fd < 0 || page_pool_create(&pool, &limits, NULL) < 0)
		abort();
	struct page_watch *w = begin("/proc/self/fd", name, pool, &series);
	page_watch_opened(w, 0);
	for (size_t at = 0; at < length; at += piece) {
		size_t taken = length - at < piece ? length - at : piece;
		unsigned char *copy = malloc(taken);
		memcpy(copy, bytes + at, taken);
		page_watch_passed(w, 0, false, copy, taken);
		free(copy);
	}
	page_watch_closed(w, 0);
	struct json_object *facts = page_watch_end(w);
	const struct page_classes *c = page_watch_classes(w);
	for (uint64_t i = 0; c && i < page_classes_pages(c); i++)
		page_last(c, i, &h);
	int64_t pages = json_object_get_int64(json_object_object_get(facts, "pages"));
	if (c && page_classes_pages(c) != (uint64_t)pages)
		abort();
	if (series_close(series, NULL) < 0)
		abort();
	struct counts sum = counted(path);
	if (sum.bytes != (long long)length || sum.pages > (long long)length)
		abort();
	json_object_put(facts);
	page_watch_free(w);
	page_pool_free(pool);
	close(fd);
	return 0;
}

/* Configurations as they are, and others later on that say something else. */
size_t fuzz_seed(int which, unsigned char *buffer)
{
	static const struct made_block blocks[] = { { "pc.ram", 16 * MADE_PAGE_BYTES, 0 },
		                                    { "rom", 2 * MADE_PAGE_BYTES, 0 } };
	unsigned char content[MADE_PAGE_BYTES];
	struct made_stream s = { 0 };
	made_number(&s, (uint64_t)which, 1);
	made_head(&s, "pc");
	if (which % 2)
		made_capability(&s, "postcopy-ram");
	if (which % 3)
		made_page_bits(&s, 12);
	made_ram_begin(&s, blocks, 2);
	if (which % 5 == 3) {
		made_configuration(&s, "pc");
		made_page_bits(&s, 10 + which % 7);
	}
	made_part_begin(&s);
	for (int i = 0; i < which % 30; i++)
		made_zero(&s, i ? NULL : "pc.ram", (uint64_t)i % 16 * MADE_PAGE_BYTES);
	made_content(content, (uint64_t)which % 7);
	made_page(&s, "rom", 0, content);
	made_page(&s, "rom", MADE_PAGE_BYTES, content);
	made_part_end(&s);
	if (which % 5 == 4) {
		made_configuration(&s, "pc");
		made_page_bits(&s, 10);
		made_part_begin(&s);
		made_record(&s, "pc.ram", 15 * MADE_PAGE_BYTES + 3072, 0x08);
		made_bytes(&s, content, 1024);
	}
	made_end(&s);
	size_t length = s.length < FUZZ_ROOM ? s.length : FUZZ_ROOM;
	memcpy(buffer, s.bytes, length);
	free(s.bytes);
	return length;
}
