/* migmeter model: runs made into what the simulator reads: a model of transfers, or a trace of jobs. */
#include "analysis/job_trace.h"
#include "analysis/transfer_fit.h"
#include "bench/base/err.h"
#include "bench/base/whole_file.h"
#include "bench/command.h"
#include "bench/placement/transfer_file.h"

#include <json-c/json.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct fitting {
	struct transfer_run *runs;
	int count;
	struct transfer_fit fit;
};

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

static struct json_object *part_json(const struct transfer_part *p)
{
	struct json_object *part = json_object_new_object(), *left_out = json_object_new_object();
	json_object_object_add(part, "coefficients", list_json(p->coefficients));
	json_object_object_add(part, "standard_errors", list_json(p->errors));
	number_add(part, "residual_s", p->residual);
	number_add(part, "explained", p->explained);
	for (int i = 0; i < TRANSFER_TERMS; i++)
		if (p->left_out[i][0])
			json_object_object_add(left_out, transfer_term_names[i],
			                       json_object_new_string(p->left_out[i]));
	json_object_object_add(part, "left_out", left_out);
	return part;
}

static struct json_object *measured_json(const struct transfer_range *measured)
{
	struct json_object *all = json_object_new_object();
	for (int i = 0; i < TRANSFER_INPUTS; i++) {
		struct json_object *ends = json_object_new_array();
		json_object_array_add(ends, json_object_new_double(measured[i].low));
		json_object_array_add(ends, json_object_new_double(measured[i].high));
		json_object_object_add(all, transfer_input_keys[i], ends);
	}
	return all;
}

static struct json_object *runs_json(const struct fitting *f)
{
	struct json_object *list = json_object_new_array();
	for (int i = 0; i < f->count; i++) {
		const struct transfer_run *r = &f->runs[i];
		struct json_object *run = json_object_new_object();
		json_object_object_add(run, "run", json_object_new_string(r->directory));
		if (r->reason[0]) {
			json_object_object_add(run, "left_out", json_object_new_string(r->reason));
		} else {
			number_add(run, "used_bytes", r->used_bytes);
			number_add(run, "dirty_bytes_per_s", r->dirty_per_s);
			number_add(run, "rate_bit_per_s", r->rate_bits_per_s);
			number_add(run, "rtt_ns", r->rtt_ns);
			number_add(run, "time_s", r->time_s);
			number_add(run, "time_residual_s", r->time_s - transfer_fitted_s(&f->fit.time, r));
			number_add(run, "lost_s", r->lost_s);
			number_add(run, "lost_residual_s", r->lost_s - transfer_fitted_s(&f->fit.lost, r));
		}
		json_object_array_add(list, run);
	}
	return list;
}

