#include "bench/nightly_baseline.h"

#include "bench/base/err.h"
#include "bench/nightly.h"

#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *night_baseline_folder(const char *baseline, char *buffer, size_t room)
{
	nightly_set_runs(baseline, buffer, room);
	return access(buffer, F_OK) == 0 ? buffer : baseline;
}

/* ---- the cases of tonight ---- */

static struct night_baseline_case *case_find(const struct night_baseline *b, const char *label)
{
	for (int i = 0; i < b->case_count; i++)
		if (strcmp(b->cases[i].label, label) == 0)
			return &b->cases[i];
	return NULL;
}

static void case_add(struct night_baseline *b, const char *label)
{
	if (case_find(b, label))
		return;
	struct night_baseline_case *into = &b->cases[b->case_count++];
	snprintf(into->label, sizeof(into->label), "%s", label);
	into->set = BASELINE_NONE;
}

static int is_to_run(const struct study *s, long point)
{
	for (long r = 0; r < s->repeats; r++)
		if (s->states[r * s->points + point] != RUN_LEFT_OUT)
			return 1;
	return 0;
}

static int cases_list(struct night_baseline *b, struct err *e)
{
	const struct study *s = b->n->study;
	size_t points = s ? (size_t)s->points : 0;
	b->cases = calloc((size_t)b->new->count + points + 1, sizeof(*b->cases));
	if (!b->cases)
		return err_errno(e, EXIT_CANNOT, "cannot list the cases");
	for (long i = 0; s && i < s->points; i++)
		if (is_to_run(s, i))
			case_add(b, s->labels[i]);
	for (int i = 0; i < b->new->count; i++)
		case_add(b, b->new->runs[i].point);
	return 0;
}

/* ---- a set for each ---- */

static int pinned_read(struct night_baseline *b, struct err *e)
{
	char path[PATH_MAX], runs[PATH_MAX];
	const char *pinned = b->n->o->pinned;
	if (!pinned)
		return 0;
	if (!realpath(pinned, path))
		return err_errno(e, EXIT_USAGE, "cannot read the baseline '%s'", pinned);
	snprintf(b->pinned, sizeof(b->pinned), "%s", path);
	return study_read_any(&b->read[b->sets.count], night_baseline_folder(path, runs, sizeof(runs)), e);
}

static int has_complete(const struct study_runs *s, const char *label)
{
	for (int i = 0; s && i < s->count; i++)
		if (s->runs[i].complete && strcmp(s->runs[i].point, label) == 0)
			return 1;
	return 0;
}

/* The last set before `end` in which the case is good, under the conditions of tonight; of a case that has no complete run
 * tonight, under any. */
static int find_matching(struct night_baseline *b, const char *label, int end)
{
	for (int i = end; (i = nightly_sets_find(&b->sets, b->n->name, label, b->n->began_ns, i)) >= 0;) {
		const struct study_runs *old = nightly_set_conditions(&b->sets.list[i]);
		if (has_complete(old, label) && nightly_runs_match(old, b->new, label) != 0)
			return i;
	}
	return BASELINE_NONE;
}

/* The last one in which it is good at all. */
static int find_any(struct night_baseline *b, const char *label)
{
	int i = INT_MAX;
	while ((i = nightly_sets_find(&b->sets, b->n->name, label, b->n->began_ns, i)) >= 0)
		if (has_complete(nightly_set_conditions(&b->sets.list[i]), label))
			return i;
	return BASELINE_NONE;
}

static void choose(struct night_baseline *b, struct night_baseline_case *of)
{
	if (b->pinned[0] && study_has_point(&b->read[b->sets.count], b->read[b->sets.count].count, of->label)) {
		of->set = BASELINE_PINNED;
		return;
	}
	of->set = find_matching(b, of->label, INT_MAX);
	if (of->set == BASELINE_NONE)
		of->set = find_any(b, of->label);
}

int night_baseline_pass(struct night_baseline *b, const char *label)
{
	struct night_baseline_case *of = case_find(b, label);
	if (!of || of->set < 0)
		return 0;
	of->set = find_matching(b, label, of->set);
	return 1;
}

const char *night_baseline_path(const struct night_baseline *b, const char *label)
{
	const struct night_baseline_case *of = case_find(b, label);
	return !of || of->set == BASELINE_NONE ? ""
	       : of->set == BASELINE_PINNED    ? b->pinned
	                                       : b->sets.list[of->set].path;
}

/* ---- their runs ---- */

/* Those of a case's set; NULL: it has none. */
static struct study_runs *runs_of(struct night_baseline *b, const struct night_baseline_case *of, struct err *e)
{
	char path[PATH_MAX];
	int place = of->set == BASELINE_PINNED ? b->sets.count : of->set;
	struct study_runs *runs = &b->read[place];
	if (!runs->runs &&
	    study_read_any(runs, nightly_set_runs(b->sets.list[place].path, path, sizeof(path)), e) < 0)
		return NULL;
	return runs;
}

