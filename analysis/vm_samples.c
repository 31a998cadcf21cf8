#include "analysis/vm_samples.h"

#include "bench/base/err.h"
#include "bench/base/sample_wire.h"

#include <stdio.h>
#include <string.h>

enum { WORKLOAD, SEQ, GUEST, HEAD, WORK, WORST_OP, WORST_SERVICE, COLUMNS };
static const struct series_column columns[COLUMNS] = {
	[WORKLOAD] = { "workload", COLUMN_TEXT, 0 },
	[SEQ] = { "seq", COLUMN_INTEGER, 0 },
	[GUEST] = { "guest_ns", COLUMN_INTEGER, 0 },
	[HEAD] = { "head_ns", COLUMN_INTEGER, 0 },
	[WORK] = { "work", COLUMN_INTEGER, 0 },
	[WORST_OP] = { "worst_op_ns", COLUMN_INTEGER, 1 },
	[WORST_SERVICE] = { "worst_service_ns", COLUMN_INTEGER, 1 },
};
struct reading {
	struct vm_samples *samples;
	const char *directory, *file;
	int last; /* workload of the row before: nearly always the next one's too */
	int64_t row;
};

static struct workload_samples *find_workload(struct reading *r, const char *name, struct err *e)
{
	struct vm_samples *all = r->samples;
	if (all->count && !strcmp(all->workloads[r->last].name, name))
		return &all->workloads[r->last];
	for (int i = 0; i < all->count; i++)
		if (!strcmp(all->workloads[i].name, name))
			return &all->workloads[r->last = i];
	if (all->count == RUN_WORKLOADS_MAX) {
		err_set(e, EXIT_MEASURED_BAD, "%s:%lld: more than %d workloads", r->file, (long long)r->row + 1,
		        RUN_WORKLOADS_MAX);
		return NULL;
	}
	struct workload_samples *w = &all->workloads[all->count];
	*w = (struct workload_samples){ .last_seq = -1, .first_guest_ns = MISSING, .last_guest_ns = MISSING };
	snprintf(w->name, sizeof(w->name), "%.63s", name);
	if (sample_store_open(&w->store, r->directory, e) < 0)
		return NULL;
	r->last = all->count++;
	return w;
}

static int in_range(int64_t value, int64_t limit)
{
	return value >= 0 && value < limit;
}

static int on_row(void *context, const struct series_cell *cells, struct err *e)
{
	struct reading *r = context;
	r->row++;
	struct stored_sample s = { cells[GUEST].integer, cells[HEAD].integer, cells[WORK].integer,
		                   cells[WORST_OP].integer, cells[WORST_SERVICE].integer };
	int64_t seq = cells[SEQ].integer;
	if (!in_range(seq, INT64_C(1) << 32) || !in_range(s.guest_ns, SAMPLE_VALUE_LIMIT) ||
	    !in_range(s.work, SAMPLE_VALUE_LIMIT) ||
	    (s.head_ns != MISSING && !in_range(s.head_ns, SAMPLE_VALUE_LIMIT)) ||
	    (s.worst_op_ns != MISSING && !in_range(s.worst_op_ns, SAMPLE_VALUE_LIMIT)) ||
	    (s.worst_service_ns != MISSING && !in_range(s.worst_service_ns, SAMPLE_VALUE_LIMIT)))
		return err_set(e, EXIT_MEASURED_BAD, "%s:%lld: a value is missing or out of range", r->file,
		               (long long)r->row + 1);
	struct workload_samples *w = find_workload(r, cells[WORKLOAD].text, e);
	if (!w)
		return -1;
	int new = sample_store_put(w->store, seq, &s, e);
	if (new < 0)
		return -1;
	w->got += new;
	w->fetched += new &&s.head_ns == MISSING;
	if (seq > w->last_seq)
		w->last_seq = seq;
	if (s.head_ns != MISSING)
		clock_map_add(r->samples->map, s.guest_ns, s.head_ns);
	return 0;
}

/* The next sample whose stamp is not known to be false. */
static int next_sound(const struct vm_samples *all, const struct workload_samples *w, struct stored_sample *ret,
                      struct err *e)
{
	int got;
	do
		got = sample_store_next(w->store, ret, e);
	while (got > 0 && all->map && ret->head_ns != MISSING &&
	       clock_map_is_leap(all->map, ret->guest_ns, ret->head_ns));
	return got;
}

/*
 * What the samples span, and on which side of a stop each is. Of those that came in one datagram the newest alone tells
 * that: it was sent then.
 */
