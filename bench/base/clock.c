#include "bench/base/clock.h"

#include <errno.h>
#include <stdio.h>

static int64_t read_clock(clockid_t id)
{
	struct timespec t;
	clock_gettime(id, &t);
	return t.tv_sec * NS_PER_S + t.tv_nsec;
}

int64_t clock_now_ns(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

int64_t clock_wall_ns(void)
{
	return read_clock(CLOCK_REALTIME);
}

int64_t clock_wall_offset_ns(void)
{
	int64_t best = 0, narrowest = INT64_MAX;
	for (int i = 0; i < 5 && narrowest > NS_PER_US; i++) {
		int64_t before = clock_now_ns();
		int64_t wall = clock_wall_ns();
		int64_t width = clock_now_ns() - before;
		if (width < narrowest) {
			narrowest = width;
			best = before + width / 2 - wall;
		}
	}
	return best;
}

int64_t clock_from_wall_ns(int64_t wall_ns)
{
	return wall_ns + clock_wall_offset_ns();
}

struct timespec clock_to_timespec(int64_t ns)
{
	if (ns < 0)
		ns = 0;
	return (struct timespec){ .tv_sec = ns / NS_PER_S, .tv_nsec = ns % NS_PER_S };
}

int clock_boot_id(char ret[CLOCK_BOOT_ID_ROOM])
{
	FILE *f = fopen("/proc/sys/kernel/random/boot_id", "re");
	int got = f ? fscanf(f, "%39s", ret) : 0;
	if (f)
		fclose(f);
	return got == 1 ? 0 : -1;
}

void clock_sleep_until(int64_t deadline_ns)
{
	struct timespec t = clock_to_timespec(deadline_ns);
	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == EINTR)
		;
}

void clock_sleep(int64_t duration_ns)
{
	struct timespec t = clock_to_timespec(duration_ns);
	clock_nanosleep(CLOCK_MONOTONIC, 0, &t, NULL);
}

void clock_condition_init(pthread_cond_t *condition)
{
	pthread_condattr_t monotonic;
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(condition, &monotonic);
	pthread_condattr_destroy(&monotonic);
}
