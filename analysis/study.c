#include "analysis/study.h"

#include "analysis/json_field.h"
#include "analysis/metrics.h"
#include "bench/base/err.h"
#include "bench/base/json_file.h"
#include "bench/base/quantity.h"

#include <dirent.h>
#include <json-c/json.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int study_is(const char *directory)
{
	char path[4096 + 16];
	snprintf(path, sizeof(path), "%s/plan.json", directory);
	return access(path, R_OK) == 0;
}

/* The workload of the VM that moves; a run without one says that of its first VM. */
static void read_vms(struct study_run *run, struct json_object *manifest)
{
	struct json_object *vms = json_array_at(manifest, "/vms");
	run->vms = vms ? (int)json_object_array_length(vms) : 0;
	for (int i = run->vms - 1; i >= 0; i--) {
		struct json_object *vm = json_object_array_get_idx(vms, (size_t)i);
		if (i == 0 || strcmp(json_text_at(vm, "/role"), "migrating") == 0)
			snprintf(run->workload, sizeof(run->workload), "%s", json_text_at(vm, "/workloads/0/name"));
		if (strcmp(json_text_at(vm, "/role"), "migrating") == 0)
			break;
	}
}

/* Whether it lost a VM, as its facts say, or its reason: of a guest that ended, that a failed switch left nowhere, or that found
 * its memory changed. */
static int has_lost(struct json_object *manifest)
{
	static const char *const moves[] = { "/consolidate/moves", "/group/moves" };
	static const char *const words[] = { "ended unexpectedly on node", "the VM is lost",
		                             "of its memory has changed", "Kernel panic" };
	int lost = strcmp(json_text_at(manifest, "/migration/vm_lost"), "true") == 0;
	for (size_t i = 0; i < sizeof(moves) / sizeof(*moves); i++) {
		struct json_object *list = json_array_at(manifest, moves[i]);
		for (size_t k = 0; list && k < json_object_array_length(list); k++)
			lost |= strcmp(json_text_at(json_object_array_get_idx(list, k), "/vm_lost"), "true") == 0;
	}
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		lost |= strstr(json_text_at(manifest, "/reason"), words[i]) != NULL;
	return lost;
}

int study_label_split(const char *label, const char *word, char *block, size_t block_room, char *member,
                      size_t member_room)
{
	size_t length = strlen(word), used = 0;
	int found = 0;
	block[0] = member[0] = '\0';
	for (const char *at = label; *at; at += strspn(at, " ")) {
		size_t size = strcspn(at, " ");
		if (size > length && strncmp(at, word, length) == 0 && at[length] == '=') {
			snprintf(member, member_room, "%.*s", (int)(size - length - 1), at + length + 1);
			found = 1;
		} else if (used < block_room) {
			used += (size_t)snprintf(block + used, block_room - used, "%s%.*s", used ? " " : "",
			                         (int)size, at);
		}
		at += size;
	}
	return found;
}

int study_run_read(struct study_run *run, const char *folder)
{
	memset(run, 0, sizeof(*run));
	snprintf(run->directory, sizeof(run->directory), "%s", folder);
	struct json_object *manifest = json_file_read(run->directory, "manifest.json");
	if (!manifest)
		return -1;
	const char *repeat = json_text_at(manifest, "/repeat");
	snprintf(run->point, sizeof(run->point), "%s", json_text_at(manifest, "/point"));
	run->repeat = *repeat ? atol(repeat) : 1;
	run->rate_bits_per_s = MISSING;
	run->rtt_ns = MISSING;
	rate_parse(json_text_at(manifest, "/link/asked/rate"), &run->rate_bits_per_s, NULL);
	duration_parse(json_text_at(manifest, "/link/asked/rtt"), &run->rtt_ns, NULL);
	read_vms(run, manifest);
	snprintf(run->status, sizeof(run->status), "%s", json_text_at(manifest, "/status"));
	snprintf(run->reason, sizeof(run->reason), "%s", json_text_at(manifest, "/reason"));
	snprintf(run->explains, sizeof(run->explains), "%s", json_text_at(manifest, "/config/experiment/explains"));
	snprintf(run->cause, sizeof(run->cause), "%s", json_text_at(manifest, "/config/experiment/cause"));
	run->complete = strcmp(run->status, "complete") == 0;
	run->lost = has_lost(manifest);
	json_object_put(manifest);
	if (run->complete) {
		run->root = json_file_read(run->directory, "metrics.json");
		run->metrics = json_array_at(run->root, "/metrics");
		if (run->metrics && json_object_array_length(run->metrics) == 0) /* it could not be analysed */
			run->metrics = NULL;
	}
	return 0;
}

