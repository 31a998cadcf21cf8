/*
 * remote_check.h - what the remote nodes of an experiment can do, asked of them before anything is changed there, and every
 * command that a run would change something by.
 */
#ifndef BENCH_EXPERIMENT_REMOTE_CHECK_H
#define BENCH_EXPERIMENT_REMOTE_CHECK_H

struct err;
struct experiment;

struct check_sink {
	/* answer: yes, no or degraded; purpose: what it is for; how: what was found, or how to get it */
	void (*answer)(void *context, const char *what, const char *answer, const char *purpose, const char *how);
	/* A line of a script that a run would give to a shell on that node. */
	void (*command)(void *context, const char *node, const char *line);
	void *context;
};

/* Nothing is changed on the nodes. Returns how many answers are no; -1 when this machine cannot ask. */
int remote_check(const struct experiment *x, const struct check_sink *sink, struct err *e);

#endif
