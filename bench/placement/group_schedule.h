/*
 * group_schedule.h - how many VMs of a group move at the same time, and which is next. From progress alone, without
 * I/O or a clock of its own, so that real moves and simulated ones ask the same.
 *
 *	sequential	one after the other
 *	all		all at once
 *	fixed		at most K at a time
 *	adaptive	K is sought while the group moves
 *
 * Order: the one that is expected to take longest goes first, so that no long one is left for the end (Graham, Bounds on
 * multiprocessing timing anomalies, 1969). Expected time: memory / (rate - dirty rate), with the rate of the group so far.
 * Never are more VMs begun than the destination's free memory bears.
 *
 * Adaptive: group_search.h says how, and when moves that have just begun are recalled, since more were begun than are of
 * use. Since a move sends nothing at first, and little in the first half of slow start, the next one begins so long before
 * the expected end of one that goes on. One that is slow, since its connection left slow start early, holds no place while
 * the link has room. A VM is not begun where its share of the goodput, or that of one that moves, would not exceed its dirty
 * rate, but when nothing else moves. One that is left behind, since its connection lost, is recalled and begun anew, twice at
 * most; so is one that crawls from its begin, when no other waits: if it would take, gaining speed as it has, twice what a
 * new one takes.
 */
#ifndef BENCH_PLACEMENT_GROUP_SCHEDULE_H
#define BENCH_PLACEMENT_GROUP_SCHEDULE_H

#include "bench/base/option.h"

#include <stdbool.h>

struct err;
struct group_schedule;

enum group_schedule_kind { SCHEDULE_SEQUENTIAL, SCHEDULE_ALL, SCHEDULE_FIXED, SCHEDULE_ADAPTIVE };

struct group_schedule_options {
	int kind;
	int64_t at_once;   /* of fixed */
	int64_t window_ns; /* of adaptive, like the rest */
	double gain;
	int64_t patience;
	int64_t rtt_ns; /* measured on the way to the destination; 0: not known. No key, like the next: the caller's */
	bool recall;    /* moves can be broken off without harm: pre-copy */
};

extern const struct option_row group_schedule_rows[];

/* The same rows for a larger struct: `in` is the member with its dot, such as `schedule.`. */
/* clang-format off */
#define GROUP_SCHEDULE_ROWS(type, in) \
	{ "schedule", OPTION_CHOICE, offsetof(type, in kind), "adaptive", "sequential|all|fixed|adaptive", NULL, \
	  "how many move at the same time" }, \
	{ "at_once", OPTION_INTEGER, offsetof(type, in at_once), "2", "1", "1000", "that many, with schedule = fixed" }, \
	{ "window", OPTION_DURATION, offsetof(type, in window_ns), "200ms", "50ms", "1min", \
	  "adaptive: the group's goodput is taken over this time, or two round trips where that is longer" }, \
	{ "gain", OPTION_FRACTION, offsetof(type, in gain), "0.15", "0", "10", \
	  "adaptive: as long as progress grows by this share, more are begun" }, \
	{ "patience", OPTION_INTEGER, offsetof(type, in patience), "3", "1", "1000", \
	  "adaptive: so many windows without that end it, where slow start is over within one" }
/* clang-format on */

struct group_vm {
	int64_t memory_bytes; /* that the destination must have */
	int64_t used_bytes;   /* to send at least */
	double dirty_per_s;   /* bytes, as measured before; NAN: not known yet */
};

/* vms is copied. free_bytes: the destination's memory. NULL when memory is short. */
struct group_schedule *group_schedule_new(const struct group_schedule_options *options, const struct group_vm *vms,
                                          int count, int64_t free_bytes, struct err *e);
void group_schedule_free(struct group_schedule *s);

/* How far a VM that moves is; zeroes: nothing is known yet. */
struct group_progress {
	int64_t sent_bytes;      /* since its move began */
	int64_t remaining_bytes; /* of the pass over its memory, or of the moves' that is expected; 0: not known */
	double dirty_per_s;      /* NAN: not known */
};
void group_schedule_progress(struct group_schedule *s, int vm, const struct group_progress *p);

/* Its move is over. One that did not arrive leaves its memory at the destination free, and is not tried again unless it
 * was recalled. */
void group_schedule_ended(struct group_schedule *s, int vm, bool arrived);

/*
 * A VM whose move is to be broken off, since more were begun than are of use and it has sent little, or since it is stuck and
 * a new connection would be faster; -1: none. When group_schedule_ended() says so it waits again.
 */
int group_schedule_recall(struct group_schedule *s);

/*
 * The VM whose move is to begin at now_ns (any monotonic clock), which then counts as moving; -1: none now. Ask until
 * it says so, several times in a window.
 */
int group_schedule_next(struct group_schedule *s, int64_t now_ns);

/* All moves are over, or those left can never be begun: they do not fit into the destination's memory. */
bool group_schedule_is_over(const struct group_schedule *s);

/* K now, and in words why it changed last: "4: 31 MB/s > 16 MB/s with 2". "" before the first change. */
int group_schedule_limit(const struct group_schedule *s);
const char *group_schedule_why(const struct group_schedule *s);

#endif
