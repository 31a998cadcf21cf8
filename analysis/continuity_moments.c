#include "analysis/continuity_moments.h"

#include "analysis/continuity_metrics.h"
#include "analysis/switch_over.h"
#include "analysis/vm_samples.h"
#include "bench/base/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STREAM_WORKLOAD "stream"
#define REMADE_NS NS_PER_S /* a flow that is made so much later is made anew */

static struct moment unknown(const char *reason)
{
	return (struct moment){ MISSING, MISSING, reason };
}

/* ---- what the switches say ---- */

struct moment moment_of_event(const struct run_event *event)
{
	const char *at = strstr(event->detail, "error_ns ");
	long long error_ns;
	int known = at && sscanf(at, "error_ns %lld", &error_ns) == 1 && error_ns >= 0 && error_ns < SERIES_LIMIT;
	return (struct moment){ event->head_ns, known ? error_ns : MISSING, NULL };
}

/* Whether it is such an event of the VM since the stop, whose detail begins so. */
static int is_since(const struct run_event *event, const struct run_vm *vm, int64_t stop_ns, const char *name,
                    const char *begins)
{
	return event->head_ns >= stop_ns && strcmp(event->event, name) == 0 && strcmp(event->vm, vm->name) == 0 &&
	       strncmp(event->detail, begins, strlen(begins)) == 0;
}

/* A switch's first such word; the run's next one after `at`. */
static int next_of(const struct run *run, const struct run_vm *vm, int64_t stop_ns, const char *name,
                   const char *begins, int at)
{
	while (++at < run->event_count) {
		int again = 0;
		if (!is_since(&run->events[at], vm, stop_ns, name, begins))
			continue;
		for (int k = 0; k < at && !again; k++)
			again = is_since(&run->events[k], vm, stop_ns, name, begins) &&
			        strcmp(run->events[k].node, run->events[at].node) == 0;
		if (!again)
			return at;
	}
	return -1;
}

int moments_next_learned(const struct run *run, const struct run_vm *vm, int64_t stop_ns, int at)
{
	return next_of(run, vm, stop_ns, "learned", "", at);
}

/* The last switch's first such word. */
static struct moment last_of(const struct run *run, const struct run_vm *vm, int64_t stop_ns, const char *name,
                             const char *begins, struct moment last)
{
	for (int i = -1; (i = next_of(run, vm, stop_ns, name, begins, i)) >= 0;)
		if (last.ns == MISSING || run->events[i].head_ns > last.ns)
			last = moment_of_event(&run->events[i]);
	return last;
}

/* Flows towards the VM that a switch has already are changed when it learns the new place; the others are made. */
static struct moment passes_by_events(const struct run *run, const struct run_vm *vm, int64_t stop_ns,
                                      enum continuity_way way)
{
	const char *begins = way == WAY_FROM_GUEST ? "udp from-guest " : "udp to-guest ";
	struct moment m = unknown("no switch says when it carried the conversation to the new place");
	int says = 0;
	for (int i = 0; i < run->event_count && !says; i++)
		says = is_since(&run->events[i], vm, INT64_MIN, "flow-made", begins);
	if (says)
		m = last_of(run, vm, stop_ns, "flow-made", begins, m);
	return says && way == WAY_TO_GUEST ? last_of(run, vm, stop_ns, "learned", "", m) : m;
}

/* ---- what their flows say ---- */

enum { HEAD, SWITCH, PROTOCOL, IP_SRC, PORT_SRC, DURATION, COOKIE, COLUMNS };

struct made {
	const char *address;
	int64_t stop_ns, low_ns, high_ns; /* made between the two, as its readings have it; MISSING: none */
	char cookie[24];
};

/* A reading says when the flow was made, give or take how long the question took. */
static int on_flow(void *context, const struct series_cell *cells, struct err *e)
{
	struct made *m = context;
	(void)e;
	if (cells[HEAD].integer == MISSING || cells[DURATION].integer == MISSING ||
	    strcmp(cells[SWITCH].text, FLOWS_FIRST_SWITCH) != 0 || strcmp(cells[PROTOCOL].text, "udp") != 0 ||
	    strcmp(cells[IP_SRC].text, m->address) != 0 || strcmp(cells[PORT_SRC].text, FLOWS_STREAM_PORT) != 0)
		return 0;
	int64_t made_ns = cells[HEAD].integer - cells[DURATION].integer;
	if (made_ns < m->stop_ns)
		return 0;
	if (m->low_ns == MISSING) {
		m->low_ns = m->high_ns = made_ns;
		snprintf(m->cookie, sizeof(m->cookie), "%.23s", cells[COOKIE].text);
	}
	if (strcmp(cells[COOKIE].text, m->cookie) != 0 || made_ns > m->low_ns + REMADE_NS)
		return 0;
	m->low_ns = made_ns < m->low_ns ? made_ns : m->low_ns;
	m->high_ns = made_ns > m->high_ns ? made_ns : m->high_ns;
	return 0;
}

