#include "bench/base/line_array.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { LINE = 64, HUGE_PAGE = 2 << 20 };

void *line_array(size_t bytes)
{
	size_t unit = bytes >= HUGE_PAGE ? HUGE_PAGE : LINE;
	size_t whole = (bytes + unit - 1) / unit * unit;
	void *array = whole >= bytes ? aligned_alloc(unit, whole) : NULL;
	if (array && unit == HUGE_PAGE)
		madvise(array, whole, MADV_HUGEPAGE); /* without any it is slower, no more */
	return array;
}

void *line_array_grow(void *old, size_t used, size_t bytes)
{
	void *larger = line_array(bytes);
	if (!larger)
		return NULL;
	if (used)
		memcpy(larger, old, used);
	free(old);
	return larger;
}
