#include "analysis/group_metrics.h"

#include "analysis/csv_field.h"
#include "analysis/metrics_write.h"
#include "bench/base/err.h"
#include "bench/base/whole_file.h"

#include <json-c/json.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

struct group {
	const struct run *run;
	int64_t begin_ns, last_ns; /* of the last move that arrived; MISSING: none */
	int arrived, recalled;
};

static const char *end_kind(const struct run_event *end)
{
	static const char *const kinds[] = { "arrived", "recalled" };
	for (int i = 0; i < 2; i++)
		if (end && strncmp(end->detail, kinds[i], strlen(kinds[i])) == 0)
			return kinds[i];
	return "failed";
}

/* The move that begins with this event. */
static void put_move(struct group *g, int begin, FILE *out)
{
	const struct run_event *from = &g->run->events[begin];
	const struct run_event *end = run_event(g->run, "move-end", from->vm, from->head_ns);
	const char *kind = end_kind(end);
	g->arrived += *kind == 'a';
	g->recalled += *kind == 'r';
	if (*kind == 'a' && end->head_ns > g->last_ns)
		g->last_ns = end->head_ns;
	field_text(out, from->vm);
	fprintf(out, ",%s", kind);
	field_time(out, from->head_ns, run_origin_ns(g->run));
	field_time(out, end ? end->head_ns : MISSING, run_origin_ns(g->run));
	putc('\n', out);
}

static int is_member(const struct run *run, const char *vm)
{
	struct json_object *list;
	if (json_pointer_get(run->manifest, "/group/vms", &list) != 0 || !json_object_is_type(list, json_type_array))
		return 0;
	for (size_t i = 0; i < json_object_array_length(list); i++) {
		const char *name = json_object_get_string(json_object_array_get_idx(list, i));
		if (name && strcmp(name, vm) == 0)
			return 1;
	}
	return 0;
}

static int member_count(const struct run *run)
{
	int count = 0;
	for (int i = 0; i < run->vm_count; i++)
		count += is_member(run, run->vms[i].name);
	return count;
}

/* ---- the least that it could have taken ---- */

enum { HEAD, TOTAL, ZERO, NORMAL, PAGE, COLUMNS };
static const struct series_column job_columns[COLUMNS] = {
	[HEAD] = { "head_ns", COLUMN_INTEGER, 0 },
	[TOTAL] = { "memory_total_bytes", COLUMN_INTEGER, 1 },
	[ZERO] = { "memory_constant_pages", COLUMN_INTEGER, 1 },
	[NORMAL] = { "memory_normal_pages", COLUMN_INTEGER, 1 },
	[PAGE] = { "memory_page_size_bytes", COLUMN_INTEGER, 1 },
};

/* What had to be sent of the VM that moved then. */
struct needed {
	int64_t from_ns, to_ns;
	double bytes; /* NAN: no row said */
};

/*
 * The hypervisor counts every record of a page, zero or not, repeats too. Until each page was sent once, what it counts as not
 * zero are pages that had to be; from then on all those are that it never counted as zero. The lower of both is right at any
 * row, and the highest such row has seen most.
 */
static int on_job_row(void *context, const struct series_cell *cells, struct err *e)
{
	(void)e;
	struct needed *n = context;
	if (cells[HEAD].integer < n->from_ns || cells[HEAD].integer > n->to_ns)
		return 0;
	for (int i = TOTAL; i < COLUMNS; i++)
		if (cells[i].integer == MISSING || cells[i].integer < 0)
			return 0;
	double page = (double)cells[PAGE].integer, normal = (double)cells[NORMAL].integer * page,
	       rest = (double)cells[TOTAL].integer - (double)cells[ZERO].integer * page;
	n->bytes = fmax(n->bytes, fmax(0, fmin(normal, rest)));
	return 0;
}

