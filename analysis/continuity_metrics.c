#include "analysis/continuity_metrics.h"

#include "analysis/series_read.h"
#include "analysis/switch_over.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum {
	HEAD,
	STREAM,
	SENT,
	RECEIVED,
	NEXT,
	REORDERED,
	SILENCE,
	NEWS,
	GUEST_RECEIVED,
	GUEST_NEXT,
	GUEST_REORDERED,
	HOLE,
	HOLE_FROM,
	AGAIN,
	GUEST_AGAIN,
	ALIVE,
	GUEST_SILENCE,
	SILENCE_FROM,
	EPOCH,
	COLUMNS
};

/* Of guest_epoch (collectors/continuity.h). */
enum { EPOCH_BASELINE = 1, EPOCH_MIGRATION = 2 };

enum { UDP, TCP, STREAMS };

static const struct series_column columns[COLUMNS] = {
	[HEAD] = { "head_ns", COLUMN_INTEGER, 0 },
	[STREAM] = { "stream", COLUMN_TEXT, 0 },
	[SENT] = { "sent", COLUMN_INTEGER, 0 },
	[RECEIVED] = { "received", COLUMN_INTEGER, 0 },
	[NEXT] = { "next", COLUMN_INTEGER, 0 },
	[REORDERED] = { "reordered", COLUMN_INTEGER, 0 },
	[SILENCE] = { "longest_silence_ns", COLUMN_INTEGER, 0 },
	[NEWS] = { "oldest_news_ns", COLUMN_INTEGER, 0 },
	[GUEST_RECEIVED] = { "guest_received", COLUMN_INTEGER, 0 },
	[GUEST_NEXT] = { "guest_next", COLUMN_INTEGER, 0 },
	[GUEST_REORDERED] = { "guest_reordered", COLUMN_INTEGER, 0 },
	[HOLE] = { "guest_hole_ns", COLUMN_INTEGER, 0 },
	[HOLE_FROM] = { "guest_hole_from_ns", COLUMN_INTEGER, 0 },
	[AGAIN] = { "retransmits", COLUMN_INTEGER, 0 },
	[GUEST_AGAIN] = { "guest_retransmits", COLUMN_INTEGER, 0 },
	[ALIVE] = { "alive", COLUMN_INTEGER, 0 },
	[GUEST_SILENCE] = { "guest_silence_ns", COLUMN_INTEGER, 1 },
	[SILENCE_FROM] = { "guest_silence_from_ns", COLUMN_INTEGER, 1 },
	[EPOCH] = { "guest_epoch", COLUMN_INTEGER, 1 },
};

/* A longest time and when it ended. */
struct longest {
	int64_t ns, end_ns;
};

/* Of one stream: its counts when the window began, when the migration was over and when the window ended. */
struct seen {
	int64_t before[COLUMNS], moved[COLUMNS], after[COLUMNS];
	struct longest silence, news, baseline_silence, baseline_news;
	int64_t baseline_hole_ns;
	int rows;
};

struct reading {
	int64_t from_ns, moved_ns, to_ns, baseline_from_ns, baseline_to_ns;
	struct seen seen[STREAMS];
	int64_t all_sent, all_received; /* of UDP, to the very end */
};

