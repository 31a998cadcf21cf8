#include "bench/placement/group_schedule.h"

#include "bench/base/err.h"
#include "bench/placement/group_search.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct option_row group_schedule_rows[] = { GROUP_SCHEDULE_ROWS(struct group_schedule_options, ), OPTION_END };

enum move_state { WAITING, MOVING, RECALLED, OVER };
#define ANEW_PAYS 2           /* times what it takes anew */
#define RATE_WEIGHT 0.3       /* of the last window in a move's rate */
#define AHEAD_NS 1000000000   /* without anything sent: moves take long to begin */
#define RESTART_NS 1000000000 /* between two that are begun anew */
enum { RECALL_PART = 4 };     /* of its memory: one that has sent more goes on */
enum { ANEW_MOST = 2 };
enum { BEHIND_RTTS = 15 };    /* so long after it began to send, slow start should be over */
enum { CRAWL = 8, SLOW = 4 }; /* at less than this part of what another had: at its best; now */
enum { SETTLED = 2 };         /* windows without more */
enum { RAMP_RTTS = 10 };      /* from ten segments on, that many doublings make 15 MB */

struct member {
	struct group_vm vm;
	enum move_state state;
	bool fast;          /* it has had half of its share of the goodput */
	double peak;        /* bytes/s: of its windows */
	int flat;           /* windows since then without more */
	bool settled;       /* it has come to its speed */
	int64_t sending_ns; /* since when it sends; 0: it does not */
	int anew;           /* how often it was begun anew since it was stuck */
	double rate;        /* bytes/s, smoothed */
	int64_t begun_ns;
	int64_t sent_bytes, remaining_bytes;
	int64_t window_sent_bytes; /* at the window's begin */
};

struct group_schedule {
	struct group_schedule_options options;
	struct member *members;
	int count, waiting, moving;
	int64_t free_bytes;
	int limit; /* of the others than adaptive */
	/* of the window */
	int64_t window_ns;
	int64_t window_from_ns; /* 0: it has not begun */
	int window_moving;      /* at most */
	int64_t first_ns;       /* when the first move began; 0: none has */
	int64_t setup_ns;       /* mean time before a move sends */
	int setups;
	bool flowing; /* something has been sent */
	/* of moves that have arrived */
	double arrived_bytes, arrived_s;
	int64_t asked_ns;           /* when it was asked for the next move */
	int64_t now_ns, restart_ns; /* of the last window; of the last move that was begun anew */
	struct group_search search; /* of adaptive; the rest of it is seen of all */
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
		                      .window_ns = options->window_ns > 2 * options->rtt_ns ? options->window_ns
		                                                                            : 2 * options->rtt_ns };
	search_begin(&s->search, options->gain, (int)options->patience,
	             options->rtt_ns * RAMP_RTTS > 2 * options->window_ns ? 2 : 1);
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
	if (arrived) {
		s->arrived_bytes += (double)m->vm.used_bytes;
		s->arrived_s += (double)(s->asked_ns - m->begun_ns) / 1e9;
	}
	m->state = again ? WAITING : OVER;
	m->sent_bytes = again ? 0 : m->sent_bytes;
	m->window_sent_bytes = again ? 0 : m->window_sent_bytes;
	m->fast = m->fast && !again;
	m->rate = m->peak = 0;
	m->flat = 0;
	m->settled = false;
	m->sending_ns = 0;
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

/* It has sent something in this window; or it has gained speed. */
static void setup_note(struct group_schedule *s, struct member *m, double seconds, double sent, int64_t now_ns)
{
	if (m->state != MOVING || m->sent_bytes == 0)
		return;
	if (!m->sending_ns) {
		m->sending_ns = now_ns - s->window_ns / 2;
		s->setup_ns += (m->sending_ns - m->begun_ns - s->setup_ns) / ++s->setups;
	}
	m->fast |= (double)(m->sent_bytes - m->window_sent_bytes) * 2 * s->moving >= sent * seconds;
}

/* Whether it has come to its speed: slow start is over, for all that its rate says. */
static bool is_settled(const struct group_schedule *s, struct member *m, double rate, int64_t now_ns)
{
	if (m->state != MOVING || !m->sending_ns)
		return false;
	m->flat = rate > m->peak * (1 + s->options.gain) ? 0 : m->flat + 1;
	m->peak = fmax(m->peak, rate);
	return m->peak > 0 && m->flat >= SETTLED && now_ns - m->sending_ns >= RAMP_RTTS * s->options.rtt_ns;
}

/* It has sent so little that it can be recalled. */
static bool is_young(const struct member *m)
{
	return m->state == MOVING && m->sent_bytes < m->vm.used_bytes / RECALL_PART;
}

