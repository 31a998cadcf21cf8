#include "analysis/stretch.h"

#include "analysis/loop_moves.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum is { IS_NOT, IS, IS_UNKNOWN };

struct finder {
	const struct cluster_series *series;
	const struct run *run;
	struct stretch *found;
	int room, count;
	const char *node;
	enum loop_role role; /* of what is decided on for them */
	struct stretch open;
	int others;         /* behind the last of the open one's seconds */
	int64_t unknown_ns; /* before the next second */
};

/* A node that sleeps has no VMs, though it does not say so. */
static int sleeps(const struct run *run, const char *node, int64_t at_ns)
{
	int asleep = 0;
	for (int i = 0; i < run->event_count && run->events[i].head_ns <= at_ns; i++)
		if (strcmp(run->events[i].node, node) == 0)
			asleep = strcmp(run->events[i].event, "node-asleep") == 0  ? 1
			         : strcmp(run->events[i].event, "node-awake") == 0 ? 0
			                                                           : asleep;
	return asleep;
}

static int is_known(const struct finder *f, const struct cluster_second *second)
{
	return (second->known && !isnan(cluster_share(f->series, second))) ||
	       sleeps(f->run, second->node, second->due_ns);
}

/* It ends a quarter of the way to `idle` below where it begins. */
static enum is is_overloaded(const struct finder *f, const struct cluster_second *second, int already)
{
	const struct cluster_rules *r = &f->series->rules;
	double limit = r->overload - (already ? (r->overload - r->idle) / 4 : 0);
	if (!is_known(f, second))
		return IS_UNKNOWN;
	return second->active >= 2 && cluster_share(f->series, second) >= limit ? IS : IS_NOT;
}

/* Of all nodes in one second. */
static enum is are_idle(const struct finder *f, const struct cluster_second *seconds, int count)
{
	int idle = 0, unknown = 0;
	for (int i = 0; i < count; i++) {
		int known = is_known(f, &seconds[i]);
		unknown += !known;
		idle += known && seconds[i].running > 0 &&
		        cluster_share(f->series, &seconds[i]) < f->series->rules.idle;
	}
	return idle >= 2 ? IS : idle + unknown >= 2 ? IS_UNKNOWN : IS_NOT;
}

/* ---- what was decided ---- */

static int is_for(const struct finder *f, const char *node, const struct run_event *event)
{
	return loop_is_decision(event) && (!node[0] || strcmp(event->node, node) == 0) &&
	       loop_role_of(f->run, event) == f->role;
}

/* The policy's mean falls behind the load: it may decide when the seconds, for a moment, no longer say so. */
static int64_t margin_ns(const struct finder *f)
{
	return STRETCH_GAP * f->series->interval_ns;
}

/* While a node is overloaded, all that moves VMs off it is an answer, also one that leaves none there. */
static int is_answer(const struct finder *f, const struct stretch *s, const struct run_event *event)
{
	int meanwhile = event->head_ns <= s->to_ns + f->series->interval_ns;
	return is_for(f, s->node, event) ||
	       (f->role == ROLE_AWAY && meanwhile && loop_is_decision(event) && strcmp(event->node, s->node) == 0);
}

/* What was decided on for a stretch is not for the next. */
static const struct run_event *decision(const struct finder *f, const struct stretch *s)
{
	const struct stretch *before = f->count ? &f->found[f->count - 1] : NULL;
	for (int i = 0; i < f->run->event_count; i++) {
		const struct run_event *event = &f->run->events[i];
		if (event->head_ns >= s->from_ns && event->head_ns <= s->to_ns + margin_ns(f) &&
		    is_answer(f, s, event) && !(before && before->decided == event))
			return event;
	}
	return NULL;
}

/* ---- the seconds ---- */

static void close_open(struct finder *f, int ended)
{
	int64_t half_ns = f->series->interval_ns / 2;
	struct stretch *s = &f->open;
	s->ended = ended;
	s->from_ns -= half_ns;
	s->to_ns += half_ns;
	if (s->seconds && f->count < f->room &&
	    (s->decided = decision(f, s), s->decided || s->seconds >= STRETCH_LEAST))
		f->found[f->count++] = *s;
	s->seconds = 0;
}