/* The move with which it arrived; those before were in vain, and counted on their own. */
static struct needed arrival_of(const struct run *run, const char *vm)
{
	struct needed n = { MISSING, MISSING, NAN };
	for (int i = 0; i < run->event_count; i++) {
		const struct run_event *begin = &run->events[i];
		if (strcmp(begin->event, "move-begin") != 0 || strcmp(begin->vm, vm) != 0)
			continue;
		const struct run_event *end = run_event(run, "move-end", vm, begin->head_ns);
		if (*end_kind(end) == 'a')
			n = (struct needed){ begin->head_ns, end->head_ns, NAN };
	}
	return n;
}

static int put_bound(const struct run *run, struct metrics *metrics, struct err *e)
{
	double sum = 0, rate = run_ideal_goodput(run);
	char name[RUN_NAME_ROOM + 16], reason[2 * RUN_NAME_ROOM + 64] = "";
	for (int i = 0; i < run->vm_count; i++) {
		const char *vm = run->vms[i].name;
		if (!is_member(run, vm))
			continue;
		struct needed n = arrival_of(run, vm);
		snprintf(name, sizeof(name), "job-%s.csv", vm);
		if (n.from_ns != MISSING &&
		    series_read(run->directory, name, job_columns, COLUMNS, on_job_row, &n, NULL, e) < 0)
			return -1;
		if (isnan(n.bytes) && !*reason)
			snprintf(reason, sizeof(reason),
			         n.from_ns == MISSING ? "%s did not arrive" : "%s does not say it",
			         n.from_ns == MISSING ? vm : name);
		sum += n.bytes;
	}
	metrics_put(metrics, "group_bound", NULL, "", sum * 8e9 / rate,
	            isnan(rate) ? "the link had no rate of its own" : reason);
	return 0;
}

void group_lost_metrics(const struct run *run, struct metrics *metrics)
{
	if (!run_event(run, "group", NULL, MISSING))
		return;
	double sum = 0, low = 0, high = 0;
	int n = 0;
	char reason[128] = "";
	for (int i = 0; i < metrics->count; i++) {
		const struct metric_value *v = &metrics->values[i];
		if (strcmp(v->definition->name, "lost_work") != 0 || !is_member(run, v->vm))
			continue;
		if (isnan(v->value) && !*reason)
			snprintf(reason, sizeof(reason), "that of %.60s is missing", v->vm);
		sum += v->value;
		low += v->low;
		high += v->high;
		n++;
	}
	struct metric_value *all = metrics_add(metrics, "group_lost_work", NULL, "%s", "");
	snprintf(all->reason, sizeof(all->reason), "%s", n ? reason : "no VM's is known");
	if (!n)
		return;
	all->value = sum;
	all->low = low;
	all->high = high;
}

static void put_all(const struct group *g, struct metrics *metrics)
{
	char reason[128] = "";
	int count = member_count(g->run);
	if (g->arrived < count)
		snprintf(reason, sizeof(reason), "only %d of %d VMs arrived", g->arrived, count);
	metrics_put(metrics, "group_time", NULL, "",
	            *reason || g->last_ns == MISSING ? NAN : (double)(g->last_ns - g->begin_ns), reason);
	metrics_put(metrics, "group_arrived", NULL, "", count ? (double)g->arrived / count : NAN, reason);
	metrics_put(metrics, "group_recalled", NULL, "", g->recalled, NULL);
}

int group_metrics(const struct run *run, struct metrics *metrics, struct err *e)
{
	const struct run_event *begin = run_event(run, "group", NULL, MISSING);
	struct whole_file out = { 0 };
	if (!begin)
		return 0;
	struct group g = { .run = run, .begin_ns = begin->head_ns, .last_ns = MISSING };
	if (whole_file_open(&out, run->directory, "plots/group.csv", e) < 0)
		return -1;
	fputs("vm,kind,begin_s,end_s\n", out.file);
	for (int i = 0; i < run->event_count; i++)
		if (strcmp(run->events[i].event, "move-begin") == 0)
			put_move(&g, i, out.file);
	put_all(&g, metrics);
	if (whole_file_close(&out, 0, e) < 0)
		return -1;
	return put_bound(run, metrics, e);
}
