/*
 * process_child.h - a command that runs while its starter does something else: looked at now and then, what it prints
 * taken in, ended with all that it started.
 *
 *	process_child_start(&c, NULL, argv, output, sizeof(output), errors, sizeof(errors), &e);
 *	while (!process_child_ended(&c, 20 * NS_PER_MS))
 *		...
 *	process_child_result(&c, "it", &e);
 *	process_child_end(&c, NS_PER_S);
 */
#ifndef BENCH_BASE_PROCESS_CHILD_H
#define BENCH_BASE_PROCESS_CHILD_H

#include "bench/base/process.h"

#include <stdbool.h>

/* What a child prints. */
struct process_text {
	int fd;     /* -1: closed, or none */
	char *text; /* always a string */
	size_t room; /* of which one is the end's; more than fits is lost at the end of stdout, at the begin of stderr */
	size_t used;
};

/* A command beside us, in a process group of its own. Zero: there is none. */
struct process_child {
	pid_t pid;
	bool ended;
	int code, status; /* as of waitid(), once it has ended */
	struct process_text output, errors;
};

/*
 * Start it; stdin is the place's input. stdout goes to output, stderr to errors; with errors NULL both to output. The buffers
 * must live until process_child_end() or _forget(), which is owed for each that was started.
 */
int process_child_start(struct process_child *c, const struct process_place *place, const char *const argv[],
                        char *output, size_t output_room, char *errors, size_t errors_room, struct err *e);

/* Whether it has ended by itself, after at most wait_ns; takes in what it printed. What it started may go on. */
bool process_child_ended(struct process_child *c, int64_t wait_ns);

/* The last line that is not empty of what a program printed, mostly why it failed: where in text, and at most so long. */
const char *process_last_line(const char *text, int most, int *ret_length);

/* Of one that has ended: 0 when with status 0, else -1: "WHAT failed with status 3: LAST LINE". A program that is not
 * there is EXIT_CANNOT. */
int process_child_result(const struct process_child *c, const char *what, struct err *e);

/* Of one that has ended: what it started may go on. */
void process_child_forget(struct process_child *c);

/* End what is left of its group: SIGTERM, and SIGKILL when it has ended or grace_ns are over. Also where there is none. */
void process_child_end(struct process_child *c, int64_t grace_ns);

#endif
