#include "analysis/job_metrics.h"

#include "analysis/csv_field.h"
#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "bench/base/whole_file.h"

#include <gsl/gsl_statistics_double.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
	HEAD,
	ITERATION,
	PROCESSED,
	REMAINING,
	DIRTY,
	PAGE,
	RATE,
	THROTTLE,
	EXPECTED,
	LEFT,
	COLUMNS,
	ITERATIONS_MAX = 4096
};
static const struct series_column columns[COLUMNS] = {
	[HEAD] = { "head_ns", COLUMN_INTEGER, 0 },
	[ITERATION] = { "memory_iteration", COLUMN_INTEGER, 1 },
	[PROCESSED] = { "memory_processed_bytes", COLUMN_INTEGER, 1 },
	[REMAINING] = { "memory_remaining_bytes", COLUMN_INTEGER, 1 },
	[DIRTY] = { "memory_dirty_rate_pages_per_s", COLUMN_INTEGER, 1 },
	[PAGE] = { "memory_page_size_bytes", COLUMN_INTEGER, 1 },
	[RATE] = { "memory_bps_bytes_per_s", COLUMN_INTEGER, 1 },
	[THROTTLE] = { "auto_converge_throttle_percent", COLUMN_INTEGER, 1 },
	[EXPECTED] = { "downtime_expected_ns", COLUMN_INTEGER, 1 },
	[LEFT] = { "time_remaining_ns", COLUMN_INTEGER, 1 },
};

struct iteration {
	int64_t number, start_ns, end_ns;
	int64_t first_head_ns, first_remaining, first_rate, first_left_ns;      /* as said at its first row */
	int64_t processed, remaining, dirty, page, rate, throttle, expected_ns; /* as said last; MISSING: never */
};

struct job {
	const struct run *run;
	struct iteration *list;
	int count;
};

static const struct iteration unseen = {
	.number = MISSING,
	.start_ns = MISSING,
	.end_ns = MISSING,
	.first_head_ns = MISSING,
	.first_remaining = MISSING,
	.first_rate = MISSING,
	.first_left_ns = MISSING,
	.processed = MISSING,
	.remaining = MISSING,
	.dirty = MISSING,
	.page = MISSING,
	.rate = MISSING,
	.throttle = MISSING,
	.expected_ns = MISSING,
};

static void keep(int64_t *into, int64_t value)
{
	if (value != MISSING && value >= 0)
		*into = value;
}

static int on_row(void *context, const struct series_cell *cells, struct err *e)
{
	struct job *j = context;
	int64_t number = cells[ITERATION].integer, head_ns = cells[HEAD].integer;
	if (number == MISSING || number < 1 || head_ns == MISSING || head_ns < j->run->migrate_start_ns ||
	    (j->run->migrate_end_ns != MISSING && head_ns > j->run->migrate_end_ns))
		return 0;
	struct iteration *it = j->count ? &j->list[j->count - 1] : NULL;
	if (it && number < it->number)
		return 0;
	if (!it || number > it->number) {
		if (j->count == ITERATIONS_MAX)
			return err_set(e, EXIT_MEASURED_BAD, "job-%s.csv: more than %d iterations", j->run->moved,
			               ITERATIONS_MAX);
		it = &j->list[j->count++];
		*it = unseen;
		it->number = number;
		it->start_ns = it->first_head_ns = head_ns;
		it->first_remaining = cells[REMAINING].integer;
		it->first_rate = cells[RATE].integer;
		it->first_left_ns = cells[LEFT].integer;
	}
	keep(&it->processed, cells[PROCESSED].integer);
	keep(&it->remaining, cells[REMAINING].integer);
	keep(&it->dirty, cells[DIRTY].integer);
	keep(&it->page, cells[PAGE].integer);
	keep(&it->rate, cells[RATE].integer);
	keep(&it->throttle, cells[THROTTLE].integer);
	keep(&it->expected_ns, cells[EXPECTED].integer);
	return 0;
}

