#include "workloads/memory.h"

#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "workloads/random.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sysinfo.h>

#define STEP_BYTES (INT64_C(4) << 20)

/* The number of KiB behind this name in a file, in bytes; -1: there is none. */
static int64_t kib_read(const char *path, const char *name)
{
	char line[128];
	int64_t bytes = -1;
	FILE *f = fopen(path, "re");
	if (!f)
		return -1;
	while (bytes < 0 && fgets(line, sizeof(line), f))
		if (strncmp(line, name, strlen(name)) == 0)
			bytes = strtoll(line + strlen(name), NULL, 10) * 1024;
	fclose(f);
	return bytes;
}

int64_t memory_available_bytes(void)
{
	return kib_read("/proc/meminfo", "MemAvailable:");
}

/* What is not filled: below its watermark the kernel gives processes no page, and with huge pages that grows with memory. */
static int64_t reserve_bytes(void)
{
	int64_t kept = kib_read("/proc/sys/vm/min_free_kbytes", "") * 5 / 4 + STEP_BYTES;
	return kept > MEMORY_RESERVE_BYTES ? kept : MEMORY_RESERVE_BYTES;
}

static int64_t free_bytes(void)
{
	struct sysinfo info;
	return sysinfo(&info) < 0 ? 0 : (int64_t)info.freeram * info.mem_unit;
}

int memory_fill(int64_t empty_bytes, void (*progress)(void *argument, int64_t filled_bytes, int64_t goal_bytes),
                void *argument, int64_t *ret_filled_bytes, struct err *e)
{
	uint64_t pattern[PAGE_BYTES / 8], random = (uint64_t)clock_wall_ns() | 1;
	int64_t reserve = reserve_bytes(), goal = (free_bytes() - reserve) / STEP_BYTES * STEP_BYTES, filled = 0;
	*ret_filled_bytes = 0;
	if (goal <= 0)
		return 0;
	unsigned char *memory =
		mmap(NULL, (size_t)goal, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (memory == MAP_FAILED)
		return err_errno(e, EXIT_CANNOT, "cannot map %lld MiB to fill the memory", (long long)(goal >> 20));
	random_pattern(pattern, &random);
	/* The goal is an estimate (page tables, caches): what is free is looked at again before each step. */
	while (filled < goal && free_bytes() >= reserve + STEP_BYTES) {
		for (int64_t i = 0; i < STEP_BYTES; i += PAGE_BYTES)
			if (filled < empty_bytes)
				*(volatile unsigned char *)(memory + filled + i) = 0; /* the kernel clears the page */
			else
				random_page(memory + filled + i, pattern, &random);
		filled += STEP_BYTES;
		progress(argument, filled, goal);
	}
	munmap(memory, (size_t)goal);
	*ret_filled_bytes = filled > empty_bytes ? filled - empty_bytes : 0;
	return 0;
}
