#include "reports/study_view.h"

#include "analysis/study.h"
#include "bench/base/err.h"
#include "bench/base/json_file.h"
#include "reports/csv_table.h"

#include <dirent.h>
#include <json-c/json.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { VALUE_ROWS = 1000000 };

static int load_runs(struct study_view *v, struct err *e)
{
	struct dirent **entries = NULL;
	char path[sizeof(v->directory) + 300];
	int count = scandir(v->directory, &entries, study_is_run_folder, alphasort);
	v->runs = count < 0 ? NULL : calloc((size_t)count + 1, sizeof(*v->runs));
	for (int i = 0; i < count; i++) {
		snprintf(path, sizeof(path), "%s/%s/manifest.json", v->directory, entries[i]->d_name);
		int is_run = v->runs && access(path, R_OK) == 0;
		*strrchr(path, '/') = '\0';
		if (is_run && run_data_load(&v->runs[v->count], path, NULL) == 0)
			v->complete += strcmp(v->runs[v->count++].status, "complete") == 0;
		free(entries[i]);
	}
	free(entries);
	return v->runs ? 0 : err_errno(e, EXIT_CANNOT, "cannot read '%s'", v->directory);
}

static void copy_key(struct json_object *keys, const char *name, char *buffer, size_t room)
{
	struct json_object *value;
	if (json_object_object_get_ex(keys, name, &value))
		snprintf(buffer, room, "%s", json_object_get_string(value));
}

const struct paper *paper_find(const char *name)
{
	static const struct paper *const papers[] = { &kuno_paper,     &hirofuchi_paper, &sakurai_rtt_paper,
		                                      &openflow_paper, &groups_paper,    &reuse_paper,
		                                      &return_paper,   &visits_paper,    &cached_paper,
		                                      &shared_paper,   &reachable_paper, &waiting_paper };
	for (size_t i = 0; i < sizeof(papers) / sizeof(*papers); i++)
		if (strcmp(papers[i]->name, name) == 0)
			return papers[i];
	return NULL;
}

/* The further study that the paper's page shows too. */
static void load_beside(struct study_view *v)
{
	char absolute[PATH_MAX], path[PATH_MAX + 16]; /* of "." and "results/x/" */
	snprintf(path, sizeof(path), "%s-tuning", realpath(v->directory, absolute) ? absolute : v->directory);
	csv_table_load(&v->beside, path, "study.csv", VALUE_ROWS, NULL);
}

int study_view_load(struct study_view *v, const char *directory, struct err *e)
{
	memset(v, 0, sizeof(*v));
	snprintf(v->directory, sizeof(v->directory), "%s", directory);
	struct json_object *plan = json_file_read(directory, "plan.json"), *keys = NULL, *name;
	if (!plan)
		return err_set(e, EXIT_USAGE, "'%s' holds no study: it has no plan.json", directory);
	if (json_object_object_get_ex(plan, "keys", &keys)) {
		copy_key(keys, "experiment.compare", v->compare, sizeof(v->compare));
		copy_key(keys, "bisect.label", v->search_label, sizeof(v->search_label));
		copy_key(keys, "experiment.reference", v->reference, sizeof(v->reference));
	}
	if (json_object_object_get_ex(plan, "keys", &keys) &&
	    json_object_object_get_ex(keys, "experiment.study", &name))
		v->paper = paper_find(json_object_get_string(name));
	double planned = json_number(plan, "runs");
	if (!(planned > 0)) /* of before points had repeats of their own */
		planned = json_number(plan, "points") * json_number(plan, "repeats");
	v->planned = planned > 0 && planned < 1e6 ? (int)planned : 0;
	json_object_put(plan);
	csv_table_load(&v->claims, directory, "claims.csv", VALUE_ROWS, NULL);
	csv_table_load(&v->explanations, directory, "explanations.csv", VALUE_ROWS, NULL);
	csv_table_load(&v->tables, directory, "tables.csv", VALUE_ROWS, NULL);
	csv_table_load(&v->values, directory, "study.csv", VALUE_ROWS, NULL);
	if (v->paper && v->paper->beside_heading)
		load_beside(v);
	csv_table_load(&v->ranking, directory, "ranking.csv", VALUE_ROWS, NULL);
	csv_table_load(&v->boundary, directory, "boundary.csv", VALUE_ROWS, NULL);
	csv_table_load(&v->tried, directory, "tried.csv", VALUE_ROWS, NULL);
	return load_runs(v, e);
}

