#include "analysis/wait_metrics.h"

#include "analysis/histogram.h"
#include "analysis/series_read.h"
#include "bench/base/err.h"
#include "bench/base/whole_file.h"

#include <inttypes.h>
#include <json-c/json.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { VCPUS = 64, POWERS = 63 };

struct waits {
	struct histogram all;
	int64_t sum_ns;
	int64_t powers[VCPUS][POWERS]; /* waits of 2^i to 2^(i + 1) ns */
};

enum { VCPU, WAIT, WANTED };

static int on_row(void *context, const struct series_cell *cells, struct err *e)
{
	struct waits *w = context;
	int64_t vcpu = cells[VCPU].integer, wait_ns = cells[WAIT].integer;
	int power = 0;
	(void)e;
	if (wait_ns == MISSING || wait_ns < 0)
		return 0;
	histogram_add(&w->all, wait_ns);
	w->sum_ns += wait_ns;
	while (wait_ns >> (power + 1))
		power++;
	if (vcpu >= 0 && vcpu < VCPUS)
		w->powers[vcpu][power]++;
	return 0;
}

static int plot(const struct waits *w, const char *directory, struct err *e)
{
	struct whole_file out = { 0 };
	if (whole_file_open(&out, directory, "plots/waits.csv", e) < 0)
		return -1;
	fputs("vcpu,from_ns,to_ns,waits\n", out.file);
	for (int vcpu = 0; vcpu < VCPUS; vcpu++)
		for (int i = 0; i < POWERS; i++)
			if (w->powers[vcpu][i])
				fprintf(out.file, "%d,%" PRId64 ",%" PRId64 ",%" PRId64 "\n", vcpu, INT64_C(1) << i,
				        INT64_C(1) << (i + 1), w->powers[vcpu][i]);
	return whole_file_close(&out, 0, e);
}

static void put_waits(const struct run_vm *vm, const struct waits *w, struct metrics *metrics)
{
	static const struct {
		const char *name;
		double share;
	} shares[] = { { "p50", 0.5 }, { "p99", 0.99 }, { "longest", 1 } };
	const char *none = w->all.count ? NULL : "no vCPU waited for a page that came";
	metrics_put(metrics, "postcopy_waits", vm, "", (double)w->all.count, NULL);
	metrics_put(metrics, "postcopy_wait", vm, "mean", none ? NAN : (double)w->sum_ns / (double)w->all.count,
	            none);
	for (size_t i = 0; i < sizeof(shares) / sizeof(*shares); i++)
		metrics_put(metrics, "postcopy_wait", vm, shares[i].name,
		            none ? NAN : (double)histogram_quantile(&w->all, shares[i].share), none);
}

/* QEMU's own sums. */
static void put_blocked(const struct run *run, const struct run_vm *vm, struct json_object *facts,
                        struct metrics *metrics)
{
	static const char none[] = "QEMU does not say how long vCPUs waited";
	struct json_object *list = NULL;
	int64_t all_ns = run_fact(run, "/migration/page_waits/all_ns"),
		said_ns = run_fact(run, "/migration/page_waits/latency_ns");
	metrics_put(metrics, "postcopy_blocked", vm, "all", all_ns < 0 ? NAN : (double)all_ns,
	            all_ns < 0 ? none : NULL);
	if (said_ns >= 0)
		metrics_put(metrics, "postcopy_wait", vm, "said", (double)said_ns, NULL);
	json_object_object_get_ex(facts, "vcpu_ns", &list);
	for (size_t i = 0; json_object_is_type(list, json_type_array) && i < json_object_array_length(list); i++) {
		char vcpu[32];
		snprintf(vcpu, sizeof(vcpu), "vcpu%zu", i);
		metrics_put(metrics, "postcopy_blocked", vm, vcpu,
		            (double)json_object_get_int64(json_object_array_get_idx(list, i)), NULL);
	}
}

int wait_metrics(const struct run *run, struct metrics *metrics, struct err *e)
{
	static const struct series_column wanted[WANTED] = {
		[VCPU] = { "vcpu", COLUMN_INTEGER, 0 },
		[WAIT] = { "wait_ns", COLUMN_INTEGER, 0 },
	};
	const struct run_vm *vm = run_vm(run, run->moved);
	struct json_object *facts = NULL;
	char name[RUN_NAME_ROOM + 16];
	if (!vm || json_pointer_get(run->manifest, "/migration/page_waits", &facts) != 0)
		return 0;
	put_blocked(run, vm, facts, metrics);
	struct waits *w = calloc(1, sizeof(*w));
	if (!w)
		return err_set(e, EXIT_CANNOT, "no memory to count waits");
	snprintf(name, sizeof(name), "waits-%s.csv", vm->name);
	int result = series_read(run->directory, name, wanted, WANTED, on_row, w, NULL, e);
	if (result == 0) {
		put_waits(vm, w, metrics);
		result = plot(w, run->directory, e);
	}
	free(w);
	return result < 0 ? -1 : 0;
}
