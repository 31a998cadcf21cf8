/*
 * nightly_sets.h - the sets of runs that nights have left in a folder: what became of each case in them, and their removal.
 *
 * A set is a folder with a NIGHT_FILE of the right kind (analysis/nightly_write.h); whatever else is there is left alone.
 */
#ifndef BENCH_NIGHTLY_SETS_H
#define BENCH_NIGHTLY_SETS_H

#include <stddef.h>
#include <stdint.h>

struct err;
struct study_runs;

struct nightly_set_case {
	char label[700];
	int is_good; /* it may be the baseline of later nights */
};

struct nightly_set {
	char path[4096];  /* absolute */
	char name[256];   /* of the experiment */
	int64_t began_ns; /* wall clock */
	int verdict;      /* enum night_verdict; -1: it did not come to its end */
	struct nightly_set_case *cases;
	int case_count;
	struct study_runs *runs; /* nightly_set_conditions(); NULL: not read yet */
};

struct nightly_sets {
	struct nightly_set *list; /* oldest first */
	int count;
};

/* All below root. -1 when it cannot be read; a root that is not there has none. Free it in any case. */
int nightly_sets_read(struct nightly_sets *ret, const char *root, struct err *e);
void nightly_sets_free(struct nightly_sets *s);

/* The place of the last set of this experiment before `end` that began before, and in which the case is good; label NULL: any
 * case. -1: none. */
int nightly_sets_find(const struct nightly_sets *s, const char *name, const char *label, int64_t before_ns, int end);

int nightly_set_is_good(const struct nightly_set *set, const char *label);

/* Where the runs of a set are: "PATH/study". Returns buffer. */
char *nightly_set_runs(const char *path, char *buffer, size_t room);

/* Its runs without their metrics, for the conditions that they were made under; read once, the set's. NULL when they cannot
 * be. */
const struct study_runs *nightly_set_conditions(struct nightly_set *set);

/* 1: all complete runs of the case in `old` were made under conditions that let them be compared with the first one in
 * `new`; 0: not all; -1: either has none. */
int nightly_runs_match(const struct study_runs *old, const struct study_runs *new, const char *label);

/*
 * Remove the oldest sets of this experiment in the root that they were read from, so that `keep` are left, but for those at
 * a place of which `stays` is not 0; and what is left of sets that were being removed when a night was killed. Returns how many were
 * removed; -1 when one could not be, and the others are all the same.
 */
int nightly_sets_trim(const struct nightly_sets *s, const char *root, const char *name, int keep, const char *stays,
                      struct err *e);

#endif
