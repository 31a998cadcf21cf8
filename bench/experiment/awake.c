#include "bench/experiment/awake.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

struct awake {
	atomic_bool over;
	int count;
	pthread_t threads[];
};

static void *spin(void *argument)
{
	struct awake *a = argument;
	const struct sched_param least = { 0 };
	/* Both are this thread's own. Niced too, so that the kernel's counters tell its time from work. */
	sched_setscheduler(0, SCHED_IDLE, &least);
	setpriority(PRIO_PROCESS, 0, 19);
	while (!atomic_load_explicit(&a->over, memory_order_relaxed))
		;
	return NULL;
}

static int start_on(struct awake *a, int core)
{
	pthread_attr_t attributes;
	cpu_set_t cores;
	sigset_t all, before;
	CPU_ZERO(&cores);
	CPU_SET(core, &cores);
	pthread_attr_init(&attributes);
	pthread_attr_setaffinity_np(&attributes, sizeof(cores), &cores);
	/* Signals are the main thread's. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int failed = pthread_create(&a->threads[a->count], &attributes, spin, a);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attributes);
	return failed ? 0 : 1;
}

struct awake *awake_begin(void)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	struct awake *a = calloc(1, sizeof(*a) + (size_t)cores * sizeof(a->threads[0]));
	for (int i = 0; a && i < cores && i < CPU_SETSIZE; i++)
		a->count += start_on(a, i);
	return a;
}

void awake_end(struct awake *a)
{
	if (!a)
		return;
	atomic_store(&a->over, true);
	for (int i = 0; i < a->count; i++)
		pthread_join(a->threads[i], NULL);
	free(a);
}
