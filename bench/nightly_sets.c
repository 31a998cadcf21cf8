#include "bench/nightly_sets.h"

#include "analysis/compare.h"
#include "analysis/json_field.h"
#include "analysis/nightly.h"
#include "analysis/nightly_write.h"
#include "bench/base/err.h"
#include "bench/base/json_file.h"
#include "bench/base/tree.h"

#include <dirent.h>
#include <errno.h>
#include <json-c/json.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* ---- the list ---- */

/* Whether a case has a result that others may be compared with; row is one of the cases of its set. */
static int case_is_good(struct json_object *row)
{
	int verdict = night_verdict_find(json_text_at(row, "/verdict")),
	    complete = atoi(json_text_at(row, "/complete"));
	int missing = atoi(json_text_at(row, "/failed")) + atoi(json_text_at(row, "/skipped"));
	return verdict >= 0 && night_is_good(verdict) && complete > 0 &&
	       missing <= COMPARE_FAILED_SHARE * (complete + missing);
}

static void cases_read(struct nightly_set *ret, struct json_object *doc)
{
	struct json_object *rows = json_array_at(doc, "/cases");
	size_t count = rows ? json_object_array_length(rows) : 0;
	int usable = ret->verdict >= 0 && ret->verdict != NIGHT_INTERRUPTED;
	ret->cases = count ? calloc(count, sizeof(*ret->cases)) : NULL;
	ret->case_count = ret->cases ? (int)count : 0;
	for (int i = 0; i < ret->case_count; i++) {
		struct json_object *row = json_object_array_get_idx(rows, (size_t)i);
		struct nightly_set_case *into = &ret->cases[i];
		snprintf(into->label, sizeof(into->label), "%s", json_text_at(row, "/case"));
		into->is_good = usable && case_is_good(row);
	}
}

/* 1: the folder is a set. A link to one is none: it is another's. */
static int set_read(struct nightly_set *ret, const char *root, const char *entry)
{
	struct stat st;
	*ret = (struct nightly_set){ 0 };
	snprintf(ret->path, sizeof(ret->path), "%.3800s/%.255s", root, entry);
	if (entry[0] == '.' || lstat(ret->path, &st) < 0 || !S_ISDIR(st.st_mode))
		return 0;
	struct json_object *doc = json_file_read(ret->path, NIGHT_FILE);
	int is = strcmp(json_text_at(doc, "/kind"), NIGHT_KIND) == 0;
	snprintf(ret->name, sizeof(ret->name), "%s", json_text_at(doc, "/name"));
	ret->began_ns = atoll(json_text_at(doc, "/began_ns"));
	ret->verdict = night_verdict_find(json_text_at(doc, "/verdict"));
	if (is)
		cases_read(ret, doc);
	json_object_put(doc);
	return is;
}

static int by_begin(const void *left, const void *right)
{
	const struct nightly_set *a = left, *b = right;
	return a->began_ns != b->began_ns ? (a->began_ns > b->began_ns) - (a->began_ns < b->began_ns)
	                                  : strcmp(a->path, b->path);
}

int nightly_sets_read(struct nightly_sets *ret, const char *root, struct err *e)
{
	char path[PATH_MAX];
	*ret = (struct nightly_sets){ 0 };
	DIR *d = realpath(root, path) ? opendir(path) : NULL;
	if (!d)
		return errno == ENOENT ? 0 : err_errno(e, EXIT_CANNOT, "cannot read '%s'", root);
	for (struct dirent *entry; (entry = readdir(d));) {
		struct nightly_set *list = realloc(ret->list, ((size_t)ret->count + 1) * sizeof(*list));
		if (!list) {
			closedir(d);
			return err_errno(e, EXIT_CANNOT, "cannot list '%s'", root);
		}
		ret->list = list;
		ret->count += set_read(&list[ret->count], path, entry->d_name);
	}
	closedir(d);
	if (ret->count)
		qsort(ret->list, (size_t)ret->count, sizeof(*ret->list), by_begin);
	return 0;
}

void nightly_sets_free(struct nightly_sets *s)
{
	for (int i = 0; i < s->count; i++) {
		if (s->list[i].runs)
			study_runs_free(s->list[i].runs);
		free(s->list[i].runs);
		free(s->list[i].cases);
	}
	free(s->list);
	*s = (struct nightly_sets){ 0 };
}

/* ---- cases ---- */