static int passes_by_flows(const struct run *run, const struct run_vm *vm, int64_t stop_ns, struct moment *ret,
                           struct err *e)
{
	static const struct series_column columns[COLUMNS] = {
		[HEAD] = { "head_ns", COLUMN_INTEGER, 0 },   [SWITCH] = { "switch", COLUMN_TEXT, 0 },
		[PROTOCOL] = { "protocol", COLUMN_TEXT, 0 }, [IP_SRC] = { "ip_src", COLUMN_TEXT, 0 },
		[PORT_SRC] = { "port_src", COLUMN_TEXT, 0 }, [DURATION] = { "duration_ns", COLUMN_INTEGER, 0 },
		[COOKIE] = { "cookie", COLUMN_TEXT, 1 },
	};
	struct made m = { flow_guest_address(run, vm), stop_ns, MISSING, MISSING, "" };
	if (series_read(run->directory, "flows.csv", columns, COLUMNS, on_flow, &m, NULL, e) < 0)
		return -1;
	if (m.low_ns != MISSING)
		*ret = (struct moment){ m.low_ns + (m.high_ns - m.low_ns) / 2,
			                (m.high_ns - m.low_ns + 1) / 2 + FLOWS_DURATION_NS, NULL };
	return 0;
}

/* ---- what the guest's samples say ---- */

struct turning {
	int64_t resume_ns;
	int samples;   /* behind the resume, so far */
	double before; /* work up to the first of them, which may be of before the stop */
	int64_t low_ns, high_ns;
};

static int on_span(void *context, const struct work_span *span, struct err *e)
{
	struct turning *t = context;
	(void)e;
	if (!span->sample || span->end_ns <= t->resume_ns || t->high_ns != MISSING)
		return 0;
	if (!t->samples++) {
		t->before = span->work;
		return 0;
	}
	if (span->work <= 0)
		return 0;
	t->low_ns = t->samples == 2 && t->before > 0 ? t->resume_ns : span->start_ns;
	t->high_ns = span->end_ns;
	return 0;
}

static int turn_find(const struct vm_samples *samples, int64_t resume_ns, struct moment *ret, struct err *e)
{
	struct turning t = { resume_ns, 0, 0, MISSING, MISSING };
	int i = 0;
	*ret = unknown("the guest has no samples of its workload `" STREAM_WORKLOAD "` after the resume");
	while (i < samples->count && strcmp(samples->workloads[i].name, STREAM_WORKLOAD) != 0)
		i++;
	if (i == samples->count || !samples->map)
		return 0;
	if (work_curve_each(samples, &samples->workloads[i], on_span, &t, e) < 0)
		return -1;
	if (t.high_ns != MISSING)
		*ret = (struct moment){ t.low_ns + (t.high_ns - t.low_ns) / 2,
			                (t.high_ns - t.low_ns + 1) / 2 + clock_map_uncertainty_ns(samples->map),
			                NULL };
	return 0;
}

/* ---- all of them ---- */

int moments_find(const struct run *run, const struct run_vm *vm, const struct vm_samples *samples,
                 struct moments *ret, struct err *e)
{
	const struct switch_over s = switch_over_find(run, vm, run->migrate_start_ns);
	const char *why =
		!s.stop || !s.resume ? "no stop on the source and resume on the destination in events.csv"
		: run->event_error_ns == MISSING
			? "the nodes' stamps are of other clocks, which are not mapped to this one (clocks.csv)"
			: NULL;
	if (why) {
		*ret = (struct moments){ unknown(why), unknown(why), unknown(why), { unknown(why), unknown(why) } };
		return 0;
	}
	ret->stop = (struct moment){ s.stop->head_ns, run->event_error_ns, NULL };
	ret->resume = (struct moment){ s.resume->head_ns, run->event_error_ns, NULL };
	for (int way = 0; way < WAYS; way++)
		ret->passes[way] = passes_by_events(run, vm, ret->stop.ns, (enum continuity_way)way);
	struct moment *from = &ret->passes[WAY_FROM_GUEST];
	if (from->ns == MISSING && passes_by_flows(run, vm, ret->stop.ns, from, e) < 0)
		return -1;
	return turn_find(samples, ret->resume.ns, &ret->turn, e);
}
