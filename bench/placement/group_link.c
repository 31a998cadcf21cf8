#include "bench/placement/group_link.h"

#include "bench/base/err.h"

#include <math.h>
#include <stdlib.h>

#define LOOK_S 0.05 /* between two looks of the schedule */
#define BEGIN_BYTES 14480
#define QUEUE_S 0.05   /* before the link */
#define QUEUE_FULL 0.9 /* where connections that begin no more share the link */
#define RAMP_MOST 64   /* round trips: more doublings are beyond any window */

/* A VM that moves. */
struct flow {
	int vm;
	double memory, dirty;
	double sends_s, sent, left, pass_sent, cap, rate; /* cap: what its connection carries in this step */
	double across_s;                                  /* its last byte was; 0: not yet */
	double lost_s;                                    /* since when it grows evenly; 0: not yet */
	double kept_rate;                                 /* from this */
	bool loses;
};

struct flows {
	const struct group_link *l;
	struct group_schedule *schedule;
	const struct group_vm *vms;
	int vms_count;
	const double *dirty_per_s;
	struct flow *flows; /* those that move */
	int count;
	struct group_outcome *outcome;
	int limit, direction; /* of the schedule's K */
	unsigned short random[3];
};

/* What its connection carries at most. */
static double flow_cap(const struct group_link *l, const struct flow *f, double now_s)
{
	double since_s = now_s - f->sends_s;
	if (since_s < 0 || f->across_s > 0)
		return 0;
	double window = l->rtt_s > 0 ? l->window_bytes / l->rtt_s : l->rate;
	if (since_s < RAMP_MOST * l->rtt_s)
		window = fmin(BEGIN_BYTES * exp2(since_s / l->rtt_s), l->window_bytes) / l->rtt_s;
	return f->lost_s > 0 ? fmin(f->kept_rate + l->growth * (now_s - f->lost_s), window) : window;
}

static bool is_beginning(const struct group_link *l, const struct flow *f, double now_s)
{
	double cap = flow_cap(l, f, now_s);
	return f->lost_s <= 0 && cap > 0 && cap < l->window_bytes / l->rtt_s;
}

/*
 * Those that begin leave slow start where the round trip has grown by an eighth, 4 ms at least and 16 ms at most
 * (RFC 9406). Where the others fill the link they keep its queue almost full.
 */
static void overflow(struct flows *m, double now_s)
{
	const struct group_link *l = m->l;
	double on_the_way = 0, full_s = l->rtt_s + QUEUE_FULL * l->queue_bytes / l->rate;
	double grown_s = fmin(fmin(fmax(l->rtt_s / 8, 0.004), 0.016), l->queue_bytes / l->rate);
	if (l->queue_bytes <= 0 || l->rtt_s <= 0)
		return;
	for (int i = 0; i < m->count; i++) {
		const struct flow *f = &m->flows[i];
		double window = flow_cap(l, f, now_s) * l->rtt_s;
		on_the_way += is_beginning(l, f, now_s) ? window : fmin(window, f->rate * full_s);
	}
	if (on_the_way <= l->rate * (l->rtt_s + grown_s))
		return;
	for (int i = 0; i < m->count; i++) {
		struct flow *f = &m->flows[i];
		if (!is_beginning(l, f, now_s))
			continue;
		double has = flow_cap(l, f, now_s);
		f->kept_rate = erand48(m->random) < l->lose_share ? fmin(l->kept_rate, has) : has;
		f->lost_s = now_s;
	}
}

/* Each the same, but no more than its cap: those below their share first. */
static void link_share(struct flows *m, double now_s)
{
	const struct group_link *l = m->l;
	double left = l->rate - (l->taken > 0 && now_s >= l->taken_from_s ? l->taken : 0);
	int open = m->count;
	for (int i = 0; i < m->count; i++) {
		m->flows[i].cap = flow_cap(l, &m->flows[i], now_s);
		m->flows[i].rate = -1;
	}
	for (bool again = true; again && open;) {
		double each = left / open;
		again = false;
		for (int i = 0; i < m->count; i++) {
			struct flow *f = &m->flows[i];
			if (f->rate >= 0 || f->cap > each)
				continue;
			f->rate = f->cap;
			left -= f->cap;
			again = true;
			open--;
		}
	}
	for (int i = 0; i < m->count; i++)
		m->flows[i].rate = m->flows[i].rate < 0 ? left / open : m->flows[i].rate;
}

/* The sender's buffer grows with what is on the way: twice that, the queue before the link included. */
static int64_t said_sent(struct flows *m, const struct flow *f)
{
	const struct group_link *l = m->l;
	double buffer = 2 * fmin(l->window_bytes, f->rate * (l->rtt_s + QUEUE_S));
	double said = f->sent + (f->sent > 0 ? fmin(buffer, f->left) : 0) - f->rate * l->stale_s * erand48(m->random);
	return said > 0 ? (int64_t)said : 0;
}

static void flow_end(struct flows *m, int i, bool arrived)
{
	m->outcome->sent_bytes += m->flows[i].sent;
	m->outcome->recalled += !arrived;
	m->outcome->arrived += arrived;
	group_schedule_ended(m->schedule, m->flows[i].vm, arrived);
	m->flows[i] = m->flows[--m->count];
}

