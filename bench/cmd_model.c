/* migmeter model: runs made into what the simulator reads: a model of transfers, or a trace of jobs. */
#include "analysis/job_trace.h"
#include "analysis/least_squares.h"
#include "analysis/transfer_run.h"
#include "bench/base/err.h"
#include "bench/base/whole_file.h"
#include "bench/command.h"
#include "bench/placement/transfer.h"

#include <json-c/json.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *const term_names[TRANSFER_TERMS] = { "1", "used / rate", "used x RTT (GiB ms)",
	                                                "used / rate x dirty / rate" };

struct fit {
	struct transfer_run *runs;
	int count, used;
	double *terms, *time_s, *lost_s; /* of the runs that are used */
	struct least_squares time, lost;
};

static int fit_make(struct fit *f, struct err *e)
{
	size_t rows = (size_t)f->count + 1;
	f->terms = calloc(rows * TRANSFER_TERMS, sizeof(*f->terms));
	f->time_s = calloc(rows, sizeof(*f->time_s));
	f->lost_s = calloc(rows, sizeof(*f->lost_s));
	if (!f->terms || !f->time_s || !f->lost_s)
		return err_set(e, EXIT_CANNOT, "no memory for %d runs", f->count);
	for (int i = 0; i < f->count; i++) {
		const struct transfer_run *r = &f->runs[i];
		if (r->reason[0])
			continue;
		transfer_terms(r->rate_bits_per_s, r->used_bytes, r->dirty_per_s, r->rtt_ns,
		               f->terms + f->used * TRANSFER_TERMS);
		f->time_s[f->used] = r->time_s;
		f->lost_s[f->used++] = r->lost_s;
	}
	if (least_squares_fit(f->terms, f->time_s, f->used, TRANSFER_TERMS, &f->time, e) == 0 &&
	    least_squares_fit(f->terms, f->lost_s, f->used, TRANSFER_TERMS, &f->lost, e) == 0)
		return 0;
	for (int i = 0; i < f->count; i++)
		if (f->runs[i].reason[0])
			return err_prefix(e, "%d of %d runs are of no use, the first since %s", f->count - f->used,
			                  f->count, f->runs[i].reason);
	return -1;
}

static void number_add(struct json_object *to, const char *key, double value)
{
	json_object_object_add(to, key, isnan(value) ? NULL : json_object_new_double(value));
}

static struct json_object *list_json(const double *values)
{
	struct json_object *list = json_object_new_array();
	for (int i = 0; i < TRANSFER_TERMS; i++)
		json_object_array_add(list, isnan(values[i]) ? NULL : json_object_new_double(values[i]));
	return list;
}

static struct json_object *part_json(const struct least_squares *l)
{
	struct json_object *part = json_object_new_object();
	json_object_object_add(part, "coefficients", list_json(l->coefficients));
	json_object_object_add(part, "standard_errors", list_json(l->errors));
	number_add(part, "residual_s", l->residual);
	number_add(part, "explained", l->explained);
	return part;
}

static double fitted(const struct least_squares *l, const double *terms)
{
	double sum = 0;
	for (int i = 0; i < TRANSFER_TERMS; i++)
		sum += l->coefficients[i] * terms[i];
	return sum;
}

static struct json_object *runs_json(const struct fit *f)
{
	struct json_object *list = json_object_new_array();
	for (int i = 0, row = 0; i < f->count; i++) {
		const struct transfer_run *r = &f->runs[i];
		struct json_object *run = json_object_new_object();
		json_object_object_add(run, "run", json_object_new_string(r->directory));
		if (r->reason[0]) {
			json_object_object_add(run, "left_out", json_object_new_string(r->reason));
		} else {
			const double *terms = f->terms + row++ * TRANSFER_TERMS;
			number_add(run, "used_bytes", r->used_bytes);
			number_add(run, "dirty_bytes_per_s", r->dirty_per_s);
			number_add(run, "rate_bit_per_s", r->rate_bits_per_s);
			number_add(run, "rtt_ns", r->rtt_ns);
			number_add(run, "time_s", r->time_s);
			number_add(run, "time_residual_s", r->time_s - fitted(&f->time, terms));
			number_add(run, "lost_s", r->lost_s);
			number_add(run, "lost_residual_s", r->lost_s - fitted(&f->lost, terms));
		}
		json_object_array_add(list, run);
	}
	return list;
}

