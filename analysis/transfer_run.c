#include "analysis/transfer_run.h"

#include "analysis/json_field.h"
#include "analysis/study.h"
#include "bench/base/err.h"
#include "bench/base/quantity.h"

#include <json-c/json.h>
#include <json-c/json_pointer.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct json_object *at(struct json_object *object, const char *path)
{
	struct json_object *value = NULL;
	return object && json_pointer_get(object, path, &value) == 0 ? value : NULL;
}

/* The VM that moves; NULL: none. */
static struct json_object *moving(struct json_object *manifest)
{
	struct json_object *list = json_array_at(manifest, "/vms");
	size_t count = list ? json_object_array_length(list) : 0;
	for (size_t i = 0; i < count; i++) {
		struct json_object *vm = json_object_array_get_idx(list, i);
		if (strcmp(json_text_at(vm, "/role"), "migrating") == 0)
			return vm;
	}
	return NULL;
}

/* Whether it has that workload, beside others or alone. */
static int does(struct json_object *vm, const char *workload)
{
	struct json_object *list = json_array_at(vm, "/workloads");
	for (size_t i = 0; list && i < json_object_array_length(list); i++)
		if (strcmp(json_text_at(json_object_array_get_idx(list, i), "/name"), workload) == 0)
			return 1;
	return 0;
}

/* What keeps a run from being a plain pre-copy of a VM's memory over the link alone; "": nothing. */
static const char *not_plain(struct json_object *manifest, struct json_object *vm, char *why, size_t room)
{
	struct json_object *features = at(manifest, "/features/asked");
	int64_t bytes;
	double loss;
	if (strcmp(json_text_at(manifest, "/config/migration/mode"), "precopy") != 0)
		return "it is no pre-copy migration";
	if (strcmp(json_text_at(vm, "/memory_fill"), "random") != 0)
		return "the VM's memory was not filled: what of it is used is not known";
	if (features && json_object_is_type(features, json_type_object)) {
		json_object_object_foreach(features, key, value)
		{
			(void)value;
			if (strcmp(key, "peer2peer") == 0)
				continue;
			snprintf(why, room, "migration.%s was asked for: the model is of pre-copy without features",
			         key);
			return why;
		}
	}
	if (size_parse(json_text_at(manifest, "/config/migration/bandwidth"), &bytes, NULL) == 0 && bytes > 0)
		return "migration.bandwidth held it below the link's rate";
	if (strcmp(json_text_at(manifest, "/config/migration/reuse"), "yes") == 0)
		return "relays sent less than the VM's memory (migration.reuse)";
	if (strcmp(json_text_at(manifest, "/config/migration/stream"), "yes") == 0)
		return "its stream went through a relay (migration.stream)";
	if (fraction_parse(json_text_at(manifest, "/config/link/loss"), &loss, NULL) == 0 && loss > 0)
		return "the link lost frames, and what that costs is in no term of the model (link.loss)";
	if (duration_parse(json_text_at(manifest, "/config/fault/cut"), &bytes, NULL) == 0 && bytes > 0)
		return "the link was cut meanwhile (fault.cut)";
	if (strcmp(json_text_at(manifest, "/config/link/topology"), "shared") == 0 &&
	    strcmp(json_text_at(manifest, "/config/storage/kind"), "iscsi") == 0)
		return "its storage was on the same link (link.topology)";
	return "";
}

/* The link as it was found to be: of its rate as much as of the goodput that an ideal one has. */
static const char *take_link(struct transfer_run *r, struct json_object *manifest)
{
	struct json_object *goodput = at(manifest, "/link/measured/goodput_bits_per_s"),
			   *ideal = at(manifest, "/link/measured/ideal_bits_per_s"),
			   *rtt = at(manifest, "/link/measured/rtt_p50_ns");
	int64_t rate;
	if (rate_parse(json_text_at(manifest, "/config/link/rate"), &rate, NULL) < 0 || rate == 0)
		return "the link had no rate of its own";
	if (!json_object_is_type(goodput, json_type_double) && !json_object_is_type(goodput, json_type_int))
		return "the link's rate was not measured";
	if (!json_object_is_type(rtt, json_type_int) || !(json_object_get_double(ideal) > 0))
		return "the link's round trip was not measured";
	r->rate_bits_per_s = (double)rate * json_object_get_double(goodput) / json_object_get_double(ideal);
	r->rtt_ns = json_object_get_double(rtt);
	snprintf(r->tcp, sizeof(r->tcp), "link.tcp_buffer %.40s, congestion control %.20s",
	         json_text_at(manifest, "/config/link/tcp_buffer"),
	         json_text_at(manifest, "/link/tcp/congestion_control"));
	return r->rate_bits_per_s > 0 ? "" : "nothing came through when the link was measured";
}

