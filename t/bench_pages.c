/*
 * bench_pages.c - whether a migration's stream can be watched as fast as a link brings it, on one core: a stream that is
 * made here, decoded in pieces as they come from a socket, its pages hashed and classified. Prints JSON.
 *
 * usage: bench_pages [MIB]        of memory (256)
 *
 * The goal is a 1 Gbit/s link kept full: 30,000 pages of 4 KiB a second. A tenth of the pages are zeros, a fifth copies of
 * others, the rest different. Compression is measured apart, on pages that zstd makes 3 times smaller, as memory is;
 * with one page in four compressed, as runs have it, all of it together must reach the goal too.
 */
#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "collectors/stream/decoder.h"
#include "collectors/stream/page_class.h"
#include "t/made_stream.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

enum { PIECE = 64 << 10, GOAL = 30000 };

struct watched {
	struct stream_decoder *decoder;
	struct page_classes *classes;
	uint64_t pages, equal, zstd_pages, zstd_bytes;
};

static void on_page(void *context, const struct stream_page *page)
{
	struct watched *w = context;
	struct page_class class;
	w->pages++;
	if (page->kind == STREAM_ZERO) {
		page_classify_zero(w->classes, page->number, &class);
		return;
	}
	page_classify(w->classes, page->number, page->content, MADE_PAGE_BYTES, &class);
	w->equal += class.equal != 0;
	w->zstd_pages += class.zstd_bytes != 0;
	w->zstd_bytes += class.zstd_bytes;
}

static double cpu_s(void)
{
	struct timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static struct made_stream stream_make(uint64_t pages)
{
	struct made_stream s = { 0 };
	unsigned char content[MADE_PAGE_BYTES];
	made_vm_begin(&s, pages);
	for (uint64_t i = 0; i < pages; i++) {
		made_heap(content, i % 10 < 7 ? i : i / 100);
		if (i % 10 == 9)
			made_zero(&s, "pc.ram", i * MADE_PAGE_BYTES);
		else
			made_page(&s, "pc.ram", i * MADE_PAGE_BYTES, content);
	}
	made_vm_end(&s);
	return s;
}

/* Seconds of CPU; each = 0: nothing is compressed. */
static double watch(const struct made_stream *s, uint64_t pages, int each, struct watched *ret,
                    uint64_t *ret_state_bytes)
{
	const struct page_limits limits = { .zstd_level = each ? 1 : 0, .zstd_each = each, .seed = 1 };
	const struct stream_sink sink = { ret, on_page, NULL };
	struct page_pool *pool;
	struct err e = { 0 };
	*ret = (struct watched){ 0 };
	if (page_pool_create(&pool, &limits, &e) < 0 || page_classes_create(&ret->classes, pool, 0, pages, &e) < 0 ||
	    stream_decoder_create(&ret->decoder, &sink, &e) < 0)
		exit(err_report(&e));
	double begin_s = cpu_s();
	for (size_t at = 0; at < s->length; at += PIECE)
		stream_decode(ret->decoder, s->bytes + at, s->length - at < PIECE ? s->length - at : PIECE);
	double spent_s = cpu_s() - begin_s;
	stream_decoder_end(ret->decoder);
	if (!stream_decoder_report(ret->decoder)->complete)
		exit(EXIT_MEASURED_BAD);
	*ret_state_bytes = page_pool_facts(pool).bytes + page_classes_bytes(ret->classes);
	stream_decoder_free(ret->decoder);
	page_classes_free(ret->classes);
	page_pool_free(pool);
	return spent_s;
}

int main(int argc, char **argv)
{
	long mib = argc > 1 ? atol(argv[1]) : 256;
	if (mib < 1 || mib > 4096) {
		fprintf(stderr, "usage: bench_pages [MIB 1..4096]\n");
		return EXIT_USAGE;
	}
	uint64_t pages = (uint64_t)mib << 8, state_bytes;
	struct made_stream s = stream_make(pages);
	struct watched plain = { 0 }, all = { 0 }, some = { 0 };
	double plain_s = watch(&s, pages, 0, &plain, &state_bytes), all_s = watch(&s, pages, 1, &all, &state_bytes);
	double some_s = watch(&s, pages, 4, &some, &state_bytes);
	double rate = (double)pages / plain_s, together = (double)pages / some_s;
	printf("{\"benchmark\": \"pages\", \"pages\": %" PRIu64 ", \"pages_per_s\": %.0f, \"pages_per_s_goal\": %d"
	       ", \"one_in_four_compressed_pages_per_s\": %.0f, \"one_in_four_compressed_pages_per_s_goal\": %d"
	       ", \"zstd_pages_per_s\": %.0f, \"zstd_ratio\": %.2f, \"state_bytes_per_page\": %.1f, \"equal_share\": %.3f}\n",
	       pages, rate, GOAL, together, GOAL, (double)all.zstd_pages / (all_s - plain_s),
	       (double)all.zstd_pages * MADE_PAGE_BYTES / (double)all.zstd_bytes, (double)state_bytes / (double)pages,
	       (double)plain.equal / (double)pages);
	free(s.bytes);
	return rate >= GOAL && together >= GOAL ? EXIT_DONE : EXIT_MEASURED_BAD;
}
