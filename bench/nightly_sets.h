/*
 * nightly_sets.h - the sets of runs that nights have left in a folder: which is the baseline, which are too old.
 *
 * A set is a folder with a NIGHT_FILE of the right kind (analysis/nightly_write.h); whatever else is there is left alone.
 */
#ifndef BENCH_NIGHTLY_SETS_H
#define BENCH_NIGHTLY_SETS_H

#include <stddef.h>
#include <stdint.h>

struct err;

struct nightly_set {
	char path[4096];  /* absolute */
	char name[256];   /* of the experiment */
	int64_t began_ns; /* wall clock */
	int verdict;      /* enum night_verdict; -1: it did not come to its end */
};

struct nightly_sets {
	struct nightly_set *list; /* oldest first */
	int count;
};

/* All below root. -1 when it cannot be read; a root that is not there has none. Free it in any case. */
int nightly_sets_read(struct nightly_sets *ret, const char *root, struct err *e);
void nightly_sets_free(struct nightly_sets *s);

/* The last good one of this experiment that began before; NULL: none. */
const struct nightly_set *nightly_sets_baseline(const struct nightly_sets *s, const char *name, int64_t before_ns);

/* Where the runs of a set are: "PATH/study". Returns buffer. */
char *nightly_set_runs(const char *path, char *buffer, size_t room);

/*
 * Remove the oldest sets of this experiment, so that `keep` are left; but never its last good one, nor what is in `kept`, a
 * folder (the baseline; it may lie within a set; "" none). Returns how many were removed; -1 when one could not be, and the
 * others are all the same.
 */
int nightly_sets_trim(const struct nightly_sets *s, const char *name, int keep, const char *kept, struct err *e);

#endif
