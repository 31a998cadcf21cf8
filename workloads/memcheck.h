/*
 * memcheck.h - the state of workload memcheck, for its test.
 */
#ifndef WORKLOADS_MEMCHECK_H
#define WORKLOADS_MEMCHECK_H

#include "workloads/random.h"

struct memcheck {
	unsigned char *region;
	uint64_t pages, seed;
	uint64_t pattern[PAGE_BYTES / 8];
};

#endif
