#include "analysis/stretch.h"

#include <stdio.h>
#include <string.h>

struct finder {
	const struct cluster_series *series;
	const struct run *run;
	struct stretch *found;
	int room, count;
	const char *node;
	struct stretch open;
	int seconds, others; /* of the open one: in the state; behind the last of them */
};

static int is_overloaded(const struct cluster_series *s, const struct cluster_second *second)
{
	return second->active >= 2 && cluster_share(s, second) >= s->rules.overload;
}

static int is_idle(const struct cluster_series *s, const struct cluster_second *second)
{
	return second->running > 0 && cluster_share(s, second) < s->rules.idle;
}

/* The first decision to move a VM, from this node ("": from any). */
static const struct run_event *decision(const struct run *run, const struct stretch *s, int64_t margin_ns)
{
	for (int i = 0; i < run->event_count; i++) {
		const struct run_event *event = &run->events[i];
		if (event->head_ns >= s->from_ns && event->head_ns <= s->to_ns + margin_ns &&
		    strcmp(event->event, "plan") == 0 && strncmp(event->detail, "move to ", 8) == 0 &&
		    (!s->node[0] || strcmp(event->node, s->node) == 0))
			return event;
	}
	return NULL;
}

static void close_open(struct finder *f, int ended)
{
	int64_t half_ns = f->series->interval_ns / 2;
	if (f->seconds >= STRETCH_LEAST && f->count < f->room) {
		struct stretch *s = &f->found[f->count++];
		*s = f->open;
		s->ended = ended;
		s->from_ns -= half_ns;
		s->to_ns += half_ns;
		s->decided = decision(f->run, s, f->series->interval_ns);
	}
	f->seconds = 0;
}

static void take(struct finder *f, const struct cluster_second *second, int is)
{
	if (is && !f->seconds++) {
		f->open = (struct stretch){ .from_ns = second->from_ns };
		snprintf(f->open.node, sizeof(f->open.node), "%s", f->node);
	}
	f->others = is ? 0 : f->others + 1;
	if (is) {
		f->open.to_ns = second->to_ns;
		f->open.in_ns += second->to_ns - second->from_ns;
	} else if (f->seconds && f->others >= STRETCH_GAP) {
		close_open(f, 1);
	}
}

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
	struct finder f = { .series = s, .run = run, .found = ret, .room = room };
	for (int n = 0; n < s->second_count; n++) {
		if (!is_first_of(s, n))
			continue;
		f.node = s->seconds[n].node;
		for (int i = n; i < s->second_count; i++)
			if (strcmp(s->seconds[i].node, f.node) == 0)
				take(&f, &s->seconds[i], is_overloaded(s, &s->seconds[i]));
		close_open(&f, 0);
	}
	return f.count;
}

int stretches_idle(const struct cluster_series *s, const struct run *run, struct stretch *ret, int room)
{
	struct finder f = { .series = s, .run = run, .found = ret, .room = room, .node = "" };
	for (int i = 0, next; i < s->second_count; i = next) {
		int idle = 0;
		for (next = i; next < s->second_count && s->seconds[next].due_ns == s->seconds[i].due_ns; next++)
			idle += is_idle(s, &s->seconds[next]);
		take(&f, &s->seconds[i], idle >= 2);
	}
	close_open(&f, 0);
	return f.count;
}
