/*
 * study.h - a config carried out: every point of its sweep, so many times, each run in a folder of its own.
 *
 * One run stands in the results folder itself; several in folders below it, called after their point and repeat,
 * beside plan.json (what was to be run), study.csv (means over repeats) and index.html (a row a run). A run that fails
 * keeps its folder and does not end the study. An interrupted study goes on with `resume`: runs that have ended,
 * failed ones included, are kept (but see `redo`). Runs come in blocks, a repeat each, in random order (study_order.h).
 */
#ifndef BENCH_STUDY_H
#define BENCH_STUDY_H

#include "bench/experiment/config_file.h"
#include "bench/experiment/experiment.h"
#include "reports/report.h"

#include <stdbool.h>

/* Runs that have ended and are to be made anew. */
enum study_redo { REDO_NONE, REDO_DISTURBED, REDO_FAILED };

enum study_state { RUN_TO_COME, RUN_RUNNING, RUN_COMPLETE, RUN_FAILED, RUN_SKIPPED, RUN_LEFT_OUT, RUN_INTERRUPTED };

struct study {
	/* set by the caller */
	const char *config_path;
	struct config_file config; /* overrides applied; owned by the study from here on */
	long repeats;              /* of every point; 0: as the config says, and set to the most of any point */
	double scale;
	char directory[400]; /* "": results/NAME-TIME, which is then unclaimed until the first run begins */
	const char *command; /* that it is carried out by, for what is advised; NULL: run */
	char command_line[1024];
	bool resume;
	enum study_redo redo; /* only with resume; what such a run was stays beside it, as NAME.redone-1 */
	bool waits;           /* for another migmeter, before each run; several runs always do */
	const char
		*only; /* run points whose label has every word of this, such as "load=cpu feature=tls"; NULL: all */
	enum report_format format;
	/* set by study_prepare() */
	char name[300];                  /* of the experiment */
	bool unclaimed;                  /* see study_folder_claim() */
	long points;                     /* of the sweep, times steps */
	long steps;                      /* of the search at each point of the sweep; 1: nothing is searched */
	double *at;                      /* where each step is, NAN: not known yet; NULL: nothing is searched */
	struct experiment_bisect search; /* key "": nothing is searched */
	long *wanted;                    /* repeats of each point */
	char (*labels)[300];             /* of the points, as sweep_point() and the search say */
	enum study_state *states;        /* points x repeats, repeat by repeat */
	long *order;                     /* of the runs: their places among the states; NULL: as they stand there */
	char skipped[1024];              /* set by study_run(): why the first run that was skipped was; "" none */
	int64_t seed;                    /* of the order */
	bool listed;                     /* points come as they are listed */
};

/* Build and check every point before anything starts, so that a typo in the last one costs nothing; look at what is in
 * the results folder. Nothing is written. */
int study_prepare(struct study *s, struct err *e);

/* Run what is to come; metrics, plots and page of each run, and the index. Tells troubles itself; returns an exit
 * status. */
int study_run(struct study *s);

/* The exit status of a study whose runs came to `status`, when a signal may have come: it interrupted only what had not
 * ended, and what then can be done is told. */
int study_outcome(const struct study *s, int status);

void study_free(struct study *s);

/* Metrics, plots and page of a run; where it cannot be analysed the page says so, and *e why. */
int study_results_write(const char *folder, struct err *e);

/* "results/NAME-TIME": where results go when nobody said. */
void study_folder_name(char *buffer, size_t room, const char *name);

/* Make that folder for this process alone: of two that began in the same second one gets "-2" behind the name. */
int study_folder_claim(char *folder, size_t room, struct err *e);

#endif
