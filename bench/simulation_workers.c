#include "bench/simulation_workers.h"

#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "bench/experiment/progress.h"
#include "bench/experiment/run.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

enum { THREADS_MAX = 256 };

struct work {
	simulation_one *one;
	void *context;
	long total;
	_Atomic long next, done;
	_Atomic bool failed;
};

struct worker {
	struct work *work;
	struct err e;
	pthread_t thread;
};

static void *work_through(void *context)
{
	struct worker *me = context;
	struct work *w = me->work;
	long index;
	while (!w->failed && !run_interrupted && (index = atomic_fetch_add(&w->next, 1)) < w->total) {
		if (w->one(w->context, index, &me->e) < 0)
			w->failed = true;
		atomic_fetch_add(&w->done, 1);
	}
	return NULL;
}

static int thread_count(const struct simulation_study *s, long total)
{
	long cores = s->threads > 0 ? s->threads : sysconf(_SC_NPROCESSORS_ONLN);
	cores = cores > total ? total : cores;
	return cores < 1 ? 1 : cores > THREADS_MAX ? THREADS_MAX : (int)cores;
}

static void wait_for(const struct work *w)
{
	progress_phase("simulation", 0);
	for (int pause_ms = 1; w->done < w->total && !w->failed && !run_interrupted;
	     pause_ms = pause_ms < 100 ? 2 * pause_ms : 100) {
		char text[80];
		snprintf(text, sizeof(text), "%ld of %ld runs", (long)w->done, w->total);
		progress_tick(text);
		clock_sleep(pause_ms * NS_PER_MS);
	}
	progress_end();
}

int simulation_workers_run(const struct simulation_study *s, simulation_one *one, void *context, struct err *e)
{
	struct work w = { .one = one, .context = context, .total = s->point_count * s->runs };
	int wanted = thread_count(s, w.total), started = 0, result = 0;
	struct worker *workers = calloc((size_t)wanted, sizeof(*workers));
	if (!workers)
		return err_set(e, EXIT_CANNOT, "no memory for %d threads", wanted);
	for (; started < wanted; started++) {
		workers[started].work = &w;
		if (pthread_create(&workers[started].thread, NULL, work_through, &workers[started]) != 0)
			break;
	}
	if (started)
		wait_for(&w);
	for (int i = 0; i < started; i++) {
		pthread_join(workers[i].thread, NULL);
		if (workers[i].e.status && result == 0)
			result = err_set(e, workers[i].e.status, "%s", workers[i].e.text);
	}
	free(workers);
	if (!started)
		return err_errno(e, EXIT_CANNOT, "cannot start a thread");
	bool interrupted = run_interrupted && (result == 0 || e->status == EXIT_INTERRUPTED);
	return interrupted ? err_set(e, EXIT_INTERRUPTED, "interrupted: nothing was kept") : result;
}