static int64_t longer(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static void keep_longest(struct longest *l, int64_t ns, int64_t end_ns)
{
	if (ns != MISSING && (l->ns == MISSING || ns > l->ns))
		*l = (struct longest){ ns, end_ns };
}

static void copy_row(int64_t *to, const struct series_cell *cells)
{
	for (int c = 0; c < COLUMNS; c++)
		if (c != STREAM)
			to[c] = cells[c].integer;
}

static int on_row(void *context, const struct series_cell *cells, struct err *e)
{
	struct reading *r = context;
	(void)e;
	int which = strcmp(cells[STREAM].text, "tcp") == 0 ? TCP : UDP;
	struct seen *s = &r->seen[which];
	int64_t at = cells[HEAD].integer;
	if (at == MISSING)
		return 0;
	if (which == UDP) {
		r->all_sent = cells[SENT].integer;
		r->all_received = cells[RECEIVED].integer;
	}
	if (at > r->baseline_from_ns && at <= r->baseline_to_ns) {
		keep_longest(&s->baseline_silence, cells[SILENCE].integer, at);
		keep_longest(&s->baseline_news, cells[NEWS].integer, at);
		if (cells[EPOCH].integer == EPOCH_BASELINE)
			s->baseline_hole_ns = longer(cells[HOLE].integer, cells[GUEST_SILENCE].integer);
	}
	if (at <= r->from_ns)
		copy_row(s->before, cells);
	if (at <= r->moved_ns)
		copy_row(s->moved, cells);
	if (at > r->to_ns)
		return 0;
	copy_row(s->after, cells);
	s->rows++;
	if (at > r->from_ns) {
		keep_longest(&s->silence, cells[SILENCE].integer, at);
		keep_longest(&s->news, cells[NEWS].integer, at);
	}
	return 0;
}

/* ---- gaps ---- */

static void put_gap(const struct run_vm *vm, const char *variant, int64_t ns, int64_t floor_ns, const char *reason,
                    struct metrics *metrics)
{
	metrics_put(metrics, "stream_gap", vm, variant, metric_of(ns),
	            ns == MISSING && !reason ? "no record came" : reason);
	metrics_put(metrics, "stream_gap_floor", vm, variant, metric_of(floor_ns),
	            floor_ns == MISSING ? "no record in the baseline phase" : NULL);
}

/* When something was, to either side. */
struct moment {
	int64_t ns, error_ns; /* MISSING: not known */
};

/* The stop on the source, the resume on the destination, and when the last switch had learnt where the VM is now. */
struct moments {
	struct moment stop, resume, learned;
	const char *reason; /* why there is no stop and resume; NULL: there is */
};

/* "port tun0 error_ns 1200000": half of the barrier's round trip. */
static struct moment learned_moment(const struct run_event *event)
{
	const char *at = strstr(event->detail, "error_ns ");
	long long error_ns;
	int known = at && sscanf(at, "error_ns %lld", &error_ns) == 1 && error_ns >= 0 && error_ns < SERIES_LIMIT;
	return (struct moment){ event->head_ns, known ? error_ns : MISSING };
}

/* A switch's first word after the stop; the run's next such one after `at`, -1 to begin with. */
static int next_learned(const struct run *run, const struct run_vm *vm, int64_t stop_ns, int at)
{
	while (++at < run->event_count) {
		const struct run_event *event = &run->events[at];
		int again = 0;
		if (event->head_ns < stop_ns || strcmp(event->event, "learned") != 0 ||
		    strcmp(event->vm, vm->name) != 0)
			continue;
		for (int k = 0; k < at && !again; k++)
			again = run->events[k].head_ns >= stop_ns && strcmp(run->events[k].event, "learned") == 0 &&
			        strcmp(run->events[k].vm, vm->name) == 0 &&
			        strcmp(run->events[k].node, event->node) == 0;
		if (!again)
			return at;
	}
	return -1;
}

static struct moments moments_of(const struct run *run, const struct run_vm *vm)
{
	const struct moment none = { MISSING, MISSING };
	struct moments m = { none, none, none, NULL };
	const struct switch_over s = switch_over_find(run, vm, run->migrate_start_ns);
	if (!s.stop || !s.resume)
		m.reason = "no stop on the source and resume on the destination in events.csv";
	else if (run->event_error_ns == MISSING)
		m.reason = "the nodes' stamps are of other clocks, which are not mapped to this one (clocks.csv)";
	if (m.reason)
		return m;
	m.stop = (struct moment){ s.stop->head_ns, run->event_error_ns };
	m.resume = (struct moment){ s.resume->head_ns, run->event_error_ns };
	for (int i = -1; (i = next_learned(run, vm, m.stop.ns, i)) >= 0;)
		m.learned = learned_moment(&run->events[i]);
	return m;
}

/* Between low and high; NAN: it is not known how well. */
static void put_between(const struct run_vm *vm, const char *metric, const char *variant, double value, double low,
                        double high, const char *reason, struct metrics *metrics)
{
	struct metric_value *v = metrics_add(metrics, metric, vm, "%s", variant);
	snprintf(v->reason, sizeof(v->reason), "%s", reason ? reason : "");
	if (reason)
		return;
	v->value = value;
	v->low = low;
	v->high = high;
}

static void put_learning(const struct run *run, const struct run_vm *vm, const struct moments *m,
                         struct metrics *metrics)
{
	for (int i = -1; !m->reason && (i = next_learned(run, vm, m->stop.ns, i)) >= 0;) {
		const struct moment learned = learned_moment(&run->events[i]);
		double time = (double)(learned.ns - m->resume.ns);
		double error = metric_of(learned.error_ns) + (double)m->resume.error_ns;
		put_between(vm, "learning_time", run->events[i].node, time, time - error, time + error, NULL,
		            metrics);
	}
}

/* What of a..b lies between two moments, which are widened by `wider` times their errors. */
static double overlap(int64_t a, int64_t b, const struct moment *from, const struct moment *to, int wider)
{
	if (wider && (from->error_ns == MISSING || to->error_ns == MISSING))
		return NAN;
	int64_t from_ns = from->ns - wider * from->error_ns, to_ns = to->ns + wider * to->error_ns;
	int64_t begin = a > from_ns ? a : from_ns, end = b < to_ns ? b : to_ns;
	return end > begin ? (double)(end - begin) : 0;
}

/* A gap from a to b, in parts. */
static void put_parts(const struct run_vm *vm, const char *direction, int64_t a, int64_t b, const struct moments *m,
                      struct metrics *metrics)
{
	const struct moment first = { a, 0 }, last = { b, 0 };
	const char *unsaid = m->reason                  ? m->reason
	                     : m->learned.ns == MISSING ? "no switch says when it learnt where the VM is"
	                                                : NULL;
	/* What is learnt before the VM goes on holds nothing up. */
	struct moment back = m->learned;
	if (!unsaid && back.ns < m->resume.ns) {
		int64_t late_ns = back.error_ns == MISSING ? MISSING : back.ns + back.error_ns - m->resume.ns;
		back = m->resume;
		back.error_ns = late_ns > back.error_ns ? late_ns : back.error_ns;
	}
	const struct {
		const char *name, *reason;
		const struct moment *from, *to;
	} parts[] = {
		{ "before", m->reason, &first, &m->stop },
		{ "stopped", m->reason, &m->stop, &m->resume },
		{ "unreachable", unsaid, &m->resume, &back },
		{ "returning", unsaid, &back, &last },
	};
	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
		const struct moment *from = parts[i].from, *to = parts[i].to;
		char variant[64];
		snprintf(variant, sizeof(variant), "%s:%s", direction, parts[i].name);
		if (parts[i].reason)
			put_between(vm, "stream_gap_part", variant, NAN, NAN, NAN, parts[i].reason, metrics);
		else
			put_between(vm, "stream_gap_part", variant, overlap(a, b, from, to, 0),
			            overlap(a, b, from, to, -1), overlap(a, b, from, to, 1), NULL, metrics);
	}
}

