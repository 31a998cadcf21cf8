#include "analysis/study.h"

#include "bench/base/err.h"
#include "bench/base/quantity.h"

#include <dirent.h>
#include <json-c/json.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct json_object *load(const char *directory, const char *name)
{
	char path[4096 + 512];
	snprintf(path, sizeof(path), "%s/%s", directory, name);
	return access(path, R_OK) == 0 ? json_object_from_file(path) : NULL;
}

/* The member at a JSON pointer as text, "" when there is none. */
static const char *text_at(struct json_object *object, const char *path)
{
	struct json_object *found = NULL;
	return object && json_pointer_get(object, path, &found) == 0 && found ? json_object_get_string(found) : "";
}

static struct json_object *array_at(struct json_object *object, const char *path)
{
	struct json_object *found = NULL;
	if (!object || json_pointer_get(object, path, &found) < 0 || !json_object_is_type(found, json_type_array))
		return NULL;
	return found;
}

int study_is(const char *directory)
{
	char path[4096 + 16];
	snprintf(path, sizeof(path), "%s/plan.json", directory);
	return access(path, R_OK) == 0;
}

/* The workload of the VM that moves; a run without one says that of its first VM. */
static void read_vms(struct study_run *run, struct json_object *manifest)
{
	struct json_object *vms = array_at(manifest, "/vms");
	run->vms = vms ? (int)json_object_array_length(vms) : 0;
	for (int i = run->vms - 1; i >= 0; i--) {
		struct json_object *vm = json_object_array_get_idx(vms, (size_t)i);
		if (i == 0 || strcmp(text_at(vm, "/role"), "migrating") == 0)
			snprintf(run->workload, sizeof(run->workload), "%s", text_at(vm, "/workloads/0/name"));
		if (strcmp(text_at(vm, "/role"), "migrating") == 0)
			break;
	}
}

static int read_run(struct study_run *run, const char *directory, const char *name)
{
	snprintf(run->directory, sizeof(run->directory), "%s/%s", directory, name);
	struct json_object *manifest = load(run->directory, "manifest.json");
	if (!manifest)
		return -1;
	const char *repeat = text_at(manifest, "/repeat");
	snprintf(run->point, sizeof(run->point), "%s", text_at(manifest, "/point"));
	run->repeat = *repeat ? atol(repeat) : 1;
	run->rate_bits_per_s = MISSING;
	rate_parse(text_at(manifest, "/link/asked/rate"), &run->rate_bits_per_s, NULL);
	read_vms(run, manifest);
	snprintf(run->status, sizeof(run->status), "%s", text_at(manifest, "/status"));
	snprintf(run->reason, sizeof(run->reason), "%s", text_at(manifest, "/reason"));
	run->complete = strcmp(run->status, "complete") == 0;
	json_object_put(manifest);
	if (run->complete) {
		run->root = load(run->directory, "metrics.json");
		run->metrics = array_at(run->root, "/metrics");
	}
	return 0;
}

/* Folders of interrupted runs are no runs of the study. */
static int is_run_folder(const struct dirent *entry)
{
	return entry->d_name[0] != '.' && !strstr(entry->d_name, ".interrupted-");
}

static void copy_key(struct json_object *plan, const char *path, char *buffer, size_t room)
{
	snprintf(buffer, room, "%s", text_at(plan, path));
}

int study_read(struct study_runs *ret, const char *directory, struct err *e)
{
	struct dirent **entries = NULL;
	memset(ret, 0, sizeof(*ret));
	struct json_object *plan = load(directory, "plan.json");
	if (!plan)
		return err_set(e, EXIT_USAGE, "'%s' holds no study: it has no plan.json", directory);
	copy_key(plan, "/keys/experiment.study", ret->paper, sizeof(ret->paper));
	copy_key(plan, "/keys/experiment.compare", ret->compare, sizeof(ret->compare));
	copy_key(plan, "/keys/experiment.reference", ret->reference, sizeof(ret->reference));
	copy_key(plan, "/keys/experiment.sort", ret->sort, sizeof(ret->sort));
	json_object_put(plan);
	int count = scandir(directory, &entries, is_run_folder, alphasort);
	ret->runs = count < 0 ? NULL : calloc((size_t)count + 1, sizeof(*ret->runs));
	for (int i = 0; i < count; i++) {
		if (ret->runs && read_run(&ret->runs[ret->count], directory, entries[i]->d_name) == 0) {
			long repeat = ret->runs[ret->count++].repeat;
			ret->repeats = repeat > ret->repeats ? repeat : ret->repeats;
		}
		free(entries[i]);
	}
	free(entries);
	return ret->runs ? 0 : err_errno(e, EXIT_CANNOT, "cannot read '%s'", directory);
}

void study_runs_free(struct study_runs *s)
{
	for (int i = 0; i < s->count; i++)
		json_object_put(s->runs[i].root);
	free(s->runs);
	memset(s, 0, sizeof(*s));
}

double study_run_value(const struct study_run *run, const char *metric, const char *role, const char *estimator,
                       char *reason, size_t room)
{
	char unseen[2];
	if (!reason) {
		reason = unseen;
		room = sizeof(unseen);
	}
	size_t count = run->metrics ? json_object_array_length(run->metrics) : 0;
	for (size_t i = 0; i < count; i++) {
		struct json_object *row = json_object_array_get_idx(run->metrics, i), *value;
		if (strcmp(text_at(row, "/metric"), metric) != 0 ||
		    (*role && strcmp(text_at(row, "/role"), role) != 0) ||
		    (*estimator && strcmp(text_at(row, "/estimator"), estimator) != 0))
			continue;
		if (json_object_object_get_ex(row, "value", &value) && value)
			return json_object_get_double(value);
		snprintf(reason, room, "%s", text_at(row, "/reason"));
		return NAN;
	}
	snprintf(reason, room, "the run has none");
	return NAN;
}

double study_value(const struct study_runs *s, const struct study_key *key, long repeat, char *reason, size_t room)
{
	char unseen[2], rate[64], why[300] = "";
	if (!reason) {
		reason = unseen;
		room = sizeof(unseen);
	}
	for (int i = 0; i < s->count; i++) {
		const struct study_run *run = &s->runs[i];
		if (!run->complete || run->repeat != repeat || run->vms != key->vms ||
		    run->rate_bits_per_s != key->rate_bits_per_s || strcmp(run->workload, key->workload) != 0)
			continue;
		double value = study_run_value(run, key->metric, key->role, key->estimator, why, sizeof(why));
		if (isnan(value))
			snprintf(reason, room, "%s of %s: %s", key->metric, key->role, why);
		return value;
	}
	snprintf(reason, room, "repeat %ld has no complete run of %d VM%s, %s, %s", repeat, key->vms,
	         key->vms == 1 ? "" : "s", key->workload, rate_format(key->rate_bits_per_s, rate, sizeof(rate)));
	return NAN;
}