void study_run_free(struct study_run *run)
{
	json_object_put(run->root);
	memset(run, 0, sizeof(*run));
}

int study_is_run_folder(const struct dirent *entry)
{
	return entry->d_name[0] != '.' && !strstr(entry->d_name, ".interrupted-") &&
	       !strstr(entry->d_name, ".redone-");
}

/* Fractions as a config has them; the defaults are those of the keys. */
static void read_search(struct json_object *plan, struct bisect_range *range)
{
	static const char *const paths[] = { "/keys/bisect.from", "/keys/bisect.to", "/keys/bisect.until" };
	double values[] = { 0.1, 2, 0.05 };
	if (!*json_text_at(plan, "/keys/bisect.key"))
		return;
	for (int i = 0; i < 3; i++)
		fraction_parse(json_text_at(plan, paths[i]), &values[i], NULL);
	*range = (struct bisect_range){ values[0], values[1], values[2] };
}

static void copy_key(struct json_object *plan, const char *path, char *buffer, size_t room)
{
	snprintf(buffer, room, "%s", json_text_at(plan, path));
}

/* Every folder below that holds a run. */
static int read_runs(struct study_runs *ret, const char *directory, struct err *e)
{
	struct dirent **entries = NULL;
	int count = scandir(directory, &entries, study_is_run_folder, alphasort);
	ret->runs = count < 0 ? NULL : calloc((size_t)count + 1, sizeof(*ret->runs));
	for (int i = 0; i < count; i++) {
		char folder[4096 + 256];
		snprintf(folder, sizeof(folder), "%.4000s/%s", directory, entries[i]->d_name);
		if (ret->runs && study_run_read(&ret->runs[ret->count], folder) == 0) {
			long repeat = ret->runs[ret->count++].repeat;
			ret->repeats = repeat > ret->repeats ? repeat : ret->repeats;
		}
		free(entries[i]);
	}
	free(entries);
	return ret->runs ? 0 : err_errno(e, EXIT_CANNOT, "cannot read '%s'", directory);
}

int study_read(struct study_runs *ret, const char *directory, struct err *e)
{
	memset(ret, 0, sizeof(*ret));
	struct json_object *plan = json_file_read(directory, "plan.json");
	if (!plan)
		return err_set(e, EXIT_USAGE, "'%s' holds no study: it has no plan.json", directory);
	copy_key(plan, "/keys/experiment.study", ret->paper, sizeof(ret->paper));
	copy_key(plan, "/keys/experiment.compare", ret->compare, sizeof(ret->compare));
	copy_key(plan, "/keys/experiment.reference", ret->reference, sizeof(ret->reference));
	copy_key(plan, "/keys/experiment.sort", ret->sort, sizeof(ret->sort));
	read_search(plan, &ret->search);
	json_object_put(plan);
	return read_runs(ret, directory, e);
}