/* The longest silence, that at the end included. */
static struct longest silence_of(const struct reading *r, int which, char *reason, size_t room)
{
	const struct seen *s = &r->seen[which];
	struct longest l = s->silence;
	int64_t since_ns = r->to_ns - s->after[HEAD];
	reason[0] = '\0';
	if (s->rows && s->after[HEAD] != MISSING && (l.ns == MISSING || since_ns > l.ns)) {
		snprintf(reason, room, "nothing came any more from then on: it is at least so long");
		l = (struct longest){ since_ns, r->to_ns };
	}
	return l;
}

/* The guest's longest gap since the migration phase began, from when the record before it was sent: by when its records were
 * sent, or by when it took them. Its clock stands still with it, so a stop in the gap comes on top of that; more than the
 * client had no news for it cannot be. */
static struct longest hole_of(const struct seen *udp, const struct moments *m, char *reason, size_t room)
{
	const int64_t *after = udp->after;
	int64_t hole_ns = after[HOLE], silence_ns = after[GUEST_SILENCE], from_ns = after[SILENCE_FROM];
	const struct longest none = { MISSING, MISSING };
	reason[0] = '\0';
	if (after[EPOCH] == MISSING)
		snprintf(reason, room, "%s",
		         "the guest kept the longest since its stream began, warm-up included: run it again");
	else if (after[EPOCH] < EPOCH_MIGRATION || hole_ns == MISSING || silence_ns == MISSING)
		snprintf(reason, room, "%s", "nothing that the guest took since the migration began was heard of");
	if (reason[0])
		return none;
	if (m->reason) {
		snprintf(reason, room, "%s",
		         "it is at least so long: a stop is not in the guest's time, and is not known");
	} else if (m->stop.ns >= from_ns && m->resume.ns <= from_ns + silence_ns + (m->resume.ns - m->stop.ns)) {
		silence_ns += m->resume.ns - m->stop.ns;
		if (udp->news.ns != MISSING && silence_ns > udp->news.ns)
			silence_ns = longer(after[GUEST_SILENCE], udp->news.ns);
	}
	return silence_ns > hole_ns ? (struct longest){ silence_ns, from_ns + silence_ns }
	                            : (struct longest){ hole_ns, after[HOLE_FROM] + hole_ns };
}

