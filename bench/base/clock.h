/*
 * clock.h - the one clock (CLOCK_MONOTONIC, int64_t ns) and the wall clock that is only a label.
 */
#ifndef BENCH_BASE_CLOCK_H
#define BENCH_BASE_CLOCK_H

#include <pthread.h>
#include <stdint.h>
#include <time.h>

#define NS_PER_US INT64_C(1000)
#define NS_PER_MS INT64_C(1000000)
#define NS_PER_S INT64_C(1000000000)

/* Head (or guest) time in ns; never fails. */
int64_t clock_now_ns(void);

/* CLOCK_REALTIME in ns since the epoch: for labels, and for mapping stamps the kernel or QEMU gives in it. */
int64_t clock_wall_ns(void);

/* Map a CLOCK_REALTIME stamp taken a short while ago to head time, with a clock pair read now. */
int64_t clock_from_wall_ns(int64_t wall_ns);

/* Head time minus wall time now, the best of a few clock pairs: to map a batch of stamps with one offset. */
int64_t clock_wall_offset_ns(void);

/* The kernel's name of this boot, since which CLOCK_MONOTONIC counts. -1: it has none. */
enum { CLOCK_BOOT_ID_ROOM = 40 };
int clock_boot_id(char ret[CLOCK_BOOT_ID_ROOM]);

/* Sleep until the monotonic instant; returns at once when it has passed; restarts after signals. */
void clock_sleep_until(int64_t deadline_ns);

/* Sleep for a time; a signal ends it early. */
void clock_sleep(int64_t duration_ns);

struct timespec clock_to_timespec(int64_t ns);

/* A condition whose pthread_cond_timedwait() takes this clock. */
void clock_condition_init(pthread_cond_t *condition);

#endif
