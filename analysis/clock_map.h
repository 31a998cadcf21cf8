/*
 * clock_map.h - guest time to head time, from the lower envelope of (arrival on the head - guest stamp).
 *
 * A sample's delay on the way is never negative, so the least difference seen lately is the clocks' offset plus the
 * path's shortest delay (which stays in the result: about 0.1 ms on one machine). The offset is followed with its
 * drift; it jumps up at a stop, since the guest's clock stands still while its vCPUs do. Between stops it may bend by
 * at most 100 us/s beyond the fitted drift, so samples that came late, however many, do not lift it.
 *
 *	clock_map_open(&map, &e);
 *	each sample, any order: clock_map_add(map, guest_ns, head_ns);
 *	clock_map_build(map, &e);                          // finds the stops, to a bin
 *	each sample again:      clock_map_locate(map, guest_ns, head_ns);
 *	each stop's stamp:      clock_map_hint(map, head_ns); // if there are any
 *	clock_map_finish(map);                             // now it maps
 *
 * Memory does not grow with the run (clock_bins.h). Stops less than 0.3 s apart are seen as one, one in the first or
 * the last 0.5 s may not be seen; all three grow with the bins, which are 0.1 s wide and doubled after 1.8 h. A guest
 * clock that leaps ahead is not followed: samples that say so are left out.
 */
#ifndef ANALYSIS_CLOCK_MAP_H
#define ANALYSIS_CLOCK_MAP_H

#include <stdint.h>

struct err;
struct clock_map;

/* What is shorter is not taken for a stop. */
#define CLOCK_STEP_LEAST_NS INT64_C(1000000)

/* A jump of the offset: the guest does not know of `size_ns` at this place. */
struct clock_step {
	int64_t guest_ns; /* when the guest's clock stood still */
	int64_t stop_ns;  /* the same on the head, before and after */
	int64_t resume_ns;
	int64_t size_ns;
	int64_t low_ns, high_ns; /* size with the scatter of the envelope on both sides */
};

int clock_map_open(struct clock_map **ret, struct err *e);
void clock_map_close(struct clock_map *map); /* NULL is fine */

/* Stamps 0 .. 2^60. */
void clock_map_add(struct clock_map *map, int64_t guest_ns, int64_t head_ns);

/* -1 when nothing was added (the message says so), or memory is short. */
int clock_map_build(struct clock_map *map, struct err *e);
void clock_map_locate(struct clock_map *map, int64_t guest_ns, int64_t head_ns);

/*
 * The hypervisor stamped a stop with this head instant. Samples bound where a stop was only to the time between two
 * datagrams: one that may have been then is placed there. Its size stays what the samples say. After all samples are
 * located; a stamp that fits no stop does nothing.
 */
void clock_map_hint(struct clock_map *map, int64_t stop_ns);
void clock_map_finish(struct clock_map *map);

/* Whether a sample's stamp says that the guest's clock leapt ahead: it is false then. */
int clock_map_is_leap(const struct clock_map *map, int64_t guest_ns, int64_t head_ns);

/* Head time of a guest instant; outside the samples the nearest offset is used. Never decreasing. */
int64_t clock_map_head(const struct clock_map *map, int64_t guest_ns);

/* Typical error of clock_map_head(), besides the path's shortest delay. */
int64_t clock_map_uncertainty_ns(const struct clock_map *map);

/* Drift of the head's clock against the guest's, ns/s. */
double clock_map_drift(const struct clock_map *map);

/* The stops found, by time; *ret_count may be 0. */
const struct clock_step *clock_map_steps(const struct clock_map *map, int *ret_count);

/*
 * The largest rise of the offset anywhere between two head instants, stop or not: what the estimator would say there.
 * *ret_at_ns is where. MISSING when no samples are there.
 */
int64_t clock_map_largest_rise(const struct clock_map *map, int64_t from_ns, int64_t to_ns, int64_t *ret_at_ns);

#endif
