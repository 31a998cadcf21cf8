/*
 * study.h - the runs of a study (a folder with plan.json and a folder a run) and the metrics of each, for what is
 * computed over several runs.
 */
#ifndef ANALYSIS_STUDY_H
#define ANALYSIS_STUDY_H

#include "analysis/run.h"

struct err;
struct json_object;

struct study_run {
	char directory[4096 + 256];
	char point[300];                         /* its label in the sweep, without the repeat */
	long repeat;                             /* from 1 */
	char status[RUN_NAME_ROOM], reason[512]; /* of the manifest */
	int complete;                            /* else it has no metrics */
	int vms;
	char workload[RUN_NAME_ROOM]; /* of the VM that moves, the first one */
	int64_t rate_bits_per_s;      /* asked of the link; MISSING */
	struct json_object *metrics;  /* of metrics.json, an array; NULL: none */
	struct json_object *root;     /* owns it */
};

struct study_runs {
	char paper[RUN_NAME_ROOM]; /* the key experiment.study; "" none */
	/* experiment.compare, .reference and .sort; see analysis/ranking.h */
	char compare[RUN_NAME_ROOM], reference[RUN_NAME_ROOM], sort[2 * RUN_NAME_ROOM];
	struct study_run *runs; /* by folder */
	int count;
	long repeats; /* the highest of a run */
};

/* Whether the directory holds a study. */
int study_is(const char *directory);

/* -1 when the directory holds no study. Free it in any case. */
int study_read(struct study_runs *ret, const char *directory, struct err *e);
void study_runs_free(struct study_runs *s);

/* Which run, and which of its values; role and estimator may be "" for any. */
struct study_key {
	int vms;
	const char *workload;
	int64_t rate_bits_per_s;
	const char *metric, *role, *estimator;
};

/* A value of one run; role and estimator may be "" for any. NAN when there is none, reason (may be NULL) then says why.
 */
double study_run_value(const struct study_run *run, const char *metric, const char *role, const char *estimator,
                       char *reason, size_t room);

/* The value in the repeat's complete run. NAN when there is none: reason (may be NULL) then says why. */
double study_value(const struct study_runs *s, const struct study_key *key, long repeat, char *reason, size_t room);

#endif