/* What a window has shown. */
static struct search_window window_end(struct group_schedule *s, int64_t now_ns)
{
	struct search_window w = {
		.moving = s->moving, .most_moving = s->window_moving, .waiting = s->waiting, .at_speed = s->moving > 0
	};
	double seconds = (double)(now_ns - s->window_from_ns) / 1e9, dirty_sum = 0;
	int known = 0, young = 0;
	for (int i = 0; i < s->count; i++) {
		struct member *m = &s->members[i];
		if (is_young(m))
			w.young_bytes += ((double)m->sent_bytes - w.young_bytes) / ++young;
		/* At first it fills the sender's buffers, and nothing of that need be across. */
		double rate = m->window_sent_bytes ? (double)(m->sent_bytes - m->window_sent_bytes) / seconds : 0;
		m->rate += m->rate > 0 ? RATE_WEIGHT * (rate - m->rate) : rate;
		w.goodput += rate;
		w.single = fmax(w.single, rate);
		w.sending += m->state == MOVING && m->sent_bytes > 0;
		m->settled = is_settled(s, m, rate, now_ns);
		if (m->settled) {
			w.settled++;
			w.settled_single = fmax(w.settled_single, m->rate);
		}
		w.dirty += m->state == MOVING ? dirty_of(m) : 0;
		w.left_bytes += m->state != MOVING       ? 0
		                : m->remaining_bytes > 0 ? (double)m->remaining_bytes
		                                         : (double)m->vm.used_bytes;
		w.waiting_bytes += m->state == WAITING ? (double)m->vm.used_bytes : 0;
		dirty_sum += dirty_of(m);
		known += !isnan(m->vm.dirty_per_s);
	}
	w.setup_s = (double)s->setup_ns / 1e9;
	w.ramp_s = RAMP_RTTS * (double)s->options.rtt_ns / 1e9;
	w.dirty_mean = known ? dirty_sum / known : NAN;
	for (int i = 0; i < s->count; i++) {
		setup_note(s, &s->members[i], seconds, w.goodput, now_ns);
		w.at_speed &= s->members[i].state != MOVING || s->members[i].fast;
	}
	return w;
}

static void look(struct group_schedule *s, int64_t now_ns)
{
	if (s->moving > s->window_moving)
		s->window_moving = s->moving;
	if (!s->flowing && s->first_ns && now_ns - s->first_ns >= AHEAD_NS &&
	    now_ns - s->first_ns >= RAMP_RTTS * s->options.rtt_ns)
		search_ahead(&s->search, s->moving, s->waiting);
	if (s->flowing && !s->window_from_ns)
		window_begin(s, now_ns);
	if (!s->window_from_ns || now_ns - s->window_from_ns < s->window_ns)
		return;
	const struct search_window w = window_end(s, now_ns);
	s->now_ns = now_ns;
	search_look(&s->search, &w);
	window_begin(s, now_ns);
}

/* What one more may dirty so that its share, and that of each that moves, is still more than it dirties. */
static double dirty_bearable(const struct group_schedule *s)
{
	double share = s->search.capacity / (s->moving + 1);
	if (s->options.kind != SCHEDULE_ADAPTIVE || s->moving == 0 || s->search.capacity <= 0)
		return INFINITY;
	for (int i = 0; i < s->count; i++)
		if (s->members[i].state == MOVING && dirty_of(&s->members[i]) >= share)
			return 0;
	return share;
}

static double expected_time(const struct group_schedule *s, const struct member *m)
{
	double rate = s->search.capacity > 0 ? s->search.capacity : 1e9, dirty = dirty_of(m);
	return dirty < rate ? (double)m->vm.used_bytes / (rate - dirty) : INFINITY;
}

/*
 * Moves that are over, as it seems, before one that begins now sends much: in the first half of slow start it is a
 * thirtieth. None where two fill the link and one of them has yet to gain speed: for that it has to be alone.
 */
static int nearly_over(const struct group_schedule *s)
{
	int count = 0;
	bool lone = s->search.first > 1 && s->search.single * 2 > s->search.capacity;
	double share = s->search.goodput / (s->moving ? s->moving : 1),
	       begins_s = (double)(s->setup_ns + RAMP_RTTS / 2 * s->options.rtt_ns) / 1e9;
	for (int i = 0; i < s->count && s->options.kind == SCHEDULE_ADAPTIVE; i++) {
		const struct member *m = &s->members[i];
		if (lone && m->state == MOVING && !m->settled)
			return 0;
		count += m->state == MOVING && m->remaining_bytes > 0 &&
		         (double)m->remaining_bytes < begins_s * (share - dirty_of(m));
	}
	return count;
}

/* Over a long round trip: so many more moves the link could carry, half of one counted as one. */
static double room(const struct group_schedule *s)
{
	const struct group_search *k = &s->search;
	return k->first > 1 && k->single > 0 ? ceil((k->capacity - k->goodput) / k->single - 0.5) : 0;
}

/* Its connection left slow start long before its time, by jitter or another one's burst. */
static bool is_behind(const struct group_schedule *s, const struct member *m, double rate, int part)
{
	return m->state == MOVING && m->sending_ns && s->now_ns - m->sending_ns > BEHIND_RTTS * s->options.rtt_ns &&
	       rate * part < s->search.single;
}

