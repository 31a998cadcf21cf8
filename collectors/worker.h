/*
 * worker.h - a collector's thread: named, deaf to signals, ended by a file descriptor that can be polled.
 *
 *	worker_start(&w, "mm-cpu", cpu_main, state, &e);
 *	for (next = clock_now_ns(); !worker_sleep_until(&w, next); next = worker_next_tick(next, interval_ns))
 *		...                             // in cpu_main
 *	worker_stop(&w, 5 * NS_PER_S);
 */
#ifndef COLLECTORS_WORKER_H
#define COLLECTORS_WORKER_H

#include <pthread.h>
#include <stdint.h>

struct err;

struct worker {
	pthread_t thread;
	int stop_fd; /* readable once the thread is asked to end; poll it beside whatever else is waited for */
};

/* Start function(argument); name is at most 15 characters. 0, or -1: then there is nothing to stop. */
int worker_start(struct worker *w, const char *name, void *(*function)(void *), void *argument, struct err *e);

/* In the thread: sleep until the head instant. Returns 1 at once when the thread is asked to end, else 0. */
int worker_sleep_until(struct worker *w, int64_t deadline_ns);

/* The deadline after `last_ns` on its grid, never in the past: missed ticks are dropped, not caught up. */
int64_t worker_next_tick(int64_t last_ns, int64_t interval_ns);

/* Ask the thread to end and wait; -1 when it has not ended after grace_ns: it is then left to itself, and whatever
 * it uses, w->stop_fd too, must stay until it ends. */
int worker_stop(struct worker *w, int64_t grace_ns);

#endif