int night_baseline_gather(struct night_baseline *b, struct err *e)
{
	free(b->runs.runs);
	b->runs = (struct study_runs){ 0 };
	for (int i = 0; i < b->case_count; i++) {
		const struct night_baseline_case *of = &b->cases[i];
		struct study_runs *runs = of->set == BASELINE_NONE ? NULL : runs_of(b, of, e);
		if (!runs && of->set != BASELINE_NONE)
			return -1;
		if (!runs)
			continue;
		size_t room = (size_t)(b->runs.count + runs->count);
		struct study_run *list = realloc(b->runs.runs, (room + 1) * sizeof(*list));
		if (!list)
			return err_errno(e, EXIT_CANNOT, "cannot gather the baseline");
		b->runs.runs = list;
		for (int k = 0; k < runs->count; k++)
			if (strcmp(runs->runs[k].point, of->label) == 0)
				list[b->runs.count++] = runs->runs[k];
	}
	return 0;
}

int night_baseline_make(struct night_baseline *ret, const struct nightly *n, const struct study_runs *new,
                        struct err *e)
{
	*ret = (struct night_baseline){ .n = n, .new = new };
	if (nightly_sets_read(&ret->sets, n->o->root, e) < 0)
		return -1;
	ret->read = calloc((size_t)ret->sets.count + 1, sizeof(*ret->read));
	if (!ret->read)
		return err_errno(e, EXIT_CANNOT, "cannot keep the baseline");
	if (pinned_read(ret, e) < 0 || cases_list(ret, e) < 0)
		return -1;
	for (int i = 0; i < ret->case_count; i++)
		choose(ret, &ret->cases[i]);
	return night_baseline_gather(ret, e);
}

void night_baseline_free(struct night_baseline *b)
{
	for (int i = 0; b->read && i <= b->sets.count; i++)
		study_runs_free(&b->read[i]);
	free(b->read);
	free(b->cases);
	free(b->runs.runs);
	nightly_sets_free(&b->sets);
	*b = (struct night_baseline){ 0 };
}

/* ---- which sets are still wanted ---- */

/* Whether a folder is the set, or in it. */
static int holds(const struct nightly_set *set, const char *folder)
{
	size_t length = strlen(set->path);
	return strncmp(folder, set->path, length) == 0 && (!folder[length] || folder[length] == '/');
}

static int is_used(const struct night_baseline *b, const struct nightly_set *set)
{
	int used = b->pinned[0] && holds(set, b->pinned);
	for (int i = 0; i < b->case_count; i++)
		used |= b->cases[i].set >= 0 && strcmp(b->sets.list[b->cases[i].set].path, set->path) == 0;
	return used;
}

/* Whether there is a later set in which the case is good; under_its: and was made under its conditions. */
static int has_successor(const struct night_baseline *b, struct nightly_sets *sets, int place, const char *label,
                         int under_its)
{
	int later = nightly_sets_find(sets, b->n->name, label, INT64_MAX, INT_MAX);
	const struct study_runs *old = under_its ? nightly_set_conditions(&sets->list[place]) : NULL;
	if (!under_its)
		return later > place;
	if (!has_complete(old, label)) /* it has no runs any more, so it is no loss */
		return 1;
	for (; later > place; later = nightly_sets_find(sets, b->n->name, label, INT64_MAX, later)) {
		const struct study_runs *new = nightly_set_conditions(&sets->list[later]);
		if (new &&nightly_runs_match(old, new, label) == 1)
			return 1;
	}
	return 0;
}

/* Whether it is the last set in which some case is good. */
static int is_last_good(const struct night_baseline *b, struct nightly_sets *sets, int place, int under_its)
{
	const struct nightly_set *set = &sets->list[place];
	for (int i = 0; i < set->case_count; i++)
		if (set->cases[i].is_good && !has_successor(b, sets, place, set->cases[i].label, under_its))
			return 1;
	return 0;
}

void night_baseline_stays(const struct night_baseline *b, struct nightly_sets *sets, int keep, char *stays)
{
	int others = 0, newer = 0;
	for (int i = sets->count - 1; i >= 0; i--) {
		if (strcmp(sets->list[i].name, b->n->name) != 0 || newer++ < keep)
			continue; /* another's, or not to go yet */
		stays[i] = is_used(b, &sets->list[i]) || is_last_good(b, sets, i, 0);
		if (!stays[i] && others < keep && is_last_good(b, sets, i, 1)) {
			stays[i] = 1;
			others++;
		}
	}
}
