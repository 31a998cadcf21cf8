/* Columns for the picture of a consolidation loop. Declared in analysis/cluster_metrics.h. */
#include "analysis/cluster_metrics.h"

#include "analysis/csv_field.h"
#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "bench/base/whole_file.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static void put_percent(FILE *out, double time_s, const char *node, const char *vm, double cores)
{
	fprintf(out, "%.3f,", time_s);
	field_text(out, node);
	putc(',', out);
	field_text(out, vm);
	if (isnan(cores))
		fputs(",missing\n", out);
	else
		fprintf(out, ",%.2f\n", 100 * cores);
}

/* In the middle of the second. */
static double middle_s(int64_t from_ns, int64_t to_ns, int64_t origin_ns)
{
	return (double)(from_ns + (to_ns - from_ns) / 2 - origin_ns) / NS_PER_S;
}

static int write_series(const struct run *run, const struct cluster_series *s, int64_t origin_ns, struct err *e)
{
	struct whole_file out = { 0 };
	if (whole_file_open(&out, run->directory, "plots/cluster.csv", e) < 0)
		return -1;
	fputs("time_s,node,vm,percent\n", out.file);
	for (int i = 0; i < s->second_count; i++) {
		const struct cluster_second *second = &s->seconds[i];
		put_percent(out.file, middle_s(second->from_ns, second->to_ns, origin_ns), second->node, "*",
		            second->guests);
	}
	for (int i = 0; i < s->step_count; i++) {
		const struct cluster_step *step = &s->steps[i];
		put_percent(out.file, middle_s(step->from_ns, step->to_ns, origin_ns), step->node, step->vm,
		            step->cores);
	}
	return whole_file_close(&out, 0, e);
}

/* ---- marks ---- */

struct marks {
	const struct run *run;
	FILE *out;
	int64_t origin_ns, end_ns;
};

static void put_mark(const struct marks *m, int64_t from_ns, int64_t until_ns, const char *vm, const char *node,
                     const char *kind, const char *label)
{
	fprintf(m->out, "%.6f", (double)(from_ns - m->origin_ns) / NS_PER_S);
	field_time(m->out, until_ns, m->origin_ns);
	const char *const texts[] = { vm, node, kind, label };
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		putc(',', m->out);
		field_text(m->out, texts[i]);
	}
	putc('\n', m->out);
}

/* The next event of this kind, of the same VM or node; its time, or the end of the loop. */
static int64_t until(const struct marks *m, int from, const char *kind, int of_node)
{
	const struct run_event *begin = &m->run->events[from];
	for (int i = from + 1; i < m->run->event_count; i++) {
		const struct run_event *event = &m->run->events[i];
		if (strcmp(event->event, kind) == 0 &&
		    strcmp(of_node ? event->node : event->vm, of_node ? begin->node : begin->vm) == 0)
			return event->head_ns;
	}
	return m->end_ns;
}

/* What a move began with is open while the VM resumes on another node than it left. */
static void put_switch(const struct marks *m, int index)
{
	const struct run_event *resume = &m->run->events[index];
	for (int i = index - 1; i >= 0; i--) {
		const struct run_event *event = &m->run->events[i];
		if (strcmp(event->vm, resume->vm) != 0 || strncmp(event->event, "move-", 5) != 0)
			continue;
		if (strcmp(event->event, "move-begin") == 0 && strcmp(event->node, resume->node) != 0)
			put_mark(m, resume->head_ns, MISSING, resume->vm, resume->node, "switch", "");
		return;
	}
}

static void put_event(const struct marks *m, int index)
{
	const struct run_event *event = &m->run->events[index];
	char label[sizeof(event->detail)] = "";
	if (strcmp(event->event, "plan") == 0 && strstr(event->detail, "move to ")) {
		/* "move to dst: and why" */
		snprintf(label, sizeof(label), "%.*s", (int)strcspn(event->detail, ":"), event->detail);
		put_mark(m, event->head_ns, MISSING, event->vm, event->node, "plan", label);
	} else if (strcmp(event->event, "move-begin") == 0) {
		put_mark(m, event->head_ns, until(m, index, "move-end", 0), event->vm, event->node, "move",
		         event->detail);
	} else if (strcmp(event->event, "resume") == 0) {
		put_switch(m, index);
	} else if (strcmp(event->event, "node-asleep") == 0) {
		put_mark(m, event->head_ns, until(m, index, "node-wake", 1), "", event->node, "asleep",
		         event->detail);
	} else if (strcmp(event->event, "node-wake") == 0) {
		put_mark(m, event->head_ns, until(m, index, "node-awake", 1), "", event->node, "waking",
		         event->detail);
	}
}

static int write_marks(const struct marks *marks, const struct stretch *overloads, int overload_count, struct err *e)
{
	struct marks m = *marks;
	struct whole_file out = { 0 };
	if (whole_file_open(&out, m.run->directory, "plots/cluster-marks.csv", e) < 0)
		return -1;
	m.out = out.file;
	fputs("time_s,until_s,vm,node,kind,label\n", m.out);
	for (int i = 0; i < m.run->event_count; i++)
		if (m.run->events[i].head_ns >= m.origin_ns && m.run->events[i].head_ns <= m.end_ns)
			put_event(&m, i);
	for (int i = 0; i < overload_count; i++)
		put_mark(&m, overloads[i].from_ns, overloads[i].to_ns, "", overloads[i].node, "overload", "");
	return whole_file_close(&out, 0, e);
}

int cluster_plot_write(const struct run *run, const struct cluster_series *s, const struct stretch *overloads,
                       int overload_count, struct err *e)
{
	const struct marks marks = { .run = run, .origin_ns = cluster_begin_ns(run), .end_ns = cluster_end_ns(run) };
	if (marks.end_ns == MISSING || write_series(run, s, marks.origin_ns, e) < 0)
		return marks.end_ns == MISSING ? 0 : -1;
	return write_marks(&marks, overloads, overload_count, e);
}
