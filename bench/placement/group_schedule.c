#include "bench/placement/group_schedule.h"

#include "bench/base/err.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct option_row group_schedule_rows[] = { GROUP_SCHEDULE_ROWS(struct group_schedule_options, ), OPTION_END };

enum move_state { WAITING, MOVING, RECALLED, OVER };
#define LITTLE 0.03                           /* share of the goodput */
enum { RECALL_PART = 4 };                     /* of its memory: one that has sent more goes on */
enum { FIRST_HOLD = 20, LONGEST_HOLD = 160 }; /* windows */

struct member {
	struct group_vm vm;
	enum move_state state;
	bool fast; /* it has gained speed */
	int64_t begun_ns;
	int64_t sent_bytes, remaining_bytes;
	int64_t window_sent_bytes; /* at the window's begin */
};

struct group_schedule {
	struct group_schedule_options options;
	struct member *members;
	int count, waiting, moving;
	int64_t free_bytes;
	int limit;
	/* of the window */
	int64_t window_from_ns; /* 0: it has not begun */
	int window_moving;      /* at most */
	double goodput;         /* of the last whole window */
	double fastest;         /* goodput so far */
	double single;          /* that of one move, so far */
	int64_t setup_ns;       /* mean time before a move has half of its share of the goodput */
	int setups;
	bool flowing; /* something has been sent */
	/* of the search */
	bool climbed;
	double best;    /* progress while climbing; NAN: none yet */
	int fruitless;  /* windows without more */
	int excess;     /* moves to be recalled */
	int hold, held; /* windows until one more is tried, and those that have passed */
	char why[160];
};

struct group_schedule *group_schedule_new(const struct group_schedule_options *options, const struct group_vm *vms,
                                          int count, int64_t free_bytes, struct err *e)
{
	struct group_schedule *s = calloc(1, sizeof(*s));
	struct member *members = calloc((size_t)count + 1, sizeof(*members));
	if (!s || !members) {
		free(s);
		free(members);
		err_errno(e, EXIT_CANNOT, "no memory for a group of %d VMs", count);
		return NULL;
	}
	*s = (struct group_schedule){ .options = *options,
		                      .members = members,
		                      .count = count,
		                      .waiting = count,
		                      .free_bytes = free_bytes,
		                      .best = NAN,
		                      .hold = FIRST_HOLD };
	s->limit = options->kind == SCHEDULE_ALL     ? count
	           : options->kind == SCHEDULE_FIXED ? (int)options->at_once
	                                             : 1;
	for (int i = 0; i < count; i++)
		members[i].vm = vms[i];
	return s;
}

void group_schedule_free(struct group_schedule *s)
{
	if (s)
		free(s->members);
	free(s);
}

void group_schedule_progress(struct group_schedule *s, int vm, const struct group_progress *p)
{
	struct member *m = &s->members[vm];
	s->flowing |= p->sent_bytes > 0;
	if (p->sent_bytes > m->sent_bytes)
		m->sent_bytes = p->sent_bytes;
	m->remaining_bytes = p->remaining_bytes;
	if (!isnan(p->dirty_per_s))
		m->vm.dirty_per_s = p->dirty_per_s;
}

void group_schedule_ended(struct group_schedule *s, int vm, bool arrived)
{
	struct member *m = &s->members[vm];
	if (m->state != MOVING && m->state != RECALLED)
		return;
	bool again = m->state == RECALLED && !arrived;
	m->state = again ? WAITING : OVER;
	m->sent_bytes = again ? 0 : m->sent_bytes;
	m->window_sent_bytes = again ? 0 : m->window_sent_bytes;
	m->fast = m->fast && !again;
	s->waiting += again;
	s->moving--;
	if (!arrived)
		s->free_bytes += m->vm.memory_bytes;
}

static double dirty_of(const struct member *m)
{
	return isnan(m->vm.dirty_per_s) ? 0 : m->vm.dirty_per_s;
}

static void window_begin(struct group_schedule *s, int64_t now_ns)
{
	s->window_from_ns = now_ns;
	s->window_moving = s->moving;
	for (int i = 0; i < s->count; i++)
		s->members[i].window_sent_bytes = s->members[i].sent_bytes;
}

/* K, and why, when it is another one. */
static void limit_set(struct group_schedule *s, int limit, const char *why)
{
	int most = s->moving + s->waiting;
	limit = limit > most ? most : limit;
	limit = limit < 1 ? 1 : limit;
	if (limit == s->limit)
		return;
	snprintf(s->why, sizeof(s->why), "%d at a time: %s; %.3g MB/s with %d, one alone up to %.3g MB/s", limit, why,
	         s->goodput / 1e6, s->window_moving, s->single / 1e6);
	s->limit = limit;
}

/*
 * While connections gain speed nothing says how many of them are enough: what one could do at best does. A few more hide
 * that moves begin and end, as many as cost little: their dirty rates are a small share of the goodput.
 */
static int enough(const struct group_schedule *s)
{
	double dirty = 0;
	int known = 0;
	for (int i = 0; i < s->count; i++)
		if (!isnan(s->members[i].vm.dirty_per_s)) {
			dirty += s->members[i].vm.dirty_per_s;
			known++;
		}
	double need = s->single > 0 ? ceil(s->fastest / (s->single * (1 + s->options.gain))) : 1;
	double more = !known ? 1 : dirty > 0 ? LITTLE * s->fastest * known / dirty : s->count;
	return need + more < s->count ? (int)(need + more) : s->count;
}

/* A whole window in which as many moved as may. */
static void climb(struct group_schedule *s, double progress)
{
	if (isnan(s->best) || progress > s->best * (1 + s->options.gain)) {
		s->best = progress;
		s->fruitless = 0;
		limit_set(s, s->limit + 1, "progress has grown");
	} else if (++s->fruitless >= s->options.patience) {
		s->climbed = true;
		limit_set(s, enough(s), "as many as are enough");
		if (s->moving >= 2 * s->limit)
			s->excess = s->moving - s->limit;
	}
}