void study_view_free(struct study_view *v)
{
	for (int i = 0; i < v->count; i++)
		run_data_free(&v->runs[i]);
	free(v->runs);
	csv_table_free(v->claims);
	csv_table_free(v->explanations);
	csv_table_free(v->beside);
	csv_table_free(v->tables);
	csv_table_free(v->values);
	csv_table_free(v->ranking);
	csv_table_free(v->boundary);
	csv_table_free(v->tried);
	memset(v, 0, sizeof(*v));
}

static int vms_of(const struct run_data *run)
{
	struct json_object *vms = json_at(run->manifest, "vms");
	return json_object_is_type(vms, json_type_array) ? (int)json_object_array_length(vms) : 0;
}

static const char *workload_of(const struct run_data *run)
{
	struct json_object *list = json_at(run_vm_row(run, run_moved_vm(run)), "workloads");
	if (!json_object_is_type(list, json_type_array) || json_object_array_length(list) == 0)
		return "";
	return json_text(json_object_array_get_idx(list, 0), "name");
}

const struct run_data *study_view_run(const struct study_view *v, int vms, const char *workload, double bits_per_s)
{
	for (int i = 0; i < v->count; i++) {
		const struct run_data *run = &v->runs[i];
		if (strcmp(run->status, "complete") == 0 && vms_of(run) == vms &&
		    strcmp(workload_of(run), workload) == 0 && fabs(run_link_rate(run) - bits_per_s) < 1)
			return run;
	}
	return NULL;
}

int study_view_row(const struct study_view *v, const char *metric, const char *role, const char *estimator, int vms,
                   const char *workload, double bits_per_s)
{
	const struct csv_table *t = v->values;
	for (int i = 0; i < csv_table_rows(t); i++)
		if (strcmp(csv_table_text(t, i, "metric"), metric) == 0 &&
		    (!*role || strcmp(csv_table_text(t, i, "role"), role) == 0) &&
		    (!*estimator || strcmp(csv_table_text(t, i, "estimator"), estimator) == 0) &&
		    strcmp(csv_table_text(t, i, "workload"), workload) == 0 && csv_table_number(t, i, "vms") == vms &&
		    fabs(csv_table_number(t, i, "rate_bit_per_s") - bits_per_s) < 1)
			return i;
	return -1;
}

int study_point_row(const struct csv_table *t, const char *point, const char *metric, const char *estimator)
{
	for (int i = 0; i < csv_table_rows(t); i++)
		if (strcmp(csv_table_text(t, i, "metric"), metric) == 0 &&
		    strcmp(csv_table_text(t, i, "estimator"), estimator) == 0 &&
		    strcmp(csv_table_text(t, i, "point"), point) == 0)
			return i;
	return -1;
}

static int is_of_point(const struct run_data *run, const char *label)
{
	return strcmp(run->status, "complete") == 0 && strcmp(json_text(run->manifest, "point"), label) == 0;
}

/* Whether two runs of loops moved the same VMs the same ways, one after the other; runs without a loop do. */
static int moved_alike(const struct run_data *one, const struct run_data *other)
{
	static const char *const members[] = { "vm", "from", "to" };
	struct json_object *a = json_at(one->manifest, "consolidate.moves"),
			   *b = json_at(other->manifest, "consolidate.moves");
	size_t count = json_object_is_type(a, json_type_array) ? json_object_array_length(a) : 0;
	if ((json_object_is_type(b, json_type_array) ? json_object_array_length(b) : 0) != count)
		return 0;
	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; k < sizeof(members) / sizeof(*members); k++)
			if (strcmp(json_text(json_object_array_get_idx(a, i), members[k]),
			           json_text(json_object_array_get_idx(b, i), members[k])) != 0)
				return 0;
	return 1;
}

const struct run_data *study_view_point(const struct study_view *v, const char *label)
{
	const struct run_data *best = NULL;
	int most = 0;
	for (int i = 0; i < v->count; i++) {
		int alike = 0;
		if (!is_of_point(&v->runs[i], label))
			continue;
		for (int k = 0; k < v->count; k++)
			alike += is_of_point(&v->runs[k], label) && moved_alike(&v->runs[i], &v->runs[k]);
		if (alike > most) {
			best = &v->runs[i];
			most = alike;
		}
	}
	return best;
}

char *block_format(const char *block, char *buffer, size_t room)
{
	snprintf(buffer, room, "%s", block);
	for (char *c = buffer; *c; c++)
		if (*c == '=')
			*c = ' ';
	return buffer;
}

const struct run_data *study_view_any(const struct study_view *v)
{
	for (int i = 0; i < v->count; i++)
		if (strcmp(v->runs[i].status, "complete") == 0)
			return &v->runs[i];
	return NULL;
}