static int model_write(const struct fit *f, const char *path, struct err *e)
{
	struct whole_file out = { 0 };
	if (whole_file_open(&out, NULL, path, e) < 0)
		return -1;
	struct json_object *root = json_object_new_object();
	json_object_object_add(root, "format", json_object_new_int(1));
	json_object_object_add(root, "kind", json_object_new_string("transfer-model"));
	json_object_object_add(root, "runs", json_object_new_int(f->used));
	json_object_object_add(root, "time_s", part_json(&f->time));
	json_object_object_add(root, "lost_s", part_json(&f->lost));
	json_object_object_add(root, "of", runs_json(f));
	fprintf(out.file, "%s\n",
	        json_object_to_json_string_ext(root, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(root);
	return whole_file_close(&out, 0, e);
}

static void part_print(const char *name, const struct least_squares *l)
{
	printf("%s in s, residual %.3g s, %.3g %% explained\n", name, l->residual, 100 * l->explained);
	for (int i = 0; i < TRANSFER_TERMS; i++)
		printf("  %12.5g  +- %-10.3g x %s\n", l->coefficients[i], l->errors[i], term_names[i]);
}

static int jobs_run(const struct arguments *a)
{
	const char *path = arguments_option(a, "output");
	struct whole_file out = { 0 };
	struct err e = { 0 };
	path = path ? path : "jobs.csv";
	int result = arguments_count(a) == 2 ? 0 : err_set(&e, EXIT_USAGE, "model jobs: expected one study");
	if (result == 0)
		result = whole_file_open(&out, NULL, path, &e);
	if (result == 0)
		result = whole_file_close(&out, job_trace_write(arguments_at(a, 1), out.file, &e), &e);
	if (result == 0)
		printf("trace: %s\n", path);
	return result == 0 ? EXIT_DONE : err_report(&e);
}

static int model_run(const struct arguments *a)
{
	const char *path = arguments_option(a, "output");
	struct fit f = { 0 };
	struct err e = { 0 };
	if (strcmp(arguments_at(a, 0), "jobs") == 0)
		return jobs_run(a);
	int result = strcmp(arguments_at(a, 0), "fit") == 0
	                     ? 0
	                     : err_set(&e, EXIT_USAGE, "model '%s': expected fit or jobs", arguments_at(a, 0));
	path = path ? path : "transfer-model.json";
	for (int i = 1; i < arguments_count(a) && result == 0; i++)
		result = transfer_runs_read(arguments_at(a, i), &f.runs, &f.count, &e);
	if (result == 0)
		result = fit_make(&f, &e);
	if (result == 0)
		result = model_write(&f, path, &e);
	if (result == 0) {
		printf("%d of %d runs\n", f.used, f.count);
		part_print("migration time", &f.time);
		part_print("lost work", &f.lost);
		printf("model: %s\n", path);
	}
	free(f.runs);
	free(f.terms);
	free(f.time_s);
	free(f.lost_s);
	return result == 0 ? EXIT_DONE : err_report(&e);
}

static const struct command_option options[] = {
	{ "output", 'o', "FILE", "where it goes; default transfer-model.json or jobs.csv", NULL },
	{ NULL, 0, NULL, NULL, NULL },
};

const struct command model_command = {
	.name = "model",
	.synopsis = "fit|jobs RUN|STUDY...",
	.minimum = 2,
	.maximum = -1,
	.help = "Make measured migrations and jobs into a model and a trace that the simulator reads",
	.details =
		"Fits migration_time and lost_work of pre-copy runs to memory in use over link rate, memory times RTT,\n"
		"and the same over dirty rate. The file has coefficients, their errors, and every run's residual;\n"
		"'migmeter simulate' reads it as transfer.model. A run that is of no use is named there with the reason.\n"
		"\n"
		"jobs makes a trace (vms.trace) of a study whose VMs have the same fixed job: the runs with one VM say how\n"
		"long it takes alone, those with several when they were done, which stands beside the simulated times.\n",
	.options = options,
	.run = model_run,
};