/* The iteration with this number; one so short that no row saw it is put in between. */
static struct iteration *find_iteration(struct job *j, int64_t number)
{
	int at = j->count;
	while (at > 0 && j->list[at - 1].number > number)
		at--;
	if (at > 0 && j->list[at - 1].number == number)
		return &j->list[at - 1];
	if (j->count == ITERATIONS_MAX)
		return NULL;
	memmove(&j->list[at + 1], &j->list[at], (size_t)(j->count++ - at) * sizeof(*j->list));
	j->list[at] = unseen;
	j->list[at].number = number;
	return &j->list[at];
}

/*
 * Events tell the start to the microsecond, rows only to the polling interval. The last one ends at the stop, or where
 * it began behind that (the rest that is sent while stopped), at the resume.
 */
static void place_iterations(struct job *j)
{
	const struct run *run = j->run;
	for (int i = 0; i < run->event_count; i++) {
		const struct run_event *event = &run->events[i];
		int64_t number;
		if (strcmp(event->event, "iteration") != 0 || strcmp(event->vm, run->moved) != 0 ||
		    event->head_ns < run->migrate_start_ns ||
		    !series_integer(event->detail, strlen(event->detail), &number))
			continue;
		struct iteration *it = find_iteration(j, number);
		if (it)
			it->start_ns = event->head_ns;
	}
	if (!j->count)
		return;
	for (int k = 0; k + 1 < j->count; k++)
		j->list[k].end_ns = j->list[k + 1].start_ns;
	struct iteration *last = &j->list[j->count - 1];
	const struct run_event *end = run_event(run, "stop", run->moved, last->start_ns);
	if (!end)
		end = run_event(run, "resume", run->moved, last->start_ns);
	last->end_ns = end ? end->head_ns : run->migrate_end_ns;
}

static void put_optional(FILE *file, int64_t value)
{
	field_number(file, metric_of(value));
}

static int plot(const struct job *j, struct err *e)
{
	struct whole_file out = { 0 };
	if (whole_file_open(&out, j->run->directory, "plots/iterations.csv", e) < 0)
		return -1;
	fputs("iteration,start_s,end_s,processed_bytes,remaining_bytes,dirty_bytes_per_s,rate_bytes_per_s,"
	      "throttle_percent,expected_downtime_ms\n",
	      out.file);
	int64_t before = 0;
	for (int k = 0; k < j->count; k++) {
		const struct iteration *it = &j->list[k];
		fprintf(out.file, "%lld", (long long)it->number);
		field_time(out.file, it->start_ns, j->run->migrate_start_ns);
		field_time(out.file, it->end_ns, j->run->migrate_start_ns);
		put_optional(out.file, it->processed == MISSING ? MISSING : it->processed - before);
		put_optional(out.file, it->remaining);
		field_number(out.file, metric_of(it->dirty) * metric_of(it->page));
		put_optional(out.file, it->rate);
		put_optional(out.file, it->throttle);
		field_ms(out.file, it->expected_ns);
		putc('\n', out.file);
		if (it->processed != MISSING)
			before = it->processed;
	}
	return whole_file_close(&out, 0, e);
}

static double downtime_error(const struct iteration *it, const struct run *run, int64_t came_ns)
{
	(void)run;
	return metric_of(it->expected_ns) - metric_of(came_ns);
}

static double remaining_error(const struct iteration *it, const struct run *run, int64_t came_ns)
{
	(void)came_ns;
	double left = metric_of(it->first_left_ns);
	if (!(left > 0)) /* QEMU's driver seldom fills it */
		left = it->first_rate > 0 ? metric_of(it->first_remaining) / (double)it->first_rate * NS_PER_S : NAN;
	return left - (metric_of(run->migrate_done_ns) - metric_of(it->first_head_ns));
}

