#include "bench/migrate/reuse/reuse_pace.h"

#include "bench/base/clock.h"

#include <stdbool.h>

#define WINDOW_NS (100 * NS_PER_MS)
#define LEAST 0.05 /* a limit of none would never be met */

double reuse_pace_look(struct reuse_pace *p, int64_t now_ns, const struct reuse_live *live)
{
	/* In this order: what is referenced was taken before. */
	uint64_t referenced = atomic_load(&live->referenced_bytes), raw = atomic_load(&live->raw_bytes);
	bool fresh = !p->from_ns || raw < p->raw_bytes || referenced < p->referenced_bytes;
	if (!fresh && (now_ns - p->from_ns < WINDOW_NS || raw == p->raw_bytes))
		return p->share;
	double share = fresh ? 1 : 1 - (double)(referenced - p->referenced_bytes) / (double)(raw - p->raw_bytes);
	*p = (struct reuse_pace){ now_ns, raw, referenced, share < LEAST ? LEAST : share };
	return p->share;
}
