#include "analysis/job_trace.h"

#include "analysis/csv_field.h"
#include "analysis/interval.h"
#include "analysis/json_field.h"
#include "analysis/study.h"
#include "bench/base/err.h"
#include "bench/base/json_file.h"
#include "bench/base/point_label.h"

#include <json-c/json.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { TRACE_VMS_MAX = 64, TRACE_REPEATS_MAX = 1000 };

struct trace_vm {
	char name[RUN_NAME_ROOM], job[64];
	double memory_bytes, spare_bytes;
	int home;
};

/* One run's VMs and when their jobs were done, in ns and rising. */
struct trace_run {
	struct trace_vm vms[TRACE_VMS_MAX];
	double done_ns[TRACE_VMS_MAX];
	int count;
	char policy[64]; /* that moved them; "": not known */
};

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static int take_vm(struct trace_run *r, struct json_object *vm, const struct study_runs *one, long repeat,
                   struct err *e)
{
	struct trace_vm *v = &r->vms[r->count];
	char reason[300] = "";
	snprintf(v->name, sizeof(v->name), "%s", json_text_at(vm, "/name"));
	snprintf(v->job, sizeof(v->job), "%s", json_text_at(vm, "/workloads/0/options/job"));
	v->memory_bytes = atof(json_text_at(vm, "/memory_bytes"));
	v->spare_bytes = atof(json_text_at(vm, "/spare_bytes"));
	v->home = strcmp(json_text_at(vm, "/node"), "dst") == 0;
	const struct study_key key = { .point = "",
		                       .workload = "",
		                       .rate_bits_per_s = MISSING,
		                       .rtt_ns = MISSING,
		                       .metric = "job_time",
		                       .vm = v->name,
		                       .role = "",
		                       .estimator = "" };
	r->done_ns[r->count] = study_value(one, &key, repeat, reason, sizeof(reason));
	if (isnan(r->done_ns[r->count]))
		return err_set(e, EXIT_USAGE, "'%s': VM '%s' has no job that ended: %s", one->runs[0].directory,
		               v->name, reason);
	r->count++;
	return 0;
}

static int take_run(const struct study_run *run, struct trace_run *ret, struct err *e)
{
	struct study_run copy = *run; /* it owns nothing of it */
	const struct study_runs one = { .runs = &copy, .count = 1, .repeats = run->repeat };
	struct json_object *manifest = json_file_read(run->directory, "manifest.json");
	struct json_object *vms = json_array_at(manifest, "/vms");
	int result = 0;
	ret->count = 0;
	snprintf(ret->policy, sizeof(ret->policy), "%s", json_text_at(manifest, "/config/consolidate/policy"));
	for (size_t i = 0; vms && i < json_object_array_length(vms) && i < TRACE_VMS_MAX && result == 0; i++)
		result = take_vm(ret, json_object_array_get_idx(vms, i), &one, run->repeat, e);
	json_object_put(manifest);
	qsort(ret->done_ns, (size_t)ret->count, sizeof(*ret->done_ns), by_value);
	return result;
}

/* What the study comes to. */
struct trace_sums {
	const char *only;       /* words of the point whose runs with several VMs are meant; NULL: there is one */
	const char *point;      /* the study's */
	struct trace_run first; /* of those with several VMs */
	double alone_ns[TRACE_REPEATS_MAX];
	double *done_ns[TRACE_VMS_MAX]; /* of each rank, a run each */
	int alone, together;
	char job[64];
};

static int same_job(struct trace_sums *s, const struct trace_run *r, const char *directory, struct err *e)
{
	for (int i = 0; i < r->count; i++) {
		if (!s->job[0])
			snprintf(s->job, sizeof(s->job), "%s", r->vms[i].job);
		if (strcmp(s->job, r->vms[i].job) != 0)
			return err_set(e, EXIT_USAGE,
			               "'%s': the job of VM '%s' is %s, that of others %s: all must be the same",
			               directory, r->vms[i].name, r->vms[i].job, s->job);
	}
	return 0;
}

static int add_run(struct trace_sums *s, const struct study_run *run, struct trace_run *r, struct err *e)
{
	if (take_run(run, r, e) < 0 || same_job(s, r, run->directory, e) < 0)
		return -1;
	if (r->count == 1 && s->alone < TRACE_REPEATS_MAX)
		s->alone_ns[s->alone++] = r->done_ns[0];
	if (r->count < 2 || s->together == TRACE_REPEATS_MAX || (s->only && !point_label_has(run->point, s->only)))
		return 0;
	if (!s->together) {
		s->first = *r;
		s->point = run->point;
	}
	if (strcmp(s->point, run->point) != 0)
		return err_set(
			e, EXIT_USAGE,
			"runs with several VMs are of several points, '%.200s' and '%.200s': choose one with --only "
			"WORDS",
			s->point, run->point);
	if (r->count != s->first.count)
		return err_set(e, EXIT_USAGE, "'%s' has %d VMs, another run %d: all with several must have the same",
		               run->directory, r->count, s->first.count);
	for (int i = 0; i < r->count; i++) {
		if (!s->done_ns[i] && !(s->done_ns[i] = calloc(TRACE_REPEATS_MAX, sizeof(double))))
			return err_errno(e, EXIT_CANNOT, "cannot keep a study");
		s->done_ns[i][s->together] = r->done_ns[i];
	}
	s->together++;
	return 0;
}

static void write_all(const struct trace_sums *s, FILE *out)
{
	struct interval work = interval_of(s->alone_ns, s->alone);
	fputs("arrival_s,work_s,memory_bytes,used_bytes,home,done_s,done_low_s,done_high_s,done_n,work_low_s,"
	      "work_high_s,policy\n",
	      out);
	for (int i = 0; i < s->first.count; i++) {
		const struct trace_vm *v = &s->first.vms[i];
		struct interval done = interval_of(s->done_ns[i], s->together);
		fprintf(out, "0,%.9g,%.0f,%.0f,%d", work.mean / 1e9, v->memory_bytes,
		        v->memory_bytes - v->spare_bytes, v->home);
		field_number(out, done.mean / 1e9);
		field_number(out, done.low / 1e9);
		field_number(out, done.high / 1e9);
		fprintf(out, ",%d", done.n);
		field_number(out, work.low / 1e9);
		field_number(out, work.high / 1e9);
		fprintf(out, ",%s\n", s->first.policy);
	}
}

int job_trace_write(const char *directory, const char *only, FILE *out, struct err *e)
{
	struct study_runs study;
	struct trace_sums *s = calloc(1, sizeof(*s));
	struct trace_run *r = calloc(1, sizeof(*r));
	int result = s && r ? study_read(&study, directory, e) : err_errno(e, EXIT_CANNOT, "cannot keep a study");
	if (s && r) {
		s->only = only;
		for (int i = 0; i < study.count && result == 0; i++)
			if (study.runs[i].complete)
				result = add_run(s, &study.runs[i], r, e);
		study_runs_free(&study);
	}
	if (result == 0 && (!s->alone || !s->together))
		result = err_set(e, EXIT_USAGE, "'%s' has no complete run with %s%s%s%s", directory,
		                 s->alone ? "several VMs" : "one VM, which says how long the job takes alone",
		                 s->alone && only ? " at a point with '" : "", s->alone && only ? only : "",
		                 s->alone && only ? "'" : "");
	if (result == 0)
		write_all(s, out);
	for (int i = 0; s && i < TRACE_VMS_MAX; i++)
		free(s->done_ns[i]);
	free(s);
	free(r);
	return result;
}