/* First, last and median over the iterations that had a forecast. */
static void put_forecast(const struct job *j, const char *metric, int64_t came_ns,
                         double (*error_of)(const struct iteration *, const struct run *, int64_t), double *scratch,
                         const char *reason, struct metrics *metrics)
{
	size_t n = 0;
	for (int k = 0; k < j->count; k++) {
		double error = error_of(&j->list[k], j->run, came_ns);
		if (!isnan(error))
			scratch[n++] = error;
	}
	static const char *const which[] = { "first", "last", "median" };
	double values[3] = { NAN, NAN, NAN };
	if (n) {
		values[0] = scratch[0];
		values[1] = scratch[n - 1];
		values[2] = gsl_stats_median(scratch, 1, n); /* reorders */
	}
	for (int i = 0; i < 3; i++) {
		struct metric_value *v = metrics_add(metrics, metric, run_vm(j->run, j->run->moved), "%s", which[i]);
		v->value = values[i];
		if (n)
			v->n = i == 2 ? (int64_t)n : 1;
		else
			snprintf(v->reason, sizeof(v->reason), "%s", reason);
	}
}

static void put_fact(const struct run *run, const char *metric, const char *variant, const char *path,
                     struct metrics *metrics)
{
	int64_t value = run_fact(run, path);
	metrics_put(metrics, metric, run_vm(run, run->moved), variant, value < 0 ? NAN : (double)value,
	            value < 0 ? "not in the hypervisor's completed statistics" : NULL);
}

static void put_completed(const struct job *j, struct metrics *metrics)
{
	const struct run *run = j->run;
	const struct run_vm *vm = run_vm(run, run->moved);
	const struct run_event *setup = run_event(run, "setup-done", run->moved, run->migrate_start_ns);
	if (run_fact(run, "/migration/completed/setup_time_ns") < 0 && setup)
		metrics_put(metrics, "setup_time", vm, "", (double)(setup->head_ns - run->migrate_start_ns), NULL);
	else
		put_fact(run, "setup_time", "", "/migration/completed/setup_time_ns", metrics);
	put_fact(run, "bytes_reported", "", "/migration/completed/data_processed_bytes", metrics);
	int64_t bytes = run_fact(run, "/migration/completed/data_processed_bytes");
	int known = bytes >= 0 && vm->memory_bytes > 0;
	metrics_put(metrics, "bytes_to_memory", vm, "reported",
	            known ? (double)bytes / (double)vm->memory_bytes : NAN,
	            known ? NULL : "bytes reported, or the VM's memory, are missing");
	if (run_fact(run, "/migration/completed/memory_iteration") < 0 && j->count)
		metrics_put(metrics, "iterations", vm, "", (double)j->list[j->count - 1].number,
		            "the last seen while it ran");
	else
		put_fact(run, "iterations", "", "/migration/completed/memory_iteration", metrics);
	if (!strcmp(run->mode, "postcopy"))
		put_fact(run, "postcopy_requests", "", "/migration/completed/memory_postcopy_requests", metrics);
}

int job_metrics(const struct run *run, int64_t came_ns, struct metrics *metrics, struct err *e)
{
	char name[RUN_NAME_ROOM + 16];
	if (!run_vm(run, run->moved) || run->migrate_start_ns == MISSING)
		return 0;
	struct job j = { .run = run, .list = calloc(ITERATIONS_MAX, sizeof(*j.list)) };
	double *scratch = calloc(ITERATIONS_MAX, sizeof(*scratch));
	int result = -1;
	if (!j.list || !scratch) {
		err_errno(e, EXIT_CANNOT, "cannot keep iterations");
		goto out;
	}
	snprintf(name, sizeof(name), "job-%s.csv", run->moved);
	result = series_read(run->directory, name, columns, COLUMNS, on_row, &j, NULL, e);
	if (result < 0)
		goto out;
	place_iterations(&j);
	if (result == 0 && plot(&j, e) < 0) {
		result = -1;
		goto out;
	}
	result = 0;
	put_completed(&j, metrics);
	put_forecast(&j, "expected_downtime_error", came_ns, downtime_error, scratch,
	             came_ns == MISSING ? "no downtime came to hold it against" : "the hypervisor gave no forecast",
	             metrics);
	put_forecast(&j, "remaining_time_error", came_ns, remaining_error, scratch,
	             "neither a remaining time nor a rate was given, or the end is not known", metrics);
out:
	free(j.list);
	free(scratch);
	return result;
}