/* What is enough is known better with each window. */
static void stay(struct group_schedule *s)
{
	s->held++;
	if (s->held >= s->hold + s->options.patience) {
		s->hold = s->hold < LONGEST_HOLD ? 2 * s->hold : LONGEST_HOLD;
		s->held = 0;
	}
	if (s->held < s->hold)
		limit_set(s, enough(s), "as many as are enough");
	else
		limit_set(s, enough(s) + 1, "one more is tried");
}

/* A move has gained speed in this window. */
static void setup_note(struct group_schedule *s, struct member *m, double seconds, double sent, int64_t now_ns)
{
	if (m->state != MOVING || m->fast ||
	    (double)(m->sent_bytes - m->window_sent_bytes) * 2 * s->moving < sent * seconds)
		return;
	m->fast = true;
	s->setup_ns += (now_ns - s->options.window_ns / 2 - m->begun_ns - s->setup_ns) / ++s->setups;
}

static void look(struct group_schedule *s, int64_t now_ns)
{
	double sent = 0, dirty = 0, seconds = (double)(now_ns - s->window_from_ns) / 1e9;
	if (s->moving > s->window_moving)
		s->window_moving = s->moving;
	if (s->flowing && !s->window_from_ns)
		window_begin(s, now_ns);
	if (!s->window_from_ns || now_ns - s->window_from_ns < s->options.window_ns)
		return;
	for (int i = 0; i < s->count; i++) {
		const struct member *m = &s->members[i];
		/* At first it fills the sender's buffers, and nothing of that need be across. */
		double rate = m->window_sent_bytes ? (double)(m->sent_bytes - m->window_sent_bytes) / seconds : 0;
		sent += rate;
		s->single = rate > s->single ? rate : s->single;
		dirty += m->state == MOVING ? dirty_of(m) : 0;
	}
	for (int i = 0; i < s->count; i++)
		setup_note(s, &s->members[i], seconds, sent, now_ns);
	s->goodput = sent;
	s->fastest = sent > s->fastest ? sent : s->fastest;
	if (s->options.kind == SCHEDULE_ADAPTIVE && s->climbed)
		stay(s);
	else if (s->options.kind == SCHEDULE_ADAPTIVE && s->window_moving >= s->limit)
		climb(s, sent - dirty);
	window_begin(s, now_ns);
}

/* With one more moving, the share of each would still be more than it dirties. */
static bool shares_suffice(const struct group_schedule *s, const struct member *next)
{
	double share = s->fastest / (s->moving + 1);
	if (s->moving == 0 || s->fastest == 0)
		return true;
	for (int i = 0; i < s->count; i++)
		if (s->members[i].state == MOVING && dirty_of(&s->members[i]) >= share)
			return false;
	return dirty_of(next) < share;
}

static double expected_time(const struct group_schedule *s, const struct member *m)
{
	double rate = s->fastest > 0 ? s->fastest : 1e9, dirty = dirty_of(m);
	return dirty < rate ? (double)m->vm.used_bytes / (rate - dirty) : INFINITY;
}

/* Moves that are over, as it seems, before one that begins now sends anything. */
static int nearly_over(const struct group_schedule *s)
{
	int count = 0;
	double share = s->goodput / (s->moving ? s->moving : 1), setup_s = (double)s->setup_ns / 1e9;
	for (int i = 0; i < s->count && s->options.kind == SCHEDULE_ADAPTIVE; i++) {
		const struct member *m = &s->members[i];
		count += m->state == MOVING && m->remaining_bytes > 0 &&
		         (double)m->remaining_bytes < setup_s * (share - dirty_of(m));
	}
	return count;
}

int group_schedule_next(struct group_schedule *s, int64_t now_ns)
{
	int found = -1;
	look(s, now_ns);
	if (s->moving >= s->limit + nearly_over(s))
		return -1;
	for (int i = 0; i < s->count; i++) {
		const struct member *m = &s->members[i];
		if (m->state != WAITING || m->vm.memory_bytes > s->free_bytes ||
		    (s->options.kind == SCHEDULE_ADAPTIVE && !shares_suffice(s, m)))
			continue;
		if (found < 0 || expected_time(s, m) > expected_time(s, &s->members[found]))
			found = i;
	}
	if (found < 0)
		return -1;
	s->members[found].state = MOVING;
	s->members[found].begun_ns = now_ns;
	s->free_bytes -= s->members[found].vm.memory_bytes;
	s->waiting--;
	s->moving++;
	return found;
}

bool group_schedule_is_over(const struct group_schedule *s)
{
	if (s->moving)
		return false;
	for (int i = 0; i < s->count; i++)
		if (s->members[i].state == WAITING && s->members[i].vm.memory_bytes <= s->free_bytes)
			return false;
	return true;
}

int group_schedule_limit(const struct group_schedule *s)
{
	return s->limit;
}

const char *group_schedule_why(const struct group_schedule *s)
{
	return s->why;
}

int group_schedule_recall(struct group_schedule *s)
{
	int found = -1;
	if (!s->options.recall || !s->excess)
		return -1;
	for (int i = 0; i < s->count; i++) {
		const struct member *m = &s->members[i];
		if (m->state == MOVING && m->sent_bytes < m->vm.used_bytes / RECALL_PART &&
		    (found < 0 || m->begun_ns > s->members[found].begun_ns))
			found = i;
	}
	s->excess = found >= 0 ? s->excess - 1 : 0;
	if (found >= 0)
		s->members[found].state = RECALLED;
	return found;
}
