#include "bench/experiment/run_directory.h"

#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "bench/base/field_text.h"
#include "bench/base/json_file.h"
#include "bench/base/series.h"
#include "revision.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int directory_make(const char *path, struct err *e)
{
	char part[512];
	snprintf(part, sizeof(part), "%s", path);
	for (char *slash = part + 1;; slash++) {
		slash = strchr(slash, '/');
		if (slash)
			*slash = '\0';
		if (mkdir(part, 0755) < 0 && errno != EEXIST)
			return err_errno(e, EXIT_USAGE, "cannot create folder '%s'", part);
		if (!slash)
			return 0;
		*slash = '/';
	}
}

static int is_empty(const char *path)
{
	DIR *d = opendir(path);
	int entries = 0;
	if (!d)
		return 0;
	while (entries < 3 && readdir(d))
		entries++;
	closedir(d);
	return entries < 3;
}

static int file_copy(const char *from, const char *directory, const char *name, struct err *e)
{
	char path[600], chunk[8192];
	int in = open(from, O_RDONLY | O_CLOEXEC);
	if (in < 0)
		return err_errno(e, EXIT_USAGE, "cannot read '%s'", from);
	snprintf(path, sizeof(path), "%s/%s", directory, name);
	int out = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	ssize_t n = 0;
	while (out >= 0 && (n = read(in, chunk, sizeof(chunk))) > 0)
		if (write(out, chunk, (size_t)n) != n) {
			n = -1;
			break;
		}
	int bad = out < 0 || n < 0;
	if (bad)
		err_errno(e, EXIT_CANNOT, "cannot write '%s'", path);
	if (out >= 0)
		close(out);
	close(in);
	return bad ? -1 : 0;
}

/* One reading of both clocks, as close together as can be had. */
static void clock_pair_add(struct run_directory *d)
{
	struct json_object *pairs, *pair = json_object_new_object();
	if (!json_object_object_get_ex(d->manifest, "clock_pairs", &pairs)) {
		pairs = json_object_new_array();
		json_object_object_add(d->manifest, "clock_pairs", pairs);
	}
	int64_t before = clock_now_ns(), wall = clock_wall_ns(), after = clock_now_ns();
	json_object_object_add(pair, "head_ns", json_object_new_int64(before + (after - before) / 2));
	json_object_object_add(pair, "wall_ns", json_object_new_int64(wall));
	json_object_object_add(pair, "error_ns", json_object_new_int64((after - before) / 2));
	json_object_array_add(pairs, pair);
}

int run_directory_create(struct run_directory *d, const char *path, const char *config_path, struct err *e)
{
	memset(d, 0, sizeof(*d));
	snprintf(d->path, sizeof(d->path), "%s", path);
	if (access(path, F_OK) == 0 && !is_empty(path))
		return err_set(e, EXIT_USAGE, "results folder '%s' is not empty: give another with -o, or remove it",
		               path);
	if (directory_make(path, e) < 0 || file_copy(config_path, path, "config.conf", e) < 0)
		return -1;
	if (series_create(&d->events, path, "events.csv", "head_ns,vm,node,event,detail", e) < 0)
		return -1;
	d->manifest = json_object_new_object();
	json_object_object_add(d->manifest, "format", json_object_new_int(RUN_FORMAT));
	json_object_object_add(d->manifest, "status", json_object_new_string("running"));
	json_object_object_add(d->manifest, "reason", json_object_new_string(""));
	json_object_object_add(d->manifest, "version", json_object_new_string(MIGMETER_VERSION));
	json_object_object_add(d->manifest, "revision",
	                       json_object_new_string(MIGMETER_REVISION[0] ? MIGMETER_REVISION : "missing"));
	clock_pair_add(d);
	return 0;
}

void run_directory_event(struct run_directory *d, int64_t head_ns, const char *vm, const char *node,
                         const char *event, const char *detail)
{
	char quoted[2048];
	series_row(d->events, "%lld,%s,%s,%s,%s", (long long)head_ns, vm ? vm : "", node ? node : "", event,
	           field_text_copy(detail ? detail : "", quoted, sizeof(quoted)));
	series_flush(d->events); /* events are few, and the first thing looked at after a crash */
}

void run_directory_set(struct run_directory *d, const char *path, struct json_object *value)
{
	struct json_object *at = d->manifest, *next;
	char part[64];
	for (const char *dot; (dot = strchr(path, '.')); path = dot + 1) {
		snprintf(part, sizeof(part), "%.*s", (int)(dot - path), path);
		if (!json_object_object_get_ex(at, part, &next)) {
			next = json_object_new_object();
			json_object_object_add(at, part, next);
		}
		at = next;
	}
	json_object_object_add(at, path, value);
}

int run_directory_save(struct run_directory *d, struct err *e)
{
	return json_file_write(d->path, "manifest.json", d->manifest, e);
}

int run_directory_finish(struct run_directory *d, const char *status, const char *reason, struct err *e)
{
	clock_pair_add(d);
	int result = series_close(d->events, e);
	json_object_object_add(d->manifest, "status", json_object_new_string(result < 0 ? "failed" : status));
	json_object_object_add(d->manifest, "reason", json_object_new_string(result < 0 && e ? e->text : reason));
	if (run_directory_save(d, e) < 0)
		result = -1;
	json_object_put(d->manifest);
	d->manifest = NULL;
	d->events = NULL;
	return result;
}

int run_directory_status(const char *path, char *buffer, size_t room)
{
	struct json_object *manifest = json_file_read(path, "manifest.json"), *status;
	if (!manifest)
		return -1;
	snprintf(buffer, room, "%s",
	         json_object_object_get_ex(manifest, "status", &status) ? json_object_get_string(status) : "unknown");
	json_object_put(manifest);
	return 0;
}
