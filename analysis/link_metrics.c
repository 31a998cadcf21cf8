#include "analysis/counters.h"
#include "analysis/host_metrics.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The link that the migration used first, then the busier direction. */
static int by_use(const void *a, const void *b)
{
	const struct counter *x = *(const struct counter *const *)a, *y = *(const struct counter *const *)b;
	double left = x->windows[WINDOW_CALL].sum, right = y->windows[WINDOW_CALL].sum;
	return (left < right) - (left > right);
}

static double sum_of(const struct counter *counter, enum counter_window window)
{
	const struct curve_window *w = &counter->windows[window];
	return curve_window_whole(w) ? w->sum : NAN;
}

static void put_counter(const struct run *run, const struct counter *counter, struct metrics *metrics)
{
	const struct run_vm *vm = run_vm(run, run->moved);
	double bytes = sum_of(counter, WINDOW_CALL);
	struct metric_value *v = metrics_add(metrics, "bytes_on_wire", vm, "%s:%s", counter->key[0], counter->key[1]);
	v->value = bytes;
	if (isnan(bytes))
		snprintf(v->reason, sizeof(v->reason), "link.csv does not cover the migration");
	v = metrics_add(metrics, "background_rate", vm, "%s:%s", counter->key[0], counter->key[1]);
	v->value = curve_window_rate(&counter->windows[WINDOW_BASELINE]);
	if (isnan(v->value))
		snprintf(v->reason, sizeof(v->reason), "no link counters for most of the baseline phase");
}

static int put_all(const struct run *run, const struct counters *c, struct metrics *metrics, double *ret_moved_bytes)
{
	const struct counter **sorted = calloc((size_t)c->count + 1, sizeof(*sorted));
	if (!sorted)
		return -1;
	for (int i = 0; i < c->count; i++)
		sorted[i] = &c->list[i];
	qsort(sorted, (size_t)c->count, sizeof(*sorted), by_use);
	for (int other = 0; other < 2; other++)
		for (int i = 0; i < c->count; i++) {
			/* Without a name, the busiest link is taken for the migration's. */
			const char *wanted = run->link[0] || !c->count ? run->link : sorted[0]->key[0];
			if ((strcmp(sorted[i]->key[0], wanted) != 0) != other)
				continue;
			put_counter(run, sorted[i], metrics);
			if (!other && isnan(*ret_moved_bytes))
				*ret_moved_bytes = sum_of(sorted[i], WINDOW_CALL);
		}
	free(sorted);
	return 0;
}

int link_metrics(const struct run *run, struct metrics *metrics, double *ret_moved_bytes, struct err *e)
{
	struct counters c = { .file = "link.csv",
		              .keys = { "link", "direction" },
		              .value = "bytes",
		              .plot = "plots/link.csv",
		              .plot_column = "bit_per_s",
		              .plot_scale = 8 };
	const struct run_vm *vm = run_vm(run, run->moved);
	*ret_moved_bytes = NAN;
	int result = counters_read(&c, run, e);
	if (result == 0 && put_all(run, &c, metrics, ret_moved_bytes) < 0)
		metrics->out_of_memory = 1;
	if (result == 1 || (result == 0 && !c.count))
		metrics_put(metrics, "bytes_on_wire", vm, "", NAN, "no link counters (link.csv)");
	counters_free(&c);
	if (result < 0)
		return -1;
	if (vm && vm->memory_bytes > 0)
		metrics_put(metrics, "bytes_to_memory", vm, "on_wire", *ret_moved_bytes / (double)vm->memory_bytes,
		            isnan(*ret_moved_bytes) ? "bytes on the wire are missing" : NULL);
	return 0;
}