int study_read_any(struct study_runs *ret, const char *directory, struct err *e)
{
	if (study_is(directory))
		return study_read(ret, directory, e);
	memset(ret, 0, sizeof(*ret));
	if (access(directory, R_OK | X_OK) < 0)
		return err_errno(e, EXIT_USAGE, "cannot read '%s'", directory);
	if (!(ret->runs = calloc(1, sizeof(*ret->runs))))
		return err_errno(e, EXIT_CANNOT, "cannot read '%s'", directory);
	if (study_run_read(&ret->runs[0], directory) == 0) {
		ret->count = 1;
		return 0;
	}
	free(ret->runs);
	if (read_runs(ret, directory, e) < 0)
		return -1;
	return ret->count ? 0
	                  : err_set(e, EXIT_USAGE, "'%s' holds no run: expected a run, a study or a folder of runs",
	                            directory);
}

void study_runs_free(struct study_runs *s)
{
	for (int i = 0; i < s->count; i++)
		study_run_free(&s->runs[i]);
	free(s->runs);
	memset(s, 0, sizeof(*s));
}

/* Its row of metrics.json, NULL: none. */
static struct json_object *find_row(const struct study_run *run, const char *metric, const char *vm, const char *role,
                                    const char *estimator)
{
	size_t count = run->metrics ? json_object_array_length(run->metrics) : 0;
	const char *of = strcmp(vm, STUDY_NO_VM) == 0 ? "" : vm;
	for (size_t i = 0; i < count; i++) {
		struct json_object *row = json_object_array_get_idx(run->metrics, i);
		if (strcmp(json_text_at(row, "/metric"), metric) == 0 &&
		    (!*vm || strcmp(json_text_at(row, "/vm"), of) == 0) &&
		    (!*role || strcmp(json_text_at(row, "/role"), role) == 0) &&
		    (!*estimator || strcmp(json_text_at(row, "/estimator"), estimator) == 0))
			return row;
	}
	return NULL;
}

static int same_value(struct json_object *a, struct json_object *b)
{
	static const char *const names[] = { "/metric", "/vm", "/role", "/estimator" };
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (strcmp(json_text_at(a, names[i]), json_text_at(b, names[i])) != 0)
			return 0;
	return 1;
}

struct json_object *study_run_row_like(const struct study_run *run, struct json_object *like, size_t place)
{
	size_t count = run->metrics ? json_object_array_length(run->metrics) : 0;
	for (size_t i = 0; i < count; i++) {
		struct json_object *row = json_object_array_get_idx(run->metrics, (i + place) % count);
		if (same_value(row, like))
			return row;
	}
	return NULL;
}

static double row_value(const struct study_run *run, struct json_object *row, char *reason, size_t room)
{
	struct json_object *value;
	if (row && json_object_object_get_ex(row, "value", &value) && value)
		return json_object_get_double(value);
	if (reason)
		snprintf(reason, room, "%s",
		         row                                   ? json_text_at(row, "/reason")
		         : *json_text_at(run->root, "/reason") ? json_text_at(run->root, "/reason")
		                                               : "the run has none");
	return NAN;
}

double study_run_value(const struct study_run *run, const char *metric, const char *role, const char *estimator,
                       char *reason, size_t room)
{
	return row_value(run, find_row(run, metric, "", role, estimator), reason, room);
}

int study_has_point(const struct study_runs *s, int count, const char *point)
{
	for (int i = 0; i < count; i++)
		if (strcmp(s->runs[i].point, point) == 0)
			return 1;
	return 0;
}

int study_run_disturbed(const struct study_run *run)
{
	struct json_object *warnings = json_array_at(run->root, "/warnings");
	for (size_t i = 0; warnings && i < json_object_array_length(warnings); i++)
		if (strstr(json_object_get_string(json_object_array_get_idx(warnings, i)), METRICS_DISTURBED))
			return 1;
	return 0;
}

int study_run_never_converged(const struct study_run *run)
{
	return study_run_value(run, "converged", "", "", NULL, 0) == 0;
}

const char *study_run_caution(const struct study_run *run, const char *metric, const char *estimator)
{
	return json_text_at(find_row(run, metric, "", "", estimator), "/reason");
}

