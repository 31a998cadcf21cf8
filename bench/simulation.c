#include "bench/simulation.h"

#include "analysis/simulated.h"
#include "bench/base/err.h"
#include "bench/base/field_text.h"
#include "bench/base/whole_file.h"
#include "bench/experiment/run.h"
#include "bench/experiment/run_directory.h"
#include "bench/experiment/sweep.h"
#include "bench/simulation_words.h"
#include "bench/simulation_workers.h"
#include "bench/study_plan.h"

#include <inttypes.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

/* All runs, point by point. */
struct work {
	const struct simulation_study *study;
	struct simulated *results;
	char **told; /* a text a point: rows of simulated.csv */
};

/* ---- before ---- */

/* What is to be compared must be there. */
static int points_check(const struct simulation_study *s, struct err *e)
{
	const struct simulated_general *g = &s->points[0].general;
	bool seen = false, several = false;
	for (long i = 0; i < s->point_count; i++) {
		seen |= strcmp(s->points[i].policy->name, g->reference) == 0;
		several |= s->points[i].policy != s->points[0].policy;
	}
	if (g->study[0] && !simulated_study_known(g->study))
		return err_set(e, EXIT_USAGE, "simulate.study: '%.60s' is no paper's table that is known", g->study);
	return seen || !several ? 0
	                        : err_set(e, EXIT_USAGE,
	                                  "simulate.reference: '%.60s' is none of the policies that are compared",
	                                  g->reference);
}

/* What is of the whole study. */
static int one_check(const struct simulation_study *s, struct err *e)
{
	const struct simulated_general *first = &s->points[0].general;
	for (long i = 1; i < s->point_count; i++) {
		const struct simulated_general *g = &s->points[i].general;
		const char *key = g->runs != first->runs ? "runs" : g->first != first->first ? "first" : NULL;
		if (key)
			return err_set(e, EXIT_USAGE, "simulate.%s is one for all points: it takes no list", key);
		/* Shared where it is the same. It is kept, and every point is compared with it. */
		if (s->points[i].trace != s->points[0].trace)
			return err_set(e, EXIT_USAGE,
			               "vms.trace and vms.arrival = trace are for all points, as one: simulate other "
			               "arrivals into another folder");
	}
	return 0;
}

int simulation_prepare(struct simulation_study *s, struct err *e)
{
	s->point_count = sweep_count(&s->config, e);
	if (s->point_count < 0)
		return -1;
	size_t count = (size_t)s->point_count;
	s->points = calloc(count, sizeof(*s->points));
	s->labels = calloc(count, sizeof(*s->labels));
	if (!s->points || !s->labels)
		return err_set(e, EXIT_CANNOT, "no memory for %ld points", s->point_count);
	for (long i = 0; i < s->point_count; i++) {
		struct config_file point;
		if (sweep_point(&s->config, i, &point, s->labels[i], sizeof(s->labels[i]), e) < 0)
			return -1;
		int result = simulated_build(&s->points[i], &point, s->points, i, e);
		config_file_free(&point);
		if (result < 0)
			return s->labels[i][0] ? err_prefix(e, "point '%s'", s->labels[i]) : -1;
	}
	s->runs = (long)s->points[0].general.runs;
	return one_check(s, e) < 0 ? -1 : points_check(s, e);
}

void simulation_plan_print(const struct simulation_study *s, enum report_format format)
{
	if (format != REPORT_TEXT) {
		struct json_object *plan = json_object_new_object();
		json_object_object_add(plan, "config", json_object_new_string(s->config_path));
		for (long i = 0; i < s->point_count; i++)
			plan_row_add(plan, i + 1, s->labels[i], s->runs, s->runs);
		plan_print(plan, format);
		return;
	}
	printf("%ld point%s x %ld run%s\n", s->point_count, s->point_count == 1 ? "" : "s", s->runs,
	       s->runs == 1 ? "" : "s");
	for (long i = 0; i < s->point_count; i++)
		printf("  %ld: %s\n", i + 1, s->labels[i][0] ? s->labels[i] : "(no lists)");
}

void simulation_free(struct simulation_study *s)
{
	for (long i = 0; s->points && i < s->point_count; i++)
		simulated_free(&s->points[i]);
	free(s->points);
	free(s->labels);
	config_file_free(&s->config);
}

/* ---- runs ---- */

struct telling {
	FILE *out;
	long point;
};

