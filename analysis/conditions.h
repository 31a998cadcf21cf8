/*
 * conditions.h - under which conditions two sets of runs were made: what differs, and what of it forbids to compare them.
 *
 * Versions, features and the mode of migration may differ: a comparison is made to learn what they change, and says so.
 * A different link, scale, machine or load is another question, unless the user says that it is the one asked.
 */
#ifndef ANALYSIS_CONDITIONS_H
#define ANALYSIS_CONDITIONS_H

#include "analysis/study.h"

/* What forbids a comparison: "link", "scale", "machine", "load"; for --despite. */
#define CONDITION_KINDS "link|scale|machine|load"

struct json_object;

enum { CONDITION_CHANGES_MAX = 24 };

struct condition_change {
	char what[128];           /* of the manifest: "hypervisor.qemu" */
	char base[128], new[128]; /* as the manifest says it; "missing" */
	const char *kind;         /* what it forbids; NULL: nothing, it is only told */
};

/* What forbids is never left out for what is only told. */
struct condition_changes {
	struct condition_change list[CONDITION_CHANGES_MAX];
	int count, left_out;
};

/* How the manifest of `new` differs from that of `base`. */
void conditions_compare(struct condition_changes *ret, const struct study_run *base, const struct study_run *new);

/* What of a manifest is compared, by its path: {"scale":1,"link.asked":{"rate":"100M"}}. The caller's. */
struct json_object *conditions_of(struct json_object *manifest);

/* The same of two of these. */
void conditions_changes(struct condition_changes *ret, struct json_object *base, struct json_object *new);

/* The first that forbids, but for the kinds in `despite` (words with | between them, may be ""). NULL: none. */
const struct condition_change *conditions_forbid(const struct condition_changes *c, const char *despite);

#endif
