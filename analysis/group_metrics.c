#include "analysis/group_metrics.h"

#include "analysis/csv_field.h"
#include "analysis/metrics_write.h"
#include "bench/base/err.h"
#include "bench/base/quantity.h"
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

/* All memory of its VMs at the link's rate, once. */
static void put_bound(const struct run *run, struct metrics *metrics)
{
	struct json_object *rate_text;
	int64_t rate = 0;
	double bytes = 0;
	for (int i = 0; i < run->vm_count; i++)
		if (is_member(run, run->vms[i].name))
			bytes += (double)run->vms[i].memory_bytes;
	if (json_pointer_get(run->manifest, "/link/asked/rate", &rate_text) != 0 ||
	    rate_parse(json_object_get_string(rate_text), &rate, NULL) < 0 || rate <= 0)
		metrics_put(metrics, "group_bound", NULL, "", NAN, "the link had no rate of its own");
	else
		metrics_put(metrics, "group_bound", NULL, "", bytes * 8e9 / (double)rate, NULL);
}

void group_lost_metrics(const struct run *run, struct metrics *metrics)
{
	if (!run_event(run, "group", NULL, MISSING))
		return;
	double sum = 0;
	int n = 0;
	char reason[128] = "";
	for (int i = 0; i < metrics->count; i++) {
		const struct metric_value *v = &metrics->values[i];
		if (strcmp(v->definition->name, "lost_work") != 0 || !is_member(run, v->vm))
			continue;
		if (isnan(v->value) && !*reason)
			snprintf(reason, sizeof(reason), "that of %.60s is missing", v->vm);
		sum += v->value;
		n++;
	}
	metrics_put(metrics, "group_lost_work", NULL, "", n ? sum : NAN, n ? reason : "no VM's is known");
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
	put_bound(g->run, metrics);
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
	return whole_file_close(&out, 0, e);
}