static int place_samples(struct vm_samples *all, struct workload_samples *w, struct err *e)
{
	struct stored_sample s, newest = { .head_ns = MISSING };
	int got;
	if (sample_store_rewind(w->store, e) < 0)
		return -1;
	while ((got = next_sound(all, w, &s, e)) > 0) {
		if (w->first_guest_ns == MISSING || s.guest_ns < w->first_guest_ns)
			w->first_guest_ns = s.guest_ns;
		if (s.guest_ns > w->last_guest_ns)
			w->last_guest_ns = s.guest_ns;
		if (all->map && newest.head_ns != MISSING && newest.head_ns != s.head_ns)
			clock_map_locate(all->map, newest.guest_ns, newest.head_ns);
		newest = s;
	}
	if (all->map && newest.head_ns != MISSING)
		clock_map_locate(all->map, newest.guest_ns, newest.head_ns);
	return got;
}

static int build_map(struct vm_samples *all, const struct run *run, const char *vm, struct err *e)
{
	struct err why = { 0 };
	if (clock_map_build(all->map, &why) < 0) {
		snprintf(all->clock_reason, sizeof(all->clock_reason), "%.255s", why.text);
		clock_map_close(all->map);
		all->map = NULL;
	}
	for (int i = 0; i < all->count; i++)
		if (place_samples(all, &all->workloads[i], e) < 0)
			return -1;
	if (!all->map)
		return 0;
	for (int i = 0; run && i < run->event_count; i++)
		if (strcmp(run->events[i].event, "stop") == 0 && strcmp(run->events[i].vm, vm) == 0)
			clock_map_hint(all->map, run->events[i].head_ns);
	clock_map_finish(all->map);
	return 0;
}

int vm_samples_read(struct vm_samples *ret, const char *directory, const struct run *run, const char *vm,
                    struct err *e)
{
	memset(ret, 0, sizeof(*ret));
	char file[RUN_NAME_ROOM + 16];
	snprintf(file, sizeof(file), "samples-%.63s.csv", vm);
	if (clock_map_open(&ret->map, e) < 0)
		return -1;
	struct reading r = { .samples = ret, .directory = directory, .file = file };
	struct series_facts facts = { 0 };
	int result = series_read(directory, file, columns, COLUMNS, on_row, &r, &facts, e);
	ret->lines_dropped = facts.rows_dropped;
	if (result == 0)
		result = build_map(ret, run, vm, e);
	if (result != 0)
		vm_samples_free(ret);
	return result;
}

void vm_samples_free(struct vm_samples *samples)
{
	for (int i = 0; i < samples->count; i++)
		sample_store_close(samples->workloads[i].store);
	clock_map_close(samples->map);
	memset(samples, 0, sizeof(*samples));
}

/* The spans between two samples: up to the first stop, the stop, up to the next, ... */
static int between(const struct clock_step *steps, int step_count, int *next_step, const struct stored_sample *from,
                   int64_t from_ns, const struct stored_sample *to, int64_t to_ns, work_span_fn *fn, void *context,
                   struct err *e)
{
	double work = (double)(to->work - from->work), guest = (double)(to->guest_ns - from->guest_ns), done = 0;
	struct work_span span = { .start_ns = from_ns };
	for (; *next_step < step_count && steps[*next_step].guest_ns < to->guest_ns; ++*next_step) {
		const struct clock_step *stop = &steps[*next_step];
		if (stop->guest_ns < from->guest_ns)
			continue;
		double reached = work * ((double)(stop->guest_ns - from->guest_ns) / guest);
		span.end_ns = stop->stop_ns;
		span.work = reached - done;
		if (span.end_ns > span.start_ns && fn(context, &span, e) < 0)
			return -1;
		span = (struct work_span){ .start_ns = stop->stop_ns, .end_ns = stop->resume_ns };
		if (span.end_ns > span.start_ns && fn(context, &span, e) < 0)
			return -1;
		span.start_ns = stop->resume_ns;
		done = reached;
	}
	span.end_ns = to_ns;
	span.work = work - done;
	span.sample = to;
	return fn(context, &span, e);
}

int work_curve_each(const struct vm_samples *samples, const struct workload_samples *workload, work_span_fn *fn,
                    void *context, struct err *e)
{
	int step_count, next_step = 0, got;
	const struct clock_step *steps = clock_map_steps(samples->map, &step_count);
	struct stored_sample from, to;
	if (sample_store_rewind(workload->store, e) < 0)
		return -1;
	if ((got = next_sound(samples, workload, &from, e)) <= 0)
		return got;
	int64_t from_ns = clock_map_head(samples->map, from.guest_ns);
	while ((got = next_sound(samples, workload, &to, e)) > 0) {
		if (to.guest_ns <= from.guest_ns || to.work < from.work)
			continue;
		int64_t to_ns = clock_map_head(samples->map, to.guest_ns);
		if (between(steps, step_count, &next_step, &from, from_ns, &to, to_ns, fn, context, e) < 0)
			return -1;
		from = to;
		from_ns = to_ns;
	}
	return got;
}
