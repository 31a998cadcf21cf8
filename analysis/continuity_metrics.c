#include "analysis/continuity_metrics.h"

#include "analysis/continuity_parts.h"
#include "analysis/series_read.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

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
	LAST,
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
	[LAST] = { "last_ns", COLUMN_INTEGER, 1 },
};

/* A longest time and when it ended. */
struct longest {
	int64_t ns, end_ns;
};

/* Of one stream: its counts when the window began, when the migration was over and when the window ended; held: with the stop
 * in it. */
struct seen {
	int64_t before[COLUMNS], moved[COLUMNS], after[COLUMNS];
	struct longest silence, news, baseline_silence, baseline_news, held_silence, held_news;
	int64_t baseline_hole_ns;
	int64_t behind_from_ns; /* since when the longest silence was that ended in the first row behind the window */
	int rows;
};

struct reading {
	int64_t from_ns, moved_ns, to_ns, baseline_from_ns, baseline_to_ns;
	struct moments moments;
	struct longest held_hole, held_late; /* the guest's, with the stop in it */
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

/* Whether more than half of the stop is in it; of two gaps one after the other no more than one can say so. */
static int holds(const struct moments *m, int64_t from_ns, int64_t to_ns)
{
	int64_t begin = from_ns > m->stop.ns ? from_ns : m->stop.ns,
		end = to_ns < m->resume.ns ? to_ns : m->resume.ns;
	return m->stop.ns != MISSING && end - begin > (m->resume.ns - m->stop.ns) / 2;
}

static void keep_held(const struct moments *m, struct longest *l, int64_t ns, int64_t end_ns)
{
	if (ns != MISSING && holds(m, end_ns - ns, end_ns))
		keep_longest(l, ns, end_ns);
}

/* What the guest says of its longest gaps: by sending, and by taking, in which its clock stood still with it. */
static void keep_guest(struct reading *r, const struct series_cell *cells)
{
	const struct moments *m = &r->moments;
	int64_t hole_ns = cells[HOLE].integer, hole_from_ns = cells[HOLE_FROM].integer;
	int64_t late_ns = cells[GUEST_SILENCE].integer, late_from_ns = cells[SILENCE_FROM].integer;
	if (m->stop.ns == MISSING || cells[HEAD].integer < m->resume.ns || cells[EPOCH].integer == MISSING ||
	    cells[EPOCH].integer < EPOCH_MIGRATION)
		return;
	if (hole_ns != MISSING && hole_from_ns != MISSING)
		keep_held(m, &r->held_hole, hole_ns, hole_from_ns + hole_ns);
	if (late_ns != MISSING && late_from_ns != MISSING && late_from_ns <= m->stop.ns &&
	    late_from_ns + late_ns >= m->stop.ns)
		keep_longest(&r->held_late, late_ns, late_from_ns + late_ns);
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
	if (at > r->to_ns) {
		if (s->behind_from_ns == MISSING && cells[SILENCE].integer != MISSING)
			s->behind_from_ns = at - cells[SILENCE].integer;
		return 0;
	}
	copy_row(s->after, cells);
	s->rows++;
	if (at > r->from_ns) {
		keep_longest(&s->silence, cells[SILENCE].integer, at);
		keep_longest(&s->news, cells[NEWS].integer, at);
		keep_held(&r->moments, &s->held_silence, cells[SILENCE].integer, at);
		keep_held(&r->moments, &s->held_news, cells[NEWS].integer, at);
		if (which == UDP)
			keep_guest(r, cells);
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

static void put_learning(const struct run *run, const struct run_vm *vm, const struct moments *m,
                         struct metrics *metrics)
{
	if (m->stop.ns == MISSING)
		return;
	for (int i = -1; (i = moments_next_learned(run, vm, m->stop.ns, i)) >= 0;) {
		const struct moment learned = moment_of_event(&run->events[i]);
		double time = (double)(learned.ns - m->resume.ns);
		double error = metric_of(learned.error_ns) + (double)m->resume.error_ns;
		continuity_put_between(vm, "learning_time", run->events[i].node, time, time - error, time + error,
		                       NULL, metrics);
	}
}

/* ---- the longest ---- */

/* The longest silence, that at the end included: a row's own stamp is no word of it, since a bin's last record came later. What
 * is silent at the end ends in a later row, or nothing came any more. A file of earlier does not say when the last one came. */
static struct longest silence_of(const struct reading *r, int which, char *reason, size_t room)
{
	const struct seen *s = &r->seen[which];
	struct longest l = s->silence;
	int ends = s->behind_from_ns != MISSING;
	int64_t last_ns = ends ? s->behind_from_ns : s->after[LAST] != MISSING ? s->after[LAST] : s->after[HEAD];
	int64_t since_ns = r->to_ns - last_ns;
	reason[0] = '\0';
	if (s->rows && since_ns > 0 && (l.ns == MISSING || since_ns > l.ns)) {
		snprintf(reason, room, "%s: it is at least so long",
		         ends ? "it went on when the time that is looked at was over"
		              : "nothing came any more from then on");
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
	if (m->stop.ns == MISSING) {
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

/* Where the longest is not that of the stop. */
static const char *elsewhere(const struct moments *m, const struct longest *l)
{
	return l->ns == MISSING || m->stop.ns == MISSING ? NULL
	       : l->end_ns <= m->stop.ns                 ? "it was over before the VM stopped"
	       : l->end_ns - l->ns >= m->resume.ns       ? "it began when the VM ran again"
	                                                 : NULL;
}

static void put_longest(const struct run_vm *vm, const struct reading *r, struct metrics *metrics)
{
	const struct seen *udp = &r->seen[UDP], *tcp = &r->seen[TCP];
	const struct moments *m = &r->moments;
	char reason[100];
	struct longest l = silence_of(r, UDP, reason, sizeof(reason));
	put_gap(vm, "udp:from-guest", l.ns, udp->baseline_silence.ns, reason[0] ? reason : elsewhere(m, &l), metrics);
	l = hole_of(udp, m, reason, sizeof(reason));
	put_gap(vm, "udp:to-guest", l.ns, udp->baseline_hole_ns,
	        reason[0]                                          ? reason
	        : l.ns != MISSING && l.ns <= udp->baseline_hole_ns ? "not above that of the baseline"
	                                                           : elsewhere(m, &l),
	        metrics);
	l = silence_of(r, TCP, reason, sizeof(reason));
	put_gap(vm, "tcp:from-guest", l.ns, tcp->baseline_silence.ns, reason[0] ? reason : elsewhere(m, &l), metrics);
	put_gap(vm, "tcp:to-guest", tcp->news.ns, tcp->baseline_news.ns, elsewhere(m, &tcp->news), metrics);
}

/* ---- that of the stop ---- */

static const char none_held[] = "no such gap has the VM's stop in it";

/* From the guest: the silence at the end, too. */
static struct longest held_from_guest(const struct reading *r, int which)
{
	char reason[100];
	const struct longest end = silence_of(r, which, reason, sizeof(reason));
	struct longest l = r->seen[which].held_silence;
	if (reason[0])
		keep_held(&r->moments, &l, end.ns, end.end_ns);
	return l;
}

/* To the guest over UDP: it keeps its longest gaps only. By when it took them a stop comes on top, but it is no more than the
 * client had no news for. */
static struct longest held_to_guest(const struct reading *r, const char **ret_reason)
{
	struct longest l = r->held_late, hole = r->held_hole;
	int64_t stopped_ns = r->moments.resume.ns - r->moments.stop.ns, news_ns = r->seen[UDP].held_news.ns;
	*ret_reason = NULL;
	if (l.ns != MISSING) {
		int64_t from_ns = l.end_ns - l.ns, own_ns = l.ns;
		l.ns += stopped_ns;
		if (news_ns != MISSING && l.ns > news_ns)
			l.ns = longer(own_ns, news_ns);
		l.end_ns = from_ns + l.ns;
	} else if (hole.ns != MISSING) {
		*ret_reason =
			"at least so long: the guest took records later still another time, and keeps the longest only";
	}
	return hole.ns != MISSING && (l.ns == MISSING || hole.ns > l.ns) ? hole : l;
}

static void put_held(const struct run_vm *vm, const struct reading *r, struct metrics *metrics)
{
	static const char *const variants[] = { "udp:from-guest", "udp:to-guest", "tcp:from-guest", "tcp:to-guest" };
	const char *reason;
	const struct longest gaps[] = { held_from_guest(r, UDP), held_to_guest(r, &reason), held_from_guest(r, TCP),
		                        r->seen[TCP].held_news };
	for (int i = 0; i < 4; i++)
		metrics_put(metrics, "switch_over_gap", vm, variants[i], metric_of(gaps[i].ns),
		            r->moments.stop.ns == MISSING ? r->moments.stop.reason
		            : gaps[i].ns == MISSING       ? none_held
		            : i == 1                      ? reason
		                                          : NULL);
	for (int way = 0; way < WAYS; way++)
		if (gaps[way].ns != MISSING)
			continuity_parts_put(vm, (enum continuity_way)way, gaps[way].end_ns - gaps[way].ns,
			                     gaps[way].end_ns, &r->moments, metrics);
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

int continuity_metrics(const struct run *run, const struct run_vm *vm, const struct vm_samples *samples,
                       struct metrics *metrics, struct err *e)
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
	char name[RUN_NAME_ROOM + 24], path[sizeof(run->directory) + sizeof(name)];
	r.held_hole = r.held_late = none;
	for (int which = 0; which < STREAMS; which++) {
		struct seen *s = &r.seen[which];
		s->silence = s->news = s->baseline_silence = s->baseline_news = s->held_silence = s->held_news = none;
		s->baseline_hole_ns = s->behind_from_ns = MISSING;
		for (int c = 0; c < COLUMNS; c++)
			s->before[c] = s->moved[c] = s->after[c] = MISSING;
	}
	snprintf(name, sizeof(name), "continuity-%s.csv", vm->name);
	snprintf(path, sizeof(path), "%s/%s", run->directory, name);
	if (access(path, F_OK) < 0)
		return 0;
	if (moments_find(run, vm, samples, &r.moments, e) < 0)
		return -1;
	int result = series_read(run->directory, name, columns, COLUMNS, on_row, &r, NULL, e);
	if (result == 0 && r.from_ns != MISSING && r.to_ns != MISSING && r.moved_ns != MISSING) {
		put_longest(vm, &r, metrics);
		put_held(vm, &r, metrics);
		put_learning(run, vm, &r.moments, metrics);
		put_counts(vm, &r, metrics);
		result = flow_metrics(run, vm, r.all_sent, r.all_received, metrics, e);
	}
	return result < 0 ? -1 : 0;
}
