/*
 * transfer.h - how long a move of a VM takes and what it costs the work inside, as a function of its memory, its dirty
 * rate, the link and the round trip: for the simulator, from keys or from runs that were measured.
 *
 * From keys: memory in use goes through a pipe that is as wide as the link, or as a window of bytes in flight lets it be:
 *
 *	time = setup + used / min(rate, window / RTT)
 *	lost = downtime + slowdown * time
 *
 * Fitted (`migmeter model fit`, analysis/transfer_fit.h): with the time on the wire w = used / rate,
 *
 *	time, lost = k0 + k1 * w + k2 * used * RTT + k3 * w * dirty / rate + k4 * RTT
 *
 * in seconds, GiB and ms; no time is below w and no loss below 0. A k is 0 where the runs could not tell its term from the
 * others. What was measured is kept with it: elsewhere such a sum is a guess, which transfer_beyond() says.
 *
 * A move is on the link for a part of its time: used / min(rate, window / RTT), or k1 * w + k3 * w * dirty / rate and, where k2 is
 * above 0, k2 * used * RTT; no less than w. The rest of it (setup; k0, k4 * RTT) does not grow with the number of moves. What
 * waits for round trips leaves the link to others: so many moves have it at the same time, each as if it were alone:
 *
 *	rate / min(rate, window / RTT), or (k1 * w + k2 * used * RTT) / (k1 * w)
 */
#ifndef BENCH_PLACEMENT_TRANSFER_H
#define BENCH_PLACEMENT_TRANSFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TRANSFER_TERMS = 5 };

/* What a move depends on: bytes, bytes/s, bit/s, ns. */
enum transfer_input { TRANSFER_USED, TRANSFER_DIRTY, TRANSFER_RATE, TRANSFER_RTT, TRANSFER_INPUTS };

struct transfer_range {
	double low, high;
};

struct transfer_model {
	int64_t rate_bits_per_s; /* of the link; above 0 */
	bool shared;             /* by moves at the same time: for the simulator */
	int64_t window_bytes;    /* in flight at most; 0: no limit */
	int64_t setup_ns, downtime_ns;
	double slowdown; /* of the VM's work, the share that is lost while it moves */
	bool fitted;     /* what follows counts, and of the above only the rate */
	double time[TRANSFER_TERMS], lost[TRANSFER_TERMS];
	struct transfer_range measured[TRANSFER_INPUTS];
};

/* What the coefficients are multiplied by. dirty_per_s NAN: 0 is taken. */
void transfer_terms(double rate_bits_per_s, double used_bytes, double dirty_per_s, double rtt_ns,
                    double ret[TRANSFER_TERMS]);

/* In ns: the time of a move is fixed + link, alone; lost: work that the VM loses by it. */
struct transfer_cost {
	double fixed, link, lost;
};

/* rtt_ns below 0 counts as 0. */
struct transfer_cost transfer_cost(const struct transfer_model *m, int64_t used_bytes, double dirty_per_s,
                                   int64_t rtt_ns);

/* How many moves at the same time a link carries over this round trip before each takes longer; 1 or more. */
double transfer_at_once(const struct transfer_model *m, int64_t rtt_ns);

/*
 * Which inputs (1 << enum transfer_input) of such a move are outside of what was measured, by more than a twentieth of the
 * highest that was; 0: none, or the model is not fitted.
 */
unsigned transfer_beyond(const struct transfer_model *m, int64_t used_bytes, double dirty_per_s, int64_t rtt_ns);

/* A range for people, "200 us to 20 ms"; and those inputs with theirs, "RTT (measured: 200 us to 20 ms)". Return text. */
const char *transfer_range_words(enum transfer_input input, const struct transfer_range *range, char *text,
                                 size_t room);
const char *transfer_beyond_words(const struct transfer_model *m, unsigned beyond, char *text, size_t room);

#endif