int nightly_set_is_good(const struct nightly_set *set, const char *label)
{
	for (int i = 0; i < set->case_count; i++)
		if (set->cases[i].is_good && (!label || strcmp(set->cases[i].label, label) == 0))
			return 1;
	return 0;
}

int nightly_sets_find(const struct nightly_sets *s, const char *name, const char *label, int64_t before_ns, int end)
{
	for (int i = (end < s->count ? end : s->count) - 1; i >= 0; i--)
		if (strcmp(s->list[i].name, name) == 0 && s->list[i].began_ns < before_ns &&
		    nightly_set_is_good(&s->list[i], label))
			return i;
	return -1;
}

char *nightly_set_runs(const char *path, char *buffer, size_t room)
{
	snprintf(buffer, room, "%s/study", path);
	return buffer;
}

const struct study_runs *nightly_set_conditions(struct nightly_set *set)
{
	char path[PATH_MAX];
	struct err e = { 0 };
	if (!set->runs && (set->runs = calloc(1, sizeof(*set->runs))) &&
	    study_read_any(set->runs, nightly_set_runs(set->path, path, sizeof(path)), &e) == 0)
		for (int i = 0; i < set->runs->count; i++) {
			struct study_run *run = &set->runs->runs[i];
			run->complete = run->complete && run->metrics;
			json_object_put(run->root);
			run->root = run->metrics = NULL;
		}
	return set->runs && set->runs->count ? set->runs : NULL;
}

static const struct study_run *next_complete(const struct study_runs *s, const char *label, int *at)
{
	for (; *at < s->count; (*at)++)
		if (s->runs[*at].complete && strcmp(s->runs[*at].point, label) == 0)
			return &s->runs[(*at)++];
	return NULL;
}

int nightly_runs_match(const struct study_runs *old, const struct study_runs *new, const char *label)
{
	int of_old = 0, of_new = 0;
	const struct study_run *first = next_complete(new, label, &of_new), *run = next_complete(old, label, &of_old);
	if (!first || !run)
		return -1;
	for (; run; run = next_complete(old, label, &of_old)) {
		struct condition_changes changes;
		conditions_compare(&changes, run, first);
		if (conditions_forbid(&changes, ""))
			return 0;
	}
	return 1;
}

/* ---- removal ---- */

/* A set that is being removed: no set any more, and found again if that is cut short. */
#define REMOVING ".removing-"

/* Those that an earlier night began to remove. */
static int removals_finish(const char *root, struct err *e)
{
	char path[PATH_MAX + 300];
	DIR *d = opendir(root);
	int result = 0;
	if (!d)
		return errno == ENOENT ? 0 : err_errno(e, EXIT_CANNOT, "cannot read '%s'", root);
	for (struct dirent *entry; (entry = readdir(d));) {
		if (strncmp(entry->d_name, REMOVING, strlen(REMOVING)) != 0)
			continue;
		snprintf(path, sizeof(path), "%s/%s", root, entry->d_name);
		if (tree_remove(path) < 0)
			result = err_errno(e, EXIT_CANNOT, "cannot remove '%s'", path);
	}
	closedir(d);
	return result;
}

static int set_remove(const char *path, struct err *e)
{
	char hidden[PATH_MAX + 32];
	const char *slash = strrchr(path, '/');
	snprintf(hidden, sizeof(hidden), "%.*s/" REMOVING "%s", (int)(slash - path), path, slash + 1);
	if (rename(path, hidden) < 0)
		return err_errno(e, EXIT_CANNOT, "cannot remove the old set '%s'", path);
	return tree_remove(hidden) < 0 ? err_errno(e, EXIT_CANNOT, "cannot remove '%s'", hidden) : 0;
}

int nightly_sets_trim(const struct nightly_sets *s, const char *root, const char *name, int keep, const char *stays,
                      struct err *e)
{
	int left = 0, removed = 0, result = removals_finish(root, e);
	for (int i = 0; i < s->count; i++)
		left += strcmp(s->list[i].name, name) == 0;
	for (int i = 0; i < s->count && left > keep; i++) {
		const struct nightly_set *set = &s->list[i];
		if (strcmp(set->name, name) != 0)
			continue;
		left--; /* one that must stay counts as one of the old, too */
		if (stays[i])
			continue;
		if (set_remove(set->path, e) < 0)
			result = -1;
		else
			removed++;
	}
	return result < 0 ? -1 : removed;
}