const char *study_run_unit(const struct study_run *run, const char *metric, const char *estimator)
{
	return json_text_at(find_row(run, metric, "", "", estimator), "/unit");
}

/* Whether one of the label's words is NAME=MEMBER. */
static int has_member(const char *label, const char *member)
{
	size_t length = strlen(member);
	for (const char *at = label; *at; at += strcspn(at, " "), at += strspn(at, " ")) {
		size_t size = strcspn(at, " "), name = strcspn(at, "=");
		if (name < size && size - name - 1 == length && strncmp(at + name + 1, member, length) == 0)
			return 1;
	}
	return 0;
}

/* The same of each of several, "1+yes". */
static int has_members(const char *label, const char *members)
{
	for (const char *at = members; *at; at += strcspn(at, "+"), at += *at == '+') {
		char member[RUN_NAME_ROOM];
		snprintf(member, sizeof(member), "%.*s", (int)strcspn(at, "+"), at);
		if (!has_member(label, member))
			return 0;
	}
	return 1;
}

int study_run_is(const struct study_run *run, const struct study_key *key)
{
	return has_members(run->point, key->point) && (!key->vms || run->vms == key->vms) &&
	       (key->rate_bits_per_s == MISSING || run->rate_bits_per_s == key->rate_bits_per_s) &&
	       (key->rtt_ns == MISSING || run->rtt_ns == key->rtt_ns) &&
	       (!*key->workload || strcmp(run->workload, key->workload) == 0);
}

/* "1 VM, intadd, 100 Mbit/s", with only what the key says. */
static char *key_format(const struct study_key *key, char *buffer, size_t room)
{
	char vms[32] = "", rate[32] = "", rtt[32] = "", way[48] = "";
	if (key->vms)
		snprintf(vms, sizeof(vms), "%d VM%s", key->vms, key->vms == 1 ? "" : "s");
	if (key->rate_bits_per_s != MISSING)
		rate_format(key->rate_bits_per_s, rate, sizeof(rate));
	if (key->rtt_ns != MISSING)
		snprintf(way, sizeof(way), "RTT %s", duration_format(key->rtt_ns, rtt, sizeof(rtt)));
	const char *const words[] = { key->point, vms, key->workload, rate, way };
	size_t used = 0;
	buffer[0] = '\0';
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (*words[i] && used < room)
			used += (size_t)snprintf(buffer + used, room - used, "%s%s", used ? ", " : "", words[i]);
	return buffer;
}

double study_value(const struct study_runs *s, const struct study_key *key, long repeat, char *reason, size_t room)
{
	char unseen[2], which[256], why[300] = "";
	const char *ended = "";
	int there = 0, begun = 0;
	if (!reason) {
		reason = unseen;
		room = sizeof(unseen);
	}
	for (int i = 0; i < s->count; i++) {
		const struct study_run *run = &s->runs[i];
		if (!study_run_is(run, key))
			continue;
		there = 1;
		begun |= run->repeat == repeat;
		if (run->repeat == repeat && !run->complete)
			ended = run->reason;
		if (!run->complete || run->repeat != repeat)
			continue;
		double value = row_value(run, find_row(run, key->metric, key->vm, key->role, key->estimator), why,
		                         sizeof(why));
		if (isnan(value))
			snprintf(reason, room, "%s of %s: %s", key->metric,
			         *key->vm && strcmp(key->vm, STUDY_NO_VM) != 0 ? key->vm
			         : *key->role                                  ? key->role
			                                                       : "the run",
			         why);
		return value;
	}
	key_format(key, which, sizeof(which));
	if (there && !begun) /* it has fewer */
		reason[0] = '\0';
	else if (there)
		snprintf(reason, room, "repeat %ld has no complete run of %s%s%s", repeat, which, *ended ? ": " : "",
		         ended);
	else
		snprintf(reason, room, STUDY_NO_RUN " %s", which);
	return NAN;
}