static void tell(void *context, const struct simulated_note *n)
{
	static const char *const names[] = {
		[SIMULATED_WAITS] = "waits",
		[SIMULATED_STARTS] = "start",
		[SIMULATED_ENDS] = "end",
		[SIMULATED_MOVE_BEGINS] = "move-begin",
		[SIMULATED_MOVE_ENDS] = "move-end",
		[SIMULATED_MOVE_DROPPED] = "move-dropped",
		[SIMULATED_MOVE_POSTPONED] = "move-postponed",
		[SIMULATED_PLAN] = "plan",
	};
	const struct telling *t = context;
	fprintf(t->out, "%ld,%" PRId64 ",%s,%s,%s,", t->point + 1, n->now_ns, n->vm, n->node, names[n->event]);
	field_text(t->out, n->detail);
	putc('\n', t->out);
}

static int run_one(void *context, long index, struct err *e)
{
	struct work *w = context;
	const struct simulation_study *s = w->study;
	long point = index / s->runs, run = index % s->runs;
	const struct simulated_config *x = &s->points[point];
	struct scenario_drawn drawn;
	struct telling telling = { .point = point };
	size_t length;
	int result = scenario_begin(&drawn, &x->scenario, x->general.seed, run, e);
	if (result == 0) {
		struct simulation one = scenario_simulation(&drawn);
		one.policy = x->policy;
		one.policy_options = x->policy_options;
		one.transfer = x->transfer;
		one.interval_ns = x->general.interval_ns;
		one.plan_arrivals = x->general.plans == PLANS_ARRIVALS;
		one.cpu_means = x->general.cpu == CPU_WINDOW;
		one.baseline_ns = x->general.baseline_ns;
		one.stop = &run_interrupted;
		if (run == 0 && x->scenario.vms <= SIMULATION_TOLD_VMS &&
		    (telling.out = open_memstream(&w->told[point], &length))) {
			one.note = tell;
			one.notes = &telling;
		}
		result = simulate(&one, &w->results[index], e);
		if (telling.out)
			fclose(telling.out);
	}
	scenario_end(&drawn);
	return result < 0 && s->labels[point][0] ? err_prefix(e, "point '%s', run %ld", s->labels[point], run + 1)
	                                         : result;
}

/* ---- files ---- */

static void runs_put(FILE *out, const struct work *w)
{
	fputs("point,run,vms,first_ns,last_ns,wait_ns,longest_wait_ns,waited,sojourn_ns,moves,moves_broken,"
	      "moves_dropped,moving_ns,alone_ns,broken_ns,lost_work_ns,moves_beyond,node_ns,plans,events,unplaced,highest_vms\n",
	      out);
	for (long i = 0; i < w->study->point_count * w->study->runs; i++) {
		const struct simulated *r = &w->results[i];
		fprintf(out, "%ld,%ld,%" PRId64 ",%" PRId64 ",%" PRId64 ",%.0f,%.0f,%" PRId64 ",%.0f,%" PRId64,
		        i / w->study->runs + 1, i % w->study->runs + 1, r->vms, r->first_ns, r->last_ns, r->wait_ns,
		        r->longest_ns, r->waited, r->sojourn_ns, r->moves);
		fprintf(out, ",%" PRId64 ",%" PRId64 ",%.0f,%.0f,%.0f,%.0f,%" PRId64 ",%.0f", r->broken, r->dropped,
		        r->moving_ns, r->alone_ns, r->broken_ns, r->lost_ns, r->beyond, r->node_ns);
		fprintf(out, ",%" PRId64 ",%" PRId64 ",%" PRId64 ",%" PRId64 "\n", r->plans, r->events, r->unplaced,
		        r->highest_vms);
	}
}

static void points_put(FILE *out, const struct work *w)
{
	fputs("point,label,policy\n", out);
	for (long i = 0; i < w->study->point_count; i++) {
		fprintf(out, "%ld,", i + 1);
		field_text(out, w->study->labels[i]);
		fprintf(out, ",%s\n", w->study->points[i].policy->name);
	}
}

static void told_put(FILE *out, const struct work *w)
{
	fputs("point,time_ns,vm,node,event,detail\n", out);
	for (long i = 0; i < w->study->point_count; i++)
		if (w->told[i])
			fputs(w->told[i], out);
}

static int file_write(const struct work *w, const char *name, void (*put)(FILE *out, const struct work *w),
                      struct err *e)
{
	struct whole_file out = { 0 };
	if (whole_file_open(&out, w->study->directory, name, e) < 0)
		return -1;
	put(out.file, w);
	return whole_file_close(&out, 0, e);
}

static struct json_object *asked_json(const struct simulation_study *s)
{
	const struct simulated_general *g = &s->points[0].general;
	struct json_object *asked = json_object_new_object();
	json_object_object_add(asked, "name", json_object_new_string(g->name));
	json_object_object_add(asked, "question", json_object_new_string(g->question));
	json_object_object_add(asked, "study", json_object_new_string(g->study));
	json_object_object_add(asked, "reference", json_object_new_string(g->reference));
	json_object_object_add(asked, "points", json_object_new_int64(s->point_count));
	json_object_object_add(asked, "runs", json_object_new_int64(s->runs));
	json_object_object_add(asked, "first", json_object_new_int64(g->first));
	json_object_object_add(asked, "seed", json_object_new_int64(g->seed));
	json_object_object_add(asked, "keys", config_file_json(&s->config));
	return asked;
}

