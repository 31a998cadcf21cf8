/*
 * nightly_write.h - a night as the document that everything shown of it is made from, beside that of its comparison
 * (analysis/compare_write.h); nightly.json of its folder, by which it is known as a nightly set.
 *
 *	format, kind ("nightly"), name (of the experiment), config, began_ns, ended_ns (wall clock; null: it has not ended)
 *	verdict, status, why, complete, failed, skipped (analysis/nightly.h); verdict "running" before there is one
 *	baseline    the set compared with, an absolute path; "" none, or not the same one for all cases
 *	pinned      whether one was named
 *	cases       case, verdict (analysis/nightly.h; of earlier versions "no difference shown" for fine), complete, failed,
 *	            skipped, why, baseline (its own, as above; earlier versions have none)
 *	troubles    texts: what could not be done with the runs
 */
#ifndef ANALYSIS_NIGHTLY_WRITE_H
#define ANALYSIS_NIGHTLY_WRITE_H

#include "analysis/nightly.h"

#include <stdint.h>

#define NIGHT_FILE "nightly.json"
#define NIGHT_KIND "nightly"
#define NIGHT_RUNNING "running"

struct err;
struct json_object;

struct night_facts {
	const char *name, *config, *baseline; /* baseline "" : none */
	const char *const *case_baselines;    /* by case of the comparison; NULL: it is `baseline` for each */
	int pinned;
	int64_t began_ns, ended_ns; /* 0: not yet */
};

/* A night that has just begun: verdict "running". The caller's. */
struct json_object *night_begin_json(const struct night_facts *f);

/* One that has ended. */
struct json_object *night_json(const struct night_facts *f, const struct night *n, const struct comparison *c);

/* One whose runs, if any, could not be read. */
struct json_object *night_failed_json(const struct night_facts *f, enum night_verdict verdict, const char *why);

/* Something to be said of a document. */
void night_add_trouble(struct json_object *night, const char *text);

#endif
