#include "analysis/latency.h"

#include "analysis/histogram.h"
#include "analysis/csv_field.h"
#include "bench/base/clock.h"
#include "bench/base/err.h"

#include <stdlib.h>

static const char *const phases[] = { "baseline", "migration", "settle" };
enum { PHASES = sizeof(phases) / sizeof(*phases) };
static const struct {
	const char *metric;
	double share;
} quantiles[] = {
	{ "worst_op_p50", 0.5 }, { "worst_op_p99", 0.99 }, { "worst_op_p999", 0.999 }, { "worst_op_max", 1 }
};
enum { QUANTILES = sizeof(quantiles) / sizeof(*quantiles) };

struct latency {
	const struct run_phase *phase[PHASES];
	struct histogram histogram[PHASES];
};

static int on_span(void *context, const struct work_span *span, struct err *e)
{
	(void)e;
	struct latency *l = context;
	if (!span->sample || span->sample->worst_op_ns == MISSING)
		return 0;
	for (int p = 0; p < PHASES; p++)
		if (l->phase[p] && span->end_ns >= l->phase[p]->start_ns && span->end_ns < l->phase[p]->end_ns)
			histogram_add(&l->histogram[p], span->sample->worst_op_ns);
	return 0;
}

static void put_phase(const struct run_vm *vm, const char *workload, const char *phase, const struct histogram *h,
                      struct metrics *metrics, FILE *plot)
{
	field_text(plot, vm->name);
	putc(',', plot);
	field_text(plot, workload);
	fprintf(plot, ",%s", phase);
	for (int q = 0; q < QUANTILES; q++) {
		struct metric_value *v = metrics_add(metrics, quantiles[q].metric, vm, "%s:%s", workload, phase);
		int64_t value = histogram_quantile(h, quantiles[q].share);
		v->n = h->count;
		if (value >= 0)
			v->value = (double)value;
		else
			snprintf(v->reason, sizeof(v->reason), "no samples with an operation in this phase");
		field_ms(plot, value >= 0 ? value : MISSING);
	}
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
		put_phase(vm, workload->name, phases[p], &l->histogram[p], metrics, plot);
	free(l);
	return result;
}
