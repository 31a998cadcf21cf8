/*
 * continuity_parts.h - a gap split at the moments of a switch-over: metric stream_gap_part.
 */
#ifndef ANALYSIS_CONTINUITY_PARTS_H
#define ANALYSIS_CONTINUITY_PARTS_H

#include "analysis/continuity_moments.h"
#include "analysis/metrics.h"

/* Of the gap from a_ns to b_ns. Parts come one after the other and make it up; one between two moments of which one is not
 * known is missing, with the reason. */
void continuity_parts_put(const struct run_vm *vm, enum continuity_way way, int64_t a_ns, int64_t b_ns,
                          const struct moments *m, struct metrics *metrics);

/* value, between low and high, NAN: it is not known how well; or missing with a reason. */
void continuity_put_between(const struct run_vm *vm, const char *metric, const char *variant, double value,
                            double low, double high, const char *reason, struct metrics *metrics);

#endif