/* Without the mark of UTF-8; and without its line end the last row would be taken for one that was cut off. */
static void trace_put(FILE *in, FILE *out)
{
	char chunk[65536], last = '\n';
	size_t n;
	for (bool first = true; (n = fread(chunk, 1, sizeof(chunk), in)) > 0; first = false) {
		size_t skip = first && n >= 3 && memcmp(chunk, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
		fwrite(chunk + skip, 1, n - skip, out);
		last = chunk[n - 1];
	}
	if (last != '\n')
		putc('\n', out);
}

/* What was simulated stays known when the file it came from has changed. */
static int trace_copy(const struct simulation_study *s, struct err *e)
{
	const struct trace *t = s->points[0].trace;
	struct whole_file out = { 0 };
	FILE *in = t ? fopen(t->path, "re") : NULL;
	if (!in)
		return t ? err_errno(e, EXIT_CANNOT, "cannot read '%s' again", t->path) : 0;
	int result = whole_file_open(&out, s->directory, "trace.csv", e);
	if (result == 0) {
		trace_put(in, out.file);
		result = whole_file_close(&out, 0, e);
	}
	fclose(in);
	return result;
}

static int write_all(const struct work *w, struct err *e)
{
	if (trace_copy(w->study, e) < 0)
		return -1;
	return file_write(w, "points.csv", points_put, e) < 0 || file_write(w, "runs.csv", runs_put, e) < 0 ||
	                       file_write(w, "simulated.csv", told_put, e) < 0
	               ? -1
	               : 0;
}

/* VMs that found no place for ever make a run worthless. */
static int placed_check(const struct work *w, struct err *e)
{
	for (long i = 0; i < w->study->point_count * w->study->runs; i++)
		if (w->results[i].unplaced > 0)
			return err_set(
				e, EXIT_MEASURED_BAD,
				"%lld VM%s never found a node with room (%s, run %ld): nodes.memory, nodes.cores "
				"or the policy's limit for VMs that start are too low for them",
				(long long)w->results[i].unplaced, w->results[i].unplaced == 1 ? "" : "s",
				w->study->labels[i / w->study->runs][0] ? w->study->labels[i / w->study->runs]
									: "the only point",
				i % w->study->runs + 1);
	return 0;
}

static int run_and_write(struct work *w, struct run_directory *d, struct err *e)
{
	int result = simulation_workers_run(w->study, run_one, w, e);
	if (result == 0)
		result = write_all(w, e);
	if (result == 0)
		simulation_words_set(d, w->study, w->results);
	if (result == 0)
		result = placed_check(w, e);
	return simulation_folder_end(d, result, e);
}

int simulation_folder_begin(struct simulation_study *s, const char *kind, struct run_directory *d, struct err *e)
{
	if (!s->directory[0]) {
		study_folder_name(s->directory, sizeof(s->directory), s->points[0].general.name);
		if (study_folder_claim(s->directory, sizeof(s->directory), e) < 0)
			return -1;
	}
	if (run_directory_create(d, s->directory, s->config_path, e) < 0)
		return -1;
	run_directory_set(d, "kind", json_object_new_string(kind));
	run_directory_set(d, "command_line", json_object_new_string(s->command_line));
	run_directory_set(d, "simulation", asked_json(s));
	return 0;
}

int simulation_folder_end(struct run_directory *d, int result, struct err *e)
{
	const char *status = result == 0 ? "complete" : e->status == EXIT_INTERRUPTED ? "interrupted" : "failed";
	struct err own = { 0 };
	if (run_directory_finish(d, status, result == 0 ? "" : e->text, &own) < 0 && result == 0)
		result = err_set(e, own.status, "%s", own.text);
	return result;
}

int simulation_run(struct simulation_study *s, struct err *e)
{
	size_t total = (size_t)s->point_count * (size_t)s->runs;
	struct work w = { .study = s };
	struct run_directory d;
	int result = -1;
	run_catch_signals();
	w.results = calloc(total, sizeof(*w.results));
	w.told = calloc((size_t)s->point_count, sizeof(*w.told));
	if (!w.results || !w.told) {
		err_set(e, EXIT_CANNOT, "no memory for %zu runs", total);
		goto out;
	}
	if (simulation_folder_begin(s, "simulation", &d, e) == 0)
		result = run_and_write(&w, &d, e);
out:
	for (long i = 0; w.told && i < s->point_count; i++)
		free(w.told[i]);
	free(w.told);
	free(w.results);
	return result;
}
