#include "bench/experiment/cpu_thief.h"

#include "bench/base/clock.h"
#include "bench/base/err.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>

static const int64_t period_ns = 7 * NS_PER_MS;
static const int priority = 10; /* above a QEMU made urgent */

struct cpu_thief {
	pthread_t thread;
	int64_t busy_ns; /* of each period */
	int64_t taken_ns;
	atomic_bool over;
};

static void *thief_main(void *argument)
{
	struct cpu_thief *t = argument;
	struct timespec taken;
	for (int64_t slot_ns = clock_now_ns(); !atomic_load(&t->over); slot_ns += period_ns) {
		/* The end may come in the middle of a slot: nothing is taken behind it. */
		while (clock_now_ns() < slot_ns + t->busy_ns && !atomic_load_explicit(&t->over, memory_order_relaxed))
			;
		clock_sleep_until(slot_ns + period_ns);
	}
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &taken);
	t->taken_ns = taken.tv_sec * NS_PER_S + taken.tv_nsec;
	return NULL;
}

int cpu_thief_start(struct cpu_thief **ret, int core, double share, struct err *e)
{
	const struct sched_param urgent = { .sched_priority = priority };
	pthread_attr_t attributes;
	cpu_set_t cores;
	*ret = NULL;
	if (!(share >= 0 && share <= 0.9) || core < 0 || core >= CPU_SETSIZE)
		return err_set(e, EXIT_USAGE, "cannot take %.0f %% of core %d", 100 * share, core);
	struct cpu_thief *t = calloc(1, sizeof(*t));
	if (!t)
		return err_errno(e, EXIT_CANNOT, "cannot take a core's time");
	t->busy_ns = (int64_t)(share * (double)period_ns);
	CPU_ZERO(&cores);
	CPU_SET(core, &cores);
	pthread_attr_init(&attributes);
	pthread_attr_setaffinity_np(&attributes, sizeof(cores), &cores);
	pthread_attr_setinheritsched(&attributes, PTHREAD_EXPLICIT_SCHED);
	pthread_attr_setschedpolicy(&attributes, SCHED_FIFO);
	pthread_attr_setschedparam(&attributes, &urgent);
	errno = pthread_create(&t->thread, &attributes, thief_main, t);
	pthread_attr_destroy(&attributes);
	if (errno) {
		free(t);
		return err_errno(e, EXIT_CANNOT, "cannot take time of core %d with real-time priority", core);
	}
	*ret = t;
	return 0;
}

int64_t cpu_thief_stop(struct cpu_thief *t)
{
	atomic_store(&t->over, true);
	pthread_join(t->thread, NULL);
	int64_t taken_ns = t->taken_ns;
	free(t);
	return taken_ns;
}