static void take(struct finder *f, const struct cluster_second *second, enum is is)
{
	int64_t length_ns = second->to_ns - second->from_ns;
	if (is == IS_UNKNOWN) {
		f->unknown_ns += length_ns;
		return;
	}
	if (is == IS && !f->open.seconds) {
		f->open = (struct stretch){ .from_ns = second->from_ns, .unknown_ns = f->unknown_ns };
		snprintf(f->open.node, sizeof(f->open.node), "%s", f->node);
	}
	f->unknown_ns = 0;
	f->others = is ? 0 : f->others + 1;
	if (is) {
		f->open.seconds++;
		f->open.to_ns = second->to_ns;
		f->open.in_ns += length_ns;
	} else if (f->open.seconds && f->others >= STRETCH_GAP) {
		close_open(f, 1);
	}
}

/* ---- what no second shows ---- */

static int is_answered(const struct finder *f, int first, const struct run_event *event)
{
	for (int i = first; i < f->count; i++)
		if (event->head_ns >= f->found[i].from_ns && event->head_ns <= f->found[i].to_ns + margin_ns(f))
			return 1;
	return 0;
}

/* Its place among those of the same node. */
static void insert(struct finder *f, int first, const struct stretch *s)
{
	int at = f->count++;
	for (; at > first && f->found[at - 1].from_ns > s->from_ns; at--)
		f->found[at] = f->found[at - 1];
	f->found[at] = *s;
}

/* A policy with these limits decided on it, so it was there, however short. */
static void add_decided(struct finder *f, int first)
{
	const struct run_event *loop = run_event(f->run, "consolidation", NULL, MISSING);
	for (int i = 0; i < f->run->event_count && loop && strcmp(loop->detail, "threshold") == 0; i++) {
		const struct run_event *event = &f->run->events[i];
		struct stretch s = {
			.from_ns = event->head_ns, .to_ns = event->head_ns, .ended = 1, .decided = event
		};
		if (f->count == f->room || !is_for(f, f->node, event) || is_answered(f, first, event))
			continue;
		snprintf(s.node, sizeof(s.node), "%s", f->node);
		insert(f, first, &s);
	}
}

/* ---- all of them ---- */

/* Whether no second before is of this node. */
static int is_first_of(const struct cluster_series *s, int index)
{
	for (int i = 0; i < index; i++)
		if (strcmp(s->seconds[i].node, s->seconds[index].node) == 0)
			return 0;
	return 1;
}

int stretches_overloaded(const struct cluster_series *s, const struct run *run, struct stretch *ret, int room)
{
	struct finder f = { .series = s, .run = run, .found = ret, .room = room, .role = ROLE_AWAY };
	for (int n = 0; n < s->second_count; n++) {
		int first = f.count;
		if (!is_first_of(s, n))
			continue;
		f.node = s->seconds[n].node;
		f.unknown_ns = 0;
		for (int i = n; i < s->second_count; i++)
			if (strcmp(s->seconds[i].node, f.node) == 0)
				take(&f, &s->seconds[i], is_overloaded(&f, &s->seconds[i], f.open.seconds > 0));
		close_open(&f, 0);
		add_decided(&f, first);
	}
	return f.count;
}

int stretches_idle(const struct cluster_series *s, const struct run *run, struct stretch *ret, int room)
{
	struct finder f = { .series = s, .run = run, .found = ret, .room = room, .node = "", .role = ROLE_GATHER };
	for (int i = 0, next; i < s->second_count; i = next) {
		for (next = i; next < s->second_count && s->seconds[next].due_ns == s->seconds[i].due_ns;)
			next++;
		take(&f, &s->seconds[i], are_idle(&f, &s->seconds[i], next - i));
	}
	close_open(&f, 0);
	add_decided(&f, 0);
	return f.count;
}

int64_t stretches_beside_ns(const struct cluster_series *s, const struct run *run, const char *node,
                            const struct stretch *overloads, int count)
{
	const struct finder f = { .series = s, .run = run };
	int64_t sum_ns = 0;
	for (int i = 0; i < s->second_count; i++) {
		const struct cluster_second *second = &s->seconds[i];
		int within = 0;
		if (strcmp(second->node, node) != 0)
			continue;
		for (int k = 0; k < count; k++)
			within |= strcmp(overloads[k].node, node) == 0 && second->from_ns >= overloads[k].from_ns &&
			          second->to_ns <= overloads[k].to_ns;
		enum is is = is_overloaded(&f, second, 0);
		sum_ns += is == IS_UNKNOWN || (is == IS && !within) ? second->to_ns - second->from_ns : 0;
	}
	return sum_ns;
}
