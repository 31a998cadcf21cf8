#include "bench/nightly_runs.h"

#include "bench/base/err.h"
#include "bench/nightly.h"
#include "bench/nightly_sets.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int has_ended(const struct study_runs *s, const char *point, long repeat)
{
	for (int i = 0; i < s->count; i++) {
		const struct study_run *run = &s->runs[i];
		if (run->repeat == repeat && strcmp(run->point, point) == 0)
			return run->complete || strcmp(run->status, "failed") == 0 ||
			       strcmp(run->status, "skipped") == 0;
	}
	return 0;
}

/* A step of a search that is not known yet is no case. */
static int was_refused(const struct study *s, long place, int interrupted)
{
	enum study_state state = s->states[place];
	int left = state == RUN_TO_COME || state == RUN_INTERRUPTED;
	return (state == RUN_SKIPPED || (left && !interrupted)) && !strstr(s->labels[place % s->points], "at=?");
}

static int add_refused(struct study_runs *ret, const struct study *s, int interrupted, struct err *e)
{
	size_t most = (size_t)ret->count + (size_t)(s->points * s->repeats);
	struct study_run *runs = realloc(ret->runs, (most + 1) * sizeof(*runs));
	if (!runs)
		return err_errno(e, EXIT_CANNOT, "cannot keep the runs");
	ret->runs = runs;
	for (long i = 0; i < s->points * s->repeats; i++) {
		const char *label = s->labels[i % s->points];
		long repeat = i / s->points + 1;
		if (!was_refused(s, i, interrupted) || has_ended(ret, label, repeat))
			continue;
		struct study_run *run = &ret->runs[ret->count++];
		*run = (struct study_run){ .repeat = repeat, .status = "skipped" };
		snprintf(run->point, sizeof(run->point), "%s", label);
		snprintf(run->reason, sizeof(run->reason), "%.500s",
		         s->skipped[0] ? s->skipped : "the study did not come to it");
	}
	return 0;
}

int night_runs_read(struct study_runs *ret, const struct nightly *n, int interrupted, struct err *e)
{
	char path[PATH_MAX];
	struct err unread = { 0 };
	int result = study_read_any(ret, nightly_set_runs(n->set, path, sizeof(path)), &unread);
	if (n->study && (result == 0 || access(path, F_OK) < 0)) {
		if (add_refused(ret, n->study, interrupted, e) < 0)
			return -1;
		result = ret->count ? 0 : result;
	}
	return result < 0 ? err_set(e, unread.status, "%s", unread.text) : 0;
}
