/*
 * link_probe.h - the traffic that link_measure() measures with. IPv4; each side's sockets are opened in its own
 * network namespace (path, or NULL for the machine's own) and used from here.
 */
#ifndef BENCH_TESTBED_LINK_PROBE_H
#define BENCH_TESTBED_LINK_PROBE_H

#include <stdint.h>

struct err;

#define PROBE_COUNT_MOST 200
#define PROBE_WIRE_BYTES (18 + 20 + 8 + 32 + 20) /* of a probe: Ethernet, IP, UDP, payload, FCS and so on */

struct probe_path {
	const char *netns_a, *address_a;
	const char *netns_b, *address_b;
};

/*
 * Send `count` UDP probes from a to b and back, interval_ns apart, and wait up to patience_ns for the last. Round
 * trips go to rtt_ns[] (room for count) in order of arrival; the time that the echoing side held a probe is taken
 * off. Returns how many came back, or -1.
 */
int probe_round_trips(const struct probe_path *p, int count, int64_t interval_ns, int64_t patience_ns,
                      int64_t *rtt_ns, struct err *e);

struct probe_load {
	int64_t in_flight_bytes; /* bound of what was sent and has not been received; 0: none */
	int64_t pace_bits_per_s; /* bound of the sending rate; 0: none */
	int64_t warm_ns;         /* not counted */
	int64_t window_ns;       /* counted, after that */
	int64_t buffer_bytes;    /* of both ends, beyond TCP's limits too (as root); 0: as TCP has them */
};

/* Let TCP send from a to b and count what the receiver got in the window. 0, or -1; EXIT_INTERRUPTED when a signal
 * came. */
int probe_goodput(const struct probe_path *p, const struct probe_load *load, double *ret_bits_per_s,
                  int64_t *ret_window_ns, struct err *e);

#endif
