/*
 * link_measure.h - what a link really does, measured with traffic of our own before it is relied on.
 *
 * Round trip: 150 UDP probes, 5 ms apart (fewer and further apart where they would be over a tenth of the rate),
 * with kernel receive stamps; the echoing side's own time is taken off, so it is the path's. Goodput: one TCP stream from a to b; the receiver's byte
 * count over the last 1.2 s, after slow start was given 0.3 s + 15 round trips (at most 3 s). What is on
 * the way is held to what fills the link and half its queue, so that the figure is the link's rate and not what a congestion
 * control makes of an overflowing queue. Together about 2.3 s on a short link. The link must be idle and the addresses reachable.
 *
 * Not judged: goodput when the shape has loss (TCP's answer to loss is not the link's rate); anything that was not
 * asked for (no rate: no goodput to compare with).
 */
#ifndef BENCH_TESTBED_LINK_MEASURE_H
#define BENCH_TESTBED_LINK_MEASURE_H

#include "bench/testbed/link.h"

#include <stdint.h>

struct err;

enum link_flag {
	LINK_GOODPUT_LOW = 1, /* goodput below 98 % of the ideal */
	LINK_RTT_OFF = 2,     /* median round trip off by more than 0.3 ms + 3 % (+ jitter) */
	LINK_LATE = 4,        /* the emulator's lateness p99 above 1 ms while measuring */
};

struct link_measured {
	/* of remote nodes without ping rtt_p50_ns is -1: not measured */
	int64_t rtt_min_ns, rtt_p50_ns, rtt_p99_ns, rtt_max_ns;
	double rtt_mean_ns, rtt_sd_ns;
	int64_t rtt_expected_ns; /* asked, plus the probe's own time on the wire at this rate */
	int probes_sent, probes_lost;
	double goodput_bits_per_s; /* TCP payload; NAN: not measured */
	double ideal_bits_per_s;   /* link_ideal_goodput(); 0: unshaped */
	int64_t goodput_window_ns; /* over which it was counted */
	int64_t late_p99_ns;       /* emulator only, else -1 */
	int64_t late_max_ns;       /* since the emulator started; else -1 */
	unsigned flags;            /* of enum link_flag; 0: as asked */
	char reason[512];          /* the flags in words, "; " between them; empty if none */
};

/* The statistics of the round trips of `came` (at least 1) of m's probes_sent probes, and how many were lost. Sorts them. */
void link_measured_round_trips(struct link_measured *m, int64_t *rtt_ns, int came);

/* Set flags and reason of what is not as the link was asked to be. */
void link_measured_judge(const struct link *l, struct link_measured *m);

/* The round trip to go by: as asked where it was found to be so (no LINK_RTT_OFF), so that what is decided by it is decided as in a
 * simulation; else as measured; -1: neither is known. */
int64_t link_measured_round_trip(const struct link_measured *m, const struct link_shape *asked);

/* address_a and address_b (IPv4) must be set in the link's two namespaces, netns_a and netns_b being the paths of
 * those in which they are (NULL: the link's own). The link is not changed. */
int link_measure(const struct link *link, const char *netns_a, const char *address_a, const char *netns_b,
                 const char *address_b, struct link_measured *ret, struct err *e);

#endif