static void put_gaps(const struct run *run, const struct run_vm *vm, const struct reading *r, struct metrics *metrics)
{
	const struct seen *udp = &r->seen[UDP], *tcp = &r->seen[TCP];
	const struct moments m = moments_of(run, vm);
	char reason[100];
	struct longest l = silence_of(r, UDP, reason, sizeof(reason));
	put_gap(vm, "udp:from-guest", l.ns, udp->baseline_silence.ns, reason[0] ? reason : NULL, metrics);
	if (l.ns != MISSING)
		put_parts(vm, "from-guest", l.end_ns - l.ns, l.end_ns, &m, metrics);
	l = hole_of(udp, &m, reason, sizeof(reason));
	int above = l.ns != MISSING && l.ns > udp->baseline_hole_ns;
	put_gap(vm, "udp:to-guest", l.ns, udp->baseline_hole_ns,
	        reason[0]                   ? reason
	        : l.ns != MISSING && !above ? "not above that of the baseline"
	                                    : NULL,
	        metrics);
	if (above)
		put_parts(vm, "to-guest", l.end_ns - l.ns, l.end_ns, &m, metrics);
	l = silence_of(r, TCP, reason, sizeof(reason));
	put_gap(vm, "tcp:from-guest", l.ns, tcp->baseline_silence.ns, reason[0] ? reason : NULL, metrics);
	put_gap(vm, "tcp:to-guest", tcp->news.ns, tcp->baseline_news.ns, NULL, metrics);
	put_learning(run, vm, &m, metrics);
}

/* ---- counts ---- */

static double change(const struct seen *s, int column)
{
	return metric_of(s->after[column]) - metric_of(s->before[column]);
}

static void put_counts(const struct run_vm *vm, const struct reading *r, struct metrics *metrics)
{
	const struct seen *udp = &r->seen[UDP], *tcp = &r->seen[TCP];
	const struct {
		const char *metric, *variant;
		double value;
	} counts[] = {
		{ "stream_lost", "udp:from-guest", change(udp, NEXT) - change(udp, RECEIVED) },
		{ "stream_lost", "udp:to-guest", change(udp, GUEST_NEXT) - change(udp, GUEST_RECEIVED) },
		{ "stream_reordered", "udp:from-guest", change(udp, REORDERED) },
		{ "stream_reordered", "udp:to-guest", change(udp, GUEST_REORDERED) },
		{ "stream_retransmits", "tcp:from-guest", change(tcp, GUEST_AGAIN) },
		{ "stream_retransmits", "tcp:to-guest", change(tcp, AGAIN) },
	};
	for (size_t i = 0; i < sizeof(counts) / sizeof(*counts); i++)
		metrics_put(metrics, counts[i].metric, vm, counts[i].variant, counts[i].value,
		            isnan(counts[i].value) ? "not counted at both ends of the window" : NULL);
	/* Alive is what still carries records, both ways, after the move. */
	int known = tcp->rows && tcp->moved[RECEIVED] != MISSING;
	int alive = known && tcp->after[ALIVE] == 1 && tcp->after[RECEIVED] > tcp->moved[RECEIVED] &&
	            tcp->after[GUEST_RECEIVED] > tcp->moved[GUEST_RECEIVED];
	metrics_put(metrics, "connection_alive", vm, "tcp", known ? alive : NAN,
	            known ? NULL : "the connection carried nothing before the migration");
}

int continuity_metrics(const struct run *run, const struct run_vm *vm, struct metrics *metrics, struct err *e)
{
	const struct run_phase *baseline = run_phase(run, "baseline");
	struct reading r = { .from_ns = run->migrate_start_ns,
		             .moved_ns = run->migrate_end_ns,
		             .to_ns = run->observed_until_ns,
		             .baseline_from_ns = baseline ? baseline->start_ns : MISSING,
		             .baseline_to_ns = baseline ? baseline->end_ns : MISSING,
		             .all_sent = MISSING,
		             .all_received = MISSING };
	const struct longest none = { MISSING, MISSING };
	char name[RUN_NAME_ROOM + 24];
	for (int which = 0; which < STREAMS; which++) {
		struct seen *s = &r.seen[which];
		s->silence = s->news = s->baseline_silence = s->baseline_news = none;
		s->baseline_hole_ns = MISSING;
		for (int c = 0; c < COLUMNS; c++)
			s->before[c] = s->moved[c] = s->after[c] = MISSING;
	}
	snprintf(name, sizeof(name), "continuity-%s.csv", vm->name);
	int result = series_read(run->directory, name, columns, COLUMNS, on_row, &r, NULL, e);
	if (result == 0 && r.from_ns != MISSING && r.to_ns != MISSING && r.moved_ns != MISSING) {
		put_gaps(run, vm, &r, metrics);
		put_counts(vm, &r, metrics);
		result = flow_metrics(run, vm, r.all_sent, r.all_received, metrics, e);
	}
	return result < 0 ? -1 : 0;
}