static const char *take_asked(struct transfer_run *r, struct json_object *manifest, char *why, size_t room)
{
	struct json_object *vm = moving(manifest);
	if (!vm)
		return "no VM migrates by itself";
	const char *reason = not_plain(manifest, vm, why, room);
	if (!reason[0])
		reason = take_link(r, manifest);
	if (reason[0])
		return reason;
	r->used_bytes = json_object_get_double(at(vm, "/memory_bytes"));
	if (at(vm, "/spare_bytes"))
		r->used_bytes -= json_object_get_double(at(vm, "/spare_bytes"));
	return r->used_bytes > 0 ? "" : "the VM's memory is not known";
}

static const char *take_found(struct transfer_run *r, const struct study_run *run, struct json_object *vm, char *why,
                              size_t room)
{
	static const char dirties[] = "memdirty";
	if (!run->complete)
		return "the run is not complete";
	if (study_run_value(run, "converged", "", "", NULL, 0) < 0.5)
		return "it never converged";
	r->time_s = study_run_value(run, "migration_time", "migrating", "completion", why, room) / 1e9;
	if (isnan(r->time_s))
		return why;
	r->lost_s = study_run_value(run, "lost_work", "migrating", "", why, room);
	if (isnan(r->lost_s))
		return why;
	r->dirty_per_s =
		does(vm, dirties) ? study_run_value(run, "baseline_rate", "migrating", dirties, why, room) : 0;
	return isnan(r->dirty_per_s) ? why : "";
}

static int take(const char *directory, const struct study_run *run, struct transfer_run **list, int *count,
                struct err *e)
{
	char path[4096 + 300], why[300] = "", real[PATH_MAX];
	if (!realpath(directory, real))
		return err_errno(e, EXIT_USAGE, "cannot read '%s'", directory);
	for (int i = 0; i < *count; i++)
		if (strcmp((*list)[i].real, real) == 0)
			return err_set(e, EXIT_USAGE, "'%s' is given twice: a run counts once", directory);
	struct transfer_run *larger = realloc(*list, ((size_t)*count + 1) * sizeof(*larger));
	if (!larger)
		return err_set(e, EXIT_CANNOT, "no memory for %d runs", *count + 1);
	*list = larger;
	struct transfer_run *r = &larger[(*count)++];
	*r = (struct transfer_run){ 0 };
	snprintf(r->directory, sizeof(r->directory), "%s", directory);
	snprintf(r->real, sizeof(r->real), "%s", real);
	snprintf(path, sizeof(path), "%s/manifest.json", directory);
	struct json_object *manifest = json_object_from_file(path);
	const char *reason = take_asked(r, manifest, why, sizeof(why));
	if (!reason[0])
		reason = take_found(r, run, moving(manifest), why, sizeof(why));
	snprintf(r->reason, sizeof(r->reason), "%s", reason);
	json_object_put(manifest);
	return 0;
}

int transfer_runs_read(const char *directory, struct transfer_run **list, int *count, struct err *e)
{
	struct study_runs study;
	struct study_run one;
	int result = 0;
	if (study_is(directory)) {
		result = study_read(&study, directory, e);
		for (int i = 0; i < study.count && result == 0; i++)
			result = take(study.runs[i].directory, &study.runs[i], list, count, e);
		study_runs_free(&study);
		return result;
	}
	if (study_run_read(&one, directory) < 0)
		return err_set(e, EXIT_USAGE, "'%s' is not a run directory, and no study", directory);
	result = take(directory, &one, list, count, e);
	study_run_free(&one);
	return result;
}

/* How many runs of use have the TCP of run `of`; 0 when it is of no use itself. */
static int same_tcp(const struct transfer_run *runs, int count, int of)
{
	int same = 0;
	for (int i = 0; i < count && !runs[of].reason[0]; i++)
		same += !runs[i].reason[0] && strcmp(runs[i].tcp, runs[of].tcp) == 0;
	return same;
}

int transfer_runs_one_tcp(struct transfer_run *runs, int count, struct err *e)
{
	int most = -1, of = 0;
	for (int i = 0; i < count; i++) {
		int same = same_tcp(runs, count, i);
		if (same > of) {
			most = i;
			of = same;
		}
	}
	for (int i = 0; i < count; i++)
		if (same_tcp(runs, count, i) == of && most >= 0 && strcmp(runs[i].tcp, runs[most].tcp) != 0)
			return err_set(e, EXIT_USAGE,
			               "%d runs each have %s, and %s: one model is of one TCP: fit them apart", of,
			               runs[most].tcp, runs[i].tcp);
	for (int i = 0; i < count; i++)
		if (!runs[i].reason[0] && strcmp(runs[i].tcp, runs[most].tcp) != 0)
			snprintf(runs[i].reason, sizeof(runs[i].reason),
			         "it has %s, and most runs, %d, have %s: fit them apart", runs[i].tcp, of,
			         runs[most].tcp);
	return 0;
}
