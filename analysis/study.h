/*
 * study.h - the runs of a study (a folder with plan.json and a folder a run) and the metrics of each, for what is
 * computed over several runs.
 */
#ifndef ANALYSIS_STUDY_H
#define ANALYSIS_STUDY_H

#include "analysis/bisect.h"
#include "analysis/run.h"

struct dirent;
struct err;
struct json_object;

struct study_run {
	char directory[4096 + 256];
	char point[300];                         /* its label in the sweep, without the repeat */
	long repeat;                             /* from 1 */
	char status[RUN_NAME_ROOM], reason[512]; /* of the manifest */
	char explains[256], cause[256];          /* experiment.explains and .cause; see analysis/explanation.h */
	int complete;                            /* else it has no metrics */
	int lost;                                /* a VM ended that should not have, or had other memory afterwards */
	int vms;
	char workload[RUN_NAME_ROOM]; /* of the VM that moves, the first one */
	int64_t rate_bits_per_s;      /* asked of the link; MISSING */
	int64_t rtt_ns;               /* the same */
	struct json_object *metrics;  /* of metrics.json, an array; NULL: none */
	struct json_object *root;     /* owns it */
};

struct study_runs {
	char paper[RUN_NAME_ROOM]; /* the key experiment.study; "" none */
	/* experiment.compare, .reference and .sort; see analysis/ranking.h */
	char compare[RUN_NAME_ROOM], reference[RUN_NAME_ROOM], sort[2 * RUN_NAME_ROOM];
	struct bisect_range search; /* of [bisect]; to is 0 where nothing is searched */
	struct study_run *runs;     /* by folder */
	int count;
	long repeats; /* the highest of a run */
};

/* Whether the directory holds a study. */
int study_is(const char *directory);

/* -1 when the directory holds no study. Free it in any case. */
int study_read(struct study_runs *ret, const char *directory, struct err *e);

/* The same of a study, of any other folder of runs, or of one run. EXIT_USAGE when there is none. */
int study_read_any(struct study_runs *ret, const char *directory, struct err *e);
void study_runs_free(struct study_runs *s);

/* Which run, and which of its values; 0, MISSING and "" are any. */
struct study_key {
	const char *point; /* a member of its label: "cpu" is of "load=cpu rate=1G"; several: "cpu+1G" */
	int vms;
	const char *workload;
	int64_t rate_bits_per_s, rtt_ns;
	const char *metric, *vm, *role, *estimator;
};

/* As a key's vm: values of no VM, such as a sum over all of them. */
#define STUDY_NO_VM "-"

/* Cut a point's label, "load=cpu feature=tls", by a word: "load=cpu" and "tls". 0 when it is not there. */
int study_label_split(const char *label, const char *word, char *block, size_t block_room, char *member,
                      size_t member_room);

/* Keep the runs whose point has these words, which are taken out of it: what is left tells their cases apart. EXIT_USAGE when
 * there is none. */
int study_runs_choose(struct study_runs *s, const char *words, struct err *e);

/* One run by its folder, -1 when there is none; free it. */
int study_run_read(struct study_run *ret, const char *folder);
void study_run_free(struct study_run *run);

/* A value of one run; role and estimator may be "" for any. NAN when there is none, reason (may be NULL) then says why.
 */
double study_run_value(const struct study_run *run, const char *metric, const char *role, const char *estimator,
                       char *reason, size_t room);

/* The row of metrics.json for the same metric, VM, role and estimator as a row of another run, which is nearly always at
 * the same place. NULL: none. */
struct json_object *study_run_row_like(const struct study_run *run, struct json_object *like, size_t place);

/* What is to be said of a value of one run, or why it is missing; "" nothing. Valid as long as the run. */
const char *study_run_caution(const struct study_run *run, const char *metric, const char *estimator);

/* The unit of a metric of one run, "" when it has none; valid as long as the run. */
const char *study_run_unit(const struct study_run *run, const char *metric, const char *estimator);

/* Whether its analysis warned that something beside the experiment took the nodes' cores (METRICS_DISTURBED). */
int study_run_disturbed(const struct study_run *run);

/* A filter for scandir(3): not hidden, and not what is kept of a run that was interrupted ("NAME.interrupted-1") or made
 * anew ("NAME.redone-1"). */
int study_is_run_folder(const struct dirent *entry);

/* Whether any of the first `count` runs is of that point. */
int study_has_point(const struct study_runs *s, int count, const char *point);

/* Whether its migration was aborted at migration.timeout. */
int study_run_never_converged(const struct study_run *run);

/* Whether the run is one of those that the key says, whatever has become of it. */
int study_run_is(const struct study_run *run, const struct study_key *key);

/* How the reason begins where the study has no such run at all. */
#define STUDY_NO_RUN "the study has no run of"

/* The value in the repeat's complete run. NAN when there is none: reason (may be NULL) then says why. */
double study_value(const struct study_runs *s, const struct study_key *key, long repeat, char *reason, size_t room);

#endif
