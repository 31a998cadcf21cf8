/*
 * run.h - one run of one experiment, from a bare machine to a finished run directory.
 */
#ifndef BENCH_EXPERIMENT_RUN_H
#define BENCH_EXPERIMENT_RUN_H

#include "bench/experiment/experiment.h"
#include "bench/testbed/machine_lock.h"

#include <signal.h>

struct injection_plan;

struct run_order {
	const struct experiment *experiment;
	const char *config_path;                 /* copied into the run directory */
	const char *directory;                   /* of the run; made here, must not exist or be empty */
	const char *command_line;                /* for the manifest */
	const char *label;                       /* of the point in its sweep; may be empty */
	long repeat;                             /* of the point, from 1 */
	const struct injection_plan *injections; /* in mode none, instead of `suspend`; NULL: none */
	const struct machine_wait *wait;         /* for another migmeter; NULL: it is refused while one is at work */
};

/*
 * Set by SIGINT and SIGTERM once run_catch_signals() was called: enum migration_interrupt. The first one ends what goes on
 * cleanly; another, half a second later or more (timeout(1) sends two at once), breaks off what that would wait for.
 */
extern volatile sig_atomic_t run_interrupted;
void run_catch_signals(void);

/* For --wait: until the other ends or a signal comes, told as progress. */
extern const struct machine_wait run_patience;

/* What this machine must have for the experiment: root, tools, memory, nobody else at work (`wait` as in an order), room
 * on the disk. EXIT_CANNOT names what is not. */
int run_preflight(const struct experiment *x, const char *directory, const struct machine_wait *wait, struct err *e);

/*
 * Do it. Whatever happens, the machine is clean afterwards and the directory, once made, holds what was measured with a
 * status. Returns 0 for a complete run; -1 with the reason for a failed (EXIT_MEASURED_BAD), impossible or interrupted
 * one.
 */
int run_execute(const struct run_order *order, struct err *e);

#endif