static void limit_note(struct flows *m)
{
	int limit = group_schedule_limit(m->schedule), direction = (limit > m->limit) - (limit < m->limit);
	if (direction && m->limit)
		m->outcome->turns += m->direction && direction != m->direction;
	m->direction = direction && m->limit ? direction : m->direction;
	m->limit = limit;
}

static void schedule_ask(struct flows *m, double now_s)
{
	for (int i = 0; i < m->count; i++) {
		const struct flow *f = &m->flows[i];
		/* Of dirty rates a hypervisor speaks from the second pass on. */
		const struct group_progress p = { said_sent(m, f), f->sent > 0 ? (int64_t)f->left : 0,
			                          f->sent > f->memory ? f->dirty : NAN };
		group_schedule_progress(m->schedule, f->vm, &p);
	}
	for (int vm; (vm = group_schedule_recall(m->schedule)) >= 0;)
		for (int i = m->count - 1; i >= 0; i--)
			if (m->flows[i].vm == vm)
				flow_end(m, i, false);
	for (int vm; (vm = group_schedule_next(m->schedule, (int64_t)(now_s * 1e9) + 1)) >= 0;) {
		double memory = (double)m->vms[vm].used_bytes;
		bool loses = m->l->lose_bytes > 0 && (m->l->lose_share <= 0 || erand48(m->random) < m->l->lose_share);
		double sends_s = now_s + m->l->setup_s;
		for (int i = 0; i < m->count; i++)
			sends_s += m->flows[i].sends_s > now_s ? m->l->setup_each_s : 0;
		m->flows[m->count++] = (struct flow){ .vm = vm,
			                              .memory = memory,
			                              .dirty = m->dirty_per_s[vm],
			                              .sends_s = sends_s,
			                              .left = memory,
			                              .kept_rate = m->l->kept_rate,
			                              .loses = loses };
	}
	m->outcome->most = m->count > m->outcome->most ? m->count : m->outcome->most;
	limit_note(m);
}

static void flow_step(struct flows *m, int i, double now_s, double step_s)
{
	struct flow *f = &m->flows[i];
	f->sent += f->rate * step_s;
	f->pass_sent += f->rate * step_s;
	f->left = f->across_s > 0 ? 0 : fmin(f->left + (f->dirty - f->rate) * step_s, f->memory);
	if (f->loses && f->lost_s <= 0 && f->sent > m->l->lose_bytes)
		f->lost_s = now_s;
	if (f->across_s <= 0 && f->left <= f->rate * m->l->downtime_s && f->pass_sent >= f->memory)
		f->across_s = now_s;
	if (f->across_s > 0 && now_s >= f->across_s + m->l->end_s)
		flow_end(m, i, true);
}

static int flow_all(struct flows *m, double step_s, double limit_s, struct err *e)
{
	double now_s = 0, next_look_s = 0;
	for (; now_s < limit_s; now_s += step_s) {
		if (now_s >= next_look_s) {
			if (m->l->stop && *m->l->stop > 0)
				return err_set(e, EXIT_INTERRUPTED, "interrupted");
			next_look_s += LOOK_S;
			schedule_ask(m, now_s);
			if (group_schedule_is_over(m->schedule))
				break;
		}
		overflow(m, now_s);
		link_share(m, now_s);
		for (int i = m->count - 1; i >= 0; i--)
			flow_step(m, i, now_s, step_s);
	}
	for (int i = 0; i < m->count; i++)
		m->outcome->sent_bytes += m->flows[i].sent;
	m->outcome->time_s = now_s < limit_s && m->outcome->arrived == m->vms_count ? now_s : INFINITY;
	return 0;
}

int group_link_move(const struct group_link *l, const struct group_schedule_options *options,
                    const struct group_vm *vms, const double *dirty_per_s, int count, int64_t free_bytes,
                    int64_t seed, struct group_outcome *ret, struct err *e)
{
	struct group_schedule_options o = *options;
	struct flows m = { .l = l,
		           .vms = vms,
		           .vms_count = count,
		           .dirty_per_s = dirty_per_s,
		           .outcome = ret,
		           .random = { 0x330e, (unsigned short)seed, (unsigned short)(seed >> 16) } };
	double least_s = 0, alone_s = 0;
	*ret = (struct group_outcome){ 0 };
	for (int i = 0; i < count; i++) {
		double alone = l->rtt_s > 0 ? fmin(l->rate, l->window_bytes / l->rtt_s) : l->rate;
		least_s += (double)vms[i].used_bytes / l->rate;
		alone_s += l->setup_s + 20 * l->rtt_s + (double)vms[i].used_bytes / alone;
	}
	o.rtt_ns = (int64_t)(l->rtt_s * 1e9);
	m.schedule = group_schedule_new(&o, vms, count, free_bytes, e);
	m.flows = calloc((size_t)count + 1, sizeof(*m.flows));
	int result = m.schedule && m.flows ? 0 : err_set(e, EXIT_CANNOT, "no memory for a group of %d VMs", count);
	if (result == 0)
		result = flow_all(&m, fmin(fmax(0.002, least_s / 1e5), 0.01), 10 * alone_s + 100, e);
	free(m.flows);
	group_schedule_free(m.schedule);
	return result;
}
