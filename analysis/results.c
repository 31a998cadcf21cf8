#include "analysis/results.h"

#include "bench/base/err.h"

#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const results[] = { "metrics.csv", "metrics.json", "calibration*.csv", "calibration.json", NULL };
static const char *const plots[] = { "*.csv", "*.svg", "*.png", NULL };
static const char *const raw[] = { "manifest.json", "*.csv", "monitor.sqlite", "monitor.sqlite-wal",
	                           NULL }; /* but for results */

static int is_one_of(const char *name, const char *const patterns[])
{
	while (*patterns && fnmatch(*patterns, name, FNM_PERIOD) != 0)
		patterns++;
	return *patterns != NULL;
}

static int remove_from(const char *directory, const char *const patterns[], struct err *e)
{
	DIR *d = opendir(directory);
	int result = 0;
	for (struct dirent *entry; d && result == 0 && (entry = readdir(d));)
		if (is_one_of(entry->d_name, patterns) && unlinkat(dirfd(d), entry->d_name, 0) < 0)
			result = err_errno(e, EXIT_CANNOT, "cannot remove '%s/%s', which is of an earlier analysis",
			                   directory, entry->d_name);
	if (d)
		closedir(d);
	return result;
}

int results_remove(const char *directory, struct err *e)
{
	char path[4096 + 16];
	snprintf(path, sizeof(path), "%s/plots", directory);
	return remove_from(directory, results, e) < 0 || remove_from(path, plots, e) < 0 ? -1 : 0;
}

static int is_raw(const struct dirent *entry)
{
	return is_one_of(entry->d_name, raw) && !is_one_of(entry->d_name, results);
}

struct json_object *results_made_of(const char *directory)
{
	struct json_object *sizes = json_object_new_object();
	struct dirent **entries = NULL;
	int count = scandir(directory, &entries, is_raw, alphasort);
	for (int i = 0; i < count; i++) {
		char path[4096 + 300];
		struct stat st;
		snprintf(path, sizeof(path), "%s/%s", directory, entries[i]->d_name);
		if (stat(path, &st) == 0)
			json_object_object_add(sizes, entries[i]->d_name, json_object_new_int64(st.st_size));
		free(entries[i]);
	}
	free(entries);
	return sizes;
}