static int model_write(const struct fitting *f, const char *path, struct err *e)
{
	struct whole_file out = { 0 };
	if (whole_file_open(&out, NULL, path, e) < 0)
		return -1;
	struct json_object *root = json_object_new_object();
	json_object_object_add(root, "format", json_object_new_int(TRANSFER_FILE_FORMAT));
	json_object_object_add(root, "kind", json_object_new_string("transfer-model"));
	json_object_object_add(root, "runs", json_object_new_int(f->fit.runs));
	json_object_object_add(root, "measured", measured_json(f->fit.measured));
	json_object_object_add(root, "time_s", part_json(&f->fit.time));
	json_object_object_add(root, "lost_s", part_json(&f->fit.lost));
	json_object_object_add(root, "of", runs_json(f));
	fprintf(out.file, "%s\n",
	        json_object_to_json_string_ext(root, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(root);
	return whole_file_close(&out, 0, e);
}

static void part_print(const char *name, const struct transfer_part *p)
{
	printf("%s in s, residual %.3g s, %.3g %% explained\n", name, p->residual, 100 * p->explained);
	for (int i = 0; i < TRANSFER_TERMS; i++)
		if (p->left_out[i][0])
			printf("  without x %s: %s\n", transfer_term_names[i], p->left_out[i]);
		else
			printf("  %12.5g  +- %-10.3g x %s\n", p->coefficients[i], p->errors[i],
			       transfer_term_names[i]);
}

/* Each reason once, with how many runs have it. */
static void left_out_print(const struct fitting *f)
{
	for (int i = 0; i < f->count; i++) {
		const char *reason = f->runs[i].reason;
		int before = 0, same = 0;
		for (int k = 0; k < f->count; k++) {
			bool is_same = strcmp(f->runs[k].reason, reason) == 0;
			before += is_same && k < i;
			same += is_same;
		}
		if (reason[0] && !before)
			printf("  %d left out: %s\n", same, reason);
	}
}

static void fit_print(const struct fitting *f)
{
	static const char *const names[TRANSFER_INPUTS] = { "memory in use", "dirty rate", "rate", "RTT" };
	char range[100];
	printf("%d of %d runs\n", f->fit.runs, f->count);
	left_out_print(f);
	part_print("migration time", &f->fit.time);
	part_print("lost work", &f->fit.lost);
	printf("measured at");
	for (enum transfer_input i = 0; i < TRANSFER_INPUTS; i++)
		printf("%s %s %s", i ? "," : "", names[i],
		       transfer_range_words(i, &f->fit.measured[i], range, sizeof(range)));
	printf("; elsewhere it is a guess, which 'migmeter simulate' says\n");
}

static int jobs_run(const struct arguments *a)
{
	const char *path = arguments_option(a, "output"), *only = arguments_option(a, "only");
	struct whole_file out = { 0 };
	struct err e = { 0 };
	path = path ? path : "jobs.csv";
	int result = arguments_count(a) == 2 ? 0 : err_set(&e, EXIT_USAGE, "model jobs: expected one study");
	if (result == 0)
		result = whole_file_open(&out, NULL, path, &e);
	if (result == 0)
		result = whole_file_close(&out, job_trace_write(arguments_at(a, 1), only, out.file, &e), &e);
	if (result == 0)
		printf("trace: %s\n", path);
	return result == 0 ? EXIT_DONE : err_report(&e);
}

static int model_run(const struct arguments *a)
{
	const char *path = arguments_option(a, "output");
	struct fitting f = { 0 };
	struct err e = { 0 };
	if (strcmp(arguments_at(a, 0), "jobs") == 0)
		return jobs_run(a);
	int result = strcmp(arguments_at(a, 0), "fit") != 0
	                     ? err_set(&e, EXIT_USAGE, "model '%s': expected fit or jobs", arguments_at(a, 0))
	             : arguments_option(a, "only") ? err_set(&e, EXIT_USAGE, "model fit: --only is for jobs")
	                                           : 0;
	path = path ? path : "transfer-model.json";
	for (int i = 1; i < arguments_count(a) && result == 0; i++)
		result = transfer_runs_read(arguments_at(a, i), &f.runs, &f.count, &e);
	if (result == 0)
		result = transfer_runs_one_tcp(f.runs, f.count, &e);
	if (result == 0)
		result = transfer_fit(f.runs, f.count, &f.fit, &e);
	if (result == 0)
		result = model_write(&f, path, &e);
	if (result == 0) {
		fit_print(&f);
		printf("model: %s\n", path);
	}
	free(f.runs);
	return result == 0 ? EXIT_DONE : err_report(&e);
}

static const struct command_option options[] = {
	{ "output", 'o', "FILE", "where it goes; default transfer-model.json or jobs.csv", NULL },
	{ "only", 0, "WORDS", "jobs: of the runs with several VMs those whose point has these words", NULL },
	{ NULL, 0, NULL, NULL, NULL },
};

const struct command model_command = {
	.name = "model",
	.synopsis = "fit|jobs RUN|STUDY...",
	.minimum = 2,
	.maximum = -1,
	.help = "Make measured migrations and jobs into a model and a trace that the simulator reads",
	.details =
		"Fits migration_time and lost_work of pre-copy runs to memory in use over link rate, and where the runs\n"
		"ask for it to memory times RTT, the same over dirty rate, and RTT. No coefficient is below 0, so that no\n"
		"prediction falls with more memory, dirty rate or RTT. A term that the runs cannot tell from the others is\n"
		"left out, with the reason. The file has coefficients, their errors, what was measured, and every run's\n"
		"residual; 'migmeter simulate' reads it as transfer.model and says where it goes beyond what was measured.\n"
		"A run that is of no use is named there with the reason. One model is of one TCP (link.tcp_buffer,\n"
		"link.congestion_control): that of most runs.\n"
		"\n"
		"jobs makes a trace (vms.trace) of a study whose VMs have the same fixed job: the runs with one VM say how\n"
		"long it takes alone, those with several when they were done, which stands beside the simulated times\n"
		"of the policy that moved them. Runs with several VMs must be of one point of the study: --only chooses.\n",
	.options = options,
	.run = model_run,
};
