#include "bench/nightly_sets.h"

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

/* 1: the folder is a set. A link to one is none: it is another's. */
static int set_read(struct nightly_set *ret, const char *root, const char *entry)
{
	struct stat st;
	snprintf(ret->path, sizeof(ret->path), "%.3800s/%.255s", root, entry);
	if (entry[0] == '.' || lstat(ret->path, &st) < 0 || !S_ISDIR(st.st_mode))
		return 0;
	struct json_object *doc = json_file_read(ret->path, NIGHT_FILE);
	int is = strcmp(json_text_at(doc, "/kind"), NIGHT_KIND) == 0;
	snprintf(ret->name, sizeof(ret->name), "%s", json_text_at(doc, "/name"));
	ret->began_ns = atoll(json_text_at(doc, "/began_ns"));
	ret->verdict = night_verdict_find(json_text_at(doc, "/verdict"));
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
	free(s->list);
	*s = (struct nightly_sets){ 0 };
}

const struct nightly_set *nightly_sets_baseline(const struct nightly_sets *s, const char *name, int64_t before_ns)
{
	for (int i = s->count - 1; i >= 0; i--) {
		const struct nightly_set *set = &s->list[i];
		if (strcmp(set->name, name) == 0 && set->began_ns < before_ns && set->verdict >= 0 &&
		    night_is_good(set->verdict))
			return set;
	}
	return NULL;
}

char *nightly_set_runs(const char *path, char *buffer, size_t room)
{
	snprintf(buffer, room, "%s/study", path);
	return buffer;
}

/* Whether a folder is the set, or in it. */
static int holds(const struct nightly_set *set, const char *folder)
{
	char path[PATH_MAX];
	size_t length = strlen(set->path);
	if (!folder[0] || !realpath(folder, path))
		return 0;
	return strncmp(path, set->path, length) == 0 && (!path[length] || path[length] == '/');
}

int nightly_sets_trim(const struct nightly_sets *s, const char *name, int keep, const char *kept, struct err *e)
{
	const struct nightly_set *good = nightly_sets_baseline(s, name, INT64_MAX);
	int left = 0, removed = 0, result = 0;
	for (int i = 0; i < s->count; i++)
		left += strcmp(s->list[i].name, name) == 0;
	for (int i = 0; i < s->count && left > keep; i++) {
		const struct nightly_set *set = &s->list[i];
		if (strcmp(set->name, name) != 0)
			continue;
		left--; /* one that must stay counts as one of the old, too */
		if (set == good || holds(set, kept))
			continue;
		if (tree_remove(set->path) < 0)
			result = err_errno(e, EXIT_CANNOT, "cannot remove the old set '%s'", set->path);
		else
			removed++;
	}
	return result < 0 ? -1 : removed;
}
