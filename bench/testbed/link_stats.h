/*
 * link_stats.h - the emulator's counters: written by it to a small text file, read by whoever wants them.
 *
 * One line a value, "NAME VALUE", direction names a_to_b and b_to_a. The file is replaced whole (temporary name,
 * rename), so a reader sees one state. All counters are cumulative since the emulator started.
 */
#ifndef BENCH_TESTBED_LINK_STATS_H
#define BENCH_TESTBED_LINK_STATS_H

#include <stdint.h>

struct err;

#define LATE_BUCKETS 112 /* four an octave from 1 us, so up to 2^27 us (over two minutes), within 19 % */

enum link_direction { LINK_A_TO_B, LINK_B_TO_A };

/* Written by one thread and read by another, hence the relaxed atomics (link_stats_snapshot). */
struct link_direction_stats {
	int64_t forwarded; /* frames, a TCP super-frame counting as one */
	int64_t bytes;     /* of them, as on the wire (38 bytes more a segment than its IP packet) */
	int64_t dropped;   /* frames for which the queue had no room */
	int64_t lost;      /* frames lost at random, as asked */
	int64_t refused;   /* frames that the receiving device did not take (it was down) */
	int64_t late_sum_ns;
	int64_t late_max_ns;
	int64_t late[LATE_BUCKETS]; /* forwarded frames by lateness: actual less due departure */
};

struct link_stats {
	int64_t head_ns; /* when it was written */
	int realtime;    /* 1: the threads run under SCHED_FIFO */
	struct link_direction_stats direction[2];
};

/* Count one forwarded frame's lateness (negative counts as 0). */
void link_stats_late(struct link_direction_stats *s, int64_t late_ns);

void link_stats_add(int64_t *counter, int64_t amount);

/* Copy counters that another thread is writing. */
void link_stats_snapshot(const struct link_direction_stats *from, struct link_direction_stats *ret);

int link_stats_write(const char *path, const struct link_stats *s, struct err *e);
int link_stats_read(const char *path, struct link_stats *ret, struct err *e);

/*
 * Lateness below which `share` (0..1) of the frames of both directions forwarded between two readings were: the
 * upper edge of the bucket. before may be NULL: since start. -1 when no frame was forwarded.
 */
int64_t link_stats_late_quantile(const struct link_stats *before, const struct link_stats *after, double share);

#endif
