#include "analysis/latency.h"

#include "analysis/histogram.h"
#include "analysis/csv_field.h"
#include "bench/base/clock.h"
#include "bench/base/err.h"

#include <stdlib.h>

const char latency_columns[] = "vm,workload,phase,p50_ms,p99_ms,p999_ms,max_ms,"
			       "service_p50_ms,service_p99_ms,service_p999_ms,service_max_ms\n";

static const char *const phases[] = { "baseline", "migration", "settle" };
enum { PHASES = sizeof(phases) / sizeof(*phases) };
static const struct {
	const char *metric, *service_metric;
	double share;
} quantiles[] = {
	{ "worst_op_p50", "worst_service_p50", 0.5 },
	{ "worst_op_p99", "worst_service_p99", 0.99 },
	{ "worst_op_p999", "worst_service_p999", 0.999 },
	{ "worst_op_max", "worst_service_max", 1 },
};
enum { QUANTILES = sizeof(quantiles) / sizeof(*quantiles) };

struct latency {
	const struct run_phase *phase[PHASES];
	struct histogram operation[PHASES], service[PHASES];
};

static int on_span(void *context, const struct work_span *span, struct err *e)
{
	(void)e;
	struct latency *l = context;
	const struct stored_sample *s = span->sample;
	for (int p = 0; s && p < PHASES; p++) {
		if (!l->phase[p] || span->end_ns < l->phase[p]->start_ns || span->end_ns >= l->phase[p]->end_ns)
			continue;
		if (s->worst_op_ns != MISSING)
			histogram_add(&l->operation[p], s->worst_op_ns);
		if (s->worst_service_ns != MISSING)
			histogram_add(&l->service[p], s->worst_service_ns);
	}
	return 0;
}

/* One value; returns it in ns, MISSING when there is none. */
static int64_t put(struct metrics *metrics, const char *metric, double share, const struct run_vm *vm,
                   const char *workload, const char *phase, const struct histogram *h)
{
	struct metric_value *v = metrics_add(metrics, metric, vm, "%s:%s", workload, phase);
	int64_t value = histogram_quantile(h, share);
	v->n = h->count;
	if (value < 0) {
		snprintf(v->reason, sizeof(v->reason), "no samples with an operation in this phase");
		return MISSING;
	}
	v->value = (double)value;
	return value;
}

static void put_phase(const struct run_vm *vm, const char *workload, const char *phase, const struct histogram *h,
                      const struct histogram *service, struct metrics *metrics, FILE *plot)
{
	field_text(plot, vm->name);
	putc(',', plot);
	field_text(plot, workload);
	fprintf(plot, ",%s", phase);
	for (int q = 0; q < QUANTILES; q++)
		field_ms(plot, put(metrics, quantiles[q].metric, quantiles[q].share, vm, workload, phase, h));
	for (int q = 0; q < QUANTILES; q++)
		field_ms(plot,
		         put(metrics, quantiles[q].service_metric, quantiles[q].share, vm, workload, phase, service));
	putc('\n', plot);
}

int latency_metrics(const struct run *run, const struct run_vm *vm, const struct vm_samples *samples,
                    const struct workload_samples *workload, struct metrics *metrics, FILE *plot, struct err *e)
{
	struct latency *l = calloc(1, sizeof(*l));
	if (!l)
		return err_errno(e, EXIT_CANNOT, "cannot keep latencies");
	for (int p = 0; p < PHASES; p++)
		l->phase[p] = run_phase(run, phases[p]);
	int result = work_curve_each(samples, workload, on_span, l, e);
	for (int p = 0; result == 0 && p < PHASES; p++)
		put_phase(vm, workload->name, phases[p], &l->operation[p], &l->service[p], metrics, plot);
	free(l);
	return result;
}
