/* memdirty - write pages of a memory region, at a given rate or as fast as it goes. */
#include "workloads/workload.h"

#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "workloads/memory.h"
#include "workloads/random.h"
#include "workloads/zipf.h"

#include <stdlib.h>
#include <sys/mman.h>

#define SLOT_NS (2 * NS_PER_MS)
#define FULL_SPEED_PAGES 128 /* pages of one operation when nothing paces it */

enum pattern { PATTERN_SEQUENTIAL, PATTERN_RANDOM, PATTERN_HOTCOLD };
enum content { CONTENT_RANDOM, CONTENT_WORD };

struct memdirty_options {
	int64_t region_bytes;
	int64_t rate_bytes_per_s;
	int pattern;
	double exponent;
	int content;
};

static const struct option_row memdirty_options[] = {
	{ "region", OPTION_SIZE, offsetof(struct memdirty_options, region_bytes), "32M", "4K", "1T",
	  "memory that is written" },
	{ "rate", OPTION_SIZE, offsetof(struct memdirty_options, rate_bytes_per_s), "0", "0", "1T",
	  "bytes written a second, as 20MB; 0: full speed" },
	{ "pattern", OPTION_CHOICE, offsetof(struct memdirty_options, pattern), "sequential",
	  "sequential|random|hotcold", NULL,
	  "which page is next; hotcold: Zipf's law over pages scattered in the region" },
	{ "exponent", OPTION_FRACTION, offsetof(struct memdirty_options, exponent), "0.99", "0", "4",
	  "of Zipf's law, for hotcold; 0 is uniform" },
	{ "content", OPTION_CHOICE, offsetof(struct memdirty_options, content), "random", "random|word", NULL,
	  "what changes in a page: all of it, or one word of 8 bytes (as delta compression likes it)" },
	OPTION_END,
};

struct dirtier {
	uint64_t random;
	uint64_t pattern[PAGE_BYTES / 8];
	unsigned char *region;
	size_t region_bytes;
	uint64_t pages;
	uint64_t next;    /* sequential: the next page */
	uint64_t scatter; /* hotcold: page of a rank = rank x scatter mod pages, a bijection */
	struct zipf *zipf;
};

static int64_t memdirty_memory_bytes(const void *options)
{
	const struct memdirty_options *o = options;
	int64_t table = o->pattern == PATTERN_HOTCOLD ? o->region_bytes / PAGE_BYTES * ZIPF_BYTES_PER_RANK : 0;
	return o->region_bytes + table;
}

static uint64_t divisor(uint64_t a, uint64_t b)
{
	return b ? divisor(b, a % b) : a;
}

static void dirtier_free(struct dirtier *d)
{
	if (!d)
		return;
	if (d->region)
		munmap(d->region, d->region_bytes);
	zipf_free(d->zipf);
	free(d);
}

static int dirtier_open(struct dirtier *d, const struct memdirty_options *o, struct err *e)
{
	d->random = (uint64_t)clock_wall_ns() | 1;
	d->pages = (uint64_t)o->region_bytes / PAGE_BYTES;
	d->region_bytes = d->pages * PAGE_BYTES;
	if (o->pattern == PATTERN_HOTCOLD && zipf_new(&d->zipf, d->pages, o->exponent, e) < 0)
		return -1;
	d->scatter = UINT64_C(2654435761);
	while (divisor(d->scatter, d->pages) != 1)
		d->scatter++;
	void *region = mmap(NULL, d->region_bytes, PROT_READ | PROT_WRITE,
	                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (region == MAP_FAILED)
		return err_errno(e, EXIT_CANNOT, "region of %lld bytes", (long long)o->region_bytes);
	d->region = region;
	random_pattern(d->pattern, &d->random);
	for (uint64_t i = 0; i < d->pages; i++)
		random_page(d->region + i * PAGE_BYTES, d->pattern, &d->random);
	return 0;
}

static int memdirty_init(struct workload *w, struct err *e)
{
	const struct memdirty_options *o = w->options;
	int64_t need = memdirty_memory_bytes(o), have = memory_available_bytes();
	if (have >= 0 && need > have)
		return err_set(e, EXIT_CANNOT, "needs %lld MiB of memory, %lld MiB are free; choose a smaller region",
		               (long long)(need >> 20), (long long)(have >> 20));
	struct dirtier *d = calloc(1, sizeof(*d));
	if (!d)
		return err_errno(e, EXIT_CANNOT, "state");
	if (dirtier_open(d, o, e) < 0) {
		dirtier_free(d);
		return -1;
	}
	w->state = d;
	return 0;
}

static uint64_t next_page(struct dirtier *d, int pattern)
{
	uint64_t page;
	switch (pattern) {
	case PATTERN_SEQUENTIAL:
		page = d->next;
		d->next = page + 1 == d->pages ? 0 : page + 1;
		return page;
	case PATTERN_RANDOM:
		return random_below(&d->random, d->pages);
	default:
		return zipf_rank(d->zipf, &d->random) * d->scatter % d->pages;
	}
}

static void write_pages(struct dirtier *d, const struct memdirty_options *o, int64_t count)
{
	for (; count > 0; count--) {
		unsigned char *page = d->region + next_page(d, o->pattern) * PAGE_BYTES;
		if (o->content == CONTENT_RANDOM)
			random_page(page, d->pattern, &d->random);
		else
			*(volatile uint64_t *)(void *)page = random_next(&d->random);
	}
}

static void run_full_speed(struct workload *w, struct dirtier *d)
{
	int64_t work = 0, now = clock_now_ns();
	while (!workload_stopped(w)) {
		workload_op_begin(w, now);
		write_pages(d, w->options, FULL_SPEED_PAGES);
		work += FULL_SPEED_PAGES * PAGE_BYTES;
		now = workload_op_end(w, clock_now_ns(), work);
	}
}

/* Each slot may write rate x slot bytes; what is less than a page is kept for the next one. */
static void run_paced(struct workload *w, struct dirtier *d, int64_t rate_bytes_per_s)
{
	int64_t work = 0;
	double credit = 0, slot_bytes = (double)rate_bytes_per_s * SLOT_NS / NS_PER_S;
	struct slots slots;
	slots_begin(&slots, SLOT_NS);
	while (!workload_stopped(w)) {
		int64_t start = slots_next(&slots, &w->slots_missed);
		credit += slot_bytes;
		int64_t pages = (int64_t)(credit / PAGE_BYTES);
		if (pages == 0)
			continue;
		workload_op_begin_paced(w, start, slots.woke_ns);
		write_pages(d, w->options, pages);
		credit -= (double)(pages * PAGE_BYTES);
		work += pages * PAGE_BYTES;
		workload_op_end(w, clock_now_ns(), work);
	}
}

static void memdirty_run(struct workload *w)
{
	const struct memdirty_options *o = w->options;
	if (o->rate_bytes_per_s)
		run_paced(w, w->state, o->rate_bytes_per_s);
	else
		run_full_speed(w, w->state);
}

static void memdirty_end(struct workload *w)
{
	dirtier_free(w->state);
}

const struct workload_ops memdirty_workload = {
	.name = "memdirty",
	.unit = "bytes",
	.operation = "the pages of one 2 ms slot, from the slot's start on (128 pages at full speed)",
	.help = "writes random content to the pages of a region, paced or at full speed",
	.options = memdirty_options,
	.options_size = sizeof(struct memdirty_options),
	.memory_bytes = memdirty_memory_bytes,
	.init = memdirty_init,
	.run = memdirty_run,
	.end = memdirty_end,
};
