/*
 * schedule.h - a duty cycle's schedule as in its config ("0:60,50:60": percent and seconds), to know when a workload
 * is meant to stand still.
 */
#ifndef ANALYSIS_SCHEDULE_H
#define ANALYSIS_SCHEDULE_H

#include <stdint.h>

enum { SCHEDULE_STEPS_MAX = 64 };

struct schedule {
	int64_t origin_ns; /* guest time of its begin; set by the caller */
	int repeat;        /* it begins again at its end; set by the caller */
	int count;         /* 0: none, always busy */
	struct {
		double share;
		int64_t length_ns;
	} steps[SCHEDULE_STEPS_MAX];
};

/* Text that is none, or cannot be read, gives count 0. */
void schedule_read(struct schedule *ret, const char *text);

/* Integral of the share over guest time, ns; behind its end the share is 0, unless it repeats. The length itself without a schedule. */
double schedule_busy_ns(const struct schedule *s, int64_t from_guest_ns, int64_t to_guest_ns);

/* Of a stretch of guest time, what lies in steps of 0 % or behind the end. */
int64_t schedule_idle_ns(const struct schedule *s, int64_t from_guest_ns, int64_t to_guest_ns);

#endif
