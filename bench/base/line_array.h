/*
 * line_array.h - memory for flat arrays that are looked at here and there. They begin at a cache line, and large ones are
 * on huge pages where the kernel has any: else most of a look is the translation of its address (a third of the time of a
 * simulation of a million VMs).
 */
#ifndef BENCH_BASE_LINE_ARRAY_H
#define BENCH_BASE_LINE_ARRAY_H

#include <stddef.h>

/* Not cleared; free() it. NULL: memory is short. */
void *line_array(size_t bytes);

/* A larger one with the first `used` bytes of old, which is freed. NULL: memory is short, and old is as it was. */
void *line_array_grow(void *old, size_t used, size_t bytes);

#endif
