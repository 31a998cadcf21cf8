/*
 * memcheck - memory that never changes, read again and again and compared with what was written once: whoever moves the VM
 * must not change a bit of it.
 */
#include "workloads/workload.h"

#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "workloads/memcheck.h"
#include "workloads/memory.h"
#include "workloads/random.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define SLOT_NS (10 * NS_PER_MS)

struct memcheck_options {
	int64_t region_bytes, rate_bytes_per_s;
};

static const struct option_row memcheck_options[] = {
	{ "region", OPTION_SIZE, offsetof(struct memcheck_options, region_bytes), "32M", "4K", "1T",
	  "memory that is filled once and never changes" },
	{ "rate", OPTION_SIZE, offsetof(struct memcheck_options, rate_bytes_per_s), "16M", "4K", "1T",
	  "bytes compared a second" },
	OPTION_END,
};

/* The key of each page is a number of its own: splitmix64 (Steele, Lea, Flood, 2014) of where it is. */
static uint64_t key_of(const struct memcheck *m, uint64_t page)
{
	uint64_t z = m->seed + (page + 1) * UINT64_C(0x9e3779b97f4a7c15);
	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

static uint64_t *page_at(const struct memcheck *m, uint64_t page)
{
	return (uint64_t *)(void *)(m->region + page * PAGE_BYTES);
}

static void fill(struct memcheck *m)
{
	for (uint64_t page = 0; page < m->pages; page++) {
		uint64_t key = key_of(m, page), *to = page_at(m, page);
		for (size_t i = 0; i < PAGE_BYTES / 8; i++)
			to[i] = m->pattern[i] ^ key;
	}
}

static bool is_right(const struct memcheck *m, uint64_t page)
{
	uint64_t key = key_of(m, page), wrong = 0;
	const volatile uint64_t *is = page_at(m, page);
	for (size_t i = 0; i < PAGE_BYTES / 8; i++)
		wrong |= is[i] ^ m->pattern[i] ^ key;
	return !wrong;
}

static int64_t memcheck_memory_bytes(const void *options)
{
	return ((const struct memcheck_options *)options)->region_bytes;
}

static void memcheck_end(struct workload *w)
{
	struct memcheck *m = w->state;
	munmap(m->region, m->pages * PAGE_BYTES);
	free(m);
}

static int memcheck_init(struct workload *w, struct err *e)
{
	const struct memcheck_options *o = w->options;
	int64_t have = memory_available_bytes();
	if (have >= 0 && o->region_bytes > have)
		return err_set(e, EXIT_CANNOT, "needs %lld MiB of memory, %lld MiB are free; choose a smaller region",
		               (long long)(o->region_bytes >> 20), (long long)(have >> 20));
	struct memcheck *m = calloc(1, sizeof(*m));
	if (!m)
		return err_errno(e, EXIT_CANNOT, "state");
	uint64_t random = (uint64_t)clock_wall_ns() | 1;
	m->pages = (uint64_t)o->region_bytes / PAGE_BYTES;
	m->seed = random_next(&random);
	random_pattern(m->pattern, &random);
	void *region = mmap(NULL, m->pages * PAGE_BYTES, PROT_READ | PROT_WRITE,
	                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (region == MAP_FAILED) {
		free(m);
		return err_errno(e, EXIT_CANNOT, "region of %lld bytes", (long long)o->region_bytes);
	}
	m->region = region;
	fill(m);
	w->state = m;
	return 0;
}

/* Each slot may compare rate x slot bytes; what is less than a page is kept for the next one. */
static void memcheck_run(struct workload *w)
{
	const struct memcheck_options *o = w->options;
	struct memcheck *m = w->state;
	int64_t work = 0;
	uint64_t page = 0;
	double credit = 0, slot_bytes = (double)o->rate_bytes_per_s * SLOT_NS / NS_PER_S;
	struct slots slots;
	slots_begin(&slots, SLOT_NS);
	while (!workload_stopped(w)) {
		int64_t start = slots_next(&slots, &w->slots_missed);
		credit += slot_bytes;
		if (credit < PAGE_BYTES)
			continue;
		workload_op_begin_paced(w, start, slots.woke_ns);
		for (; credit >= PAGE_BYTES; credit -= PAGE_BYTES, work += PAGE_BYTES) {
			if (!is_right(m, page)) {
				struct err e = { 0 };
				err_set(&e, EXIT_MEASURED_BAD, "page %llu of %llu of its memory has changed",
				        (unsigned long long)page, (unsigned long long)m->pages);
				workload_fail(w, &e);
				return;
			}
			page = page + 1 < m->pages ? page + 1 : 0;
		}
		workload_op_end(w, clock_now_ns(), work);
	}
}

const struct workload_ops memcheck_workload = {
	.name = "memcheck",
	.unit = "bytes",
	.operation = "the pages of one 10 ms slot, from the slot's start on",
	.help = "fills a region once, then reads it over and over and fails when a bit of it has changed",
	.options = memcheck_options,
	.options_size = sizeof(struct memcheck_options),
	.memory_bytes = memcheck_memory_bytes,
	.init = memcheck_init,
	.run = memcheck_run,
	.end = memcheck_end,
};
