/*
 * helper.h - a process that goes on with our own code: a fork in a session of its own that holds nothing of ours open.
 *
 *	static int emulate(void *argument, int channel, struct err *e)
 *	{
 *		... make what is to be made; -1 with e: helper_start() fails with it ...
 *		helper_ready(channel);
 *		... until SIGTERM ...
 *	}
 *	helper_start(&spec, emulate, &argument, &pid, &e);
 *
 * It is registered with undo before it makes anything, and dies with nobody: the caller ends it (process_end()).
 */
#ifndef BENCH_BASE_HELPER_H
#define BENCH_BASE_HELPER_H

#include <sys/types.h>

struct err;
struct undo;

struct helper_spec {
	const char *name;     /* of the process, at most 15 characters */
	const char *words;    /* in messages: "link emulator" */
	const char *log_path; /* stdout and stderr are appended to it */
	struct undo *undo;    /* may be NULL */
};

/* Returns when it says that it is ready, within 10 s. */
int helper_start(const struct helper_spec *spec, int (*run)(void *argument, int channel, struct err *e),
                 void *argument, pid_t *ret_pid, struct err *e);

/* In the helper, once. */
void helper_ready(int channel);

#endif
