/*
 * simulation.h - a simulation's config carried out: every point of its sweep, so many runs each, on all cores, into a
 * results folder:
 *
 *	config.conf, manifest.json	as of a run directory; what was asked is in `simulation`
 *	points.csv			point,label: what varies
 *	runs.csv			a row a run, in order: sums as they come out of simulator.h
 *	trace.csv			a copy of the arrivals, where they come from a file
 *	simulated.csv			point,time_ns,vm,node,event,detail: all that happened in the first run of each point
 *					(of up to SIMULATION_TOLD_VMS VMs), plans with the numbers that led to them
 *
 * A group that moves (evacuation.h) has other files.
 *
 * The files but the first are the same to the byte for the same config and seed, however many threads there are. A policy's rows
 * stand beside those of another for the same run: the same arrivals, jobs and distances.
 */
#ifndef BENCH_SIMULATION_H
#define BENCH_SIMULATION_H

#include "bench/experiment/simulated.h"
#include "reports/report.h"

#include <stdio.h>

struct run_directory;

enum { SIMULATION_TOLD_VMS = 1000 };

struct simulation_study {
	/* set by the caller */
	const char *config_path;
	struct config_file config; /* overrides applied; owned by the study from here on */
	char directory[400];       /* "": results/NAME-TIME */
	char command_line[1024];
	int threads; /* 0: a thread a core */
	/* set by simulation_prepare() */
	struct simulated_config *points;
	char (*labels)[300];
	long point_count, runs;
};

/* Build and check every point. Nothing is written. */
int simulation_prepare(struct simulation_study *s, struct err *e);

/* What would be run, on stdout: as text, as CSV (point,label,repeats,to_come) or as JSON (the same rows in `list`). */
void simulation_plan_print(const struct simulation_study *s, enum report_format format);

/* Make the results folder, with what was asked in its manifest; and end it with what came of that: 0, or -1 and why. Returns
 * the same, or -1 when that cannot be written. */
int simulation_folder_begin(struct simulation_study *s, const char *kind, struct run_directory *d, struct err *e);
int simulation_folder_end(struct run_directory *d, int result, struct err *e);

/* Run it all and write the files; EXIT_INTERRUPTED and nothing but the folder when a signal came. */
int simulation_run(struct simulation_study *s, struct err *e);

void simulation_free(struct simulation_study *s);

#endif
