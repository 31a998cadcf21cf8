/*
 * process_guard.h - a helper that ends what a command left running when the process that started it is killed: nobody answers
 * a SIGKILL, and its children would go on.
 *
 *	process_child_start(&c, ...);
 *	process_guard_start(c.pid, directory, &guard, &e);
 *	...
 *	process_child_end(&c, NS_PER_S);
 *	process_guard_end(guard);
 */
#ifndef BENCH_BASE_PROCESS_GUARD_H
#define BENCH_BASE_PROCESS_GUARD_H

#include <sys/types.h>

struct err;

/*
 * When the calling process is gone what is left of the process group is ended (SIGTERM, a second later SIGKILL), and the
 * directory (NULL: none) removed with all in it. The group's leader is not to be reaped long before process_guard_end(): its
 * number could be another's.
 */
int process_guard_start(pid_t group, const char *directory, pid_t *ret_guard, struct err *e);

/* 0: there is none. */
void process_guard_end(pid_t guard);

#endif