/* Moves that hold no place, since they leave it free: no more than would fill the link. */
static int slow_ones(const struct group_schedule *s)
{
	double most = s->options.kind == SCHEDULE_ADAPTIVE ? room(s) : 0;
	int count = 0;
	for (int i = 0; i < s->count && count < most; i++)
		count += is_behind(s, &s->members[i], s->members[i].rate, SLOW);
	return count;
}

int group_schedule_next(struct group_schedule *s, int64_t now_ns)
{
	int found = -1;
	s->asked_ns = now_ns;
	look(s, now_ns);
	if (s->moving >= group_schedule_limit(s) + nearly_over(s) + slow_ones(s))
		return -1;
	double bearable = dirty_bearable(s);
	for (int i = 0; i < s->count; i++) {
		const struct member *m = &s->members[i];
		if (m->state != WAITING || m->vm.memory_bytes > s->free_bytes || dirty_of(m) >= bearable)
			continue;
		if (found < 0 || expected_time(s, m) > expected_time(s, &s->members[found]))
			found = i;
	}
	if (found < 0)
		return -1;
	s->members[found].state = MOVING;
	s->members[found].begun_ns = now_ns;
	s->first_ns = s->first_ns ? s->first_ns : now_ns;
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
	return s->options.kind == SCHEDULE_ADAPTIVE ? s->search.limit : s->limit;
}

const char *group_schedule_why(const struct group_schedule *s)
{
	return s->search.why;
}

/* Whether a move goes on at half the speed, at least, that one has had. */
static bool another_is_fast(const struct group_schedule *s)
{
	for (int i = 0; i < s->count; i++)
		if (s->members[i].state == MOVING && 2 * s->members[i].rate > s->search.single)
			return true;
	return false;
}

/* It never was fast, and another one shows that it could be, or the link is its alone: there is room for a new one. */
static bool crawls(const struct group_schedule *s, const struct member *m)
{
	return room(s) > 0 && is_behind(s, m, m->peak, CRAWL) && (s->moving == 1 || another_is_fast(s));
}

/* Of a move that sends, as it goes on: what is left at its rate, which grows as it has grown until now. */
static double left_s(const struct group_schedule *s, const struct member *m)
{
	double had_s = (double)(s->now_ns - m->sending_ns) / 1e9, left = (double)m->remaining_bytes;
	double rate = fmax(m->rate - dirty_of(m), 1), growth = 2 * (m->rate - (double)m->sent_bytes / had_s) / had_s;
	return growth > 0 ? (sqrt(rate * rate + 2 * growth * left) - rate) / growth : left / rate;
}

/* Of the same with a new connection, at the most that one has had. */
static double anew_s(const struct group_schedule *s, const struct member *m)
{
	return (double)(s->setup_ns + RAMP_RTTS * s->options.rtt_ns) / 1e9 +
	       (double)m->vm.used_bytes / fmax(s->search.single, 1);
}

/*
 * One whose connection crawls, and none waits that could take that room. Or one whose connection lost: it has had twice
 * the time in which others arrived and has sent little. In either case a new connection has to be worth it. Twice each at
 * most, the slowest first. -1: none.
 */
static int stuck(const struct group_schedule *s)
{
	int found = -1;
	double most_s = 0;
	if (s->now_ns - s->restart_ns < RESTART_NS)
		return -1;
	for (int i = 0; i < s->count; i++) {
		const struct member *m = &s->members[i];
		if (!is_young(m) || !m->sending_ns || m->anew == ANEW_MOST || m->remaining_bytes == 0)
			continue;
		double others_s = (double)m->vm.used_bytes * s->arrived_s / fmax(s->arrived_bytes, 1);
		double had_s = (double)(s->now_ns - m->begun_ns) / 1e9, stays_s = left_s(s, m);
		bool late = s->arrived_s > 0 && had_s > 2 * others_s;
		if ((late || (!s->waiting && crawls(s, m))) && stays_s > ANEW_PAYS * anew_s(s, m) &&
		    stays_s > most_s) {
			found = i;
			most_s = stays_s;
		}
	}
	return found;
}

int group_schedule_recall(struct group_schedule *s)
{
	int found = s->options.recall && s->options.kind == SCHEDULE_ADAPTIVE ? stuck(s) : -1;
	if (found >= 0) {
		s->restart_ns = s->now_ns;
		s->members[found].state = RECALLED;
		s->members[found].anew++;
		return found;
	}
	if (!s->options.recall || s->options.kind != SCHEDULE_ADAPTIVE || !s->search.excess)
		return -1;
	for (int i = 0; i < s->count; i++) {
		const struct member *m = &s->members[i];
		if (is_young(m) && (found < 0 || m->begun_ns >= s->members[found].begun_ns))
			found = i;
	}
	s->search.excess = found >= 0 ? s->search.excess - 1 : 0;
	if (found >= 0)
		s->members[found].state = RECALLED;
	return found;
}
