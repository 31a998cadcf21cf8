#include "bench/evacuation.h"

#include "analysis/evacuation.h"
#include "bench/base/err.h"
#include "bench/base/field_text.h"
#include "bench/base/whole_file.h"
#include "bench/experiment/run.h"
#include "bench/experiment/run_directory.h"
#include "bench/simulation_workers.h"

#include <gsl/gsl_rng.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#define STALE_S 0.05 /* job statistics are asked for 20 times a second */

struct drawn {
	struct group_vm *vms;
	double *dirty_per_s;
	double bytes;
};

int evacuation_is_asked(const struct simulation_study *s, bool *ret, struct err *e)
{
	long asked = 0;
	for (long i = 0; i < s->point_count; i++)
		asked += s->points[i].evacuation.vms > 0;
	*ret = asked > 0;
	if (asked && (s->point_count > EVACUATION_POINTS || s->runs > EVACUATION_RUNS))
		return err_set(e, EXIT_USAGE, "%ld points of %ld runs: a simulated group has at most %d of %d",
		               s->point_count, s->runs, EVACUATION_POINTS, EVACUATION_RUNS);
	return !asked || asked == s->point_count
	               ? 0
	               : err_set(e, EXIT_USAGE,
	                         "evacuation.vms is 0 at some points: a group or a cluster is simulated, not both");
}

static void drawn_free(struct drawn *d)
{
	free(d->vms);
	free(d->dirty_per_s);
}

/* The same for every schedule and link. */
static int draw(const struct simulated_config *x, long run, struct drawn *ret, struct err *e)
{
	const struct simulated_evacuation *v = &x->evacuation;
	gsl_rng *random = gsl_rng_alloc(gsl_rng_mt19937);
	*ret = (struct drawn){ calloc((size_t)v->vms, sizeof(*ret->vms)),
		               calloc((size_t)v->vms, sizeof(*ret->dirty_per_s)), 0 };
	if (!random || !ret->vms || !ret->dirty_per_s) {
		if (random)
			gsl_rng_free(random);
		return err_set(e, EXIT_CANNOT, "no memory for %" PRId64 " VMs", v->vms);
	}
	gsl_rng_set(random, (unsigned long)(x->general.seed + run));
	for (int64_t i = 0; i < v->vms; i++) {
		double memory = (double)v->memory_low_bytes +
		                gsl_rng_uniform(random) * (double)(v->memory_high_bytes - v->memory_low_bytes);
		bool idle = gsl_rng_uniform(random) < v->idle;
		double dirty = gsl_rng_uniform(random) * (double)v->dirty_high_per_s;
		ret->dirty_per_s[i] = idle ? 0 : dirty;
		ret->vms[i] = (struct group_vm){ (int64_t)memory, (int64_t)memory,
			                         v->dirty_known ? ret->dirty_per_s[i] : NAN };
		ret->bytes += memory;
	}
	gsl_rng_free(random);
	return 0;
}

static struct group_link link_of(const struct simulated_config *x)
{
	return (struct group_link){ .rate = (double)x->transfer.rate_bits_per_s / 8,
		                    .rtt_s = (double)x->evacuation.rtt_ns / 1e9,
		                    .window_bytes =
		                            x->transfer.window_bytes ? (double)x->transfer.window_bytes : INFINITY,
		                    .setup_s = (double)x->transfer.setup_ns / 1e9,
		                    .downtime_s = (double)x->transfer.downtime_ns / 1e9,
		                    .stale_s = STALE_S,
		                    .lose_bytes = (double)x->evacuation.lose_bytes,
		                    .kept_rate = (double)x->evacuation.kept_rate,
		                    .growth = (double)x->evacuation.growth,
		                    .stop = &run_interrupted };
}

/* What a run came to; of its VMs the memory. */
struct evacuated {
	struct group_outcome outcome;
	double bytes;
};

struct work {
	const struct simulation_study *study;
	struct evacuated *results; /* point by point */
};

static int run_one(void *context, long index, struct err *e)
{
	const struct work *w = context;
	long run = index % w->study->runs;
	const struct simulated_config *x = &w->study->points[index / w->study->runs];
	const struct group_link link = link_of(x);
	struct group_schedule_options options = x->evacuation.schedule;
	struct evacuated *ret = &w->results[index];
	struct drawn d;
	options.recall = true;
	int result = draw(x, run, &d, e);
	if (result == 0)
		result = group_link_move(&link, &options, d.vms, d.dirty_per_s, (int)x->evacuation.vms,
		                         x->evacuation.free_bytes, x->general.seed + run, &ret->outcome, e);
	ret->bytes = d.bytes;
	drawn_free(&d);
	return result;
}

static void put_all(const struct work *w, FILE *out)
{
	const struct simulation_study *s = w->study;
	fputs("point,label,run,vms,time_ns,bound_ns,sent_bytes,memory_bytes,recalled,most\n", out);
	for (long i = 0; i < s->point_count * s->runs; i++) {
		const struct evacuated *v = &w->results[i];
		const struct group_outcome *o = &v->outcome;
		long point = i / s->runs;
		fprintf(out, "%ld,", point + 1);
		field_text(out, s->labels[point]);
		fprintf(out, ",%ld,%" PRId64 ",", i % s->runs + 1, s->points[point].evacuation.vms);
		fprintf(out, isinf(o->time_s) ? "missing" : "%.0f", 1e9 * o->time_s);
		fprintf(out, ",%.0f,%.0f,%.0f,%d,%d\n", 1e9 * v->bytes / link_of(&s->points[point]).rate,
		        o->sent_bytes, v->bytes, o->recalled, o->most);
	}
}

static int run_and_write(const struct simulation_study *s, struct err *e)
{
	struct work w = { s, calloc((size_t)(s->point_count * s->runs), sizeof(*w.results)) };
	struct whole_file out = { 0 };
	int result = w.results ? simulation_workers_run(s, run_one, &w, e)
	                       : err_set(e, EXIT_CANNOT, "no memory for %ld runs", s->point_count * s->runs);
	if (result == 0)
		result = whole_file_open(&out, s->directory, "evacuations.csv", e);
	if (result == 0) {
		put_all(&w, out.file);
		result = whole_file_close(&out, 0, e);
	}
	free(w.results);
	return result;
}

int evacuation_run(struct simulation_study *s, struct err *e)
{
	struct run_directory d;
	run_catch_signals();
	if (simulation_folder_begin(s, "evacuation", &d, e) < 0)
		return -1;
	return simulation_folder_end(&d, run_and_write(s, e), e);
}
